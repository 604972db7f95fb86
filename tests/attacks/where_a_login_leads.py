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
    target.victim()
    lead = Leading(target)
    for params in (("next",), tuple(dict.fromkeys([*USUAL, *asked_names(target.copy)]))):
        lead.params, plain = params, lead.to("")
        honored = any(lead.to(where) != plain for where in HONEST)
        for where in TARGETS if honored else TARGETS[:3] + TARGETS[-30:-18]:
            led = lead.to(where)
            if led.startswith("5"):
                return succeeds(f"{params[0]}={where!r} gives an error page: {led}")
            origin = origin_of(led, BASE)
            if origin != SITE:
                return succeeds(f"{params[0]}={where!r} leads to {origin}")
        if honored:
            return fails(f"{len(TARGETS)} forms of another site's address lead nowhere else")
    raise NotThereError("next")


class Leading:
    """Logins with a target in the address; by several accounts, where logins are limited."""

    def __init__(self, target):
        """Begin with ada."""
        self.target, self.params, self.name, self.numbers = target, (), target.ada, count(1)

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
        query = "&".join(f"{name}={quote(where)}" for name in self.params) if where else ""
        browser = self.target.visitor()
        form = self.target.form_at(f"/login?{query}" if query else "/login", browser)
        values = {"username": self.name, "password": self.target.people.password}
        page = browser.submit(form, by_hand=False, follow=False, **values)
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
