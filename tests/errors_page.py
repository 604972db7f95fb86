"""Make steps/ERRORS.md out of the table of mistakes: every question, its answer, where to read."""

import ast
import re

from examiner import ROOT
from mistakes import MISTAKES

PAGE = ROOT / "steps" / "ERRORS.md"
READ = re.compile(r"read=[\"'](?:(\d\d_\w+)#)?([\w-]+)[\"']")
IS_ERROR = re.compile(r"^`|^`?[A-Z]\w*(Error|Exception)\b|^\d{3} ")
IS_SAFE = re.compile(r"\b(safe|dangerous|attack\w*|thie\w+|give away|who can see)\b", re.I)
IS_OF_A_FILE = re.compile(r"SyntaxError|TabError|IndentationError|app\.py")
SOME = 4  # questions in a step's README, beside those that are answered at length
HEAD = """\
# What went wrong?

{count} questions that learners ask, with answers. Our tests make each of these mistakes in the
snapshots and verify that one check notices it, so you may meet them as messages, too.

Look for the exact text of an error first, then for what you see. The last column leads to the
section that explains it.
"""
PARTS = {
    "By error text": lambda row: bool(IS_ERROR.match(row.question)),
    "Is it safe?": lambda row: bool(IS_SAFE.search(row.question)),
    "By what you see": lambda row: True,
}
IN_ORDER = ("By error text", "By what you see", "Is it safe?")


def page():
    """Return the text of the page."""
    parts = {title: [] for title in IN_ORDER}
    for row in MISTAKES.values():
        title = next(title for title, fits in PARTS.items() if fits(row))
        parts[title].append(row)
    text = [HEAD.format(count=len(MISTAKES))]
    for title, rows in parts.items():
        text.append(f"## {title}\n\n| you ask | answer | read |\n| --- | --- | --- |")
        text += [line_of(row) for row in sorted(rows, key=by_text)]
        text.append("")
    return "\n".join(text)


def by_text(row):
    """Sort questions by their words, without backticks and other marks."""
    return re.sub(r"\W+", " ", row.question).strip().lower()


def line_of(row):
    """Return the line of the page about one mistake."""
    step, heading = reading(row)
    link = f"[step\N{NO-BREAK SPACE}{int(step[:2])}]({step}/README.md#{heading})"
    return f"| {row.question} | {row.answer} | {link} |"


def reading(row):
    """Return (step, heading) of the section to which the check of a mistake leads."""
    source = (row.home / "test_checkpoint.py").read_text("utf-8")
    functions = {node.name: node for node in ast.parse(source).body if hasattr(node, "name")}
    text = ast.get_source_segment(source, functions[row.fails])
    step, heading = next(iter(READ.findall(text)), ("", "the-user-model"))
    return step or row.home.name, heading


def first_questions(rows):
    """Return the rows to show where there is room for a few: error texts, and those of a file."""
    others = [row for row in rows if not row.why]
    few = sorted(others, key=lambda row: not IS_ERROR.match(row.question))[:SOME]
    return [row for row in others if row in few or IS_OF_A_FILE.search(row.question)]
