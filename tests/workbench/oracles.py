"""Rules that every visit keeps, whichever checkpoint makes it.

A rule that is broken is told once: by the check whose promise it is, else by the one that saw
it. So other checks are not held up by it.
"""

import pytest

from workbench.browser import HOME, shorten
from workbench.cookies import refusing
from workbench.finding import Finding
from workbench.leaks import LOGGING_IN, keeps_the_password_to_itself, leak, revealed_by
from workbench.markup import shows_names_as_text
from workbench.unfinished import reads_like_a_page

JUDGE = pytest.StashKey["Judge"]()  # of a test
PENDING = pytest.StashKey[dict]()  # of a run: {(app, sentence): Finding}
DONE = pytest.StashKey[set]()  # of a run: what has been told
SAMESITE = r"(?i)^(?!.*(?:remember|set_cookie))[^#]*(?:cookie|samesite).*[\"'](?:lax|strict)[\"']"


class Judge:
    """What watches the visits of a test."""

    def __init__(self, copy):
        """Watch the visitors of this app."""
        self.copy = copy
        self.passwords = set()  # that have been typed
        self.findings = {}

    def __call__(self, page):
        """Look at a page, and note the rules that the visit has broken."""
        if self.is_secret(page.typed.get("password", ""), page.typed.get("username")):
            self.passwords.add(page.typed["password"])
        for rule in RULES:
            for finding in rule(page, self):
                self.findings.setdefault(finding.precondition, finding)

    def is_secret(self, password, name):
        """Say whether a password is no word that a page or the app may show anyway."""
        return len(password) > 7 and password != name and not self.copy.file_with(password)

    def look_at_files(self):
        """Note a password that has been written to a file."""
        for file in self.copy.new_files():
            data = file.read_bytes().decode("latin-1")
            if shown := next((p for p in map(revealed_by(data), self.passwords) if p), None):
                name = file.relative_to(self.copy.scratch).as_posix().partition("/")[2]
                found = leak(f"{shown} is in the file {name}", at=self.copy, word=r"open\(")
                self.findings.setdefault(found.precondition, found)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Fail a test that would pass if a rule was broken that it is the one to tell of."""
    result = yield
    if judge := item.stash.get(JUDGE, None):
        judge.look_at_files()
        pending, done = (item.config.stash.setdefault(key, kind()) for key, kind in KEPT)
        pending.update({(judge.copy.source, s): f for s, f in judge.findings.items()})
        later = {one.name for one in item.session.items[item.session.items.index(item) + 1 :]}
        for key in [key for key in pending if key not in done]:
            if pending[key].told_by not in later:
                done.add(key)
                raise pending[key]
    return result


KEPT = ((PENDING, dict), (DONE, set))


# Whatever is sent, there is an answer; cookies are such that browsers keep them


def answers(page, _judge):
    """Yield what broke."""
    if page.error or page.status.startswith("5"):
        yield Finding(
            precondition="whatever a visitor sends, the page does not break",
            want=f"a page that answers {told(page)}",
            got=page,
            read="04_views#log-in",
        )


def told(page):
    """Say what a visitor has done to get this page."""
    method, address = page.asked
    name = page.typed.get("username")
    what = f"{method} {shorten(address.removeprefix(HOME), 50)}"
    return what if name is None else f'{what}, with the name "{shorten(name, 30)}"'


def sets_cookies_that_stay(page, judge):
    """Yield a cookie that browsers refuse, and a login cookie that lacks a setting it was given."""
    for name, reason in page.browser.refused.items():
        yield Finding(
            precondition="a browser keeps the cookies that the app sets",
            want=f"a cookie {name} that browsers keep",
            shared=refusing(name),
            got=f"browsers refuse it: {reason}",
            read="04_views#log-in",
            hint="Which setting of the cookie says so?",
            at=judge.copy,
            word=r"(?i)cookie",
            told_by=LOGGING_IN,
        )
    session = page.browser.app.config.get("SESSION_COOKIE_NAME", "session")
    for header in page.set_cookies:
        if header.startswith(f"{session}="):
            yield from keeps_its_settings(session, header.lower(), judge.copy)


def keeps_its_settings(session, header, copy):
    """Yield what the session cookie lacks that protects it from other sites, and from scripts."""
    if "samesite" not in header and copy.mentions(SAMESITE):
        yield Finding(
            precondition="the session cookie says SameSite, as you have set it",
            want="SameSite=Lax in the cookie that is sent",
            got=f"the cookie {session} without SameSite",
            read="04_views#log-in",
            hint="app.config accepts any name. Flask reads SESSION_COOKIE_SAMESITE. Which is yours?",
            at=copy,
            word=SAMESITE,
            told_by=LOGGING_IN,
        )
    if "httponly" not in header:
        yield Finding(
            precondition="no script of a page can read the session cookie",
            want="HttpOnly in the cookie that is sent",
            got=f"the cookie {session} without HttpOnly",
            read="04_views#log-in",
            hint="Flask says HttpOnly by itself. Which line switches that off?",
            at=copy,
            word=r"(?i)http_?only",
            told_by=LOGGING_IN,
        )


RULES = (
    answers,
    keeps_the_password_to_itself,
    shows_names_as_text,
    reads_like_a_page,
    sets_cookies_that_stay,
)
