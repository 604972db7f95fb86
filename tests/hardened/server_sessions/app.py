"""Style: sessions in a table, views as classes, a CSRF token of its own, failures in a table."""

import hashlib
import hmac
import json
import os
import secrets
from datetime import UTC, datetime, timedelta

from flask import Flask, abort, flash, g, redirect, render_template, request, session, url_for
from flask.sessions import SessionInterface, SessionMixin
from flask.views import MethodView
from flask_bcrypt import Bcrypt
from flask_login import LoginManager, UserMixin, current_user, login_required, login_user
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import IntegrityError

HOURS = timedelta(hours=10)
MOST_FAILURES = 15  # of one name, in a day
LETTERS = set("abcdefghijklmnopqrstuvwxyz-")
USUAL = {"password", "iloveyou", "qwertyuiop", "administrator"}

app = Flask(__name__)
SAFE = os.environ.get("FLASK_DEBUG") != "1"
app.secret_key = (
    os.environ.get("SECRET_KEY") or secrets.token_hex(32) if SAFE else "only at my desk"
)
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///service.sqlite"
app.config["MAX_CONTENT_LENGTH"] = 2**15
db = SQLAlchemy()
bcrypt = Bcrypt(app)
manager = LoginManager(app)
manager.login_view = "login"
manager.login_message = None


def utc():
    return datetime.now(UTC).replace(tzinfo=None)


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


class User(UserMixin, db.Model):
    id = db.Column(db.Integer, primary_key=True)
    username = db.Column(db.String(30), unique=True, nullable=False)
    password_hash = db.Column(db.String(60), nullable=False)
    __table_args__ = {"sqlite_autoincrement": True}

    def set_password(self, password):
        if not password or len(password.encode()) > 72:
            raise ValueError("The password is empty, or longer than 72 bytes.")
        self.password_hash = bcrypt.generate_password_hash(password, 12).decode()

    def check_password(self, password):
        return same(self.password_hash, password)


class Visit(db.Model):
    """A browser that has been here, and what is known of it."""

    name = db.Column(db.String(64), primary_key=True)
    content = db.Column(db.Text, nullable=False)
    user_id = db.Column(db.Integer, index=True)
    ends = db.Column(db.DateTime, nullable=False)


class Failure(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    counted_for = db.Column(db.String(120), index=True)
    at = db.Column(db.DateTime, default=utc)


class Session(dict, SessionMixin):
    name = ""


class InTheDatabase(SessionInterface):
    cookie = "__Host-visit" if SAFE else "visit"

    def open_session(self, app, request):
        kept = Session()
        name = request.cookies.get(self.cookie, "")
        visit = db.session.get(Visit, digest(name))
        if visit and visit.ends > utc():
            kept.update(json.loads(visit.content), _fresh=True)
            kept.name = name
        return kept

    def save_session(self, app, kept, response):
        visit = db.session.get(Visit, digest(kept.name)) if kept.name else None
        if visit is None and kept:
            kept.name = secrets.token_urlsafe(32)
            visit = Visit(name=digest(kept.name), ends=utc() + HOURS)
            db.session.add(visit)
        if visit:
            visit.content = json.dumps(dict(kept))
            visit.user_id = int(kept.get("_user_id") or 0) or None
            db.session.commit()
            response.set_cookie(self.cookie, kept.name, secure=SAFE, httponly=True, samesite="Lax")


def forget():
    """Let the session of this browser be over, on this side too."""
    db.session.execute(db.delete(Visit).where(Visit.name == digest(session.name or "-")))
    db.session.commit()
    session.clear()
    session.name = ""


app.session_interface = InTheDatabase()
db.init_app(app)


def create_tables():
    with app.app_context():
        db.create_all()


app.cli.command("create-tables")(create_tables)
if not SAFE:
    create_tables()


@manager.user_loader
def load_user(user_id):
    return db.session.get(User, int(user_id))


def same(stored, password):
    if len(password.encode()) > 72:
        return False
    return bcrypt.check_password_hash(stored, password)


NOBODY = bcrypt.generate_password_hash(secrets.token_hex(8), 12).decode()


@app.before_request
def look_at_token():
    if request.method in ("POST", "PUT", "DELETE"):
        sent, ours = request.form.get("form_key", ""), session.get("form_key", "")
        if not ours or not hmac.compare_digest(sent.encode(), ours.encode()):
            abort(403)


@app.context_processor
def form_key():
    if "form_key" not in session:
        session["form_key"] = secrets.token_urlsafe(24)
    return {"form_key": session["form_key"]}


@app.after_request
def add_policy(response):
    response.headers["Content-Security-Policy"] = "default-src 'self'; frame-ancestors 'self'"
    response.headers["Cache-Control"] = "private, no-store"
    return response


class Form(MethodView):
    """A page with a form."""

    title, fields, init_every_request = "", (), False

    def get(self, **_):
        return self.show()

    def show(self):
        return render_template("form.html", title=self.title, fields=self.fields)

    def refuse(self, words):
        flash(words)
        return self.show()


class Register(Form):
    title, fields = "Register", ("username", "password")

    def post(self):
        name, password = request.form["username"].lower(), request.form["password"]
        problem = None
        if not 2 <= len(name) <= 30 or not set(name) <= LETTERS | set("0123456789"):
            problem = "A name consists of letters, digits and dashes."
        elif len(password) < 10 or any(one in password.lower() for one in USUAL):
            problem = "That password is short, or one that everybody has."
        elif password.isalnum():
            problem = "Please use a few words, with spaces or signs between them."
        if problem:
            return self.refuse(problem)
        try:
            user = User(username=name)
            user.set_password(password)
            db.session.add(user)
            db.session.commit()
        except ValueError as error:
            return self.refuse(str(error))
        except IntegrityError:
            db.session.rollback()
            return self.refuse("There is someone of that name.")
        return redirect(url_for("login"))


class Login(Form):
    title, fields = "Log in", ("username", "password")

    def post(self):
        name, password = request.form["username"][:200].lower(), request.form["password"]
        counted = f"{name}@{request.remote_addr}", f"{name}@everywhere"
        if self.is_blocked(name, counted):
            return self.refuse("There have been many wrong passwords. Please wait a day."), 429
        user = db.session.execute(db.select(User).filter_by(username=name)).scalar()
        checked = user.password_hash if user else NOBODY
        if not same(checked, password) or not user:
            db.session.add_all([Failure(counted_for=one) for one in counted])
            db.session.commit()
            return self.refuse("Name and password do not belong together.")
        if not checked.startswith("$2b$12$"):
            checked = self.renewed(user, checked, password)
        forget()
        login_user(user)
        db.session.expire_all()
        now = db.session.scalar(
            db.select(User.password_hash).filter_by(id=int(session["_user_id"]))
        )
        if now != checked:  # it has been changed while we were looking at it
            forget()
            abort(409)
        answer = redirect(url_for("welcome"))
        answer.set_cookie("friend", self.friend(name), secure=SAFE, httponly=True, samesite="Lax")
        return answer

    def renewed(self, user, old, password):
        new = bcrypt.generate_password_hash(password, 12).decode()
        where = db.update(User).where(User.id == user.id, User.password_hash == old)
        db.session.execute(where.values(password_hash=new))
        db.session.commit()
        return new

    def friend(self, name):
        return hmac.new(app.secret_key.encode(), name.encode(), "sha256").hexdigest()

    def is_blocked(self, name, counted):
        here, everywhere = (
            db.session.scalar(
                db.select(db.func.count()).where(
                    Failure.counted_for == one, Failure.at > utc() - timedelta(days=1)
                )
            )
            for one in counted
        )
        knows = hmac.compare_digest(request.cookies.get("friend", ""), self.friend(name))
        return here >= MOST_FAILURES or (everywhere >= 4 * MOST_FAILURES and not knows)


class Password(Form):
    title, fields = "Change the password", ("old_password", "password_new", "password_new_again")
    decorators = (login_required,)

    def post(self):
        user, new = current_user._get_current_object(), request.form["password_new"]
        old_hash = user.password_hash
        if not user.check_password(request.form["old_password"]):
            return self.refuse("That was not the old one.")
        if len(new) < 10 or new.isalnum() or any(one in new for one in USUAL):
            return self.refuse("The new one is too common.")
        new_hash = bcrypt.generate_password_hash(new, 12).decode()
        where = db.update(User).where(User.id == user.id, User.password_hash == old_hash)
        done = db.session.execute(where.values(password_hash=new_hash)).rowcount
        others = db.delete(Visit).where(Visit.user_id == user.id)
        db.session.execute(others.where(Visit.name != digest(session.name)))
        db.session.commit()
        return self.refuse("The password is new." if done else "Someone was faster.")


app.add_url_rule(
    "/", view_func=lambda: render_template("form.html", title="Hello"), endpoint="home"
)
app.add_url_rule("/register", view_func=Register.as_view("register"))
app.add_url_rule("/login", view_func=Login.as_view("login"))
app.add_url_rule("/settings/password", view_func=Password.as_view("password"))


@app.get("/welcome")
@login_required
def welcome():
    return render_template("form.html", title="Welcome")


@app.post("/logout")
def logout():
    forget()
    g._login_user = manager.anonymous_user()
    return redirect(url_for("login"))
