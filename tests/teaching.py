"""Make the tables of TEACHING.md: how long the steps are, and what learners get wrong, counted."""

import re
from collections import Counter

from errors_page import reading
from examiner import ROOT, STEPS
from mistakes import MISTAKES

TEACHING = ROOT / "TEACHING.md"
HEAD = re.compile(r"# (Step \d): (.+)\n\nAbout (\d+) minutes .*? (\d+) checks?\b")
LESSONS = re.compile(r"(\| step \| minutes \|.*\n\|[- |]+\n)(?:\|.*\n)*")
WRONG = re.compile(r"(\| step \| section \|.*\n\|[- |]+\n)(?:\|.*\n)*")
MOST = 12  # sections


def lessons():
    """Return {step: (title, minutes, checks)} as the lessons say."""
    heads = [HEAD.match((step / "README.md").read_text("utf-8")).groups() for step in STEPS]
    return {name: (title, int(time), int(checks)) for name, title, time, checks in heads}


def page():
    """Return TEACHING.md with its tables generated."""
    text = LESSONS.sub(lambda found: found[1] + steps_table(), TEACHING.read_text("utf-8"))
    return WRONG.sub(lambda found: found[1] + mistakes_table(), text)


def steps_table():
    """Return a row for each step: its lesson, minutes, checks and mistakes."""
    counts = Counter(row.home for row in MISTAKES.values())
    rows = [
        f"| [{name}: {title}](steps/{step.name}/README.md) | {time} | {checks} | {counts[step]} |\n"
        for step, (name, (title, time, checks)) in zip(STEPS, lessons().items(), strict=True)
    ]
    return "".join(rows)


def mistakes_table():
    """Return a row for each section that answers many mistakes, the most first."""
    sections = {}
    for row in MISTAKES.values():
        sections.setdefault(reading(row), []).append(row)
    most = sorted(sections.items(), key=lambda pair: -len(pair[1]))[:MOST]
    return "".join(
        f"| {int(step[:2])} | [{heading_of(step, anchor)}](steps/{step}/README.md#{anchor}) "
        f"| {len(rows)} | {rows[0].question} |\n"
        for (step, anchor), rows in most
    )


def heading_of(step, anchor):
    """Return the heading of a lesson that has this anchor."""
    text = (ROOT / "steps" / step / "README.md").read_text("utf-8")
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    return next(one for one in headings if one.lower().replace(" ", "-").strip("?") == anchor)
