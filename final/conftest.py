"""What final/'s tests start from: the app, loaded from a copy, and visitors with browsers.

Every test that loads the app runs on SQLite and on PostgreSQL, in a database of its own there.
"""

import os
from contextlib import ExitStack
from pathlib import Path

import pytest
from workbench.loader import opened
from workbench.postgresql import new_database
from workbench.site import Site

FINAL = Path(__file__).parent
STEP = FINAL.parent / "steps/05_logout"
PRODUCTION = {
    "FLASK_DEBUG": "0",
    "SECRET_KEY": "3d1f8a2b9c7e6054" * 4,
    "BCRYPT_LOG_ROUNDS": "10",
}


@pytest.fixture(scope="session")
def server():
    """Make a database on a PostgreSQL server, return its address, and drop it at the end."""
    with new_database() as (address, _):
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request):
    """Return the address of an empty database, or None for SQLite; two loads never share one."""
    return request.getfixturevalue("server") if request.param == "postgresql" else None


def emptied(address):
    """Return the address of the database on the server, after all its tables have been dropped."""
    import psycopg

    with psycopg.connect(address, options="-c lock_timeout=5s") as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    return address


@pytest.fixture
def prepare(database):
    """Return a function that gives a copy of the app an empty database on the server, if wanted."""

    def prepare(copy):
        if database:
            os.environ["DATABASE_URL"] = copy.databases.server = emptied(database)

    return prepare


@pytest.fixture
def load(prepare):
    """Return a function that loads the app with edits and settings; raises what stops the start."""
    with ExitStack() as stack:

        def load(edits=(), production=False, tables=True, **settings):
            copy = stack.enter_context(opened(FINAL))
            prepare(copy)
            for edit in edits:
                copy.edit(*edit)
            os.environ.update({"BCRYPT_LOG_ROUNDS": "4", "SERVER_NAME": "localhost"})
            os.environ.update(PRODUCTION if production else {})
            os.environ.update(settings)
            site = Site(copy)
            if tables:
                site.run("init-db")
            return site

        yield load


@pytest.fixture
def load_step():
    """Return a function that loads step 05 with edits: (file, old text, new text)."""
    with ExitStack() as stack:

        def load(*edits):
            copy = stack.enter_context(opened(STEP))
            for edit in edits:
                copy.edit(*edit)
            site = Site(copy)
            site.bcrypt._log_rounds = 5  # asked for at each hash; 12 would take minutes
            return site

        yield load


@pytest.fixture
def site(load):
    """The app in development mode."""
    return load()


@pytest.fixture
def production(load):
    """The app in production mode."""
    return load(production=True)
