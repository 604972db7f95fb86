"""A small site with accounts, built with Flask-Login."""

from flask import Flask
from flask_bcrypt import Bcrypt
from flask_login import LoginManager
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config["SECRET_KEY"] = "dev-5f1d9c3ab07e48d2a6c4e8091b7f2d63"  # published: for this course only
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///site.db"

db = SQLAlchemy(app)
bcrypt = Bcrypt(app)
login_manager = LoginManager(app)


@app.get("/")
def home():
    """Greet every visitor."""
    return "The app is running."
