"""A rule of every visit: the password that was typed is nowhere but in the request."""

import base64
import contextlib
import functools
import hashlib
import html
import re
from urllib.parse import unquote_plus

from workbench.finding import Finding
from workbench.lines import view_of

REGISTERING = "test_registering_leads_to_the_login_page"
LOGGING_IN = "test_logging_in_leads_to_the_welcome_page"
TO_URLSAFE = str.maketrans("+/", "-_")
SAYING = r"print\(|\.(?:debug|info|warning|error|exception|critical|log|write)\("


def keeps_the_password_to_itself(page, judge):
    """Yield what reveals a password: a table, a cookie, an address, the page, a log."""
    asked = unquote_plus(page.asked[1])
    for password in judge.passwords:
        if password in asked:
            continue
        reveals = revealed_by_this(password)
        for statement, values in page.deeds.written:
            for column, value in named_values(statement, values):
                if shown := reveals(str(value)):
                    yield leak(f"{shown} is in {column}", page, LOGGING_IN)
        if page.set_cookies:
            if shown := reveals(str(page.browser.session())):
                yield leak(f"{shown} is in the session, which is a cookie", page)
            elif shown := reveals(unquote_plus(" ".join(page.set_cookies))):
                yield leak(f"{shown} is in a cookie", page)
        for _, location in page.hops:
            if password in unquote_plus(location):
                yield leak("the password is in the address of a redirect", page)
        if password in html.unescape(page.html):
            found = {"at": page.template or page, "word": r"\.password|form *\}\}|form\[|form\.get"}
            yield leak(f"the password is on the page {page.path}", page, **found)
        if shown := reveals(" ".join(page.deeds.said)):
            yield leak(f"{shown} is in what the app prints or logs", page, word=SAYING)


def leak(fact, page=None, told_by=REGISTERING, **found):
    """Return the finding that a password has got out."""
    view = page and view_of(page)
    return Finding(
        precondition="the password that was typed is kept nowhere: only its hash is stored",
        want="the password in the request, and nowhere else",
        got=fact,
        read="04_views#register",
        hint="Who could read it there? Which line puts it there?",
        told_by=told_by if page is None or page.path != "/register" else REGISTERING,
        **{"at": view} | found,
    )


@functools.lru_cache(50)
def disguises(password):
    """Return {what a password looks like without protection: what to call that}."""
    raw = password.encode()
    plain = {
        password: "the password",
        password.upper(): "the password",
        password.lower(): "the password",
        password[::-1]: "the password, reversed,",
        base64.b64encode(raw).decode().rstrip("="): "the password, in Base64,",
        raw.hex(): "the password, in hexadecimal,",
    }
    hashes = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
    return plain | {
        hashlib.new(name, raw).hexdigest(): f"an unsalted {name.upper()} of the password"
        for name in hashes
    }


def revealed_by_this(password):
    """Return a function that says what of the password a text reveals, if anything."""
    looks = disguises(password).items()

    def reveals(text):
        found = next((what for look, what in looks if look in text), "")
        hidden = not found and any(password.encode() in part for part in unpacked(text))
        return "what the password can be read back from" if hidden else found

    return reveals


def unpacked(text):
    """Yield the bytes of what looks like Base64 in a text."""
    for part in re.findall(r"[A-Za-z0-9+/_-]{20,}", text):
        with contextlib.suppress(ValueError):
            yield base64.urlsafe_b64decode(part.translate(TO_URLSAFE) + "===")


def named_values(statement, values):
    """Yield (column in words, value) of what an INSERT or UPDATE writes."""
    table = re.search(r"(?:INTO|UPDATE) [\"`]?(\w+)", statement)
    listed = re.search(r"\(([^()]*)\) VALUES", statement)
    columns = listed[1].split(", ") if listed else re.findall(r"(\w+)[\"`]?=\?", statement)
    rows = values if isinstance(values, list) else [values]
    for row in rows:
        row = list(row.values()) if isinstance(row, dict) else list(row)
        names = columns if len(columns) == len(row) else [""] * len(row)
        for name, value in zip(names, row, strict=False):
            where = f"the table {table[1]}" if table else "the database"
            yield (f"the column {name} of {where}" if name else where), value
