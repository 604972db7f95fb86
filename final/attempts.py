"""How often: who is counted for an attempt, and which browsers are known (ASVS 6.3.1)."""

import secrets
from ipaddress import IPv6Network, ip_address

import accounts
from flask import after_this_request, current_app, g, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import current_user
from itsdangerous import BadSignature, URLSafeSerializer
from settings import KNOWN_COOKIE_DURATION


def address():
    """Return the visitor's address; of IPv6 the first half, because a household has all of it."""
    try:
        ip = ip_address(get_remote_address())
    except ValueError:  # proxies may send something else
        return get_remote_address()
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return str(ip) if ip.version == 4 else str(IPv6Network((int(ip), 64), strict=False))


def look_up():
    """Ask the database who is counted, so that the limiter never has to."""
    if request.method == "POST":
        is_login = request.endpoint == "pages.login"
        g.account = accounts.find_user(request.form.get("username")) if is_login else None
        g.login = getattr(current_user, "current_login", None)


def account():
    """Return the account that a login is for, whether it exists or not.

    Its version belongs to it: a reset link or a command starts the counts anew. A browser in
    which its owner was logged in before counts for itself, so that nobody else locks it out.
    """
    name = accounts.normalise(request.form.get("username"))[:64]
    return f"account:{name}:{g.account.version if g.account else 1}:{known_mark()}"


def account_and_address():
    """Return both: who fails elsewhere does not lock the owner out."""
    return f"{account()}@{address()}"


def this_login():
    """Return the login that a browser has; a thief who has a copy does not stop a new one."""
    return f"login:{g.login}"


def failed(response):
    """Say whether an attempt was refused: success leads to another page, 503 is our fault."""
    return response.status_code != 302 and response.status_code < 500


def marks():
    """Return what signs the marks of browsers."""
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="known-browser")


def know_browser(user):
    """Mark this browser as one in which the user was logged in, until the password changes."""
    config, mark = current_app.config, [user.id, user.version, secrets.token_urlsafe(8)]

    @after_this_request
    def set_mark(response):
        flags = {"secure": config["SESSION_COOKIE_SECURE"], "httponly": True, "samesite": "Lax"}
        name, age = config["KNOWN_COOKIE_NAME"], KNOWN_COOKIE_DURATION
        response.set_cookie(name, marks().dumps(mark), max_age=age, **flags)
        return response


def known_mark():
    """Return the mark of this browser if it is one of this account, or an empty string."""
    try:
        cookie = request.cookies.get(current_app.config["KNOWN_COOKIE_NAME"], "")
        user_id, version, mark = marks().loads(cookie)
    except BadSignature:
        return ""
    known = g.account and (g.account.id, g.account.version) == (user_id, version)
    return mark if known else ""


limiter = Limiter(address)
