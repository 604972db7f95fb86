"""The second start of the app, which happens once per run."""

import pytest

from workbench.attempt import Attempt, attempt
from workbench.databases import MEMORY
from workbench.finding import Finding, require
from workbench.fixtures import listed
from workbench.people import MARY, PASSWORD
from workbench.restart import seen_in, start_again
from workbench.users import NO_HASH

STARTS = pytest.StashKey[dict]()  # {app: (Start, second Start)}
EMPTIES = r"drop_all|unlink\(|remove\(|rmtree|\bDELETE\b|\.delete\("
NAMES_IT = r"SQLALCHEMY_DATABASE_URI|SQLALCHEMY_BINDS|sqlite:"


@pytest.fixture
def second_start(request, copy, app):
    """What the app held at its first and at its second start, as a pair."""
    starts = request.config.stash.setdefault(STARTS, {})
    if copy.source not in starts:
        task = {"name": MARY, "user_id": store_mary(request, app), "password": PASSWORD}
        starts[copy.source] = seen_in(copy, **task), start_again(copy, **task)
    before, after = starts[copy.source]
    require(
        f"{copy.source.name} loads again when it is started a second time",
        not after.error,
        want="a Flask app, started from another folder, with the database of the first start",
        got=Attempt(error=after.error),
        read="01_setup#stuck",
        hint="What does this line do at the first start that fails the second time?",
        sure=True,
    )
    return before, after


def store_mary(request, app):
    """Store a user with a password, as far as the app can; return what get_id() gives, or "0"."""
    try:
        new_user = request.getfixturevalue("new_user")
        request.getfixturevalue("table")
    except Finding:  # the model is missing, or does not work yet
        return "0"
    db = app.extensions["sqlalchemy"]

    def store(with_password):
        with app.test_request_context():
            user = new_user(username=MARY, password_hash=NO_HASH)
            if with_password:
                user.set_password(PASSWORD)
            db.session.add(user)
            db.session.commit()
            return user.get_id()

    tried = attempt(store, True)
    return str((attempt(store, False) if tried.error else tried).value)


@pytest.fixture
def still_there(second_start, copy):
    """The second start of the app, in which the user of the first one is still there."""
    before, after = second_start
    require(
        "a user is still there when the app starts again",
        MARY not in before.users
        or (before.users == after.users == after.left and after.found == before.found),
        want=f"the users of the first start: {listed(before.users)}",
        got=f"users at the second start: {listed(after.users)}, at its end: {listed(after.left)}",
        why=lambda: why_not_the_same(before, after),
        read="02_model#the-table",
        at=copy,
    )
    return after


def why_not_the_same(before, after):
    """Find out why the users of an app are not the same when it starts again."""
    if after.left != after.users:
        hint = "What does the app do when it ends? See atexit."
        return {"hint": hint, "word": r"atexit|finally|signal"}
    if after.users == before.users:
        fact = f"the user loader finds {after.found} for the id of {MARY}"
        return {"fact": fact, "hint": "What does get_id() return, and is it the same each time?"}
    if any(address in MEMORY or "memory" in address for address in after.addresses):
        hint = "A database in memory ends with the program. What does the address say?"
        return {"fact": "the database is in memory", "hint": hint, "word": NAMES_IT}
    if after.addresses != before.addresses:
        hint = "The second start has opened another file. What in the address changes?"
        return {"fact": "another database file", "hint": hint, "word": NAMES_IT}
    if set(before.users) < set(after.users) or len(after.users) > len(before.users):
        hint = "A line that stores users runs at each start. What does it have to look for first?"
        return {"hint": hint, "word": r"session\.add"}
    hint = "Which line empties the database, or makes a new one, while the file is loaded?"
    return {"hint": hint, "word": EMPTIES}
