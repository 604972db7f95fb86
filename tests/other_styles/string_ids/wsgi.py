"""Style: wsgi.py with `application`; ids are UUIDs, and the session holds a second one."""

import uuid

from flask import Flask, flash, redirect, render_template, request, url_for
from flask_bcrypt import Bcrypt
from flask_login import LoginManager, UserMixin, login_required, login_user, logout_user
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import IntegrityError

application = Flask(__name__)
application.config.from_pyfile("settings.cfg")
db = SQLAlchemy(application)
bcrypt = Bcrypt(application)
login_manager = LoginManager(application)
login_manager.login_view = "login"


def new_id():
    return str(uuid.uuid4())


class User(UserMixin, db.Model):
    id = db.Column(db.String(36), primary_key=True, default=new_id)
    username = db.Column(db.String(64), unique=True, nullable=False)
    password_hash = db.Column(db.String(60), nullable=False)
    login_id = db.Column(db.String(36), unique=True, nullable=False, default=new_id)

    def get_id(self):
        return self.login_id

    def set_password(self, password):
        if not password.strip() or len(password.encode()) > 72:
            raise ValueError("Choose a password of at most 72 bytes.")
        self.password_hash = bcrypt.generate_password_hash(password).decode()
        self.login_id = new_id()  # a new password ends the old logins

    def check_password(self, password):
        if len(password.encode()) > 72:
            return False
        return bcrypt.check_password_hash(self.password_hash, password)


with application.app_context():
    db.create_all()


def find_user(**column):
    return db.session.execute(db.select(User).filter_by(**column)).scalar_one_or_none()


@login_manager.user_loader
def load_user(login_id):
    return find_user(login_id=login_id)


@application.route("/")
@application.route("/<any(register, login):name>")
def page(name="home"):
    return render_template("page.html", name=name)


@application.post("/register")
def register():
    user = User(username=request.form["username"])
    try:
        user.set_password(request.form["password"])
        if not user.username:
            raise ValueError("Choose a username.")
        db.session.add(user)
        db.session.commit()
        return redirect(url_for("page", name="login"))
    except ValueError as error:
        flash(str(error))
    except IntegrityError:
        db.session.rollback()
        flash("Choose another username.")
    return redirect(url_for("page", name="register"))


@application.post("/login")
def login():
    user = find_user(username=request.form["username"])
    if user and user.check_password(request.form["password"]):
        login_user(user)
        return redirect(url_for("welcome"))
    flash("That did not match.")
    return redirect(url_for("page", name="login"))


@application.get("/welcome")
@login_required
def welcome():
    return render_template("page.html", name="welcome")


@application.post("/logout")
def logout():
    logout_user()
    return redirect(url_for("page", name="login"))
