"""Hints at imports: packages that are not in .venv, and names that libraries have removed."""

import re
import sys
import tomllib
from pathlib import Path

TABLES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
PACKAGES, REMOVED = TABLES["packages"], TABLES["removed"]
VENV = r".venv\Scripts\python" if sys.platform == "win32" else ".venv/bin/python"


def is_known(module):
    """Say whether an import is spelled as a package on PyPI spells it."""
    return module.partition(".")[0] in PACKAGES or bool(was_removed(module))


def was_removed(module, name=""):
    """Return what is known of a module, or of a name in it, that its package has removed."""
    for row in REMOVED:
        if re.fullmatch(row["module"], module) and re.fullmatch(row.get("name", ""), name):
            return row
    return None


def hint_for_import(error, mine=()):
    """Return a hint at an import that failed, or None; `mine` are names of the learner's files."""
    module, wanted = what_is_missing(error)
    top = module.partition(".")[0]
    if row := was_removed(module, wanted):
        since = f"{row['since']} has" if "since" in row else "Newer versions have"
        told = f"{since} removed {wanted or module}. What took its place: {row.get('now')}."
        return row.get("hint", told)
    if top in mine and is_of_python(top):
        return f"Python has a module {top} of its own, which comes first. Can you rename yours?"
    if top in mine and isinstance(error, ModuleNotFoundError) and module == top:
        return f"{top} is inside a package. What is in front of such a name in an import there?"
    if wanted or top not in PACKAGES:
        return None
    return (
        f"{top} is spelled right and is not in .venv. "
        f"This installs it: {VENV} -m pip install {PACKAGES[top]}"
    )


def what_is_missing(error):
    """Return (module, name) of what an error did not find in a module; either may be empty."""
    if isinstance(error, ModuleNotFoundError):
        return error.name or "", ""
    patterns = (
        "name '(?P<n>.+?)' from '(?P<m>.+?)'",
        "module '(?P<m>.+?)' has no .* '(?P<n>.+?)'",
        r"'(?P<m>\w+)' object has no attribute '(?P<n>\w+)'",
    )
    found = (re.search(pattern, str(error)) for pattern in patterns)
    match = next((one for one in found if one), None)
    return (match["m"], match["n"]) if match else ("", "")


def is_of_python(module):
    """Say whether Python finds a module of its own, whatever lies in the learner's folder."""
    return module in sys.builtin_module_names or module in sys.stdlib_module_names
