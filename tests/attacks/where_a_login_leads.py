"""Chapter 6: where a login leads."""

import re
from itertools import count, product
from urllib.parse import quote, urlsplit

from workbench.claims import ASKED

from attacks.verdicts import Chapter, NotThereError, fails, succeeds
from attacks.visitor import EVIL, SITE

chapter = Chapter(6, "Where a login leads")
BASE = "https://localhost/login"
HOST = EVIL.removeprefix("https://")
USUAL = ("next", "return_to", "continue", "redirect", "url")
HONEST = ("/", "/register", "/welcome?from=link", "https://localhost/register")
BEGINNINGS = ("", "https:", "http:", "HTTPS:", "ftp:", "/", " ", "/.", "/welcome/..", "/%09", "\\")
SLASHES = ("//", "/\\", "\\/", "\\\\", "///", "////", "/\t/", "/\n/", "\t//", "/ /", "/\r/")
OTHERS = (
    f"https:{HOST}",
    f"http:{HOST}",
    f"https:/{HOST}",
    f"//localhost@{HOST}",
    f"https://localhost@{HOST}/",
    f"https://localhost.{HOST}/",
    f"https://{HOST}/localhost",
    f"https://{HOST}/welcome",
    f"//{HOST}/welcome",
    f"//{HOST}:443/",
    f"https://localhost:{'8443'}/",
    f"//{HOST}#localhost",
    f"//{HOST}?localhost",
    f"\u00a0//{HOST}",
    f"\x00//{HOST}",
    f"\x01https://{HOST}",
    f"ht\ttps://{HOST}",
    f"/\u2028/{HOST}",
    f"//{HOST}\\@localhost",
    f"https://{HOST}\\.localhost/",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "java\nscript:alert(1)",
    " javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "//localhost:8443/",
    "/\n",
    "/welcome\r\nSet-Cookie: a=b",
    "/\r\n/evil",
)
TARGETS = list(dict.fromkeys([*(b + s + HOST for b, s in product(BEGINNINGS, SLASHES)), *OTHERS]))
SPECIAL = {"http": "80", "https": "443", "ftp": "21"}


@chapter.attack(
    "Lead a user astray",
    "Which targets begin with one slash for you, and with two for a browser?",
    r"redirect\(.*next|args.*next|values.*next",
    r"urlsplit|urlparse",
)
def next_page(target):
    """A link to your real login page leads to another site after the login."""
    lead = Leading(target, target.victim())
    for params in (("next",), tuple(dict.fromkeys([*USUAL, *asked_names(target.copy)]))):
        lead.params, is_there = params, False
        for way, when in ((lead.to, ""), (lead.onward, ", where someone is logged in,")):
            plain = way("")
            honored = any(way(where) != plain for where in HONEST)
            is_there = is_there or honored
            for where in TARGETS if honored else TARGETS[:3] + TARGETS[-30:-18]:
                if seen := astray(way(where)):
                    return succeeds(f"{params[0]}={where!r}{when} {seen}")
        if is_there:
            return fails(f"none of {len(TARGETS)} ways to write another site's address leads there")
    raise NotThereError("next")


def astray(led):
    """Say what is wrong with where a login has led, if anything is."""
    if led.startswith("5"):
        return f"gives an error page: {led}"
    origin = origin_of(led, BASE)
    return f"leads to {origin}" if origin != SITE else ""


class Leading:
    """Logins with a target in the address; by several accounts, where logins are limited."""

    def __init__(self, target, inside):
        """Begin with ada, who is logged in in one browser."""
        self.target, self.inside = target, inside
        self.params, self.name, self.numbers = (), target.ada, count(1)

    def to(self, where):
        """Return where the login leads with this target, or its status if it leads nowhere."""
        led = self.landing(where)
        if led.startswith(("2", "4")):
            self.name = self.target.guest(next(self.numbers))
            self.target.register(self.name)
            led = self.landing(where)
        return led

    def landing(self, where):
        """Log in, and return the first Location or the status."""
        browser = self.target.visitor()
        form = self.target.form_at(self.address(where), browser)
        values = {"username": self.name, "password": self.target.people.password}
        return landed(browser.submit(form, by_hand=False, follow=False, **values))

    def onward(self, where):
        """Return where the login page leads someone who is logged in, or its status."""
        return landed(self.inside.get(self.address(where), follow=False))

    def address(self, where):
        """Return the path of the login page with a target in it."""
        query = "&".join(f"{name}={quote(where)}" for name in self.params) if where else ""
        return f"/login?{query}" if query else "/login"


def landed(page):
    """Return the first Location on the way to a page, or its status."""
    if page.error:
        return f"500 {type(page.error).__name__}"
    return page.hops[0][1] if page.hops else page.status


def asked_names(copy):
    """Return the names that the app reads from an address."""
    code = "\n".join(text for file, text in copy.texts() if file.suffix == ".py")
    return [name for name in ASKED.findall(code) if re.fullmatch(r"[\w-]+", name)][:10]


def origin_of(address, base):
    """Return the origin to which a browser goes from `base`, as the WHATWG URL standard says.

    Scheme and host decide; a scheme that is not http or https is returned alone.
    """
    text = re.sub(r"[\t\n\r]", "", address.strip("".join(map(chr, range(33)))))
    own = urlsplit(base)
    scheme = re.match(r"([a-zA-Z][a-zA-Z0-9+.-]*):", text)
    name = scheme[1].lower() if scheme else own.scheme
    if name not in SPECIAL:
        return f"{name}:"
    rest = (text[scheme.end() :] if scheme else text).replace("\\", "/")
    is_relative = not rest.startswith("//") and (not scheme or name == own.scheme)
    if is_relative:
        return f"{own.scheme}://{own.netloc}"
    authority = re.match(r"[^/?#]*", rest.lstrip("/"))[0].rpartition("@")[2]
    host, _, port = authority.partition(":")
    port = f":{port}" if port and port != SPECIAL[name] else ""
    return f"{name}://{host.lower()}{port}"
