"""The app under attack: a fresh copy in production, over https, and the people who use it."""

import contextlib
import io
import itertools
import os
import re
import secrets
from unittest import mock

import sqlalchemy
from workbench.attempt import attempt, describe
from workbench.loader import opened
from workbench.people import PASSWORDS, People

from attacks.clocks import no_naps, sqlite_follows
from attacks.database import Database
from attacks.features import READ
from attacks.places import broken_at
from attacks.reset_links import ResetLinks
from attacks.verdicts import NotReadyError, require
from attacks.visitor import Visitor, remember_box
from attacks.work import Work

THIRD = ("seven looms are singing in the attic", "Spinning-Jenny-1764", "Jenny-1764!")
KEY = secrets.token_hex(32)
PRODUCTION = {
    "FLASK_DEBUG": "0",
    "SECRET_KEY": KEY,
    "FLASK_SECRET_KEY": KEY,
    "SERVER_NAME": "localhost",  # links that a command prints need a host
}
HOME = "198.51.100.7"  # the address of ada, and of who uses her network
TABLES = re.compile(r"(init|create|make|setup)[-_]?(the[-_])?(db|database|tables)")
REGISTER, LOG_IN = "steps/04_views/README.md#register", "steps/04_views/README.md#log-in"
START = "final/chapters/01_secrets_and_settings.md#start-in-production"


class Target(Database, ResetLinks):
    """A loaded app with its database, its commands and its visitors."""

    def __init__(self, copy, work, people, features, settings=()):
        """Load the app from its copy, in production; make its tables as its owner would."""
        self.copy, self.work, self.people, self.features = copy, work, people, features
        self.numbers = itertools.count(1)
        set_environment(PRODUCTION | dict(settings))
        self.app = self.loaded()
        if not self.make_tables():
            with mock.patch.dict(os.environ, {"FLASK_DEBUG": "1"}):
                copy.load()
            self.app = self.loaded()
        self.db = self.app.extensions["sqlalchemy"]
        mappers = self.db.Model.registry.mappers
        self.User = next((one.class_ for one in mappers if one.class_.__name__ == "User"), None)
        require(self.User, "there is a model named User", "no such model", LOG_IN)

    def again(self, **settings):
        """Start the app once more from the same copy, with other settings; "" means not set."""
        return Target(self.copy, self.work, self.people, self.features, settings)

    def loaded(self):
        """Return the app; raises NotReadyError if it does not start."""
        tried = self.copy.load()
        promise = "the app starts in production, with SECRET_KEY in the environment"
        if error := tried.error:
            raise NotReadyError(promise, describe(error), START, broken_at(error, self.copy))
        if "sqlalchemy" not in tried.value.extensions:
            raise NotReadyError("Flask-SQLAlchemy is attached", "it is not", LOG_IN)
        return tried.value

    def make_tables(self):
        """Run the app's own command for its tables, if it has one; say whether all are there."""
        for name in filter(TABLES.fullmatch, self.app.cli.commands):
            self.run(name)
        return self.has_tables()

    def has_tables(self):
        """Say whether the database has every table of the models."""
        db = self.app.extensions["sqlalchemy"]
        with self.app.app_context():
            there = sqlalchemy.inspect(db.engine).get_table_names()
        return {*db.metadata.tables} <= {*there}

    def run(self, *words):
        """Run a command of `flask` and return its output."""
        return self.ran(*words)[0]

    def ran(self, *words):
        """Run a command of `flask` and return its output and, if it fails, what it says last."""
        debug = self.app.debug
        tried = attempt(self.app.test_cli_runner().invoke, args=words)
        self.app.debug = debug  # which commands set from the environment
        if tried.error or tried.value.exit_code == 0:
            return (tried.value.output, "") if tried.value else ("", describe(tried.error))
        said, error = tried.value.output.strip().splitlines(), tried.value.exception
        ended = isinstance(error, SystemExit) and said
        return "", said[-1] if ended else describe(error)

    # People

    @property
    def ada(self):
        """The name of the victim."""
        return self.people.ada

    @property
    def passwords(self):
        """The passwords that this site takes: ada's, another one, a third."""
        style = [first for first, _ in PASSWORDS].index(self.people.password)
        return (*PASSWORDS[style], THIRD[style])

    def guest(self, number):
        """Return a name that this site takes, one for each number up to 26 times 26."""
        return self.people.named(f"guest{chr(97 + number // 26)}{chr(97 + number % 26)}")

    def visitor(self, address=""):
        """Return a new browser, at an address of its own unless one is given."""
        number = next(self.numbers)
        return Visitor(self.app, address=address or f"198.51.{number // 250}.{number % 250 + 1}")

    def register(self, name="", password="", browser=None):
        """Fill in the register form and return the page that answers."""
        browser = browser or self.visitor()
        values = {"username": name or self.ada, "password": password or self.people.password}
        return browser.submit(self.form_at("/register", browser), by_hand=False, **values)

    def log_in(self, name="", password="", browser=None, remember=False, path="/login"):
        """Fill in the login form and return the page that answers."""
        browser = browser or self.visitor()
        form = self.form_at(path, browser)
        box = remember_box(form) if remember else {}
        values = {"username": name or self.ada, "password": password or self.people.password}
        return browser.submit(form, by_hand=False, **values, **box)

    def form_at(self, path, browser):
        """Return the form with the password at a path."""
        page = browser.get(path)
        form = page.password_form()
        require(form, f"{path.partition('?')[0]} shows a form with a password", page)
        return form

    def inside(self, name="", password="", remember=False, browser=None):
        """Return a browser in which this user, who has registered, is logged in."""
        browser = browser or self.visitor("" if name else HOME)
        page = self.log_in(name, password, browser, remember)
        is_in = page.browser.greets(name or self.ada)
        require(is_in, "logging in signs you in: GET /welcome greets you by name", page)
        return page.browser

    def victim(self, remember=False):
        """Return ada's browser: she registers and logs in."""
        page = self.register()
        require(self.count(self.ada) == 1, "registering stores a user", page, REGISTER)
        return self.inside(remember=remember)

    def is_in(self, name="", password=""):
        """Say whether these open the door of a new browser."""
        return self.log_in(name, password).browser.greets(name or self.ada)

    def log_out(self, browser):
        """Press the button on /welcome."""
        page = browser.get("/welcome")
        form = page.form_to("/logout")
        read = "steps/05_logout/README.md#log-out"
        require(form, "/welcome has a button that logs out", page, read)
        answer = browser.submit(form)
        ended = not browser.greets(self.ada)
        require(ended, "logging out ends the login of this browser", answer, read)

    def thief(self, cookies):
        """Return a browser with copied cookies; it says it is ada's, and shares her address."""
        return self.visitor(HOME).keep(cookies)

    # Features beyond the steps

    def change_password(self, browser, old, new):
        """Fill in the form that changes the password and return the page that answers."""
        return self.features.need("change").use(browser, old, new, self.ada)

    def changed(self, browser, old="", new=""):
        """Change ada's password; it has to work."""
        old, new = old or self.passwords[0], new or self.passwords[1]
        page = self.change_password(browser, old, new)
        promise = "after the password is changed, the new one logs you in"
        require(self.is_in(password=new), promise, page, READ)
        return page

    def delete_account(self, browser, password, name=""):
        """Fill in the form that deletes the account."""
        return self.features.need("delete").use(browser, password, password, name or self.ada)

    def is_gone(self, password):
        """Say whether ada's account is deleted, or closed for good."""
        return not self.count(self.ada) or not self.is_in(password=password)

    def deleted(self, browser, password):
        """Delete ada's account; it has to work."""
        page = self.delete_account(browser, password)
        promise = "the account can be deleted"
        require(self.is_gone(password), promise, page, READ)


def set_environment(values):
    """Set variables of the environment; those without a value are taken out."""
    for name, value in values.items():
        os.environ[name] = value
        if not value:
            del os.environ[name]


@contextlib.contextmanager
def target(path, people=None, features=None, edits=(), compiled=None, prepare=None, **settings):
    """Yield the app at a path as a Target; nothing is left of it.

    `prepare` may do something to the copy, and to the environment, before the app is loaded.
    """
    work = Work()
    with work.watched(), no_naps(), sqlite_follows(), opened(path, compiled) as copy, quiet():
        for edit in edits:
            copy.edit(*edit)
        if prepare:
            prepare(copy)
        yield Target(copy, work, people or People(), features, settings)


@contextlib.contextmanager
def quiet():
    """Keep what the app prints and logs from the screen."""
    heard = io.StringIO()
    with contextlib.redirect_stdout(heard), contextlib.redirect_stderr(heard):
        yield heard
