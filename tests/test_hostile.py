"""Whatever is sent to an app, it answers; and what it refused, it has not stored."""

from functools import partial

import pytest
from cores import on_all_cores
from hostile import APPS, EXAMPLES, attack
from hypothesis import Phase

STEP, FINAL = APPS[1:]
FAULTS = {  # {a fault: the app with an edit that makes it, and what is said of it}
    "a crash": (STEP, "app.py", "if user and user.check", "if user.check", "^500 "),
    "a traceback": (
        *(STEP, "app.py", "Wrong username", "Traceback (most recent call last)"),
        "Traceback",
    ),
    "a name without rules": (STEP, "app.py", "username.isprintable()", "True", "^stored: "),
    "stored and refused": (
        *(FINAL, "views.py", 'return lead_to(".login", "Your account is ready. Log in with it.")'),
        *("pass", "^stored, and answered with 200"),
    ),
    "no password asked": (
        *(FINAL, "forms.py", "if not current_user.check_password(field.data):", "if False:"),
        "^changed without password",
    ),
    "hashed three times": (FINAL, "accounts.py", "else [rounds]", "else [rounds] * 3", "^hashes "),
}


@pytest.fixture(scope="module")
def sent():
    """How many requests each app has withstood: {folder: future}."""
    done = on_all_cores(partial(attack, derandomize=True), [(one, EXAMPLES) for one in APPS])
    return dict(zip(APPS, done, strict=True))


@pytest.mark.parametrize("folder", APPS, ids=lambda folder: folder.name)
def test_no_request_does_harm(folder, sent):
    """No 5xx, no traceback, nothing refused is stored, at most the work of two wrong logins."""
    assert sent[folder].result() >= EXAMPLES


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_harm_is_seen(fault):
    """In fewer requests than the app without the fault is sent."""
    folder, *edit, told = fault
    with pytest.raises(AssertionError, match=told):
        attack(folder, EXAMPLES, [edit], derandomize=True, phases=[Phase.generate])
