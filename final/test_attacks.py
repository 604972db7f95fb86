"""Attacks: each succeeds on step 05 and fails on final/, in one test.

They are those that `workbook.py attack` runs on any app, see tests/attacks/. Where step 05 lacks
the feature, or already resists, the attack is on a recipe that tutorials copy: step 05 with a few
lines changed. attacks.toml has the edits.
"""

import tomllib
from functools import cache
from pathlib import Path

import pytest
from attacks import ATTACKS
from attacks.lab import Lab
from attacks.verdicts import FAILS, SUCCEEDS

FINAL = Path(__file__).parent
STEP = FINAL.parent / "steps/05_logout"
EDITS = tomllib.loads(Path(__file__).with_name("attacks.toml").read_text("utf-8"))
FEATURES = EDITS.pop("features")


def on_step(name):
    """Attack step 05, with what the attack needs built into it; return the Verdict."""
    edits = EDITS[name]
    built = [edit for feature in edits.get("on", []) for edit in FEATURES[feature]]
    lab = Lab(STEP, [*built, *edits.get("recipe", [])])
    return lab.look() or lab.attack(ATTACKS[name])


@cache
def offered():
    """Return what final/ offers: people and forms, found as a visitor finds them."""
    lab = Lab(FINAL)
    assert lab.look() is None
    return lab.people, lab.features


def on_final(name, prepare, edits=()):
    """Attack final/, or what is left of it after some edits; return the Verdict."""
    return Lab(FINAL, edits, prepare, *offered()).attack(ATTACKS[name])


@pytest.mark.parametrize("name", EDITS)
def test_attack(name, database, prepare):
    """It succeeds on step 05 or the recipe, fails on final/, and succeeds without the fix."""
    fix, only_on = EDITS[name].get("fix"), EDITS[name].get("only_on")
    if not database:
        assert on_step(name).kind == SUCCEEDS, "the attack does not work any more"
    whole = on_final(name, prepare)
    assert whole.kind == FAILS, whole
    if fix and not (database and only_on == "sqlite"):
        without = on_final(name, prepare, fix)
        assert without.kind == SUCCEEDS, f"something else stops it: {without}"


def test_the_list_is_in_order():
    """Every attack has its edits, in the order of the chapters."""
    assert [*EDITS] == [*ATTACKS]
