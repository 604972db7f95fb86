"""Style: views raise, and error handlers write the pages that say what went wrong."""

from flask import Flask, redirect, render_template, request
from flask_bcrypt import Bcrypt
from flask_login import LoginManager, UserMixin, login_required, login_user, logout_user
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import URL
from sqlalchemy.exc import IntegrityError
from werkzeug.exceptions import Conflict, HTTPException, Unauthorized, UnprocessableEntity

db, bcrypt = SQLAlchemy(), Bcrypt()
login_manager = LoginManager()


def make_app():
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "a-key-for-the-error-pages"
    app.config["SQLALCHEMY_DATABASE_URI"] = URL.create("sqlite", database="site.db")
    db.init_app(app)
    bcrypt.init_app(app)
    login_manager.init_app(app)
    with app.app_context():
        db.create_all()
    return app


class User(db.Model, UserMixin):
    id = db.Column(db.Integer, primary_key=True, autoincrement=True)
    username = db.Column(db.String(64), unique=True, nullable=False)
    password_hash = db.Column(db.String(60), nullable=False)

    def set_password(self, password):
        if not 0 < len(password.encode()) <= 72:
            raise ValueError("The password needs 1 to 72 bytes.")
        self.password_hash = bcrypt.generate_password_hash(password).decode()

    def check_password(self, password):
        fits = 0 < len(password.encode()) <= 72
        return fits and bcrypt.check_password_hash(self.password_hash, password)


app = make_app()
login_manager.user_loader(lambda user_id: db.session.get(User, user_id))


@app.errorhandler(HTTPException)
def explain(error):
    return render_template("error.html", error=error), error.code


@app.errorhandler(IntegrityError)
def explain_conflict(_error):
    db.session.rollback()
    return explain(Conflict("This username is not free."))


@app.errorhandler(ValueError)
def explain_value(error):
    return explain(UnprocessableEntity(str(error)))


@login_manager.unauthorized_handler
def ask_to_log_in():
    return redirect("/login")


@app.get("/")
def home():
    return redirect("/login")


@app.get("/register")
@app.get("/login")
def form():
    return render_template("form.html")


@app.post("/register")
def register():
    user = User(username=request.form["username"] or None)
    user.set_password(request.form["password"])
    db.session.add(user)
    db.session.commit()
    return redirect("/login")


@app.post("/login")
def login():
    user = db.session.scalar(db.select(User).filter_by(username=request.form["username"]))
    if user is None or not user.check_password(request.form["password"]):
        raise Unauthorized("Name and password do not match.")
    login_user(user)
    return redirect("/welcome")


@app.get("/welcome")
@login_required
def welcome():
    return render_template("welcome.html")


@app.post("/logout")
def logout():
    logout_user()
    return redirect("/login")
