"""Forms of a page as a browser sees them: what they ask for, where they lead, what they send."""

import functools
import re
import warnings
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup

SENDING = ("submit", "image")  # types of buttons that send a form
FIELDS = ("input", "textarea", "select")
NEVER_SENT = ("submit", "image", "button", "reset", "file")
NOT_TYPED = ("checkbox", "radio", "hidden")
PLAIN = "text/plain"  # an enctype that no framework reads as fields
HIDDEN = re.compile(r"display:\s*none|visibility:\s*hidden")
ANSWERS = {  # what a person types where a page insists, by the type of the field
    "email": "ada@example.org",
    "tel": "+44 20 7946 0000",
    "url": "https://example.org/",
    "number": "36",
    "date": "1815-12-10",
}


class Form:
    """A form of a page, to be filled in by the names of its fields."""

    def __init__(self, tag, address):
        """Read the form `tag` of the page at `address`."""
        self.tag = tag
        page, name = tag.find_parents()[-1], tag.get("id")
        outside = page.find(is_button, form=name) if name else None
        self.button = tag.find(is_button) or outside
        self.action = urljoin(address, self.said("action", ""))
        self.method = "POST" if self.said("method", "").upper() == "POST" else "GET"
        self.enctype = self.said("enctype", "").lower()
        charset = tag.get_attribute_list("accept-charset", "")[0] or ""  # the first that is named
        self.encoding = (self.enctype, charset.lower())
        outer = page.find_all(FIELDS, form=name) if name else []
        inner = [field for field in tag.find_all(FIELDS) if field.get("form") in (None, name)]
        self.fields = [*inner, *(field for field in outer if field not in inner)]
        typed = [field for field in self.fields if field.name != "select"]
        self.names = [field["name"] for field in typed if field.get("name")]

    def said(self, attribute, otherwise):
        """Return an attribute of the form; its button may overrule it, as formaction= does."""
        pressed = self.button.get(f"form{attribute}") if self.button else None
        return self.tag.get(attribute, otherwise) if pressed is None else pressed

    def asks_for(self, *names):
        """Say whether a browser sends a field of each name by POST, in a way that Flask reads."""
        usable = {field.get("name") for field in self.fields if not is_locked(field)}
        sends = self.method == "POST" and self.enctype != PLAIN and self.can_be_sent()
        return sends and set(names) <= usable & set(self.names)

    def shows(self, name):
        """Say whether what is typed into a field of this name can be read on the screen."""
        named = [field for field in self.fields if field.get("name") == name]
        seen = [field for field in named if kind_of(field) not in ("hidden", "checkbox")]
        return bool(seen) and not any(map(is_password, seen))

    def leads_to(self, path):
        """Say whether the form has a button that posts it to this path."""
        return self.method == "POST" and same_path(self.action, path) and self.can_be_sent()

    def can_be_sent(self):
        """Say whether people see a button that sends the form."""
        stopped = "return false" in self.tag.get("onsubmit", "")
        return bool(self.button) and is_visible(self.button) and not stopped

    def takes(self, **values):
        """Say whether a browser lets people send these values: does each field's limit fit?"""
        return all(
            fits(value, field)
            for field in self.fields
            for name, value in values.items()
            if field.get("name") == name
        )

    def filled_in(self, values, by_hand=True):
        """Return what a browser sends: (name, value) pairs, `values` in place of what is there.

        A second password field, the one that asks to repeat it, gets the password too, and
        what a page insists on gets an answer. `by_hand` cuts a value at the field's maxlength.
        """
        sent = []
        typed = {one.get("name") for one in self.fields if kind_of(one) not in NOT_TYPED}
        for field in self.fields:
            name, kind = field.get("name"), kind_of(field)
            if not name or is_disabled(field) or kind in NEVER_SENT:
                continue
            own = field.get("value", field.text)
            if kind in NOT_TYPED and name in values and name not in typed:
                sent.append((name, values[name]))
            elif kind in ("checkbox", "radio"):
                ticked = field.has_attr("checked") or (kind == "checkbox" and insists(field))
                sent += [(name, field.get("value", "on"))] if ticked else []
            elif field.name == "select":
                sent += [(name, choice_of(field))] if field.find("option") else []
            elif is_locked(field) or kind == "hidden":
                sent.append((name, own))
            else:
                value = values.get(name)
                if value is None and kind == "password":
                    value = values.get("password")
                if value is None:
                    value = own or (ANSWERS.get(kind, "Ada") if insists(field) else "")
                sent.append((name, cut(value, field) if by_hand else value))
        if self.button and self.button.get("name"):
            sent.append((self.button["name"], self.button.get("value", "")))
        return sent

    def __str__(self):
        """Say how the form is sent and what it sends."""
        method = self.said("method", "get").lower()
        enctype = f' and enctype="{self.enctype}"' if self.enctype == PLAIN else ""
        fields = f", fields: {', '.join(self.names)}" if self.names else ", no fields with a name"
        locked = [field["name"] for field in self.fields if field.get("name") and is_locked(field)]
        cannot = f" ({', '.join(locked)} cannot be typed into)" if locked else ""
        button = "" if self.can_be_sent() else ", no button"
        path = urlsplit(self.action).path
        return f'a form with method="{method}"{enctype}, sent to {path}{fields}{cannot}{button}'


def kind_of(tag):
    """Return the type of a field or a button, as it is written in the page."""
    return tag.get("type", "").lower()


def is_button(tag):
    """Say whether the tag is a button that sends a form when it is pressed."""
    sends = kind_of(tag) in SENDING or (tag.name == "button" and not tag.has_attr("type"))
    return sends and not is_disabled(tag)


def is_visible(tag):
    """Say whether a browser shows the tag, as far as the page itself says."""
    around = [tag, *tag.parents]
    return not any(one.has_attr("hidden") or HIDDEN.search(one.get("style", "")) for one in around)


def is_password(tag):
    """Say whether the tag is a field for a password."""
    return tag.name == "input" and kind_of(tag) == "password"


def is_disabled(tag):
    """Say whether the tag, or a group around it, is switched off."""
    return tag.has_attr("disabled") or tag.find_parent("fieldset", disabled=True) is not None


def is_locked(field):
    """Say whether people cannot type into a field that they see."""
    shown = kind_of(field) not in ("hidden", *NEVER_SENT)
    return shown and (is_disabled(field) or field.has_attr("readonly"))


def is_open(tag):
    """Say whether a field waits for something that people type and others may read."""
    texts = ("", "text", "search", "email")
    writes = tag.name == "textarea" or (tag.name == "input" and kind_of(tag) in texts)
    return writes and not is_locked(tag) and not tag.get("value", "")


def insists(field):
    """Say whether a browser does not send the form without an answer here."""
    return field.has_attr("required") and not field.has_attr("hidden")


def choice_of(select):
    """Return what a person sends by a list: what is chosen, else the first real choice."""
    options = select.find_all("option")
    real = [one for one in options if one.get("value", one.text)] if insists(select) else options
    chosen = select.find("option", selected=True) or (real or options)[0]
    return chosen.get("value", chosen.text)


def limit(field, attribute):
    """Return a limit of a field as a number, or None."""
    number = field.get(attribute, "")
    return int(number) if number.isdecimal() else None


def cut(value, field):
    """Return what a field takes of a value that is typed into it."""
    return value[: limit(field, "maxlength")]


def fits(value, field):
    """Say whether a browser accepts this value for a field and sends it without complaint."""
    most, pattern = limit(field, "maxlength"), field.get("pattern")
    if kind_of(field) == "email" and "@" not in value:
        return False
    try:
        as_wanted = not pattern or re.fullmatch(pattern, value)
    except re.error:  # JavaScript's expressions know more
        as_wanted = True
    long_enough = len(value) >= (limit(field, "minlength") or 0)
    return bool(as_wanted and long_enough and (most is None or len(value) <= most))


@functools.lru_cache(100)
def parsed(html):
    """Return the page as a tree of tags, which must not be changed: most pages come again."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a page so short that it looks like a file name
        return BeautifulSoup(html, "html.parser")


def forms_of(soup, address):
    """Return the forms of a parsed page; a browser ignores a form inside of another one."""
    return [Form(tag, address) for tag in soup.find_all("form") if not tag.find_parent("form")]


def same_path(one, other):
    """Say whether two addresses name the same path, with or without a slash at the end."""
    return urlsplit(one).path.rstrip("/") == urlsplit(other).path.rstrip("/")
