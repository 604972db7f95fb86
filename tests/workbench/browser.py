"""A browser without a window: it opens pages, fills in their forms and follows redirects."""

import functools
import re
import warnings
from collections import Counter
from urllib.parse import urlencode, urljoin, urlsplit

from bs4 import BeautifulSoup
from flask import got_request_exception
from werkzeug.datastructures import MultiDict

from workbench.attempt import attempt, describe
from workbench.deeds import Deeds, watched

MAX_REDIRECTS = 5
REDIRECTS = (301, 302, 303, 307, 308)
KEEPING_THE_METHOD = (307, 308)
SENDING = ("submit", "image")  # types of buttons that send a form
INVISIBLE = ("title", "script", "style", "template")
FIELDS, NAMED = ("input", "textarea", "select"), {"name": True}
HOME = "http://localhost"
SENT = {"Accept": "text/html,*/*;q=0.8", "Accept-Language": "en", "User-Agent": "Mozilla/5.0"}
PAGES = ("/", "/register", "/login", "/welcome", "/logout")


class Form:
    """A form of a page, to be filled in by the names of its fields."""

    def __init__(self, tag, address):
        """Read the form `tag` of the page at `address`."""
        self.tag = tag
        page, name = tag.find_parents()[-1], tag.get("id")
        outside = page.find(is_button, form=name) if name else None
        self.button = tag.find(is_button) or outside
        said = self.button.attrs if self.button else {}  # by the button, which overrules the form
        self.action = urljoin(address, said.get("formaction", tag.get("action", "")))
        method = said.get("formmethod", tag.get("method", ""))
        self.method = "POST" if method.upper() == "POST" else "GET"
        outer = page.find_all(FIELDS, NAMED, form=name) if name else []
        self.fields = [*tag.find_all(FIELDS, NAMED), *outer]
        self.names = [field["name"] for field in self.fields if field.name != "select"]

    def asks_for(self, *names):
        """Say whether the form has a field of each name and a button that sends them by POST."""
        return self.method == "POST" and set(names) <= set(self.names) and bool(self.button)

    def leads_to(self, path):
        """Say whether the form has a button that sends it to this path by POST."""
        return self.method == "POST" and same_path(self.action, path) and bool(self.button)

    def filled_in(self, values):
        """Return what a browser sends: (name, value) pairs, `values` in place of what is there.

        A second password field, the one that asks to repeat it, gets the password too.
        """
        sent = []
        for field in self.fields:
            name, kind = field["name"], kind_of(field)
            if field.has_attr("disabled") or kind in ("submit", "image", "button", "reset", "file"):
                continue
            if name in values:
                sent.append((name, values[name]))
            elif kind == "password" and "password" in values:
                sent.append((name, values["password"]))
            elif kind in ("checkbox", "radio"):
                sent += [(name, field.get("value", "on"))] if field.has_attr("checked") else []
            elif field.name == "select":
                chosen = field.find("option", selected=True) or field.find("option")
                sent += [(name, chosen.get("value", chosen.text))] if chosen else []
            else:
                sent.append((name, field.get("value", field.text)))
        if self.button and self.button.get("name"):
            sent.append((self.button["name"], self.button.get("value", "")))
        return sent

    def __str__(self):
        """Say how the form is sent and what it sends."""
        method = self.tag.get("method", "get").lower()
        fields = f", fields: {', '.join(self.names)}" if self.names else ", no fields with a name"
        button = "" if self.button else ", no button"
        return (
            f'a form with method="{method}", sent to {urlsplit(self.action).path}{fields}{button}'
        )


class Page:
    """What a visitor sees: where they ended up, the status, the text, the forms."""

    def __init__(self, browser, address, status="", html="", hops=(), error=None):
        """Hold an answer; `hops` are the redirects on the way, `error` is what broke."""
        self.browser = browser
        self.asked = ("GET", address)  # what the visitor did
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
        having.sort(key=lambda form: leads_to_one_of(PAGES, form.action))
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
        page.asked, page.deeds = (method, address), deeds
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


def kind_of(tag):
    """Return the type of a field or a button, as it is written in the page."""
    return tag.get("type", "").lower()


def is_button(tag):
    """Say whether the tag is a button that sends a form."""
    return kind_of(tag) in SENDING or (tag.name == "button" and not tag.has_attr("type"))


def is_password(tag):
    """Say whether the tag is a field for a password."""
    return tag.name == "input" and kind_of(tag) == "password"


@functools.lru_cache(100)
def parsed(html):
    """Return the page as a tree of tags, which must not be changed: most pages come again."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a page so short that it looks like a file name
        return BeautifulSoup(html, "html.parser")


def visible(soup):
    """Yield the texts of a parsed page that a visitor sees."""
    hidden = {id(tag) for tag in [*soup.find_all(INVISIBLE), *soup.find_all(hidden=True)]}
    for text in soup.strings:
        if text.strip() and not any(id(tag) in hidden for tag in text.parents):
            yield text.strip()


def same_path(one, other):
    """Say whether two addresses name the same path, with or without a slash at the end."""
    return urlsplit(one).path.rstrip("/") == urlsplit(other).path.rstrip("/")


def leads_to_one_of(paths, address):
    """Say whether an address has one of these paths."""
    return any(same_path(address, path) for path in paths)


def cgi(header):
    """Return the name of a header in an environment of WSGI."""
    return f"HTTP_{header.upper().replace('-', '_')}"


def is_ours(address):
    """Say whether the address stays on the site under test."""
    return urlsplit(address).hostname in ("localhost", "127.0.0.1")


def shorten(text, width):
    """Cut the text to `width` characters."""
    return text if len(text) <= width else text[: width - 3].rstrip() + "..."
