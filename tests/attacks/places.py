"""Find the line of the learner's own that lets an attack through."""

import ast
import inspect
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from workbench.attempt import attempt, stack_of
from workbench.finding import WIDTH, original, shown
from workbench.lines import view_at
from workbench.page import shorten

from attacks.features import NAMES

TESTS = re.compile(r"(^|/)(tests?/|test_[^/]*$|[^/]*_test\.py$|conftest\.py$|requirements)")
NOTHING = ("import ", "from ", "#", '"', "{#")


@dataclass(frozen=True)
class At:
    """A line of the view that answers at a path, or of a function that the view calls."""

    path: str
    pattern: str
    whole: bool = False  # whether the line is meant with which that function begins


def place(patterns, site, base):
    """Return the first of the learner's lines that a pattern fits, or their file.

    A pattern may also be the name of a feature, and stands for the start of its view.
    """
    for pattern in patterns:
        if pattern in NAMES:
            feature = getattr(site.features, pattern)
            pattern = At(urlsplit(feature.action).path if feature else "/?", "", whole=True)
        at = pattern if isinstance(pattern, At) else At("", pattern)
        for body in bodies_at(at.path, site) if at.path else [[*lines_of(site.copy)]]:
            fits = [one for one in body if is_meant(one[2], at.pattern)]
            if fits and at.whole:
                fits = [one for one in body if is_meant(one[2], r"^(async )?def |^class ")]
            if fits:
                return told(*fits[0], site.copy, base)
    return shown(site.copy.source, base)


def is_meant(line, pattern):
    """Say whether a line does what a pattern is about."""
    return re.search(pattern, line) and not line.startswith(NOTHING)


def told(file, number, line, copy, base):
    """Return a line as a message shows it."""
    return f"{shown(original(file, copy), base)}, line {number}: {shorten(line, WIDTH)}"


def lines_of(copy):
    """Yield (file, number, line) of what the learner has written, without tests, Python first."""
    files = [(file, text) for file, text in copy.texts() if is_own(file, copy)]
    for file, text in sorted(files, key=lambda one: one[0].name != copy.source.name):
        for number, line in enumerate(text.splitlines(), 1):
            yield file, number, line.strip()


def is_own(file, copy):
    """Say whether a file belongs to the app, and not to its tests."""
    is_inside = file.is_relative_to(copy.root)
    return is_inside and not TESTS.search(file.relative_to(copy.root).as_posix())


def bodies_at(path, site):
    """Return a view, and the functions that it calls, each as (file, number, line) of its lines."""
    view = attempt(view_at, site.app, path, "POST").value
    if view is None:
        return []
    view = inspect.unwrap(view)
    tried = attempt(inspect.getsourcelines, getattr(view, "view_class", view))
    if tried.error:
        return []
    lines, start = tried.value
    file = Path(inspect.getsourcefile(view))
    called = set(re.findall(r"\b(\w+)\(", "".join(lines)))
    bodies = [[(file, start + n, line.strip()) for n, line in enumerate(lines)]]
    bodies += [body for name, body in functions(site.copy) if name in called]
    return [body for body in bodies if is_own(body[0][0], site.copy)]


def functions(copy):
    """Yield (name, lines) of each function that belongs to no class."""
    for file, text in copy.texts():
        tree = attempt(ast.parse, text).value if file.suffix == ".py" else None
        methods = {id(one) for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
                   for one in node.body} if tree else ()  # fmt: skip
        for node in ast.walk(tree) if tree else ():
            if isinstance(node, ast.FunctionDef) and id(node) not in methods:
                lines = text.splitlines()[node.lineno - 1 : node.end_lineno]
                yield (
                    node.name,
                    [(file, node.lineno + n, one.strip()) for n, one in enumerate(lines)],
                )


def broken_at(error, copy):
    """Return the last of the learner's lines that an error came through, or an empty text."""
    stack = [(Path(name), number) for name, number in stack_of(error)]
    for file, number in reversed(stack):
        if file.is_relative_to(copy.root):
            line = file.read_text("utf-8", "backslashreplace").splitlines()[number - 1].strip()
            return told(file, number, line, copy, Path.cwd())
    return ""
