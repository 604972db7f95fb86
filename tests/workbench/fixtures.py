"""What the checkpoints start from: the app under test and its users.

A precondition that is not met fails the first test that needs it, with a sentence of its
own; later tests that need it are skipped. So one mistake makes one FAILED.
"""

import contextlib
import sys
from pathlib import Path

import pytest
from flask_sqlalchemy import SQLAlchemy

from workbench.attempt import Attempt, attempt
from workbench.finding import COPY, OUTDATED, TOLD, require
from workbench.hints import hint_for_extension, two_of, word_for_extension
from workbench.loader import cheap_salts, opened
from workbench.stale import outdated

PAGES = "04"  # from this step on, checks visit pages


@pytest.fixture(scope="session")
def compiled():
    """The compiled templates of the app under test: each test has a copy of its own."""
    return {}


@pytest.fixture(scope="session")
def held():
    """A loaded app for the next test of the same step, by the path of that step's checkpoint."""
    held = {}
    yield held
    for _, stack in held.values():
        stack.close()


@pytest.fixture
def copy(request, compiled, held):
    """The app under test, copied; it is loaded already where the test before has left it so.

    Tests that visit pages have an app of their own, as views may keep what visitors did.
    """
    asked = request.config.getoption("app")
    base = request.config.invocation_params.dir
    path, failed = base / Path(asked).expanduser() if asked else None, request.session.testsfailed
    for step in {*held} - {request.path}:
        held.pop(step)[1].close()
    copy, stack = held.pop(request.path, (None, None))
    if copy is None:
        stack = contextlib.ExitStack()
        copy = stack.enter_context(opened(path or request.path.parent, compiled))
    request.node.stash[COPY] = copy
    yield copy
    clean = request.session.testsfailed == failed and copy.app and copy.databases.beginnings
    if clean and request.path.parent.name < PAGES:
        copy.databases.restore()
        held[request.path] = copy, stack
    else:
        stack.close()


@pytest.fixture
def work_factors(copy):
    """The work factors that the app asks bcrypt for; bcrypt itself is made fast."""
    with cheap_salts() as asked:
        asked += copy.work_factors  # those of an app that is loaded already
        yield asked


@pytest.fixture
def app(request, copy, work_factors):
    """The Flask app under test, loaded as `flask --debug` loads it."""
    sentence = f"{copy.source.name} loads"
    told = (copy.source, sentence) in request.config.stash[TOLD]  # no need to wait for it again
    tried = Attempt(value=copy.app)
    if not copy.app and not told:
        tried = copy.load()
        copy.work_factors = list(work_factors)
        copy.databases.keep()
    require(sentence, tried.value, want="a Flask app", got=tried, read="stuck")
    require(
        "Flask knows the folder of your app",
        Path(tried.value.root_path).resolve() != copy.elsewhere,
        want="Flask(__name__): the name of the module, which tells Flask where your files are",
        **why_in_the_wrong_folder(tried.value, copy),
        read="01_setup#the-first-page",
        at=copy,
        word=r"\bFlask\(",
    )
    if request.config.getoption("app") and copy.source not in request.config.stash[OUTDATED]:
        request.config.stash[OUTDATED][copy.source] = attempt(outdated, copy).value or []
    apps = copy.apps_with(SQLAlchemy)
    require(
        "the extensions are attached to the app that Flask starts",
        not apps or tried.value in apps,
        want="one Flask app",
        got="two Flask apps: Flask-SQLAlchemy is attached to one, and Flask starts the other",
        read="01_setup#attach-the-extensions",
        hint="Flask(__name__) makes a new app each time. How many lines, or calls, make one?",
        at=copy,
        word=r"\bFlask\(",
    )
    return tried.value


def why_in_the_wrong_folder(app, copy):
    """Find out why Flask looks for the app's files in the folder where it was started."""
    if app.import_name in sys.modules:
        got = f'root_path is "{app.root_path}", the folder in which the app was started'
        return {"got": got, "hint": "Which folder does Flask use if you leave out root_path?"}
    name = app.import_name.replace(str(copy.root), copy.folder.name)
    hint = (
        "Flask finds your files by the name of a module. Which variable holds the name of this one?"
    )
    return {"got": f'Flask("{name}"), and no module has that name', "hint": hint}


@pytest.fixture
def db(app, copy):
    """The app's SQLAlchemy object."""
    db = app.extensions.get("sqlalchemy")
    require(
        "Flask-SQLAlchemy is attached to the app",
        db,
        want="a SQLAlchemy object that is attached to the app",
        got=f"extensions of the app: {listed(app.extensions)}",
        read="01_setup#the-database-address",
        hint=hint_for_extension(copy, "SQLAlchemy"),
        at=copy,
        word=word_for_extension(copy, "SQLAlchemy"),
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


def listed(values):
    """Return the names as one line, or "none"."""
    return ", ".join(sorted(str(value) or "''" for value in values)) or "none"
