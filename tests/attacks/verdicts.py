"""What comes of an attack, and the book of all attacks: chapters in the order an app grows."""

import re
from dataclasses import dataclass, field

SUCCEEDS, FAILS, NOT_THERE = "succeeds", "fails", "not there"
NOT_READY = "can't be tried yet"
READ = "final/chapters"


@dataclass
class Verdict:
    """What came of an attack, and what was seen."""

    kind: str  # SUCCEEDS, FAILS, NOT_THERE or NOT_READY
    seen: str = ""
    promise: str = ""  # where it is NOT_READY: what does not work yet
    read: str = ""  # and where to read about it
    where: str = ""  # the learner's line that lets the attack through, or their file
    patterns: tuple = ()  # that pick this line, where it is another than that of the attack


def succeeds(seen, *patterns):
    """Return the verdict of an attack that gets what it is after."""
    return Verdict(SUCCEEDS, seen, patterns=patterns)


def fails(why=""):
    """Return the verdict of an attack that gets nowhere; `why` settles what may be disputed."""
    return Verdict(FAILS, why)


FEATURES = {  # what an app may lack, and what to build then
    "remember me": "a checkbox in the login form that keeps a login when the browser is closed",
    "next": "a login that leads to the page that was asked for, which is in the address as `next`",
    "a password change": "a form, linked from /welcome, with the current password and a new one",
    "a reset link": "a command `flask users reset-link NAME` that prints a link to a form for a "
    "new password",
    "deletion": "a form, linked from /welcome, that deletes the account",
}


class NotThereError(Exception):
    """The app lacks one of the FEATURES."""


class NotReadyError(Exception):
    """The honest use of a feature does not work: a promise, what was seen, where to read on."""

    def __init__(self, promise, got, read, where=""):
        """Keep the parts of a message."""
        super().__init__(promise)
        self.promise, self.got, self.read, self.where = promise, got, read, where


def require(kept, promise, got, read="steps/04_views/README.md#log-in", where=""):
    """Raise NotReadyError unless the honest use works."""
    if not kept:
        raise NotReadyError(promise, str(got), read, where)


@dataclass
class Attack:
    """An attack: a function that takes a Target and returns a Verdict."""

    function: object
    chapter: "Chapter"
    title: str  # of its section in the chapter
    hint: str
    where: tuple  # regular expressions, or At, that pick the learner's line, the best one first

    @property
    def name(self):
        """The name by which it is called."""
        return self.function.__name__.replace("_", "-")

    @property
    def sentence(self):
        """What an attacker can do."""
        return self.function.__doc__.partition("\n")[0].rstrip(".")

    @property
    def read(self):
        """The section that tells its story."""
        return f"{READ}/{self.chapter.file}#{slug(self.title)}"


@dataclass
class Chapter:
    """A chapter of attacks, in the order of its page."""

    number: int
    title: str
    attacks: list = field(default_factory=list)

    @property
    def file(self):
        """The name of its page."""
        return f"{self.number:02}_{slug(self.title).replace('-', '_')}.md"

    def attack(self, title, hint, *where):
        """Collect an attack of this chapter."""

        def collect(function):
            self.attacks.append(Attack(function, self, title, hint, where))
            return function

        return collect


def slug(title):
    """Return the anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
