"""Find what an app offers beyond the steps, as a visitor finds it: by links and forms."""

import re
from dataclasses import dataclass, field
from itertools import islice, product
from urllib.parse import urljoin, urlsplit

from workbench.forms import forms_of, is_locked, is_password, kind_of, parsed, same_path

from attacks.verdicts import NotReadyError, NotThereError
from attacks.visitor import SITE

CURRENT = re.compile(r"current|old|existing|present|actual", re.I)
NEW = re.compile(r"new|again|confirm|repeat|verif|retype|second|twice|2", re.I)
DELETE = re.compile(r"delete|remove|close|erase|l(oe|\u00f6)schen", re.I)
LEAVING = re.compile(r"log.?out|sign.?out", re.I)
NAMED = re.compile(  # a word in capitals, or in quotes
    r"\b([A-Z]{3,}(?: [A-Z]+)*)\b|[\"'\u201c\u2018]([^\"'\u201d\u2019]{2,40})[\"'\u201d\u2019]"
)
KNOWN = ("/login", "/register", "/logout")
OWN_NAME = object()  # stands for the name of whose account it is
READ = "final/chapters/README.md#what-to-name"
MOST = 30  # pages
CHANGE = (
    "change",
    r"def .*(change|new).*password|def .*password",
    r"set_password\(",
)  # see place()
DELETION = ("delete", r"def .*(delete|remove|close|erase)", r"session\.delete\(")
NAMES = {"change": "a password change", "delete": "deletion"}


@dataclass
class Feature:
    """A form behind the login: the page that shows it, and what its fields are for."""

    path: str
    action: str
    fields: dict  # {name of a password field: "old" or "new"}
    typed: dict = field(default_factory=dict)  # {name of a text field: what to type, or OWN_NAME}
    is_link: bool = False  # it needs no form: to open the page is enough

    def form(self, page):
        """Return the form on a page, or None; a link is a form without fields."""
        if self.is_link:
            return forms_of(parsed("<form></form>"), urljoin(SITE, self.path))[0]
        return next((one for one in page.forms if passwords_of(one) == [*self.fields]
                     and same_path(one.action, self.action)), None)  # fmt: skip

    def use(self, browser, old, new, name):
        """Open the page, fill in the form, and return the page that answers.

        Where `old` is None, its field is not sent; `name` is that of the user.
        """
        page = browser.get(self.path)
        form = self.form(page)
        if not form or self.is_link:
            return page
        data = form.filled_in(self.values(form, old or "", new, name), by_hand=False)
        left_out = {one for one, kind in self.fields.items() if kind == "old" and old is None}
        return browser.send(form, [(one, value) for one, value in data if one not in left_out])

    def values(self, form, old, new, name):
        """Return what is typed into the fields of the form, and which boxes are ticked."""
        words = {one: name if word is OWN_NAME else word for one, word in self.typed.items()}
        secret = {one: old if kind == "old" else new for one, kind in self.fields.items()}
        return words | secret | ticks(form)


@dataclass
class Features:
    """What an app offers: None where it does not; and what breaks that may be an offer."""

    change: Feature | None = None
    delete: Feature | None = None
    broken: dict = field(default_factory=dict)  # {"change" or "delete": (path, page)}

    def need(self, name):
        """Return a feature; raises NotThereError without it, and NotReadyError if it breaks."""
        feature = getattr(self, name)
        if feature is None and name in self.broken:
            path, page = self.broken[name]
            raise NotReadyError(
                f"{path}, which a link behind the login leads to, works", page, READ
            )
        if feature is None:
            raise NotThereError(NAMES[name])
        return feature

    def note(self, feature, page):
        """Remember a page that breaks."""
        if page.error or page.status.startswith("5"):
            kind = "delete" if is_last(feature) else "change"
            self.broken.setdefault(kind, (feature.path, str(page)))


def find_features(target):
    """Return the Features of an app, after trying its forms; its user ada is changed by that."""
    browser, features = target.victim(), Features()
    found = candidates(browser, features)
    if features.delete:  # by a link
        browser = target.victim()
    old = find_change(target, browser, found, features)
    for one in sorted(found, key=lambda one: (not is_last(one), not one.fields)):
        if one is not features.change and not features.delete:
            browser = find_deletion(target, browser, one, old, features)
    return features


def find_change(target, browser, found, features):
    """Look for the form that changes the password; return the password of ada afterwards."""
    old, new, _ = target.passwords
    for one in sorted(found, key=lambda one: (bool(DELETE.search(one.action)), -len(one.fields))):
        if "new" in one.fields.values() and not is_last(one):
            before = target.stored_hash(target.ada)
            page = one.use(browser, old, new, target.ada)
            if target.stored_hash(target.ada) != before and target.is_in(password=new):
                features.change = one
                return new
            features.note(one, page)
    return old


def find_deletion(target, browser, one, old, features):
    """Try whether a form deletes the account, with what it asks to type; return ada's browser."""
    browser = at_home(target, browser, old)
    form = one.form(browser.get(one.path))
    for typed in answers(form) if form else ():
        browser, before = at_home(target, browser, old), target.row(target.ada)
        confirm = Feature(one.path, one.action, dict.fromkeys(one.fields, "old"), typed)
        page = confirm.use(browser, old, old, target.ada)
        stays = target.row(target.ada) == before and browser.greets(target.ada)
        if not stays and target.is_gone(old):
            names = [name for name in typed.values() if name is not OWN_NAME]
            features.delete = None if any(target.is_in(one, old) for one in names) else confirm
            return browser
        if is_last(one):
            features.note(one, page)
    return browser


def at_home(target, browser, password):
    """Return a browser in which ada is logged in, whatever a form has done to her."""
    if not target.count(target.ada):  # it has changed her name
        target.register(password=password)
    return browser if browser.greets(target.ada) else target.inside(password=password)


def answers(form):
    """Yield {name of a text field: what it may want}: the own name, or a word that is named."""
    page = form.tag.find_parents()[-1]
    said = " ".join([page.text, *(one.get("placeholder", "") for one in form.fields)])
    words = list(dict.fromkeys(word for found in NAMED.findall(said) for word in found if word))
    open_ones = [one["name"] for one in form.fields if is_open(one) and one.get("name")]
    yield from (
        dict(zip(open_ones, one, strict=True))
        for one in islice(product([OWN_NAME, *words[:5]], repeat=len(open_ones)), 12)
    )


def is_open(tag):
    """Say whether a field waits for something that people type and others may read."""
    texts = ("", "text", "search", "email")
    writes = tag.name == "textarea" or (tag.name == "input" and kind_of(tag) in texts)
    return writes and not is_locked(tag) and not tag.get("value", "")


def is_last(feature):
    """Say whether a form is about the end of an account."""
    return bool(DELETE.search(f"{feature.path} {feature.action}"))


def candidates(browser, features):
    """Return the forms behind the login that may change or delete something."""
    seen, open_ones, found = set(), ["/welcome"], []
    while open_ones and len(seen) < MOST:
        path = open_ones.pop(0)
        seen.add(path)
        page = browser.get(path)
        features.note(Feature(path, path, {}), page)
        if DELETE.search(path) and not browser.get("/welcome").at("/welcome"):
            features.delete = Feature(path, path, {}, is_link=True)
            break
        if page.opens():
            found += [Feature(page.path, form.action, roles(form)) for form in page.forms
                      if not any(same_path(form.action, one) for one in KNOWN)]  # fmt: skip
            open_ones += [one for one in links_of(page) if one not in {*seen, *open_ones}]
            open_ones.sort(key=lambda one: bool(DELETE.search(one)))
    return unique(found)


def links_of(page):
    """Return the paths on this site that a page links, but for those that log out."""
    found = []
    for link in parsed(page.html).find_all("a", href=True):
        parts = urlsplit(urljoin(page.base, link["href"]))
        if f"{parts.scheme}://{parts.netloc}" == SITE and not LEAVING.search(parts.path):
            found.append(parts.path)
    return list(dict.fromkeys(found))


def unique(features):
    """Return each form once, though several pages show it."""
    return [*{(urlsplit(one.action).path, *one.fields): one for one in reversed(features)}.values()]


def passwords_of(form):
    """Return the names of the fields that hide what is typed."""
    return [one["name"] for one in form.fields if is_password(one) and one.get("name")]


def roles(form):
    """Return {name of a password field: "old" or "new"}, by names, labels and order."""
    found = {}
    for one in filter(is_password, form.fields):
        if not one.get("name"):
            continue
        label = form.tag.find("label", attrs={"for": one.get("id") or "?"})
        label = label or one.find_parent("label")
        said = f"{one['name']} {one.get('autocomplete', '')} {label.text if label else ''}"
        is_new = NEW.search(said)
        found[one["name"]] = "old" if CURRENT.search(said) and not is_new else "new"
    kinds = [*found.values()]
    if len(kinds) == 3 and "old" not in kinds:
        found[next(iter(found))] = "old"
    if len(kinds) == 2 and kinds == ["new", "new"]:
        second = [*found][1]
        if not re.search(r"again|confirm|repeat|verif|retype|2", second, re.I):
            found[next(iter(found))] = "old"
    return found


def ticks(form):
    """Return values for the boxes of a form: someone who means it ticks them all."""
    boxes = [one for one in form.fields if kind_of(one) == "checkbox" and one.get("name")]
    return {one["name"]: one.get("value", "on") for one in boxes}
