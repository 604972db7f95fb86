"""Ask for a page as a visitor who claims to be logged in: by address, header, cookie or method.

What an app may believe is read out of its own code: the names that it asks a request for, and
the words that it compares with.
"""

import base64
import functools
import re
from urllib.parse import urlencode

from workbench.odd import words_beside

ASKED = re.compile(
    r"(?:args|values|headers|cookies|form|environ)(?:\.get(?:list)?\(|\[)\s*['\"]([^'\"]{1,40})['\"]"
)
WORD = re.compile(r"['\"]/?([\w.-]{2,30})/?['\"]")
USUAL = "user username name user_id id uid logged_in authenticated is_authenticated admin".split()
USUAL_HEADERS = "X-User X-Username X-Forwarded-User X-Remote-User Remote-User X-User-Id".split()
SURE = "confirm confirmed sure yes really delete logout out".split()
ADDRESSES = ("127.0.0.1", "10.0.0.1", "192.168.0.1")
JSON = "application/json"
MANY = 120  # words, so that an address stays short enough for every server


class Claims:
    """What a visitor can write into a request without any right to it."""

    def __init__(self, copy, name):
        """Claim to be the user of this name, who is the first one in the table."""
        self.name = name
        code = "\n".join(text for file, text in copy.texts() if file.suffix == ".py")
        self.asked = sorted({*ASKED.findall(code)})
        self.words = sorted({*WORD.findall(code)})[:MANY]
        self.wished = words_beside(copy, r"args|values")[:6]

    def ways(self):
        """Return {what is claimed: function that opens /welcome so}."""
        words = "&".join(self.words)
        agent = {"User-Agent": " ".join(["Mozilla/5.0", *self.words])}
        ways = {
            "a slash behind it": lambda browser: browser.get("/welcome/"),
            "words of the app behind a ?": lambda browser: browser.get(
                f"/welcome?next=/{'/'.join(self.words[:30])}&{words}", follow=False
            ),
            "POST": lambda browser: browser.post("/welcome", self.query(self.name)),
            "a wish for JSON": lambda browser: browser.get(
                "/welcome?format=json", follow=False, Accept=JSON
            ),
            "the name of another program": lambda browser: browser.get(
                "/welcome", follow=False, **agent
            ),
        }
        for value in (self.name, "1", "true"):
            ways[f'"{value}" in the address'] = functools.partial(self.by_query, value)
            ways[f'"{value}" in headers'] = functools.partial(self.by_headers, value)
            ways[f'"{value}" in cookies'] = functools.partial(self.by_cookies, value)
        ways["a Referer of the site"] = lambda browser: browser.get(
            "/welcome", follow=False, Referer="http://localhost/login"
        )
        for kind in ("Basic", "Bearer"):
            ways[f"an Authorization of {self.name}"] = functools.partial(
                self.by_authorization, kind
            )
        for address in ADDRESSES:
            ways[f"a header that says {address}"] = functools.partial(self.from_address, address)
        return ways

    def way_to_another(self, browser):
        """Return (how, the page) of a way in which a user who is logged in becomes this one."""
        for value in (self.name, "1"):
            for how, ask in (
                ("the address", self.by_query),
                ("headers", self.by_headers),
                ("cookies", self.by_cookies),
            ):
                page = ask(value, browser)
                if page.greets(self.name):
                    return f'"{value}" in {how}', page
        return "", page

    def query(self, value):
        """Return a query, or the fields of a form, in which everything has this value."""
        return dict.fromkeys([*USUAL, *self.asked], value)

    def by_query(self, value, browser):
        """Open /welcome with the claim in its address."""
        return browser.get(f"/welcome?{urlencode(self.query(value))}", follow=False)

    def by_headers(self, value, browser):
        """Open /welcome with the claim in headers."""
        names = [*USUAL_HEADERS, *(name for name in self.asked if re.fullmatch(r"[\w-]+", name))]
        return browser.get("/welcome", follow=False, **dict.fromkeys(names, value))

    def by_authorization(self, kind, browser):
        """Open /welcome with a name and no password, as HTTP's own login sends them."""
        told = base64.b64encode(f"{self.name}:".encode()).decode() if kind == "Basic" else self.name
        return browser.get("/welcome", follow=False, Authorization=f"{kind} {told}")

    def by_cookies(self, value, browser):
        """Open /welcome with the claim in cookies of the visitor's own making."""
        session = browser.app.config["SESSION_COOKIE_NAME"]
        names = [name for name in [*USUAL, *self.asked] if re.fullmatch(r"[\w-]+", name)]
        for name in names:
            if name != session:
                browser.client.set_cookie(name, value)
        page = browser.get("/welcome", follow=False)
        for name in names:
            browser.client.delete_cookie(name)
        return page

    def from_address(self, address, browser):
        """Open /welcome with the headers of a request that came through a proxy."""
        headers = ("X-Forwarded-For", "X-Real-IP", "X-Client-IP")
        return browser.get("/welcome", follow=False, **dict.fromkeys(headers, address))

    def wishes(self):
        """Yield addresses that would change something if a GET could."""
        for value in dict.fromkeys([self.name, "1", "POST", *self.wished]):
            names = [*self.asked, *self.wished, *SURE, "_method", "method"]
            yield urlencode(dict.fromkeys(names, value))


def first_way_in(claims, browser):
    """Return (how, the page) of the first way in which /welcome opens, or an empty text."""
    for how, ask in claims.ways().items():
        browser.address = None  # as if the address was typed: no page has led there
        page = ask(browser)
        if not is_closed(page):
            return how, page
    return "", page


def is_closed(page):
    """Say whether a page that needs a login was not shown: another page, a refusal, a form."""
    return not page.at("/welcome") or page.password_form() is not None
