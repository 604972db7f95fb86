"""Reports of the checkpoints: messages in the place of tracebacks, and the tally.

A message says what a learner's app cannot do yet; finding.py writes it.
"""

import gc
from collections import Counter
from pathlib import Path

import pytest
from _pytest._code.code import ReprFileLocation, TerminalRepr

from workbench.attempt import Attempt, attempt
from workbench.finding import COPY, FAILED, OUTDATED, TOLD, Finding, behind, message, shown

ROOT = Path(__file__).resolve().parents[2]
STEPS = sorted(path.name for path in ROOT.glob("steps/0*"))
PATIENCE = 3  # failing runs of one checkpoint before its hint is shown unasked
TELLING = pytest.StashKey[bool]()  # of a test: there is a message, in the place of a traceback
HINTS_LEFT = pytest.StashKey[bool]()  # of a run: --hints would show more
FAILURES = "workbook/failures"  # in pytest's cache: {checkpoint and app: failing runs in a row}


def pytest_configure(config):
    """Start with nothing told; tracebacks are made where --tb= asks for one."""
    Finding.traced = config.getoption("tbstyle") != "auto"
    config.stash[TOLD] = {}
    config.stash[HINTS_LEFT] = False
    config.stash[OUTDATED] = {}
    config.stash[FAILED] = set()


def pytest_collection_finish():
    """Spare what has been imported the search for garbage: it is there until the end."""
    gc.freeze()


class Message(TerminalRepr):
    """A message in the place of a traceback; its first line is what JUnit and -rf show."""

    def __init__(self, text, item):
        """Hold the text of a message about this test."""
        self.text = text
        path, number, _ = item.location
        self.reprcrash = ReprFileLocation(path, (number or 0) + 1, text.partition("\n")[0])

    def toterminal(self, tw):
        """Write all but the first line, which is the heading above them."""
        tw.line(self.text.partition("\n")[2])

    def __str__(self):
        """Return the text."""
        return self.text


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Turn a finding into a FAILED with a message, or into a skip if it was told before."""
    report = yield
    copy = item.stash.get(COPY, None)
    finding = as_finding(call.excinfo.value, copy) if call.excinfo else None
    finding = behind(item, finding)
    if item.stash.get(TELLING, False):
        report.sections.clear()  # what was logged and printed belongs to no message
    if finding is None:
        if copy and report.when == "call":
            count_failures(item, copy, report.failed)
        return report
    report.when = "call"  # a precondition is checked during setup, and is FAILED all the same
    sentence = finding.precondition or item.function.__doc__
    first = told_before(finding, sentence, item, copy)
    if first:
        reason = f"can't check yet: first make '{first}' pass"
        report.outcome = "skipped"
        report.longrepr = (str(item.path), item.location[1], f"Skipped: {reason}")
        return report
    item.config.stash[FAILED].add(item.path)
    failures = count_failures(item, copy, failed=True)
    if item.config.getoption("tbstyle") == "auto":
        hint = attempt(finding.chosen_hint, copy).value  # a learner's objects may break
        hinted = item.config.getoption("hints") or failures >= PATIENCE
        item.config.stash[HINTS_LEFT] |= bool(hint) and not hinted
        base = item.config.invocation_params.dir
        text = message(sentence, finding, copy, item.path.parent, hinted and hint, base)
        report.longrepr = Message(text, item)
        report.location = (*item.location[:2], sentence)  # the heading above the message
        report.sections.clear()
        item.stash[TELLING] = True
    return report


def as_finding(error, copy):
    """Return the error as a Finding if it is one, or breaks a test of an app; else None."""
    if isinstance(error, Finding):
        return error
    if copy is None or isinstance(error, AssertionError) or not isinstance(error, Exception):
        return None
    return Finding("no exception", Attempt(error=error), read="stuck")


def told_before(finding, sentence, item, copy):
    """Return the sentence with which another test has told the reason of a finding, or None."""
    told = item.config.stash[TOLD]
    keys = [(copy.source, reason) for reason in finding.reasons()]
    test, first = next((told[key] for key in keys if key in told), (item.nodeid, sentence))
    for key in keys:
        told.setdefault(key, (test, first))
    return first if test != item.nodeid else None


def count_failures(item, copy, failed):
    """Return how many runs in a row this checkpoint has failed with the same app."""
    cache = getattr(item.config, "cache", None)  # absent with -p no:cacheprovider
    counts = cache.get(FAILURES, {}) if cache else {}
    key = f"{item.nodeid} {copy.source}"
    count = counts.get(key, 0) + 1 if failed else 0
    if cache and count != counts.pop(key, 0):
        cache.set(FAILURES, counts | ({key: count} if count else {}))
    return count


def pytest_terminal_summary(terminalreporter, config):
    """Write one line per step, and what comes next when all of it is done."""
    passed, total = Counter(), Counter()
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.getreports(outcome):
            step = Path(report.nodeid.partition("::")[0]).parent.name
            passed[step] += outcome == "passed"
            total[step] += 1
    steps = [step for step in STEPS if total[step]]
    if not steps:
        return
    terminalreporter.line("")
    for step in steps:
        done, of = passed[step], total[step]
        terminalreporter.line(f"{step:<11} {'#' * done}{'.' * (of - done)}  {done}/{of}")
    for source, sentences in config.stash[OUTDATED].items():
        folder = shown(source.parent, config.invocation_params.dir)
        for sentence in sentences:
            terminalreporter.line(sentence)
            terminalreporter.line(f"To start over: python3 workbook.py reset {folder}")
    if all(passed[step] == total[step] for step in steps):
        terminalreporter.line(what_comes_after(steps[-1]))
    elif config.stash[HINTS_LEFT]:
        terminalreporter.line("For a hint, add --hints.")


def what_comes_after(step):
    """Say where to read on when this step is done."""
    following = [f"steps/{name}" for name in STEPS if name > step] + ["final"]
    chapters = [f"{name}/README.md" for name in following if (ROOT / name).exists()]
    return f"Next: {chapters[0]}" if chapters else "All steps are done."
