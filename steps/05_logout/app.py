"""A small site with accounts, built with Flask-Login."""

from flask import Flask, flash, redirect, render_template, request, url_for
from flask_bcrypt import Bcrypt
from flask_login import LoginManager, UserMixin, login_required, login_user, logout_user
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import IntegrityError

app = Flask(__name__)
app.config["SECRET_KEY"] = "dev-5f1d9c3ab07e48d2a6c4e8091b7f2d63"  # published: for this course only
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///site.db"
app.config["SESSION_COOKIE_SAMESITE"] = "Lax"

db = SQLAlchemy(app)
bcrypt = Bcrypt(app)
login_manager = LoginManager(app)
login_manager.login_view = "login"  # where login_required sends strangers

MAX_PASSWORD_BYTES = 72  # bcrypt raises ValueError for anything longer


class User(UserMixin, db.Model):
    """Someone with an account."""

    id = db.Column(db.Integer, primary_key=True)
    username = db.Column(db.String(64), unique=True, nullable=False)
    password_hash = db.Column(db.String(60), nullable=False)

    def set_password(self, password):
        """Store a salted hash; raise ValueError for an empty or too long password."""
        if not 0 < len(password.encode("utf-8")) <= MAX_PASSWORD_BYTES:
            raise ValueError(f"Use a password of 1 to {MAX_PASSWORD_BYTES} bytes.")
        self.password_hash = bcrypt.generate_password_hash(password).decode("utf-8")

    def check_password(self, password):
        """Say whether the stored hash was made from this password."""
        if len(password.encode("utf-8")) > MAX_PASSWORD_BYTES:
            return False
        return bcrypt.check_password_hash(self.password_hash, password)

    def __repr__(self):
        return f"<User {self.username}>"


with app.app_context():
    db.create_all()  # does nothing where the table exists


@login_manager.user_loader
def load_user(user_id):
    """Return the user whose id is in the session cookie, or None."""
    return db.session.get(User, int(user_id))


@app.get("/")
def home():
    """Greet every visitor."""
    return render_template("home.html")


def create_user(username, password):
    """Store a new user. Raise ValueError, with a message for the page, if that isn't possible."""
    if not (username.isprintable() and 0 < len(username.strip()) <= 64):
        raise ValueError("Use a username of 1 to 64 characters.")
    user = User(username=username)
    user.set_password(password)
    db.session.add(user)
    try:
        db.session.commit()
    except IntegrityError:  # the database decides, even between two requests at once
        db.session.rollback()
        raise ValueError("That username is taken.") from None


@app.route("/register", methods=["GET", "POST"])
def register():
    """Create an account and send its owner to the login page."""
    if request.method == "POST":
        try:
            create_user(request.form["username"], request.form["password"])
        except ValueError as problem:
            flash(str(problem))
        else:
            flash("Account created. Please log in.")
            return redirect(url_for("login"))
    return render_template("register.html")


@app.route("/login", methods=["GET", "POST"])
def login():
    """Log the user in if the password is right."""
    if request.method == "POST":
        username = request.form["username"]
        user = db.session.scalar(db.select(User).filter_by(username=username))
        if user and user.check_password(request.form["password"]):
            login_user(user)
            return redirect(url_for("welcome"))
        flash("Wrong username or password.")
    return render_template("login.html")


@app.get("/welcome")
@login_required
def welcome():
    """Greet the user by name."""
    return render_template("welcome.html")


@app.post("/logout")
def logout():
    """End the login and lead back to the login page."""
    logout_user()
    return redirect(url_for("login"))
