"""A second visitor is faster: a row is written after an app's SELECT and before its INSERT."""

import contextlib
import sqlite3

from sqlalchemy import event


@contextlib.contextmanager
def someone_faster(app, name):
    """Write the row of a new user with this name first, as another visitor would; yield a list.

    The list holds the name once that has happened. A database in memory has no other visitor.
    """
    written = []

    def first(connection, _cursor, statement, parameters, _context, _many):
        if written or not statement.startswith("INSERT") or name not in str(parameters):
            return
        raw = connection.connection.driver_connection
        if file := raw.execute("PRAGMA database_list").fetchone()[2]:
            with contextlib.suppress(sqlite3.Error):
                insert(file, statement, parameters)
                written.append(name)

    with app.app_context():
        engines = [*app.extensions["sqlalchemy"].engines.values()]
    engines = [engine for engine in engines if engine.dialect.driver == "pysqlite"]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", first)
    try:
        yield written
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", first)


def insert(file, statement, parameters):
    """Write rows over a connection of their own; raise sqlite3.OperationalError if it must wait."""
    with contextlib.closing(sqlite3.connect(file, timeout=0)) as other, other:
        other.execute(statement, parameters)
