"""Drafts of an app that are repaired in lab 4, piece by piece.

    draft = Draft(FIRST)                      the first draft, with one page
    draft.visit("GET /register")              start it, visit pages, and print what comes back
    draft.repair("old text", "new text")      replace a text; a second repair of it replaces that
    draft.page("login.html", "...")           add a template
    draft.undo()                              take back the last repair
    draft.show()                              print the draft, with line numbers

A draft is started from a folder of its own, and nothing of it is left behind.
"""

import re
import sys
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path

from flask import got_request_exception
from workbench.copying import empty_folder
from workbench.loader import cheap_salts, opened
from workbench.people import PASSWORD

FORM = """<form method="post">
  <input name="username" aria-label="Username">
  <input name="password" aria-label="Password" type="password">
  <button>Send</button>
</form>
"""
PAGES = {"register.html": FORM}
ALL_PAGES = PAGES | {"login.html": FORM, "welcome.html": "Hello, {{ current_user.username }}.\n"}

FIRST = '''"""A door: people sign up, come in, and leave."""

from flask_bcrypt import Bcrypt
from flask_login import LoginManager, UserMixin, login_required, login_user, logout_user
from flask_sqlalchemy import SQLAlchemy

 app = Flask(__name__)
doorkeeper = LoginManager()


class User(UserMixin):

id = db.Column(db.Integer, primary_key=True)
username = db.Column(db.String(64), unique=True, nullable=False)
password_hash = db.Column(db.String(60), nullable=False)


app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///door.db"
db = SQLAlchemy(app)


def load_user(user_id):
    return db.session.get(User, int(user_id))


@app.route("/register", methods=["GET", "POST"])
def register():
if request.method == "POST":
    kept = bcrypt.generate_password_hash(request.form["password"]).decode("utf-8")
    newcomer = User(username=request.form["username"], password=kept)
    return redirect(url_for("welcome "))
return render_template("sign-up.html")


@app.route("/login", methods=["GET", "POST"])
def login():
    if request.method == "POST":
        person = db.session.scalar(db.select(User).filter_by(username=request.form["username"]))
        if person and bcrypt.check_password_hash(person.password, request.form["password"]):
            return redirect(url_for("welcome"))
    return render_template("login.html")


 def logout():
    return redirect(url_for("login"))


if __name__ == "__main__":
'''

EXERCISE = """import secrets

from flask import Flask, redirect, render_template, request, url_for
from flask_bcrypt import Bcrypt
from flask_login import LoginManager, UserMixin, login_required, login_user, logout_user
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config.update(SECRET_KEY=secrets.token_hex(), SQLALCHEMY_DATABASE_URI="sqlite:///door.db")
db, bcrypt, doorkeeper = SQLAlchemy(app), Bcrypt(app), LoginManager(app)
doorkeeper.login_view = "login"


class User(UserMixin, db.Model):
    id = db.Column(db.Integer, primary_key=True)
    username = db.Column(db.String(64), unique=True, nullable=False)
    password_hash = db.Column(db.String(60), nullable=False)


with app.app_context():
    db.create_all()


@doorkeeper.user_loader
def load_user(user_id):
    return db.session.get(User, int(user_id))


@app.get("/register")
def register():
    if request.method == "POST":
        kept = bcrypt.generate_password_hash(request.form["password"]).decode("utf-8")
        db.session.add(User(username=request.form["username"], password_hash=kept))
        db.session.commit()
        return redirect(url_for("login"))
    return render_template("register.html")


@app.route("/login", methods=["GET", "POST"])
def login():
    if request.method == "POST":
        name = request.form["username"]
        person = db.session.scalar(db.select(User).filter_by(username=name))
        if person and bcrypt.check_password_hash(person.password_hash, request.form["password"]):
            login_user(name)
            return redirect(url_for("welcome"))
    return render_template("login.html")


@login_required
@app.get("/welcome")
def welcome():
    return render_template("welcome.html")


@app.post("/logout")
def logout():
    logout_user()
    return redirect(url_for("login"))
"""


JOURNEY = (  # what the requests of a visitor lead to, once the exercise is solved
    ("GET /welcome", "302 to /login?next=%2Fwelcome"),
    ("GET /register", "200 Ok"),
    ("POST /register", "302 to /login"),
    ("GET /login", "200 Ok"),
    ("POST /login", "302 to /welcome"),
    ("GET /welcome", "200 Hello, ada."),
    ("POST /logout", "302 to /login"),
    ("GET /welcome", "302 to /login?next=%2Fwelcome"),
)


class Draft:
    """The text of an app, its templates, and what a visitor gets from them."""

    def __init__(self, text, pages=PAGES):
        """Begin with this app.py and these templates."""
        self.first, self.text = text, text
        self.repairs, self.pages = {}, dict(pages)

    def repair(self, old, new):
        """Replace a text that the draft has once; repairing it again replaces the repair."""
        if not isinstance(old, str) or not isinstance(new, str):
            print(f"A repair replaces a text by a text, and got {old!r} and {new!r}.")
            return
        before = self.repaired(self.up_to(old))
        if before.count(old) != 1:
            often = f"once, not {before.count(old)} times"
            print(f"A repair replaces a text that the draft has {often}:\n{old}")
            print(
                "Have the repairs of all the stops above been run? draft.show() prints the draft."
            )
            return
        self.repairs[old] = new
        self.text = self.repaired(self.repairs)
        print(f"Repaired, from line {before[: before.index(old)].count(chr(10)) + 1} on.")

    def up_to(self, old):
        """Return the repairs that were made before a text was repaired."""
        return dict(takewhile(lambda repair: repair[0] != old, self.repairs.items()))

    def repaired(self, repairs):
        """Return the first draft after some repairs; one that no longer fits is left out."""
        text = self.first
        for old, new in repairs.items():
            text = text.replace(old, new) if text.count(old) == 1 else text
        return text

    def undo(self):
        """Take back the last repair."""
        if self.repairs:
            print("Taken back:", self.repairs.popitem()[1])
        self.text = self.repaired(self.repairs)

    def page(self, name, html):
        """Add a template, or replace it."""
        if not re.fullmatch(r"[\w-]+\.html", str(name)) or not isinstance(html, str):
            print(f"A template has a name such as login.html and a text, not {name!r}, {html!r}.")
            return
        self.pages[name] = html
        print(f"templates/{name} is there.")

    def show(self):
        """Print the draft with line numbers."""
        for number, line in enumerate(self.text.splitlines(), 1):
            print(f"{number:3} {line}".rstrip())

    def visit(self, *asked, name="ada", password=PASSWORD):
        """Start the app, send it these requests, and print what a visitor gets."""
        odd = [request for request in asked if not isinstance(request, str)]
        if odd:
            print(f'A request is a text such as "GET /login", and this is not one: {odd[0]!r}')
            return
        width = max(map(len, asked), default=0)
        for request, got in self.answers(asked, username=name, password=password):
            print(f"{request:{width}}  {got}" if request else got)

    def answers(self, asked, **form):
        """Return (request, what comes back) pairs; one without a request is about the app."""
        with self.started() as (app, error):
            if error:
                return [("", f"The app doesn't start. {in_a_line(error)}")]
            errors = []

            def note(_app, exception):
                errors.append(exception)

            client = app.test_client()
            with got_request_exception.connected_to(note, app):
                said = [(request, answer(client, request, form, errors)) for request in asked]
            if "POST /register" in asked:
                said.append(("", f"Rows in the table user: {rows_of(app)}"))
            return said or [("", "The app starts.")]

    @contextmanager
    def started(self):
        """Yield the app, loaded from a folder of its own, or the error that stops it."""
        where_we_are, input_of_notebook = Path.cwd(), sys.stdin
        with empty_folder() as scratch, cheap_salts():
            folder = Path(scratch) / "draft"
            for file, text in {"app.py": self.text, **self.templates()}.items():
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                (folder / file).write_text(text, "utf-8")
            with opened(folder) as copy:
                tried = copy.load()
                if tried.value:
                    tried.value.logger.disabled = True
                yield tried.value, tried.error
        sys.stdin = input_of_notebook
        assert Path.cwd() == where_we_are

    def templates(self):
        """Return {file: text} of the templates."""
        return {f"templates/{name}": html for name, html in self.pages.items()}


def answer(client, request, form, errors):
    """Send a request such as "POST /login" and say what comes back."""
    method, _, path = request.rpartition(" ")
    errors.clear()
    page = client.open(path, method=method or "GET", data=form if method == "POST" else None)
    if errors:
        return f"500 {in_a_line(errors[-1])}"
    if page.location:
        return f"{page.status_code} to {page.location}"
    greeting = page.text.strip() if page.text.startswith("Hello") else page.status[4:].capitalize()
    return f"{page.status_code} {greeting}"


def in_a_line(error):
    """Return the type of an error and the first line of its message."""
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"


def rows_of(app):
    """Return how many users are stored."""
    db = app.extensions["sqlalchemy"]
    with app.app_context():
        if "user" not in db.inspect(db.engine).get_table_names():
            return "there is no such table"
        return db.session.scalar(db.text("SELECT count(*) FROM user"))
