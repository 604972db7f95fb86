"""Chapter 7: what is left behind."""

import gc
import io
import re
import warnings
from itertools import product
from urllib.parse import parse_qsl, urlencode, urlsplit

from attacks.guesser import post
from attacks.verdicts import Chapter, fails, require, succeeds
from attacks.visitor import SITE

chapter = Chapter(7, "What is left behind")
MEGABYTES = 10
HIDDEN, AROUND = "(the password)", 40  # characters before and behind it
BOUNDARY = "workbookboundary"
CACHE = (r"Cache-Control|no-store|no_store", r"after_request", r"/welcome[\"'/]")


@chapter.attack(
    "Press Back after logout",
    "Which header tells a browser to store a page nowhere?",
    *CACHE,
)
def back(target):
    """Someone at the same machine presses Back after logout and reads the page."""
    ada = target.victim()
    page = ada.get("/welcome")
    form = page.form_to("/logout")
    require(form, "/welcome has a button that logs out", page)
    # A browser may show a page again unless it was told to store nothing (RFC 9111, 5.2.2.5).
    if "no-store" in page.headers.get("Cache-Control", "").lower():
        return fails()
    cleared = ada.submit(form, follow=False)
    told = [cleared, *([ada.get(cleared.hops[0][1])] if cleared.hops else [])]
    if any(
        re.search(r'"(cache|\*)"', one.headers.get("Clear-Site-Data", ""))
        for one in told
        if one.headers
    ):
        return fails("the logout asks the browser to clear its cache, which not every browser does")
    said = page.headers.get("Cache-Control") or "no Cache-Control"
    return succeeds(f"/welcome comes with {said}, so a browser may show it again")


@chapter.attack(
    "Read another user's page from a shared cache",
    "Who may keep a page that is for one user? See the words public and private of Cache-Control.",
    *CACHE,
)
def shared_cache(target):
    """A cache between the users and you hands one user's page to the next."""
    page = target.victim().get("/welcome")
    said = page.headers.get("Cache-Control", "").lower()
    if re.search(r"no-store|private|no-cache", said):  # no-cache: a cache has to ask the app first
        return fails()
    if re.search(r"\bpublic\b|s-maxage=[1-9]|max-age=[1-9]", said):
        return succeeds(f"/welcome comes with Cache-Control: {said}")
    # A cache may keep such a page and decide itself for how long (RFC 9111, 4.2.2).
    return fails("nothing tells a shared cache to keep /welcome, but nothing forbids it")


@chapter.attack(
    "Send ten megabytes",
    "How many bytes may a form have? See MAX_CONTENT_LENGTH.",
    r"MAX_CONTENT_LENGTH",
)
def megabytes(target):
    """A stranger makes the server read a file of ten megabytes with every form."""
    target.register()
    for path, chunked in product(("/login", "/register"), (False, True)):
        small, _ = sent_file(target, path, 10, chunked)
        plain = sent_plain(target, path)
        require(small == plain, f"POST {path} with a small file is answered as without", small)
        status, read = sent_file(target, path, MEGABYTES * 1_000_000, chunked)
        if read >= MEGABYTES * 1_000_000:
            how = ", sent in chunks," if chunked else ""
            return succeeds(f"POST {path} with a file of {MEGABYTES} MB{how} is read: {status}")
    return fails()


def sent_file(target, path, size, chunked):
    """Send a file along with a form; return the status, and how many bytes were read."""
    browser = target.visitor()
    form = target.form_at(path, browser)
    filled = form.filled_in(values_for(target, path))
    parts = [part(f'name="{name}"', value.encode()) for name, value in filled]
    parts.append(part('name="file"; filename="a.bin"', bytes(size)))
    body = io.BytesIO(b"".join(parts) + f"--{BOUNDARY}--\r\n".encode())
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    headers = {"Origin": SITE, "Referer": form.action, "Sec-Fetch-Site": "same-origin"}
    environ = {}
    if chunked:  # no length is told, and the server marks the end
        headers["Transfer-Encoding"], environ = "chunked", {"wsgi.input_terminated": True}
    sent = {"input_stream": body, "content_type": kind, "headers": headers}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the app leaves the file to Python
        status = browser.client.post(form.action, environ_overrides=environ, **sent).status
        gc.collect()
    return status, body.tell()


def sent_plain(target, path):
    """Send the same form without a file; return the status."""
    browser = target.visitor()
    form = target.form_at(path, browser)
    return post(browser, form, values_for(target, path)).status


def values_for(target, path):
    """Return what is filled in: a user of its own for each form that is sent to /register."""
    name = target.people.named("eve")
    return {"username": name, "password": target.people.password if path == "/login" else ""}


def part(disposition, content):
    """Return a part of a form's body."""
    head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n"
    return head.encode() + content + b"\r\n"


@chapter.attack(
    "Read passwords in the log",
    "What does your app log or print, and could one of its words be a password?",
    r"logger\.|logging\.|print\(|SQLALCHEMY_ECHO|echo=",
)
def logs(target):
    """Anyone who can read the server's log reads passwords in it."""
    old, _, wrong = target.passwords
    pages = [target.register(), target.log_in(password=wrong), target.log_in()]
    require(target.is_in(), "logging in signs you in: GET /welcome greets you by name", pages[-1])
    if target.features.change:
        pages.append(target.change_password(target.inside(), wrong, target.passwords[1]))
    for page in pages:
        for line in page.deeds.said:
            if old in line or wrong in line:
                return succeeds(f"{' '.join(page.asked)} logs: {hidden(line.strip(), old, wrong)}")
        for address in (page.asked[1], *(where for _, where in page.hops)):
            if any(value in (old, wrong) for _, value in parse_qsl(urlsplit(address).query)):
                return succeeds(f"a password is in an address, which servers log: {address}")
    for file in target.copy.new_files():
        if any(one.encode() in file.read_bytes() for one in (old, wrong)):
            return succeeds(f"a password is in the file {file.name}, which the app has written")
    return fails()


def hidden(line, *passwords):
    """Return a line as it may be shown: what is around the password in it."""
    for password in passwords:
        for written in (password, urlencode({"": password})[1:]):
            line = line.replace(written, HIDDEN)
    start = max(0, line.find(HIDDEN) - AROUND)
    end = line.find(HIDDEN) + len(HIDDEN) + AROUND
    return "..." * (start > 0) + line[start:end] + "..." * (end < len(line))
