"""What a visitor reads on a page: its visible text, line by line as a browser breaks it."""

import re

from bs4 import NavigableString
from bs4.element import CData

INVISIBLE = ("title", "script", "style", "template")
INLINE = """
    a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd mark nobr q ruby s
    samp small span strike strong sub sup time tt u var wbr
""".split()
ALERTS = re.compile(r"alert|error|flash|invalid|message|notice|problem|toast|warning", re.I)
NEAR = "A-Za-z0-9_\u00c0-\u024f"  # a letter of these next to a name makes another word of it


def lines_of(soup):
    """Return (place, text) of each line of a parsed page that a visitor sees.

    The place is made of the tags around the line, so it is the same when the words change.
    """
    lines = [["", ""]]
    for place, text in pieces(soup, ""):
        if place is None:
            lines.append(["", ""])
        else:
            lines[-1] = [lines[-1][0] or place, lines[-1][1] + text]
    shown = [(place, " ".join(text.split())) for place, text in lines]
    return [(place, text) for place, text in shown if text]


def pieces(tag, place):
    """Yield (place, text) of the texts below a tag, and (None, "") where a new line begins."""
    for child in tag.children:
        if type(child) in (NavigableString, CData):
            yield place, str(child)
        elif getattr(child, "name", None) and is_shown(child):
            marks = [child.get("role", ""), *child.get_attribute_list("class", "")]
            inner = f"{place}>{child.name}.{'.'.join(map(str, marks))}"
            if child.name in INLINE:
                yield from pieces(child, inner)
            else:
                yield None, ""
                yield from pieces(child, inner)
                yield None, ""


def is_shown(tag):
    """Say whether a browser shows what is in the tag."""
    return tag.name not in INVISIBLE and not tag.has_attr("hidden")


def gist(soup):
    """Return what matters most on a page: its alerts, else what is in no menu and in no form."""
    alerts = [tag for tag in soup.find_all(is_alert) if not tag.find_parent(is_alert)]
    if words := " ".join(text for tag in alerts for _, text in lines_of(tag)):
        return words
    body = [text for place, text in lines_of(soup) if not re.search(r">(nav|form)\.", place)]
    return " ".join(body or [text for _, text in lines_of(soup)])


def is_alert(tag):
    """Say whether a tag is made for messages, by its role or its class."""
    marks = [tag.get("role", ""), *tag.get_attribute_list("class", "")]
    return tag.name == "output" or any(ALERTS.search(mark or "") for mark in marks)


def holds(text, word):
    """Say whether the text holds a word; capitals do not matter."""
    exact = rf"(?<![{NEAR}]){re.escape(word)}(?![{NEAR}])"
    return bool(re.search(exact, text, re.IGNORECASE))
