"""The process of one submission: it takes on its limits, then runs the checks and tells of them.

Run as a module it reads its task, a line of JSON, and writes lines of JSON, each with a seal
that code which only prints does not know.
"""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from workbench import browser, finding, second_process  # noqa: F401 - what the checkpoints import
from workbench.warm import Stream

from grading.mending import mend
from grading.similarity import fingerprint
from grading.tampering import changes, machinery

ROOT = Path(__file__).resolve().parents[2]
MY_APP = Path("my_app")  # in the working directory
CANARY = "tests/grading/canary.py"  # pytest looks at a file that is named, whatever its name


class Report(Stream):
    """A plugin of pytest that tells what comes of each check that is still to be run."""

    def __init__(self, file, task):
        """Write to this file."""
        super().__init__(file)
        self.seal = task["seal"]
        self.done = {tuple(one) for one in task["done"]}
        self.items, self.before = [], {}

    def tell(self, **what):
        """Write one line."""
        super().tell(seal=self.seal, **what)

    def pytest_collection_modifyitems(self, items):
        """Leave out what has a verdict."""
        items[:] = [item for item in items if (item.path.parent.name, item.name) not in self.done]

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session):
        """Remember what judges."""
        self.items, self.before = session.items, machinery(session.items)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item):
        """Tell which check begins."""
        self.tell(begun=[item.path.parent.name, item.name], sentence=item.obj.__doc__ or "")

    def pytest_sessionfinish(self, exitstatus):
        """Tell what has changed of what judges: the last line."""
        super().pytest_sessionfinish(exitstatus)
        self.tell(changed=changes(self.before, machinery(self.items))[:5])


def take_on(limits, user):
    """Take on the limits, and become another user where there is one."""
    if user is not None:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    try:
        import resource
    except ImportError:  # Windows
        return
    for name, most in limits.items():
        kind = getattr(resource, name, None)
        hard = resource.getrlimit(kind)[1] if kind is not None else 0
        if kind is not None:
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            try:
                resource.setrlimit(kind, (most, most))
            except (ValueError, OSError):  # macOS knows some names, and sets no such limit
                continue


def prepared():
    """Read the task and make a copy that Python can read, MY_APP; return the task, the Report."""
    task = json.loads(sys.stdin.readline())
    take_on(task["limits"], task["user"])
    report = Report(os.fdopen(os.dup(1), "w", encoding="utf-8"), task)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    my_app = Path(task["work"], MY_APP)
    shutil.rmtree(my_app, ignore_errors=True)
    my_app.parent.mkdir(exist_ok=True)
    shutil.copytree(task["handed_in"], my_app)
    report.tell(fingerprint=fingerprint(my_app), mended=mend(my_app))
    os.chdir(task["work"])
    return task, report


def main():
    """Run the checks."""
    task, report = prepared()
    second_process.begin()
    words = [*(str(ROOT / test) for test in (*task["tests"], CANARY)), f"--app={MY_APP}", "--hints"]
    words += ["-c", str(ROOT / "pyproject.toml"), "-p", "no:cacheprovider"]
    sys.exit(pytest.main(words, plugins=[report]))


if __name__ == "__main__":
    main()
