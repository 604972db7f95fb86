"""A PostgreSQL server for tests, and databases of our own on it."""

import contextlib
import os
import uuid

import pytest

SERVER = os.environ.get("WORKBOOK_POSTGRESQL", "postgresql://127.0.0.1:5432/postgres")


@contextlib.contextmanager
def new_database():
    """Make a database, yield its address and a connection to its server, and drop it.

    Where there is no driver, or no server answers, the test is skipped.
    """
    psycopg = pytest.importorskip("psycopg", reason="psycopg, the driver of PostgreSQL, is missing")
    name = f"workbook_{uuid.uuid4().hex[:12]}"
    try:
        connection = psycopg.connect(SERVER, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        pytest.skip(f"PostgreSQL does not answer at {SERVER} (or set WORKBOOK_POSTGRESQL)")
    with contextlib.closing(connection):
        connection.execute(f"CREATE DATABASE {name}")
        yield f"{SERVER.rpartition('/')[0]}/{name}", connection
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
