"""The table of mistakes: what it holds, and how a mistake is made in a copy of a snapshot."""

import difflib
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path

from examiner import STEPS

WITH_PAGES = 4  # from this step on there are pages, and the checks of both snapshots are the same
COURSE = ("app.py", "templates")  # what a learner writes, and what the course's diff shows


@dataclass(frozen=True)
class Mistake:
    """A row of the table."""

    name: str
    step: int  # the first one in which it can be made
    edits: list  # [file, old text, new text]; [file, "", text] makes a file, [path, path] renames
    fails: str  # the check that fails
    question: str  # as a learner would type it into a search box
    fix: str  # what to do, and because of what, in one or two short sentences
    says: list  # words that the message must hold
    lacks: list = ()  # words that would be a wrong guess
    until: int = len(STEPS)  # the last step in which it makes sense
    hint: bool = True  # False: Python's own words, or what was got, say it
    why: str = ""  # the reason, where it is told apart; these rows are whole in the README
    read: str = ""  # 04_views#templates: what explains it, if not the section of the check

    @property
    def answer(self):
        """What to do, and the reason."""
        return f"{self.fix} {self.why}".strip()

    @property
    def home(self):
        """The snapshot of its step, whose checkpoint notices it."""
        return STEPS[self.step - 1]

    @property
    def snapshots(self):
        """The snapshots in which it is made: its own, and the last one that builds on it."""
        last = STEPS[self.until - 1] if self.step < WITH_PAGES else self.home
        return sorted({self.home, last})


def table(name):
    """Return {name: row} of a table in this folder."""
    return tomllib.loads(Path(__file__).with_name(name).read_text("utf-8"))


@dataclass(frozen=True)
class Question:
    """A row of the table of questions that no checkpoint sees."""

    question: str
    fix: str
    read: str

    @property
    def answer(self):
        """What to do, and the reason."""
        return self.fix


TABLES = ("mistakes.toml", "mistakes_in_use.toml")  # of code, and of what its visitors see
MISTAKES = {name: Mistake(name, **row) for file in TABLES for name, row in table(file).items()}
QUESTIONS = [Question(**row) for row in table("questions.toml").values()]
HARMLESS = {name: row["edits"] for name, row in table("harmless.toml").items()}


def course_files(app):
    """Return {name in the app: text} of what a learner writes."""
    if app is None:
        return {}
    paths = [app / "app.py", *sorted(app.glob("templates/*"))]
    return {path.relative_to(app).as_posix(): path.read_text("utf-8") for path in paths}


def make(edits, step, folder):
    """Make my_app in a folder: what a learner has written in a step, if in any, with edits."""
    my_app = folder / "my_app"
    if step is None:
        my_app.mkdir()
        return my_app
    ignore = shutil.ignore_patterns("README.md", "test_*", "instance", "__*__")
    shutil.copytree(step, my_app, ignore=ignore)
    for file, *change in edits:
        path = my_app / file
        if len(change) == 1:
            path.rename(my_app / change[0])
        else:
            path.write_text(replaced(path, *change), "utf-8")
    return my_app


def replaced(path, old, new):
    """Return the text of a file with `old`, which it holds exactly once, replaced by `new`."""
    text = path.read_text("utf-8") if old else ""
    assert not old or text.count(old) == 1, f"found {text.count(old)} times: {old}"
    return text.replace(old, new) if old else new


def changes(mistake, folder):
    """Return {file: what a mistake changes in it, as a diff}; it is made in an empty folder."""
    before = course_files(mistake.home)
    after = course_files(make(mistake.edits, mistake.home, folder))
    return {
        file: difference(before[file], after[file])
        for file in before
        if before[file] != after[file]
    }


def difference(old, new):
    """Return the lines that differ, with one line around them, and dots between two places."""
    lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), n=1, lineterm=""))[3:]
    shown = (" ..." if line.startswith("@@") else line.rstrip() for line in lines)
    return "\n".join(shown).strip("\n")
