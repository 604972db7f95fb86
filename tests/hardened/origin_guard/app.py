"""Style: a factory; one guard that asks where a request comes from; logins and codes in tables."""

import secrets
from datetime import UTC, datetime, timedelta
from os import environ
from urllib.parse import urlsplit

import click
from flask import (
    Blueprint,
    Flask,
    abort,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.cli import AppGroup
from flask_bcrypt import Bcrypt
from flask_login import LoginManager, current_user, login_required, login_user, logout_user
from flask_sqlalchemy import SQLAlchemy
from itsdangerous import Signer
from sqlalchemy.exc import IntegrityError
from werkzeug.middleware.proxy_fix import ProxyFix

db, bcrypt, manager = SQLAlchemy(), Bcrypt(), LoginManager()
site = Blueprint("site", __name__)
people = AppGroup("users")
TOO_COMMON = ("password", "1234", "qwert", "love", "aaaa", "abc")
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def create_app():
    app = Flask(__name__)
    at_home = environ.get("FLASK_DEBUG") == "1"
    app.config.from_mapping(
        SECRET_KEY=environ.get("SECRET_KEY") or ("for my desk alone" if at_home else None),
        SQLALCHEMY_DATABASE_URI=environ.get("DATABASE_URL", "sqlite:///origin.db"),
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=not at_home,
        PERMANENT_SESSION_LIFETIME=3600,
        MAX_CONTENT_LENGTH=20_000,
        TRUSTED_HOSTS=None if at_home else ["localhost"],
    )
    if not app.config["SECRET_KEY"]:
        raise RuntimeError("SECRET_KEY is missing")
    for extension in (db, bcrypt, manager):
        extension.init_app(app)
    manager.login_view = "site.login"
    app.register_blueprint(site)
    app.cli.add_command(people)
    app.before_request(only_from_here)
    app.after_request(harden)
    if environ.get("BEHIND_A_PROXY"):
        app.wsgi_app = ProxyFix(app.wsgi_app)
    with app.app_context():
        app.dummy = bcrypt.generate_password_hash(secrets.token_hex(9)).decode()
        db.create_all()
    return app


def only_from_here():
    """Refuse what a page elsewhere sends: browsers say where a request comes from."""
    if request.method in ("GET", "HEAD"):
        return
    told = request.headers.get("Sec-Fetch-Site")
    if told is not None:
        if told != "same-origin":
            abort(403)
    else:
        came = request.headers.get("Origin") or request.headers.get("Referer", "")
        if urlsplit(came).netloc not in ("", request.host):
            abort(403)


def harden(response):
    response.headers["Content-Security-Policy"] = "frame-ancestors 'none'"
    response.headers["Cache-Control"] = "no-store"
    return response


def moment():
    return datetime.now(UTC).replace(tzinfo=None)


class User(db.Model):
    __tablename__ = "members"

    id = db.Column(db.Integer, primary_key=True)
    username = db.Column(db.String(25), unique=True, nullable=False)
    password_hash = db.Column(db.String(60), nullable=False)
    epoch = db.Column(db.Integer, nullable=False, default=0)
    wrong = db.Column(db.Integer, nullable=False, default=0)
    wrong_since = db.Column(db.DateTime)
    is_authenticated = is_active = True
    is_anonymous = False
    ticket = None

    def get_id(self):
        return self.ticket or self.new_ticket(self.epoch)

    def new_ticket(self, epoch):
        ticket = Ticket(user_id=self.id, epoch=epoch, until=moment() + timedelta(hours=1))
        db.session.add(ticket)
        db.session.commit()
        self.ticket = ticket.word
        return self.ticket

    def set_password(self, password):
        if not 0 < len(password.encode()) < 73:
            raise ValueError("A password is 1 to 72 bytes long.")
        self.password_hash = bcrypt.generate_password_hash(password).decode()

    def check_password(self, password):
        if len(password.encode()) > 72:
            return False
        return bcrypt.check_password_hash(self.password_hash, password)


class Ticket(db.Model):
    word = db.Column(db.String(60), primary_key=True, default=secrets.token_urlsafe)
    user_id = db.Column(db.ForeignKey("members.id"), nullable=False)
    epoch = db.Column(db.Integer, nullable=False)
    until = db.Column(db.DateTime, nullable=False)


class Code(db.Model):
    word = db.Column(db.String(60), primary_key=True, default=secrets.token_urlsafe)
    user_id = db.Column(db.ForeignKey("members.id"), nullable=False)
    epoch = db.Column(db.Integer, nullable=False)
    until = db.Column(db.DateTime, nullable=False)


@manager.user_loader
def load(word):
    ticket = db.session.get(Ticket, word)
    user = db.session.get(User, ticket.user_id) if ticket else None
    if ticket is None or ticket.until < moment() or user is None or user.epoch != ticket.epoch:
        return None
    user.ticket = word
    return user


def find(name):
    return db.session.scalar(db.select(User).where(User.username == name.lower()[:60]))


def set_again(user, password, epoch):
    """Store a new password if no other request has meanwhile; end all logins and codes."""
    user.set_password(password)
    new = {"password_hash": user.password_hash, "epoch": epoch + 1, "wrong": 0}
    db.session.expire(user)
    where = db.update(User).where(User.id == user.id, User.epoch == epoch).values(**new)
    done = db.session.execute(where).rowcount == 1
    db.session.commit()
    return done


def usable(password):
    return len(password) >= 11 and not any(one in password.lower() for one in TOO_COMMON)


@site.get("/")
def index():
    return render_template("page.html", title="Club")


@site.route("/register", methods=["GET", "POST"])
def register():
    if request.method == "POST":
        name, password = request.form["username"].lower(), request.form["password"]
        if not (2 < len(name) < 26 and all(one in LETTERS for one in name) and usable(password)):
            flash("A name has letters and digits, a password 11 characters that are not common.")
        else:
            try:
                user = User(username=name)
                user.set_password(password)
                db.session.add(user)
                db.session.commit()
                return redirect(url_for(".login"))
            except ValueError as error:
                flash(str(error))
            except IntegrityError:
                db.session.rollback()
                flash("The name is in use.")
    return render_template("page.html", title="Register", fields=["username", "password"])


@site.route("/login", methods=["GET", "POST"])
def login():
    if request.method == "POST":
        name, password = request.form["username"], request.form["password"]
        user, checked = find(name), None
        if user and user.wrong >= 20 and is_recent(user) and not has_been_here(user):
            user = None
        if user:
            checked, epoch = user.password_hash, user.epoch
            right = user.check_password(password)
        else:
            right = False
            if len(password.encode()) <= 72:
                bcrypt.check_password_hash(app_dummy(), password)
        if right:
            if checked[4:6] != "12":
                db.session.execute(
                    db.update(User)
                    .where(User.id == user.id, User.epoch == epoch)
                    .values(password_hash=bcrypt.generate_password_hash(password).decode())
                )
            user.new_ticket(epoch)
            login_user(user)
            answer = redirect(url_for(".welcome"))
            secure = not at_home()
            answer.set_cookie(
                f"been-{user.id}", been(user), secure=secure, httponly=True, samesite="Lax"
            )
            return answer
        if user:
            user.wrong, user.wrong_since = User.wrong + 1, moment()
            db.session.commit()
        flash("That did not match.")
    return render_template("page.html", title="Log in", fields=["username", "password"])


def app_dummy():
    return current_app.dummy


def is_recent(user):
    return user.wrong_since > moment() - timedelta(minutes=30)


def has_been_here(user):
    return request.cookies.get(f"been-{user.id}") == been(user)


def at_home():
    return environ.get("FLASK_DEBUG") == "1"


def been(user):
    return Signer(current_app.secret_key, salt="been").sign(str(user.id)).decode()


@site.get("/welcome")
@login_required
def welcome():
    return render_template("page.html", title="Welcome", member=current_user.username)


@site.post("/logout")
def logout():
    if current_user.is_authenticated:
        db.session.execute(db.delete(Ticket).where(Ticket.word == current_user.ticket))
        db.session.commit()
    logout_user()
    return redirect(url_for(".login"))


@site.route("/me", methods=["GET", "POST"])
@login_required
def me():
    fields = ["existing", "new_password"]
    if request.method == "POST":
        epoch, new = current_user.epoch, request.form["new_password"]
        user = current_user._get_current_object()
        if not user.check_password(request.form["existing"]) or not usable(new):
            flash("Not changed.")
        elif set_again(user, new, epoch):
            return redirect(url_for(".login"))
    return render_template("page.html", title="Me", fields=fields, member=current_user.username)


@people.command("reset-link")
@click.argument("name")
def reset_link(name):
    user = find(name)
    until = moment() + timedelta(minutes=20)
    code = Code(user_id=user.id, epoch=user.epoch, until=until)
    db.session.add(code)
    db.session.commit()
    click.echo(f"Send this: https://localhost/again?code={code.word}")


@site.route("/again", methods=["GET", "POST"])
def again():
    code = db.session.get(Code, request.args.get("code", ""))
    user = db.session.get(User, code.user_id) if code else None
    if user is None or code.until < moment() or code.epoch != user.epoch:
        abort(404)
    if request.method == "POST" and usable(request.form["password"]):
        set_again(user, request.form["password"], code.epoch)
        return redirect(url_for(".login"))
    return render_template("page.html", title="A new password", fields=["password"])
