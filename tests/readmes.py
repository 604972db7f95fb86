"""Read the READMEs, and generate parts of them.

Run it as a script to update those parts: python tests/readmes.py
"""

import ast
import contextlib
import difflib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import textwrap
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import teaching
from errors_page import PAGE, first_questions, page
from examiner import ROOT, STEPS, run_pytest, sit
from glossary import with_links
from mistakes import COURSE, MISTAKES, changes, course_files, make

TITLE = r"\*\*`(?P<file>[^`]+)`\*\*(?: · (?P<place>[^\n]+))?\n"
FENCE = re.compile(rf"(?:{TITLE})?^```(?P<kind>\w*)\n(?P<code>.*?)^```$", re.M | re.S)
BREAK = re.compile(
    rf"(?<=\n## Break it\n).*?{TITLE}```diff\n(?P<diff>.*?)^```$.*?^```text\n(?P<text>.*?)^```$",
    re.M | re.S,
)
STUCK = re.compile(r"(?<=\n## Stuck\?\n).*?(?=^## )", re.M | re.S)
RED = re.compile(r"(?<=\n## Red\n)(?P<before>.*?^```console\n)(?P<text>.*?)(?=^```$)", re.M | re.S)
PRINTS = re.compile(
    r"(?P<before>^```python\n(?P<code>(?:(?!```).)*?)^```\n\nprints\n\n```text\n)(?P<text>.*?)(?=^```$)",
    re.M | re.S,
)
WHOLE = re.compile(
    r"(?P<before><summary>Compare with the whole (?P<file>\S+)</summary>\n\n```\w*\n).*?(?=^```$)",
    re.M | re.S,
)
CHANGED = re.compile(
    r"(?<=\n## What changed\n)(?P<before>\n```console\n)(?P<text>.*?)(?=^```$)", re.M | re.S
)
HEAD = re.compile(r"# Step \d: (.+)\n\nAbout (\d+) minutes")
TABLE = re.compile(r"(^\| step \|.*\n\|[- |]+\n)(?:\|.*\n)*", re.M)
MOVED = re.compile(r"(^```console\n)\$ (git diff --stat HEAD:.*?)\n.*?(?=^```$)", re.M | re.S)
LOOP = re.compile(r"(^```console\n)(?:\$ python3 workbook.py test .*?)(?=^```$)", re.M | re.S)
HOW_TO_READ = """\
Each answer begins with the mistake, so don't type it: lines with `-` are right, and lines with `+`
are wrong. Then comes what the checkpoint says about it, and what to do.
"""
FINAL = ROOT / "final"
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"  # git's name for a folder without files


@dataclass
class Listing:
    """A piece of code in a README, with the file that its title names."""

    file: str | None
    kind: str
    code: str
    place: str | None = None  # what its title says of where to type it


def readme(step):
    """Return the text of a step's README."""
    return (step / "README.md").read_text("utf-8")


def listings(text):
    """Return the code blocks of a README."""
    return [Listing(m["file"], m["kind"], m["code"], m["place"]) for m in FENCE.finditer(text)]


def prose(text):
    """Return a README's text without code blocks, tables and HTML tags."""
    text = FENCE.sub("", text)
    return re.sub(r"^\|.*$|<[^>]+>", "", text, flags=re.M)


def step_before(step):
    """Return the folder of the step before, or None."""
    number = STEPS.index(step)
    return STEPS[number - 1] if number else None


def changed_lines(step, sign):
    """Return [(file, line)] of the lines that a step adds ("+") or deletes ("-")."""
    old, new = course_files(step_before(step)), course_files(step)
    return [
        (file, line[2:])
        for file in sorted(old | new)
        for line in difflib.ndiff(old.get(file, "").splitlines(), new.get(file, "").splitlines())
        if line.startswith(f"{sign} ")
    ]


@cache
def checkpoints(step):
    """Return {test name: docstring} of a step's checkpoint."""
    tree = ast.parse((step / "test_checkpoint.py").read_text("utf-8"))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return {f.name: ast.get_docstring(f) for f in functions if f.name.startswith("test_")}


# What is generated


class Workshop:
    """A copy of what the checkpoints need, in which outputs are made as a learner makes them."""

    def __init__(self, folder):
        """Copy the steps and the machinery into `folder`, and commit them."""
        self.folder = Path(folder)
        ignore = shutil.ignore_patterns("__pycache__", "instance", "*.db")
        for name in ("steps", "tests/workbench", "final"):
            shutil.copytree(ROOT / name, self.folder / name, ignore=ignore)
        for name in ("conftest.py", "pyproject.toml"):
            shutil.copy(ROOT / name, self.folder)
        author = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        self.git("init", "--quiet")
        self.git("add", ".")
        self.git(*author, "commit", "--quiet", "--message", "steps")

    def git(self, *words):
        """Run git in the copy and return its output."""
        command = ["git", "-c", "core.autocrlf=false", *words]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, check=False)
        assert done.returncode in (0, 1), done.stderr.decode()  # 1: --no-index saw a difference
        return done.stdout.decode()

    @contextlib.contextmanager
    def with_my_app(self, app, edits=()):
        """Yield a copy of the workshop in which my_app is a copy of `app`, with edits."""
        with tempfile.TemporaryDirectory() as scratch:
            place = Path(scratch, "workbook")
            shutil.copytree(self.folder, place, ignore=shutil.ignore_patterns(".git"))
            make(edits, app, place)
            yield place

    def transcript(self, step, app, edits=()):
        """Return what a learner types and sees for a step, or for all, without the seconds."""
        command = ["pytest", f"steps/{step.name}" if step else "steps", "--app=my_app"]
        typed = f"{int(step.name[:2])} my_app" if step else "my_app"
        with self.with_my_app(app, edits) as place:
            output = run_pytest(*command[1:], cwd=place).stdout
        return (
            f"$ python3 workbook.py test {typed}\n"
            f"+ .venv/bin/python -m {' '.join(command)}\n" + re.sub(r" in [\d.]+s ", " ", output)
        )

    def message(self, step, edits):
        """Return the message for a mistake that is made in a step."""
        with self.with_my_app(step, edits) as place:
            return sit(Path("steps", step.name), "my_app", cwd=place).message + "\n"

    def stuck(self, step):
        """Return what a step's README says to those who are stuck, out of the table of mistakes."""
        rows = [row for row in MISTAKES.values() if row.home == step]
        others = [f"| {row.question} | {row.fix} |" for row in first_questions(rows)]
        return "\n".join(
            [
                HOW_TO_READ,
                *(self.answer(step, row) for row in rows if row.why),
                "| you ask | answer |\n| --- | --- |",
                *others,
                "\nAll questions, by error text and symptom: [What went wrong?](../ERRORS.md)\n",
            ]
        )

    def answer(self, step, row):
        """Return the answer to one question: the mistake, its message, what to do, and why."""
        with tempfile.TemporaryDirectory() as scratch:
            diffs = changes(row, Path(scratch))
        shown = [f"**`{file}`**\n```diff\n{diff}\n```\n" for file, diff in diffs.items()]
        return "\n".join(
            [
                f"<details>\n<summary>{as_html(row.question)}</summary>\n",
                *shown,
                f"```text\n{self.message(step, row.edits)}```\n",
                textwrap.fill(row.answer, 100, break_on_hyphens=False),
                "\n</details>\n",
            ]
        )

    def stat(self, step):
        """Return the course's diff of a step as git sums it up, behind its command."""
        if step == STEPS[0]:
            command = ["diff", "--no-index", "--stat", "/dev/null", f"steps/{step.name}/app.py"]
        else:
            before = f"HEAD:steps/{step_before(step).name}"
            command = ["diff", "--stat", before, f"HEAD:steps/{step.name}", "--", *COURSE]
        return f"$ git {' '.join(command)}\n{self.git(*command)}"

    def readme_of(self, step):
        """Return the README of a step with all that is generated in its place."""
        text = re.sub(r"\d+(?= checks$)", str(len(checkpoints(step))), readme(step), flags=re.M)
        red = self.transcript(step, step_before(step))
        text = RED.sub(lambda found: found["before"] + red, text)
        text = CHANGED.sub(lambda found: found["before"] + self.stat(step), text)
        text = STUCK.sub(lambda found: f"\n{self.stuck(step)}\n", text)
        text = with_tallies(step, text)
        text = PRINTS.sub(lambda found: found["before"] + printed(step, found["code"]), text)
        text = WHOLE.sub(lambda found: found["before"] + whole(step, found["file"]), text)
        text = BREAK.sub(
            lambda found: with_message(found, self.message(step, edit_of(found))), text
        )
        return with_links(text)

    def counted(self, step):
        """Return how many lines a step adds and deletes, as git counts them."""
        before = f"HEAD:steps/{step_before(step).name}" if step_before(step) else EMPTY_TREE
        stat = self.git("diff", "--numstat", before, f"HEAD:steps/{step.name}", "--", *COURSE)
        numbers = [line.split()[:2] for line in stat.splitlines()]
        return tuple(sum(map(int, column)) for column in zip(*numbers, strict=True))

    def row(self, step):
        """Return the line of a step in the root README's table."""
        title, minutes = HEAD.match(readme(step)).groups()
        plus, minus = self.counted(step)
        number, name = int(step.name[:2]), f"[{title}](steps/{step.name}/README.md)"
        return f"| {number} | {name} | {minutes} | {len(checkpoints(step))} | +{plus} -{minus} |\n"

    def readme_of_final(self):
        """Return the README of final/ with its generated diff stat."""

        def with_stat(found):
            words = shlex.split(found[2])[1:]
            return f"{found[1]}$ {found[2]}\n{self.git(*words)}"

        return MOVED.sub(with_stat, readme(FINAL))

    def root_readme(self):
        """Return the root README with all that is generated in its place."""
        text = (ROOT / "README.md").read_text("utf-8")
        made = sum(len(row.snapshots) for row in MISTAKES.values())
        text = re.sub(r"\d+(?= mistakes that)", str(len(MISTAKES)), text)
        text = re.sub(r"\d+(?= times)", str(made), text)
        text = TABLE.sub(lambda found: found[1] + "".join(map(self.row, STEPS)), text)
        last = STEPS[-1]
        swapped = edit_of(BREAK.search(readme(last)))
        outputs = [self.transcript(None, last, swapped), self.transcript(None, last)]
        return LOOP.sub(lambda found: found[1] + outputs.pop(0), text)


def whole(step, file):
    """Return the text of a file of a step."""
    return (step / file).read_text("utf-8")


def printed(step, code):
    """Return what code prints beside the files of a step; raise CalledProcessError if it fails."""
    with tempfile.TemporaryDirectory() as scratch:
        make([], step, Path(scratch))
        command = [sys.executable, "-W", "error", "-c", code]
        done = subprocess.run(
            command, cwd=Path(scratch, "my_app"), capture_output=True, text=True, check=True
        )
    lines = done.stdout.replace("\t", "    ").splitlines()
    return "".join(f"{line.rstrip()}\n" for line in lines)


def with_tallies(step, text):
    """Return the README of a step with the tallies in which its sections end."""
    from typist import TALLY, type_lesson  # which reads READMEs, too

    with tempfile.TemporaryDirectory() as scratch:
        my_app = Path(scratch, "my_app")
        for section in type_lesson(step, my_app):
            tally = TALLY.search(sit(step, my_app, "-p", "no:cacheprovider").output)[1]
            start = text.index(f"\n### {section.title}\n")
            text = text[:start] + TALLY.sub(tally, text[start:], count=1)
    return text


def with_message(found, message):
    """Return a mistake of a README with this message in the place of the one that is there."""
    start, end = (place - found.start() for place in found.span("text"))
    return found[0][:start] + message + found[0][end:]


def generated(folder):
    """Return {README: text} with all that is generated, made in the empty folder."""
    workshop = Workshop(folder)
    for step in STEPS:
        checkpoints(step)  # Python 3.11 can't parse in two threads at once (python/cpython#106905)
    with ThreadPoolExecutor(2) as pool:
        texts = pool.map(workshop.readme_of, STEPS)
        made = dict(zip(STEPS, texts, strict=True))
        return made | {FINAL: workshop.readme_of_final(), ROOT: workshop.root_readme()}


def as_html(question):
    """Return a question with its code in tags, as Markdown is not read in a summary."""
    return re.sub(r"`(.+?)`", r"<code>\1</code>", question)


def edit_of(mistake):
    """Return the edit, in a list of its own, of a mistake that is written as a diff."""
    lines = mistake["diff"].splitlines(keepends=True)
    old = "".join(line[1:] for line in lines if line[0] in " -")
    new = "".join(line[1:] for line in lines if line[0] in " +")
    return [(mistake["file"], old, new)]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        for folder, text in generated(scratch).items():
            (folder / "README.md").write_text(text, "utf-8", newline="\n")
    PAGE.write_text(page(), "utf-8", newline="\n")
    teaching.TEACHING.write_text(teaching.page(), "utf-8", newline="\n")
