"""A browser without a window: it opens pages, fills in their forms and follows redirects."""

import functools
from collections import Counter
from urllib.parse import urlencode, urljoin, urlsplit

from flask import got_request_exception
from werkzeug.datastructures import MultiDict

from workbench.attempt import attempt, describe
from workbench.cookies import refused_cookies
from workbench.deeds import Deeds, watched
from workbench.forms import PLAIN, forms_of, is_password, parsed, same_path
from workbench.text import gist, holds, lines_of

MAX_REDIRECTS = 5
REDIRECTS = (301, 302, 303, 307, 308)
KEEPING_THE_METHOD = (307, 308)
HOME = "http://localhost"
SENT = {"Accept": "text/html,*/*;q=0.8", "Accept-Language": "en", "User-Agent": "Mozilla/5.0"}
PAGES = ("/", "/register", "/login", "/welcome", "/logout")


class Page:
    """What a visitor sees: where they ended up, the status, the text, the forms."""

    def __init__(self, browser, address, status="", html="", hops=(), error=None):
        """Hold an answer; `hops` are the redirects on the way, `error` is what broke."""
        self.browser = browser
        self.asked = ("GET", address)  # what the visitor did
        self.typed = {}  # what they typed into the form that led here
        self.set_cookies = []  # on the way, as the app sent them
        self.deeds = Deeds()  # what the app did
        self.address = address
        self.path = urlsplit(address).path
        self.status = status  # as HTTP writes it: 404 NOT FOUND
        self.hops = list(hops)  # (status, Location) pairs
        self.error = error
        self.html = html

    @functools.cached_property
    def forms(self):
        """The forms of the page."""
        return forms_of(parsed(self.html), self.address)

    @functools.cached_property
    def placed(self):
        """The visible lines of the page as (place among the tags, text) pairs."""
        return lines_of(parsed(self.html))

    @property
    def lines(self):
        """The visible lines of the page."""
        return [text for _, text in self.placed]

    @property
    def template(self):
        """The file of the last template that was rendered on the way to this page, or None."""
        return next(reversed(self.deeds.templates), None)

    @property
    def text(self):
        """The visible text in one line."""
        return " ".join(self.lines)

    def opens(self):
        """Say whether this is a page that a visitor can use: 200 OK, nothing broken."""
        return self.status.startswith("200") and not self.error

    def at(self, path):
        """Say whether the visitor ended up at this path, and nothing broke."""
        return same_path(self.path, path) and self.opens()

    def says(self, word):
        """Say whether the visible text holds the word; capitals do not matter."""
        return holds(self.text, word)

    def greets(self, name):
        """Say whether this is the welcome page, and it holds the name."""
        return self.at("/welcome") and self.says(name)

    def news(self, *before):
        """Return the visible lines that the pages `before` lack.

        Where words differ from one of them to the next, as a tip or a clock does, only what is
        there in addition is new.
        """
        changing = {place for one in before for place, _ in set(one.placed) ^ set(before[0].placed)}
        old = Counter(text for place, text in before[0].placed)
        new = Counter(text for place, text in self.placed if place not in changing)
        known = {text for one in before for _, text in one.placed}
        more = []
        for place in changing:
            here = [text for there, text in self.placed if there == place]
            usual = max(sum(there == place for there, _ in one.placed) for one in before)
            unknown = [text for text in here if text not in known]
            more += unknown[: max(len(here) - usual, 0)]
        return [*(new - old).elements(), *more]

    def password_form(self):
        """Return the form with a password field, the page's own before those of other pages."""
        having = [form for form in self.forms if any(map(is_password, form.fields))]
        having.sort(key=lambda form: leads_to_a_page(form.action))
        having.sort(key=lambda form: not same_path(form.action, self.path))
        return having[0] if having else None

    def form_to(self, path):
        """Return the form that is sent to `path` by POST, or None."""
        return next((form for form in self.forms if form.leads_to(path)), None)

    def __str__(self):
        """Say what was observed, for the `got` line of a message."""
        if len(self.hops) > MAX_REDIRECTS:
            return f"more than {MAX_REDIRECTS} redirects, the last one to {self.hops[-1][1]}"
        hops = [hop for hop in self.hops if not hop[0].startswith("308")]  # these add a slash
        seen = [f"{status}, sent to {location}" for status, location in hops[:1]]
        if self.error:
            seen.append(f"{self.status[:3]} {describe(self.error)}".strip())
        elif self.opens():
            seen += [] if seen else [self.status]
            words = shorten(gist(parsed(self.html)), 70)
            seen.append(f'the page says "{words}"' if words else "empty page")
        elif self.status:
            seen.append(self.status)
        return ", ".join(seen)


class Browser:
    """A visitor with cookies of their own."""

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

    def get(self, path, **headers):
        """Open a page, follow at most 5 redirects, and return the Page."""
        return self._open("GET", urljoin(HOME, path), headers=headers)

    def post(self, path, data):
        """Send fields as a form that nobody has shown would, and return the Page."""
        return self._open("POST", urljoin(HOME, path), data)

    def submit(self, form, by_hand=True, **values):
        """Fill in the form's fields by name, send it, and return the Page it leads to."""
        data = form.filled_in(values, by_hand)
        if form.method == "GET":
            return self._open("GET", urljoin(form.action, f"?{urlencode(data)}"), typed=values)
        return self._open("POST", form.action, data, form.enctype, values)

    def session(self):
        """Return what the session cookie holds, as a dict."""
        try:
            with self.client.session_transaction() as session:
                return dict(session)
        except RuntimeError:  # without a SECRET_KEY there is no session
            return {}

    def _open(self, method, address, data=(), enctype="", typed=(), headers=()):
        self.set_cookies = []
        with watched() as deeds:
            page = self._follow(method, address, data, enctype, dict(headers))
        page.asked, page.deeds, page.typed = (method, address), deeds, dict(typed)
        page.set_cookies = self.set_cookies
        self.address = page.address
        if self.judge:
            self.judge(page)
        return page

    def _follow(self, method, address, data, enctype, headers):
        hops = []
        while True:
            response, error = self._request(method, address, data, enctype, headers)
            if response is None:
                return Page(self, address, hops=hops, error=error)
            if response.status_code not in REDIRECTS or not response.location:
                html = response.get_data().decode("utf-8", "replace")
                return Page(self, address, response.status, html, hops, error)
            hops.append((response.status, response.location))
            address = urljoin(address, response.location)
            if not is_ours(address) or len(hops) > MAX_REDIRECTS:
                return Page(self, address, hops=hops)
            if response.status_code not in KEEPING_THE_METHOD:
                method, data, enctype = "GET", (), ""

    def _request(self, method, address, data, enctype, more):
        """Send one request; return the response, or None, and what broke, or None."""
        crashes = []

        def note(_app, exception):
            crashes.append(exception)

        parts = urlsplit(address)
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        body, headers = {}, SENT | ({"Referer": self.address} if self.address else {}) | more
        own = self.client.environ_base
        headers = {k: v for k, v in headers.items() if k in more or cgi(k) not in own}
        if method == "POST":
            body = encoded(data, enctype)
            origin = f"{parts.scheme}://{parts.netloc}"
            headers |= {"Origin": origin, "Sec-Fetch-Site": "same-origin"}
        with got_request_exception.connected_to(note, self.app):
            tried = attempt(
                self.client.open, target, method=method, headers=headers, buffered=True, **body
            )
        if tried.value is not None:
            self.set_cookies += tried.value.headers.getlist("Set-Cookie")
            self.refused |= refused_cookies(tried.value, self.client)
        return tried.value, next(iter(crashes), tried.error) or why_not_sent(tried.value)


def why_not_sent(response):
    """Return the error of a server that cannot send the headers of a response, or None."""
    headers = response.headers if response is not None else {}
    return attempt(lambda: [value.encode("latin-1") for value in headers.values()]).error


def encoded(data, enctype):
    """Return the body of a form as the arguments of a test client."""
    if enctype == PLAIN:
        lines = "".join(f"{name}={value}\r\n" for name, value in data)
        return {"data": lines.encode(), "content_type": PLAIN}
    is_multipart = enctype == "multipart/form-data"
    return {"data": MultiDict(data)} | ({"content_type": enctype} if is_multipart else {})


def leads_to_a_page(address):
    """Say whether an address is that of one of the pages that every app has."""
    return any(same_path(address, path) for path in PAGES)


def cgi(header):
    """Return the name of a header in an environment of WSGI."""
    return f"HTTP_{header.upper().replace('-', '_')}"


def is_ours(address):
    """Say whether the address stays on the site under test."""
    return urlsplit(address).hostname in ("localhost", "127.0.0.1")


def shorten(text, width):
    """Cut the text to `width` characters."""
    return text if len(text) <= width else text[: width - 3].rstrip() + "..."
