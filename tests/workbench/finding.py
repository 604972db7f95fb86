"""What a checkpoint found, and the message that tells the learner."""

import inspect
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest
from jinja2 import TemplateNotFound

from workbench.attempt import Attempt, StillRunning, describe, stack_of
from workbench.browser import Page
from workbench.hints import hint_for_error, hint_for_page
from workbench.loader import AppCopy

ROOT = Path(__file__).resolve().parents[2]
WIDTH = 100  # characters
TOLD = pytest.StashKey[dict]()  # of a run: {(app, reason of a failure): (test, sentence)}
COPY = pytest.StashKey[AppCopy]()  # of a test: the app that it checks


@dataclass(eq=False)
class Finding(pytest.fail.Exception):
    """A promise that is not kept yet: what was wanted, what was got, where to read on."""

    traced = False  # pytest takes its time to write one, and a message replaces it

    want: str
    got: object  # a Page, an Attempt or words
    read: str  # "heading" in the README of the checkpoint's step, or "04_views#heading"
    hint: str | None = None
    precondition: str | None = None  # a sentence of its own, where later checks depend on it

    def __post_init__(self):
        """Tell pytest whether to make a traceback."""
        super().__init__(f"want {self.want}, got {self.got}", pytrace=self.traced)

    def error(self):
        """Return the exception behind what was got, or None."""
        return self.got.error if isinstance(self.got, Page | Attempt) else None

    def reasons(self):
        """Return what may make other tests fail, too: an unmet precondition, the same crash."""
        crash = self.error()
        whole = isinstance(crash, StillRunning | TemplateNotFound)  # the other texts differ
        names = [self.precondition, crash and (type(crash) if whole else describe(crash))]
        return [name for name in names if name]

    def chosen_hint(self, app):
        """Return the hint that follows from what was got; for an unknown crash there is none."""
        known = hint_for_page(self.got) if isinstance(self.got, Page) else None
        if self.error():
            return known or hint_for_error(self.error(), app)
        return known or self.hint


def expect(kept, *, want, got, read, hint=None):
    """Raise a Finding unless the promise is kept; the test's docstring is its sentence."""
    if not kept:
        raise Finding(want, got, read, hint)


def require(sentence, kept, *, want, got, read, hint=None):
    """Raise a Finding with a sentence of its own unless the precondition is met."""
    if not kept:
        raise Finding(want, got, read, hint, sentence)


def message(sentence, finding, copy, step, hinted, base):
    """Return the message as text: the sentence, then want, got, where, hint and read.

    `step` is the checkpoint's folder; paths are shown as one types them in the folder `base`.
    """
    where = place(finding, copy, base)
    hint = hinted and finding.chosen_hint(copy.app)
    lines = [*folded("", sentence, 1), *folded("want", finding.want, 1)]
    lines += [*folded("got", finding.got, 2), *folded("where", where, 1)]
    lines += folded("hint", hint, 2) if hint else []
    chapter, _, heading = finding.read.rpartition("#")
    readme = step.parent / (chapter or step.name) / "README.md"
    lines.append(f"  read   {shown(readme, base)}#{heading}")
    return "\n".join(lines)


def place(finding, copy, base):
    """Return the learner's own line that an error came through last, else their file."""
    stack = trace(finding.error(), copy.app)
    ours = [(name, number) for name, number in stack if Path(name).is_relative_to(copy.root)]
    if not ours:
        return shown(copy.source, base)
    name, number = ours[-1]
    file = shown(copy.folder / Path(name).relative_to(copy.root), base)
    code = Path(name).read_text("utf-8", "backslashreplace").splitlines()[number - 1 : number]
    return f"{file}, line {number}: {' '.join(code).strip()}".removesuffix(": ")


def trace(error, app):
    """Return (file, line) of what an error came through, or of a view that returned nothing."""
    silent = re.search("view function for '(.+?)' did not return", str(error))
    if silent and app:
        code = inspect.unwrap(app.view_functions[silent[1]]).__code__
        return [(code.co_filename, code.co_firstlineno)]
    return stack_of(error) if error else []


def shown(path, base):
    """Return the path from `base` or from the workbook's root, whichever it lies below."""
    above = [folder for folder in (base, ROOT) if path.is_relative_to(folder)]
    return path.relative_to(above[0]).as_posix() if above else str(path)


def folded(label, value, most):
    """Return the text in ASCII behind its label, in `most` lines of at most 100 characters."""
    start = f"  {label:<6} " if label else ""
    rest = " " * len(start)
    wrapper = {"subsequent_indent": rest, "max_lines": most, "placeholder": " ..."}
    return textwrap.wrap(start + plain(value), WIDTH, **wrapper)


def plain(text):
    """Return the text in ASCII and without control characters."""
    return " ".join(str(text).split()).encode("ascii", "backslashreplace").decode()
