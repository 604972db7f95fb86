"""Guard: an app that keeps the contract passes every checkpoint, whatever its style."""

import shutil
from pathlib import Path

import pytest
from examiner import STEPS, sit, sit_side_by_side

STYLES = sorted(filter(Path.is_dir, Path(__file__).with_name("other_styles").iterdir()))


@pytest.fixture(scope="module")
def sittings():
    """What all checkpoints say of each app: {app: future}."""
    return sit_side_by_side(dict.fromkeys(STYLES, STEPS))


def test_there_are_several_styles():
    """other_styles/ holds at least six apps."""
    assert len(STYLES) >= 6


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_a_correct_app_passes_every_checkpoint(style, sittings):
    """No checkpoint fails, or is skipped, because an app is written in another style."""
    sitting = sittings[style].result()

    messages = "\n\n".join(sitting.messages[name] for name in sitting.failed)
    assert sitting.code == 0, messages or sitting.output
    assert sitting.of("passed") == list(sitting.outcomes), sitting.output


def test_a_package_in_its_folder(tmp_path):
    """app/__init__.py is started twice as one app: its database is where it was."""
    shutil.copytree(STEPS[-1] / "templates", tmp_path / "dora/app/templates")
    shutil.copy(STEPS[-1] / "app.py", tmp_path / "dora/app/__init__.py")
    sitting = sit(STEPS, tmp_path / "dora")

    assert sitting.code == 0, [sitting.messages[name] for name in sitting.failed]
