"""The snapshots as a set: each step adds its lesson to the one before, and nothing else changes."""

import ast
import shutil
import subprocess
import sys
from collections import Counter
from itertools import pairwise

import pytest
from examiner import STEPS
from readmes import course_files
from workbench.course import TURN

# What a step changes. Every other file is the same, byte for byte, as in the step before.
CHANGES = {
    "02_model": {"app.py"},
    "03_hashing": {"app.py"},
    "04_views": {
        "app.py",
        "templates/base.html",
        "templates/home.html",
        "templates/login.html",
        "templates/register.html",
        "templates/welcome.html",
    },
    "05_logout": {"app.py", "templates/welcome.html"},
}
VISIT = """
from flask.cli import ScriptInfo
print(ScriptInfo("app").load_app().test_client().get("/").status)
"""
SECTIONS = [  # in the order in which app.py goes through them
    "import",
    "app = ",
    "app.config",
    "db = ",
    "login_manager = ",
    "class User",
    "db.create_all",
    "def load_user",
    "def home",
    "def register",
    "def login",
    "def welcome",
    "def logout",
]


def by_name(step):
    """Name a case of a test after its step."""
    return step.name


def parsed(text):
    """Return all nodes of a Python file."""
    return list(ast.walk(ast.parse(text)))


def lines_of_code(text):
    """Return the lines of Python without blank lines, comments and docstrings."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    strings = [
        n.body[0] for n in parsed(text) if isinstance(n, documented) and ast.get_docstring(n)
    ]
    skipped = {number for node in strings for number in range(node.lineno, node.end_lineno + 1)}
    lines = enumerate(text.splitlines(), 1)
    return [line for n, line in lines if n not in skipped and line.split("#")[0].strip()]


@pytest.mark.parametrize(("before", "after"), list(pairwise(STEPS)), ids=by_name)
def test_a_step_changes_what_it_announces_and_nothing_else(before, after):
    """Files that a step does not list as changed are equal, byte for byte."""
    old, new = course_files(before), course_files(after)
    changed = {name for name in old | new if old.get(name) != new.get(name)}

    assert changed == CHANGES[after.name]


@pytest.mark.parametrize("step", STEPS, ids=by_name)
def test_a_step_holds_the_same_files_as_every_other(step):
    """A snapshot holds no stray files."""
    tracked = [path.relative_to(step) for path in step.rglob("*") if path.is_file()]
    clutter = ("__pycache__", "instance", ".ipynb_checkpoints")  # Jupyter's, of an open page
    files = {path.as_posix() for path in tracked if not set(path.parts) & set(clutter)}

    assert files - set(course_files(step)) == {"README.md", "test_checkpoint.py", TURN}


@pytest.mark.parametrize("step", STEPS, ids=by_name)
def test_a_step_adds_at_most_forty_lines(step):
    """A step adds at most 40 lines of code to app.py."""
    before = [course_files(other)["app.py"] for other in STEPS[: STEPS.index(step)]]
    old = Counter(lines_of_code(before[-1]) if before else [])
    new = Counter(lines_of_code(course_files(step)["app.py"]))

    assert 0 < (new - old).total() <= 40


@pytest.mark.parametrize("step", STEPS, ids=by_name)
def test_functions_and_templates_are_short(step):
    """A function has at most 15 lines of code, a template at most 20 lines."""
    files = course_files(step)
    app = files.pop("app.py")
    functions = [node for node in parsed(app) if isinstance(node, ast.FunctionDef)]
    bodies = {f.name: len(lines_of_code(source(app, f))) for f in functions}
    pages = {
        name: len([line for line in text.splitlines() if line]) for name, text in files.items()
    }

    assert {name: count for name, count in bodies.items() if count > 15} == {}
    assert {name: count for name, count in pages.items() if count > 20} == {}


def source(text, function):
    """Return the source of one function, moved to the left margin."""
    lines = text.splitlines()[function.lineno - 1 : function.end_lineno]
    return "\n".join(line[function.col_offset :] for line in lines)


@pytest.mark.parametrize("step", STEPS, ids=by_name)
def test_every_view_and_helper_has_a_docstring_of_one_line(step):
    """Public classes and functions promise their behaviour in one line."""
    kinds = (ast.ClassDef, ast.FunctionDef)
    named = [n for n in parsed(course_files(step)["app.py"]) if isinstance(n, kinds)]
    texts = {node.name: ast.get_docstring(node) for node in named if node.name[0] != "_"}

    assert [name for name, text in texts.items() if not text or "\n" in text] == []


@pytest.mark.parametrize("step", STEPS, ids=by_name)
def test_the_order_of_sections_never_changes(step):
    """app.py goes through the same sections in the same order in every step."""
    app = course_files(step)["app.py"]
    places = [app.index(section) for section in SECTIONS if section in app]

    assert len(places) >= 5
    assert places == sorted(places)


@pytest.mark.parametrize("step", STEPS, ids=by_name)
def test_a_snapshot_stands_alone(step, tmp_path):
    """Copied to an empty place, a snapshot runs with flask --app app."""
    place = tmp_path / "copied out"
    shutil.copytree(step, place, ignore=shutil.ignore_patterns("instance", "__pycache__"))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", VISIT],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == "200 OK\n", done.stderr
