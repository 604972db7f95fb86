"""The views: one function for each page and method."""

from flask import abort, redirect, render_template, request
from flask_login import current_user, login_required, login_user, logout_user
from sqlalchemy.exc import IntegrityError

from .models import User, db


def add_to(app):
    app.add_url_rule("/", "home", lambda: redirect("/welcome", 307))
    app.add_url_rule("/register", "register", show_form, methods=["GET"])
    app.add_url_rule("/register", "create", create, methods=["POST"])
    app.add_url_rule("/login", "login", show_form, methods=["GET"])
    app.add_url_rule("/login", "enter", enter, methods=["POST"])
    app.add_url_rule("/welcome", "welcome", welcome)
    app.add_url_rule("/logout", "leave", leave, methods=["POST"])


def show_form(problem=None):
    return render_template("form.jinja", problem=problem)


def create():
    username, password = request.form["username"].strip(), request.form["password"]
    if not username:
        return show_form("The username is empty."), 400
    user = User(username=username)
    try:
        user.set_password(password)
        db.session.add(user)
        db.session.commit()
    except ValueError as problem:
        return show_form(problem), 422
    except IntegrityError:
        db.session.rollback()
        return show_form("This username belongs to someone."), 409
    return redirect("/login", 303)


def enter():
    user = db.session.scalar(db.select(User).filter_by(username=request.form["username"]))
    if not (user and user.check_password(request.form["password"])):
        return show_form("Username or password is wrong."), 401
    login_user(user) or abort(403)
    return redirect("/welcome", 303)


@login_required
def welcome():
    return render_template("welcome.jinja", name=current_user.username)


def leave():
    logout_user()
    return redirect("/login", 303)
