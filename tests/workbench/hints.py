"""Choose a hint from what was got; where nothing certain is known there is none.

A hint is a question or names an API, in at most 25 words. It is never the finished line.
"""

import re
import tomllib
from pathlib import Path

ERRORS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))["error"]


def hint_for_error(error, app):
    """Return the hint that belongs to an error, or None."""
    views = ", ".join(sorted(set(app.view_functions) - {"static"})) if app else ""
    if is_about_login_view(error, app):
        return f"login_view takes the name of a view function. There are: {views}."
    for row in ERRORS:
        match = re.search(row.get("text", ""), str(error))
        if match and re.fullmatch(row["type"], type(error).__name__):
            return row["hint"].format(match[0], *match.groups(), views=views)
    return getattr(error, "hint", None)


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


def hint_for_page(page):
    """Return the hint that belongs to the status and the redirects of a page, or None."""
    if page.error:
        hint = hint_for_error(page.error, page.browser.app)
        own = isinstance(page.error, ValueError)
        return hint or ("Where does the view catch this error and show its text?" if own else None)
    if len(page.hops) > 1 and not page.status.startswith("200"):
        return "Which page sends the visitor on to itself?"
    app = page.browser.app
    rules = {rule.rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"}
    if page.status.startswith("404") and page.path not in rules:
        routes = ", ".join(sorted(rules)) or "none"
        return f"No route answers {page.path}. Routes so far: {routes}."
    if page.status.startswith("405"):
        return f"Which methods does the route of {page.path} accept?"
    if lacks_login_view(page):
        return "Flask-Login answers 401 while it knows no login page: see LoginManager.login_view."
    return None
