"""A process that has imported everything, and runs checkpoints as soon as it is told to.

Run as a module it reads one line of JSON, the words for pytest, and writes a line for each
test, and one at the end. What the app prints comes with the test in which it was printed.
"""

import json
import os
import sys

import pytest

from workbench import browser, finding, second_process  # noqa: F401 - what the checkpoints import
from workbench.course import part_of
from workbench.message import Message


class Stream:
    """A plugin of pytest that reports results to another process as lines of JSON."""

    def __init__(self, file):
        """Write to this file."""
        self.file = file

    def tell(self, **what):
        """Write one line."""
        print(json.dumps(what), file=self.file, flush=True)

    def pytest_collection_finish(self, session):
        """Tell how many checks each step has."""
        parts = [part_of(item) for item in session.items]
        self.tell(total={part: parts.count(part) for part in parts})

    def pytest_runtest_logreport(self, report):
        """Tell what came of a check, once."""
        if report.when != "call" and report.passed:
            return
        name = report.nodeid.partition("::")[2]
        told = {"step": part_of(report), "name": name, "outcome": report.outcome}
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
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the terminal belongs to the parent process
    if words := sys.stdin.readline():
        os.chdir(second_process.TESTS.parent)
        sys.exit(pytest.main(json.loads(words), plugins=[Stream(file)]))


if __name__ == "__main__":
    main()
