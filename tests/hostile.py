"""Send steps 4 and 5 and final/ what no browser sends, and see that it does no harm.

Hypothesis draws the requests: any method, path, field, body, header and cookie, most of them close
to one that works. tests/test_hostile.py sends the same few thousand each time; this sends others:

    python tests/hostile.py 50000           so many to each app
"""

import contextlib
import logging
import os
import re
import sys
from io import BytesIO
from operator import mul
from unittest import mock
from urllib.parse import quote, urlencode

import bcrypt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import create_environ, run_wsgi_app
from werkzeug.wrappers import Response
from workbench.course import ROOT
from workbench.loader import cheap_salts, opened
from workbench.people import ANOTHER_PASSWORD, PASSWORD
from workbench.site import Site

APPS = [ROOT / "steps/04_views", ROOT / "steps/05_logout", ROOT / "final"]
EXAMPLES = 1667  # of each app: more than 5,000 in all
COOKIES = ("session", "remember_token", "known")
FIELDS = (
    *("username", "password", "current_password", "password_again"),
    *("remember", "csrf_token", "next", "id", "is_active"),
)
HEADERS = (
    *("HOST", "REFERER", "ORIGIN", "USER_AGENT", "COOKIE", "ACCEPT", "ACCEPT_LANGUAGE", "RANGE"),
    *("IF_NONE_MATCH", "IF_MODIFIED_SINCE", "AUTHORIZATION", "TRANSFER_ENCODING", "UPGRADE"),
    *("X_FORWARDED_FOR", "X_FORWARDED_PROTO", "X_FORWARDED_HOST", "X_HTTP_METHOD_OVERRIDE"),
)
METHODS = ("GET", "GET", "GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "BREW")
FORM, FORM_DATA = "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"
CONTENT_TYPES = (
    FORM,
    FORM_DATA,
    "multipart/form-data",
    "application/json",
    "text/html; charset=utf-7",
    "",
)
PART = 'Content-Disposition: form-data; name="{}"{}\r\n\r\n{}\r\n'
ODD = (  # what has broken other sites
    *(
        "",
        " ",
        "\0",
        "ada\0",
        "Ada",
        "ADA ",
        "\uff41\uff44\uff41",
        "\u0430d\u0430",
        "ada\n",
        "ada'--",
        "' OR 1=1 --",
    ),
    *("<script>alert(1)</script>", "{{ 7 * 7 }}", "${7*7}", "%s%n", "../../etc/passwd", "%00"),
    *("\ud7ff\ue000\uffff", "\U0010ffff", "\u202eada"),
    *("0", "-1", "1", "2147483648", "9" * 40, "1e309", "NaN", "\u0661", "true", "null", "[]"),
    *("//evil.example", "/\\evil.example", "http://[", "javascript:alert(1)", "/welcome", "/\t/x"),
    *("session=", "remember_token=1|x", "remember_token=é|", "session=e30.x.y; session=;;=", "=;="),
)
USUAL = create_environ() | {"REMOTE_ADDR": "127.0.0.1"}
LENGTHS = (15, 18, 19, 32, 33, 36, 37, 64, 65, 72, 73, 5000)  # around what is allowed
TRACES = ("Traceback (most recent call last)", "werkzeug.debug", "sqlalchemy.exc", 'File "/')
NAMES = {"final": r"[a-z0-9_.-]{3,32}"}  # that may be stored; in the steps:
PRINTABLE = r"(?s)(?=.*\S).{1,64}"


@contextlib.contextmanager
def work():
    """Yield a list of the work of each bcrypt from now on: 2 to the number of its rounds."""
    done, originals = [], {name: getattr(bcrypt, name) for name in ("hashpw", "checkpw")}

    def counting(original):
        def counted(password, salt):
            done.append(2 ** int(salt[4:6]))
            return original(password, salt)

        return counted

    with mock.patch.multiple(bcrypt, **{n: counting(f) for n, f in originals.items()}):
        yield done


class Target:
    """An app with ada in it, who is logged in in one browser; the same before each request."""

    def __init__(self, copy, done):
        """Load the app; `done` is where work() counts."""
        self.site, self.done, self.name = Site(copy), done, copy.folder.name
        self.site.app.debug = False  # in development Flask makes 500 of a field that is missing
        self.limiter = next(iter(self.site.app.extensions.get("limiter", ())), None)
        self.cookies, self.tokens = {}, {}
        for who, browser in {"ada": self.site.ada(), "stranger": self.site.visitor()}.items():
            page = browser.get("/account" if who == "ada" and self.name == "final" else "/login")
            self.tokens[who] = dict(re.findall(r'"(csrf_token)" value="([^"]+)"', page.html)[:1])
            jar = {name: browser.client.get_cookie(name) for name in COOKIES}
            self.cookies[who] = "; ".join(f"{n}={one.value}" for n, one in jar.items() if one)
        links = [self.site.run("users", "reset-link", "ada").stdout] * (self.name == "final")
        links = [one.strip().rpartition("/")[2] for one in links]
        rules = {(one.rule, "POST" in one.methods) for one in self.site.app.url_map.iter_rules()}
        self.rules = st.sampled_from(sorted(rules))
        self.arguments = st.sampled_from(["1", "2", "style.css", *links]) | TEXTS
        self.before = self.rows()
        self.most = 2 * self.work_of_a_wrong_login()

    def work_of_a_wrong_login(self):
        """Return the work of bcrypt for one wrong password."""
        self.done.clear()
        self.site.log_in(password=ANOTHER_PASSWORD)
        return sum(self.done)

    def rows(self):
        """Return {table: its rows}."""
        with self.site.app.app_context(), self.site.db.engine.connect() as connection:
            tables = self.site.db.metadata.sorted_tables
            return {table: connection.execute(table.select()).all() for table in tables}

    def restore(self):
        """Bring all tables back to what they were, and all counts to zero."""
        with self.site.app.app_context(), self.site.db.engine.begin() as connection:
            for table in reversed(self.before):
                connection.execute(table.delete())
            for table, rows in self.before.items():
                if rows:
                    connection.execute(table.insert(), [row._asdict() for row in rows])

    def withstand(self, environ):
        """Answer a request; raise AssertionError if it did harm."""
        self.done.clear()
        if self.limiter:
            self.limiter.reset()
        body = {"wsgi.input": BytesIO(environ["wsgi.input"])}
        with Response(*run_wsgi_app(self.site.app, USUAL | environ | body)) as response:
            page = response.get_data().decode("utf-8", "replace")
        after = self.rows()
        try:
            assert response.status_code < 500, f"{response.status}"
            assert not [one for one in TRACES if one in page], page
            assert sum(self.done) <= self.most, f"hashes of {self.done}, {self.most} at most"
            if after != self.before:
                self.check_stored(environ, response, after)
        finally:
            if after != self.before:
                self.restore()

    def check_stored(self, environ, response, after):
        """Raise AssertionError if what was refused is stored, or something was that can't be."""
        led_on = response.status_code == 302 and "next=" not in response.location
        told = f"stored, and answered with {response.status}: {after}"
        assert environ["REQUEST_METHOD"] == "POST" and led_on, told
        table = self.site.User.__table__
        new = [row for row in after[table] if row.id not in {r.id for r in self.before[table]}]
        for user in new:
            name = user.username
            assert re.fullmatch(NAMES.get(self.name, PRINTABLE), name), f"stored: {name!r}"
            assert name.isprintable() and user.password_hash.startswith("$2b$"), f"stored: {user}"
        if not set(self.before[table]) <= set(after[table]):
            knows = quote(PASSWORD, safe="").encode() in environ["wsgi.input"].replace(b"+", b"%20")
            knows |= PASSWORD.encode() in environ["wsgi.input"]
            assert knows or environ["PATH_INFO"].startswith("/reset/"), "changed without password"


def query(target):
    """Return a query that asks for a page after the login."""
    return urlencode({"next": target}, errors="replace")


def as_header(text):
    """Return a text as a server hands it on: its bytes, read as Latin-1."""
    return text.encode("utf-8", "replace").decode("latin-1")


USUALLY = st.sampled_from([True] * 9 + [False])
LONG = st.builds(mul, st.sampled_from("x\u00e9\u0301😀"), st.sampled_from(LENGTHS))
TEXTS = (st.sampled_from(ODD) | LONG | LONG | st.text(max_size=80)).map(str)  # drawn as one
RAW = TEXTS.map(as_header)
QUERIES = st.just("") | TEXTS.map(query) | RAW
WHO = st.sampled_from(["ada", "stranger", "nobody"])
METHOD = st.sampled_from(METHODS)
MORE_HEADERS = st.just({}) | st.dictionaries(
    st.sampled_from(HEADERS).map("HTTP_{}".format), RAW, max_size=3
)
WHOLE = st.fixed_dictionaries(
    {
        "username": st.sampled_from(["grace", "ada"]) | TEXTS,
        "password": st.sampled_from([ANOTHER_PASSWORD, PASSWORD]) | TEXTS,
        "current_password": st.just(PASSWORD) | TEXTS,
    }
)
MORE_FIELDS = st.just({}) | st.dictionaries(st.sampled_from(FIELDS), TEXTS, max_size=2)
GARBAGE = st.tuples(st.binary(max_size=200), st.sampled_from(CONTENT_TYPES) | RAW)
FILE = st.sampled_from(["", "", '; filename="ada.png"'])
LENGTH = st.sampled_from(["", "-1", "x"])


@st.composite
def requests(draw, target):
    """Draw what is odd in the WSGI environment of a request, with the body as bytes."""
    who, (path, posts) = draw(WHO), draw(target.rules)
    path = path if draw(USUALLY) else draw(TEXTS)
    path = re.sub(r"<[^>]+>", lambda _: draw(target.arguments), path)
    body, kind = draw(forms(target.tokens.get(who, {}))) if draw(USUALLY) else draw(GARBAGE)
    return {
        "REQUEST_METHOD": "POST" if posts and draw(USUALLY) else draw(METHOD),
        "PATH_INFO": as_header(path),
        "QUERY_STRING": draw(QUERIES),
        "HTTP_COOKIE": target.cookies.get(who, ""),
        "CONTENT_TYPE": kind,
        "CONTENT_LENGTH": str(len(body)) if draw(USUALLY) else draw(LENGTH),
        "wsgi.input": body,
    } | draw(MORE_HEADERS)


@st.composite
def forms(draw, token):
    """Draw a form, most often with its token, as the body of a request, and its type."""
    fields = draw(WHOLE) if draw(USUALLY) else {}
    fields |= draw(MORE_FIELDS)
    if draw(USUALLY):
        fields["password_again"] = fields.get("password", "")
    if draw(USUALLY):
        fields |= token
    if draw(USUALLY):
        return urlencode(fields, errors="replace").encode(), FORM
    file = draw(FILE)
    parts = "--x\r\n".join(PART.format(name, file, text) for name, text in fields.items())
    return f"--x\r\n{parts}--x--\r\n".encode("utf-8", "replace"), FORM_DATA


def attack(folder, examples, edits=(), **options):
    """Send an app so many requests and return how many that were; the first that does harm raises.

    `edits` are made in the copy before; `options` are settings of Hypothesis.
    """
    sent = []
    logging.disable(logging.CRITICAL)
    with cheap_salts(), work() as done, opened(folder) as copy:
        os.environ.update({"BCRYPT_LOG_ROUNDS": "4", "SERVER_NAME": "localhost"})
        for edit in edits:
            copy.edit(*edit)
        target = Target(copy, done)

        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            **options,
        )
        @given(requests(target))
        def withstand(environ):
            sent.append(environ)
            target.withstand(environ)

        try:
            withstand()
        finally:
            logging.disable(logging.NOTSET)
    return len(sent)


def main(number="50000"):
    """Send each app so many new requests."""
    for folder in APPS:
        print(f"{folder.relative_to(ROOT)}: {attack(folder, int(number))} requests, no harm done")


if __name__ == "__main__":
    main(*sys.argv[1:])
