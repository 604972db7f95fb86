"""Reports of the checkpoints: messages instead of tracebacks, and each cause only once."""

import gc

import pytest

from workbench.attempt import Attempt, attempt
from workbench.finding import COPY, FAILED, OUTDATED, TOLD, Finding, behind, message
from workbench.message import Message, printed_in
from workbench.summary import HINTS_LEFT

PATIENCE = 3  # failing runs of one checkpoint before its hint is shown unasked
PRINTED = pytest.StashKey[dict]()  # of a run: {app: what it has printed last}
TELLING = pytest.StashKey[bool]()  # of a test: there is a message, in the place of a traceback
FAILURES = "workbook/failures"  # in pytest's cache: {checkpoint and app: failing runs in a row}


def pytest_configure(config):
    """Start without any results; tracebacks are written if --tb= asks for them."""
    Finding.traced = config.getoption("tbstyle") != "auto"
    config.stash[TOLD] = {}
    config.stash[OUTDATED] = {}
    config.stash[FAILED] = set()
    config.stash[PRINTED] = {}


def pytest_collection_finish():
    """Keep the garbage collector from searching imported modules, which stay until the end."""
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Turn a finding into a FAILED with a message, or a skip if its cause was reported before."""
    report = yield
    copy = item.stash.get(COPY, None)
    finding = as_finding(call.excinfo.value, copy) if call.excinfo else None
    finding = behind(item, finding)
    if item.stash.get(TELLING, False):
        report.sections.clear()  # what was logged and printed belongs to no message
    printed = printed_in(report.sections)
    if finding is None:
        if copy and printed:  # what is printed while the app loads belongs to its next check
            item.config.stash[PRINTED][copy.source] = printed
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
        earlier = item.config.stash[PRINTED].get(copy.source, ()) if copy else ()
        report.longrepr = Message(text, item, hint, printed or earlier)
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
    """Return the sentence of the test that has reported the cause of a finding, or None."""
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
