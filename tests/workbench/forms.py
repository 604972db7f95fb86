"""Forms of a page as a browser sees them: what they ask for, where they lead, what they send."""

import functools
import warnings
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup

SENDING = ("submit", "image")  # types of buttons that send a form
INVISIBLE = ("title", "script", "style", "template")
FIELDS = ("input", "textarea", "select")


class Form:
    """A form of a page, to be filled in by the names of its fields."""

    def __init__(self, tag, address):
        """Read the form `tag` of the page at `address`."""
        self.tag = tag
        page, name = tag.find_parents()[-1], tag.get("id")
        outside = page.find(is_button, form=name) if name else None
        self.button = tag.find(is_button) or outside
        said = self.button.attrs if self.button else {}  # by the button, which overrules the form
        self.action = urljoin(address, said.get("formaction", tag.get("action", "")))
        method = said.get("formmethod", tag.get("method", ""))
        self.method = "POST" if method.upper() == "POST" else "GET"
        outer = page.find_all(FIELDS, form=name) if name else []
        self.fields = [*tag.find_all(FIELDS), *outer]
        typed = [field for field in self.fields if field.name != "select"]
        self.names = [field["name"] for field in typed if field.get("name")]

    def asks_for(self, *names):
        """Say whether the form has a field of each name and a button that sends them by POST."""
        return self.method == "POST" and set(names) <= set(self.names) and bool(self.button)

    def leads_to(self, path):
        """Say whether the form has a button that sends it to this path by POST."""
        return self.method == "POST" and same_path(self.action, path) and bool(self.button)

    def filled_in(self, values):
        """Return what a browser sends: (name, value) pairs, `values` in place of what is there.

        A second password field, the one that asks to repeat it, gets the password too.
        """
        sent = []
        for field in self.fields:
            name, kind = field.get("name"), kind_of(field)
            if (
                not name
                or field.has_attr("disabled")
                or kind in ("submit", "image", "button", "reset", "file")
            ):
                continue
            if name in values:
                sent.append((name, values[name]))
            elif kind == "password" and "password" in values:
                sent.append((name, values["password"]))
            elif kind in ("checkbox", "radio"):
                sent += [(name, field.get("value", "on"))] if field.has_attr("checked") else []
            elif field.name == "select":
                chosen = field.find("option", selected=True) or field.find("option")
                sent += [(name, chosen.get("value", chosen.text))] if chosen else []
            else:
                sent.append((name, field.get("value", field.text)))
        if self.button and self.button.get("name"):
            sent.append((self.button["name"], self.button.get("value", "")))
        return sent

    def __str__(self):
        """Say how the form is sent and what it sends."""
        method = self.tag.get("method", "get").lower()
        fields = f", fields: {', '.join(self.names)}" if self.names else ", no fields with a name"
        button = "" if self.button else ", no button"
        return (
            f'a form with method="{method}", sent to {urlsplit(self.action).path}{fields}{button}'
        )


def kind_of(tag):
    """Return the type of a field or a button, as it is written in the page."""
    return tag.get("type", "").lower()


def is_button(tag):
    """Say whether the tag is a button that sends a form."""
    return kind_of(tag) in SENDING or (tag.name == "button" and not tag.has_attr("type"))


def is_password(tag):
    """Say whether the tag is a field for a password."""
    return tag.name == "input" and kind_of(tag) == "password"


@functools.lru_cache(100)
def parsed(html):
    """Return the page as a tree of tags, which must not be changed: most pages come again."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a page so short that it looks like a file name
        return BeautifulSoup(html, "html.parser")


def visible(soup):
    """Yield the texts of a parsed page that a visitor sees."""
    hidden = {id(tag) for tag in [*soup.find_all(INVISIBLE), *soup.find_all(hidden=True)]}
    for text in soup.strings:
        if text.strip() and not any(id(tag) in hidden for tag in text.parents):
            yield text.strip()


def same_path(one, other):
    """Say whether two addresses name the same path, with or without a slash at the end."""
    return urlsplit(one).path.rstrip("/") == urlsplit(other).path.rstrip("/")
