"""Style: the bcrypt package itself hashes; functions write the pages."""

import bcrypt
import flask_login
from flask import Flask, redirect, request
from flask_bcrypt import Bcrypt
from flask_sqlalchemy import SQLAlchemy
from markupsafe import Markup
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import validates

app = Flask(__name__)
app.config.from_mapping({"SECRET_KEY": "a-key-for-the-hand-made-hashes"})
app.config.from_mapping({"SQLALCHEMY_DATABASE_URI": "sqlite:///site.db"})
db = SQLAlchemy(app)
flask_bcrypt = Bcrypt(app)
login_manager = flask_login.LoginManager(app)
login_manager.login_view = "login"


class User(flask_login.UserMixin, db.Model):
    id = db.Column(db.Integer, primary_key=True)
    username = db.Column(db.String(80), unique=True, nullable=False)
    password_hash = db.Column(db.CHAR(60), nullable=False)

    @validates("username")
    def refuse_nameless(self, _key, username):
        if username is not None and not username.strip():
            raise ValueError("There is no user with that name.")
        return username

    def set_password(self, password):
        secret = password.encode()
        if not secret or secret[72:]:
            raise ValueError("A password has 1 to 72 bytes.")
        self.password_hash = bcrypt.hashpw(secret, bcrypt.gensalt(12)).decode()

    def check_password(self, password):
        secret = password.encode()
        return not secret[72:] and bcrypt.checkpw(secret, self.password_hash.encode())


@login_manager.user_loader
def load_user(user_id):
    return db.session.query(User).filter(User.id == int(user_id)).one_or_none()


with app.app_context():
    db.create_all()


PAGE = Markup("<html><body><h1>{}</h1>{}<p><em>{}</em></p></body></html>")
LINKS = Markup("<a href='/register'>Join</a> <a href='/login'>Log in</a>")
BUTTON = Markup("<form action='/logout' method='post'><button>Log out</button></form>")
FIELDS = Markup("""<form method="post"><p>Name: <input name="username" maxlength="80"></p>
    <p>Password: <input name="password" type="password"></p><input type="submit"></form>""")


@app.get("/")
def index():
    return PAGE.format("Home", LINKS, "")


@app.get("/register")
def register_form():
    return PAGE.format("Join", FIELDS, "")


@app.post("/register")
def register():
    try:
        user = User(username=request.form["username"])
        user.set_password(request.form["password"])
        db.session.add(user)
        db.session.commit()
    except ValueError as error:
        return PAGE.format("Join", FIELDS, error)
    except IntegrityError:
        db.session.rollback()
        return PAGE.format("Join", FIELDS, "There is one of that name.")
    return redirect("/login")


@app.get("/login")
def login():
    return PAGE.format("Log in", FIELDS, "")


@app.post("/login")
def check_login():
    user = User.query.filter_by(username=request.form["username"]).first()
    if user and user.check_password(request.form["password"]):
        flask_login.login_user(user)
        return redirect("/welcome")
    return PAGE.format("Log in", FIELDS, "No such pair of name and password.")


@app.get("/welcome")
@flask_login.login_required
def welcome():
    return PAGE.format(f"Hi {flask_login.current_user.username}", BUTTON, "")


@app.post("/logout")
def logout():
    flask_login.logout_user()
    return redirect("/login")
