"""Browsers refuse some cookies, and a login that depends on one is lost."""

from datetime import UTC, datetime, timedelta
from http.cookies import CookieError, SimpleCookie

from werkzeug.http import parse_date

HOST = "localhost"


def refused_cookies(response, client):
    """Take the cookies of a response that no browser keeps out of a test client.

    Returns {name: reason}. The rules are those of RFC 6265bis, sections 5.6 and 5.7.
    """
    refused = {}
    for header in response.headers.getlist("Set-Cookie"):
        cookies = SimpleCookie()
        try:
            cookies.load(header)
        except CookieError:
            continue
        for name, cookie in cookies.items():
            if reason := why_refused(name, cookie):
                domain = cookie["domain"].lstrip(".") or HOST
                client.delete_cookie(name, domain=domain, path=cookie["path"] or "/")
                refused[name] = reason
    return refused


def refusing(name):
    """Return the reason why a login is lost when browsers refuse this cookie."""
    return f"browsers refuse the cookie {name}"


def why_refused(name, cookie):
    """Return why browsers do not keep a cookie, or nothing."""
    domain = cookie["domain"].lstrip(".")
    if domain and domain != HOST and not HOST.endswith(f".{domain}"):
        return f"its domain is {domain}"
    if cookie["samesite"].lower() == "none" and not cookie["secure"]:
        return "SameSite=None without Secure"
    if name.startswith(("__Secure-", "__Host-")) and not cookie["secure"]:
        return f"a name that begins with {name.split('-')[0]}- without Secure"
    now, ends = datetime.now(UTC), parse_date(cookie["expires"])
    if cookie["max-age"].isdecimal() and int(cookie["max-age"]):
        ends = now + timedelta(seconds=int(cookie["max-age"]))
    if cookie.value and ends and ends < now:
        return f"it has expired on {ends:%Y-%m-%d}"
    if cookie.value and ends and ends < now + timedelta(seconds=30):
        return f"it expires after {(ends - now).total_seconds():.0f} s"
    return ""
