"""Find the line at fault when an error names another line, or none."""

import ast
import itertools
import re
from difflib import get_close_matches
from pathlib import Path

from workbench.frames import tree
from workbench.names import files_of
from workbench.scene import text_of

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DECORATORS = (
    r"^\w+\.(route|get|post|user_loader|unauthorized_handler|errorhandler)\b|^login_required$"
)
ROUTES = ("route", "get", "post", "before_request", "after_request", "errorhandler")


def bare_route(copy):
    """Return (file, line, name) of a decorator that lacks its parentheses, or None."""
    for file in files_of(copy):
        for node in ast.walk(tree(file)):
            for one in getattr(node, "decorator_list", ()):
                if isinstance(one, ast.Attribute) and one.attr in ROUTES[:3]:
                    return file, one.lineno, ast.unparse(one)
    return None


def lost_sign(copy, of):
    """Return (file, line, code) of a decorator that lacks its @, or None.

    `of` is an expression that fits it as it would be with @, or the name of the function below.
    """
    for file in files_of(copy):
        for node in ast.walk(tree(file)):
            body = getattr(node, "body", None)
            for above, below in itertools.pairwise(body if isinstance(body, list) else ()):
                if not isinstance(above, ast.Expr) or not isinstance(below, FUNCTIONS):
                    continue
                code = ast.unparse(above.value)
                meant = below.name == of or re.search(of, f"@{code}")
                if meant and re.search(DECORATORS, code):
                    return file, above.lineno, code
    return None


def less_indented(error):
    """Return (file, line) of the line that begins too far left and so ends a block, or None.

    Python names the first line below it that goes on with that block.
    """
    if not isinstance(error, IndentationError) or "unindent" not in (error.msg or ""):
        return None
    file = Path(error.filename)
    lines = text_of(file).expandtabs().splitlines()[: error.lineno]
    depths = [(n, len(one) - len(one.lstrip())) for n, one in enumerate(lines, 1) if one.strip()]
    wanted = depths.pop()[1] if depths else 0
    while depths and depths[-1][1] >= wanted:
        depths.pop()
    if not depths:
        return None
    number, depth = depths.pop()
    block = itertools.takewhile(lambda one: one[1] > depth, reversed(depths))
    return (file, number) if wanted in [one for _, one in block] else None


def near_assignment(copy, name):
    """Return (file, line, target) of an assignment to an attribute of a close name, or None."""
    for file in files_of(copy):
        for node in ast.walk(tree(file)):
            for target in getattr(node, "targets", ()):
                word = getattr(target, "attr", "")
                if get_close_matches(name, [word], 1, 0.7):
                    return file, node.lineno, ast.unparse(target)
    return None


def unread_file(copy, pattern):
    """Return (file, line) of a file that was not loaded and has a line that fits, or None."""
    loaded = {str(module.__file__) for module in copy.modules.values()}
    for file in files_of(copy):
        if str(file) in loaded:
            continue
        for number, line in enumerate(text_of(file).splitlines(), 1):
            if re.search(pattern, line):
                return file, number
    return None


def route_of(path):
    """Return what fits a decorator for an address."""
    return rf"""@\w+\.(route|get|post)\(\s*["']{re.escape(path.rstrip("/")) or "/"}/?["']"""
