"""What a run prints at its start and its end: which app, the ladder, and what comes next.

A run of several steps on a learner's app is told in short: one ladder, one total, and the first
thing to do. With -v, or for one step, there is pytest's own report around the messages.
"""

import sys
from collections import Counter
from pathlib import Path

import pytest

from workbench.course import FINAL, ROOT, STEPS, TURN, number_of, rung, steps_at
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
Your app registers users and keeps only salted hashes of their passwords. It tells every visitor
why something is refused, shows /welcome to users alone, and ends a login when they log out."""


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
    steps = [step for step in STEPS if total[step] or total[step / TURN]]
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


def part_of(report):
    """Return the folder of the step that a check belongs to, or the file of its task."""
    path = ROOT / "steps" / Path(report.nodeid.partition("::")[0]).parent.name
    return path / TURN if is_turn(report) else path


def is_turn(report):
    """Say whether a check belongs to the task of a step, and not to its checkpoint."""
    return Path(report.nodeid.partition("::")[0]).name == TURN


def pytest_sessionfinish(session):
    """Note that the run has come to its end: the launcher looks for this."""
    if cache := getattr(session.config, "cache", None):
        cache.set(ENDED, cache.get(ENDED, 0) + 1)


def tell_each_step(reporter, app, passed, total):
    """Write a line per step, below whose app it was."""
    reporter.line("")
    reporter.line(f"Checked {app}:")
    for step in STEPS:
        for part, name in ((step, step.name), (step / TURN, "your turn")):
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
    if any(total[step / TURN] for step in STEPS):
        reporter.line(f"your turn  {ladder(passed, total, TURN)}")
    told = [one for one in reporter.getreports("failed") if isinstance(one.longrepr, Message)]
    told.sort(key=lambda report: (is_turn(report), part_of(report)))
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
    part, turn = part_of(report), is_turn(report)
    step = f"{number_of(part.parent)}, your turn" if turn else number_of(part)
    return f"step {step}: {report.longrepr.sentence}"


def ladder(passed, total, file=""):
    """Return all steps, or their tasks, in a line: 1 ok  2 ok  3 ok  4 ####......  5 ......"""
    parts = [(step, step / file) for step in STEPS]
    return "  ".join(rung(step, passed[part], total[part]) for step, part in parts if total[part])


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
