"""A page as a visitor sees it: its address, text and forms, and the redirects before it."""

import functools
import re
from collections import Counter
from urllib.parse import urljoin, urlsplit

from werkzeug.exceptions import default_exceptions

from workbench.attempt import describe
from workbench.deeds import Deeds
from workbench.forms import forms_of, is_password, is_visible, kind_of, parsed, same_path
from workbench.text import gist, holds, lines_of

HOME = "http://localhost"
MAX_REDIRECTS = 5
REFUSALS = ("400", "403", "409", "422", "429")  # whose pages say why
PAGES = ("/", "/register", "/login", "/welcome", "/logout")


class Page:
    """What a visitor sees: where they ended up, the status, the text, the forms."""

    def __init__(self, browser, address, status="", html="", hops=(), error=None):
        """Hold an answer; `hops` are the redirects on the way, `error` is what broke."""
        self.browser = browser
        self.asked = ("GET", address)  # what the visitor did
        self.typed = {}  # what they typed into the form that led here
        self.session_before = None  # the session cookie when the form was sent
        self.set_cookies = []  # on the way, as the app sent them
        self.sent = ()  # the names of the form's fields
        self.deeds = Deeds()  # what the app did
        self.address = address
        self.path = urlsplit(address).path
        self.status = status  # as HTTP writes it: 404 NOT FOUND
        self.hops = list(hops)  # (status, Location) pairs
        self.error = error
        self.html = html
        self.headers = {}  # of the last answer

    @functools.cached_property
    def forms(self):
        """The forms of the page."""
        return forms_of(parsed(self.html), self.base)

    def forbids_forms(self):
        """Say whether the page's Content-Security-Policy lets no form be sent to this site."""
        policy = self.headers.get("Content-Security-Policy", "")
        said = [
            rule.split()[1:] for rule in policy.split(";") if rule.split()[:1] == ["form-action"]
        ]
        return bool(said) and not {"'self'", "*", "http:", "http://localhost"} & set(said[0])

    def may_be_kept(self):
        """Say whether a browser may show the page again without asking the server."""
        said = self.headers.get("Cache-Control", "").lower()
        lasts = re.search(r"max-age=[1-9]", said)
        return bool(lasts) and "no-store" not in said and "no-cache" not in said

    @property
    def base(self):
        """The address that relative ones are counted from."""
        tag = parsed(self.html).find("base", href=True) if "<base" in self.html else None
        return urljoin(self.address, tag["href"]) if tag else self.address

    @functools.cached_property
    def placed(self):
        """The visible lines of the page as (place among the tags, text) pairs."""
        return placed_lines(self.html)

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

        A place whose words differ from one of them to the next is left out: a tip, a clock.
        """
        changing = {place for one in before for place, _ in set(one.placed) ^ set(before[0].placed)}
        old = Counter(text for place, text in before[0].placed)
        new = Counter(text for place, text in self.placed if place not in changing)
        return list((new - old).elements())

    def password_form(self):
        """Return the form with a password field, the page's own before those of other pages."""
        shown = [form for form in self.forms if is_visible(form.tag)]
        having = [form for form in shown if any(map(is_password, form.fields))]
        having.sort(key=lambda form: leads_to_a_page(form.action))
        having.sort(key=lambda form: not same_path(form.action, self.path))
        return having[0] if having else None

    def is_for_one(self):
        """Say whether the page holds something for one visitor only: a cookie or a token."""
        hidden = (kind_of(field) == "hidden" for form in self.forms for field in form.fields)
        return bool(self.set_cookies) or any(hidden)

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
            words = shorten(gist(parsed(self.html)), 70)
            seen.append(f'the page says "{words}"' if words else "empty page")
        elif self.status:
            words = own_words(gist(parsed(self.html)), self.status)
            told = f', the page says "{shorten(words, 50)}"' if words else ""
            seen.append(self.status + told)
        return ", ".join(seen)


@functools.lru_cache(200)
def placed_lines(html):
    """Return the visible lines of a page, which comes again more often than not."""
    return lines_of(parsed(html))


def own_words(words, status):
    """Return what a page that refuses says beyond its status, in words that Flask has not made."""
    if status[:3] not in REFUSALS:
        return ""
    words = words.removeprefix(status[4:].title()).strip()
    usual = getattr(default_exceptions.get(int(status[:3])), "description", None) or "-"
    return "" if words.startswith(usual) else words


def leads_to_a_page(address):
    """Say whether an address is that of one of the pages that every app has."""
    return any(same_path(address, path) for path in PAGES)


def shorten(text, width):
    """Cut the text to `width` characters."""
    return text if len(text) <= width else text[: width - 3].rstrip() + "..."
