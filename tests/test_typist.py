"""A reader who types a lesson from top to bottom has a working app after each section."""

import difflib
import shutil
from pathlib import Path

import pytest
from examiner import STEPS, sit_side_by_side
from mistakes import course_files
from typist import (
    CannotType,
    Listing,
    sections,
    type_in,
    type_lesson,
    without_blank_lines,
)
from workbench.browser import Browser
from workbench.loader import cheap_salts, opened
from workbench.ways import links_of

LESSONS = [step for step in STEPS if sections(step)]
SECTIONS = [(step, number) for step in LESSONS for number in range(len(sections(step)))]
MOST = 30  # pages


@pytest.fixture(scope="module")
def typed(tmp_path_factory):
    """The folder of a learner after each section of each lesson: {(step, number): folder}."""
    folders = {}
    for step in LESSONS:
        folder = tmp_path_factory.mktemp(step.name) / "my_app"
        for number, _ in enumerate(type_lesson(step, folder)):
            folders[step, number] = folder.with_name(f"my_app_{number}")
            shutil.copytree(folder, folders[step, number])
    return folders


@pytest.fixture(scope="module")
def sittings(typed):
    """What its checkpoint says of each folder: {folder: future}."""
    return sit_side_by_side({folder: step for (step, _), folder in typed.items()})


def by_title(value):
    """Name a case after its step and the heading of its section."""
    step, number = value
    return f"{step.name}-{sections(step)[number].title}"


@pytest.mark.parametrize("case", SECTIONS, ids=by_title)
def test_a_section_ends_in_its_tally(case, typed, sittings):
    """The checkpoint prints the tally that the section shows, with more than the one before."""
    step, number = case
    section = sections(step)[number]
    sitting = sittings[typed[case]].result()
    lines = sitting.output.splitlines()

    assert section.tally in lines, f"{section.title}: {section.tally}\n{sitting.output}"
    before = done(sections(step)[number - 1].tally) if number else 0
    assert (done(section.tally) > before) != section.says_why, section.title


def done(tally):
    """Return how many checks a tally counts as passed."""
    return int(tally.split()[-1].partition("/")[0])


@pytest.mark.parametrize("case", SECTIONS, ids=by_title)
def test_the_app_works_after_each_section(case, typed):
    """It loads, and every page that links lead to from / answers below 500."""
    with opened(typed[case]) as copy, cheap_salts():
        tried = copy.load()
        assert not tried.error, tried
        browser, seen, open_pages = Browser(tried.value), set(), ["/"]
        while open_pages and len(seen) < MOST:
            address = open_pages.pop()
            page = browser.get(address)
            seen.add(address)
            assert not page.error, f"{address}: {page}"
            assert page.status < "500", f"{address}: {page}"
            open_pages += [goal for _, goal in links_of(page) if goal not in seen]

    assert seen


@pytest.mark.parametrize("step", LESSONS, ids=lambda step: step.name)
def test_what_was_typed_is_the_snapshot(step, typed):
    """At the end every file equals the snapshot's, blank lines aside."""
    folder = typed[step, len(sections(step)) - 1]
    written = {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in folder.rglob("*")
        if path.is_file() and path.suffix in (".py", ".html")
    }
    ours = course_files(step)

    assert written.keys() == ours.keys()
    for name, text in ours.items():
        typed_lines, wanted = without_blank_lines(written[name]), without_blank_lines(text)
        assert typed_lines == wanted, misplaced(step, name, typed_lines, wanted)


def misplaced(step, file, lines, wanted):
    """Name the first line that differs, and the listings that have it."""
    marked = [line for line in difflib.ndiff(wanted, lines) if line[:1] in "-+"]
    listings = [one for section in sections(step) for one in section.listings]
    having = [str(one) for one in listings if one.file == file and marked[0][2:] in one.code]
    return f"{file}: {marked[0]!r}, see {having or 'a listing that is missing'}"


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("below `two`", "the line is there 2 times: two"),
        ("below `four`", "the line is there 0 times: four"),
        ("somewhere", "where is that?"),
        ("new file", "the file is there already"),
    ],
)
def test_a_place_that_is_none_is_named(place, why, tmp_path):
    """A listing that can't be typed where it says is named with its title."""
    Path(tmp_path, "app.py").write_text("one\n  two\nthree\n  two\n", "utf-8")
    with pytest.raises(CannotType) as caught:
        type_in(Listing("app.py", place, "new\n"), tmp_path)

    assert why in str(caught.value)
    assert place in str(caught.value)


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("at the top", "new\none\n  two\nthree\n"),
        ("at the end", "one\n  two\nthree\nnew\n"),
        ("below `two`, inside the class", "one\n  two\nnew\nthree\n"),
        ("above `two`", "one\nnew\n  two\nthree\n"),
        ("in place of `two`", "one\nnew\nthree\n"),
        ("in place of `one` to `two`", "new\nthree\n"),
    ],
)
def test_a_listing_goes_where_its_title_says(place, text, tmp_path):
    """Each place of the grammar is understood."""
    file = Path(tmp_path, "app.py")
    file.write_text("one\n  two\nthree\n", "utf-8")
    type_in(Listing("app.py", place, "new\n"), tmp_path)

    assert file.read_text("utf-8") == text
