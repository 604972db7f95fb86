"""Chapter 5: names."""

import contextlib
import sys
import unicodedata
from unittest import mock

from attacks.places import At
from attacks.verdicts import Chapter, fails, require, succeeds
from attacks.work import HASH

chapter = Chapter(5, "Names")
CYRILLIC = str.maketrans("\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456", "aeopcyxi")
TO_CYRILLIC = str.maketrans("aeo", "\u0430\u0435\u043e")
WIDE = str.maketrans({chr(n): chr(n + 0xFEE0) for n in range(ord("a"), ord("z") + 1)})
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
MARKUP = '"><img src=x onerror=alert(1)>'
USER = (r"def create_user|def register", r"/register[\"'/]")


@chapter.attack(
    "Register a look-alike",
    "How many ways are there to write ada? Which one of them does your database hold?",
    *USER,
)
def look_alike(target):
    """Someone registers a name that people read as another user's."""
    ada = target.ada
    target.victim()
    for name, what in (
        (ada.title(), "with a capital"),
        (ada.upper(), "in capitals"),
        (f"{ada} ", "with a space behind it"),
        (ada.translate(TO_CYRILLIC), "with Cyrillic letters"),
        (ada.translate(WIDE), "in wide letters"),
        (f"{ada[0]}\u200d{ada[1:]}", "with an invisible letter"),
        (f"{ada[0]}\u00ad{ada[1:]}", "with a soft hyphen"),
    ):
        target.register(name)
        alike = [one for one in target.names() if skeleton(one) == skeleton(ada)]
        if len(alike) > 1:
            return succeeds(f"{ada} and {ada} {what} are two users")
    return fails()


def skeleton(name):
    """Return what people read: without capitals, widths, look-alikes and invisible letters."""
    text = unicodedata.normalize("NFKC", name).casefold().translate(CYRILLIC)
    return "".join(one for one in text if one not in INVISIBLE and not one.isspace())


@chapter.attack(
    "Register at the same time",
    "Two requests can both find a name free. What decides when both of them store it?",
    At("/register", r"IntegrityError|commit\("),
    *USER,
)
def twice(target):
    """Two requests at once make two users of one name, or an error page."""
    insert = f"INSERT INTO {target.User.__tablename__} "
    for name, moment in ((target.ada, HASH), (target.guest(0), insert)):

        def register(name=name):
            return target.register(name)

        with target.work.meanwhile(moment, register) as done:
            page = register()
        require(done or moment == insert, "registering hashes a password", page)
        require(target.count(name), "registering stores a user", page)
        if target.count(name) > 1:
            return succeeds(f"there are two users named {name}")
        if page.error or page.status.startswith("5"):
            return succeeds(f"the second request gets an error page: {page}")
    return fails()


@chapter.attack(
    "Choose markup as a name",
    "Where does a page show what a visitor typed without escaping it? See Jinja's autoescape.",
    r"\|\s*safe|Markup\(|autoescape",
    r"[\"'].*<(p|h\d|div|li|b|strong|em|span|td|a|title)\b.*(\{|%|\+)",
)
def markup(target):
    """What someone types as their name runs as a script in a page."""
    target.register()
    pages = [
        target.register(MARKUP),
        target.register(MARKUP),  # which shows it again if the name is taken now
        target.log_in(MARKUP),
        target.visitor().get(f"/login?next={MARKUP}"),
    ]
    pages.append(target.visitor().get(f"/{MARKUP}"))
    if MARKUP in target.names():
        pages.append(target.log_in(MARKUP).browser.get("/welcome"))
    for page in pages:
        if "<img src=x onerror" in page.html:
            return succeeds(f"{page.path} shows <img src=x onerror=alert(1)> as a tag, not as text")
    return fails()


@chapter.attack(
    "Type a name of accents",
    "How long a name does your app look at before it normalizes it?",
    r"normalize\(",
)
def accents(target):
    """A name of thousands of accents keeps the server busy for seconds."""
    name, lengths = "\u0301" * 900 + "\u0316" * 900, []  # a long form has room for 15,000 each
    normalize = unicodedata.normalize

    def noting(form, text):
        lengths.append(len(text))
        return normalize(form, text)

    with patched(target.copy, unicodedata, "normalize", noting):
        for page in (target.log_in, target.register):
            page(name)
            if max(lengths, default=0) > len(name) // 2:
                return succeeds(f"a name of {len(name)} accents is normalized as a whole")
    return fails("" if lengths else "no name is normalized, so its accents cost nothing")


@chapter.attack(
    "Choose a password of signs",
    "How much of a long password does zxcvbn have to see to know that it is good?",
    r"zxcvbn\(",
)
def signs(target):
    """A password of signs that stand for letters keeps the server busy for seconds."""
    zxcvbn = sys.modules.get("zxcvbn")
    if zxcvbn is None or not target.copy.mentions("zxcvbn"):
        return fails("no password is scored, so its signs cost nothing")
    read, translate = [], zxcvbn.matching.translate
    password = "4@8({[<369#!1|0$5+7%2" * 2  # 72 characters take far longer

    def noting(text, table):
        read.append(len(text))
        return translate(text, table)

    with mock.patch.object(zxcvbn.matching, "translate", noting):
        target.register(password=password)
    if sum(read) > 10_000:
        return succeeds(f"a password of {len(password)} signs is read in {len(read)} spellings")
    return fails()


@contextlib.contextmanager
def patched(copy, owner, name, replacement):
    """Replace a function, also where one of the app's modules has imported it by name."""
    original = getattr(owner, name)
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.object(owner, name, replacement))
        for module in copy.modules.values():
            for known, value in list(vars(module).items()):
                if value is original:
                    stack.enter_context(mock.patch.object(module, known, replacement))
        yield
