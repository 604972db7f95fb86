"""Find the line of the learner's own that is behind an error, a page or an object."""

import ast
import inspect
import re
import textwrap
from pathlib import Path
from urllib.parse import urlsplit

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect

from workbench.attempt import Attempt, attempt, stack_of
from workbench.gaps import (
    bare_route,
    less_indented,
    lost_sign,
    near_assignment,
    route_of,
    unread_file,
)
from workbench.hints import (
    blueprints_apart,
    guards_that_redirect,
    is_about_login_view,
    lacks_login_view,
    row_for,
    text_of_error,
)
from workbench.names import files_of
from workbench.nothing import after_request
from workbench.page import Page
from workbench.scene import Scene, text_of

DEFINITION = r"\bdef |\bclass |\blambda\b"
ROUTE = r"@.*\.(route|get|post)\("


def line_behind(finding, copy):
    """Return (file, number) of the line to look at; the number, or all of it, may be None.

    It is the last one that an error came through, else the first one that `finding.word` fits
    in the thing at which the finding points, else the one where that thing starts.
    """
    if not finding.sure and (place := named_elsewhere(finding, copy)):
        return place
    crash = [place for place in trace(finding.error(), copy.app) if is_ours(place, copy)]
    if crash and not finding.sure:
        return crash[-1]
    thing, word = finding.got if finding.at is None else finding.at, finding.word
    if is_about_login_view(finding.error(), copy.app):
        thing, word = copy, r"\blogin_view\b"
    elif isinstance(thing, Page) and lacks_login_view(thing):
        thing, word = copy, r"\bLoginManager\("
    starts = [place for place in starts_of(thing, copy) if is_ours(place, copy)]
    if not word and isinstance(thing, list):
        return next(iter(starts), None)
    if not word and starts and (further := only_statement(thing)):
        return starts[0][0], starts[0][1] + further
    word = word or word_for(thing)
    found = [(file, number_of(word, file, start, length_of(thing))) for file, start in starts]
    exact = [place for place in found if place[1]]
    if exact or is_whole(thing, copy):
        return next(iter(exact), None)
    return next(iter(starts), None)


def named_elsewhere(finding, copy):
    """Return (file, number) of a line that causes what another line or none shows, or None."""
    page = finding.got if isinstance(finding.got, Page) else None
    if error := finding.error():
        if getattr(error, "file", None):  # found in the place of app.py
            return error.file, None
        name = (getattr(error, "endpoint", None) or "").rpartition(".")[2]
        if name and (found := lost_sign(copy, name) or bare_route(copy)):
            return found[:2]
        if found := less_indented(error):
            return found
        if "Missing user_loader" in text_of_error(error) and (
            unread := unread_file(copy, "user_loader")
        ):
            return unread
        row, match = row_for(Scene(error, copy, page))
        if not row or "line" not in row:
            return None
        if "{1}" not in row["line"]:
            return next(iter(lines_that_fit(row["line"], copy)), None)
        return next(iter(lines_that_fit(row["line"].replace("{1}", match[1]), copy)[::-1]), None)
    found = None
    if page and not page.deeds.turned_away and (guards := guards_that_redirect(page)):
        return next(iter(starts_of(guards[0], copy)), None)
    if page and page.status.startswith("404"):
        route = route_of(page.path)
        found = lost_sign(copy, route) or bare_route(copy) or unread_file(copy, route)
        if not found and blueprints_apart(copy):
            found = next(iter(lines_that_fit(r"\bBlueprint\(", copy)), None)
    elif page and lacks_login_view(page):
        found = near_assignment(copy, "login_view")
    return found and found[:2]


def lines_that_fit(pattern, copy):
    """Return (file, number) of each line of the learner's files that an expression fits."""
    files = [(file, text_of(file).splitlines()) for file in files_of(copy)]
    return [
        (file, number)
        for file, lines in files
        for number, line in enumerate(lines, 1)
        if re.search(pattern, line)
    ]


def trace(error, app):
    """Return (file, line) of what an error came through, or of a function that returned nothing."""
    silent = re.search("view function for '(.+?)' did not return", str(error))
    if silent and app:
        starts = starts_of(app.view_functions[silent[1]], None)
        return [(file, number_of(DEFINITION, file, start)) for file, start in starts]
    if functions := after_request(error, app):
        return starts_of(functions[0], None)
    return [(Path(name), number) for name, number in stack_of(error)] if error else []


def is_whole(thing, copy):
    """Say whether the thing is the app, not a part of it."""
    return copy is not None and (thing is copy or (thing is copy.app and thing is not None))


def is_ours(place, copy):
    """Say whether the place is in a file of the learner's."""
    return place[0].is_relative_to(copy.root)


def starts_of(thing, copy):
    """Return (file, number of its first line) of a thing; of an app, of each of its files."""
    if is_whole(thing, copy):
        files = [Path(module.__file__) for module in copy.modules.values() if module.__file__]
        files.sort(key=lambda file: file.stem != copy.source.stem)
        return [(file, 1) for file in [*files, *copy.settings_files()]]
    if isinstance(thing, Path):
        return [(thing, None)]
    if isinstance(thing, list):  # a stack, innermost first
        return [(Path(name), number) for name, number in thing]
    if isinstance(thing, Page):
        thing = view_of(thing)
    if isinstance(thing, Attempt):
        thing = thing.function
    try:
        thing = inspect.unwrap(thing)
        return [(Path(inspect.getsourcefile(thing)), inspect.findsource(thing)[1] + 1)]
    except (TypeError, OSError, ValueError):  # not written in a file of Python
        return []


def only_statement(thing):
    """Return how many lines below its start a function has its only statement, else None."""
    thing = thing.function if isinstance(thing, Attempt) else thing
    try:
        (function,) = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(thing)))).body
        (statement,) = function.body[ast.get_docstring(function) is not None :]
        return statement.lineno - 1
    except (TypeError, OSError, ValueError, SyntaxError, AttributeError):
        return None  # no function, or one of several statements


def word_for(thing):
    """Return the expression that finds the line to show for a thing."""
    is_refused = isinstance(thing, Page) and thing.status.startswith("405")
    return ROUTE if is_refused else DEFINITION


def length_of(thing):
    """Return how many lines a function has; None for other things, whose words may be anywhere."""
    thing = thing.function if isinstance(thing, Attempt) else thing
    if not inspect.isroutine(thing):
        return None
    source = attempt(lambda: inspect.getsourcelines(inspect.unwrap(thing))).value
    return source and len(source[0])


def number_of(word, file, start, length=None):
    """Return the number of the first line that the expression fits, or None.

    It is looked for from the line `start` on, in `length` lines if that is given.
    """
    lines = file.read_text("utf-8", "backslashreplace").splitlines()
    start = start or 1
    numbers = range(start, min(len(lines), start + length - 1 if length else len(lines)) + 1)
    return next((number for number in numbers if re.search(word, lines[number - 1])), None)


def view_of(page):
    """Return the function that answered first when a visitor came to this page, or None."""
    method, address = page.asked
    return view_at(page.browser.app, urlsplit(address).path, method)


def view_at(app, path, method):
    """Return the function that answers this path, or None."""
    routes = app.url_map.bind("localhost")
    for _ in range(3):  # a slash may be missing, and another method may be meant
        try:
            view = app.view_functions[routes.match(path, method)[0]]
        except RequestRedirect as redirect:
            path = urlsplit(redirect.new_url).path
        except MethodNotAllowed as refused:
            method = refused.valid_methods[0]
        except NotFound:
            return None
        else:
            view_class = getattr(view, "view_class", None)
            return getattr(view_class, method.lower(), view_class) if view_class else view
    return None


def mentions(function, word):
    """Say whether the text of a function holds a name, or an expression that starts with it."""
    text = attempt(lambda: inspect.getsource(inspect.unwrap(function))).value or ""
    return bool(re.search(rf"\b(?:{word})", text))


def calls(function, word):
    """Say whether the text of a function holds a name with parentheses behind it."""
    return mentions(function, rf"{word}\w*\(")
