"""Users of the app under test: the columns of the model, the table, and rows in it."""

import re
from difflib import get_close_matches

import pytest
import sqlalchemy
from sqlalchemy.orm.attributes import manager_of_class

from workbench.attempt import attempt
from workbench.finding import require
from workbench.fixtures import listed
from workbench.people import ADA

COLUMNS = ("id", "username", "password_hash")
ONLY_KEY = "id is the primary key"
NO_HASH = "$2b$12$" + "." * 53  # looks like a hash


@pytest.fixture
def new_user(user_model):
    """Return a function that makes a User, not saved yet, whatever its __init__ asks for."""

    def new(**values):
        made = [attempt(user_model, **values), attempt(user_model, username=values.get("username"))]
        user = next((one.value for one in made if not one.error), None)
        user = user or manager_of_class(user_model).new_instance()
        for name, value in values.items():
            setattr(user, name, value)
        return user

    return new


@pytest.fixture
def columns(user_model):
    """The columns of User, by the names of their attributes."""
    columns = sqlalchemy.inspect(user_model).columns
    missing = next((name for name in COLUMNS if name not in columns), "")
    near = next(iter(get_close_matches(missing, columns.keys(), 1)), "")
    instead = getattr(user_model, missing, None)
    require(
        "User has the columns id, username and password_hash",
        not missing,
        want="columns: id, username, password_hash",
        got="columns: " + ", ".join(columns.keys()),
        fact=f"{missing} is of type {type(instead).__name__}" if instead is not None else "",
        read="02_model#the-user-model",
        hint=f"Is {near} meant to be {missing}?"
        if near
        else f"The checkpoints look for an attribute {missing}, made by db.Column()."
        if instead is None
        else "db.Column() returns a column. What makes something else of this line?",
        at=user_model,
        word=rf"^\s*{near or missing}\b",
    )
    return columns


@pytest.fixture
def table(app, copy, db, user_model, columns):
    """The table of User, once it exists in the database."""
    require(ONLY_KEY, **only_key(columns, user_model))
    with app.app_context():
        tables = sqlalchemy.inspect(db.session.get_bind(user_model)).get_table_names()
    require(
        "the table of User exists",
        user_model.__tablename__ in tables,
        want=f"a table named {user_model.__tablename__} once app.py is loaded",
        got=f"tables: {listed(tables)}",
        why=lambda: why_no_table(copy.models_at_create_all),
        read="02_model#the-table",
        at=copy,
        word=r"create_all",
    )
    return user_model.__table__


def only_key(columns, user_model):
    """Find out which columns are the primary key; it has to be id alone."""
    keys = sorted({name for name in columns.keys() if columns[name].primary_key})  # noqa: SIM118
    others = [name for name in keys if name != "id"]
    return {
        "kept": keys == ["id"],
        "want": "id, and no other column, as primary key",
        "got": f"primary key: {', '.join(keys) or 'none'}",
        "read": "02_model#the-user-model",
        "hint": "The primary key tells rows apart. Which columns say primary_key=True?",
        "at": user_model,
        "word": rf"^\s*{others[0]}\b" if others else r"^\s*id\b",
    }


def why_no_table(models_at_create_all):
    """Find out whether db.create_all() ran while app.py was loaded, and when."""
    if not models_at_create_all:
        return {
            "fact": "db.create_all() did not run",
            "hint": "Which call makes the tables, and does it run while the file is loaded?",
        }
    if not any(models_at_create_all):
        return {
            "fact": "db.create_all() ran when there was no model",
            "hint": "create_all() makes tables of the models that it knows. Where is it?",
        }
    return {"hint": "Which database has create_all() made its tables in?"}


@pytest.fixture
def save_user(app, db, user_model, table, new_user):
    """Return a function that stores a User and returns an Attempt at its id."""

    def save(username, password_hash=NO_HASH, keep=True):
        with app.test_request_context():
            user = new_user(username=username, password_hash=password_hash)
            db.session.add(user)
            db.session.flush()
            user_id = user.id
            db.session.commit() if keep else db.session.rollback()
            return user_id

    first = attempt(save, ADA, keep=False)
    require(
        "a user with a name and a hash can be stored",
        not first.error,
        want="a new row in the table",
        got=first,
        read="02_model#the-user-model",
        at=user_model,
        word=named_in(first.error),
    )
    return lambda *args: attempt(save, *args)


def named_in(error):
    """Return what fits the line of the column that an error of the database names."""
    column = re.search(r"constraint failed: \w+\.(\w+)", str(error))
    return rf"^\s*{column[1]}\b" if column else ""


@pytest.fixture
def stored_users(app, db, user_model, table):
    """Return a function that returns the (name, hash) pairs of the users who are stored."""

    def rows():
        with app.app_context():
            columns = db.select(user_model.username, user_model.password_hash)
            return sorted(map(tuple, db.session.execute(columns)))

    return rows


def names_of(rows):
    """Return the names of such pairs."""
    return [name for name, _ in rows]
