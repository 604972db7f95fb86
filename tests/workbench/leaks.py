"""A rule for every visit: a password that was typed is kept nowhere, except as a hash."""

import base64
import contextlib
import functools
import hashlib
import html
import itertools
import re
from urllib.parse import unquote_plus

from workbench.finding import Finding
from workbench.lines import view_of

REGISTERING = "test_registering_leads_to_the_login_page"
LOGGING_IN = "test_logging_in_leads_to_the_welcome_page"
RAW_ERROR = re.compile(r"IntegrityError|OperationalError|\[SQL:")
TO_URLSAFE = str.maketrans("+/", "-_")
SAYING = r"print\(|\.(?:debug|info|warning|error|exception|critical|log|write)\("


def keeps_the_password_to_itself(page, judge):
    """Yield each place that reveals a password: a table, a cookie, an address, a page, a log."""
    asked = unquote_plus(page.asked[1])
    passwords = [password for password in judge.passwords if password not in asked]
    for statement, values in page.deeds.written:
        for column, value in named_values(statement, values):
            if shown := revealed(str(value), passwords):
                yield leak(f"{shown} is in {column}", page, LOGGING_IN)
    if page.set_cookies:
        if shown := revealed(str(page.browser.session()), passwords):
            yield leak(f"{shown} is in the session, which is a cookie", page)
        elif shown := revealed(unquote_plus(" ".join(page.set_cookies)), passwords):
            yield leak(f"{shown} is in a cookie", page)
    addresses = unquote_plus(" ".join(location for _, location in page.hops))
    if any(password in addresses for password in passwords):
        yield leak("the password is in the address of a redirect", page)
    shown = html.unescape(page.html)
    if any(password in shown for password in passwords):
        found = {"at": page.template or page, "word": r"\.password|form *\}\}|form\[|form\.get"}
        yield leak(f"the password is on the page {page.path}", page, **found)
    if page.deeds.said and (what := revealed(" ".join(page.deeds.said), passwords)):
        yield leak(f"{what} is in what the app prints or logs", page, word=SAYING)


def keeps_hashes_to_itself(page, judge):
    """Yield each place that shows the stored hash of a password: a page, a cookie, an address."""
    values = itertools.chain(*(named_values(*written) for written in page.deeds.written))
    judge.hashes |= {str(value) for _, value in values if re.match(r"\$2[aby]\$", str(value))}
    stolen = judge.hashes - {page.typed.get("password")}
    raw = RAW_ERROR.search(page.html)  # another rule reports that
    places = {} if raw else {f"on the page {page.path}": page.html}
    if page.set_cookies:
        places["in the session, which is a cookie"] = str(page.browser.session())
        places["in a cookie"] = unquote_plus(" ".join(page.set_cookies))
    for place, text in places.items():
        if any(one in text for one in stolen):
            yield Finding(
                precondition="the hash of a password is in the database alone",
                want="no hash where a visitor can read it",
                got=f"the hash of a password is {place}",
                read="04_views#register",
                hint="Anyone who has a hash can try passwords against it. Which line hands it out?",
                at=page.template if page.template and "page" in place else view_of(page),
                word="hash|__dict__|vars",
                told_by=LOGGING_IN,
            )


def leak(fact, page=None, told_by=REGISTERING, **found):
    """Return the finding about a password that can be read somewhere."""
    view = page and view_of(page)
    return Finding(
        precondition="the password itself is never stored, shown or logged: only its hash is kept",
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


def revealed(text, passwords):
    """Say which password, or which part of one, a text reveals; else return an empty text."""
    for look, what in itertools.chain(*(disguises(one).items() for one in passwords)):
        if look in text:
            return what
    raw = [password.encode() for password in passwords]
    if raw and any(one in part for part in unpacked(text) for one in raw):
        return "what the password can be read back from"
    return ""


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
