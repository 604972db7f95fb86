"""Guard: each attack's verdict is right on apps of other styles, and turns when a defense goes."""

import tomllib
from functools import cache
from pathlib import Path

import pytest
from attacks import ATTACKS
from attacks.lab import Lab
from attacks.verdicts import FAILS, NOT_THERE, SUCCEEDS
from examiner import STEPS, sit

APPS = Path(__file__).with_name("hardened")
TABLE = tomllib.loads((APPS / "verdicts.toml").read_text("utf-8"))
EDITS = [(name, row) for name, rows in TABLE.items() for row in rows.get("edit", [])]
SLOW = {"guess", "next-page", "lock-out", "answer"}  # asked only where an edit opens them


def kinds(name, attacks, edits=(), looks=False):
    """Return {attack: what came of it} on an app, after some edits; `looks` at its forms anew."""
    lab = Lab(APPS / name, edits, None, *([] if looks else offered(name)))
    assert not looks or lab.look() is None
    return {one: str(lab.attack(ATTACKS[one]).kind) for one in attacks}


@cache
def offered(name):
    """Return who uses an app, and what it offers."""
    lab = Lab(APPS / name)
    assert lab.look() is None
    return lab.people, lab.features


def expected(name):
    """Return {attack: what should come of it} on an app."""
    row = TABLE[name]
    told = dict.fromkeys(row["succeeds"], SUCCEEDS) | dict.fromkeys(row["not_there"], NOT_THERE)
    return {one: told.get(one, FAILS) for one in ATTACKS}


def edits_of(row):
    """Return the edits of a row: one, and what it takes with it in app.py."""
    more = [["app.py", *row["with"]]] if "with" in row else []
    return [row["edit"], *more]


def test_the_table_is_long_enough():
    """Six apps, forty edits, and each attack is opened by one of them or succeeds on an app."""
    assert len(TABLE) >= 6
    assert len(EDITS) >= 40
    opened = {one for _, row in EDITS for one in row["opens"]}
    assert {one for row in TABLE.values() for one in row["succeeds"]} | opened <= {*ATTACKS}


@pytest.mark.parametrize("name", TABLE)
def test_the_verdicts_on_an_app_are_right(name):
    """Whatever its style."""
    assert kinds(name, ATTACKS) == expected(name)


@pytest.mark.parametrize("name", TABLE)
def test_an_app_passes_every_checkpoint(name):
    """It keeps the contract of the steps, so what it withstands is worth something."""
    sitting = sit(STEPS, APPS / name)

    messages = "\n\n".join(sitting.messages[one] for one in sitting.failed)
    assert sitting.code == 0, messages or sitting.output


@pytest.mark.parametrize(("name", "row"), EDITS, ids=[f"{n}-{r['opens'][0]}" for n, r in EDITS])
def test_an_edit_opens_its_door_and_no_other(name, row):
    """What an edit takes out is what stopped the attack."""
    asked = [one for one in ATTACKS if one not in SLOW or one in row["opens"]]
    wanted = {one: SUCCEEDS if one in row["opens"] else expected(name)[one] for one in asked}

    assert kinds(name, asked, edits_of(row), row.get("looks")) == wanted
