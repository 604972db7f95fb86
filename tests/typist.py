"""Type a lesson: each listing of its Green part goes where its title says, from top to bottom.

A title is **`FILE`** · PLACE, and PLACE is one of: new file; at the top; at the end; below `LINE`;
above `LINE`; in place of `LINE`; in place of `LINE` to `LINE`. LINE is the whole text of a line,
without its indentation, that is there once.
"""

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

from mistakes import course_files
from readmes import readme, step_before

SECTION = re.compile(r"^### (.+)$", re.M)
TITLED = re.compile(
    r"^\*\*`(?P<file>[^`]+)`\*\* · (?P<place>[^\n]+)\n```\w*\n(?P<code>.*?)^```$", re.M | re.S
)
TALLY = re.compile(r"^(\d\d_\w+ +#*\.*  \d+/\d+)$", re.M)
LINES = re.compile(r"`([^`]+)`|``(.+?)``")


class CannotType(Exception):
    """A listing that does not say where it goes, or names a line that is not there once."""


@dataclass
class Listing:
    """A listing of a lesson: what to type, into which file, and where."""

    file: str
    place: str
    code: str

    def __str__(self):
        """Name the listing by its title and its first line."""
        return f"**`{self.file}`** · {self.place}: {self.code.splitlines()[0].strip()}"


@dataclass
class Section:
    """A section of a lesson: its heading, its listings, and the tally in which it ends."""

    title: str
    listings: list
    tally: str
    says_why: bool  # no further check turns green


def sections(step):
    """Return the sections of a step's Green part that have something to type."""
    green = re.search(r"^## Green\n(.*?)(?=^## )", readme(step), re.M | re.S)[1]
    parts = SECTION.split(green)[1:]
    found = []
    for title, text in zip(parts[::2], parts[1::2], strict=True):
        listings = [Listing(*match.groups()) for match in TITLED.finditer(text)]
        if listings:
            tally = "".join(TALLY.findall(text)[-1:])
            found.append(Section(title, listings, tally, "No check turns green" in text))
    return found


def type_lesson(step, folder):
    """Type a lesson into a new folder, and yield each section once it is typed.

    It begins with the files of the step before.
    """
    folder.mkdir()
    for name, text in course_files(step_before(step)).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    for section in sections(step):
        for listing in section.listings:
            type_in(listing, folder)
        yield section


def type_in(listing, folder):
    """Type a listing into a file below a folder; raise CannotType where that is not possible."""
    path = Path(folder, listing.file)
    path.parent.mkdir(parents=True, exist_ok=True)
    if listing.place.startswith("new file"):
        if path.exists():
            raise CannotType(f"{listing}: the file is there already")
        path.write_text(listing.code, "utf-8")
        return
    if not path.exists():
        raise CannotType(f"{listing}: there is no such file yet")
    lines = path.read_text("utf-8").splitlines()
    start, end = span(listing, lines)
    typed = [*lines[:start], *listing.code.splitlines(), *lines[end:]]
    path.write_text("\n".join(typed) + "\n", "utf-8")


def span(listing, lines):
    """Return (start, end): the lines of a file in whose place the listing goes."""
    word = listing.place.partition("`")[0].strip()
    named = [one or other for one, other in LINES.findall(listing.place)]
    at = [number_of(line, lines, listing) for line in named]
    if word == "at the top":
        return 0, 0
    if word == "at the end":
        return len(lines), len(lines)
    if word == "below" and at:
        return at[0] + 1, at[0] + 1
    if word == "above" and at:
        return at[0], at[0]
    if word == "in place of" and at:
        return at[0], at[-1] + 1
    raise CannotType(f"{listing}: where is that?")


def number_of(text, lines, listing):
    """Return the number of the line that has this text, which has to be there once."""
    numbers = [number for number, line in enumerate(lines) if line.strip() == text.strip()]
    if len(numbers) != 1:
        raise CannotType(f"{listing}: the line is there {len(numbers)} times: {text}")
    return numbers[0]


def without_blank_lines(text):
    """Return the lines of a text that hold something."""
    return [line.rstrip() for line in textwrap.dedent(text).splitlines() if line.strip()]
