"""Checkpoint 2: users have a table, and Flask-Login can find them in it."""

from dataclasses import dataclass

import pytest
from flask_login import LoginManager
from sqlalchemy.exc import IntegrityError
from workbench.attempt import Attempt, attempt
from workbench.deeds import watched
from workbench.finding import expect, require
from workbench.gaps import lost_sign
from workbench.hints import has_loader_elsewhere, hint_for_sign, two_of
from workbench.names import where_is
from workbench.nothing import hint_for_no_return
from workbench.users import NO_HASH, ONLY_KEY, named_in, only_key

SEEN = ("id", "username", "is_active", "is_authenticated")
LETS_IN = SEEN[2:]
ANOTHER_HASH = NO_HASH.replace(".", "/")


@dataclass
class Found(Attempt):
    """What a user loader returned, with what can be read of it while the request lasts."""

    id: object = None
    username: str | None = None
    is_active: object = None
    is_authenticated: object = None

    def is_named(self, name):
        """Say whether it is a user of this name, in capitals or not."""
        return str(self.username).lower() == name


@pytest.fixture
def load_user(app, copy, columns, save_user):
    """The app's user loader, as a function that returns an Attempt at the user."""
    loader = app.login_manager._user_callback
    require(
        "Flask-Login knows your user loader",
        loader,
        want="a function that is registered with login_manager.user_loader",
        got="no user loader yet",
        fact="" if loader else where_is(copy, "load_user"),
        read="the-user-loader",
        hint=two_of(LoginManager, copy)
        if has_loader_elsewhere(copy)
        else hint_for_sign(lost)
        if (lost := lost_sign(copy, "user_loader"))
        else "Which decorator tells Flask-Login about a function?",
        at=copy,
        word=r"user_loader|def \w*load",
    )

    def load(user_id):
        with app.test_request_context():
            tried = attempt(loader, user_id)
            seen = {name: attempt(getattr, tried.value, name, None).value for name in SEEN}
        return Found(**vars(tried), **seen)

    return load


@pytest.fixture
def found_users(app, db, user_model, save_user, load_user):
    """What the user loader returns for ada and grace, by the ids that get_id() gives."""
    rows = [save_user("ada"), save_user("grace", ANOTHER_HASH)]
    require(
        "two users can be stored",
        not rows[1].error,
        want="two rows, each with an id of its own",
        got=rows[1],
        read="the-user-model",
        at=user_model,
        word=named_in(rows[1].error),
    )
    with app.test_request_context():
        users = [db.session.get(user_model, row.value) for row in rows]
        ids = [attempt(lambda user=user: user.get_id()) for user in users]
    with watched() as deeds:
        found = [load_user(one.value) if one.value else Found(**vars(one)) for one in ids]
    grace, user_id, loader = found[1], ids[1], app.login_manager._user_callback
    require(
        "the user loader finds the user whom user.get_id() names",
        not grace.error and grace.is_named("grace") and grace.id == rows[1].value,
        want="the user named grace",
        got=grace if grace.error else f"{grace}, asked for {user_id}",
        why=lambda: {} if grace.error else why_another_user(grace, deeds, loader),
        read="the-user-loader",
        at=user_model if user_id.error else loader,
        word=r"\bget_id\b" if user_id.error else "",
    )
    return found


@pytest.fixture
def active(found_users, user_model):
    """Users whom Flask-Login lets in."""
    ada = found_users[0]
    shut = next((name for name in LETS_IN if not getattr(ada, name)), None)
    require(
        "Flask-Login may let a stored user in",
        not shut,
        want="is_active and is_authenticated are True",
        got=f"{shut} is {getattr(ada, shut or SEEN[0])!r}",
        read="the-user-model",
        hint="UserMixin answers True. What in your class overrides it?",
        at=user_model,
        word=rf"\b{shut}\b",
    )


def why_another_user(found, deeds, loader):
    """Find out why the user loader returns None or another user: what did it query, and get?"""
    if found.is_named("grace"):
        hint = "Does the loader return the row that it finds, or something made of it?"
        return {"fact": f"the id of what came back is {found.id}", "hint": hint}
    if type(found.value).__name__ in ("Query", "Select"):
        return {"hint": "A query alone asks nothing. Which method runs it and returns one user?"}
    if isinstance(found.value, type):
        return {"hint": "What came back is the class. Which call gives the one row with this id?"}
    if callable(found.value):
        return {"hint": "What came back is a function. Which parentheses would call it?"}
    if not deeds.asked:
        hint = "Which line returns before a user is looked up?"
        return {"fact": "the database was not asked", "hint": hint}
    if found.value is None and deeds.found:
        return {"fact": "the query found a user", "hint": hint_for_no_return(loader)}
    hint = "The loader gets the id as text. Does the query look for the row with that id?"
    if "0 = 1" in deeds.asked[-1]:
        hint = "Python itself found the condition false. Is one side of it a column of User?"
    elif " AND " in deeds.asked[-1]:
        hint = "The query asks for more than the id. Is the rest true of a new user?"
    return {"fact": f"the query was {deeds.asked[-1]}", "hint": hint}


def test_the_id_is_the_primary_key(columns, user_model):
    """every user has an id of their own: the primary key"""
    expect(**only_key(columns, user_model), shared=ONLY_KEY)


def test_a_username_is_taken_once(user_model, save_user):
    """a username is taken once: the database refuses a second ada"""
    save_user("ada")
    second = save_user("ada", ANOTHER_HASH)

    expect(
        isinstance(second.error, IntegrityError),
        want="IntegrityError for the second ada",
        got=second if second.error else "two users named ada",
        read="the-user-model",
        hint="Which argument of a column allows each value once?",
        at=user_model,
        word=r"^\s*username\b",
    )


def test_a_user_has_a_username(user_model, save_user):
    """a user has a username: the database refuses one without"""
    nameless = save_user(None)

    expect(
        nameless.error,  # of the database, or of a validator before it
        want="IntegrityError for a user without a name",
        got="a user whose username is None",
        read="the-user-model",
        hint="What in this line allows None, or should forbid it?",
        at=user_model,
        word=r"^\s*username\b",
    )


def test_a_user_has_a_password_hash(user_model, save_user):
    """a user has a password hash: the database refuses one without"""
    hashless = save_user("ada", None)

    expect(
        hashless.error,
        want="IntegrityError for a user without a hash",
        got="a user whose password_hash is None",
        read="the-user-model",
        hint="What in this line allows None, or should forbid it?",
        at=user_model,
        word=r"^\s*password_hash\b",
    )


def test_there_is_room_for_a_hash(columns, user_model):
    """there is room for a bcrypt hash, which is 60 characters long"""
    length = getattr(columns["password_hash"].type, "length", None)

    expect(
        length is None or length >= 60,
        want="60 characters or more",
        got=f"{length} characters, which PostgreSQL enforces and SQLite ignores",
        read="the-user-model",
        hint="How long a text does the type of this column allow?",
        at=user_model,
        word=r"^\s*password_hash\b",
    )


def test_the_user_loader_finds_each_user(app, found_users, active, still_there):
    """the user loader finds each user by their own id"""
    ada, grace = found_users

    expect(
        ada.is_named("ada") and grace.is_named("grace"),
        want="ada and grace",
        got=" and ".join(map(str, found_users)),
        read="the-user-loader",
        hint="The loader gets the id as text. Does it return the user with that id?",
        at=app.login_manager._user_callback,
    )


@pytest.fixture
def gone(app, db, user_model, found_users, save_user, load_user):
    """Return a function that deletes grace, and returns what the user loader makes of her id."""

    def delete(user_id):
        with app.test_request_context():
            user = db.session.get(user_model, user_id)
            known_as = user.get_id()
            db.session.delete(user)
            db.session.commit()
            return known_as

    def gone():
        save_user("mary")  # has a greater id, as ada has a smaller one
        tried = attempt(delete, found_users[1].id)
        return load_user(tried.value) if tried.value else Found()

    return gone


def test_the_user_loader_knows_no_stranger(app, found_users, load_user, gone):
    """the user loader returns None for an id that no user has"""
    found = load_user("999999999")

    expect(
        found.value is None and not found.error,
        want="None",
        got=found,
        read="the-user-loader",
        hint="What does db.session.get() return where there is no row?",
    )
    again = gone()
    require(
        "the user loader returns None for a user who has been deleted",
        again.value is None and not again.error,
        want=f"None for the id of {found_users[1]}, whose row is deleted",
        got=again,
        read="the-user-loader",
        hint="Does the loader ask the database each time, for exactly this id?",
        at=app.login_manager._user_callback,
    )
