"""Your turn 2: each user remembers the moment at which they joined."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from workbench.attempt import attempt
from workbench.finding import expect, require

SOON = timedelta(seconds=2)  # a database may round to the next second


@dataclass
class Joined:
    """A user who was stored a moment ago."""

    id: int
    began: datetime  # in UTC
    ended: datetime
    value: object  # of joined_at, as the database gives it back

    def is_now(self):
        """Say whether joined_at lies between the beginning and the end of the storing."""
        exact = self.value.replace(tzinfo=self.value.tzinfo or UTC)
        began = self.began if exact.microsecond else self.began.replace(microsecond=0)
        return began <= exact <= self.ended + SOON


@pytest.fixture
def join(app, db, user_model, columns, save_user):
    """Return a function that stores a user of this name and returns what joined_at is then."""
    require(
        "User has a column joined_at",
        "joined_at" in columns,
        want="columns: id, username, password_hash, joined_at",
        got=f"columns: {', '.join(columns.keys())}",
        read="your-turn",
        hint="Which type of column holds a date and a time?",
        at=user_model,
    )

    def join(name):
        began = datetime.now(UTC)
        saved = save_user(name)
        ended = datetime.now(UTC)
        require(
            "a user can be stored without a value for joined_at",
            not saved.error,
            want="a new row, with joined_at filled in",
            got=saved,
            read="your-turn",
            hint="What fills in a column that was given no value? See default=.",
            at=user_model,
            word="joined_at",
        )
        with app.app_context():
            value = attempt(lambda: db.session.get(user_model, saved.value).joined_at)
        require(
            "joined_at holds a date and a time",
            isinstance(value.value, datetime),
            want="a datetime",
            got=value,
            read="your-turn",
            hint="Who fills in the column, the model or the database? See default=.",
            at=user_model,
            word="joined_at",
        )
        return Joined(saved.value, began, ended, value.value)

    return join


def test_a_new_user_has_the_moment_of_joining(join, user_model):
    """each new user has joined_at, the moment they were stored, in UTC"""
    for name in ("ada", "grace"):
        joined = join(name)
        expect(
            joined.is_now(),
            want=f"about {joined.began:%H:%M:%S.%f}, the time in UTC when {name} was stored",
            got=f"{joined.value:%H:%M:%S.%f}",
            read="your-turn",
            hint="Is the time taken for each user, or once when the file is loaded? In which zone?",
            at=user_model,
            word="joined_at",
        )


def test_joining_happens_once(app, db, user_model, join):
    """joined_at stays as it is when the user changes later"""
    joined = join("ada")
    with app.app_context():
        user = db.session.get(user_model, joined.id)
        user.username = "ada lovelace"
        db.session.commit()
        after = user.joined_at

    expect(
        after == joined.value,
        want=f"{joined.value:%H:%M:%S.%f}, as before the change",
        got=f"{after:%H:%M:%S.%f}",
        read="your-turn",
        hint="What fills in a column when a row is inserted, and what when it is updated?",
        at=user_model,
        word="joined_at",
    )
