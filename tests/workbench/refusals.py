"""Find out why a form never reaches the view, or why a login is lost without a message."""

import re
from urllib.parse import urlsplit

from workbench.attempt import describe, stack_of
from workbench.cookies import refusing
from workbench.forms import same_path
from workbench.page import leads_to_a_page

LIMIT = "Each visitor here has an address of their own. Whom does this limit count together?"
COOKIE_SETTINGS = ("SESSION_COOKIE_DOMAIN", "SESSION_COOKIE_PATH")


def stopped_before(answer, page):
    """Find out what kept a form from the view, or stopped it without a message; else None."""
    if answer.status.startswith("429"):
        return {"fact": "the app's own limit is reached", "hint": LIMIT, "sure": True}
    if astray := sent_astray(answer, page):
        return astray
    if answer.browser.refused and answer.deeds.form_errors:
        return why_not_kept(answer)
    if answer.deeds.caught and not answer.error:
        error = answer.deeds.caught[-1]
        fact = f"an error handler answers {describe(error)}"
        hint = "Your handler hides this error. What does the error say?"
        return {"fact": fact, "hint": hint, "at": stack_of(error)[::-1], "sure": True}
    if answer.deeds.form_errors:
        return refused_by_form(answer)
    return None


def refused_by_form(answer):
    """Say which fields a form of Flask-WTF has refused, and why."""
    errors = answer.deeds.form_errors
    fact = "; ".join(f"{name}: {' '.join(map(str, texts))}" for name, texts in errors.items())
    hint = "The view does not use form.errors. Where does the page show these messages?"
    if "csrf_token" in errors:
        hint = "Which call puts the hidden token into the form? See hidden_tag()."
    return {
        "fact": f"Flask-WTF refuses {fact}",
        "hint": hint,
        "at": answer.template,
        "word": "<form",
    }


def sent_astray(answer, page):
    """Say that the form of one page was sent to another page, if it was."""
    path = urlsplit(answer.asked[1]).path
    if same_path(path, page.path) or not leads_to_a_page(path):
        return None
    fact = f"the form on {page.path} was sent to {path}"
    hint = "Where does action= of the form lead?"
    whole = page.template or page.browser.app
    word = rf"action=.*{re.escape(path.strip('/'))}|<form|action="
    return {"fact": fact, "hint": hint, "at": whole, "word": word}


def why_not_kept(answer):
    """Find out why a login is gone with the next request: look at the settings of the cookie."""
    app = answer.browser.app
    for name, reason in answer.browser.refused.items():
        hint = "Which setting of the cookie says so, and what do browsers ask for then?"
        fact = f"{refusing(name)}: {reason}"
        word = r"COOKIE_(DOMAIN|SAMESITE|NAME)|LIFETIME"
        return {
            "fact": fact,
            "hint": hint,
            "at": app,
            "word": word,
            "sure": True,
            "shared": refusing(name),
        }
    setting = next((name for name in COOKIE_SETTINGS if app.config.get(name)), None)
    if setting:
        fact = f'the login is lost with the cookie: {setting} is "{app.config[setting]}"'
        hint = "A browser keeps a cookie for the site and the path that it names. Which are yours?"
        return {"fact": fact, "hint": hint, "at": app, "word": setting}
    hint = "What else does the view do to the session?"
    return {"fact": "a login that the session does not keep", "hint": hint}
