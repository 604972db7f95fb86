"""Style: in German; a redirect answers every POST, and /login sends those who are logged in on."""

import os

import flask
import flask_login
from flask import flash, redirect, request, session
from flask_bcrypt import Bcrypt
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import IntegrityError

app = flask.Flask(__name__, template_folder="vorlagen")
app.config["SECRET_KEY"] = os.environ.get("SECRET_KEY", "ein-schluessel-nur-fuer-dieses-beispiel")
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ.get("DATABASE_URL", "sqlite:///konten.db")
app.config["SESSION_COOKIE_NAME"] = "sitzung"
db = SQLAlchemy(app)
verschluessler = Bcrypt(app)
anmeldung = flask_login.LoginManager(app)
anmeldung.login_view = "login"
anmeldung.login_message = "Bitte melde dich zuerst an."


class User(db.Model, flask_login.UserMixin):
    __tablename__ = "nutzer"
    id = db.Column(db.Integer, primary_key=True)
    username = db.Column(db.String(40), unique=True, nullable=False)
    password_hash = db.Column(db.String(60), nullable=False)

    def set_password(self, password):
        if not password:
            raise ValueError("Bitte gib ein Passwort ein.")
        if len(password.encode("utf-8")) > 72:
            raise ValueError("Das Passwort ist länger als 72 Bytes.")
        self.password_hash = verschluessler.generate_password_hash(password).decode("utf-8")

    def check_password(self, password):
        if not 0 < len(password.encode("utf-8")) <= 72:
            return False
        return verschluessler.check_password_hash(self.password_hash, password)


with app.app_context():
    db.create_all()


@anmeldung.user_loader
def nutzer_laden(nummer):
    return db.session.get(User, int(nummer))


@app.get("/")
def start():
    return flask.render_template("start.htm")


@app.route("/register", methods=("GET", "POST"))
def register():
    if request.method == "GET":
        return flask.render_template("formular.htm", name=session.pop("name", ""))
    session["name"] = request.form["username"]
    nutzer = User(username=request.form["username"] or None)
    try:
        nutzer.set_password(request.form["password"])
        db.session.add(nutzer)
        db.session.commit()
    except ValueError as fehler:
        flash(str(fehler), "fehler")
        return redirect(request.url)
    except IntegrityError:
        db.session.rollback()
        flash("Der Name fehlt oder ist vergeben.", "fehler")
        return redirect(request.url)
    flash("Konto angelegt.", "erfolg")
    return redirect(flask.url_for("login"))


@app.route("/login", methods=("GET", "POST"))
def login():
    if flask_login.current_user.is_authenticated:
        return redirect(flask.url_for("welcome"))
    if request.method == "GET":
        return flask.render_template("formular.htm", name="")
    nutzer = db.session.scalars(
        db.select(User).filter_by(username=request.form["username"])
    ).first()
    if nutzer and nutzer.check_password(request.form["password"]):
        flask_login.login_user(nutzer)
        return redirect(flask.url_for("welcome"))
    flash("Name oder Passwort ist falsch.", "fehler")
    return redirect(request.url)


@app.get("/welcome")
@flask_login.login_required
def welcome():
    return flask.render_template("willkommen.htm")


@app.post("/logout")
@flask_login.login_required
def logout():
    flask_login.logout_user()
    flash("Bis bald.", "erfolg")
    return redirect(flask.url_for("login"))
