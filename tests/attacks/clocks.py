"""A clock that an attack moves: that of Python, and that of SQLite."""

import contextlib
import sqlite3
import time
from datetime import UTC, datetime
from unittest import mock

import time_machine
from flask import has_request_context
from sqlalchemy import Engine, event

DAY = 24 * 60 * 60  # seconds
LEFT_ALONE = 30 * 60  # after which no one has typed a password lately
PATIENCE = 300  # milliseconds
OF_SQLITE = ("current_timestamp", "current_date", "current_time")
WITH_NOW = ("datetime", "date", "time", "julianday", "unixepoch", "strftime")


class Clock:
    """The clock of the whole process; it only moves on."""

    def __init__(self, traveller):
        """Begin now."""
        self.traveller = traveller

    def wait(self, seconds):
        """Let time pass."""
        self.traveller.shift(seconds)

    def to_another_day(self):
        """Let a day without guesses pass, and begin with the next one, as calendars count."""
        self.traveller.move_to((time.time() // DAY + 2) * DAY + 60)


@contextlib.contextmanager
def later(seconds):
    """Move the clock of the whole process."""
    with time_machine.travel(time.time() + seconds):
        yield


@contextlib.contextmanager
def moving():
    """Yield a Clock; afterwards it is as late as before."""
    with time_machine.travel(time.time()) as traveller:
        yield Clock(traveller)


@contextlib.contextmanager
def no_naps():
    """Let a request never sleep: who guesses asks a thousand times at once, and waits for none."""
    sleep = time.sleep

    def awake(seconds):
        if not has_request_context():
            sleep(seconds)

    with mock.patch.object(time, "sleep", awake):
        yield


@contextlib.contextmanager
def sqlite_follows():
    """Let what SQLite says of the time come from Python's clock, which attacks move."""
    event.listen(Engine, "connect", teach)
    try:
        yield
    finally:
        event.remove(Engine, "connect", teach)


def teach(connection, _record):
    """Let a new connection ask Python for the time, and wait for a lock no longer than it helps.

    In a race, the one that has the lock goes on only when the other one is answered.
    """
    if isinstance(connection, sqlite3.Connection):
        connection.execute(f"PRAGMA busy_timeout = {PATIENCE}")
        for name in OF_SQLITE:
            connection.create_function(
                name, 0, asking(name.replace("current_timestamp", "datetime"))
            )
        for name in WITH_NOW:
            connection.create_function(name, -1, asking(name), deterministic=True)  # or no index


def asking(name):
    """Return a function of SQLite's that asks for the time of another clock."""
    function = name.removeprefix("current_")

    def call(*words):
        now = datetime.fromtimestamp(time.time(), UTC).replace(tzinfo=None).isoformat(" ")
        words = [now if str(one).lower() == "now" else one for one in words]
        words = words if len(words) > (name == "strftime") else [*words, now]
        with contextlib.closing(sqlite3.connect(":memory:")) as plain:
            query = f"SELECT {function}({', '.join('?' * len(words))})"
            return plain.execute(query, words).fetchone()[0]

    return call
