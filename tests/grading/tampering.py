"""Notice an app that changes what judges it: the machinery, pytest, or the checks.

A determined author is not noticed: the app runs in the process that judges it.
"""

import sys
from types import FunctionType

MACHINERY = {"_pytest", "pytest", "pluggy", "workbench", "grading", "attacks", "__main__"}


def machinery(items):
    """Return {name: (object, its code)} of the functions that judge, and of the tests."""
    found = {}
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in MACHINERY:
            found |= functions_of(name, module)
    return found | {item.nodeid: (item.obj, code_of(item.obj)) for item in items}


def functions_of(name, holder):
    """Return the same for the functions of a module, and for the methods of its classes."""
    found = {}
    for key, value in list(vars(holder).items()):
        if isinstance(value, type) and not isinstance(holder, type):
            if value.__module__.partition(".")[0] in MACHINERY:
                found |= functions_of(f"{name}.{key}", value)
        elif isinstance(value, FunctionType | classmethod | staticmethod | property):
            found[f"{name}.{key}"] = (value, code_of(value))
    return found


def code_of(function):
    """Return the code of a function, however it is wrapped, or None."""
    inner = getattr(function, "__func__", getattr(function, "fget", function))
    return getattr(inner, "__code__", None)


def changes(before, after):
    """Return the names of what is another object, or has other code, or is gone."""
    return [
        name
        for name, (value, code) in before.items()
        if name not in after or after[name][0] is not value or after[name][1] is not code
    ]
