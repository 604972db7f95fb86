"""Find what an app offers beyond the steps, as a visitor finds it: by links and forms."""

import re
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from workbench.forms import is_password, kind_of, parsed, same_path

from attacks.verdicts import NotThereError
from attacks.visitor import SITE

CURRENT = re.compile(r"current|old|existing|present|actual", re.I)
NEW = re.compile(r"new|again|confirm|repeat|verif|retype|second|twice|2", re.I)
DELETE = re.compile(r"delete|remove|close|erase|l(oe|\u00f6)schen", re.I)
LEAVING = re.compile(r"log.?out|sign.?out", re.I)
MOST = 30  # pages
NAMES = {"change": "a password change", "delete": "deletion"}


@dataclass
class Feature:
    """A form behind the login: the page that shows it, and what its password fields are for."""

    path: str
    action: str
    fields: dict  # {name of a password field: "old" or "new"}

    def form(self, page):
        """Return the form on a page, or None."""
        return next((one for one in page.forms if passwords_of(one) == [*self.fields]
                     and same_path(one.action, self.action)), None)  # fmt: skip

    def use(self, browser, old, new):
        """Open the page, fill in the form, and return the page that answers."""
        page = browser.get(self.path)
        form = self.form(page)
        if not form:
            return page
        values = {name: old if kind == "old" else new for name, kind in self.fields.items()}
        return browser.submit(form, by_hand=False, **values, **ticks(form))


@dataclass
class Features:
    """What an app offers: None where it does not."""

    change: Feature | None = None
    delete: Feature | None = None

    def need(self, name):
        """Return a feature; raises NotThereError if the app lacks it."""
        feature = getattr(self, name)
        if feature is None:
            raise NotThereError(NAMES[name])
        return feature


def find_features(target):
    """Return the Features of an app, after trying its forms; its user ada is gone afterwards."""
    browser = target.victim()
    found = candidates(browser)
    old, new, _ = target.passwords
    features = Features()
    for one in sorted(found, key=lambda one: (bool(DELETE.search(one.action)), -len(one.fields))):
        if not features.change and "new" in one.fields.values() and not is_last(one):
            one.use(browser, old, new)
            if target.is_in(password=new):
                features.change, old = one, new
                browser = target.inside(password=old)
    for one in sorted(found, key=lambda one: not is_last(one)):
        if one is features.change or features.delete or not target.count(target.ada):
            continue
        confirm = Feature(one.path, one.action, dict.fromkeys(one.fields, "old"))
        confirm.use(browser, old, old)
        if not target.count(target.ada) or not target.is_in(password=old):
            features.delete = confirm
    return features


def is_last(feature):
    """Say whether a form is about the end of an account."""
    return bool(DELETE.search(f"{feature.path} {feature.action}"))


def candidates(browser):
    """Return the forms behind the login that ask for passwords, or that delete something."""
    seen, open_ones, found = set(), ["/welcome"], []
    while open_ones and len(seen) < MOST:
        path = open_ones.pop(0)
        seen.add(path)
        page = browser.get(path)
        if not page.opens():
            continue
        for form in page.forms:
            action = urlsplit(form.action)
            known = any(same_path(form.action, one) for one in ("/login", "/register", "/logout"))
            words = f"{action.path} {form.tag.text}"
            wanted = passwords_of(form) or (DELETE.search(words) and not LEAVING.search(words))
            if form.method == "POST" and wanted and not known:
                found.append(Feature(page.path, form.action, roles(form)))
        for link in parsed(page.html).find_all("a", href=True):
            parts = urlsplit(urljoin(page.base, link["href"]))
            ours = f"{parts.scheme}://{parts.netloc}" == SITE
            leaves = LEAVING.search(parts.path)
            if ours and not leaves and parts.path not in [*seen, *open_ones]:
                open_ones.append(parts.path)
    return unique(found)


def unique(features):
    """Return each form once, though several pages show it."""
    return [*{(urlsplit(one.action).path, *one.fields): one for one in reversed(features)}.values()]


def passwords_of(form):
    """Return the names of the fields that hide what is typed."""
    return [one["name"] for one in form.fields if is_password(one) and one.get("name")]


def roles(form):
    """Return {name of a password field: "old" or "new"}, by names, labels and order."""
    found = {}
    for field in filter(is_password, form.fields):
        if not field.get("name"):
            continue
        label = form.tag.find("label", attrs={"for": field.get("id") or "?"})
        label = label or field.find_parent("label")
        said = f"{field['name']} {field.get('autocomplete', '')} {label.text if label else ''}"
        is_new = NEW.search(said)
        found[field["name"]] = "old" if CURRENT.search(said) and not is_new else "new"
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
