"""Make steps/ERRORS.md out of the tables: every question, its answer, where to read on."""

import ast
import re

from examiner import ROOT, STEPS
from mistakes import MISTAKES, QUESTIONS
from workbench.course import title_of

PAGE = ROOT / "steps" / "ERRORS.md"
READ = re.compile(r"read=[\"'](?:(\d\d_\w+)#)?([\w-]+)[\"']")
IS_ERROR = re.compile(r"^`|^`?[A-Z]\w*(Error|Exception)\b|^\d{3} ")
IS_SAFE = re.compile(r"\b(safe|dangerous|attack\w*|thie\w+|give away|who can see)\b", re.I)
IS_OF_A_FILE = re.compile(r"SyntaxError|TabError|IndentationError|app\.py")
SOME = 4  # questions in a step's README, beside those that are answered at length
HEAD = """\
# What went wrong?

{count} questions that learners ask, with answers. Search this page (Ctrl-F, on a Mac Cmd-F) for a
few words of your message. If there is no message, look below "By what you see" at your step. The
last column leads to the section that explains the answer.

Our tests plant {planted} of these mistakes in our snapshots and verify that one check notices each
of them. The others happen in the terminal or the browser, before a check runs.
"""
TABLE = "| you ask | answer | read |\n| --- | --- | --- |"
BEFORE, BY_ERROR, BY_SIGHT, SAFE = IN_ORDER = (
    "Before your app runs",
    "By error text",
    "By what you see",
    "Is it safe?",
)
ERROR = re.compile(r"^`(?:\w+(?:Error|Exception): |\(sqlite3\.\w+\) )?([^`]+)`[.,:]? *")


def page():
    """Return the text of the page."""
    count = len(MISTAKES) + len(QUESTIONS)
    text = [HEAD.format(count=count, planted=len(MISTAKES))]
    for title in IN_ORDER:
        rows = QUESTIONS if title == BEFORE else [r for r in MISTAKES.values() if part(r) == title]
        text += [f"## {title}\n", *(by_step(rows) if title == BY_SIGHT else [listed(rows)])]
    return "\n".join(text)


def part(row):
    """Return the heading below which a mistake is listed."""
    if IS_ERROR.match(row.question):
        return BY_ERROR
    return SAFE if IS_SAFE.search(row.question) else BY_SIGHT


def by_step(rows):
    """Return a table for each step, below its title."""
    return [
        f"### {title_of(step)}\n\n{listed([row for row in rows if row.home == step])}"
        for step in STEPS
    ]


def listed(rows):
    """Return a table of questions; those about one error text share a line of it."""
    groups = {}
    for row in sorted(rows, key=by_text):
        error = ERROR.match(row.question)
        groups.setdefault(error[1] if error else row.question, []).append(row)
    return "\n".join([TABLE, *(line_of(group) for group in groups.values()), ""])


def line_of(rows):
    """Return the line about one question, or about an error text that has several reasons."""
    if len(rows) == 1:
        return f"| {rows[0].question} | {rows[0].answer} | {link_of(rows[0])} |"
    error = ERROR.match(max((row.question for row in rows), key=lambda q: len(ERROR.match(q)[0])))
    answers = [f"*{context(row)}* {row.answer}" for row in rows]
    links = dict.fromkeys(map(link_of, rows))
    return f"| {error[0].rstrip(' .,:')} | {'<br>'.join(answers)} | {'<br>'.join(links)} |"


def context(row):
    """Return what a question says beside its error text."""
    rest = row.question[ERROR.match(row.question).end() :]
    return f"{rest[:1].upper()}{rest[1:]}"


def by_text(row):
    """Sort questions by their words, without backticks and other marks."""
    return re.sub(r"\W+", " ", row.question).strip().lower()


def link_of(row):
    """Return the link to the section that explains a row."""
    step, heading = reading(row)
    title = f"step\N{NO-BREAK SPACE}{int(step[:2])}: {heading.replace('-', ' ')}"
    return f"[{title}]({step}/README.md#{heading})"


def reading(row):
    """Return (step, heading) of the section that a row names, else that of its check."""
    return tuple(row.read.split("#")) if row.read else read_by_check(row)


def read_by_check(row):
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
