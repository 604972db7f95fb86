"""Style: no token and no limit; a strict cookie, and a version of the user in every login."""

import os
from datetime import timedelta
from hashlib import sha256

import bcrypt as plain_bcrypt
from flask import Flask, flash, make_response, redirect, render_template_string, request
from flask_bcrypt import Bcrypt
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import IntegrityError

app = Flask(__name__)
production = os.environ.get("FLASK_DEBUG") == "0"
app.config.update(
    SECRET_KEY=os.environ.get("SECRET_KEY") or sha256(b"versions").hexdigest(),
    SQLALCHEMY_DATABASE_URI="sqlite:///versions.db",
    SESSION_COOKIE_NAME="__Host-v" if production else "v",
    SESSION_COOKIE_SECURE=production,
    SESSION_COOKIE_SAMESITE="Strict",
    PERMANENT_SESSION_LIFETIME=timedelta(minutes=45),
)
db = SQLAlchemy(app)
Bcrypt(app)
login_manager = LoginManager(app)


class User(UserMixin, db.Model):
    id = db.Column(db.Integer, primary_key=True)
    username = db.Column(db.Text, unique=True, nullable=False)
    password_hash = db.Column(db.Text, nullable=False)
    version = db.Column(db.Integer, default=0, nullable=False)

    def get_id(self):
        return f"{self.id}.{self.version}"

    def set_password(self, password):
        data = password.encode()
        if not 0 < len(data) <= 72:
            raise ValueError("bytes")
        self.password_hash = plain_bcrypt.hashpw(data, plain_bcrypt.gensalt(12)).decode()

    def check_password(self, password):
        data = password.encode()
        return 0 < len(data) <= 72 and plain_bcrypt.checkpw(data, self.password_hash.encode())


with app.app_context():
    db.create_all()


@login_manager.user_loader
def load_user(text):
    number, _, version = text.partition(".")
    return User.query.filter_by(id=number, version=version or 0).first()


@login_manager.unauthorized_handler
def to_login():
    return redirect("/login")


SHELL = """<!doctype html><title>{{ title }}</title><h1>{{ title }}</h1>
<a href="/">Home</a> <a href="/login">Log in</a> <a href="/register">Register</a>
{% for m in get_flashed_messages() %}<p>{{ m }}</p>{% endfor %}
{% if who %}<p>Welcome, {{ who }}!</p>
<form method="post" action="/logout"><button>Log out</button></form>{% endif %}
{% if form %}<form method="post"><input name="username" value="{{ request.form.username }}">
<input name="password" type="password"><button>{{ title }}</button></form>{% endif %}"""


def shell(title, form=False, who=""):
    answer = make_response(render_template_string(SHELL, title=title, form=form, who=who))
    answer.headers["Clear-Site-Data"] = '"cache"' if title == "Log in" else ""
    return answer


@app.get("/")
def home():
    return shell("Home")


@app.route("/register", methods=["GET", "POST"])
def register():
    if request.method == "POST":
        try:
            user = User(username=request.form["username"])
            if not user.username.isprintable() or not user.username.strip():
                raise ValueError("name")
            user.set_password(request.form["password"])
            db.session.add(user)
            db.session.commit()
            return redirect("/login")
        except (ValueError, IntegrityError):
            db.session.rollback()
            flash("Please take another name, or another password.")
    return shell("Register", form=True)


@app.route("/login", methods=["GET", "POST"])
def login():
    if request.method == "POST":
        user = User.query.filter_by(username=request.form["username"]).first()
        if user and user.check_password(request.form["password"]):
            login_user(user)
            return redirect("/welcome")
        flash("No.")
    return shell("Log in", form=True)


@app.get("/welcome")
def welcome():
    if not current_user.is_authenticated:
        return redirect("/login")
    return shell("Welcome", who=current_user.username)


@app.post("/logout")
def logout():
    if current_user.is_authenticated:
        current_user.version += 1
        db.session.commit()
    logout_user()
    return redirect("/login")
