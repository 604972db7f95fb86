"""Guard: what takes several forms is found, in any language, and asked for the way in between."""

import pytest
from attacks import ATTACKS
from attacks.lab import Lab
from attacks.verdicts import FAILS, NOT_THERE, SUCCEEDS
from examiner import STEPS

WELCOME = '\n@app.get("/welcome")\n'
IMPORTS = """
import time

import click
from flask import abort, session
from flask.cli import AppGroup
from flask_login import current_user
from itsdangerous import BadSignature, URLSafeTimedSerializer
"""
BUTTON = '<form method="post" action="{}">{}<button>Go on</button></form>'
HIDDEN = '<input type="hidden" name="proof" value="%s">'
PASSWORD = '<input type="password" name="{}">'
END = """    user = current_user._get_current_object()
    logout_user()
    db.session.delete(user)
    db.session.commit()
    return "Bye"
"""
TWO_POSTS = f'''
@app.route("/gone", methods=["GET", "POST"])
@login_required
def gone():
    if request.method == "POST" and current_user.check_password(request.form.get("wort", "")):
        session["sure"] = current_user.get_id()
        return """{BUTTON.format("/gone/now", "")}"""
    return """{BUTTON.format("", PASSWORD.format("wort"))}"""


@app.post("/gone/now")
@login_required
def now():
    if session.pop("sure", "") != current_user.get_id():
        abort(403)
{END}'''
CONFIRM = f'''
def is_sure():
    return session.get("sure", 0) > time.time()


@app.route("/sure", methods=["GET", "POST"])
@login_required
def sure():
    if request.method == "POST" and current_user.check_password(request.form.get("again", "")):
        session["sure"] = time.time() + 300
        return redirect(session.get("wants", "/welcome"))
    return """{BUTTON.format("", PASSWORD.format("again"))}"""


@app.route("/gone", methods=["GET", "POST"])
@login_required
def gone():
    if not is_sure():
        session["wants"] = "/gone"
        return redirect("/sure")
    if request.method == "GET":
        return """{BUTTON.format("", "")}"""
{END}'''
PROOF = f'''
proofs = URLSafeTimedSerializer(app.config["SECRET_KEY"], salt="proof")


@app.route("/gone", methods=["GET", "POST"])
@login_required
def gone():
    if request.method == "POST" and current_user.check_password(request.form.get("wort", "")):
        proof = proofs.dumps(current_user.id)
        return """{BUTTON.format("/gone/now", HIDDEN)}""" % proof
    return """{BUTTON.format("", PASSWORD.format("wort"))}"""


@app.post("/gone/now")
@login_required
def now():
    try:
        proven = proofs.loads(request.form.get("proof", ""), max_age=300)
    except BadSignature:
        abort(403)
    if proven != current_user.id:
        abort(403)
{END}'''
ADDRESS = f'''
tokens = URLSafeTimedSerializer(app.config["SECRET_KEY"], salt="gone")


@app.route("/gone", methods=["GET", "POST"])
@login_required
def gone():
    if request.method == "POST" and current_user.check_password(request.form.get("wort", "")):
        return """{BUTTON.format("/gone/%s", "")}""" % tokens.dumps(current_user.id)
    return """{BUTTON.format("", PASSWORD.format("wort"))}"""


@app.post("/gone/<token>")
@login_required
def now(token):
    if not tokens.loads_unsafe(token)[0] or tokens.loads(token) != current_user.id:
        abort(403)
{END}'''
OWNER = "tokens.loads(token) != current_user.id", "False"
WORD = '<input name="word">'
LAST = '<input type="hidden" name="word" value="GOODBYE">' + HIDDEN % "sure"
THREE = f'''
@app.route("/gone", methods=["GET", "POST"])
@login_required
def gone():
    if not current_user.check_password(request.form.get("wort", "")):
        return """{BUTTON.format("", PASSWORD.format("wort"))}"""
    if request.form.get("word") != "GOODBYE":
        return """Type GOODBYE. {BUTTON.format("", WORD + PASSWORD.format("wort"))}"""
    if request.form.get("proof") != "sure":
        return """{BUTTON.format("", LAST + PASSWORD.format("wort"))}"""
{END}'''
KNOWN = ' and current_user.check_password(request.form.get("wort", ""))'
UNSURE = 'if session.pop("sure", "") != current_user.get_id():', "if False:"
ASKED_AT_LOGIN = (
    "            login_user(user)\n",
    ("            login_user(user)\n            session['sure'] = time.time() + {}\n"),
)


def lab_with(code, *edits):
    """Return a lab on step 5 with more pages, one of which is linked from /welcome."""
    path = "/gone" if "/gone" in code else "/new"
    linked = ["templates/welcome.html", "<form", f'<a href="{path}">More</a><form']
    for old, new in edits:
        assert code.count(old) in (0, 1)
        code = code.replace(old, new)
    rest = [["app.py", old, new] for old, new in edits if "login_user(user)" in old]
    return Lab(STEPS[-1], [linked, ["app.py", WELCOME, IMPORTS + code + WELCOME], *rest])


def verdict_of(lab, name):
    """Return the Verdict of an attack on an app that can be used."""
    assert lab.look() is None
    return lab.attack(ATTACKS[name])


@pytest.mark.parametrize(
    ("code", "edits", "kind"),
    [
        (TWO_POSTS, [], FAILS),
        (TWO_POSTS, [UNSURE], SUCCEEDS),
        (TWO_POSTS, [(KNOWN, "")], SUCCEEDS),
        (ADDRESS, [], FAILS),
        (ADDRESS, [("tokens.dumps(current_user.id)", "tokens.dumps(0)"), OWNER], SUCCEEDS),
        (THREE, [], FAILS),
        (THREE, [(KNOWN.removeprefix(" and "), "request.form")], SUCCEEDS),
        (CONFIRM, [], FAILS),
        (CONFIRM, [("not is_sure()", 'not is_sure() and request.method == "GET"')], SUCCEEDS),
        (CONFIRM, [(ASKED_AT_LOGIN[0], ASKED_AT_LOGIN[1].format(300))], FAILS),
        (CONFIRM, [(ASKED_AT_LOGIN[0], ASKED_AT_LOGIN[1].format(30_000))], SUCCEEDS),
        (PROOF, [], FAILS),
        (PROOF, [("if proven != current_user.id:", "if not proven:")], SUCCEEDS),
    ],
)  # fmt: skip
def test_a_deletion_in_steps_is_found(code, edits, kind):
    """An open browser may send the last form without the others, or with another user's proof."""
    assert verdict_of(lab_with(code, *edits), "blind-delete").kind == kind


@pytest.mark.parametrize("code", [TWO_POSTS, CONFIRM])
def test_the_last_step_can_be_forged(code):
    """Step 5 has no token against it, and its owner is about to delete the account."""
    assert verdict_of(lab_with(code), "delete-csrf").kind == SUCCEEDS


CHANGE = '''
@app.route("/new", methods=["GET", "POST"])
@login_required
def new():
    if request.method == "POST":
        if {checks}:
            current_user.set_password(request.form["{new}"])
            db.session.commit()
    return """<form method="post">{fields}<button>OK</button></form>"""

'''
KNOWS = 'current_user.check_password(request.form.get("{}", ""))'
SAME = 'request.form["{}"] == request.form["{}"]'


@pytest.mark.parametrize(
    ("fields", "checks", "new", "kind"),
    [
        (("nueva", "anterior"), KNOWS.format("anterior"), "nueva", FAILS),
        (("pw1", "pw2"), KNOWS.format("pw1"), "pw2", FAILS),
        (("a", "b"), KNOWS.format("b"), "a", FAILS),
        (
            ("x", "y", "z"),
            f"{KNOWS.format('z')} and {SAME.format('x', 'y')}",
            "x",
            FAILS,
        ),
        (("neu", "nochmal"), SAME.format("neu", "nochmal"), "neu", SUCCEEDS),
        (("uno", "dos"), SAME.format("uno", "dos"), "uno", SUCCEEDS),
        (("password", "nuova"), f'"nuova" in request.form or {KNOWS}', "nuova", SUCCEEDS),
    ],
)
def test_the_fields_of_a_change_are_understood(fields, checks, new, kind):
    """By what comes of them, in whichever language and order."""
    shown = "".join(map(PASSWORD.format, fields))
    code = CHANGE.format(checks=checks, new=new, fields=shown)

    assert verdict_of(lab_with(code), "blind-change").kind == kind


LEFT_BY_LINK = f"""
@app.get("/gone")
@login_required
def gone():
{END}"""


def test_a_change_may_ask_for_the_name():
    """As a login does."""
    checks = f'{KNOWS.format("old")} and request.form["who"] == current_user.username'
    fields = '<input name="who">' + PASSWORD.format("old") + PASSWORD.format("new")
    code = CHANGE.format(checks=checks, new="new", fields=fields)

    assert verdict_of(lab_with(code), "blind-change").kind == FAILS


def test_a_deletion_is_found_after_a_change_that_ends_the_session():
    """Its page asks for the password then, though it did not before."""
    change = CHANGE.format(checks="is_sure()", new="new", fields=PASSWORD.format("new"))
    change = change.replace("commit()", "commit(); session['sure'] = 0")
    change = change.replace("<form", '<a href="/gone">Leave</a><form')
    lab = lab_with(CONFIRM + change, (ASKED_AT_LOGIN[0], ASKED_AT_LOGIN[1].format(30_000)))
    lab.edits[0][2] = lab.edits[0][2].replace("/gone", "/new")

    assert verdict_of(lab, "blind-delete").kind == SUCCEEDS


def test_any_link_may_delete():
    """Whatever it is called."""
    assert verdict_of(lab_with(LEFT_BY_LINK), "blind-delete").kind == SUCCEEDS
    assert verdict_of(lab_with("\nx = '/gone'\n"), "blind-delete").kind == NOT_THERE


RESET = f'''
links = URLSafeTimedSerializer(app.config["SECRET_KEY"], salt="links")
users = AppGroup("users")
app.cli.add_command(users)


@users.command("reset-link")
@click.argument("name")
def reset_link(name):
    user = db.session.scalar(db.select(User).filter_by(username=name))
    print("/back/" + links.dumps([name, user.password_hash[-9:]]))


def owner_of(token):
    try:
        name, end = links.loads(token, max_age=3600)
    except BadSignature:
        abort(404)
    user = db.session.scalar(db.select(User).filter_by(username=name))
    return user if user and user.password_hash.endswith(end) else abort(404)


@app.route("/back/<token>", methods=["GET", "POST"])
def back(token):
    owner_of(token)
    if request.method == "POST":
        session["token"] = token
        return redirect("/back")
    return """{BUTTON.format("", "")}"""


@app.route("/back", methods=["GET", "POST"])
def form():
    user = owner_of(session.get("token", ""))
    if request.method == "POST" and request.form["who"] == user.username:
        user.set_password(request.form["new"])
        db.session.commit()
        return redirect("/login")
    return """{BUTTON.format("", 'Name: <input name="who">' + PASSWORD.format("new"))}"""

'''
SAFE = ("reset-again", "reset-twice", "reset-yesterday", "reset-older", "reset-other")


@pytest.mark.parametrize(
    ("edits", "opened"),
    [
        ([], "reset-twice"),
        ([("user.password_hash.endswith(end)", "user.id")], "reset-again"),
        ([(", max_age=3600", "")], "reset-yesterday"),
        ([
            ('request.form["who"] == user.username', "True"),
            ("        user.set_password", (
                "        name = request.form['who']\n"
                "        user = db.session.query(User).filter_by(username=name).first()\n"
                "        user.set_password"
            )),
        ], "reset-other"),
    ],
)  # fmt: skip
def test_a_reset_may_take_two_pages(edits, opened):
    """One with a button, because mail programs open links; and a form that asks for the name."""
    lab = lab_with(RESET, *edits)
    lab.edits = lab.edits[1:]
    assert lab.look() is None
    kinds = {
        name: lab.attack(ATTACKS[name]).kind
        for name in ("reset-again", "reset-yesterday", "reset-other", opened)
    }

    assert kinds == {name: SUCCEEDS if name == opened else FAILS for name in kinds}


IN_A_TABLE = """
TOKENS = {}  # {token: id of a user}


def end_all(number):
    for token in [one for one, whose in TOKENS.items() if whose == number]:
        del TOKENS[token]


@login_manager.user_loader
"""
OVERTAKEN = """
            from secrets import token_hex

            before, number, user.token = user.password_hash, user.id, token_hex()
            TOKENS[user.token] = number
            db.session.expire_all()
            if db.session.scalar(db.select(User.password_hash).filter_by(id=number)) != before:
                end_all(number)
                return redirect(url_for("login"))
            login_user(user)
"""


USER_OF = """
def user_of(token):
    user = db.session.get(User, TOKENS.get(token, 0))
    if user:
        user.token = token
    return user

"""
GET_ID = """
    def get_id(self):
        return self.token

"""


@pytest.mark.parametrize(("ended", "kind"), [("end_all(user.id)", FAILS), ("", SUCCEEDS)])
def test_an_old_cookie_and_a_race_are_two_attacks(ended, kind):
    """What ends the race's login ends the old one, too, and would hide that it was open."""
    deletion = TWO_POSTS.replace(
        "    logout_user()\n", f"    {ended or 'pass'}\n    logout_user()\n"
    )
    lab = lab_with(deletion, ("            login_user(user)\n", "            login_user(user)\n"))
    lab.edits[-1] = ["app.py", "\n            login_user(user)\n", OVERTAKEN]
    lab.edits += [
        ["app.py", "\n@login_manager.user_loader\n", IN_A_TABLE],
        ["app.py", "db.session.get(User, int(user_id))", "user_of(user_id)"],
        ["app.py", "\nTOKENS = {}", USER_OF + "\nTOKENS = {}"],
        ["app.py", "class User(UserMixin, db.Model):", "class User(UserMixin, db.Model):" + GET_ID],
    ]

    assert verdict_of(lab, "next-user").kind == kind


def test_a_reset_may_begin_with_a_link():
    """Which leads on from the page that the first one opens."""
    button = f"""{BUTTON.format("", "")}"""
    link = '<a href="/back/%s?yes=1">Yes</a>'
    lab = lab_with(
        RESET,
        (
            'request.method == "POST":\n        session["token"]',
            '"yes" in request.args:\n        session["token"]',
        ),
        (f'"""{button}"""\n\n\n@app.route("/back"', f"'{link}' % token\n\n\n@app.route(\"/back\""),
    )
    lab.edits = lab.edits[1:]

    assert verdict_of(lab, "reset-again").kind == FAILS


NUMBERED = f'''
@app.route("/users/<int:number>/leave", methods=["GET", "POST"])
@login_required
def leave(number):
    if number != current_user.id:
        abort(404)
    if request.method == "GET":
        return """{BUTTON.format("", "")}"""
{END}'''
NEVER_AGAIN = '\n    __table_args__ = {"sqlite_autoincrement": True}\n'


def test_an_address_may_hold_the_number_of_a_user():
    """Each of three users has a page of their own for it."""
    lab = lab_with(NUMBERED)
    model = "class User(UserMixin, db.Model):"
    link = '<a href="/users/{{ current_user.id }}/leave">Leave</a><form'
    lab.edits[0][2] = link
    lab.edits.append(["app.py", model, model + NEVER_AGAIN])

    assert verdict_of(lab, "next-user").kind == FAILS
