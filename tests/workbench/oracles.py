"""Rules that every visit keeps, whichever checkpoint makes it.

A rule that is broken is told once: by the check whose promise it is, else by the one that saw
it. So other checks are not held up by it.
"""

import functools
import re

import pytest

from workbench.finding import JUDGE, TOLD, Finding
from workbench.forms import parsed
from workbench.leaks import LOGGING_IN, keeps_the_password_to_itself, leak, revealed_by_this
from workbench.lines import view_of
from workbench.page import placed_lines

PENDING = pytest.StashKey[dict]()  # of a run: {(app, sentence): Finding}
LAST = "the last check of a step"
MARK = "x9q"  # of names that look like code
PRODUCT = ("7*191", "1337")  # what a name asks to compute, and what comes of it
NAMES_LIKE_CODE = (
    f"'\"><i id={MARK}>{{{{{PRODUCT[0]}}}}}%s onfocus={MARK}",
    f"<i id={MARK}>",
    f"{{{{{PRODUCT[0]}}}}} id={MARK}",
)
UNFINISHED = (
    (r"\{\{.*?\}\}|\{%.*?%\}", "Which line shows this text without Jinja reading it?"),
    (r"\{ ?[A-Za-z_][\w.]*(?:\(\))? ?\}", "Jinja's expressions have two braces, and Python's f?"),
    (r"<(?:bound method|function) .*?>", "What calls a method, and what only names it?"),
    (r"<[A-Za-z_][\w.]*(?: object at 0x\w+| [\w@.]+)>", "Which attribute of the object is meant?"),
)
SAMESITE = r"(?i)^(?!.*(?:remember|set_cookie))[^#]*cookie.*[\"'](?:lax|strict)[\"']"


class Judge:
    """What watches the visits of a test."""

    def __init__(self, copy):
        """Watch the visitors of this app."""
        self.copy = copy
        self.passwords = set()  # that have been typed
        self.names = set()
        self.findings = {}

    def __call__(self, page):
        """Look at a page, and note the rules that the visit has broken."""
        if password := page.typed.get("password"):
            is_secret = len(password) > 7 and not password.startswith("$2")  # that is a hash
            self.passwords |= {password} if is_secret else set()
            self.names.add(page.typed.get("username", ""))
        for rule in RULES:
            for finding in rule(page, self):
                self.findings.setdefault(finding.precondition, finding)

    def look_at_files(self):
        """Note a password that has been written to a file."""
        for file in self.copy.new_files():
            data = file.read_bytes().decode("latin-1")
            shown = next(filter(None, (revealed_by_this(one)(data) for one in self.passwords)), "")
            if shown:
                name = file.relative_to(self.copy.scratch).as_posix().partition("/")[2]
                found = leak(f"{shown} is in the file {name}", at=self.copy, word=r"open\(")
                self.findings.setdefault(found.precondition, found)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Fail a test that would pass if a rule was broken that it is the one to tell of."""
    result = yield
    if judge := item.stash.get(JUDGE, None):
        judge.look_at_files()
        pending = item.config.stash.setdefault(PENDING, {})
        pending.update({(judge.copy.source, s): f for s, f in judge.findings.items()})
        after = item.session.items[item.session.items.index(item) + 1 :]
        later = {one.name for one in after} | {LAST for one in after if one.path == item.path}
        told = item.config.stash[TOLD]
        for (source, _), finding in pending.items():
            known = any((source, reason) in told for reason in finding.reasons())
            if not known and finding.told_by not in later:
                raise finding
    return result


# A name is data, wherever it is shown


def shows_names_as_text(page, _judge):
    """Yield what has made code of a name: a tag, an attribute, an expression."""
    if MARK not in page.html and PRODUCT[1] not in page.html:
        return
    soup, fact = parsed(page.html), ""
    if soup.find("i", id=MARK):
        fact = f"the < of a name has begun a tag, at {page.path}"
    elif soup.find(lambda tag: any(is_marked(tag, name) for name in ("id", "onfocus"))):
        fact = f"a name has brought an attribute of its own into a tag, at {page.path}"
    elif soup.find(lambda tag: any(code_of(tag, name) for name in tag.attrs)):
        fact = f"the quotes of a name end the text in a script, at {page.path}"
    elif PRODUCT[1] in page.html:
        fact = f"a name with {{{{{PRODUCT[0]}}}}} in it was computed, at {page.path}"
    if fact:
        yield Finding(
            precondition="a name is shown as it was typed, and is no part of the page",
            want="the name as text, whatever it holds",
            got=fact,
            read="04_views#welcome",
            hint="Jinja turns < into &lt; by itself, between quotes, too. What switches that off?",
            at=page.template or view_of(page),
            word=r"\|\s*safe\b|autoescape|Markup|render_template_string|=\{\{",
            told_by=LOGGING_IN,
        )


def code_of(tag, attribute):
    """Say whether an attribute that is a script holds the quotes of a name as they are."""
    value = str(tag.get(attribute, ""))
    is_code = attribute.startswith("on") or value.startswith("javascript:")
    return is_code and NAMES_LIKE_CODE[0][:4] in value


def is_marked(tag, attribute):
    """Say whether an attribute of the tag comes out of a name."""
    return str(tag.get(attribute, "")).startswith(MARK)


# A message is shown where it was made


def tells_in_time(page, _judge):
    """Yield a message that a visitor reads only later, on a page about something else."""
    waiting = page.browser.waiting
    late = next((words for words in waiting if page.opens() and page.says(words)), None)
    waiting += [words for words, _ in page.deeds.flashed if not page.says(words)]
    if late:
        waiting.remove(late)
        yield Finding(
            precondition="a message is shown on the page that it is about",
            want="the message at once, after the redirect at the latest",
            got=f'"{late}" on {page.path}, which comes later',
            read="04_views#say-why",
            hint="Which pages ask for the messages? See get_flashed_messages().",
            at=page.template or page,
            word="get_flashed_messages",
        )


# What a visitor reads is finished


def reads_like_a_page(page, judge):
    """Yield text that was meant for a template or for Python, not for visitors."""
    if page.error:
        return
    text = readable(page.html)
    if not BRACKETS.search(text):
        return
    for words in filter(None, judge.names):
        text = re.sub(re.escape(words), "", text, flags=re.I)
    for pattern, hint in UNFINISHED:
        found = re.search(pattern, text)
        if found and PRODUCT[0] not in found[0]:
            yield Finding(
                precondition="a page shows words for visitors, no braces and no objects",
                want="what the expression stands for",
                got=f"{found[0]} on the page {page.path}",
                read="04_views#templates",
                hint=hint,
                at=judge.copy.file_with(found[0]) or page.template or page,
                word=rf"{re.escape(found[0])}|\{{\{{ *current_user *\}}\}}",
            )
            return


SHOWN = ("value", "placeholder")
BRACKETS = re.compile(r"[{}<>]")


@functools.lru_cache(200)
def readable(html):
    """Return the text of a page and of its fields, without what it shows as code."""
    soup = parsed(html)
    typed = [str(tag.get(name, "")) for tag in soup.find_all("input") for name in SHOWN]
    text = " ".join(text for _, text in placed_lines(html))
    for tag in soup.find_all(["code", "pre"]):
        text = text.replace(tag.get_text(), "") if tag.get_text() else text
    return " ".join([text, *typed])


# Whatever is sent, there is an answer; cookies are such that browsers keep them


def answers(page, _judge):
    """Yield what broke."""
    if page.error or page.status.startswith("5"):
        yield Finding(
            precondition="whatever a visitor sends, the page does not break",
            told_by=LAST,  # a check that looks at this page may have more to say
            want="a page",
            got=page,
            fact=f"{page.asked[0]} {page.asked[1].removeprefix('http://localhost')[:60]}",
            read="04_views#log-in",
        )


def sets_cookies_that_stay(page, judge):
    """Yield a cookie that browsers refuse, and a login cookie that lacks a setting it was given."""
    for name, reason in page.browser.refused.items():
        yield Finding(
            grave=True,
            precondition="a browser keeps the cookies that the app sets",
            want=f"a cookie {name} that browsers keep",
            got=f"browsers refuse it: {reason}",
            read="04_views#log-in",
            hint="Which setting of the cookie says so?",
            at=judge.copy,
            word=r"(?i)cookie",
        )
    session = page.browser.app.config.get("SESSION_COOKIE_NAME", "session")
    for header in page.set_cookies:
        lacks_it = header.startswith(f"{session}=") and "samesite" not in header.lower()
        if lacks_it and judge.copy.mentions(SAMESITE):
            yield Finding(
                precondition="the session cookie says SameSite, as you have set it",
                want="SameSite=Lax in the cookie that is sent",
                got=f"the cookie {session} without SameSite",
                read="04_views#log-in",
                hint="app.config accepts any name. Is yours SESSION_COOKIE_SAMESITE?",
                at=judge.copy,
                word=SAMESITE,
                told_by=LOGGING_IN,
            )


RULES = (
    answers,
    keeps_the_password_to_itself,
    shows_names_as_text,
    tells_in_time,
    reads_like_a_page,
    sets_cookies_that_stay,
)
