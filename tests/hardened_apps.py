"""Attack the apps of hardened/: which attacks succeed, as they are and after an edit."""

from functools import cache
from pathlib import Path

from attacks import ATTACKS
from attacks.lab import Lab

APPS = Path(__file__).with_name("hardened")


def kinds(name, attacks, edits=(), looks=False):
    """Return {attack: what came of it} on an app, after some edits; `looks` at its forms again."""
    lab = Lab(APPS / name, edits, None, *([] if looks else offered(name)))
    assert not looks or lab.look() is None
    return {one: str(lab.attack(ATTACKS[one]).kind) for one in attacks}


@cache
def offered(name):
    """Return who uses an app, and what it offers."""
    lab = Lab(APPS / name)
    unmet = lab.look()
    assert unmet is None, unmet
    return lab.people, lab.features
