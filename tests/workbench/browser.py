"""A browser without a window: it opens pages, fills in their forms and follows redirects."""

import re
from urllib.parse import urlencode, urljoin, urlsplit

from flask import got_request_exception
from werkzeug.datastructures import MultiDict
from werkzeug.http import dump_cookie
from werkzeug.test import EnvironBuilder

from workbench.attempt import Observed, attempt
from workbench.cookies import refused_cookies
from workbench.deeds import watched
from workbench.forms import PLAIN
from workbench.page import HOME, MAX_REDIRECTS, Page, shorten

REDIRECTS = (301, 302, 303, 307, 308)
KEEPING_THE_METHOD = (307, 308)
NO_TYPE = ("", "")  # enctype and accept-charset of a form
UNICODE = ("utf-8", "utf8", "unknown")
REFRESH = re.compile(r"""<meta[^>]*refresh[^>]*content=["']?\s*0\s*;\s*url=([^"'>\s]+)""", re.I)
SENT = {"Accept": "text/html,*/*;q=0.8", "Accept-Language": "en", "User-Agent": "Mozilla/5.0"}


class Browser:
    """A visitor with cookies of their own."""

    home = HOME  # the site's address

    def __init__(self, app, judge=None, address="127.0.0.1"):
        """Visit this Flask app from an IP address; `judge` is shown every page."""
        self.app = app
        self.judge = judge
        self.client = app.test_client()
        self.client.environ_base["REMOTE_ADDR"] = address
        self.address = None  # of the page that is open
        self.set_cookies = []  # during the last visit
        self.is_odd = False  # has typed a name that looks like code
        self.refused = {}  # cookies that no browser keeps, and why
        self.waiting = []  # messages of flash() that no page has shown yet

    def get(self, path, follow=True, **headers):
        """Open a page, follow at most 5 redirects, and return the Page."""
        return self._open("GET", urljoin(self.home, path), headers=headers, follow=follow)

    def post(self, path, data):
        """Post fields that no page has shown a form for, and return the Page."""
        return self._open("POST", urljoin(self.home, path), data)

    def submit(self, form, by_hand=True, follow=True, **values):
        """Fill in the form's fields by name, send it, and return the Page it leads to.

        Without `follow` the visitor is slow, and has not come to where they are sent.
        """
        data, before = form.filled_in(values, by_hand), self.session_cookie()
        if form.method == "GET":
            page = self._open("GET", urljoin(form.action, f"?{urlencode(data)}"), typed=values)
        else:
            page = self._open("POST", form.action, data, form.encoding, values, follow=follow)
        page.session_before = before
        return page

    def session_cookie(self):
        """Return the value of the session cookie, or None."""
        site, name = self.app.session_interface, self.app.config["SESSION_COOKIE_NAME"]
        domain = site.get_cookie_domain(self.app) or "localhost"
        path = site.get_cookie_path(self.app)
        if not "/welcome".startswith(path):  # no page of the app would get it
            return None
        cookie = self.client.get_cookie(name, domain=domain, path=path)
        return cookie and cookie.decoded_value

    def session(self, cookie=None):
        """Return what the session cookie, or another value of it, holds, as a dict."""
        name, value = self.app.config["SESSION_COOKIE_NAME"], cookie or self.session_cookie()
        if not value:
            return {}
        environ = {"HTTP_COOKIE": dump_cookie(name, value), "HTTP_HOST": "localhost"}
        environ |= {"REMOTE_ADDR": self.client.environ_base["REMOTE_ADDR"]}
        request = self.app.request_class(EnvironBuilder(environ_base=environ).get_environ())
        with self.app.app_context():  # sessions may be in the database
            return dict(self.app.session_interface.open_session(self.app, request) or {})

    def _open(self, method, address, data=(), enctype=NO_TYPE, typed=(), headers=(), follow=True):
        self.set_cookies = []
        with watched() as deeds:
            page = self._follow(method, address, data, enctype, dict(headers), follow)
        page.asked, page.deeds, page.sent = (method, address), deeds, [*MultiDict(data)]
        page.typed, page.set_cookies = dict(typed), self.set_cookies
        self.address = page.address
        if self.judge:
            self.judge(page)
        return page

    def _follow(self, method, address, data, enctype, headers, follow):
        hops = []
        while True:
            response, error = self._request(method, address, data, enctype, headers)
            if response is None:
                return Page(self, address, hops=hops, error=error)
            html, goal = response.get_data().decode("utf-8", "replace"), response.location
            if response.status_code not in REDIRECTS or not goal:
                goal = refresh_of(html)
            if not goal:
                page = Page(self, address, response.status, html, hops, error)
                page.headers = response.headers
                return page
            hops.append((response.status, goal))
            address = urljoin(address, goal)
            if not follow or not is_ours(address) or len(hops) > MAX_REDIRECTS:
                return Page(self, address, hops=hops)
            if response.status_code not in KEEPING_THE_METHOD:
                method, data, enctype = "GET", (), NO_TYPE

    def _request(self, method, address, data, enctype, more):
        """Send one request; return the response, or None, and what broke, or None."""
        crashes = []

        def note(_app, exception):
            crashes.append(exception)

        parts = urlsplit(address)
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        body, headers = {}, SENT | ({"Referer": self.address} if self.address else {})
        headers = {k: v for k, v in headers.items() if cgi(k) not in self.client.environ_base}
        if self.home != HOME:
            body["base_url"] = f"{parts.scheme}://{parts.netloc}"
        if method == "POST":
            body |= encoded(data, *enctype)
            origin = f"{parts.scheme}://{parts.netloc}"
            headers |= {"Origin": origin, "Sec-Fetch-Site": "same-origin"}
        with got_request_exception.connected_to(note, self.app):
            tried = attempt(
                self.client.open,
                target,
                method=method,
                headers=headers | more,
                buffered=True,
                **body,
            )
        if tried.value is not None:
            crashes += [error for error in [unsendable(tried.value)] if error]
            self.set_cookies += tried.value.headers.getlist("Set-Cookie")
            self.refused |= refused_cookies(tried.value, self.client)
        return tried.value, next(iter(crashes), tried.error)


def refresh_of(html):
    """Return the address to which a page takes its visitor without a click, or None."""
    meta = REFRESH.search(html)
    return meta and meta[1]


def unsendable(response):
    """Return what keeps a server from sending the headers of a response, or None."""
    for name, value in response.headers:
        try:
            value.encode("latin-1")
        except UnicodeEncodeError:
            return Observed(f'no server can send the header {name}: "{shorten(value, 40)}"')
    return None


def encoded(data, enctype, charset):
    """Return the fields of a form as arguments for a test client."""
    if charset and charset not in UNICODE:
        body = urlencode(data, encoding=charset, errors="xmlcharrefreplace")
        return {"data": body.encode(), "content_type": "application/x-www-form-urlencoded"}
    if enctype == PLAIN:
        lines = "".join(f"{name}={value}\r\n" for name, value in data)
        return {"data": lines.encode(), "content_type": PLAIN}
    is_multipart = enctype == "multipart/form-data"
    return {"data": MultiDict(data)} | ({"content_type": enctype} if is_multipart else {})


def cgi(header):
    """Return the name of a header in an environment of WSGI."""
    return f"HTTP_{header.upper().replace('-', '_')}"


def is_ours(address):
    """Say whether the address stays on the site under test."""
    return urlsplit(address).hostname in ("localhost", "127.0.0.1")
