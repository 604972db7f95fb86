"""The progress of an app: the results of its checks, and the lines for a screen."""

import re
from dataclasses import dataclass, field

from workbench.course import STEPS, ladder, named, turn_of
from workbench.summary import LEARNED, what_waits

NAMES = [step.name for step in STEPS]
MOST = 5  # lines of what an app has printed
BAR = 20  # characters


@dataclass
class Progress:
    """The results of one run of an app, check by check."""

    total: dict = field(default_factory=dict)  # {step: how many checks}
    told: dict = field(default_factory=dict)  # {(step, check): its outcome}
    ended: bool = False
    trouble: str = ""  # why there is no verdict

    def hear(self, line):
        """Take in a line of the running process."""
        if "total" in line:
            self.total = line["total"]
        elif "ended" in line:
            self.ended = True
        else:
            self.told[line["step"], line["name"]] = line

    def passed(self, step=None):
        """Return how many checks have passed, of a step or of all."""
        steps = [step] if step else NAMES
        return sum(one["outcome"] == "passed" for one in self.told.values() if one["step"] in steps)

    def is_done(self, step):
        """Say whether all checks of a step have passed."""
        return bool(self.total.get(step)) and self.passed(step) == self.total[step]

    def is_judged(self, step):
        """Say whether all checks of a step have been run."""
        run = [name for name, _ in self.told if name == step]
        return bool(self.total.get(step)) and len(run) == self.total[step]

    def current(self):
        """Return the first step that is not done, or None."""
        return next((step for step in NAMES if not self.is_done(step)), None)

    def failures(self, step=None):
        """Return what has failed, of a step or a task or of all steps, earlier steps first."""
        parts = [step] if step else NAMES
        failed = [one for one in self.told.values() if one["outcome"] == "failed"]
        failed = [one for one in failed if one["step"] in parts]
        return sorted(failed, key=lambda one: one["step"])

    def waiting(self, step=None):
        """Return how many checks wait for something that has failed, of a step or of all."""
        steps = [step] if step else NAMES
        skipped = [one for one in self.told.values() if one["outcome"] == "skipped"]
        return sum(one["step"] in steps for one in skipped)

    def ladder(self, part=str):
        """Return all steps, or their tasks, in one line: 1 ok  2 ok  3 ##..."""
        return ladder({name: self.passed(name) for name in self.total}, self.total, part)

    def tasks(self):
        """Return the tasks of the steps in one line like the ladder."""
        return self.ladder(turn_of)

    def score(self):
        """Return the total: 25 of 37."""
        return f"{self.passed()} of {sum(self.total.get(name, 0) for name in NAMES)}"


def body(progress, step=None, hints=False, everything=False):
    """Return (style, line) pairs about a step: what to do first, and what waits.

    `step` is None for whatever comes first.
    """
    if progress.trouble:
        return [("bad", progress.trouble)]
    failed = progress.failures(step)
    if not failed:
        return about_no_failure(progress, step, hints)
    rows = []
    for one in failed if everything else failed[:1]:
        rows += [*message(one, hints), ("", "")]
    others = [] if everything else failed[1:]
    rows += [("dim", f"then {heading(one)}") for one in others[:6]]
    if waiting := progress.waiting(step):
        rows.append(("dim", what_waits(waiting, len(failed))))
    return rows


def about_no_failure(progress, step, hints):
    """Return the lines where nothing has failed: it is done, or is not checked yet."""
    if progress.ended and progress.current() is None and step is None:
        rows = [("good", " ".join(LEARNED.split())), ("", "Next: final/README.md")]
        tasks = f"your turn  {progress.tasks()}   p and n show each step with its task"
        return [*rows, ("dim", tasks)] if progress.tasks() else rows
    if step and progress.is_done(step):
        return [("good", f"{named(step).capitalize()} is done."), *task(progress, step, hints)]
    if step and progress.ended and progress.waiting(step):
        first = progress.failures()[:1]
        step = named(step).capitalize()
        words = f"{step} waits for {heading(first[0])}" if first else "It waits."
        return [("", words)]
    return [("dim", "No verdict yet.")]


def task(progress, step, hints):
    """Return the lines about the task of a step that is done."""
    turn = turn_of(step)
    if progress.is_done(turn):
        return [("good", "Its task is done, too.")]
    first = progress.failures(turn)[:1]
    return [row for one in first for row in [("", ""), *message(one, hints)]]


def message(one, hints):
    """Return the lines of a message, each with what it is for."""
    rows, label = [("title", heading(one))], ""
    for line in re.sub(r"\n {9}", " ", one["text"]).splitlines()[1:]:
        label = line[:8].strip() or label
        if label == "read" and hints and one.get("hint") and "\n  hint " not in one["text"]:
            rows.append(("hint", f"  hint   {one['hint']}"))
        rows.append((label if label in ("want", "got", "where", "hint") else "", line))
    if printed := one.get("printed"):
        rows += [("dim", "  your app printed"), *(("", f"    {line}") for line in printed[-MOST:])]
    return rows


def heading(one):
    """Return the step, or its task, and the sentence of a failure."""
    return f"{named(one['step'])}: {one['text'].splitlines()[0]}"


def bar(done, of):
    """Return how many of all, as a bar: #####......"""
    return f"{'#' * round(BAR * done / of):.<{BAR}}"
