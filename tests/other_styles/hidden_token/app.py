"""Style: a token against forgery in each form, the password typed twice, and remember-me."""

import secrets

from flask import Flask, abort, flash, redirect, render_template, request, session, url_for
from flask_bcrypt import Bcrypt, check_password_hash
from flask_login import LoginManager, UserMixin, fresh_login_required, login_user, logout_user
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import IntegrityError


class Config:
    SECRET_KEY = "a-key-for-the-hidden-token"
    SQLALCHEMY_DATABASE_URI = "sqlite:///site.db"
    SESSION_COOKIE_HTTPONLY = True
    REMEMBER_COOKIE_SAMESITE = "Lax"


app = Flask(__name__)
app.config.from_object(Config)
db = SQLAlchemy(app)
hasher = Bcrypt(app)
login_manager = LoginManager(app)
login_manager.login_view = login_manager.refresh_view = "login"
login_manager.session_protection = "strong"


class User(db.Model, UserMixin):
    id = db.Column(db.Integer, primary_key=True)
    username = db.Column(db.String(20), unique=True, nullable=False)
    password_hash = db.Column(db.String(128), nullable=False)

    def set_password(self, password):
        if len(password) < 12 or len(password.encode()) > 72:
            raise ValueError("A password has 12 characters or more, and at most 72 bytes.")
        self.password_hash = hasher.generate_password_hash(password, 12).decode()

    def check_password(self, password):
        if len(password.encode()) > 72:
            return False
        return check_password_hash(self.password_hash, password)


with app.app_context():
    db.create_all()


@login_manager.user_loader
def load_user(user_id):
    return db.session.get(User, int(user_id))


@app.context_processor
def token():
    return {"token": session.setdefault("token", secrets.token_urlsafe())}


@app.before_request
def refuse_forgeries():
    if request.method == "POST" and request.form.get("token") != session.get("token", ""):
        abort(400)


@app.route("/")
def index():
    return render_template("index.html")


@app.route("/register", methods=["GET", "POST"])
def register():
    if "create" in request.form:
        username, password = request.form["username"], request.form["password"]
        if not username or password != request.form["repeated"]:
            flash("Fill in all fields, and type the same password twice.")
            return render_template("register.html"), 400
        try:
            user = User(username=username)
            user.set_password(password)
            db.session.add(user)
            db.session.commit()
        except ValueError as error:
            flash(str(error))
            return render_template("register.html"), 400
        except IntegrityError:
            db.session.rollback()
            flash(f"{username} is taken.")
            return render_template("register.html"), 400
        return redirect(url_for("login"))
    return render_template("register.html")


@app.route("/login", methods=["GET", "POST"])
def login():
    if "enter" in request.form:
        user = User.query.filter_by(username=request.form["username"]).first()
        if user and user.check_password(request.form["password"]):
            login_user(user, remember="remember" in request.form)
            return redirect(url_for("welcome"))
        flash("Please check the username and the password.")
    return render_template("login.html")


@app.route("/welcome")
@fresh_login_required
def welcome():
    return render_template("welcome.html")


@app.route("/logout", methods=["POST"])
def logout():
    logout_user()
    return redirect(url_for("login"))
