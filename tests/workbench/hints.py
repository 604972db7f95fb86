"""Choose a hint from what was got, or give no hint where the cause is not certain.

A hint is a question or names an API, in at most 25 words. It is never the finished line.
"""

import inspect
import re
import tomllib
from itertools import chain
from pathlib import Path

from flask import Blueprint
from flask_login import LoginManager
from jinja2 import TemplateNotFound

from workbench.frames import refuses
from workbench.gaps import bare_route, lost_sign, near_assignment, route_of, unread_file
from workbench.names import definitions, hint_for_attribute, hint_for_name
from workbench.nothing import hint_for_none
from workbench.packages import VENV, hint_for_import
from workbench.scene import Scene

ERRORS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))["error"]


def hint_for_error(error, copy, page=None):
    """Return the hint that belongs to an error, or None; `page` is where a visitor met it."""
    app, scene = copy.app, Scene(error, copy, page)
    if is_about_login_view(error, app) and "url_for" not in scene.code:
        return f"login_view takes the name of a view function. There are: {views_of(app)}."
    if app and isinstance(error, TemplateNotFound):
        return hint_for_template(app, copy)
    if app and "Missing user_loader" in str(error) and has_loader_elsewhere(copy):
        return two_of(LoginManager, copy)
    if "Missing user_loader" in text_of_error(error) and (
        unread := unread_file(copy, "user_loader")
    ):
        return f"{unread[0].name} registers a user loader and was not loaded. What imports it?"
    if "'SQLALCHEMY_DATABASE_URI' or" in str(error) and copy.extensions:
        return hint_for_settings(copy.extensions[-1][1])
    mine = {file.stem for file in scene.files}
    if hint := hint_for_import(error, mine) or hint_for_none(scene):
        return hint
    row, match = row_for(scene)
    if row and "first" in row:
        return filled(row["hint"], match, app)
    hint = hint_for_name(scene) or hint_for_attribute(scene) or hint_for_endpoint(scene)
    hint = hint or (filled(row["hint"], match, app) if row else None)
    return hint or getattr(error, "hint", None)


def row_for(scene):
    """Return the first row of the table that fits an error, and how; or (None, None)."""
    text = text_of_error(scene.error)
    for row in ERRORS:
        match = re.search(row.get("text", ""), text)
        if not match or not re.fullmatch(row["type"], type(scene.error).__name__):
            continue
        first = match[1] if match.re.groups else ""
        code = row.get("code", "").replace("{1}", re.escape(first or ""))
        if re.search(code, scene.code) and scene.sees(row.get("when", ())):
            return row, match
    return None, None


def text_of_error(error):
    """Return the text of an error, or an empty text if its __str__ breaks."""
    try:
        return str(error)
    except Exception:
        return ""


def filled(hint, match, app):
    """Return a hint with what the error says put in."""
    groups = [group or "" for group in match.groups()]
    return hint.format(match[0], *groups, views=views_of(app), python=VENV) or None


def views_of(app):
    """Return the names of the app's view functions in one line."""
    return ", ".join(sorted(set(app.view_functions) - {"static"})) if app else ""


def hint_for_template(app, copy):
    """Say where Flask looks for templates, and what is there."""
    folders = template_folders(app, *app.blueprints.values())
    names = [path.relative_to(f).as_posix() for f in folders for path in files_below(f)]
    shown = [f.relative_to(copy.root) if f.is_relative_to(copy.root) else f for f in folders]
    where = ", ".join(f"{folder.as_posix()}/" for folder in shown)
    if not names:
        return f"Flask looks in {where}, where there is no template. Which folder holds yours?"
    return f"Flask looks in {where}. There are: {', '.join(names)}."


def template_folders(*owners):
    """Return the template folders of an app, or of blueprints, that have one."""
    return [Path(one.root_path, one.template_folder) for one in owners if one.template_folder]


def files_below(folder):
    """Return the files of a folder and its folders."""
    return sorted(path for path in folder.glob("**/*") if path.is_file())


def has_loader_elsewhere(copy):
    """Say whether a user loader was registered with a LoginManager that the app does not know."""
    managers = copy.named(LoginManager).values()
    return any(one._user_callback for one in managers if one is not copy.app.login_manager)


def two_of(kind, copy):
    """Ask which of the objects of a class is attached to the app."""
    names = ", ".join(copy.named(kind))
    return f"There is more than one {kind.__name__}: {names}. Which one is attached to the app?"


def hint_for_settings(app):
    """Name the settings of SQLAlchemy that are there when it looks for its address."""
    names = [name for name in app.config if re.search("SQLALCHEMY|DATABASE|URI|DB", name, re.I)]
    found = [name for name in names if app.config[name]]  # the defaults are all empty
    there = ", ".join(found) if found else "none of that kind"
    return f"Flask-SQLAlchemy reads SQLALCHEMY_DATABASE_URI in this line. Set so far: {there}."


def is_about_login_view(error, app):
    """Say whether Flask found no view of the name that Flask-Login sends strangers to."""
    return bool(login_view(app)) and login_view(app) == getattr(error, "endpoint", None)


def login_view(app):
    """Return the name of the view that Flask-Login sends strangers to, or None."""
    return getattr(getattr(app, "login_manager", None), "login_view", None)


def lacks_login_view(page):
    """Say whether Flask-Login has turned a visitor away, and knows no page to send them to."""
    refused = page.status.startswith("401") and page.deeds.turned_away
    return refused and not login_view(page.browser.app)


def hint_for_value(error):
    """Return the hint that belongs to a value which code refuses, on purpose or not; or None."""
    if not isinstance(error, ValueError):
        return None
    if refuses(error):
        return "Where does the view catch this error and show its text?"
    return "Which values does this line take? A visitor may send any other one."


def hint_for_page(page, copy):
    """Return the hint that belongs to the status and the redirects of a page, or None."""
    if page.error:
        return hint_for_error(page.error, copy, page) or hint_for_value(page.error)
    if len(page.hops) > 1 and not page.status.startswith("200"):
        return hint_for_redirects(page)
    app = page.browser.app
    rules = {rule.rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"}
    if page.status.startswith("404") and page.path == "/None":
        return "redirect() was given None. What does the line ask for, and what if it is not there?"
    if page.status.startswith("404") and (hint := hint_for_route(page, copy)):
        return hint
    if page.status.startswith("404") and page.path not in rules:
        routes = ", ".join(sorted(rules)) or "none"
        return f"No route answers {page.path}. Routes so far: {routes}."
    if page.status.startswith("400") and "csrf" in app.extensions:
        return "CSRFProtect refuses a form without its token: see csrf_token()."
    if page.status.startswith("405") and page.hops and page.hops[-1][0].startswith("307"):
        return "A browser repeats a POST after 307. Which status makes it ask by GET?"
    if page.status.startswith("405"):
        known = (rule.methods for rule in app.url_map.iter_rules() if rule.rule == page.path)
        methods = ", ".join(sorted({*chain(*known)} - {"HEAD", "OPTIONS"}))
        accepts = f"accepts {methods}" if methods else "is another one"
        return f"The route of {page.path} {accepts}. Which method was sent?"
    if lacks_login_view(page) and (near := near_assignment(copy, "login_view")):
        return hint_for_assignment(near[2])
    if lacks_login_view(page):
        return "Flask-Login answers 401 while it knows no login page: see LoginManager.login_view."
    return None


def hint_for_route(page, copy):
    """Say which decorator has no @ or no parentheses, or which file was not loaded."""
    if lost := lost_sign(copy, route_of(page.path)):
        return hint_for_sign(lost)
    if bare := bare_route(copy):
        return f"@{bare[2]} is called with the function below it. Where is its address given?"
    if unread := unread_file(copy, route_of(page.path)):
        return f"{unread[0].name} has a route for {page.path} and was not loaded. What imports it?"
    if apart := blueprints_apart(copy):
        return f"The blueprint {apart[0]} is not registered. See Flask.register_blueprint()."
    return None


def hint_for_sign(lost):
    """Ask about a decorator that lacks its @."""
    return (
        f"A decorator begins with @. Is {lost[2].partition('(')[0]} in this line meant to be one?"
    )


def hint_for_extension(copy, name):
    """Ask what keeps an extension of this class from the app: no object, or one without an app."""
    if copy.mentions(rf"\b{name}\("):
        return f"Is the {name} object attached to the app? See {name}.init_app()."
    if copy.mentions(rf"=\s*{name}\s*(#.*)?$"):
        return f"{name} is the class here. What makes an object of a class?"
    return f"No object of the class {name} is made. Which line is to do that?"


def word_for_extension(copy, name):
    """Return what finds the line that makes an extension, names its class, or imports it."""
    words = (rf"\b{name}\(", rf"=\s*{name}\b", rf"\b{name}\b|\bflask_{name.lower()}\b")
    return next((word for word in words if copy.mentions(word)), words[-1])


def blueprints_apart(copy):
    """Return the names of blueprints that are not registered with the app."""
    known = [*copy.app.blueprints.values()]
    return [one.name for one in copy.named(Blueprint).values() if one not in known]


def hint_for_assignment(target):
    """Ask about a line that was meant to set login_view of the app's LoginManager."""
    owner, _, name = target.rpartition(".")
    if owner == "LoginManager":
        return "LoginManager is the class. Which object of it is attached to the app?"
    if name == "login_view":
        return f"This sets login_view of {owner}. Which object is the app's LoginManager?"
    return "Flask-Login reads login_view. Which name does this line set?"


def hint_for_endpoint(scene):
    """Say what keeps a function from being a view that url_for() can find, or return None."""
    name = (getattr(scene.error, "endpoint", None) or "").rpartition(".")[2]
    if not name:
        return None
    if lost := lost_sign(scene.copy, name):
        return hint_for_sign(lost)
    if bare := bare_route(scene.copy):
        return f"@{bare[2]} is called with the function below it. Where is its address given?"
    if unread := unread_file(scene.copy, rf"def {re.escape(name)}\b"):
        return f"{unread[0].name} defines {name} and was not loaded. What imports it?"
    known = [one for one in definitions(scene.files) if one.name == name and not one.inside]
    if known and name not in views_of(scene.copy.app):
        return f"{name} is a function at line {known[0].line}. What makes a view of it?"
    return None


def hint_for_redirects(page):
    """Ask which page redirects a visitor in a circle."""
    if page.loop() and page.deeds.turned_away:
        return "login_required turns visitors away from this page. Which page can they log in on?"
    if guards_that_redirect(page):
        return "before_request runs before every page. Which pages does it have to let pass?"
    return "Which page sends the visitor on to itself?"


def guards_that_redirect(page):
    """Return the functions that run before each request and may redirect, if the view does not."""
    app = page.browser.app
    functions = [*chain(*app.before_request_funcs.values())]
    return [one for one in functions if page.loop() and "redirect" in source_of(one)]


def source_of(function):
    """Return the text of a function, or an empty string."""
    try:
        return inspect.getsource(inspect.unwrap(function))
    except (TypeError, OSError, ValueError):
        return ""
