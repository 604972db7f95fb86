"""Look at the frames that an error came through: which expression broke, and what it held."""

import ast
import builtins
import linecache
from functools import cache
from pathlib import Path


def frames_of(error):
    """Return (frame, line number, index of the instruction) of an error, outermost first."""
    shown, tb = [], error.__traceback__
    while tb:
        shown.append((tb.tb_frame, tb.tb_lineno, tb.tb_lasti))
        tb = tb.tb_next
    return shown


def innermost(error):
    """Return the frame in which the error was raised, or None."""
    return next((frame for frame, *_ in reversed(frames_of(error))), None)


def refuses(error):
    """Say whether a ValueError was raised to refuse a value: by a line that says so, or bcrypt."""
    if not isinstance(error, ValueError) or not error.__traceback__:
        return False
    frame, number, _ = frames_of(error)[-1]
    line = linecache.getline(frame.f_code.co_filename, number)
    return line.lstrip().startswith("raise ") or "72 bytes" in str(error)


def local(error, name, kind=object):
    """Return what a name held in the innermost frame that has it, if it is of a kind; or None."""
    for frame, *_ in reversed(frames_of(error)):
        if isinstance(frame.f_locals.get(name), kind):
            return frame.f_locals[name]
    return None


@cache
def tree_of(path, _changed):
    """Return the syntax tree of a file, or an empty one."""
    try:
        return ast.parse(Path(path).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return ast.Module([], [])


def tree(path):
    """Return the syntax tree of a file as it is now, or an empty one."""
    path = Path(path)
    return tree_of(path, path.stat().st_mtime_ns if path.is_file() else 0)


def node_at(frame, lasti, *kinds):
    """Return the expression of one of these kinds that ends where the instruction does, or None."""
    positions = list(frame.f_code.co_positions())[lasti // 2 : lasti // 2 + 1]
    ends = [(end_line, end) for _, end_line, _, end in positions]
    for node in ast.walk(tree(frame.f_code.co_filename)):
        if isinstance(node, kinds) and (node.end_lineno, node.end_col_offset) in ends:
            return node
    return None


def value_of(node, frame):
    """Return what a name or a chain of attributes holds in a frame, without calling anything."""
    if isinstance(node, ast.Name):
        spaces = (frame.f_locals, frame.f_globals, vars(builtins))
        return next((space[node.id] for space in spaces if node.id in space), None)
    if isinstance(node, ast.Attribute):
        try:
            return getattr(value_of(node.value, frame), node.attr, None)
        except Exception:  # a proxy of Flask outside of a request, a property that breaks
            return None
    return None


def function_at(path, line):
    """Return the innermost function of a file that holds a line, or None."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = [node for node in ast.walk(tree(path)) if isinstance(node, kinds)]
    return max(
        (node for node in nodes if node.lineno <= line <= node.end_lineno),
        key=lambda node: node.lineno,
        default=None,
    )
