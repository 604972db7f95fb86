"""Find the line at fault when an error names another line, or none."""

import ast
import re
from difflib import get_close_matches

from workbench.frames import tree
from workbench.names import files_of
from workbench.scene import text_of

ROUTES = ("route", "get", "post", "before_request", "after_request", "errorhandler")


def bare_route(copy):
    """Return (file, line, name) of a decorator that lacks its parentheses, or None."""
    for file in files_of(copy):
        for node in ast.walk(tree(file)):
            for one in getattr(node, "decorator_list", ()):
                if isinstance(one, ast.Attribute) and one.attr in ROUTES[:3]:
                    return file, one.lineno, ast.unparse(one)
    return None


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
