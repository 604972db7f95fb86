"""Run checkpoints as a learner does, and read what they report."""

import contextlib
import gc
import io
import multiprocessing
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
STEPS = sorted(ROOT.glob("steps/0*"))
TIMEOUT = 120  # seconds


@dataclass
class Sitting:
    """The result of running a checkpoint."""

    code: int
    output: str
    outcomes: dict = field(default_factory=dict)  # {test name: passed, failed, error or skipped}
    messages: dict = field(default_factory=dict)  # {test name: message of a failure or a skip}

    def of(self, outcome):
        """Return the names of the tests with this outcome, in the order of the file."""
        return [name for name, seen in self.outcomes.items() if seen == outcome]

    @property
    def failed(self):
        """The names of the tests that failed, errors included."""
        return [name for name, seen in self.outcomes.items() if seen in ("failed", "error")]

    @property
    def message(self):
        """The message of the first failure, or an empty string."""
        return self.messages[self.failed[0]] if self.failed else ""


def run_pytest(*words, cwd=ROOT, columns=80):
    """Run pytest with these words in the folder `cwd`; return the finished process."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", *map(str, words)],
        cwd=cwd,
        env=os.environ | {"COLUMNS": str(columns)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="backslashreplace",
        timeout=TIMEOUT,
        check=False,
    )


def sit(steps, app=None, *options, cwd=ROOT):
    """Run the checkpoints of one step, or of a list of steps, on an app; return a Sitting.

    `app` is what is typed behind --app=, without it the snapshots are checked.
    """
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch, "report.xml")
        done = run_pytest(*paper(steps, app, report), *options, cwd=cwd)
        return read(report, Sitting(done.returncode, done.stdout))


def sit_side_by_side(papers):
    """Return {app: future} of sit() for many apps, given as {app: steps}, as many at once as cores.

    Each has a process of its own, as a learner's run has, and no hints; all are done.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return {app: pool.submit(sit, steps, app) for app, steps in papers.items()}


def sit_here(steps, app, cwd):
    """Do the same with hints and in this process, whose folder and output are taken over."""
    with tempfile.TemporaryDirectory() as scratch, contextlib.chdir(cwd):
        report, output = Path(scratch, "report.xml"), io.StringIO()
        with contextlib.redirect_stdout(output):
            code = pytest.main([*map(str, paper(steps, app, report)), "--hints"])
        gc.unfreeze()  # objects that this run has left can be collected during the next
        return read(report, Sitting(int(code), output.getvalue()))


def sit_all(sittings):
    """Return the results of many sittings, given as (steps, app, cwd), on all cores at once.

    Each core keeps one process for them, because starting one takes longer than a checkpoint.
    """
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=fresh) as pool:
        return list(pool.map(sit_here, *zip(*sittings, strict=True)))


def paper(steps, app, report):
    """Return the arguments with which pytest runs the checkpoints of a step, or of a list."""
    folders = [steps] if isinstance(steps, Path) else steps
    asked = [f"--app={app}"] if app else []
    return [*folders, *asked, f"--junitxml={report}", "-p", "no:cacheprovider"]


def read(report, sitting):
    """Return the sitting with the outcomes and messages of its JUnit report, if there is one."""
    if not report.exists():
        return sitting
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - pytest wrote it a moment ago
        name = case.get("name")
        seen = next((part for part in case if part.tag in ("failure", "error", "skipped")), None)
        outcome = {"failure": "failed"}.get(seen.tag, seen.tag) if seen is not None else "passed"
        sitting.outcomes[name] = outcome
        if seen is not None:
            sitting.messages[name] = (seen.text or seen.get("message", "")).strip()
    return sitting
