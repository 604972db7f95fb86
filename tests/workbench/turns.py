"""Your turn: the task of a step, which is checked when asked for and when its step is done."""

import pytest

from workbench.course import TURN, number_of

OPEN = pytest.StashKey[set]()  # of a run: the folders of the steps that are not done


def pytest_configure(config):
    """Start with no step that is not done."""
    config.stash[OPEN] = set()


def pytest_ignore_collect(collection_path, config):
    """Leave the tasks out unless they are asked for."""
    return True if collection_path.name == TURN and not config.option.your_turn else None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Let a task wait until its step is done."""
    step = item.path.parent
    if item.path.name == TURN and step in item.config.stash[OPEN]:
        pytest.skip(f"can't check yet: first make step {number_of(step)} pass")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item):
    """Note which steps are not done."""
    report = yield
    if item.path.name != TURN and not report.passed:
        item.config.stash[OPEN].add(item.path.parent)
    return report
