"""Search the learner's files for a name: where it is defined, and in which class or function."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from workbench.frames import tree
from workbench.scene import text_of
from workbench.suggest import closest

METHODS = ("set_password", "check_password")  # alike, and two
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


def stray_method(copy, model, name):
    """Say where a method is that a class lacks: outside of it, or under a close name."""
    known = [one for one in definitions(files_of(copy)) if one.kind == "function"]
    owners = {f"class {one.__name__}" for one in model.__mro__}
    methods = list(dict.fromkeys(one.name for one in known if one.inside in owners))
    near = closest(name, [one.name for one in known if one.name not in METHODS])
    found = next((one for one in known if one.name == name and one.inside not in owners), None)
    found = found or next((one for one in known if one.name == near), None)
    fact = f"methods of {model.__name__}: {', '.join(methods) or 'none'}"
    if found is None:
        return {"got": "no such method yet", "fact": fact, "at": model}
    outside = f"outside class {model.__name__}"
    where = "" if found.inside in owners else f", {outside}"
    hint = f"{found.name} and {name}: are they meant to be one name?"
    if found.name == name:
        where = f", inside {found.inside}" if found.inside else f", {outside}"
        hint = "A class holds what is indented below its first line. Where does this begin?"
    return {
        "got": f"a function {found.name} is defined at line {found.line}{where}",
        "fact": fact,
        "hint": hint,
        "at": found.file,
        "word": rf"^\s*(async )?def {found.name}\b",
    }


def where_is(copy, name):
    """Say where a function is defined that nothing has called, or return an empty string."""
    known = [one for one in definitions(files_of(copy)) if one.kind == "function"]
    near = closest(name, [one.name for one in known])
    found = next((one for one in known if one.name in (name, near)), None)
    if found is None:
        return ""
    inside = f", inside {found.inside}" if found.inside else ""
    return f"a function {found.name} is defined at line {found.line}{inside}"


def hint_for_attribute(scene):
    """Say where a method is that an object's class lacks, or return None."""
    name, kind = getattr(scene.error, "name", None), type(getattr(scene.error, "obj", None))
    if not isinstance(scene.error, AttributeError) or kind.__module__ not in scene.copy.modules:
        return None
    for one in definitions(scene.files):
        if one.name == name and one.kind == "function" and not one.inside.startswith("class "):
            inside = f"inside {one.inside}" if one.inside else f"outside class {kind.__name__}"
            what = f"{name} is defined at line {one.line}, {inside}."
            return f"{what} A class holds what is indented below its first line."
    return None


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
