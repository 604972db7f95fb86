"""A browser without a window: it opens pages, fills in their forms and follows redirects."""

import functools
import re
from collections import Counter
from urllib.parse import urlencode, urljoin, urlsplit

from flask import got_request_exception
from werkzeug.datastructures import MultiDict

from workbench.attempt import attempt, describe
from workbench.deeds import Deeds, watched
from workbench.forms import Form, is_password, parsed, same_path, visible

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
        self.sent = ()  # the names of the form's fields
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
        return [Form(tag, self.address) for tag in parsed(self.html).find_all("form")]

    @functools.cached_property
    def lines(self):
        """The visible texts, one for each piece between two tags."""
        return list(visible(parsed(self.html)))

    @property
    def template(self):
        """The file of the last template that was rendered on the way to this page, or None."""
        return next(reversed(self.deeds.templates), None)

    @property
    def text(self):
        """The visible text in one line."""
        return " ".join(" ".join(self.lines).split())

    def opens(self):
        """Say whether this is a page that a visitor can use: 200 OK, nothing broken."""
        return self.status.startswith("200") and not self.error

    def at(self, path):
        """Say whether the visitor ended up at this path, and nothing broke."""
        return same_path(self.path, path) and self.opens()

    def says(self, word):
        """Say whether the visible text holds the word; capitals do not matter."""
        return bool(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", self.text, re.IGNORECASE))

    def greets(self, name):
        """Say whether this is the welcome page, and it holds the name."""
        return self.at("/welcome") and self.says(name)

    def news(self, before):
        """Return the visible text that the page `before` lacks."""
        return " ".join(Counter(self.lines) - Counter(before.lines))

    def password_form(self):
        """Return the form with a password field, the page's own before those of other pages."""
        having = [form for form in self.forms if any(map(is_password, form.fields))]
        having.sort(key=lambda form: leads_to_a_page(form.action))
        having.sort(key=lambda form: not same_path(form.action, self.path))
        return having[0] if having else None

    def form_to(self, path):
        """Return the form that is sent to `path` by POST, or None."""
        return next((form for form in self.forms if form.leads_to(path)), None)

    def loop(self):
        """Name the pages that lead to each other again and again, or return an empty string."""
        path = [urlsplit(urljoin(HOME, location)).path for _, location in self.hops]
        path = [same or "/" for same in path]
        for length in range(1, len(path) // 2 + 1):
            cycle = path[-length:]
            if path[-2 * length : -length] == cycle:
                return " -> ".join([cycle[-1], *cycle]) + ", again and again"
        return ""

    def __str__(self):
        """Say what was observed, for the `got` line of a message."""
        if len(self.hops) > MAX_REDIRECTS:
            return self.loop() or (
                f"more than {MAX_REDIRECTS} redirects, the last one to {self.hops[-1][1]}"
            )
        hops = [hop for hop in self.hops if not hop[0].startswith("308")]  # these add a slash
        seen = [f"{status}, sent to {location}" for status, location in hops[:1]]
        if self.error:
            seen.append(f"{self.status[:3]} {describe(self.error)}".strip())
        elif self.opens():
            seen += [] if seen else [self.status]
            seen.append(f'the page says "{shorten(self.text, 70)}"' if self.text else "empty page")
        elif self.status:
            seen.append(self.status)
        return ", ".join(seen)


class Browser:
    """A visitor with cookies of their own."""

    def __init__(self, app):
        """Visit this Flask app."""
        self.app = app
        self.client = app.test_client()
        self.address = None  # of the page that is open

    def get(self, path):
        """Open a page, follow at most 5 redirects, and return the Page."""
        return self._open("GET", urljoin(HOME, path))

    def submit(self, form, **values):
        """Fill in the form's fields by name, send it, and return the Page it leads to."""
        data = form.filled_in(values)
        if form.method == "GET":
            return self._open("GET", urljoin(form.action, f"?{urlencode(data)}"))
        return self._open("POST", form.action, data)

    def session(self):
        """Return what the session cookie holds, as a dict."""
        try:
            with self.client.session_transaction() as session:
                return dict(session)
        except RuntimeError:  # without a SECRET_KEY there is no session
            return {}

    def _open(self, method, address, data=()):
        with watched(self.app) as deeds:
            page = self._follow(method, address, data)
        page.asked, page.deeds, page.sent = (method, address), deeds, [*MultiDict(data)]
        self.address = page.address
        return page

    def _follow(self, method, address, data):
        hops = []
        while True:
            response, error = self._request(method, address, data)
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
                method, data = "GET", ()

    def _request(self, method, address, data):
        """Send one request; return the response, or None, and what broke, or None."""
        crashes = []

        def note(_app, exception):
            crashes.append(exception)

        parts = urlsplit(address)
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        form, headers = None, SENT | ({"Referer": self.address} if self.address else {})
        headers = {k: v for k, v in headers.items() if cgi(k) not in self.client.environ_base}
        if method == "POST":
            form = MultiDict(data)
            origin = f"{parts.scheme}://{parts.netloc}"
            headers |= {"Origin": origin, "Sec-Fetch-Site": "same-origin"}
        with got_request_exception.connected_to(note, self.app):
            tried = attempt(
                self.client.open, target, method=method, data=form, headers=headers, buffered=True
            )
        return tried.value, next(iter(crashes), tried.error)


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
