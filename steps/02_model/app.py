"""A small site with accounts, built with Flask-Login."""

from flask import Flask
from flask_bcrypt import Bcrypt
from flask_login import LoginManager, UserMixin
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config["SECRET_KEY"] = "dev-5f1d9c3ab07e48d2a6c4e8091b7f2d63"  # published: for this course only
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///site.db"

db = SQLAlchemy(app)
bcrypt = Bcrypt(app)
login_manager = LoginManager(app)


class User(UserMixin, db.Model):
    """Someone with an account."""

    id = db.Column(db.Integer, primary_key=True)
    username = db.Column(db.String(64), unique=True, nullable=False)
    password_hash = db.Column(db.String(60), nullable=False)

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
    return "The app is running."
