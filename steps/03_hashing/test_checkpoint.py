"""Checkpoint 3: a user keeps a salted hash of the password and knows the password by it."""

import re

import pytest
from workbench.attempt import attempt
from workbench.finding import expect, require
from workbench.fixtures import ANOTHER_PASSWORD, PASSWORD

BCRYPT = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}")
LONG_PASSWORD = "é" * 40  # 40 characters, 80 bytes in UTF-8


@pytest.fixture(autouse=True)
def app_context(app):
    """What a method finds within a request, current_app for example."""
    with app.app_context():
        yield


@pytest.fixture
def user(new_user, user_model):
    """A new user without a password, whose class has set_password()."""
    user = new_user(username="ada")
    require(
        "User has a method set_password(password)",
        callable(getattr(user, "set_password", None)),
        want="User.set_password",
        got="no such method yet",
        read="set-the-password",
        at=user_model,
    )
    return user


@pytest.fixture
def hashed(user, new_user):
    """A user whose password is set and stored as a bcrypt hash."""
    tried = attempt(user.set_password, PASSWORD)
    stored = user.password_hash
    require(
        "set_password() fills in password_hash",
        stored is not None,
        want="a hash in user.password_hash",
        got=tried if tried.error else "password_hash is None",
        read="set-the-password",
        hint="Inside a method, what stands before the name of an attribute?",
        at=user.set_password,
    )
    require(
        "set_password() stores the hash as text",
        isinstance(stored, str),
        want="password_hash is a str",
        got=f"password_hash is of type {type(stored).__name__}",
        read="set-the-password",
        hint="generate_password_hash() returns bytes. Which method makes text of them?",
        at=user.set_password,
    )
    require(
        "set_password() stores a bcrypt hash",
        BCRYPT.fullmatch(stored),
        want="60 characters that start with $2b$",
        got=repr(stored),
        read="set-the-password",
        hint="str() does not decode bytes. Which method does?"
        if stored.startswith("b'")
        else "Which method of your Bcrypt object makes a hash of a password?",
        at=user.set_password,
    )
    return user


@pytest.fixture
def checked(user_model, request):
    """A user whose check_password() tells the right password from a wrong one."""
    require(
        "User has a method check_password(password)",
        callable(getattr(user_model, "check_password", None)),
        want="User.check_password",
        got="no such method yet",
        read="check-the-password",
        at=user_model,
    )
    user = request.getfixturevalue("hashed")
    right, wrong = (attempt(user.check_password, p) for p in (PASSWORD, ANOTHER_PASSWORD))
    require(
        "check_password() accepts the right password",
        right.value,
        want="True",
        got=right,
        read="check-the-password",
        hint="A method without return returns None."
        if right.value is None and not right.error
        else "Hashing again makes another salt. Which method compares a password with a hash?",
    )
    require(
        "check_password() refuses a wrong password",
        not wrong.value and not wrong.error,
        want="False",
        got=wrong,
        read="check-the-password",
        hint="Is the password that was typed compared with the stored hash?",
    )
    return user


def test_the_hash_is_salted(hashed, new_user):
    """the hash is salted: one password makes two different hashes"""
    grace = new_user(username="grace")
    attempt(grace.set_password, PASSWORD)

    expect(
        grace.password_hash != hashed.password_hash,
        want="two hashes for ada and grace, who chose the same password",
        got="the same hash twice",
        read="set-the-password",
        hint="bcrypt.gensalt() makes a new salt each time it is called.",
        at=hashed.set_password,
    )


def test_guessing_is_slow(hashed, work_factors, copy):
    """guessing is slow: the work factor is 12 or more"""
    asked = work_factors[-1] if work_factors else int(BCRYPT.fullmatch(hashed.password_hash)[1])

    expect(
        asked >= 12,
        want="a work factor of 12 or more",
        got=f"a work factor of {asked}",
        read="set-the-password",
        hint="BCRYPT_LOG_ROUNDS and the argument rounds= set it; without them it is 12.",
        at=copy,
        word=r"ROUNDS|rounds|gensalt\(|generate_password_hash\(|hashpw\(",
    )


def test_an_empty_password_cannot_be_set(hashed):
    """an empty password cannot be set: set_password() raises ValueError"""
    tried = attempt(hashed.set_password, "")

    expect(
        isinstance(tried.error, ValueError),
        want="ValueError",
        got=tried if tried.error else "no error",
        read="set-the-password",
        at=hashed.set_password,
    )


def test_a_long_password_cannot_be_set(hashed):
    """a password above 72 bytes cannot be set: set_password() raises ValueError"""
    tried = attempt(hashed.set_password, LONG_PASSWORD)

    expect(
        isinstance(tried.error, ValueError),
        want=f"ValueError for {len(LONG_PASSWORD.encode())} bytes",
        got=tried if tried.error else "no error",
        read="72-bytes",
        at=hashed.set_password,
        hint="bcrypt reads 72 bytes. What happens to the rest of a longer password?",
    )


def test_the_answer_is_true_or_false(checked):
    """check_password() answers with True or False, nothing else"""
    answers = [checked.check_password(PASSWORD), checked.check_password(ANOTHER_PASSWORD)]

    expect(
        answers == [True, False] and all(isinstance(answer, bool) for answer in answers),
        want="True for the right password, False for a wrong one",
        got=f"{answers[0]!r} and {answers[1]!r}",
        read="check-the-password",
        at=checked.check_password,
    )


def test_an_empty_password_opens_nothing(checked):
    """an empty password opens nothing: check_password() returns False"""
    tried = attempt(checked.check_password, "")

    # What is not True or False is said once, by the test of that.
    refused = not tried.error and not tried.value
    expect(refused, want="False", got=tried, read="check-the-password")


def test_a_long_password_opens_nothing(checked):
    """a password above 72 bytes opens nothing: check_password() returns False"""
    tried = attempt(checked.check_password, LONG_PASSWORD)

    expect(
        tried.value is False,
        want=f"False for {len(LONG_PASSWORD.encode())} bytes",
        got=tried,
        read="72-bytes",
        hint="bcrypt refuses more than 72 bytes. Who counts them before it is asked?",
    )
