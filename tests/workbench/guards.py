"""Find out why a page is open to strangers, and why a login does not end."""

import inspect
from itertools import chain

from workbench.causes import lost_redirect
from workbench.lines import calls, mentions, view_of

WHO_IS_THERE = ("is_authenticated", "session", "cookies")
ASKS_FOR_A_LOGIN = r"current_user|is_authenticated|_user_id|logged_in"
NONE_ASKED = r"(if|not|and|or)\s+current_user\b(?!\.)|\bcurrent_user\s+(is|==|!=)\s"
ANON = r"\banonymous_user\b"


def why_open_to_strangers(page):
    """Find out why a stranger is not redirected to the login page: which code let them pass?"""
    app, view = page.browser.app, view_of(page)
    if app.config.get("LOGIN_DISABLED"):
        return {
            "fact": "LOGIN_DISABLED is set",
            "hint": "LOGIN_DISABLED is a switch for tests. What does it do to login_required?",
            "at": app,
            "word": "LOGIN_DISABLED",
            "sure": True,
        }
    if is_wrapped_too_late(view):
        hint = "login_required protects what is below it. Is that the function, or is it the route?"
        return {"hint": hint, "sure": True}
    if lost := lost_redirect(page):
        return lost
    handler = app.login_manager.unauthorized_callback
    if page.deeds.turned_away and handler:
        hint = "login_required has turned the visitor away. What does your unauthorized_handler do?"
        return {"hint": hint, "at": handler}
    if page.deeds.turned_away and app.login_manager.login_view:
        hint = "login_required has turned the visitor away. Which view does login_view name?"
        return {"hint": hint, "at": app, "word": r"\blogin_view\b"}
    if guests := why_guests_are_in(app):
        return guests
    if mentions(view, NONE_ASKED):
        hint = "For a stranger, current_user is an object, too, never None: see is_authenticated."
        return {"hint": hint}
    if any(mentions(view, word) for word in WHO_IS_THERE):
        hint = "The view itself asks who is there. What does it see, and return, for a stranger?"
        return {"hint": hint}
    if guard := guard_of(app):
        names = ", ".join(name for name, one in app.view_functions.items() if one is view)
        hint = f"before_request asks who is there. Does it mean this page, whose name is {names}?"
        return {"hint": hint, "at": guard}
    asks = "Which decorator asks Flask-Login whether the visitor is logged in?"
    return {"hint": asks, "sure": not page.deeds.turned_away}


def why_guests_are_in(app):
    """Report an app in which Flask-Login treats every visitor as logged in."""
    if not app.login_manager.anonymous_user().is_authenticated:
        return None
    hint = "login_required asks current_user.is_authenticated. Which class is that of a stranger?"
    fact = "is_authenticated of a stranger is True"
    return {"fact": fact, "hint": hint, "at": app, "word": ANON, "sure": True}


def guard_of(app):
    """Return the first function that runs before every view and asks who is there, or None."""
    guards = chain(*app.before_request_funcs.values())
    return next((one for one in guards if mentions(one, ASKS_FOR_A_LOGIN)), None)


def is_wrapped_too_late(view):
    """Say whether a decorator is above the route, so that the route knows the bare function."""
    same_name = getattr(inspect.getmodule(view), getattr(view, "__name__", ""), None)
    return same_name is not view and inspect.unwrap(same_name) is view


def why_still_in(answer):
    """Find out why a user who has pressed the logout button is still logged in."""
    app = answer.browser.app
    remember = app.config.get("REMEMBER_COOKIE_NAME", "remember_token")
    remembered = answer.browser.client.get_cookie(remember)
    facts = [] if answer.deeds.logged_out else ["logout_user() did not run"]
    facts += [f"the cookie {remember} is still there"] if remembered else []
    if not answer.deeds.logged_out:
        hint = why_no_logout(view_of(answer))
    elif remembered:
        hint = "logout_user() notes in the session that this cookie must go. What loses the note?"
    else:
        hint = "What logs the user in again?"
    return {"fact": " and ".join(facts), "hint": hint, "at": answer}


def why_no_logout(view):
    """Return a hint that follows from what a logout view does in place of logging out."""
    if calls(view, "logout_user"):
        return "logout_user() is there, but the view does not reach it. What comes before it?"
    if mentions(view, "logout_user"):
        return "The view names logout_user, but does not call it. What calls a function?"
    if mentions(view, "session"):
        return "Flask-Login's entries in the session have names of their own. What removes them?"
    return "redirect() alone ends no login: which Flask-Login function does?"
