"""Guard: deletion is found in whatever way an app asks for it, and one that renames is not one."""

import pytest
from attacks import ATTACKS
from attacks.lab import Lab
from attacks.verdicts import NOT_THERE, SUCCEEDS
from examiner import STEPS

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
