"""What a run prints at its start and its end: which app, the ladder, and what comes next.

A run of several steps on a learner's app is told in short: one ladder, one total, and the first
thing to do. With -v, or for one step, there is pytest's own report around the messages.
"""

import sys
from collections import Counter
from pathlib import Path

import pytest

from workbench.course import (
    FINAL,
    ROOT,
    STEPS,
    ladder,
    named,
    number_of,
    part_of,
    steps_at,
    turn_of,
)
from workbench.finding import OUTDATED, shown
from workbench.message import Message
from workbench.stale import start_over

HINTS_LEFT = pytest.StashKey[bool]()  # of a run: --hints would show more
IN_SHORT = pytest.StashKey[bool]()  # of a run: it is told in short
ENDED = "workbook/ended"  # in pytest's cache: how many runs have come to their end
TYPED = "py workbook.py" if sys.platform == "win32" else "python3 workbook.py"
MINE = ROOT / "my_app"
OUTCOMES = ("passed", "failed", "error", "skipped")
LEARNED = """\
Your app registers users and keeps only salted hashes of their passwords. It tells visitors why
something was refused, shows /welcome only to users who are logged in, and lets them log out."""


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    """Find out whether this run prints the short report, and keep pytest quiet if so."""
    option = config.option
    plain = option.verbose == 0 and option.tbstyle == "auto" and option.capture != "no"
    many = len(steps_at(config.args, config.invocation_params.dir)) > 1
    config.stash[HINTS_LEFT] = False
    config.stash[IN_SHORT] = bool(option.app and plain and many and not option.collectonly)
    if config.stash[IN_SHORT]:
        option.verbose, option.no_summary = -2, True


def pytest_report_collectionfinish(config, items):
    """Say whose app is checked."""
    steps = {item.path.parent for item in items if item.path.parent in STEPS}
    told = steps and not config.stash[IN_SHORT]
    return f"checking {whose(config, sorted(steps))}" if told else []


def whose(config, steps):
    """Name the app that is checked: the learner's as it was typed, or the snapshot."""
    base = config.invocation_params.dir
    if config.option.app:
        return shown((base / Path(config.option.app).expanduser()).resolve(), base)
    ours = f"step {number_of(steps[0])}" if len(steps) == 1 else "steps"
    return f"our own {ours}, not your app"


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report, config):
    """Count a test, and write no letter for it where the run is told in short."""
    if not config.stash[IN_SHORT] or not (report.when == "call" or not report.passed):
        return None
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter.isatty():
        done = sum(len(reporter.getreports(outcome)) for outcome in OUTCOMES) + 1
        reporter.rewrite(f"check {done} of {reporter._session.testscollected}", erase=True)
    outcome = "error" if report.failed and report.when != "call" else report.outcome
    return outcome, "", ""


def pytest_terminal_summary(terminalreporter, config):
    """Write how far each step is, and what comes next."""
    passed, total = Counter(), Counter()
    for outcome in OUTCOMES:
        for report in terminalreporter.getreports(outcome):
            passed[part_of(report)] += outcome == "passed"
            total[part_of(report)] += 1
    steps = [step for step in STEPS if total[step.name] or total[turn_of(step.name)]]
    if not steps:
        return
    if config.stash[IN_SHORT]:
        tell_in_short(terminalreporter, whose(config, steps), passed, total)
    else:
        tell_each_step(terminalreporter, whose(config, steps), passed, total)
    tell_of_older_databases(terminalreporter, config)
    if config.stash[HINTS_LEFT]:
        terminalreporter.line("For a hint, add --hints.")
    if passed.total() == total.total():
        tell_what_comes_next(terminalreporter, config, steps)


def pytest_sessionfinish(session):
    """Note that the run has come to its end: the launcher looks for this."""
    if cache := getattr(session.config, "cache", None):
        cache.set(ENDED, cache.get(ENDED, 0) + 1)


def tell_each_step(reporter, app, passed, total):
    """Write a line per step, below whose app it was."""
    reporter.line("")
    reporter.line(f"Checked {app}:")
    for step in STEPS:
        for part, name in ((step.name, step.name), (turn_of(step.name), "your turn")):
            if of := total[part]:
                done = passed[part]
                reporter.line(f"{name:<11} {'#' * done}{'.' * (of - done)}  {done}/{of}")


def tell_in_short(reporter, app, passed, total):
    """Write the ladder, the total, the first message, and the others in a line each."""
    if reporter.isatty():
        reporter.rewrite("", erase=True)
    reporter.summary_errors()
    reporter.line(f"{app}: {passed.total()} of {total.total()}", bold=True)
    reporter.line(ladder(passed, total))
    if tasks := ladder(passed, total, turn_of):
        reporter.line(f"your turn  {tasks}")
    told = [one for one in reporter.getreports("failed") if isinstance(one.longrepr, Message)]
    tasks = {turn_of(step.name) for step in STEPS}
    told.sort(key=lambda report: (part_of(report) in tasks, part_of(report)))
    for report in told[:1]:
        reporter.line("")
        reporter.line(f"First, {heading(report)}", red=True, bold=True)
        report.longrepr.toterminal(reporter)
    if told[1:]:
        reporter.line("Then:")
        for report in told[1:]:
            reporter.line(f"  {heading(report)}")
    if waiting := len(reporter.getreports("skipped")):
        reporter.line(f"{what_waits(waiting, len(told))}. All: -v")
    elif told[1:]:
        reporter.line("All messages: -v")


def what_waits(waiting, failed):
    """Say how many checks wait for how many that have failed."""
    many = "1 check waits" if waiting == 1 else f"{waiting} checks wait"
    return f"{many} until {'this is' if failed == 1 else 'these are'} done"


def heading(report):
    """Return the step and the sentence of a message."""
    return f"{named(part_of(report))}: {report.longrepr.sentence}"


def tell_of_older_databases(reporter, config):
    """Say what the app's database lacks, and how to start over."""
    for source, sentences in config.stash[OUTDATED].items():
        for sentence in sentences:
            reporter.line(sentence)
            reporter.line(start_over(source.parent))


def tell_what_comes_next(reporter, config, steps):
    """Say where to read on; whose own app it was is done, and others are told how to check it."""
    if not config.option.app:
        if MINE.is_dir():
            step = f" {number_of(steps[0])}" if len(steps) == 1 else ""
            reporter.line(f"To check yours: {TYPED} test{step} my_app")
        return
    if steps == STEPS and not reporter.stats.get("deselected"):
        reporter.line("")
        reporter.line(LEARNED, green=True)
    if len(steps) == 1 and not config.option.your_turn:
        reporter.line(f"Your turn: {shown(steps[0], ROOT)}/README.md#your-turn")
    following = [*(step for step in STEPS if step > steps[-1]), FINAL]
    reporter.line(f"Next: {shown(following[0], ROOT)}/README.md")
    if following[0] == FINAL:
        reporter.line(f"To attack it: {TYPED} attack {whose(config, steps)}")
