"""Guard: deletion is found however an app asks for it, and so is a form that names its user."""

import pytest
from attacks import ATTACKS
from attacks.lab import Lab
from attacks.verdicts import FAILS, NOT_THERE, SUCCEEDS
from examiner import STEPS
from readmes import FINAL

WELCOME = '\n@app.get("/welcome")\n'
VIEW = '''
from flask_login import current_user


@app.route("{path}", methods=["GET", "POST"])
@login_required
def gone(number=0):
    if {asked}:
        {deed}
        db.session.commit()
    return """{form}"""

'''
DEED = "db.session.delete(current_user._get_current_object())"
POSTED = 'request.method == "POST"'
SURE = '<form method="post">{} <button>Go on</button></form>'
WAYS = {
    "the own name": {
        "asked": f'{POSTED} and request.form["who"] == current_user.username',
        "form": SURE.format('Your name: <input name="who">'),
    },
    "a word in capitals": {
        "asked": f'{POSTED} and request.form["word"] == "DELETE ME"',
        "form": SURE.format('Type DELETE ME: <input name="word">'),
    },
    "a word in quotes, and the name": {
        "asked": f'{POSTED} and list(request.form.values()) == [current_user.username, "for good"]',
        "form": SURE.format('Name: <input name="a"> Type \u201cfor good\u201d: <input name="b">'),
    },
    "nothing but a button": {
        "path": "/bye",
        "asked": POSTED,
        "form": SURE.format("See you?"),
    },
    "a hidden number": {
        "path": "/users/<int:number>/remove",
        "link": "/users/{{ current_user.id }}/remove",
        "asked": f'{POSTED} and number == current_user.id and "sure" in request.form',
        "form": SURE.format('<input type="hidden" name="sure" value="1">'),
    },
    "a form without a method": {
        "asked": '"sure" in request.args',
        "form": '<form><input type="hidden" name="sure" value="1"><button>Go on</button></form>',
    },
    "a link": {"asked": "True", "form": "Bye"},
}


def lab_with(asked, form, path="/account/delete", link="", deed=DEED):
    """Return a lab on step 5 with one more page."""
    view = VIEW.format(path=path, asked=asked, form=form, deed=deed)
    linked = ["templates/welcome.html", "<form", f'<a href="{link or path}">Leave</a><form']
    return Lab(STEPS[-1], [linked, ["app.py", WELCOME, view + WELCOME]])


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_deletion_is_found(way):
    """And both attacks on it succeed, because nothing asks for the password or a token."""
    lab = lab_with(**way)
    assert lab.look() is None

    for name in ("delete-csrf", "blind-delete", "next-user"):
        verdict = lab.attack(ATTACKS[name])
        assert verdict.kind == SUCCEEDS, (name, verdict)


def test_another_name_is_no_deletion():
    """A form that changes the name makes a user seem gone who is still there."""
    lab = lab_with(
        asked=POSTED,
        form=SURE.format('Type NAME: <input name="new_name">'),
        deed='current_user.username = request.form["new_name"]',
    )
    assert lab.look() is None

    assert lab.attack(ATTACKS["blind-delete"]).kind == NOT_THERE


# Forms that name a user. A form of VIEW is in triple quotes, which OWN_ID and OWN_NAME end.

BY_ID = "db.session.delete(db.session.get(User, {}))"
BY_NAME = "db.session.delete(db.session.scalar(db.select(User).filter_by(username={})))"
OWN_ID = '""" + str(current_user.id) + """'
HIDDEN = f"<input type='hidden' name='id' value='{OWN_ID}'>"
PASSWORD = '<input type="password" name="password">'
SMALL = "".join(f'<input type="hidden" name="{one}" value="{one}">' for one in range(2, 7))
NUMBERED = {"path": "/users/<int:number>/remove", "link": "/users/{{ current_user.id }}/remove"}
NAMED = {"path": "/users/<number>/remove", "link": "/users/{{ current_user.username }}/remove"}
SENT = 'request.form["id"]'
OWN_PAGE = f"({POSTED} or number == current_user.id or app.aborter(404))"
IS_OWN = f"{SENT} == str(current_user.id)"
NEW_PASSWORD = f'db.session.get(User, {SENT}).set_password(request.form["password"])'
OPEN = {
    "a hidden number": (POSTED, SURE.format(HIDDEN), {}, BY_ID.format(SENT)),
    "a number in the path": (POSTED, SURE.format(""), NUMBERED, BY_ID.format("number")),
    "a name in the path": (POSTED, SURE.format(""), NAMED, BY_NAME.format("number")),
    "a number in the query": (
        POSTED,
        f"<form method='post' action='?who={OWN_ID}'><button>Go</button></form>",
        {},
        BY_ID.format('request.args["who"]'),
    ),
    "a name that is typed": (
        POSTED,
        SURE.format('Your name: <input name="who">'),
        {},
        BY_NAME.format('request.form["who"]'),
    ),
    "a link": ("True", "Bye", NUMBERED, BY_ID.format("number")),
    "a path that is checked, and a field that is not": (
        f"{POSTED} and number == current_user.id",
        SURE.format(HIDDEN),
        NUMBERED,
        BY_ID.format(SENT),
    ),
    "a field that is checked, and a path that is not": (
        f"{OWN_PAGE} and {POSTED} and {IS_OWN}",
        SURE.format(HIDDEN),
        NUMBERED,
        BY_ID.format("number"),
    ),
    "a path and a field that are compared": (
        f"{OWN_PAGE} and {POSTED} and {SENT} == str(number)",
        SURE.format(HIDDEN),
        NUMBERED,
        BY_ID.format("number"),
    ),
    "one's own password": (
        f'{POSTED} and current_user.check_password(request.form["password"])',
        SURE.format(HIDDEN + PASSWORD),
        {},
        BY_ID.format(SENT),
    ),
    "a number beside small ones": (
        f"{POSTED} and all(request.form[one] == one for one in '23456')",
        SURE.format(HIDDEN + SMALL),
        {},
        BY_ID.format(SENT),
    ),
    "a change of the password": (
        POSTED,
        SURE.format(HIDDEN + PASSWORD),
        {"path": "/password"},
        NEW_PASSWORD,
    ),
}
SHUT = {
    "a number that is compared": (
        f"{POSTED} and {IS_OWN}",
        SURE.format(HIDDEN),
        {},
        BY_ID.format(SENT),
    ),
    "a number that no one reads": (POSTED, SURE.format(HIDDEN), {}, DEED),
    "the password of the user that is named": (
        f'{POSTED} and db.session.get(User, {SENT}).check_password(request.form["password"])',
        SURE.format(HIDDEN + PASSWORD),
        {},
        BY_ID.format(SENT),
    ),
    "no number": (POSTED, SURE.format(""), {}, DEED),
    "a link without one": ("True", "Bye", {"path": "/bye"}, DEED),
}


def verdict_on(asked, form, where, deed):
    """Return the verdict on a form that may name a user."""
    lab = lab_with(asked=asked, form=form, deed=deed, **where)
    assert lab.look() is None
    return lab.attack(ATTACKS["other-id"])


@pytest.mark.parametrize("way", OPEN.values(), ids=OPEN)
def test_another_user_can_be_named(way):
    """Wherever the form names the user, and whatever else is checked."""
    verdict = verdict_on(*way)

    assert verdict.kind == SUCCEEDS, verdict
    assert "app.py, line" in verdict.where


@pytest.mark.parametrize("way", SHUT.values(), ids=SHUT)
def test_another_user_is_named_in_vain(way):
    """Where the view acts on the user who is logged in, or asks for a secret of the other."""
    verdict = verdict_on(*way)

    assert verdict.kind == FAILS, verdict
    assert ("no form says" in verdict.seen) == (HIDDEN not in way[1])


def test_final_would_not_survive_a_number():
    """Its deletion asks for a token and for the password of the user who is logged in."""
    named = [
        [
            "views.py",
            "delete_account(current_user._get_current_object())",
            f"delete_account(accounts.db.session.get(accounts.User, {SENT}))",
        ],
        [
            "templates/delete_account.html",
            "{{ fields.token() }}",
            '{{ fields.token() }}<input type="hidden" name="id" value="{{ current_user.id }}">',
        ],
    ]
    lab = Lab(FINAL, named)
    assert lab.look() is None

    verdict = lab.attack(ATTACKS["other-id"])
    assert verdict.kind == SUCCEEDS, verdict
    assert "/account/delete names ada in its fields, whose account is gone" in verdict.seen


END = """
    if not accounts.end_logins(current_user, LoginSession.id == login_id):
        abort(404)
"""
END_ANY = """
    accounts.db.session.execute(accounts.db.delete(LoginSession).where({}))
    accounts.db.session.commit()
"""
ROUTE = "sessions/<int(max=2147483647):login_id>/end"
LOGINS = {
    "by a number": ([["views.py", END, END_ANY.format("LoginSession.id == login_id")]], SUCCEEDS),
    "by a token that no one else sees": (
        [
            ["views.py", END, END_ANY.format("LoginSession.token == login_id")],
            ["views.py", ROUTE, "sessions/<login_id>/end"],
            ["templates/account.html", "login_id=login.id", "login_id=login.token"],
        ],
        FAILS,
    ),
    "where each login ends the one before": (
        [
            ["accounts.py", "MAX_LOGINS = 20", "MAX_LOGINS = 1"],
            ["templates/account.html", "{% if not here %}", "{% if true %}"],
        ],
        FAILS,
    ),
}


@pytest.mark.parametrize(("edits", "kind"), LOGINS.values(), ids=LOGINS)
def test_another_users_login_is_ended(edits, kind):
    """By what can be guessed of it; not every login that is over was ended by an attacker."""
    lab = Lab(FINAL, edits)
    assert lab.look() is None

    verdict = lab.attack(ATTACKS["other-id"])
    assert verdict.kind == kind, verdict
