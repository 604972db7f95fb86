"""What the checkpoints start from: the app under test and its users.

A precondition that is not met fails the first test that needs it, with a sentence of its
own; later tests that need it are skipped. So one mistake makes one FAILED.
"""

import re
import sys
from pathlib import Path

import pytest
import sqlalchemy
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm.attributes import manager_of_class

from workbench.attempt import Attempt, attempt
from workbench.finding import COPY, OUTDATED, TOLD, require
from workbench.hints import two_of
from workbench.loader import Compiled, cheap_salts, opened
from workbench.people import ADA
from workbench.stale import outdated

COLUMNS = ("id", "username", "password_hash")
ONLY_KEY = "id is the primary key"
NO_HASH = "$2b$12$" + "." * 53  # looks like a hash


@pytest.fixture(scope="session")
def compiled():
    """The compiled templates of the app under test: each test has a copy of its own."""
    return Compiled()


@pytest.fixture
def copy(request, compiled):
    """The app under test, copied but not loaded yet."""
    asked = request.config.getoption("app")
    base = request.config.invocation_params.dir
    with opened(base / Path(asked).expanduser() if asked else request.path.parent, compiled) as copy:
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
    require(
        "Flask knows the folder of your app",
        Path(tried.value.root_path).resolve() != copy.elsewhere,
        want="Flask(__name__): the name of the module, which tells Flask where your files are",
        **why_in_the_wrong_folder(tried.value, copy),
        read="01_setup#attach-the-extensions",
        at=copy,
        word=r"\bFlask\(",
    )
    if request.config.getoption("app") and copy.source not in request.config.stash[OUTDATED]:
        request.config.stash[OUTDATED][copy.source] = attempt(outdated, copy).value or []
    apps = copy.apps_with(SQLAlchemy)
    require(
        "the extensions have met the app that Flask starts",
        not apps or tried.value in apps,
        want="one Flask app",
        got="another Flask app, which Flask-SQLAlchemy has met, beside the one that starts",
        read="01_setup#attach-the-extensions",
        hint="Flask(__name__) makes a new app each time. How many lines, or calls, make one?",
        at=copy,
        word=r"\bFlask\(",
    )
    return tried.value


def why_in_the_wrong_folder(app, copy):
    """Find out why Flask takes the folder in which it was started for that of the app."""
    if app.import_name in sys.modules:
        got = f'root_path is "{app.root_path}", the folder in which the app was started'
        return {"got": got, "hint": "Which folder does Flask take if you leave root_path out?"}
    name = app.import_name.replace(str(copy.root), copy.folder.name)
    hint = "Flask finds your files by the name of a module. Which variable holds the name of this one?"
    return {"got": f'Flask("{name}"), and no module has that name', "hint": hint}


@pytest.fixture
def db(app, copy):
    """The app's SQLAlchemy object."""
    db = app.extensions.get("sqlalchemy")
    require(
        "Flask-SQLAlchemy is attached to the app",
        db,
        want="a SQLAlchemy object that has met the app",
        got=f"extensions of the app: {listed(app.extensions)}",
        read="01_setup#attach-the-extensions",
        hint="Which object has to meet the app? See SQLAlchemy.init_app().",
        at=copy,
        word=r"SQLAlchemy\(",
    )
    return db


@pytest.fixture
def user_model(db, copy):
    """The class User."""
    models = {mapper.class_.__name__: mapper.class_ for mapper in db.Model.registry.mappers}
    others = [other for other in copy.named(SQLAlchemy).values() if other is not db]
    require(
        "there is a model named User",
        "User" in models,
        want="class User, a db.Model",
        got=f"models: {listed(models)}",
        fact="there is another database object" if others else "",
        read="02_model#the-user-model",
        hint=two_of(SQLAlchemy, copy)
        if others
        else "The checkpoints look for a model of the name User."
        if models
        else "Which base class turns a class into a table with columns?",
        at=copy,
        word=r"= *SQLAlchemy\(" if others else r"^class User|^class .*Model",
    )
    mapped = attempt(db.Model.registry.configure)
    require(
        "SQLAlchemy can map the models to tables",
        not mapped.error,
        want="models that fit together",
        got=mapped,
        read="02_model#the-user-model",
        at=models["User"],
    )
    return models["User"]


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
    instead = getattr(user_model, missing, None)
    require(
        "User has the columns id, username and password_hash",
        not missing,
        want="columns: id, username, password_hash",
        got="columns: " + ", ".join(columns.keys()),
        fact=f"{missing} is of type {type(instead).__name__}" if instead is not None else "",
        read="02_model#the-user-model",
        hint=f"The checkpoints look for an attribute {missing}, made by db.Column()."
        if instead is None
        else "db.Column() returns a column. What makes something else of this line?",
        at=user_model,
        word=rf"^\s*{missing}\b",
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
            "hint": "create_all() makes tables of the models that it knows. Where does it stand?",
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


def listed(values):
    """Return the names as one line, or "none"."""
    return ", ".join(sorted(str(value) or "''" for value in values)) or "none"
