"""Guard: each attack's verdict is right on apps of other styles, and turns when a defense goes."""

import tomllib

import pytest
from attacks import ATTACKS
from attacks.verdicts import FAILS, NOT_THERE, SUCCEEDS
from cores import on_all_cores
from examiner import STEPS, sit_side_by_side
from hardened_apps import APPS, kinds

TABLE = tomllib.loads((APPS / "verdicts.toml").read_text("utf-8"))
EDITS = [(name, row) for name, rows in TABLE.items() for row in rows.get("edit", [])]
# Asked only where an edit opens them, as they take as long as all others.
SLOW = {"guess", "next-page", "lock-out", "answer", "megabytes", "reset-forge", "common"}


def expected(name):
    """Return {attack: what should come of it} on an app."""
    row = TABLE[name]
    told = dict.fromkeys(row["succeeds"], SUCCEEDS) | dict.fromkeys(row["not_there"], NOT_THERE)
    return {one: told.get(one, FAILS) for one in ATTACKS}


def edits_of(row):
    """Return the edits of a row: one, and what it takes with it in app.py."""
    more = [["app.py", *row["with"]]] if "with" in row else []
    return [row["edit"], *more]


def asked_of(row):
    """Return the attacks that an edit is asked for."""
    return [one for one in ATTACKS if one not in SLOW or one in row["opens"]]


def work(name, row=None):
    """Return the arguments of kinds() for an app, or for an edit of it."""
    return (name, asked_of(row), edits_of(row), row.get("looks")) if row else (name, [*ATTACKS])


@pytest.fixture(scope="module")
def attacked(request):
    """What came of the attacks, by the name of the test that asks; only those that run are here."""
    tests = [item for item in request.session.items if "attacked" in item.fixturenames]
    done = on_all_cores(kinds, [work(**test.callspec.params) for test in tests])
    return dict(zip([test.name for test in tests], done, strict=True))


@pytest.fixture(scope="module")
def sittings():
    """What all checkpoints say of each app: {app: future}."""
    return sit_side_by_side({APPS / name: STEPS for name in TABLE})


def test_the_table_is_long_enough():
    """Six apps, forty edits, and each attack is opened by one of them or succeeds on an app."""
    assert len(TABLE) >= 6
    assert len(EDITS) >= 40
    opened = {one for _, row in EDITS for one in row["opens"]}
    assert {one for row in TABLE.values() for one in row["succeeds"]} | opened <= {*ATTACKS}


@pytest.mark.parametrize("name", TABLE)
def test_the_verdicts_on_an_app_are_right(name, attacked, request):
    """Whatever its style."""
    assert attacked[request.node.name].result() == expected(name)


@pytest.mark.parametrize("name", TABLE)
def test_an_app_passes_every_checkpoint(name, sittings):
    """It keeps the contract of the steps, so what it withstands is worth something."""
    sitting = sittings[APPS / name].result()

    messages = "\n\n".join(sitting.messages[one] for one in sitting.failed)
    assert sitting.code == 0, messages or sitting.output


@pytest.mark.parametrize(("name", "row"), EDITS, ids=[f"{n}-{r['opens'][0]}" for n, r in EDITS])
def test_an_edit_opens_its_door_and_no_other(name, row, attacked, request):
    """What an edit takes out is what stopped the attack."""
    told = expected(name)
    wanted = {one: SUCCEEDS if one in row["opens"] else told[one] for one in asked_of(row)}

    assert attacked[request.node.name].result() == wanted
