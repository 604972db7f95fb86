"""Guard: what the attacks on limits say of each kind of limit, built into step 5."""

import pytest
from attacks import ATTACKS
from attacks.lab import Lab
from attacks.verdicts import FAILS, SUCCEEDS
from examiner import STEPS

LOGIN = """
@app.route("/login", methods=["GET", "POST"])
"""
LOOK = "        if user and user.check_password("
WRONG = """
        flash("Wrong username or password.")
"""
HASH = """
    password_hash = db.Column(db.String(60), nullable=False)
"""
LIMITER = """
from flask_limiter import Limiter

limiter = Limiter(lambda: {key}, app=app, storage_uri="memory://")


@app.route("/login", methods=["GET", "POST"])
@limiter.limit("{limit}", methods=["POST"], deduct_when=lambda answer: answer.status_code != 302)
"""


def limited(limit, key='request.form.get("username", "")'):
    """Return the edit that limits failed logins."""
    return [["app.py", LOGIN, LIMITER.format(limit=limit, key=key)]]


def counted(columns, is_closed, failure):
    """Return the edits that count failures in the user's row."""
    ask = f"        import time\n\n        if user and {is_closed}:\n            user = None\n"
    note = f"\n        if user:\n            {failure}\n            db.session.commit()"
    return [
        ["app.py", HASH, HASH + columns],
        ["app.py", LOOK, ask + LOOK],
        ["app.py", WRONG, note + WRONG],
    ]


GROWING = counted(
    "    wrong = db.Column(db.Integer, default=0)\n    until = db.Column(db.Float, default=0)\n",
    "time.time() < user.until",
    "user.wrong += 1; user.until = time.time() + min(max(0, 2**user.wrong - 8), 3600)",
)
BRIEFLY = counted(
    "    wrong = db.Column(db.Integer, default=0)\n    until = db.Column(db.Float, default=0)\n",
    "time.time() < user.until",
    "user.wrong += 1; user.until = time.time() + 900 * (user.wrong % 5 == 0)",
)
FOR_GOOD = counted(
    "    wrong = db.Column(db.Integer, default=0)\n", "user.wrong >= 100", "user.wrong += 1"
)
BY_SQLITE = [
    ["app.py", LOGIN, '''

class Failure(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String)
    at = db.Column(db.DateTime, server_default=db.func.now())


with app.app_context():
    db.create_all()
''' + LOGIN],
    ["app.py", LOOK, '''
        from datetime import UTC, datetime, timedelta

        day = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=1)
        if Failure.query.filter(Failure.name == username, Failure.at > day).count() >= 50:
            user = None
''' + LOOK],
    ["app.py", WRONG, '''
        db.session.add(Failure(name=username))
        db.session.commit()''' + WRONG],
]  # fmt: skip
STRONG = [
    [
        "app.py",
        'login_manager.login_view = "login"',
        'login_manager.session_protection = "strong"\nlogin_manager.login_view = "login"',
    ]
]
ONE_TIME = [
    *limited("10/hour", 'f"{request.form.get(\'username\')} {request.remote_addr}"'),
    ["templates/login.html", "<button", '<input hidden name="once" value="{{ once() }}"><button'],
    ["app.py", LOOK, '''
        from flask import abort, session

        if request.form["once"] != session.pop("once", None):
            abort(400)
''' + LOOK],
    ["app.py", "@login_manager.user_loader", '''
@app.template_global()
def once():
    from flask import session
    from secrets import token_hex

    session["once"] = token_hex()
    return session["once"]


@login_manager.user_loader'''],
]  # fmt: skip


@pytest.mark.parametrize(
    ("edits", "kind", "said"),
    [
        ([], SUCCEEDS, "from another IP address each, 101 wrong guesses, then"),
        (limited("100/day"), FAILS, "at most 100 guesses a day"),
        (limited("102/day"), SUCCEEDS, "101 wrong guesses, then"),
        (limited("300/hour"), SUCCEEDS, "101 wrong guesses, then"),
        (limited("30/minute"), SUCCEEDS, "101 wrong guesses in 3 minutes, then"),
        (limited("5/hour"), SUCCEEDS, "101 wrong guesses in 20 hours, then"),
        (limited("4/hour"), FAILS, "at most 100"),
        (limited("60/day", "request.remote_addr"), SUCCEEDS, "address each, 101 wrong guesses"),
        (limited("60/day", "str(request.user_agent)"), SUCCEEDS, "User-Agent"),
        (
            [*limited("60/day", "str(request.user_agent)"), *STRONG],
            SUCCEEDS,
            "with another User-Agent each, 101 wrong guesses, then",
        ),
        (GROWING, FAILS, "at most 100"),
        (BRIEFLY, SUCCEEDS, "101 wrong guesses in 5 hours, then"),
        (FOR_GOOD, FAILS, "at most 100"),
        (BY_SQLITE, FAILS, "at most 100"),
        (ONE_TIME, SUCCEEDS, "from another IP address each, 101 wrong guesses, then"),
    ],
)
def test_more_than_a_hundred_guesses_a_day_are_too_many(edits, kind, said):
    """However they are counted: the attack waits, and takes another browser, where it has to."""
    lab = Lab(STEPS[-1], edits)
    assert lab.look() is None
    verdict = lab.attack(ATTACKS["guess"])

    assert verdict.kind == kind, verdict
    assert said in verdict.seen


@pytest.mark.parametrize(
    ("edits", "kind", "said"),
    [
        ([], FAILS, "200 wrong guesses lock no one out"),
        (limited("300/hour"), FAILS, "200 wrong guesses lock no one out"),
        (limited("100/day"), SUCCEEDS, "429"),
        (limited("30/minute"), SUCCEEDS, "429"),
    ],
)
def test_a_limit_that_is_not_reached_locks_no_one_out(edits, kind, said):
    """The verdict says how far the attack went."""
    verdict = Lab(STEPS[-1], edits).attack(ATTACKS["lock-out"])

    assert verdict.kind == kind, verdict
    assert said in verdict.seen
