"""Let an app open its own database where that stays inside the copy, and a twin of it elsewhere."""

import functools
import os
from pathlib import Path

import sqlalchemy
from flask_sqlalchemy import SQLAlchemy

MAKE_ENGINE = SQLAlchemy._make_engine  # Flask-SQLAlchemy has worked out the whole path by then
MEMORY = (None, "", ":memory:")


class Databases:
    """The databases that an app under test has opened."""

    def __init__(self, scratch):
        """Keep every file that is written below the folder `scratch`."""
        self.scratch = scratch
        self.engines = []
        self.beginnings = {}  # {file: its content when the app had been loaded}
        self.server = None  # the address of a database on a server that is the test's own

    def opening(self):
        """Return the function that makes an engine for SQLAlchemy(app), kept inside `scratch`."""

        @functools.wraps(MAKE_ENGINE)
        def make_engine(db, bind_key, options, app):
            url = sqlalchemy.engine.make_url(options["url"])
            if self.server and url == sqlalchemy.engine.make_url(self.server):
                self.engines.append(MAKE_ENGINE(db, bind_key, options, app))
                return self.engines[-1]
            if url.get_backend_name() == "sqlite":
                options = options | {"url": self.kept_inside(url)}
            else:  # a wrong address or a missing driver is told, and no server is asked
                MAKE_ENGINE(db, bind_key, options, app).dispose()
                file = self.scratch / f"{bind_key or 'main'}.db"
                options = {"url": sqlalchemy.URL.create("sqlite", database=str(file))}
            engine = MAKE_ENGINE(db, bind_key, options, app)
            sqlalchemy.event.listen(engine, "connect", do_not_wait_for_the_disk)
            sqlalchemy.event.listen(engine, "handle_error", self.asking)
            self.engines.append(engine)
            return engine

        return make_engine

    def kept_inside(self, url):
        """Return the address of a SQLite database, or that of its twin in `scratch`.

        The twin's folder exists where the real one does, so a wrong address fails as it should.
        """
        if url.database in MEMORY or "memory" in str(url.query):
            return url
        kind = "file:" if url.database.startswith("file:") else ""
        file = Path(os.path.abspath(url.database.removeprefix(kind)))  # noqa: PTH100 - keeps links
        if file.is_relative_to(self.scratch):
            return url
        twin = self.scratch / "outside" / file.relative_to(file.anchor)
        if file.parent.is_dir() and os.access(file.parent, os.W_OK):
            twin.parent.mkdir(parents=True, exist_ok=True)
        return url.set(database=f"{kind}{twin}")

    def asking(self, context):
        """Add a hint to the error of a file that can't be opened: what is missing in its path?"""
        if context.sqlalchemy_exception and "unable to open" in str(context.original_exception):
            file = Path((context.engine.url.database or "").removeprefix("file:"))
            context.sqlalchemy_exception.hint = self.question_about(file)

    def question_about(self, file):
        """Ask about the path of a database that can't be opened, as the learner wrote it."""
        if file.is_dir():
            return f"{self.known_as(file)} is a folder. Which file in it is the database?"
        if not file.parent.is_dir():
            hint = "SQLite makes a file, and no folder. Who makes the folder"
            return f"{hint} {self.known_as(file.parent)}?"
        return "May SQLite make and write this file? See the end of the address."

    def known_as(self, path):
        """Return a path inside of `scratch` as it is called in the learner's folder."""
        path = Path(os.path.abspath(path))  # noqa: PTH100 - keeps links
        outside = self.scratch / "outside"
        if path.is_relative_to(outside):
            return Path("/", path.relative_to(outside)).as_posix()
        return path.relative_to(self.scratch).as_posix()

    def keep(self):
        """Remember every database file as it is now, unless one of them cannot be restored."""
        names = [engine.url.database for engine in self.engines]
        if not any(name in MEMORY or name.startswith("file:") for name in names):
            self.beginnings = {Path(name): contents(Path(name)) for name in names}
        if any(Path(f"{name}-wal").exists() for name in names):
            self.beginnings = {}

    def restore(self):
        """Bring every database file back to what it was."""
        self.close()
        for file, content in self.beginnings.items():
            if content is None and file.is_file():
                file.unlink()
            elif content is not None and contents(file) != content:
                file.write_bytes(content)

    def close(self):
        """Let go of every file."""
        for engine in self.engines:
            engine.dispose()


def contents(file):
    """Return the bytes of a file, or None if it doesn't exist."""
    return file.read_bytes() if file.is_file() else None


def do_not_wait_for_the_disk(connection, _record):
    """Tell SQLite that this database need not survive a power cut."""
    connection.execute("PRAGMA synchronous=OFF")
