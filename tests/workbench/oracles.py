"""Rules that hold for every visit, whichever checkpoint makes it.

A rule that is broken is told once: by the check whose promise it is, else by the one that saw
it. So other checks are not held up by it.
"""

import pytest

from workbench.cookies import refusing
from workbench.finding import FAILED, JUDGE, TOLD, Finding
from workbench.leaks import (
    LOGGING_IN,
    keeps_hashes_to_itself,
    keeps_the_password_to_itself,
    leak,
    revealed,
)
from workbench.markup import shows_names_as_text
from workbench.page import HOME, shorten
from workbench.unfinished import reads_like_a_page

PENDING = pytest.StashKey[dict]()  # of a run: {(app, sentence): Finding}
A_HASH = "$2"  # a check types one and stores it
OVER = "a message is gone once it has been shown"
LAST = "the last check of a step"
SAMESITE = r"(?i)^(?!.*(?:remember|set_cookie))[^#]*(?:cookie|samesite).*[\"'](?:lax|strict)[\"']"


class Judge:
    """What watches the visits of a test."""

    def __init__(self, copy):
        """Watch the visitors of this app."""
        self.copy = copy
        self.passwords = set()  # that have been typed
        self.hashes = set()  # that have been stored
        self.names = set()
        self.findings = {}

    def __call__(self, page):
        """Look at a page, and note the rules that the visit has broken."""
        if password := page.typed.get("password"):
            name = page.typed.get("username", "")
            self.passwords |= {password} if self.is_secret(password, name) else set()
            self.names.add(name)
        for rule in RULES:
            for finding in rule(page, self):
                self.findings.setdefault(finding.precondition, finding)

    def is_secret(self, password, name):
        """Say whether a password is worth looking for: long, and not a word of the app itself."""
        is_stored = password.startswith(A_HASH) or self.copy.file_with(password)
        return len(password) > 7 and password != name and not is_stored

    def look_at_files(self):
        """Note a password that has been written to a file."""
        for file in self.copy.new_files():
            data = file.read_bytes().decode("latin-1")
            if shown := revealed(data, self.passwords):
                name = file.relative_to(self.copy.scratch).as_posix().partition("/")[2]
                found = leak(f"{shown} is in the file {name}", at=self.copy, word=r"open\(")
                self.findings.setdefault(found.precondition, found)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Fail a test that would pass, if a rule was broken that this test reports."""
    result = yield
    if judge := item.stash.get(JUDGE, None):
        judge.look_at_files()
        pending = item.config.stash.setdefault(PENDING, {})
        pending.update({(judge.copy.source, s): f for s, f in judge.findings.items()})
        after = item.session.items[item.session.items.index(item) + 1 :]
        told = item.config.stash[TOLD]
        later = {one.name for one in after} | {LAST for one in after if one.path == item.path}
        if item.path in item.config.stash[FAILED]:  # that failure may be its cause
            later.add(LAST)
        for (source, _), finding in pending.items():
            known = any((source, reason) in told for reason in finding.reasons())
            if not known and finding.told_by not in later:
                raise finding
    return result


# A message is shown where it was made


def tells_in_time(page, _judge):
    """Yield a message that a visitor reads only later, on a page about something else."""
    if not has_come(page):
        return
    waiting = page.browser.waiting
    late = next((words for words in waiting if page.opens() and page.says(words)), None)
    waiting += [words for words, _ in page.deeds.flashed if not page.says(words)]
    if late:
        waiting.remove(late)
        yield Finding(
            precondition=OVER,
            told_by="test_a_wrong_password_lets_nobody_in",
            want="the message at once, after the redirect at the latest",
            got=f'"{late}" on {page.path}, which comes later',
            read="04_views#show-messages",
            hint="Which pages ask for the messages? See get_flashed_messages().",
            at=page.template or page,
            word="get_flashed_messages",
        )


def has_come(page):
    """Say whether a visitor has come to the page that is to show them a message.

    One that broke or is not there can't show any: that page is told of, not the message.
    """
    lost = page.status.startswith(("3", "404", "405", "5"))
    return bool(page.status) and not page.error and not lost


# Every request gets an answer, and browsers keep the cookies that come with it


def answers(page, _judge):
    """Yield what broke."""
    if page.error or page.status.startswith("5"):
        yield Finding(
            precondition="whatever a visitor sends, the page does not break",
            told_by=LAST,  # a check that looks at this page may have more to say
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
    """Yield each cookie that browsers refuse, and each login cookie without its protection."""
    for name, reason in page.browser.refused.items():
        yield Finding(
            grave=True,
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
    config = page.browser.app.config
    session = config.get("SESSION_COOKIE_NAME", "session")
    remember = config.get("REMEMBER_COOKIE_NAME", "remember_token")
    for header in page.set_cookies:
        name, _, value = header.partition("=")
        if name in (session, remember) and not value.startswith(";"):  # that one is deleted
            yield from keeps_its_settings(name, header.lower(), judge.copy, name == session)


def keeps_its_settings(name, header, copy, is_session=True):
    """Yield what a login's cookie lacks that protects it from other sites, and from scripts."""
    if is_session and "samesite" not in header and copy.mentions(SAMESITE):
        yield Finding(
            precondition="the session cookie says SameSite, as you have set it",
            want="SameSite=Lax in the cookie that is sent",
            got=f"the cookie {name} without SameSite",
            read="04_views#log-in",
            hint="app.config accepts any name. Is yours SESSION_COOKIE_SAMESITE?",
            at=copy,
            word=SAMESITE,
            told_by=LOGGING_IN,
        )
    if "httponly" not in header:
        yield Finding(
            precondition="no script of a page can read the cookie of a login",
            want="HttpOnly in the cookie that is sent",
            got=f"the cookie {name} without HttpOnly",
            read="04_views#log-in",
            hint="Flask sets HttpOnly by default. Which line turns it off?",
            at=copy,
            word=r"(?i)http_?only",
            told_by=LOGGING_IN,
        )


RULES = (
    answers,
    keeps_the_password_to_itself,
    keeps_hashes_to_itself,
    shows_names_as_text,
    tells_in_time,
    reads_like_a_page,
    sets_cookies_that_stay,
)
