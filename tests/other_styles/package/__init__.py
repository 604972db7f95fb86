"""Style: the folder is a package; the database lies at an absolute address."""

from pathlib import Path

from flask import Flask

from . import views
from .models import User, bcrypt, db, logins


def create_app(settings=None):
    app = Flask(__name__)
    folder = Path(__file__).resolve().parent
    app.config.update(
        SECRET_KEY="a-key-for-the-package-example",  # noqa: S106 - published with this example
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder / 'people.db'}",
    )
    app.config.from_mapping(settings or {})
    db.init_app(app)
    bcrypt.init_app(app)
    logins.init_app(app)
    logins.login_view = "/login"
    views.add_to(app)
    with app.app_context():
        User.metadata.create_all(db.engine, checkfirst=True)
    return app
