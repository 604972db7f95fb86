"""Search the learner's files for a name: where it is defined, and in which class or function."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from workbench.frames import tree
from workbench.scene import text_of
from workbench.suggest import closest

BLOCKS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
DEFINED = r"^(\s*)(?:async\s+)?(?:def|class)\s+(\w+)"


@dataclass(frozen=True)
class Definition:
    """A function, a class or a variable of the learner's."""

    name: str
    file: Path
    line: int
    kind: str  # function, class or variable
    inside: str = ""  # "class User", "function home", or nothing at the left margin


def definitions(files):
    """Return the Definitions of some files; where one does not parse, what its lines look like."""
    found = []
    for file in files:
        module = tree(file)
        found += inside(module, file, "") if module.body else by_lines(file)
    return found


def inside(node, file, where):
    """Return the Definitions in a block, and in the blocks in it."""
    found = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, BLOCKS):
            kind = "class" if isinstance(child, ast.ClassDef) else "function"
            found.append(Definition(child.name, file, child.lineno, kind, where))
            found += inside(child, file, f"{kind} {child.name}")
        elif isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            found.append(Definition(child.id, file, child.lineno, "variable", where))
        elif not isinstance(child, ast.Lambda):
            found += inside(child, file, where)
    return found


def by_lines(file):
    """Return the functions and classes that a file seems to define, by their indentation."""
    found, open_blocks = [], []
    for number, line in enumerate(text_of(file).splitlines(), 1):
        match = re.match(DEFINED, line)
        if match:
            kind = "class" if re.match(r"\s*class", line) else "function"
            depth = len(match[1].expandtabs())
            open_blocks = [one for one in open_blocks if one[0] < depth]
            where = open_blocks[-1][1] if open_blocks else ""
            found.append(Definition(match[2], file, number, kind, where))
            open_blocks.append((depth, f"{kind} {match[2]}"))
    return found


def files_of(copy):
    """Return the learner's files of Python, loaded or not, the app's own first."""
    own = copy.source.name
    return sorted(copy.root.rglob("*.py"), key=lambda file: (file.name != own, file))


def stray_method(copy, owner, name):
    """Say where a method is that a class lacks: outside of it, or under a close name."""
    known = [one for one in definitions(files_of(copy)) if one.kind == "function"]
    same = [one for one in known if one.name == name and one.inside != f"class {owner}"]
    methods = [one.name for one in known if one.inside == f"class {owner}"]
    near = closest(name, [one.name for one in known])
    listed = ", ".join(methods) or "none"
    if same:
        where = f"inside {same[0].inside}" if same[0].inside else f"outside class {owner}"
        return {
            "got": f"a function {name} at line {same[0].line}, {where}",
            "fact": f"methods of {owner}: {listed}",
            "hint": "A class holds what is indented below its first line. Where does this begin?",
            "at": same[0].file,
            "word": rf"^\s*def {name}\b",
        }
    if near:
        found = next(one for one in known if one.name == near)
        return {
            "got": f"no method {name}, but a function {near} at line {found.line}",
            "fact": f"methods of {owner}: {listed}",
            "hint": f"Are {near} and {name} meant to be one name?",
            "at": found.file,
            "word": rf"^\s*def {near}\b",
        }
    return {"got": "no such method yet", "fact": f"methods of {owner}: {listed}"}


def hint_for_name(scene):
    """Return a hint at a name that is not defined where it is used, or None."""
    name = getattr(scene.error, "name", None)
    if type(scene.error) is not NameError or not name or not scene.places:
        return None
    file, line = scene.places[-1]
    known = [one for one in definitions(scene.files) if one.name == name]
    here = [one for one in known if one.file == file]
    if inner := next((one for one in here if one.inside.startswith("class ")), None):
        if "'self." in scene.asked:
            what = f"{name} is indented into {inner.inside}, line {inner.line}."
            return f"{what} Is it meant to be there, or at the left margin?"
        if inner.kind == "function":
            return f"{name} is a method of {inner.inside}. Which object is it called on?"
    if below := next((one for one in here if not one.inside and one.line > line), None):
        return f"{name} is defined further down, at line {below.line}. When does Python get there?"
    if inner := next((one for one in here if one.inside.startswith("function ")), None):
        return f"{name} is a name inside {inner.inside} only, at line {inner.line}."
    if other := next((one for one in known if one.file != file and not one.inside), None):
        return f"{name} is defined in {other.file.name}. Which line of this file imports it?"
    return None
