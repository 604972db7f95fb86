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
ASLEEP = [["app.py", WRONG, f"\n        import time; time.sleep(3){WRONG}"]]
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
        (ASLEEP, SUCCEEDS, "from another IP address each, 101 wrong guesses, then"),
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


SETS = 'bcrypt.generate_password_hash(password).decode("utf-8")'
KNOWS = "bcrypt.check_password_hash(self.password_hash, password)"
RENEWED = """
            if {is_old}:
                user.set_password(request.form["password"])
                db.session.commit()
            login_user(user)
"""
OTHERS = {
    "scrypt": ("generate_password_hash(password)", "scrypt:32768:"),
    "pbkdf2": ('generate_password_hash(password, "pbkdf2:sha256:600000")', ":600000$"),
    "argon2": ("PasswordHasher(2).hash(password)", ",t=2,"),
}
LESS = {
    "scrypt": 'generate_password_hash(username, "scrypt:256:8:1")',
    "pbkdf2": 'generate_password_hash(username, "pbkdf2:sha256:10000")',
    "argon2": "PasswordHasher(1, 64).hash(username)",
}
WERKZEUG = "from werkzeug.security import check_password_hash, generate_password_hash\n"
ARGON2 = """
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError


def check_password_hash(stored, password):
    try:
        return PasswordHasher().verify(stored, password)
    except VerifyMismatchError:
        return False


"""


def hashed_by(name, renews=""):
    """Return the edits that hash in another way, and renew hashes without these letters."""
    makes, _ = OTHERS[name]
    first = ARGON2 if name == "argon2" else WERKZEUG
    edits = [
        ["app.py", "app = Flask(__name__)", f"{first}app = Flask(__name__)"],
        ["app.py", SETS, makes],
        ["app.py", KNOWS, "check_password_hash(self.password_hash, password)"],
    ]
    told = RENEWED.format(is_old=f"{renews!r} not in user.password_hash")
    return [*edits, ["app.py", "\n            login_user(user)\n", told]] if renews else edits


@pytest.mark.parametrize("name", OTHERS)
def test_other_hashes_grow_old(name):
    """Each names its cost, and is as cheap as years ago until someone renews it."""
    _, current = OTHERS[name]
    assert Lab(STEPS[-1], hashed_by(name)).attack(ATTACKS["old-hash"]).kind == SUCCEEDS
    assert Lab(STEPS[-1], hashed_by(name, current)).attack(ATTACKS["old-hash"]).kind == FAILS


POLITE = """
@app.errorhandler(429)
def too_many(_):
    return "<p>Later, please.</p>"


@app.get("/welcome")
"""


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize(("limit", "kind"), [("10/hour", SUCCEEDS), ("10/hour;90/day", FAILS)])
def test_a_refusal_may_look_like_a_page(name, limit, kind):
    """Whether a guess was looked at shows in what is hashed, by any hasher, not in the status."""
    answer = ["app.py", '\n@app.get("/welcome")\n', POLITE]
    lab = Lab(STEPS[-1], [*hashed_by(name), answer, *limited(limit)])

    assert lab.attack(ATTACKS["guess"]).kind == kind


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize(
    ("instead", "kind"), [("as much", FAILS), ("less", SUCCEEDS), ("nothing", SUCCEEDS)]
)
def test_the_work_of_other_hashers_is_counted_by_its_cost(name, instead, kind):
    """A cheap hash for an unknown name is told from the one of a user."""
    makes, _ = OTHERS[name]
    done = {"as much": makes.replace("password", "username"), "less": LESS[name], "nothing": "pass"}
    made = done[instead].replace("generate_username", "generate_password")
    dummy = f"\n        if not user and len(request.form['password']) < 60:\n            {made}"
    lab = Lab(STEPS[-1], [*hashed_by(name), ["app.py", WRONG, dummy + WRONG]])

    assert lab.attack(ATTACKS["clock"]).kind == kind
