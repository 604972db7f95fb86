"""What a checkpoint found, and the message that tells the learner."""

import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest
from jinja2 import TemplateNotFound
from sqlalchemy.exc import SQLAlchemyError

from workbench.attempt import Attempt, StillRunning, attempt, describe
from workbench.chapters import reading
from workbench.hints import hint_for_error, hint_for_page
from workbench.lines import line_behind
from workbench.loader import AppCopy
from workbench.page import Page, shorten
from workbench.tags import gap_in_template

ROOT = Path(__file__).resolve().parents[2]
WIDTH = 100  # characters
TOLD = pytest.StashKey[dict]()  # of a run: {(app, reason of a failure): (test, sentence)}
FAILED = pytest.StashKey[set]()  # of a run: the checkpoints in which something has failed
OUTDATED = pytest.StashKey[dict]()  # of a run: {app: what is wrong with the learner's database}
JUDGE = pytest.StashKey[object]()  # of a test: what watches its visits, and has findings
COPY = pytest.StashKey[AppCopy]()  # of a test: the app that it checks


@dataclass(eq=False)
class Finding(pytest.fail.Exception):
    """A check that fails: what was wanted, what was got, and what to read."""

    traced = False  # writing a traceback takes time, and a message replaces it

    want: str
    got: object  # a Page, an Attempt or words
    read: str  # a heading in the README of the checkpoint's step, or of another: 04_views#heading
    hint: str | None = None
    precondition: str | None = None  # a sentence of its own, where later checks depend on it
    at: object = None  # what of the learner's is behind it, unless what was got shows that
    word: str = ""  # a regular expression that picks the line there
    fact: str = ""  # what else was observed; a crash, 404 and 405 tell enough
    shared: str = ""  # a reason for which other tests may fail, too
    sure: bool = False  # the hint rests on what was seen, so it beats the text of a crash
    grave: bool = False  # it may be the cause of other failures
    told_by: str = ""  # the check that reports it

    def __post_init__(self):
        """Tell pytest whether to make a traceback."""
        super().__init__(f"want {self.want}, got {self.got}", pytrace=self.traced)

    def error(self):
        """Return the exception behind what was got, or None."""
        return self.got.error if isinstance(self.got, Page | Attempt) else None

    def seen(self):
        """Return what was observed, for the `got` line of a message."""
        is_page = isinstance(self.got, Page)
        enough = self.error() or (is_page and self.got.status.startswith(("404", "405")))
        if not self.fact or (enough and not self.sure):
            return str(self.got)
        return f"{self.fact}, after {self.got}" if is_page else f"{self.got}; {self.fact}"

    def reasons(self):
        """Return what may make other tests fail, too: an unmet precondition, the same crash."""
        crash = self.error()
        whole = isinstance(crash, StillRunning | TemplateNotFound)  # the other texts differ
        seen = crash and (type(crash) if whole else describe(crash))
        loop = self.got.loop() if isinstance(self.got, Page) else ""
        names = [self.precondition, self.shared, seen, loop, self.uncaught()]
        return [name for name in names if name]

    def uncaught(self):
        """Return where an error of the values that were sent has ended, else None."""
        refused = isinstance(self.error(), ValueError | SQLAlchemyError)
        if not refused or not isinstance(self.got, Page):
            return None
        return f"{type(self.error()).__name__} at {' '.join(self.got.asked)}"

    def chosen_hint(self, copy):
        """Return the hint that follows from what was got, or None for an unknown crash."""
        known = hint_for_page(self.got, copy) if isinstance(self.got, Page) else None
        if self.sure:
            return self.hint
        if self.error():
            return known or hint_for_error(self.error(), copy)
        return known or self.hint


def expect(kept, why=dict, **found):
    """Raise a Finding unless the promise is kept; the test's docstring is its sentence.

    `why` looks closer, and returns more of the Finding; it is called only then.
    """
    if not kept:
        raise Finding(**(found | why()))


def require(sentence, kept, **found):
    """Raise a Finding with a sentence of its own unless the precondition is met."""
    expect(kept, precondition=sentence, **found)


def behind(item, finding):
    """Return the cause of a failure: a broken rule that breaks everything after it, or itself."""
    judge = item.stash.get(JUDGE, None)
    grave = [one for one in judge.findings.values() if one.grave] if judge else []
    return grave[0] if finding and grave else finding


def message(sentence, finding, copy, step, hint, base):
    """Return the message as text: the sentence, then want, got, where, hint (if any) and read.

    `step` is the checkpoint's folder; paths are shown as one types them in the folder `base`.
    """
    where = attempt(place, finding, copy, base).value or shown(copy.source, base)
    lines = [*folded("", sentence, 1), *folded("want", in_ascii(finding.want), 1)]
    got = folded("got", finding.seen(), 2)
    lines += [*got, *folded("where", where, 3 - len(got))]
    lines += folded("hint", hint, 2) if hint else []
    chapter, _, heading = reading(finding, copy, step.name).rpartition("#")
    lines.append(f"  read   {shown(step.parent / chapter / 'README.md', base)}#{heading}")
    return "\n".join(lines)


def place(finding, copy, base):
    """Return the learner's own line that is behind a finding, else their file."""
    if gap := gap_in_template(finding.error()):
        file, first, last, tag = gap
        between = f"between line {first} and line {last}" if first < last else f"line {first}"
        return f"{shown(original(file, copy), base)}, {between}: no {tag}"
    file, number = line_behind(finding, copy) or (copy.source, None)
    ours = original(file, copy)
    if not number:
        return shown(ours, base)
    code = file.read_text("utf-8", "backslashreplace").splitlines()[number - 1 : number]
    line = shorten(" ".join(code).strip(), WIDTH)
    return f"{shown(ours, base)}, line {number}: {line}".removesuffix(": ")


def original(file, copy):
    """Return the learner's own file of which a file is the copy."""
    return copy.folder / file.relative_to(copy.root) if file.is_relative_to(copy.root) else file


def shown(path, base):
    """Return the path from `base` or from the workbook's root, whichever it lies below."""
    above = [folder for folder in (base, ROOT) if path.is_relative_to(folder)]
    return path.relative_to(above[0]).as_posix() if above else str(path)


def folded(label, value, most):
    """Return the text behind its label, in `most` lines of at most 100 characters."""
    start = f"  {label:<6} " if label else ""
    lines = textwrap.wrap(start + plain(value), WIDTH, subsequent_indent=" " * len(start))
    if lines[most:]:
        lines[most - 1] = shorten(f"{lines[most - 1]} {lines[most].strip()}...", WIDTH)
    return lines[:most]


def plain(text):
    """Return the text in one line, without what the terminal cannot show.

    Our words are ASCII, the learner's may be anything: "\u201c" says less than a curly quote.
    """
    encoding = getattr(sys.__stdout__, "encoding", None) or "ascii"
    line = " ".join(str(text).split())
    line = "".join(one if one.isprintable() else escaped(one) for one in line)
    return line.encode(encoding, "backslashreplace").decode(encoding)


def escaped(character):
    """Return a character as Python writes it in a text."""
    return character.encode("unicode_escape").decode("ascii")


def in_ascii(text):
    """Return a text in ASCII: names in it may have letters that a terminal can't show."""
    return str(text).encode("ascii", "backslashreplace").decode()
