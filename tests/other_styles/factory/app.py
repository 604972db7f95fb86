"""Style: a factory, extensions that are attached later, and a blueprint with slashes."""

from auth import auth
from extensions import bcrypt, db, login_manager
from flask import Flask, render_template


def create_app():
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "a-key-for-the-factory-example"
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///accounts.db"
    for extension in (db, bcrypt, login_manager):
        extension.init_app(app)
    app.register_blueprint(auth)
    app.add_url_rule("/", view_func=lambda: render_template("page.html", title="Start"))
    with app.app_context():
        db.create_all()
    return app
