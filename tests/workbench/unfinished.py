"""A rule for every visit: pages show no code and no text that was meant for the developer."""

import functools
import re

from workbench.finding import Finding
from workbench.forms import parsed
from workbench.markup import MARK
from workbench.page import placed_lines

TAGS = "a|b|br|button|div|em|form|h[1-6]|i|input|li|p|span|strong|u|ul"
UNFINISHED = (
    (r"\{\{.*?\}\}|\{%.*?%\}", "Which line shows this text without Jinja reading it?"),
    (r"\{ ?[A-Za-z_][\w.]*(?:\(\))? ?\}", "Jinja's expressions have two braces, and Python's f?"),
    (
        r"<(?:(?:bound|built-in) method|(?:built-in )?function|generator) .*?>",
        "What calls a method, and what only names it?",
    ),
    (r"<[A-Za-z_][\w.]*(?: object at 0x\w+| [\w@.]+)>", "Which attribute of the object is meant?"),
    (
        r"\(?\b(?:sqlite3|sqlalchemy|psycopg2?)\.[\w.]+|\[SQL: .{,20}|Traceback \(most recent",
        "Who reads this, and what does it tell them of your database?",
    ),
    (r"(?<![\w%])%(?:\(\w+\))?[ds]\b", "What puts a value in the place of this?"),
    (
        r"\(([\"'])[^\"']+\1,\)|\[([\"'])[^\"']+\2(?:, ([\"'])[^\"']+\3)*\]",
        "This is how Python writes a list. Which part of it is for the visitor?",
    ),
    (rf"</?(?:{TAGS})(?: [^<>]*)?/?>", "Jinja shows tags of a text as they are. Whose are these?"),
)
SHOWN = ("value", "placeholder")
NONE = "None in a field"


def reads_like_a_page(page, judge):
    """Yield text that was meant for a template or for Python, not for visitors."""
    skipped = page.error or is_unfinished(page.typed.get("username", ""))
    found, hint = ("", "") if skipped else unfinished_in(page, judge.names)
    if found:
        yield Finding(
            precondition="a page shows words for visitors, no braces and no objects",
            want="words that a visitor understands",
            got=f"{found} on the page {page.path}",
            read="04_views#templates",
            hint=hint,
            at=judge.copy.file_with(found) or page.template or page,
            word=rf"{re.escape(found)}|\{{\{{ *current_user *\}}\}}",
        )


def is_unfinished(text):
    """Say whether a text looks like code, as an odd username may."""
    return any(re.search(pattern, text) for pattern, _ in UNFINISHED)


def unfinished_in(page, names):
    """Return (words, hint) of the first such text on a page, or two empty texts."""
    if MARK in page.html:  # the page shows a name that looks like code
        return "", ""
    text = readable(page.html)
    if NONE in text:
        return NONE, "What does this expression give at the first visit?"
    for words in filter(is_unfinished, names):
        text = re.sub(re.escape(words), "", text, flags=re.IGNORECASE)
    for pattern, hint in UNFINISHED:
        if found := re.search(pattern, text):
            return found[0], hint
    return "", ""


@functools.lru_cache(200)
def readable(html):
    """Return the text of a page and of its fields, without what it shows as code."""
    soup = parsed(html)
    fields = [str(tag.get(name, "")) for tag in soup.find_all("input") for name in SHOWN]
    text = " ".join(text for _, text in placed_lines(html))
    for tag in soup.find_all(["code", "pre"]):
        text = text.replace(tag.get_text(), "") if tag.get_text() else text
    return " ".join([text, *(NONE if field == "None" else field for field in fields)])
