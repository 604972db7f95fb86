"""Style: one file, Flask-WTF's token, and a token in the user's row that every login carries."""

import os
import re
import secrets
import unicodedata
from datetime import UTC, datetime, timedelta

import click
from flask import Flask, flash, redirect, render_template_string, request, url_for
from flask.cli import AppGroup
from flask_bcrypt import Bcrypt
from flask_limiter import Limiter
from flask_login import (
    LoginManager,
    UserMixin,
    current_user,
    login_required,
    login_user,
    logout_user,
)
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from itsdangerous import BadSignature, URLSafeSerializer, URLSafeTimedSerializer
from sqlalchemy.exc import IntegrityError

DEVELOPMENT_KEY = "a key for token_column at home"

app = Flask(__name__)
LIVE = not app.debug
app.config.update(
    SECRET_KEY=os.environ["SECRET_KEY"] if LIVE else DEVELOPMENT_KEY,
    SQLALCHEMY_DATABASE_URI="sqlite:///people.db",
    SESSION_COOKIE_SECURE=LIVE,
    SESSION_COOKIE_SAMESITE="Lax",
    REMEMBER_COOKIE_SECURE=LIVE,
    REMEMBER_COOKIE_SAMESITE="Lax",
    PERMANENT_SESSION_LIFETIME=timedelta(hours=8),
    MAX_CONTENT_LENGTH=50_000,
)
db = SQLAlchemy(app)
bcrypt = Bcrypt(app)
CSRFProtect(app)
logins = LoginManager(app)
logins.login_view = "login"
DUMMY = bcrypt.generate_password_hash("a password that nobody has").decode()
COMMON = ("password", "qwerty", "12345", "iloveyou")
NAME = re.compile(r"[a-z0-9_]{3,20}")
OPEN = {"/", "/welcome", "/account"}
PAGE = """
<!doctype html><title>{{ title }}</title><h1>{{ title }}</h1>
{% for message in get_flashed_messages() %}<p>{{ message }}</p>{% endfor %}
{% if current_user.is_authenticated %}<p>Hello, {{ current_user.username }}</p>
<a href="/welcome">Home</a> <a href="/account">Account</a> <a href="/account/gone">Leave</a>
<form method="post" action="/logout"><input type="hidden" name="csrf_token"
 value="{{ csrf_token() }}"><button>Log out</button></form>
{% else %}<a href="/">Home</a> <a href="/login">Log in</a>
<a href="/register">Register</a>{% endif %}
{% if fields %}<form method="post"><input type="hidden" name="csrf_token"
 value="{{ csrf_token() }}">
{% for name, kind in fields %}<label>{{ name }} <input name="{{ name }}" type="{{ kind }}"
 value="{{ request.form.username if name == 'username' else '' }}"></label>{% endfor %}
<button>{{ title }}</button></form>{% endif %}
"""


def page(title, *fields):
    """Show a page, with a form if it has fields."""
    return render_template_string(PAGE, title=title, fields=fields)


def now():
    return datetime.now(UTC).replace(tzinfo=None)


def fits(password):
    return 0 < len(password.encode()) <= 72


class User(UserMixin, db.Model):
    __table_args__ = {"sqlite_autoincrement": True}
    id = db.Column(db.Integer, primary_key=True)
    username = db.Column(db.String(20), unique=True, nullable=False)
    password_hash = db.Column(db.String(60), nullable=False)
    token = db.Column(db.String(50), unique=True, default=secrets.token_urlsafe)
    token_at = db.Column(db.DateTime, default=now)

    def get_id(self):
        return self.token

    def set_password(self, password):
        if not fits(password):
            raise ValueError("A password has 1 to 72 bytes.")
        self.password_hash = bcrypt.generate_password_hash(password).decode()

    def check_password(self, password):
        return fits(password) and bcrypt.check_password_hash(self.password_hash, password)

    def swap(self, password, **values):
        """Store another hash if the one that was checked is still there; say whether it was."""
        values["password_hash"] = bcrypt.generate_password_hash(password).decode()
        query = db.update(User).where(User.id == self.id, User.password_hash == self.password_hash)
        done = db.session.execute(query.values(**values)).rowcount == 1
        db.session.commit()
        return done


with app.app_context():
    if not LIVE:
        db.create_all()


@app.cli.command("init-db")
def init_db():
    db.create_all()


@logins.user_loader
def load(token):
    user = db.session.scalar(db.select(User).filter_by(token=token))
    return user if user and user.token_at > now() - timedelta(days=30) else None


def spelled(name):
    return unicodedata.normalize("NFKC", name[:40]).strip().casefold()


def weak(password):
    return len(password) < 12 or len(set(password)) < 6 or any(one in password for one in COMMON)


def known_browsers():
    return URLSafeSerializer(app.secret_key, salt="known browsers")


def account():
    """Return whom wrong passwords are counted for: a browser of the owner counts for itself."""
    name = spelled(request.form.get("username", ""))
    try:
        owner, mark = known_browsers().loads(request.cookies.get("known", ""))
    except BadSignature:
        owner = mark = ""
    return f"{name} {mark if owner == name else ''}"


limiter = Limiter(account, app=app, storage_uri="memory://")


@app.after_request
def headers(response):
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Cache-Control"] = "no-store"
    return response


@app.get("/")
def home():
    return page("Start")


@app.route("/register", methods=["GET", "POST"])
def register():
    fields = ("username", "text"), ("password", "password")
    if request.method == "POST":
        name, password = spelled(request.form["username"]), request.form["password"]
        if not NAME.fullmatch(name) or weak(password) or not fits(password):
            flash(
                "Use 3 to 20 letters or digits, and a password of 12 characters, not a common one."
            )
            return page("Register", *fields)
        try:
            user = User(username=name)
            user.set_password(password)
            db.session.add(user)
            db.session.commit()
        except IntegrityError:
            db.session.rollback()
            flash("That name is taken.")
            return page("Register", *fields)
        return redirect(url_for("login"))
    return page("Register", *fields)


@app.route("/login", methods=["GET", "POST"])
@limiter.limit(
    "20/hour;80/day", methods=["POST"], deduct_when=lambda answer: answer.status_code != 302
)
def login():
    if request.method == "POST":
        name, password = spelled(request.form["username"]), request.form["password"]
        user = db.session.scalar(db.select(User).filter_by(username=name))
        if user is None and fits(password):
            bcrypt.check_password_hash(DUMMY, password)
        if (
            user
            and user.check_password(password)
            and (user.password_hash.startswith("$2b$12$") or user.swap(password))
        ):
            login_user(user, remember="remember" in request.form)
            target = request.args.get("next", "")
            answer = redirect(target if target in OPEN else url_for("welcome"))
            mark = known_browsers().dumps([name, secrets.token_hex(8)])
            answer.set_cookie("known", mark, secure=LIVE, httponly=True, samesite="Lax")
            return answer
        flash("The name or the password is wrong.")
    return page("Log in", ("username", "text"), ("password", "password"), ("remember", "checkbox"))


@app.get("/welcome")
@login_required
def welcome():
    return page("Welcome")


@app.post("/logout")
def logout():
    if current_user.is_authenticated:
        current_user.token = secrets.token_urlsafe()
        db.session.commit()
    logout_user()
    return redirect(url_for("login"))


@app.route("/account", methods=["GET", "POST"])
@login_required
def change():
    if request.method == "POST":
        old, new = request.form["current"], request.form["new"]
        user = current_user._get_current_object()
        if not user.check_password(old) or weak(new) or not fits(new):
            flash("The current password is wrong, or the new one is weak.")
        elif user.swap(new, token=secrets.token_urlsafe()):
            login_user(db.session.get(User, user.id))
            flash("It is changed.")
    return page("Account", ("current", "password"), ("new", "password"), ("again", "password"))


@app.route("/account/gone", methods=["GET", "POST"])
@login_required
def gone():
    if request.method == "POST" and current_user.check_password(request.form["current"]):
        db.session.delete(current_user._get_current_object())
        db.session.commit()
        logout_user()
        return redirect(url_for("home"))
    return page("Delete the account", ("current", "password"))


users = AppGroup("users")
app.cli.add_command(users)


def resets(user):
    return URLSafeTimedSerializer(app.secret_key, salt=f"reset {user.password_hash}")


@users.command("reset-link")
@click.argument("name")
def reset_link(name):
    user = db.session.scalar(db.select(User).filter_by(username=name))
    click.echo(f"https://localhost/reset/{user.id}/{resets(user).dumps(user.id)}")


@app.route("/reset/<int:user_id>/<token>", methods=["GET", "POST"])
def reset(user_id, token):
    user = db.session.get(User, user_id)
    try:
        resets(user).loads(token, max_age=3600)
    except (BadSignature, AttributeError):
        return page("This link has ended"), 404
    if request.method == "POST" and not weak(request.form["password"]):
        user.swap(request.form["password"], token=secrets.token_urlsafe())
        return redirect(url_for("login"))
    return page("Choose a password", ("password", "password"))
