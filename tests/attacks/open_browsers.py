"""The end of chapter 3: what someone at an open browser can do without the password."""

from attacks.features import CHANGE, DELETION
from attacks.logins_that_end import chapter
from attacks.verdicts import fails, succeeds


@chapter.attack(
    "Change the password of an open browser",
    "What should a form ask for before it does something lasting?",
    *CHANGE,
)
def blind_change(target):
    """Someone at an open browser changes the password without knowing it."""
    feature, (old, new, _) = target.features.need("change"), target.passwords
    ada = target.victim()
    before = target.stored_hash(target.ada)
    for typed, what in guesses(target, feature):
        feature.use(ada, typed, new, target.ada)
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
    ada = target.victim()
    before = target.row(target.ada)
    for typed, what in guesses(target, feature):
        feature.use(ada, typed, "", target.ada)
        if target.row(target.ada) != before and target.is_gone(old):
            return succeeds(what)
    target.deleted(target.inside(), old)
    return fails()


def guesses(target, feature):
    """Yield (what is typed as the current password, what is seen if it is taken)."""
    third = target.passwords[2]
    if "old" not in feature.fields.values():
        yield None, "the form does not ask for the current password"
        return
    yield third, "a wrong current password is taken"
    yield "", "an empty current password is taken"
    yield None, "a form without the current password is taken"
    target.register(target.people.named("mallory"), third)
    yield third, "another user's password is taken for the current one"
