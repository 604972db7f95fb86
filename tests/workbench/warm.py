"""A process that has imported everything and waits: told to, it runs checkpoints at once.

Run as a module it reads one line of JSON, the words for pytest, and writes a line for each
test, and one at the end. What the app prints comes with the test in which it was printed.
"""

import json
import os
import sys
from pathlib import Path

import pytest

from workbench import browser, finding, second_process  # noqa: F401 - what the checkpoints import
from workbench.message import Message


class Stream:
    """A plugin of pytest that tells another process what it sees, as lines of JSON."""

    def __init__(self, file):
        """Write to this file."""
        self.file = file

    def tell(self, **what):
        """Write one line."""
        print(json.dumps(what), file=self.file, flush=True)

    def pytest_collection_finish(self, session):
        """Tell how many checks each step has."""
        steps = [item.path.parent.name for item in session.items]
        self.tell(total={step: steps.count(step) for step in steps})

    def pytest_runtest_logreport(self, report):
        """Tell what came of a check, once."""
        if report.when != "call" and report.passed:
            return
        path, _, name = report.nodeid.partition("::")
        told = {"step": Path(path).parent.name, "name": name, "outcome": report.outcome}
        if isinstance(report.longrepr, Message):
            one = report.longrepr
            told |= {"text": one.text, "hint": one.hint, "printed": one.printed}
        elif report.failed:  # the test itself is broken: show what pytest would
            told |= {"text": report.longreprtext[-2000:]}
        self.tell(**told)

    def pytest_sessionfinish(self, exitstatus):
        """Tell that this was all."""
        self.tell(ended=int(exitstatus))


def main():
    """Wait for the words, run pytest with them, and end."""
    second_process.begin()
    file = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the terminal belongs to who started this
    if words := sys.stdin.readline():
        os.chdir(second_process.TESTS.parent)
        sys.exit(pytest.main(json.loads(words), plugins=[Stream(file)]))


if __name__ == "__main__":
    main()
