"""Check an app at each save: its results, the lines on the screen, and the keys."""

import asyncio
import difflib
import re
from contextlib import suppress
from datetime import datetime

from workbench.course import ROOT, STEPS
from workbench.differences import NOTHING, course_files, differing
from workbench.finding import shown
from workbench.preview import Preview
from workbench.progress import NAMES, Progress, body
from workbench.runner import Runner
from workbench.saves import saves
from workbench.summary import TYPED

KEYS = "q quit  h hint  a all  d difference  o open app  l lesson  n/p step  Esc first"
VIEWS = {"a": "all", "d": "difference", "l": "lesson"}


class Watch:
    """What is watched, what is known of it, and what the screen shows."""

    def __init__(self, path):
        """Watch the app in this folder, or in this .py file."""
        self.path = path
        self.folder = path.parent if path.suffix == ".py" else path
        self.name = shown(path, ROOT)
        self.runner = Runner(self.name, self.heard)
        self.preview = Preview(path)
        self.progress, self.before = Progress(), Progress()
        self.state = "waiting"
        self.chosen = None  # a step that n or p have asked for
        self.view = ""  # or all, difference, lesson
        self.hints = False
        self.scrolled = 0
        self.redraw = lambda: None

    # What happens

    async def keep_checking(self):
        """Run the checkpoints now and after each save; a save during a run starts over."""
        task = None
        try:
            async for _ in saves(self.folder):
                await stop(task)
                task = asyncio.create_task(self.check())
        finally:
            await stop(task)
            await self.runner.close()
            await self.preview.close()

    async def check(self):
        """Run all checkpoints, those of the current step first."""
        self.before = self.progress if self.progress.ended else self.before
        self.chosen = None  # what comes first is shown again
        self.progress = Progress()
        if not self.folder.is_dir():
            self.progress.trouble = (
                f"There is no folder {self.name}. As soon as there is one, it is checked."
            )
            self.become("waiting for it")
            return
        self.become("checking")
        reloading = asyncio.create_task(self.preview.reload())
        first = self.before.current() if self.before.ended else None
        try:
            order = sorted(NAMES, key=lambda name: (name != first, name))
            self.progress = await self.runner.run(order)
        except Exception as error:  # whatever went wrong, the next save is checked
            self.progress.trouble = f"This run broke off: {error!r}"
        await reloading
        self.become(f"checked at {datetime.now():%H:%M:%S}")

    def heard(self, progress):
        """Show what a run has told so far."""
        self.progress = progress
        self.redraw()

    def become(self, state):
        """Show another state."""
        self.state = state
        self.redraw()

    # What is shown

    def step(self):
        """Return the step that is looked at: the chosen one, or the first that is not done."""
        return self.chosen or self.shown().current() or NAMES[-1]

    def shown(self):
        """Return the newest verdict: that of a run as soon as it says what comes first."""
        new = self.progress
        return new if new.ended or new.trouble or new.failures() else self.before

    def head(self):
        """Return the lines that are always on top."""
        new, known = self.progress, self.progress if self.progress.ended else self.before
        known = Progress() if new.trouble else known
        score = f"   {known.score()}" if known.ended else ""
        state = f" {self.name}{score}   {self.state} "
        if self.state == "checking" and new.total:
            state += f"{len(new.told)} of {sum(new.total.values())} "
        if self.hints:
            state += "  with hints "
        address = f" your app: {self.preview.address}" if self.preview.port else ""
        return [("bar", state), ("", f" {known.ladder()}" if known.ended else ""), ("dim", address)]

    def rows(self):
        """Return the lines below: what to do first, or what a key has asked for."""
        if self.view == "difference":
            return self.difference()
        if self.view == "lesson":
            return self.lesson()
        rows = body(self.shown(), self.chosen, self.hints, self.view == "all")
        if self.shown().ended and not self.shown().current() and not self.chosen:
            rows.append(("", f"To attack it: {TYPED} attack {self.name}"))
        is_old = self.state == "checking" and self.shown() is self.before
        return [("dim", line) for _, line in rows] if is_old else rows

    def difference(self):
        """Return how the app differs from the snapshot of the step."""
        step = STEPS[NAMES.index(self.step())]
        rows = [("title", f"{self.name} and our {step.name}: - is yours, + is ours"), ("", "")]
        for pair in differing(course_files(self.path), course_files(step)):
            old, new = ([] if one == NOTHING else lines_of(one) for one in pair)
            names = ["nothing" if one == NOTHING else shown(one, ROOT) for one in pair]
            lines = difflib.unified_diff(old, new, *names, lineterm="")
            rows += [({"-": "got", "+": "want"}.get(line[:1], ""), line) for line in lines]
        return rows if rows[2:] else [*rows, ("good", "No difference.")]

    def lesson(self):
        """Return the lesson of the step."""
        lines = lines_of(STEPS[NAMES.index(self.lesson_step())] / "README.md")
        return [("title" if line.startswith("#") else "", line) for line in lines]

    def lesson_step(self):
        """Return the step whose lesson the first message names, or the one that is looked at."""
        return self.reading()[0] or self.step()

    def reading(self):
        """Return (step, heading) of where the first message leads, or two empty texts."""
        for one in self.shown().failures(self.chosen)[:1]:
            path, _, heading = one["text"].rpartition("/")[2].partition("#")
            step = one["text"].rpartition("steps/")[2].partition("/")[0]
            if path and step in NAMES:
                return step, heading.strip()
        return "", ""

    # What keys do

    async def press(self, key):
        """Do what a key is for."""
        if key in VIEWS:
            self.view, self.scrolled = "" if self.view == VIEWS[key] else VIEWS[key], 0
            if self.view == "lesson":
                self.scrolled = place_of(self.reading()[1], self.rows())
        elif key == "h":
            self.hints = not self.hints
        elif key in "np":
            at = NAMES.index(self.step()) + (1 if key == "n" else -1)
            self.chosen, self.scrolled = NAMES[max(0, min(at, len(NAMES) - 1))], 0
        elif key == "o":
            await self.preview.open()
        elif key == "first":
            self.chosen, self.view, self.scrolled = None, "", 0
        self.redraw()

    def scroll(self, lines):
        """Move the text by some lines."""
        self.scrolled = max(0, min(self.scrolled + lines, len(self.rows()) - 1))
        self.redraw()


async def stop(task):
    """Cancel a task, if there is one, and wait until it has ended."""
    if task:
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await task


def lines_of(file):
    """Return the lines of a file as far as they are text."""
    return file.read_text("utf-8", "backslashreplace").splitlines()


def place_of(heading, rows):
    """Return the number of the line with a heading, given its anchor; else 0."""
    anchors = (re.sub(r"[^\w -]", "", line).strip().lower().replace(" ", "-") for _, line in rows)
    return next((n for n, anchor in enumerate(anchors) if heading and anchor == heading), 0)
