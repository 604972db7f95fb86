"""Choose a hint from what was got; where nothing certain is known there is none.

A hint is a question or names an API, in at most 25 words. It is never the finished line.
"""

import re
import tomllib
from pathlib import Path

from flask_login import LoginManager
from jinja2 import TemplateNotFound

ERRORS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))["error"]


def hint_for_error(error, copy):
    """Return the hint that belongs to an error, or None."""
    app = copy.app
    views = ", ".join(sorted(set(app.view_functions) - {"static"})) if app else ""
    if is_about_login_view(error, app):
        return f"login_view takes the name of a view function. There are: {views}."
    if app and isinstance(error, TemplateNotFound):
        return hint_for_template(app, copy)
    if app and "Missing user_loader" in str(error) and has_loader_elsewhere(copy):
        return two_of(LoginManager, copy)
    if "'SQLALCHEMY_DATABASE_URI' or" in str(error) and copy.extensions:
        return hint_for_settings(copy.extensions[-1][1])
    for row in ERRORS:
        match = re.search(row.get("text", ""), str(error))
        if match and re.fullmatch(row["type"], type(error).__name__):
            return row["hint"].format(match[0], *match.groups(), views=views)
    return getattr(error, "hint", None)


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
    """Ask which of the objects of a class has met the app."""
    names = ", ".join(copy.named(kind))
    return f"There is more than one {kind.__name__}: {names}. Which one has met the app?"


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


def hint_for_page(page, copy):
    """Return the hint that belongs to the status and the redirects of a page, or None."""
    if page.error:
        hint = hint_for_error(page.error, copy)
        own = isinstance(page.error, ValueError)
        return hint or ("Where does the view catch this error and show its text?" if own else None)
    if len(page.hops) > 1 and not page.status.startswith("200"):
        return "Which page sends the visitor on to itself?"
    app = page.browser.app
    rules = {rule.rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"}
    if page.status.startswith("404") and page.path == "/None":
        return "redirect() was given None. What does the line ask for, and what if it is not there?"
    if page.status.startswith("404") and page.path not in rules:
        routes = ", ".join(sorted(rules)) or "none"
        return f"No route answers {page.path}. Routes so far: {routes}."
    if page.status.startswith("400") and "csrf" in app.extensions:
        return "CSRFProtect refuses a form without its token: see csrf_token()."
    if page.status.startswith("405") and page.hops and page.hops[-1][0].startswith("307"):
        return "A browser repeats a POST after 307. Which status makes it ask by GET?"
    if page.status.startswith("405"):
        return f"Which methods does the route of {page.path} accept?"
    if lacks_login_view(page):
        return "Flask-Login answers 401 while it knows no login page: see LoginManager.login_view."
    return None
