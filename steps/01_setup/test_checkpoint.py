"""Checkpoint 1: the app starts, and its three extensions and two settings are in place."""

import re
from difflib import get_close_matches

import pytest
import sqlalchemy
from flask_bcrypt import Bcrypt
from workbench.attempt import attempt
from workbench.finding import expect, require

# Keys from well-known tutorials and examples: whoever reads those can sign your cookies.
KNOWN_KEYS = """
    5791628bb0b13ce0c676dfde280ba245 abc123 asecretkey changeme changethis dev development
    developmentkey devkey flask flasksecretkey hardtoguessstring key mysecret mysecretkey
    notsosecret password random randomstring replaceme s3cr3t secret secretkey secretkeyhere
    somesecretkey supersecret supersecretkey test thisisasecret thisisasecretkey thisissecret
    topsecret youcannotguessme youllneverguess yoursecretkey yoursecretkeyhere youwillneverguess
""".split()
SETS_THE_KEY = r"(?i)secret_?key"
NO_MANAGER = "no app.login_manager"


@pytest.fixture
def secret_key(app, copy):
    """The SECRET_KEY of the app."""
    key = app.config["SECRET_KEY"]
    alike = get_close_matches("SECRET_KEY", [name for name in app.config if app.config[name]])
    require(
        "SECRET_KEY is set",
        key and isinstance(key, str | bytes),
        want="text or bytes in SECRET_KEY",
        got=repr(key),
        fact="" if key else "; ".join(f"app.config has {name}" for name in alike),
        read="the-secret-key",
        hint="Which line sets it, does it run while the file is loaded, and what is its value?",
        at=copy,
        word="|".join([SETS_THE_KEY, *alike]),
    )
    return key


def test_the_first_page_answers(app, stranger):
    """the app answers: GET / shows a page"""
    page = stranger.get("/")

    expect(
        page.opens(),
        want="200 OK",
        got=page,
        read="the-first-page",
        shared="" if hasattr(app, "login_manager") else NO_MANAGER,
    )


def test_flask_sqlalchemy_is_attached(app, db):
    """Flask-SQLAlchemy is attached: the app can talk to its database"""
    with app.app_context():
        answer = attempt(db.session.execute, sqlalchemy.text("SELECT 1"))

    expect(not answer.error, want="an answer", got=answer, read="attach-the-extensions")


def test_the_database_has_an_address(app, copy):
    """the database has an address: SQLALCHEMY_DATABASE_URI is set"""
    address = app.config.get("SQLALCHEMY_DATABASE_URI")

    expect(
        address,
        want="an address such as sqlite:///site.db",
        got=repr(address),
        read="the-database-address",
        hint="Which setting of app.config does Flask-SQLAlchemy read?",
        at=copy,
        word=r"SQLALCHEMY_|DATABASE",
    )


def test_flask_login_is_attached(app, copy):
    """Flask-Login is attached: the app has a login manager"""
    expect(
        hasattr(app, "login_manager"),
        want="a LoginManager that has met the app",
        got=NO_MANAGER,
        shared=NO_MANAGER,
        read="attach-the-extensions",
        hint="Has the LoginManager met the app? See LoginManager.init_app().",
        at=copy,
        word=r"LoginManager\(",
    )


def test_flask_bcrypt_is_ready(app, copy):
    """Flask-Bcrypt is ready: there is an object that hashes passwords"""
    bcrypt = copy.bcrypt()

    expect(
        app in copy.apps_with(Bcrypt),
        want="a Bcrypt object that has met the app",
        got="a Bcrypt object that has met no app" if bcrypt else "none in your files",
        read="attach-the-extensions",
        hint="Has the Bcrypt object met the app? See Bcrypt.init_app()."
        if bcrypt
        else "The import brings the class Bcrypt. Where is an object of it made?",
        at=copy,
        word=r"\bBcrypt\(" if bcrypt else r"\bBcrypt\b",
    )


def test_the_secret_key_stays_the_same(secret_key, second_start, copy):
    """SECRET_KEY stays the same when the app starts again"""
    _, after = second_start

    expect(
        after.key == repr(secret_key),
        want="the same key in both starts",
        got="another key at the second start",
        read="the-secret-key",
        hint="What happens to a cookie that was signed with the key of the last start?",
        at=copy,
        word=SETS_THE_KEY,
    )


def test_the_secret_key_is_not_a_known_one(secret_key, copy):
    """SECRET_KEY is not one that everybody knows"""
    text = secret_key if isinstance(secret_key, str) else secret_key.decode("latin-1")

    expect(
        re.sub(r"[\W_]", "", text).lower() not in KNOWN_KEYS,
        want="a key that stands in no tutorial",
        got=repr(secret_key),
        read="the-secret-key",
        hint="secrets.token_hex() makes a key that nobody can guess.",
        at=copy,
        word=SETS_THE_KEY,
    )
