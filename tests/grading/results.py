"""What a teacher gets: a table, a file for each student, and a summary of the class."""

import csv
import hashlib
import json
import os
import re
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import asdict
from functools import cache

from workbench.course import STEPS, named, number_of
from workbench.own_data import name_aside
from workbench.progress import bar, body

from grading import attacked
from grading.judging import Verdict
from grading.similarity import fingerprint

STUB = re.compile(r"\(\*args, \*\*kwargs\): raise SyntaxError\(.*")  # see mending.py
KEPT = "results.json"  # all that is known, from which the rest is generated
TABLE = "grades.csv"
FEEDBACK = "feedback"
COMMONEST = 3
LONGEST_NAME = 200  # bytes


class Results:
    """The verdicts on a class, and the folder that holds what is made of them."""

    def __init__(self, folder, table=None):
        """Go on with what the folder holds."""
        self.folder, self.table = folder, table or folder / TABLE
        self.verdicts = {}
        if (folder / KEPT).is_file():
            self.read(folder / KEPT)

    def ask(self, paper):
        """Take note of what the submissions are asked."""
        self.checks = paper.checks  # {(step, name): sentence}
        self.attacks = paper.attacks.checks if paper.attacks else {}
        self.total = dict(Counter(step for step, _ in self.checks))
        self.steps = [step for step in STEPS if step.name in self.total]
        return self

    def have_attacks(self):
        """Say whether anyone's app was attacked."""
        return attacked.is_asked(self.verdicts.values())

    def read(self, file):
        """Take over the verdicts of an earlier run."""
        try:
            for one in json.loads(file.read_text("utf-8")):
                self.verdicts[one["name"]] = Verdict(**one)
        except (ValueError, TypeError, KeyError):
            sys.exit(f"{file} can't be read. Move it away, and grade everyone again.")

    def keep_only(self, names):
        """Forget the verdicts on others than these."""
        self.verdicts = {name: self.verdicts[name] for name in names if name in self.verdicts}

    def add(self, verdict):
        """Add a verdict, in the place of an older one."""
        self.verdicts[verdict.name] = verdict

    def prepare(self):
        """Make the folder, and see whether the table can be written; raises OSError."""
        (self.folder / FEEDBACK).mkdir(parents=True, exist_ok=True)
        with suppress(PermissionError), self.table.open("a"):  # see write()
            pass

    def write(self):
        """Write everything below the folder, and the table."""
        self.prepare()
        new = self.folder / f"{KEPT}.new"
        new.write_text(json.dumps([asdict(one) for one in self.sorted()], indent=1), "utf-8")
        new.replace(self.folder / KEPT)
        written = [self.write_feedback(verdict) for verdict in self.sorted()]
        for file in {*(self.folder / FEEDBACK).glob("*.txt")} - {*written}:
            file.unlink()  # of someone who has gone
        try:
            self.write_table()
        except PermissionError:  # on Windows, a table that is open in Excel
            self.table = name_aside(self.table)
            self.write_table()

    def write_feedback(self, verdict):
        """Write the file for a student, with a name that every disk takes; return it."""
        name = verdict.name
        if len(os.fsencode(name)) > LONGEST_NAME:
            name = f"{name[:40]}-{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]}"
        file = self.folder / FEEDBACK / f"{name}.txt"
        text = "\n".join(self.feedback(verdict)) + "\n"
        file.write_text(text, "utf-8", errors="backslashreplace")
        return file

    def write_table(self):
        """Write the table, in the way that Excel reads letters with accents."""
        how = {"encoding": "utf-8-sig", "errors": "backslashreplace", "newline": ""}
        with self.table.open("w", **how) as file:
            csv.writer(file).writerows([self.heading(), *map(self.row, self.sorted())])

    def sorted(self):
        """Return the verdicts by name."""
        return [self.verdicts[name] for name in sorted(self.verdicts)]

    def heading(self):
        """Return the names of the columns."""
        steps = [f"step {number_of(step)} of {self.total[step.name]}" for step in self.steps]
        whole = f"total of {sum(self.total.values())}"
        more = attacked.heading(self.verdicts.values())
        return ["name", *steps, whole, *more, "status", "note", "first to do", "same code as"]

    def row(self, verdict):
        """Return the cells of a submission; where there is no mark, those of points are empty."""
        progress, points = verdict.progress(self.total), [""] * (len(self.steps) + 1)
        if verdict.is_mark:
            points = [*map(progress.passed, self.total), progress.passed()]
        if self.have_attacks():
            points += attacked.cells(verdict)
        first = progress.failures()[:1]
        to_do = f"{named(first[0]['step'])}: {sentence(first[0])}" if first else ""
        cells = [self.note(verdict), to_do, ", ".join(self.same_code(verdict))]
        return [safe(verdict.name), *points, verdict.status, *map(safe, cells)]

    def note(self, verdict):
        """Return what a teacher should know about a submission before its points."""
        where = f"the app is in {verdict.app}" if verdict.app not in ("", ".", "my_app") else ""
        others = f"not checked: {', '.join(verdict.others)}" if verdict.others else ""
        return "; ".join(
            filter(None, [*verdict.mended, verdict.note, where, others, zero(verdict)])
        )

    def same_code(self, verdict):
        """Return the names of what has the same code, but for names and layout."""
        if not verdict.fingerprint:
            return []
        mark = verdict.fingerprint
        ours = [f"our step {number_of(step)}" for step in STEPS if mark_of(step) == mark]
        others = [one for one in self.sorted() if one.name != verdict.name]
        return ours + [one.name for one in others if one.fingerprint == mark]

    def feedback(self, verdict):
        """Return the lines for a student: what a learner sees, with hints."""
        progress = verdict.progress(self.total)
        lines = [verdict.name, ""]
        lines += [f"{words}" for words in verdict.mended]
        if not verdict.is_mark:
            lines += [f"There are no points: {verdict.status} ({verdict.note})."]
        else:
            lines += [progress.score(), progress.ladder()]
        if verdict.told:
            rows = body(progress, hints=True, everything=True)
            lines += ["", *(STUB.sub("(...):", line) for _, line in rows)]
        if verdict.others:
            lines += ["", f"Checked: {verdict.app}. Not checked: {', '.join(verdict.others)}."]
        if verdict.note and verdict.is_mark:
            lines += ["", f"{verdict.note}."]
        return lines + attacked.feedback(verdict)

    def summary(self):
        """Return the lines for the screen: how far the class is, and what to repeat."""
        graded = [one for one in self.sorted() if one.is_mark]
        others = [one for one in self.sorted() if not one.is_mark]
        lines = [f"{len(graded) + len(others)} submissions, {len(graded)} of them graded"]
        lines += [f"  {one.name}: {one.status} ({one.note})" for one in others]
        if not graded:
            return lines
        passed = Counter(
            (told["step"], told["name"])
            for one in graded
            for told in one.told
            if told["outcome"] == "passed"
        )
        lines += ["", f"passed by, of {len(graded)}:"]
        for check, words in self.checks.items():
            done = passed[check]
            lines.append(f"{done:>5}  {bar(done, len(graded))}  {named(check[0])}: {words}")
        lines += self.commonest(graded)
        return lines + (attacked.summary(graded, self.attacks) if self.attacks else [])

    def commonest(self, graded):
        """Return what stops most students, in the words of the messages."""
        firsts = [one.progress(self.total).failures()[:1] for one in graded]
        counts = Counter((one["step"], sentence(one)) for first in firsts for one in first)
        if not counts:
            return []
        lines = ["", "What stops most of them first:"]
        for (step, words), count in counts.most_common(COMMONEST):
            lines.append(f"{count:>5}  {named(step)}: {words}")
        return lines


@cache
def mark_of(step):
    """Return the fingerprint of a snapshot."""
    return fingerprint(step)


def zero(verdict):
    """Return what stops everything, if no check has passed."""
    if not verdict.is_mark or any(one["outcome"] == "passed" for one in verdict.told):
        return ""
    got = (re.search(r"^  got +(.*)$", one.get("text", ""), re.M) for one in verdict.told)
    return next((found[1] for found in got if found), "")


def sentence(told):
    """Return what a person cannot do yet."""
    return told.get("text", "").partition("\n")[0]


def safe(cell):
    """Return the text of a cell so that no spreadsheet takes it for a formula."""
    line = re.sub(r"\s+", " ", cell).strip()
    return f"'{line}" if line.startswith(("=", "+", "-", "@")) else line
