"""What the exercises ask: each function says why an answer is wrong, or returns None."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from types import SimpleNamespace
from unittest import mock

from flask import Flask, session
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import TimestampSigner


def wrong(function, cases):
    """Return a sentence on the first case that the function gets wrong, or None."""
    for arguments, expected in cases:
        got = function(*arguments)
        if got != expected or not isinstance(got, type(expected)):
            asked = ", ".join(shorten(repr(argument)) for argument in arguments)
            return f"for {asked} it gives {shorten(repr(got))}, not {expected!r}"
    return None


def shorten(text):
    """Cut a long text in its middle."""
    return text if len(text) <= 40 else f"{text[:24]}...{text[-12:]}"


# 01_bcrypt_hashing


def rounds(answer):
    """Ask for the work factor of a hash and its rounds."""
    factor, count = answer
    if factor != 13:
        return "the work factor stands between the second and the third dollar sign"
    return None if count == 2**13 else f"a work factor of {factor} is an exponent of 2"


def is_old(answer):
    """Ask for a function that finds hashes with a work factor below 12."""
    hashes = {"$2b$12$": False, "$2b$04$": True, "$2b$10$": True, "$2a$11$": True, "$2b$13$": False}
    return wrong(answer, [((start + "." * 53,), old) for start, old in hashes.items()])


def highest(answer):
    """Ask for the highest work factor within a limit."""
    seconds = {4: 0.001, 5: 0.002, 10: 0.1, 12: 0.25, 13: 0.5}
    cases = [((seconds, 0.25), 12), ((seconds, 0.2), 10), ((seconds, 9), 13), ((seconds, 0.001), 4)]
    return wrong(answer, cases)


def fits(answer):
    """Ask for a function that knows what bcrypt can read."""
    good, bad = ("x", "x" * 72, "\u00e9" * 36), ("", "x" * 73, "\u00e9" * 37, "\U0001f511" * 19)
    return wrong(answer, [((p,), True) for p in good] + [((p,), False) for p in bad])


def log_in(answer):
    """Ask for a login that costs one hash, whether there is a user or not."""
    hash_it = mock.Mock(side_effect=lambda text, salt: f"salt:{text}")
    for stored, attempt in (("salt:right", "right"), ("salt:right", "wrong"), (None, "wrong")):
        hash_it.reset_mock()
        expected, got = attempt == "right", answer(stored, attempt, hash_it)
        if got is not expected:
            return f"for {stored!r} and {attempt!r} it gives {got!r}, not {expected}"
        if hash_it.call_count != 1:
            return f"for {stored!r} it hashes {hash_it.call_count} times, not once"
    return None


# 02_session_cookies

KEY = "a key for exercises"
SESSIONS = ({"_user_id": "7"}, {"_user_id": "12", "_id": "0" * 128})  # the second one gets packed
MOMENT = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)


def cookies():
    """Return session cookies as Flask makes them, signed at MOMENT."""
    app = Flask("exercises")
    app.secret_key = KEY
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    with mock.patch.object(TimestampSigner, "get_timestamp", return_value=int(MOMENT.timestamp())):
        return [signer.dumps(session) for session in SESSIONS]


def user_id(answer):
    """Ask for a function that reads the user's id in a session cookie."""
    ids = [session["_user_id"] for session in SESSIONS]
    return wrong(answer, [((cookie,), found) for cookie, found in zip(cookies(), ids, strict=True)])


def signed_at(answer):
    """Ask for a function that reads when a session cookie was signed."""
    return wrong(answer, [((cookie,), MOMENT) for cookie in cookies()])


def settings(answer):
    """Ask for settings that make the session cookie Secure and SameSite=Strict."""
    app = Flask("exercises")
    app.config.update(answer, SECRET_KEY=KEY)
    app.add_url_rule("/", view_func=lambda: session.update(seen=True) or "seen")
    flags = app.test_client().get("/").headers["Set-Cookie"].split("; ")[1:]
    missing = [flag for flag in ("Secure", "SameSite=Strict") if flag not in flags]
    return f"the flags are {', '.join(flags)}; there is no {missing[0]}" if missing else None


def get_id(answer):
    """Ask for an id that changes with the password and does not show its hash."""

    def of(number, stored):
        return answer(SimpleNamespace(id=number, password_hash=stored))

    old, new = "$2b$12$" + "abcdefghijk" * 4, "$2b$12$" + "lmnopqrstuv" * 4
    if not isinstance(of(1, old), str):
        return "Flask-Login asks for a text"
    if of(1, old) != of(1, old):
        return "two calls for the same user give two texts: nobody would stay logged in"
    if of(1, old) == of(1, new):
        return "a new password leaves it as it is"
    if of(1, old) == of(2, old):
        return "two users have the same"
    pieces = [old[i : i + 6] for i in range(7, len(old) - 6)]
    return "it shows a piece of the hash" if any(p in of(1, old) for p in pieces) else None


# 03_break_a_login

SAFE = ("/", "/account", "/account?x=1&y=//z", "/%2f%2fx", "/a-b_c.d~e")
UNSAFE = [
    *(
        "//evil.example",
        "///evil.example",
        "////evil.example",
        "https://evil.example",
        "",
        "?",
        "#",
    ),
    *(
        "https:evil.example",
        "HTTPS://evil.example",
        "javascript:alert(1)",
        "evil.example",
        "\\\\evil.example",
    ),
    *(
        "/\\evil.example",
        "\\/evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "/\r/evil.example",
    ),
    *("\t//evil.example", " //evil.example", "/\x00/evil.example", "/\u2028/evil.example"),
]


def find(answer):
    """Ask for a query with a bound value."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE user (id INTEGER PRIMARY KEY, username TEXT)")
        connection.executemany("INSERT INTO user (username) VALUES (?)", [("ada",), ("o'neil",)])
        names = {"ada": (1, "ada"), "o'neil": (2, "o'neil"), "eve": None}
        attacks = ("' OR '1'='1", "' UNION SELECT 1, 'ada' --", 'ada" OR "1"="1')
        for name, expected in (names | dict.fromkeys(attacks)).items():
            got = answer(connection, name)
            if got is not None:
                got = tuple(got)
            if got != expected:
                return f"for the name {name!r} it gives {got!r}, not {expected!r}"
    return None


def is_safe(answer):
    """Ask for the rule of addresses that stay on the site."""
    return wrong(answer, [((t,), True) for t in SAFE] + [((t,), False) for t in UNSAFE])


def token_ok(answer):
    """Ask for a comparison of two tokens that may be missing."""
    given, other, empty = {"csrf_token": "a1"}, {"csrf_token": "b2"}, {"csrf_token": ""}
    pairs = [(given, other), (given, {}), ({}, given), ({}, {}), (empty, empty), (given, empty)]
    return wrong(answer, [((given, dict(given)), True)] + [(pair, False) for pair in pairs])


def allowed(answer):
    """Ask for a limit of ten failures in an hour."""
    cases = [
        (([], 5000), True),
        (([4000] * 9, 5000), True),
        (([4000] * 10, 5000), False),
        (([1000] * 30, 5000), True),
        (([1000] * 5 + [4000] * 9, 5000), True),
        (([1000] * 5 + [4000] * 12, 5000), False),
    ]
    return wrong(answer, cases)
