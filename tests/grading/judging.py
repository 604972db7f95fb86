"""Run the checks on one submission, as often as it takes, and believe little of what is told."""

import re
import shutil
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from workbench.course import STEPS
from workbench.progress import Progress

from grading.hearing import CANARY, in_one_line
from grading.running import STOPPING, run_once
from grading.submissions import Refused, app_in, first_files, unpack

TESTS = [f"steps/{step.name}/test_checkpoint.py" for step in STEPS]
SECONDS = 60  # for one submission
SILENCE = 25  # seconds without a line
NO_REPORT = "no report"
DEAF = 3  # runs that end before the first verdict, then no further one is begun
REASONS = (  # why an app does not load, as the first message says it
    ("out of time", r"no answer after"),
    ("out of memory", r"MemoryError"),
    ("ended the process", r"_exit\("),
)


@dataclass
class Paper:
    """What a submission is asked: files of tests, and what their checks promise."""

    tests: list
    checks: dict = field(default_factory=dict)  # {(step, name): sentence}
    seconds: float = SECONDS  # for one submission
    silence: float = SILENCE
    module: str = "grading.sitting"  # the process
    if_stopped: str = "failed"  # what comes of a check that stops the process
    attacks: "Paper | None" = None  # what comes afterwards


@dataclass
class Verdict:
    """What came of one submission; it is kept as JSON."""

    name: str
    status: str = "graded"
    note: str = ""  # what the teacher should know first
    app: str = ""  # where in the submission the app was found
    others: list = field(default_factory=list)  # where there are others, which were not checked
    told: list = field(default_factory=list)  # what came of each check
    attacks: list = field(default_factory=list)  # what came of each attack
    mended: list = field(default_factory=list)  # what had to be left out to read the rest
    fingerprint: str = ""
    seconds: float = 0

    @property
    def is_mark(self):
        """Say whether the points are a mark."""
        return self.status == "graded"

    def progress(self, total):
        """Return it as the Progress of a run with so many checks in each step."""
        progress = Progress(total=total, ended=True)
        for one in self.told:
            progress.hear(one)
        return progress


def judge(submission, confined, paper):
    """Return the Verdict on a submission, whatever is in it: the others wait for theirs."""
    begun, verdict = time.monotonic(), Verdict(submission.name)
    try:
        judge_unpacked(verdict, submission.path, confined, paper)
    except Exception as error:  # of the machinery: it is told, and the others get their marks
        what = in_one_line(f"{type(error).__name__}: {error}")
        verdict.status, verdict.note = NO_REPORT, f"{what}."
    verdict.seconds = round(time.monotonic() - begun, 1)
    return verdict


def judge_unpacked(verdict, path, confined, paper):
    """Unpack a submission, find the app in it, and check it."""
    with scratch_folder() as scratch:
        top = scratch / "unpacked"
        try:
            unpack(path, top)
            app, others = app_in(top)
        except (Refused, OSError) as error:
            verdict.status, verdict.note = "not opened", in_one_line(error).replace(str(top), "it")
            return
        there = "" if app else in_one_line(first_files(top))
        names = [in_one_line(one.relative_to(top).as_posix()) for one in (app, *others) if one]
        verdict.app, verdict.others = "".join(names[:1]), names[1:]
        shutil.move(app or top, scratch / "handed-in")
        check_all(verdict, confined, scratch, paper)
        outcomes = {one["outcome"] for one in verdict.told}
        if verdict.is_mark and "skipped" in outcomes and "failed" not in outcomes:
            verdict.status, verdict.note = NO_REPORT, "checks wait, and none has failed."
        if paper.attacks and verdict.is_mark:
            attack_all(verdict, confined, scratch, paper.attacks)
    if not app and verdict.is_mark:
        verdict.status, verdict.note = "no app", f"there is no app.py; there is: {there}"


@contextmanager
def scratch_folder():
    """Yield a new folder that other users can enter but not list; it is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="submission-")).resolve()
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check_all(verdict, confined, scratch, paper):
    """Run all checks; where one ends or stops the process, run those that are left without it."""
    told, deaf, checks, until = {}, 0, paper.checks, time.monotonic() + paper.seconds
    spoken = False
    while len(told) < len(checks) and not STOPPING.is_set():
        run = run_once(confined, scratch, paper, list(told), until)
        verdict.fingerprint, verdict.mended = run.fingerprint, run.mended
        canary = run.told.pop(CANARY, None)
        told |= {key: one for key, one in run.told.items() if key in checks}
        if run.forged or run.changed or (canary and canary["outcome"] != "failed"):
            what = run.changed[0] if run.changed else "what is reported"
            verdict.status, verdict.note = "changed the checks", f"the app changes {what}"
            break
        if run.trouble is None:
            break
        stopped = run.stopped_at()
        spoken |= bool(run.told)
        deaf += not spoken
        if stopped in checks:
            told[stopped] = stopped_one(stopped, paper, run.trouble)
        if stopped not in checks or deaf == DEAF or time.monotonic() > until:
            verdict.status, verdict.note = status_of(run.trouble), run.trouble
            break
    verdict.told = list(told.values())
    if verdict.is_mark and len(told) < len(checks):
        silent = f"checks that told nothing: {len(checks) - len(told)}"
        verdict.status, verdict.note = NO_REPORT, f"{silent}."
    name_what_stopped_it(verdict)


def attack_all(verdict, confined, scratch, paper):
    """Run all attacks on an app that has its mark, which is lost only if it changes what judges."""
    lab = Verdict(verdict.name)
    check_all(lab, confined, scratch, paper)
    verdict.attacks = lab.told
    if lab.status == "changed the checks":
        verdict.status, verdict.note = lab.status, lab.note
    elif not lab.is_mark:
        why = "the attacks broke off" if lab.told else "not attacked, because this fails"
        verdict.note = f"{why}: {in_one_line(lab.note)}"


def stopped_one(check, paper, trouble):
    """Return what is told of a check that had no chance to tell it."""
    step, name = check
    text = f"{paper.checks[check]}\n  got    {trouble}\n  where  your app, during this check"
    return {"step": step, "name": name, "outcome": paper.if_stopped, "text": text, "hint": ""}


def status_of(trouble):
    """Return the status of a submission that was stopped."""
    return "ended the process" if trouble.startswith("the process ended") else "out of time"


def name_what_stopped_it(verdict):
    """Say so where an app is not loaded for want of time or memory, or ends Python at once."""
    if not verdict.is_mark or any(one["outcome"] == "passed" for one in verdict.told):
        return
    first = next((one["text"] for one in verdict.told if one["outcome"] == "failed"), "")
    for status, words in REASONS:
        if re.search(words, first):
            seen = re.search(r"^  got +(.*?)$", first, re.M)
            verdict.status, verdict.note = status, f"the app does not load: {seen[1]}"
            return
