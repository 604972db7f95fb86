"""The views, in a blueprint without a prefix."""

from extensions import db
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import login_required, login_user, logout_user
from models import User
from sqlalchemy.exc import IntegrityError

auth = Blueprint("auth", __name__)


@auth.route("/register/", methods=["GET", "POST"])
def register():
    if request.method == "POST":
        try:
            if not request.form["username"]:
                raise ValueError("A username is needed.")
            db.session.add(User(request.form["username"], request.form["password"]))
            db.session.commit()
            return redirect(url_for(".login"))
        except IntegrityError:
            db.session.rollback()
            flash("Someone has that username.")
        except ValueError as error:
            flash(error.args[0])
    return render_template("form.html", title="Register")


@auth.route("/login/", methods=["GET", "POST"])
def login():
    if request.method == "POST":
        query = db.select(User).where(User.username == request.form["username"])
        user = db.session.execute(query).scalar_one_or_none()
        if user is not None and user.check_password(request.form["password"]):
            login_user(user)
            return redirect(url_for(".welcome"))
        flash("These two do not belong together.")
    return render_template("form.html", title="Log in")


@auth.route("/welcome/")
@login_required
def welcome():
    return render_template("welcome.html", title="Welcome")


@auth.route("/logout/", methods=["POST"])
@login_required
def logout():
    logout_user()
    return redirect(url_for(".login"))
