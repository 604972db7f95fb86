"""What diff compares: the files that a learner writes, of two apps. Needs no packages."""

import filecmp

PAGES = (".html", ".htm", ".jinja", ".jinja2", ".j2", ".txt", ".css")
NOTHING = "/dev/null"  # git knows it on Windows, too


def course_files(app):
    """Return {name: path} of what a learner writes: app.py and the templates."""
    folder, main = (app.parent, app) if app.is_file() else (app, app / "app.py")
    paths = [path for path in folder.glob("templates/**/*") if is_page(path)]
    pages = [(path.relative_to(folder).as_posix(), path) for path in paths]
    return {name: path for name, path in [("app.py", main), *sorted(pages)] if path.is_file()}


def is_page(path):
    """Say whether a file is a template, and not what an editor has left beside one."""
    return path.suffix in PAGES and not path.name.startswith((".", "#", "~"))


def differing(old, new):
    """Return the pairs of files that differ between two sets of {name: path}."""
    pairs = [(old.get(name, NOTHING), new.get(name, NOTHING)) for name in sorted({**old, **new})]
    return [p for p in pairs if NOTHING in p or not filecmp.cmp(*p, shallow=False)]
