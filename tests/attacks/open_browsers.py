"""The end of chapter 3: what someone at an open browser can do without the password."""

import contextlib
from functools import partial

from attacks.clocks import LEFT_ALONE, later
from attacks.features import CHANGE, DELETION, READ
from attacks.logins_that_end import chapter
from attacks.verdicts import fails, require, succeeds
from attacks.visitor import hidden_names


@chapter.attack(
    "Change the password of an open browser",
    "What should a form ask for before it does something lasting?",
    *CHANGE,
)
def blind_change(target):
    """Someone at an open browser changes the password without knowing it."""
    feature, (old, new, _) = target.features.need("change"), target.passwords
    with left_alone(target) as ada:
        before = target.stored_hash(target.ada)
        for use, what in ways(target, feature, ada, new):
            use()
            if target.stored_hash(target.ada) != before and target.is_in(password=new):
                return succeeds(what)
    target.changed(target.inside(password=old), old, new)
    return fails()


@chapter.attack(
    "Delete the account of an open browser",
    "What can't be undone once it is done? What does the form ask for before that?",
    *DELETION,
)
def blind_delete(target):
    """Someone at an open browser deletes the account without knowing the password."""
    feature, old = target.features.need("delete"), target.passwords[0]
    with left_alone(target) as ada:
        before = target.row(target.ada)
        for use, what in ways(target, feature, ada, ""):
            use()
            if target.row(target.ada) != before and target.is_gone(old):
                return succeeds(what)
    target.deleted(target.inside(), old)
    return fails()


@contextlib.contextmanager
def left_alone(target):
    """Yield ada's browser, in which no password has been typed lately, if it is still open."""
    ada = target.victim()
    with later(LEFT_ALONE):
        if is_open := ada.greets(target.ada):
            yield ada
    if not is_open:
        yield target.inside()


def ways(target, feature, ada, new):
    """Yield (a function that uses the feature in ada's browser, what is seen if that works)."""
    for typed, what in guesses(target, feature):
        yield partial(feature.use, ada, typed, new, target.ada), what
    if feature.then:
        yield partial(skip, target, feature, ada, new), "the last form is taken without the others"


def skip(target, feature, ada, new):
    """Send the last form as another user gets to see it, with what ada's pages hold of hers."""
    eve, password = target.people.named("eve"), target.passwords[0]
    target.register(eve)
    form = feature.last_form(target.inside(eve), password, new, eve)
    require(form, "another user can come as far as the last form", "no form", READ)
    shown = [*ada.get(feature.path).forms, *ada.get("/welcome").forms]
    hers = {name: value for one in shown[::-1] for name, value in one.filled_in({})}
    secret, last = hidden_names(form), feature.steps[-1]
    data = form.filled_in(last.values(form, "", new, target.ada), by_hand=False)
    data = [(name, hers.get(name, value) if name in secret else value) for name, value in data]
    ada.send(form, data)


def guesses(target, feature):
    """Yield (what is typed as the current password, what is seen if it is taken)."""
    third = target.passwords[2]
    if not feature.asks:
        yield None, "the form does not ask for the current password"
        return
    yield third, "a wrong current password is taken"
    yield "", "an empty current password is taken"
    yield None, "a form without the current password is taken"
    target.register(target.people.named("mallory"), third)
    yield third, "another user's password is taken for the current one"
