"""How often: who is counted for an attempt, and which browsers are known (ASVS 6.3.1)."""

import secrets
from ipaddress import ip_address

from accounts import find_user, normalise, signer
from flask import after_this_request, current_app, g, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import current_user
from itsdangerous import BadSignature

YEAR = 365 * 24 * 60 * 60  # seconds


def address():
    """Return the visitor's address; of IPv6 the first half, because a household has all of it."""
    text = get_remote_address().removeprefix("::ffff:")  # IPv4, in the words of IPv6
    try:
        return ip_address(text).exploded[:19]
    except ValueError:  # proxies may send something else
        return text


def look_up():
    """Ask the database who is counted, so that the limiter never has to."""
    if request.method == "POST":
        typed = request.form.get("username") if request.endpoint == "pages.login" else None
        g.name = normalise(typed or getattr(current_user, "username", None))[:64]
        g.account = find_user(g.name)


def account():
    """Return the account that a form is for, whether it exists or not.

    Its version belongs to it: a reset link or a command starts the counts anew. A browser in
    which its owner has logged in counts for itself, so that nobody else locks it out.
    """
    return f"account:{g.name}:{g.account.version if g.account else 1}:{known_mark()}"


def account_and_address():
    """Return both: who fails elsewhere does not lock the owner out."""
    return f"{account()}@{address()}"


def failed(response):
    """Say whether an attempt was refused: success leads to another page, 503 is our fault."""
    return response.status_code != 302 and response.status_code < 500


def know_browser(user):
    """Mark this browser as one in which the user has logged in, until the password changes."""
    mark = signer("known browser").dumps([user.id, user.version, secrets.token_urlsafe(8)])
    name, secure = current_app.config["KNOWN_COOKIE_NAME"], not current_app.debug
    flags = {"secure": secure, "httponly": True, "samesite": "Lax", "max_age": YEAR}
    after_this_request(lambda answer: answer.set_cookie(name, mark, **flags) or answer)


def known_mark():
    """Return the mark of this browser if it is one of this account, or an empty string."""
    cookie = request.cookies.get(current_app.config["KNOWN_COOKIE_NAME"], "")
    try:
        user_id, version, mark = signer("known browser").loads(cookie)
    except BadSignature:
        return ""
    known = g.account and (g.account.id, g.account.version) == (user_id, version)
    return mark if known else ""


limiter = Limiter(address)
