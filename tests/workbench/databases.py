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

    def opening(self):
        """Return the function that makes an engine for SQLAlchemy(app), kept inside `scratch`."""

        @functools.wraps(MAKE_ENGINE)
        def make_engine(db, bind_key, options, app):
            url = sqlalchemy.engine.make_url(options["url"])
            if url.get_backend_name() == "sqlite":
                options = options | {"url": self.kept_inside(url)}
            else:  # a wrong address or a missing driver is told, and no server is asked
                MAKE_ENGINE(db, bind_key, options, app).dispose()
                file = self.scratch / f"{bind_key or 'main'}.db"
                options = {"url": sqlalchemy.URL.create("sqlite", database=str(file))}
            engine = MAKE_ENGINE(db, bind_key, options, app)
            sqlalchemy.event.listen(engine, "connect", do_not_wait_for_the_disk)
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

    def close(self):
        """Let go of every file."""
        for engine in self.engines:
            engine.dispose()


def do_not_wait_for_the_disk(connection, _record):
    """Tell SQLite that this database need not survive a power cut."""
    connection.execute("PRAGMA synchronous=OFF")
