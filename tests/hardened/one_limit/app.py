"""Style: step 5 with what a day of reading brings; its limit locks the owner out, too."""

import os
import secrets
from datetime import timedelta
from pathlib import Path

from flask import Flask, flash, redirect, render_template_string, request, session, url_for
from flask_bcrypt import Bcrypt
from flask_limiter import Limiter
from flask_login import LoginManager, UserMixin, login_required, login_user, logout_user
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import FlaskForm
from flask_wtf.csrf import CSRFProtect
from sqlalchemy.exc import IntegrityError
from wtforms import PasswordField, StringField, ValidationError
from wtforms.validators import InputRequired, Length, Regexp

app = Flask(__name__)
if os.getenv("FLASK_DEBUG") == "1":
    app.config["SECRET_KEY"] = "0d1e2c3b-not-for-production"
else:
    key = Path(app.instance_path, "key")
    key.parent.mkdir(exist_ok=True)
    if not key.exists():
        key.write_text(secrets.token_hex(32))
    app.config["SECRET_KEY"] = os.getenv("SECRET_KEY") or key.read_text()
    app.config["SESSION_COOKIE_SECURE"] = True
app.config["SESSION_COOKIE_SAMESITE"] = "Lax"
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///site.db"
app.config["MAX_CONTENT_LENGTH"] = 100_000
app.config["PERMANENT_SESSION_LIFETIME"] = timedelta(hours=2)
db = SQLAlchemy(app)
bcrypt = Bcrypt(app)
csrf = CSRFProtect(app)
login_manager = LoginManager(app)
login_manager.login_view = "login"


class User(UserMixin, db.Model):
    id = db.Column(db.Integer, primary_key=True)
    username = db.Column(db.String(32), unique=True, nullable=False)
    password_hash = db.Column(db.String(60), nullable=False)
    login = db.Column(db.String(32))  # the only one that is open

    def get_id(self):
        if self.login is None:
            self.login = secrets.token_hex(16)
            db.session.commit()
        return f"{self.id}:{self.login}"

    def set_password(self, password):
        if not password or len(password.encode()) > 72:
            raise ValueError("1 to 72 bytes")
        self.password_hash = bcrypt.generate_password_hash(password).decode()

    def check_password(self, password):
        if len(password.encode()) > 72:
            return False
        return bcrypt.check_password_hash(self.password_hash, password)


with app.app_context():
    db.create_all()
    nobody = User(username="nobody")
    nobody.set_password(secrets.token_hex())


@login_manager.user_loader
def load_user(text):
    number, _, login = text.partition(":")
    user = db.session.get(User, int(number))
    return user if user and user.login and user.login == login else None


class RegisterForm(FlaskForm):
    username = StringField("Name", [Regexp(r"^[a-z]{2,32}\Z", message="Small letters only.")])
    password = PasswordField("Password", [InputRequired(), Length(15, message="15 or more.")])

    def validate_password(self, field):
        if len(set(field.data)) < 8 or "password" in field.data or "12345" in field.data:
            raise ValidationError("That is too simple.")
        if field.data.startswith("qwerty"):
            raise ValidationError("That is on every keyboard.")


class LoginForm(FlaskForm):
    username = StringField("Name", [InputRequired()])
    password = PasswordField("Password", [InputRequired()])


PAGE = """<!doctype html><title>{{ title }}</title><h1>{{ title }}</h1>
<a href="{{ url_for('login') }}">Log in</a> <a href="{{ url_for('register') }}">Register</a>
<a href="{{ url_for('welcome') }}">Welcome</a>
{% for message in get_flashed_messages() %}<p role="alert">{{ message }}</p>{% endfor %}
{% if form %}<form method="post">{{ form.hidden_tag() }}
{% for field in form if field.type != "CSRFTokenField" %}<p>{{ field.label }} {{ field }}</p>
{% for error in field.errors %}<p role="alert">{{ error }}</p>{% endfor %}{% endfor %}
<button>Go</button></form>{% endif %}
{% if out %}<p>Hello {{ current_user.username }}</p><form method="post" action="/logout">
<input type="hidden" name="csrf_token" value="{{ csrf_token() }}"><button>Out</button></form>
{% endif %}"""


def page(title, form=None, out=False):
    return render_template_string(PAGE, title=title, form=form, out=out)


@app.after_request
def after(response):
    response.headers.setdefault("X-Frame-Options", "SAMEORIGIN")
    response.headers["Cache-Control"] = "no-store, max-age=0"
    return response


@app.get("/")
def home():
    return page("Home")


@app.route("/register", methods=["GET", "POST"])
def register():
    form = RegisterForm()
    if form.validate_on_submit():
        user = User(username=form.username.data)
        try:
            user.set_password(form.password.data)
            db.session.add(user)
            db.session.commit()
            return redirect(url_for("login"))
        except (ValueError, IntegrityError):
            db.session.rollback()
            flash("That name is taken, or that password is too long.")
    return page("Register", form)


limiter = Limiter(
    lambda: request.form.get("username", "").lower(), app=app, storage_uri="memory://"
)


@app.route("/login", methods=["GET", "POST"])
@limiter.limit(
    "12 per hour;60 per day", methods=["POST"], deduct_when=lambda r: r.status_code == 200
)
def login():
    form = LoginForm()
    if form.validate_on_submit():
        user = User.query.filter_by(username=form.username.data.lower()).first()
        right = (user or nobody).check_password(form.password.data)
        if user and right:
            if user.password_hash[:7] != "$2b$12$":
                user.set_password(form.password.data)
            user.login = secrets.token_hex(16)
            db.session.commit()
            session.clear()
            login_user(user)
            return redirect(url_for("welcome"))
        flash("Wrong name or password.")
    return page("Log in", form)


@app.get("/welcome")
@login_required
def welcome():
    return page("Welcome", out=True)


@app.post("/logout")
@login_required
def logout():
    from flask_login import current_user

    current_user.login = None
    db.session.commit()
    logout_user()
    return redirect(url_for("login"))
