"""What the checkpoints start from: the app, its users, a browser; and the preconditions.

A precondition that is not met fails the first test that needs it, with a sentence of its
own; later tests that need it are skipped. So one mistake makes one FAILED.
"""

from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy.orm import configure_mappers
from sqlalchemy.orm.attributes import manager_of_class

from workbench.attempt import Attempt, attempt
from workbench.browser import Browser
from workbench.finding import COPY, TOLD, require
from workbench.loader import cheap_salts, opened

NAME = "ada"
PASSWORD = "the analytical engine weaves patterns"
NO_HASH = "$" * 60  # as long as a hash
ANOTHER_PASSWORD = "a loom that weaves flowers and leaves"


@pytest.fixture
def copy(request):
    """The app under test, copied but not loaded yet."""
    asked = request.config.getoption("app")
    base = request.config.invocation_params.dir
    with opened(base / Path(asked).expanduser() if asked else request.path.parent) as copy:
        request.node.stash[COPY] = copy
        yield copy


@pytest.fixture
def work_factors(copy):
    """The work factors that the app asks bcrypt for; bcrypt itself is made fast."""
    with cheap_salts() as asked:
        yield asked


@pytest.fixture
def app(request, copy, work_factors):
    """The Flask app under test, loaded as `flask --debug` loads it."""
    sentence = f"{copy.source.name} loads"
    told = (copy.source, sentence) in request.config.stash[TOLD]  # no need to wait for it again
    tried = Attempt() if told else copy.load()
    require(sentence, tried.value, want="a Flask app", got=tried, read="stuck")
    return tried.value


# The user model: steps 02 and 03


@pytest.fixture
def db(app):
    """The app's SQLAlchemy object."""
    db = app.extensions.get("sqlalchemy")
    require(
        "Flask-SQLAlchemy is attached to the app",
        db,
        want="a SQLAlchemy object that has met the app",
        got=f"extensions of the app: {listed(app.extensions)}",
        read="01_setup#attach-the-extensions",
        hint="Which object has to meet the app? See SQLAlchemy.init_app().",
    )
    return db


@pytest.fixture
def user_model(db):
    """The class User."""
    models = {mapper.class_.__name__: mapper.class_ for mapper in db.Model.registry.mappers}
    require(
        "there is a model named User",
        "User" in models,
        want="class User, a db.Model",
        got=f"models: {listed(models)}",
        read="02_model#the-user-model",
        hint="The checkpoints look for a model of the name User."
        if models
        else "Which base class turns a class into a table with columns?",
    )
    mapped = attempt(configure_mappers)
    require(
        "SQLAlchemy can map the models to tables",
        not mapped.error,
        want="models that fit together",
        got=mapped,
        read="02_model#the-user-model",
    )
    return models["User"]


@pytest.fixture
def new_user(user_model):
    """Return a function that makes a User, not saved yet, whatever its __init__ asks for."""

    def new(**values):
        user = manager_of_class(user_model).new_instance()
        for name, value in values.items():
            setattr(user, name, value)
        return user

    return new


@pytest.fixture
def save_user(app, db, user_model, new_user):
    """Return a function that stores a User and returns an Attempt at its id."""
    with app.app_context():
        tables = sqlalchemy.inspect(db.engine).get_table_names()
    require(
        "the table of User exists",
        user_model.__tablename__ in tables,
        want=f"a table named {user_model.__tablename__} once app.py is loaded",
        got=f"tables: {listed(tables)}",
        read="02_model#the-table",
        hint="Which call makes the tables, and does it run below the model?",
    )

    def save(username, password_hash=NO_HASH, keep=True):
        with app.test_request_context():
            user = new_user(username=username, password_hash=password_hash)
            db.session.add(user)
            db.session.flush()
            if keep:
                db.session.commit()
            return user.id

    first = attempt(save, NAME, keep=False)
    require(
        "a user with a name and a hash can be stored",
        not first.error,
        want="a new row in the table",
        got=first,
        read="02_model#the-user-model",
    )
    return lambda *args: attempt(save, *args)


@pytest.fixture
def stored_users(app, db, user_model):
    """Return a function that tells how many users of a name, or in all, are stored."""

    def count(**filters):
        with app.app_context():
            return len(db.session.scalars(db.select(user_model).filter_by(**filters)).all())

    return count


# The pages: steps 04 and 05


@pytest.fixture
def new_browser(app):
    """Return a function that makes a Browser without any cookies."""
    return lambda: Browser(app)


@pytest.fixture
def stranger(new_browser):
    """The browser of somebody who has not logged in."""
    return new_browser()


@pytest.fixture
def register_page(stranger):
    """The page /register, with a form that asks for username and password."""
    return page_with_form(stranger, "/register", "04_views#register")


@pytest.fixture
def login_page(stranger):
    """The page /login, with a form that asks for username and password."""
    return page_with_form(stranger, "/login", "04_views#log-in")


def page_with_form(browser, path, read):
    """Return the page at `path` once it holds a form that posts username and password."""
    page = browser.get(path)
    require(
        f"GET {path} shows a page to a stranger",
        page.at(path),
        want=f"200 OK at {path}",
        got=page,
        read=read,
    )
    form = page.password_form()
    require(
        f"the form on {path} posts username and password",
        form and form.asks_for("username", "password"),
        want='a form with method="post", fields: username, password',
        got=form or "no form with a password field",
        read=read,
        hint="What do the attributes method= of a form and name= of an input do?",
    )
    return page


@pytest.fixture
def fill_in(new_browser):
    """Return a function that fills in the form at a path and returns the page that answers.

    A new browser opens the page and sends its form, so hidden fields are those of its session.
    """

    def fill_in(path, username, password):
        page = new_browser().get(path)
        form = page.password_form()
        return page.browser.submit(form, username=username, password=password) if form else page

    return fill_in


@pytest.fixture
def registered(register_page, login_page, fill_in, stored_users):
    """The page that answers when ada has registered."""
    page = fill_in("/register", NAME, PASSWORD)
    count = stored_users(username=NAME)
    require(
        "registering stores a user",
        count and not page.error,
        want=f"one user named {NAME} in the table, and no error",
        got=f"{count} users named {NAME}, after {page}" if page.opens() else page,
        read="04_views#register",
        hint="Which two calls of db.session put a row into the table?",
    )
    return page


@pytest.fixture
def ada(registered, fill_in, new_browser):
    """The browser of ada, who has registered and logged in."""
    answer = fill_in("/login", NAME, PASSWORD)
    browser = answer.browser
    page = answer if answer.error else browser.get("/welcome")
    signed_in = "_user_id" in browser.session()
    require(
        "logging in signs you in: GET /welcome greets you by name",
        page.says(NAME),
        want=f'the page says "{NAME}" after POST /login and GET /welcome',
        got=page if signed_in or page.error else answer,
        read="04_views#log-in",
        hint=why_not_greeted(answer, signed_in),
    )
    page = new_browser().get("/welcome")
    require(
        "/welcome greets nobody who has not logged in",
        not page.says(NAME),
        want=f'no "{NAME}" in a browser that has not logged in',
        got=page,
        read="04_views#welcome",
        hint="Whom does current_user stand for in a browser without a login?",
    )
    return browser


def why_not_greeted(answer, signed_in):
    """Return a hint that follows from the answer to the login and from the session."""
    if not signed_in and answer.hops:
        return "redirect() alone signs nobody in: which Flask-Login function writes to the session?"
    if not signed_in:
        return "Does the branch for POST run, and what do the query and the password check find?"
    loader = answer.browser.app.login_manager._user_callback
    with answer.browser.app.test_request_context():
        found = attempt(loader, answer.browser.session()["_user_id"])
    if found.value is None:
        return "The session names the user. What does the user loader return for that id?"
    return "Flask-Login gives every template a current_user. What does the page print of it?"


def listed(values):
    """Return the names as one line, or "none"."""
    return ", ".join(sorted(values)) or "none"
