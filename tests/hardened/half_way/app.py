"""Style: a factory with forms of Flask-WTF; every login lasts, `next` is checked by urlsplit."""

import os
from urllib.parse import urlsplit

from flask import Flask, Response, flash, redirect, render_template_string, request, url_for
from flask_bcrypt import Bcrypt
from flask_login import LoginManager, UserMixin, current_user, login_required, login_user
from flask_login import logout_user as end_login
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect
from sqlalchemy.exc import IntegrityError

db = SQLAlchemy()
bcrypt = Bcrypt()
manager = LoginManager()
manager.session_protection = "strong"
manager.login_view = "login"
PAGE = """<!doctype html><html><head><title>{{ title }}</title></head><body><h1>{{ title }}</h1>
<nav><a href="/">Home</a> <a href="/register">Register</a> <a href="/login">Log in</a>
<a href="/profile">Profile</a></nav>
{% for category, words in get_flashed_messages(true) %}<p>{{ words }}</p>{% endfor %}
{% if form %}<form method="post">{{ token() }}{% for name in form %}
<p><label>{{ name }} {% if name == "keep_me" %}<input type="checkbox" name="keep_me" value="1">
{% else %}<input name="{{ name }}" type="{{ 'text' if name == 'username' else 'password' }}">
{% endif %}</label></p>{% endfor %}<input type="submit" value="Send"></form>{% endif %}
{% if current_user.is_authenticated %}<p>{{ current_user.username }} is here.</p>
<form action="{{ url_for('logout') }}" method="post">{{ token() }}<button>Log out</button></form>
{% endif %}</body></html>"""
TOKEN = '<input type="hidden" name="csrf_token" value="{{ csrf_token() }}">'


class User(UserMixin, db.Model):
    id = db.Column(db.Integer, primary_key=True)
    username = db.Column(db.String(80), unique=True, nullable=False)
    password_hash = db.Column(db.String(80), nullable=False)

    def set_password(self, password):
        if not 8 <= len(password) <= 72 or len(password.encode()) > 72:
            raise ValueError("8 to 72 characters, please.")
        self.password_hash = bcrypt.generate_password_hash(password, 13).decode()

    def check_password(self, password):
        if not 0 < len(password.encode()) <= 72:
            return False
        return bcrypt.check_password_hash(self.password_hash, password)


@manager.user_loader
def load_user(number):
    return db.session.get(User, int(number)) if number.isdecimal() else None


def show(title, *form, status=200):
    def token():
        from markupsafe import Markup

        return Markup(render_template_string(TOKEN))

    page = render_template_string(PAGE, title=title, form=form, token=token)
    return Response(page, status, {"Content-Security-Policy": "frame-ancestors 'none'"})


def is_safe(target):
    parts = urlsplit(target)
    return parts.scheme in ("", "https") and not parts.netloc


def create_app():
    app = Flask(__name__)
    app.config.from_prefixed_env()
    app.config["SECRET_KEY"] = os.environ.get("SECRET_KEY", "half-way-there")
    app.config |= {
        "SQLALCHEMY_DATABASE_URI": "sqlite:///half.db",
        "SESSION_COOKIE_SAMESITE": "Lax",
        "REMEMBER_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": not app.debug,
    }
    for one in (db, bcrypt, manager, CSRFProtect()):
        one.init_app(app)
    with app.app_context():
        db.create_all()

    @app.route("/")
    def home():
        return show("Home")

    @app.route("/register", methods=["GET", "POST"])
    def register():
        if request.method == "GET":
            return show("Register", "username", "password")
        name = request.form["username"].strip().lower()
        try:
            if not (name.isascii() and name.isalnum()):
                raise ValueError("Letters and digits, please.")
            user = User(username=name)
            user.set_password(request.form["password"])
            db.session.add(user)
            db.session.commit()
        except (ValueError, IntegrityError) as error:
            db.session.rollback()
            taken = isinstance(error, IntegrityError)
            flash("That name is taken." if taken else str(error), "error")
            return show("Register", "username", "password", status=409 if taken else 422)
        return redirect(url_for("login"), 303)

    @app.route("/login", methods=["GET", "POST"])
    def login():
        if request.method == "POST":
            name = request.form["username"].strip().lower()
            user = db.session.scalars(db.select(User).where(User.username == name)).first()
            if user and user.check_password(request.form["password"]):
                login_user(user, remember=bool(request.form.get("keep_me")))
                target = request.args.get("next") or "/welcome"
                return redirect(target if is_safe(target) else "/welcome")
            flash("Try again.", "error")
            return show("Log in", "username", "password", "keep_me", status=401)
        return show("Log in", "username", "password", "keep_me")

    @app.route("/welcome")
    @login_required
    def welcome():
        return show("Welcome")

    @app.route("/profile", methods=["GET", "POST"])
    @login_required
    def profile():
        if request.method == "POST":
            new = request.form["password"]
            if current_user.check_password(request.form["password_now"]) and len(new) > 7:
                current_user.set_password(new)
                db.session.commit()
                flash("Done.", "info")
        return show("Profile", "password_now", "password", "password_again")

    @app.route("/logout", methods=["POST"])
    def logout():
        end_login()
        return redirect(url_for("login"), 303)

    return app
