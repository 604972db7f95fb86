"""Checkpoint 3: a user keeps a salted hash of the password and knows the password by it."""

import re
import unicodedata

import pytest
from workbench.attempt import attempt
from workbench.deeds import watched
from workbench.finding import expect, require
from workbench.frames import refuses
from workbench.leaks import revealed
from workbench.lines import mentions
from workbench.names import stray_method
from workbench.nothing import hint_for_no_return
from workbench.odd import words_beside
from workbench.page import shorten
from workbench.people import ANOTHER_PASSWORD, MARY, PASSWORD

BCRYPT = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}")
HASHING = r"generate_password_hash|hashpw|_hash\b"  # the line that makes or stores the hash
WHICH_WAY = f"This password has {len(PASSWORD.encode())} bytes. Which way round is the condition?"
LONG_PASSWORD = "é" * 40
AS_LONG = f"{len(LONG_PASSWORD)} characters, {len(LONG_PASSWORD.encode())} bytes"
ALLOWED_PASSWORDS = (" a password with spaces ", "weave é, ö and ß", "x" * 72)
WRONG_PASSWORDS = (ANOTHER_PASSWORD, PASSWORD.upper(), PASSWORD[:-1])
NEARLY_RIGHT = (
    *(PASSWORD[:8], PASSWORD[:-1] + "z", PASSWORD + "s", PASSWORD[::-1]),
    *(PASSWORD.replace(" ", ""), PASSWORD.replace(" ", "-")),
)


@pytest.fixture(autouse=True)
def app_context(app):
    """A request context, so that a method can use current_app."""
    with app.test_request_context():
        yield


@pytest.fixture
def user(copy, new_user, user_model):
    """A new user without a password, whose class has set_password()."""
    user = new_user(username="ada")
    require(
        "User has a method set_password(password)",
        callable(getattr(user, "set_password", None)),
        want="User.set_password",
        why=lambda: stray_method(copy, user_model, "set_password"),
        read="set-the-password",
    )
    return user


@pytest.fixture
def hashed(app, user):
    """A user whose password is set and stored as a bcrypt hash."""
    with watched() as deeds:
        tried = attempt(user.set_password, PASSWORD)
    stored = user.password_hash
    require(
        "set_password() fills in password_hash",
        stored is not None,
        want="a hash in user.password_hash",
        got=tried if tried.error else "password_hash is None",
        fact="a hash was made" if deeds.hashed else "no hash was made",
        read="set-the-password",
        hint="Does the hash get into self.password_hash, by = and under that name?"
        if deeds.hashed
        else "Which method of your Bcrypt object makes a hash of a password?",
        at=user.set_password,
        word="" if tried.error else HASHING,
        why=lambda: why_nothing_is_set(tried),
    )
    require(
        "set_password() stores the hash as text",
        isinstance(stored, str),
        want="password_hash is a str",
        got=f"password_hash is of type {type(stored).__name__}",
        read="set-the-password",
        hint="generate_password_hash() returns bytes. Which method turns them into text?",
        at=user.set_password,
        word=HASHING,
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
        word=HASHING,
    )
    return user


def why_nothing_is_set(tried):
    """Ask about the condition where set_password() refuses a password that is fine."""
    if not refuses(tried.error):
        return {}
    return {"fact": "", "hint": WHICH_WAY, "word": r"^\s*(if|raise)\b", "sure": True}


@pytest.fixture
def checked(app, copy, user_model, new_user, request):
    """A user whose check_password() tells the right password from a wrong one."""
    require(
        "User has a method check_password(password)",
        callable(getattr(user_model, "check_password", None)),
        want="User.check_password",
        why=lambda: stray_method(copy, user_model, "check_password"),
        read="check-the-password",
    )
    user = request.getfixturevalue("hashed")
    with watched() as deeds:
        right = attempt(user.check_password, PASSWORD)
    require(
        "check_password() accepts the right password",
        right.value,
        want="True",
        got=right,
        why=lambda: why_refused(app, right, deeds, new_user()),
        read="check-the-password",
    )
    refuse(user, WRONG_PASSWORDS)
    return user


@pytest.fixture
def whole(checked, copy):
    """A user whose account only the whole password opens, and no other word in the app."""
    known = words_beside(copy, r"(?i)pass|==")
    refuse(checked, (*NEARLY_RIGHT, checked.password_hash, checked.username, *known))


def refuse(user, passwords):
    """Raise a Finding unless check_password() refuses each of these."""
    for password in passwords:
        before = user.password_hash
        wrong = attempt(user.check_password, password)
        changed = user.password_hash != before
        require(
            "check_password() refuses a wrong password",
            not wrong.value and not wrong.error,
            want=f'False for "{password}"',
            got=wrong,
            fact="check_password() has changed password_hash" if changed else "",
            read="check-the-password",
            hint="Which method compares a password with a hash, and changes neither?"
            if changed
            else "Is the whole password, as it was typed, compared with the stored hash?",
            shared="the hash is taken for the password" if password == before else "",
        )


@pytest.fixture
def typed(checked, new_user):
    """The passwords that can be set, and are right, because bcrypt takes them as they are."""
    user = new_user(username="grace")
    for password in ALLOWED_PASSWORDS:
        tried = attempt(user.set_password, password)
        tried = tried if tried.error else attempt(user.check_password, password)
        require(
            "every password of 1 to 72 bytes can be set, and is right",
            tried.value,
            want=f'True for {len(password.encode())} bytes: "{shorten(password, 30)}"',
            got=tried,
            read="check-the-password",
            hint="Is this password of 1 to 72 bytes treated like every other one, by both methods?",
            at=user.set_password,
        )
        for near in without_accents(password):
            wrong = attempt(user.check_password, near)
            require(
                "a password with an accent is another one than without",
                near == password or not wrong.value,
                want=f'False for "{near}", where the password is "{password}"',
                got=wrong,
                read="check-the-password",
                hint="What happens to the letters before bcrypt gets them?",
                at=user.set_password,
            )
    return ALLOWED_PASSWORDS


def without_accents(password):
    """Return what is left of the password where letters lose their accents, or are left out."""
    forms = (password, unicodedata.normalize("NFD", password))
    return [form.encode("ascii", "ignore").decode() for form in forms]


def why_refused(app, tried, deeds, another):
    """Find out why the right password is refused: what was compared, and what hashed?"""
    with watched() as setting:
        attempt(another.set_password, PASSWORD)
    if tried.value is None and not tried.error:
        return {"hint": hint_for_no_return(another.check_password)}
    if deeds.hashed:
        fact = "the password was hashed again, with a new salt"
        return {"fact": fact, "hint": "Which method compares a password with a stored hash?"}
    if setting.hashed[1:]:
        fact = "set_password() hashed the password, and then hashed the hash"
        hint = "Is something hashing a value that is already a hash?"
        return {"fact": fact, "hint": hint, "at": another.set_password}
    if deeds.broken:
        hint = "bcrypt was asked, and refused. Is what it got first the stored hash?"
        return {"fact": f"bcrypt said: {deeds.broken}", "hint": hint}
    if not deeds.checked:
        fact = "bcrypt was not called"
        if mentions(another.check_password, "check_password_hash|checkpw"):
            return {"fact": fact, "hint": f"The line that calls it is not reached. {WHICH_WAY}"}
        return {"fact": fact, "hint": "Which method compares a password with a stored hash?"}
    compared = deeds.checked[-1][0]
    if setting.hashed[:1] in ([], [compared]):
        hint = "Does bcrypt get the stored hash, unchanged?"
        return {"fact": "the stored hash does not fit the password", "hint": hint}
    fact = f'"{compared}" was compared with the hash of "{setting.hashed[0]}"'
    return {"fact": fact, "hint": "Do both methods treat the password in the same way?"}


@pytest.fixture
def kept_secret(hashed, new_user):
    """A user whose attributes do not reveal the password or a part of it."""
    seen = {name: revealed(str(value), [PASSWORD]) for name, value in vars(hashed).items()}
    for name in made_from_password(new_user):
        seen[name] = seen.get(name) or "something made of the password"
    shown = next((name for name, what in seen.items() if what), "")
    require(
        "set_password() keeps nothing of the password but the hash",
        not shown,
        want="the hash in password_hash, and the password nowhere",
        got=f"{seen.get(shown)} is in user.{shown}",
        read="set-the-password",
        hint="Who could read that, and does the app need it?",
        at=hashed.set_password,
        word=rf"\b{shown}\b",
    )


def made_from_password(new_user):
    """Return the attributes that are equal for two users with one password, and no others."""
    users = [new_user(username="ada") for _ in range(3)]
    for user, password in zip(users, (PASSWORD, PASSWORD, ANOTHER_PASSWORD), strict=True):
        attempt(user.set_password, password)
    names = vars(users[0]).keys() - {"_sa_instance_state", "password_hash"}
    values = {name: [str(getattr(user, name, None)) for user in users] for name in names}
    return [name for name, (one, same, other) in values.items() if one == same != other]


@pytest.fixture
def fits_again(checked, second_start, user_model):
    """A password that is right in the next start of the app, too."""
    before, after = second_start
    require(
        "a password is still right when the app starts again",
        after.fits or not before.fits or MARY not in after.users,
        want="True at the second start, for the same user and password",
        got="False at the second start",
        read="check-the-password",
        hint="Both methods use something that is new at each start. What is it?",
        at=user_model.check_password,
    )


def test_the_hash_is_salted(hashed, kept_secret, new_user):
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


def test_guessing_is_slow(app, hashed, work_factors, copy):
    """guessing is slow: the work factor is 12 or more"""
    asked = work_factors[-1] if work_factors else int(BCRYPT.fullmatch(hashed.password_hash)[1])

    expect(
        asked >= 12,
        want="a work factor of 12 or more",
        got=f"a work factor of {asked}",
        read="set-the-password",
        hint="BCRYPT_LOG_ROUNDS and the argument rounds= set it; without them it is 12.",
        at=copy,
        word="BCRYPT_LOG_ROUNDS"
        if "BCRYPT_LOG_ROUNDS" in app.config
        else r"rounds|gensalt\(|generate_password_hash\(|hashpw\(",
    )


def test_an_empty_password_cannot_be_set(app, hashed):
    """an empty password cannot be set: set_password() raises ValueError"""
    hint = "What does set_password() do before it hashes, and what if the password is empty?"
    expect_refusal(app, hashed, "", want="ValueError", read="set-the-password", hint=hint)


def test_a_long_password_cannot_be_set(app, hashed):
    """a password above 72 bytes cannot be set: set_password() raises ValueError"""
    want = f"ValueError for {AS_LONG}"
    hint = "bcrypt reads 72 bytes. What happens to the rest of a longer password?"
    expect_refusal(app, hashed, LONG_PASSWORD, want=want, read="limit-the-length", hint=hint)


def expect_refusal(app, user, password, hint, **found):
    """Raise a Finding unless set_password() raises ValueError; say what it does instead."""
    before = user.password_hash
    with watched() as deeds:
        tried = attempt(user.set_password, password)
    silent = not tried.error and user.password_hash == before
    answer = "" if tried.value is None else f", and it returns {tried}"
    seen = f"password_hash stays as it is{answer}" if silent else "the password is set"
    got = "".join(deeds.hashed[-1:])
    if got not in ("", password):
        first = password.startswith(got)
        seen += f", bcrypt got its first {len(got)} characters" if first else f', from "{got}"'

    expect(
        isinstance(tried.error, ValueError),
        got=tried if tried.error else f"no error: {seen}",
        hint="Which statement of Python reports a problem to the caller?" if silent else hint,
        at=user.set_password,
        shared="set_password() refuses without an error" if silent else "",
        **found,
    )


def test_the_answer_is_true_or_false(checked, whole, typed):
    """check_password() answers with True or False, nothing else"""
    answers = [checked.check_password(PASSWORD), checked.check_password(ANOTHER_PASSWORD)]

    expect(
        answers == [True, False] and all(isinstance(answer, bool) for answer in answers),
        want="True for the right password, False for a wrong one",
        got=f"{answers[0]!r} and {answers[1]!r}",
        read="check-the-password",
        hint="Which path through the method ends without a return?"
        if answers[0] is None or answers == [True, None]
        else "A comparison is True or False. What does the method return?",
        at=checked.check_password,
    )


def test_an_empty_password_opens_nothing(checked, fits_again):
    """an empty password opens nothing: check_password() returns False"""
    tried = attempt(checked.check_password, "")

    expect(
        not tried.error and not tried.value,  # the test above reports that it is not False
        want="False",
        got=tried,
        read="check-the-password",
        hint="An empty password is a wrong one. Which line lets it pass?",
    )


def test_a_long_password_opens_nothing(checked):
    """a password above 72 bytes opens nothing: check_password() returns False"""
    for password in (LONG_PASSWORD, "x" * 73, "x" * 200):
        tried = attempt(checked.check_password, password)

        expect(
            not tried.error and not tried.value,  # reported once, as above
            want=f"False for {len(password)} characters, {len(password.encode())} bytes",
            got=tried,
            read="limit-the-length",
            hint="bcrypt refuses more than 72 bytes. Which line checks that before it asks bcrypt?",
        )
