"""What the exercises ask: each function says why an answer is wrong, or returns None.

Where an answer could list the values that a sentence has told, each try gets others.
"""

import inspect
import re
import secrets
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from unittest import mock

import ada_url
from drafts import ALL_PAGES, JOURNEY, Draft
from flask import Flask, session
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import TimestampSigner
from workbench.people import PASSWORD


def reason(name, answer):
    """Say why an answer is wrong, or return None; never raises."""
    question = globals()[name]
    why = unlike_a_function(answer, FUNCTIONS[name]) if name in FUNCTIONS else None
    try:
        return why or question(answer)
    except Exception as error:
        return f"it raises {named(error)}"


def named(error):
    """Return the type of an error and its message, if it has one."""
    return f"{type(error).__name__}: {error}".removesuffix(": ")


FUNCTIONS = {  # the values that each of these gets
    "is_old": ("stored",),
    "highest": ("seconds", "limit"),
    "fits": ("password",),
    "log_in": ("stored", "attempt", "hash_it"),
    "suspicious": ("rows",),
    "user_id": ("cookie",),
    "signed_at": ("cookie",),
    "get_id": ("user",),
    "is_sent": ("set_cookie", "address"),
    "find": ("connection", "name"),
    "is_safe": ("target",),
    "token_ok": ("session", "form"),
    "allowed": ("failures", "now"),
    "sprayers": ("failures", "limit"),
    "load": ("get", "user_id"),
    "is_right": ("check_password_hash", "stored", "attempt"),
}


def unlike_a_function(answer, values):
    """Say what an answer lacks to be a function of these values, or return None."""
    asked = f"a function that takes {', '.join(values)}"
    if not isinstance(answer, Callable):
        return f"the answer is {describe(answer)}, and the question asks for {asked}"
    try:
        inspect.signature(answer).bind(*values)
    except TypeError:
        return f"your function takes {inspect.signature(answer)}, and the question asks for {asked}"
    except ValueError:  # some functions of Python have no signature
        return None
    return None


def wrong(function, cases):
    """Return a sentence on the first case that the function gets wrong, or None."""
    for arguments, expected in cases:
        asked = ", ".join(describe(argument) for argument in arguments)
        try:
            got = function(*arguments)
        except Exception as error:
            return f"for {asked} it raises {named(error)}"
        if got is None and expected is not None:
            return f"for {asked} it gives None, not {describe(expected)} (is a return missing?)"
        if got != expected or not isinstance(got, type(expected)):
            return f"for {asked} it gives {describe(got)}, not {describe(expected)}"
    return None


def describe(value):
    """Return a value as a learner can read it: what is long is counted."""
    if isinstance(value, str) and len(value) > 30:
        return f"a text of {len(value)} characters that begins with {value[:12]!r}"
    if isinstance(value, bytes) and len(value) > 40:
        return f"{len(value)} bytes that begin with {value[:12]!r}"
    if isinstance(value, list) and len(value) > 4:
        return f"a list of {len(value)} values that begins with {value[0]!r}"
    if isinstance(value, dict) and len(repr(value)) > 80:
        return f"a dictionary of {len(value)} entries"
    if isinstance(value, Callable):
        return "a function"
    return repr(value)


# 01_bcrypt_hashing


def rounds(answer):
    """Ask for the work factor of a hash and its rounds."""
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        return f"{describe(answer)} is not a pair. Answer like this: (1, 2)"
    factor, count = answer
    if isinstance(factor, str) or isinstance(count, str):
        return f"{answer!r} holds a text: a number has no quotes"
    if factor != 13:
        return f"{factor!r} is not the work factor: look between the second and the third $"
    if count != 2**13:
        return f"{count!r} rounds are not right: the work factor is an exponent of 2"
    return None


WHOLE = "R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW"  # 53 characters


def is_old(answer):
    """Ask for a function that finds hashes with a work factor below 12."""
    old = ("$2b$04$", "$2b$10$", "$2a$11$", f"$2b$0{secrets.choice('56789')}$")
    new = ("$2b$12$", "$2b$13$", "$2a$12$", "$2y$31$")
    return wrong(answer, [((s + WHOLE,), s in old) for s in (*new[:1], *old, *new[1:])])


def highest(answer):
    """Ask for the highest work factor within a limit."""
    seconds = {4: 0.001, 13: 0.5, 5: 0.002, 12: 0.25, 10: 0.1}
    cases = [((seconds, 0.25), 12), ((seconds, 0.2), 10), ((seconds, 9), 13), ((seconds, 0.001), 4)]
    return wrong(answer, cases)


def fits(answer):
    """Ask for a function that knows what bcrypt can read."""
    good, bad = ("x", "x" * 72, "é" * 36), ("", "x" * 73, "é" * 37, "x" * 71 + "é", "🔑" * 19)
    for password, expected in [*((p, True) for p in good), *((p, False) for p in bad)]:
        why = wrong(answer, [((password,), expected)])
        if why:
            return f"{why} ({len(password)} characters, {len(password.encode())} bytes)"
    return None


def log_in(answer):
    """Ask for a login that costs one hash, whether there is a user or not."""
    salts = []

    def hash_it(text, salt):
        salts.append(salt)
        if not isinstance(salt, str):
            raise TypeError(f"hash_it() needs a text for a salt, and got {salt!r}")
        return f"{salt.partition(':')[0]}:{text}"

    def verdict(stored, attempt):
        salts.clear()
        expected = stored == f"salt:{attempt}"
        case = f"for {'no user' if stored is None else repr(stored)} and the attempt {attempt!r}"
        try:
            got = answer(stored, attempt, hash_it)
        except Exception as error:
            return f"{case} it raises {named(error)}"
        if got is not expected:
            return f"{case} it gives {describe(got)}, not {expected}"
        return None if len(salts) == 1 else f"{case} it hashes {len(salts)} times, not once"

    known = verdict("salt:right", "right") or verdict("salt:right", "wrong")
    unknown = known or verdict(None, "wrong") or verdict(None, "None")
    return unknown or verdict(None, salts[0].partition(":")[2])  # the password of a dummy hash


def suspicious(answer):
    """Ask for the rows that hold no whole bcrypt hash."""
    whole = {"ada": f"$2b$12${WHOLE}", "bob": f"$2a$10${WHOLE}"}
    others = {
        "eve": "letmein",
        "kim": "0d107d09f5bbe40cade3de5c71e9e9b7",
        "lee": f"$2b$12${WHOLE}"[:59],
        "max": "$2b$12$",
        "mia": "a long sentence of words that is a password, 60 letters long",
        "noa": "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$Zm9yIGV4ZXJjaXNlc",
    }
    got = answer(dict(whole | others))
    if not isinstance(got, (set, frozenset)):
        return f"it gives {describe(got)}, and the question asks for a set of names"
    for name in whole:
        if name in got:
            return f"{name}'s value is a whole hash: {describe(whole[name])}"
    for name in others:
        if name not in got:
            return f"{name} is missing, with {describe(others[name])}"
    renamed = {secrets.token_hex(3): value for value in (whole | others).values()}
    missing = {name for name, value in renamed.items() if value in others.values()}
    return wrong(answer, [((whole,), set()), ((renamed,), missing)])


# 02_session_cookies

KEY = "a key for exercises"
MOMENT = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)


def cookies(user="7", moment=MOMENT):
    """Return session cookies of a user as Flask makes them; the second one gets packed."""
    app = Flask("exercises")
    app.secret_key = KEY
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    sessions = ({"_user_id": user}, {"_user_id": user, "_id": "0" * 128})
    with mock.patch.object(TimestampSigner, "get_timestamp", return_value=int(moment.timestamp())):
        return [signer.dumps(session) for session in sessions]


def user_id(answer):
    """Ask for a function that reads the user's id in a session cookie."""
    user = str(secrets.randbelow(9000) + 1000)
    plain, packed = cookies(user)
    why = wrong(answer, [((plain,), user)])
    if why:
        return f"{why}. The id is a text, in the first of the three parts"
    why = wrong(answer, [((packed,), user)])
    return why and f"{why}. The first part is packed, as its dot says: see Open it by hand"


def signed_at(answer):
    """Ask for a function that reads when a session cookie was signed."""
    moment = MOMENT + timedelta(seconds=secrets.randbelow(9_000_000))
    for cookie in cookies(moment=moment):
        got = answer(cookie)
        if isinstance(got, datetime) and not got.tzinfo:
            return f"{got} has no time zone: give UTC to datetime.fromtimestamp()"
        if got != moment:
            part = "the time is the part before the last, a number of seconds since 1970"
            return f"it gives {describe(got)}, not {moment}: {part}"
    return None


def settings(answer):
    """Ask for settings that make the session cookie Secure and SameSite=Strict."""
    if not isinstance(answer, dict):
        return f"{describe(answer)} is not a dictionary. It begins with {{ and a name in quotes"
    for name, kind in {"SESSION_COOKIE_SECURE": bool, "SESSION_COOKIE_SAMESITE": str}.items():
        if name in answer and not isinstance(answer[name], kind):
            asked = "True or False, without quotes" if kind is bool else "a text"
            return f"{name} takes {asked}, and gets {answer[name]!r}"
    app = Flask("exercises")
    app.config.update(answer, SECRET_KEY=KEY)
    app.config["PROPAGATE_EXCEPTIONS"] = True  # a value that Flask refuses has a message
    app.add_url_rule("/", view_func=lambda: session.update(seen=True) or "seen")
    flags = app.test_client().get("/").headers.get("Set-Cookie", "").split("; ")[1:]
    missing = [flag for flag in ("HttpOnly", "Secure", "SameSite=Strict") if flag not in flags]
    return f"the flags are {', '.join(flags)}; {missing[0]} is missing" if missing else None


def get_id(answer):
    """Ask for an id that changes with the password and does not show its hash."""
    old, new = "$2b$12$" + "abcdefghijk" * 4, "$2b$12$" + "lmnopqrstuv" * 4

    def user(number, stored):
        return SimpleNamespace(id=number, password_hash=stored)

    ada, again, changed, eve = user(1, old), user(1, old), user(1, new), user(2, old)
    mark = answer(ada)
    if not isinstance(mark, str):
        return f"it gives {describe(mark)}, and Flask-Login asks for a text"
    if answer(again) != mark:
        return "two calls for the same user give two texts, so Ada would be logged out at once"
    with mock.patch("builtins.hash", lambda value: 7):
        if answer(ada) != mark:
            where = "hashlib and hmac give the same result everywhere"
            return f"hash() gives another number in each run of Python: {where}"
    if answer(changed) == mark:
        return "a new password leaves the text as it is"
    if answer(eve) == mark:
        return "two users with the same hash get the same text"
    pieces = [old[i : i + 6] for i in range(7, len(old) - 6)]
    if any(piece in mark for piece in pieces):
        return "the text shows a piece of the hash"
    for place in (8, 20, 30, 40, 50):
        near = answer(user(1, old[:place] + "Z" + old[place + 1 :]))
        if sum(one != other for one, other in zip(mark, near, strict=False)) < 4:
            more = "a function of hashlib or hmac changes nearly all of them"
            return f"one other letter in the hash changes too few letters of the text: {more}"
    return None


def is_sent(answer):
    """Ask whether a browser sends a cookie to an address of the same host."""
    http, https = "http://site.example", "https://site.example"
    cases = {
        ("a=1; Path=/", f"{http}/"): True,
        ("a=1; HttpOnly; Path=/", f"{https}/welcome"): True,
        ("a=1; Secure; Path=/", f"{http}/"): False,
        ("a=1; Secure; Path=/", f"{https}/"): True,
        ("a=1; secure; Path=/", f"{http}/"): False,
        ("a=Secure; Path=/", f"{http}/"): True,
        ("a=1; Path=/account", f"{http}/account"): True,
        ("a=1; Path=/account", f"{http}/account/password"): True,
        ("a=1; Path=/account", f"{http}/account?tab=1"): True,
        ("a=1; Path=/account", f"{http}/"): False,
        ("a=1; Path=/account", f"{http}/accounts"): False,
    }
    return wrong(answer, cases.items())


# 03_break_a_login

SAFE = ("/", "/account", "/account?x=1&y=//z", "/%2f%2fx", "/a-b_c.d~e", f"/{secrets.token_hex()}")
UNSAFE = (
    *("//evil.example", "///evil.example", "////evil.example", "https://evil.example", ""),
    *("https:evil.example", "HTTPS://evil.example", "javascript:alert(1)", "evil.example"),
    *("?", "#", "\\\\evil.example", "/\\evil.example", "\\/evil.example", "/\t/evil.example"),
    *("/\n/evil.example", "/\r/evil.example", "\t//evil.example", " //evil.example"),
    *("/\x00/evil.example", "/\u2028/evil.example", "//another.example", "/\\another.example"),
)


def find(answer):
    """Ask for a query with a bound value."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE user (id INTEGER PRIMARY KEY, username TEXT)")
        stored = ("ada", "o'neil", secrets.token_hex(3), "a\0b")  # no SQL text may hold a \0
        connection.executemany("INSERT INTO user (username) VALUES (?)", [(n,) for n in stored])
        names = {name: (number, name) for number, name in enumerate(stored, 1)} | {"eve": None}
        attacks = ("' OR '1'='1", "' UNION SELECT 1, 'ada' --", 'ada" OR "1"="1', "%", "ADA")
        for name, expected in (names | dict.fromkeys(attacks)).items():
            try:
                got = answer(connection, name)
            except Exception as error:
                return f"for the name {name!r} it raises {named(error)}"
            got = tuple(got) if isinstance(got, (tuple, list)) else got
            if got != expected:
                return f"for the name {name!r} it gives {describe(got)}, not {expected!r}"
    return None


def is_safe(answer):
    """Ask for the rule of addresses that stay on the site."""
    for target, expected in [*((t, True) for t in SAFE), *((t, False) for t in UNSAFE)]:
        why = wrong(answer, [((target,), expected)])
        if why and not expected:
            return f"{why}. {where_it_leads(target)}"
        if why:
            return why
    return None


def where_it_leads(target):
    """Say where a browser goes with an address."""
    try:
        host = ada_url.URL(target, base="http://site.example/login").host
    except ValueError:
        return "A browser refuses this address"
    if host.endswith(("evil.example", "another.example")):
        return f"A browser goes to {host}"
    return "Your page has no such path, so leave it out"


def token_ok(answer):
    """Ask for a comparison of two tokens that may be missing."""
    tokens = (secrets.token_hex(2), "b2", "")
    given, other, empty = ({"csrf_token": token} for token in tokens)
    more = (given | {"_user_id": "1"}, given | {"username": "ada"})
    pairs = [(given, other), (given, {}), ({}, given), ({}, {}), (empty, empty), (given, empty)]
    right = [((given, dict(given)), True), (more, True)]
    return wrong(answer, right + [(pair, False) for pair in pairs])


def allowed(answer):
    """Ask for a limit of ten failures in an hour."""
    now = 100_000
    for recent, old, expected in (
        *((0, 0, True), (9, 0, True), (10, 0, False), (25, 0, False)),
        *((0, 30, True), (9, 5, True), (12, 5, False), (9, 1000, True)),
    ):
        failures = [now - 7200 + number % 4 for number in range(old)]
        failures += [now - 600 + number % 4 for number in range(recent)]
        why = wrong(answer, [((failures, now), expected)])
        if why:
            told = f"{recent} failures ten minutes ago and {old} two hours ago"
            return f"for {told} it{why.rpartition(' it')[2]}"
    return None


def sprayers(answer):
    """Ask who tries many names, a few times each."""
    home = [("10.0.0.1", "ada")] * 30
    office = [("10.0.0.2", name) for name in ("bob", "eve", "kim")]
    sprayer = [("10.0.0.3", f"user{number}") for number in range(4)]
    cases = [
        ((home, 3), set()),
        ((office, 3), set()),
        ((sprayer, 3), {"10.0.0.3"}),
        ((home + office + sprayer, 3), {"10.0.0.3"}),
        ((home + office + sprayer, 2), {"10.0.0.2", "10.0.0.3"}),
        ((sprayer[:2] + office + sprayer[2:], 3), {"10.0.0.3"}),
        (([], 3), set()),
    ]
    return wrong(answer, cases)


# 04_repair_the_article


def load(answer):
    """Ask for a user loader that survives any cookie."""
    number = secrets.randbelow(90) + 10
    users = {1: "ada", number: "eve"}

    def get(number):
        if not isinstance(number, int):
            raise TypeError(f"get() needs a number, and got {number!r}")
        return users.get(number)

    ids = {"1": "ada", str(number): "eve"} | dict.fromkeys(("7", "ada", "", "1|x", "1.5"))
    return wrong(lambda text: answer(get, text), [((text,), user) for text, user in ids.items()])


def is_right(answer):
    """Ask for a check with its values in the right order."""
    stored = f"$2b$04${secrets.token_hex()}"

    def check_password_hash(pw_hash, password):
        if not str(pw_hash).startswith("$2b$"):
            raise ValueError("Invalid salt")
        return (pw_hash, password) == (stored, "loom")

    cases = [((stored, "loom"), True), ((stored, "mool"), False), ((None, "loom"), False)]
    return wrong(lambda one, two: answer(check_password_hash, one, two), cases)


def order(answer):
    """Ask for the order of five pieces of an app."""
    letters = re.sub(r"[\s,]", "", answer).upper() if isinstance(answer, str) else ""
    if sorted(letters) != ["A", "B", "C", "D", "E"]:
        return f"{describe(answer)} is not a text with the letters A to E, each once"
    needs = {  # letter, letter before it, and why
        "AC": "db = SQLAlchemy(app) reads the database's address from app.config",
        "BA": "app.config needs an app",
        "CE": "the class User is built on db.Model",
        "ED": "create_all() makes tables of the classes that it has met",
    }
    for (first, then), why in needs.items():
        if letters.index(first) > letters.index(then):
            return f"{first} has to come before {then}, because {why}"
    return None


def repaired(answer):
    """Ask for a draft without three faults that no stop has shown."""
    if not isinstance(answer, str):
        return f"{describe(answer)} is not a text. Begin with EXERCISE.replace("
    requests = [request for request, _ in JOURNEY]
    said = Draft(answer, ALL_PAGES).answers(requests, username="ada", password=PASSWORD)
    if len(said) < len(JOURNEY):
        return said[0][1]
    for number, ((request, expected), (_, got)) in enumerate(zip(JOURNEY, said, strict=False), 1):
        if got != expected:
            return f"visit {number}, {request}: {got}, and it should be {expected}"
    return None
