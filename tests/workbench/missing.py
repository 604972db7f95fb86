"""Say what is in a folder without app.py, and what to rename or move."""

import re
from difflib import get_close_matches

from workbench.attempt import CannotLoad
from workbench.copying import is_clutter

MAKES_AN_APP = re.compile(r"\bFlask\(|^def (create|make)_app\b|^app\s*=", re.M)
WORD_PROCESSORS = (".rtf", ".docx", ".doc", ".odt", ".pages")
DEPTH = 3  # folders within folders


def refuse_missing(source, folder):
    """Raise CannotLoad, with what was found instead, unless the file is there and has code."""
    if not folder.is_dir():
        near = get_close_matches(folder.name, folders_beside(folder), 1)
        hint = f"There is a folder {near[0]}. Is it the one?" if near else None
        raise CannotLoad(f"no folder {folder.name} there yet", hint)
    names = {path.name for path in folder.iterdir()} if source.parent == folder else {source.name}
    wanted = "app.py" if source.name == "__init__.py" else source.name
    if source.name in names and source.is_file():
        if source.read_bytes().strip():
            return
        if source.name == wanted:
            raise CannotLoad(f"{wanted} is empty", "Has your editor saved what you have written?")
    for look in (in_another_spelling, with_an_app, deeper, in_a_notebook, others):
        if found := look(wanted, folder):
            raise CannotLoad(*found)
    raise CannotLoad(f"no {wanted} there yet")


def folders_beside(folder):
    """Return the names of the folders beside one, which may not exist itself."""
    if not folder.parent.is_dir():
        return []
    return [path.name for path in folder.parent.iterdir() if path.is_dir()]


# Each of these returns what was seen, a hint and the file, or None.


def in_another_spelling(wanted, folder):
    """Look for a file whose name differs from app.py in capitals, in its ending or in a typo."""
    stem, _, _ = wanted.rpartition(".")
    for path in sorted(folder.iterdir()):
        if path.name == wanted and path.is_dir():
            return (
                f"{wanted} is a folder",
                "Which file holds the code? Move it out of that folder.",
                path,
            )
        if not path.is_file() or path.name == wanted or path.suffix == ".ipynb":
            continue
        seen = f"no {wanted} there yet, but {path.name}"
        if path.name.casefold() == wanted:
            hint = f"Capital letters matter in the name of a file. Rename it to {wanted}."
            return seen, hint, path
        if path.suffix in WORD_PROCESSORS and path.name.startswith(f"{stem}."):
            return seen, f"Python reads plain text. Save it as that, under the name {wanted}.", path
        if path.name.casefold().startswith(f"{wanted}."):
            hint = f"The editor has added {path.suffix}, which some systems hide. Rename it to"
            return seen, f"{hint} {wanted}.", path
        same = re.fullmatch(rf"{stem}\W*(copy|\d+)?\W*\.(py\w?|txt)", path.name.casefold())
        if same or get_close_matches(path.name, [wanted], 1, 0.8):
            return seen, f"Is it meant to be {wanted}? Then rename it.", path
    return None


def with_an_app(wanted, folder):
    """Look for another file that makes a Flask app."""
    for path in sorted(folder.glob("*.py")):
        if path.is_file() and MAKES_AN_APP.search(path.read_text("utf-8", "replace")):
            seen = f"no {wanted} there yet, but {path.name}, which makes a Flask app"
            hint = f"Rename it to {wanted}, or name it: --app={folder.name}/{path.name}"
            hint = hint if wanted == "app.py" else f"Is it --app={folder.name}/{path.name}?"
            return seen, hint, path
    return None


def deeper(wanted, folder):
    """Look for the file in folders below."""
    for path in below(folder, DEPTH):
        if path.name.casefold() == wanted and path.is_file():
            inside = path.parent.relative_to(folder.parent).as_posix()
            hint = f"Move its files up into {folder.name}, or name its folder: --app={inside}"
            return f"no {wanted} there yet, but one in {inside}", hint, path
    return None


def in_a_notebook(wanted, folder):
    """Look for a notebook."""
    for path in sorted(folder.glob("*.ipynb")):
        seen = f"no {wanted} there yet, but {path.name}, which is a notebook"
        hint = f"Flask can't read a notebook. Copy the code of its cells into {wanted}."
        return seen, hint, path
    return None


def others(wanted, folder):
    """Name the files of Python, or say that there are templates only."""
    files = ", ".join(sorted(path.name for path in folder.glob("*.py") if path.name != wanted))
    if files and files != "__init__.py":
        return f"no {wanted} there yet", f"--app= can name a file, too. There is: {files}.", None
    if [*folder.rglob("*.html")]:
        seen = f"no {wanted} there yet, but templates"
        return seen, f"A template is only what a view shows. The views go into {wanted}.", None
    return None


def below(folder, depth):
    """Return what is in the folders below one, without what an app runs without."""
    found = []
    for path in sorted(folder.iterdir()) if depth else ():
        if path.is_dir() and not is_clutter(path):
            found += [*sorted(path.iterdir()), *below(path, depth - 1)]
    return found
