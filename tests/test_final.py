"""The finished app keeps its budgets, and its README tells all that it does."""

import ast
import re

import pytest
from attacks import ATTACKS
from readmes import FINAL, readme
from test_diffs import lines_of_code, source

MODULES = sorted(
    path for path in FINAL.glob("*.py") if not path.name.startswith(("test_", "conftest"))
)
ASVS_ROW = re.compile(r"^\| (\d+\.\d+\.\d+.*?) \| (.*) \| (.*) \|$", re.M)
NUMBER = re.compile(r"\b\d+\.\d+\.\d+\b")
LIMIT = re.compile(r'"(\d+)/(minute|hour|day)"')
LIMIT_ROW = re.compile(r"^\| [\w ]+ \| (\d+) in an? (minute|hour|day) \|", re.M)


def functions(path):
    """Return the functions of a file."""
    tree = ast.parse(path.read_text("utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def names_of_tests():
    """Return the names of all tests of final/, and of the attacks on it."""
    return {f.name for path in FINAL.glob("test_*.py") for f in functions(path)} | {*ATTACKS}


def test_eight_modules_hold_560_lines_of_code():
    """The app stays small enough to be read."""
    assert len(MODULES) <= 8
    assert sum(len(lines_of_code(path.read_text("utf-8"))) for path in MODULES) <= 560


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_function_has_at_most_twenty_lines_of_code(path):
    """And a docstring."""
    text = path.read_text("utf-8")
    sizes = {f.name: len(lines_of_code(source(text, f))) for f in functions(path)}

    assert {name: size for name, size in sizes.items() if size > 20} == {}
    assert [f.name for f in functions(path) if not ast.get_docstring(f)] == []


def test_every_requirement_has_its_line_and_its_test():
    """Each test that the ASVS table names exists; a dash marks what can't be tested."""
    rows = ASVS_ROW.findall(readme(FINAL))
    files = [p for p in FINAL.rglob("*") if p.suffix in (".py", ".html") and "test_" not in p.name]
    code = "\n".join([path.name + path.read_text("utf-8") for path in files])
    named = [word for _, met, _ in rows for word in re.findall(r"`([\w.]+)", met)]
    known = {"flask", "forms.py", "X", "Strict", "Cache"}

    assert len(rows) >= 60
    assert [word for word in named if word not in code and word not in known] == []
    assert {row[2].strip("`") for row in rows} - {"-"} - names_of_tests() == set()


def test_every_requirement_that_the_code_names_is_in_the_table():
    """A docstring that names a requirement names one that the README explains."""
    code = "\n".join(path.read_text("utf-8") for path in FINAL.glob("*.py"))
    cited = {n for found in re.findall(r"ASVS ([\d., to]+)", code) for n in NUMBER.findall(found)}
    told = {n for row in ASVS_ROW.findall(readme(FINAL)) for n in NUMBER.findall(row[0])}

    assert cited - told == set()


def test_the_limits_are_those_of_the_views():
    """The table has the numbers of the decorators."""
    views = (FINAL / "views.py").read_text("utf-8")

    assert set(LIMIT_ROW.findall(readme(FINAL))) == set(LIMIT.findall(views))


def test_every_setting_is_told():
    """The table lists every variable that settings.py reads from the environment."""
    settings = (FINAL / "settings.py").read_text("utf-8")
    read = set(re.findall(r'(?:environ\.get|number)\("((?!FLASK_)[A-Z_]+)"', settings))

    assert len(read) >= 8
    assert read == set(re.findall(r"^\| `([A-Z_]+)` \|", readme(FINAL), re.M))
