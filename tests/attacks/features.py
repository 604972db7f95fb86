"""What an app offers beyond the steps, and how it is used: forms behind the login."""

import re
from dataclasses import dataclass, field, replace
from itertools import islice, permutations
from urllib.parse import urljoin, urlsplit

from workbench.forms import forms_of, is_open, is_password, kind_of, parsed, same_path

from attacks.verdicts import NotReadyError, NotThereError
from attacks.visitor import SITE

CURRENT = re.compile(r"current|old|existing|present|actual|bisher|alt(es)?\b|anterior|ancien", re.I)
NEW = re.compile(r"new|again|confirm|repeat|verif|retype|second|twice|2|neu|nueva|nouveau", re.I)
DELETE = re.compile(
    r"delete|remove|close|erase|l(oe|\u00f6)schen|k(ue|\u00fc)ndig|elimin|borrar|baja|supprim", re.I
)
LEAVING = re.compile(r"log.?out|sign.?out", re.I)
KNOWN = ("/login", "/register", "/logout")
OWN = re.compile(r"[\w.~-]{16,}|(?<=/)\d+(?=/|$)")  # in an address: a token, or a user's number
READ = "final/chapters/README.md#what-to-name"
MOST = 3  # password fields in a form that changes a password
CHANGE = (
    "change",
    r"def .*(change|new).*password|def .*password",
    r"set_password\(",
)  # see place()
DELETION = ("delete", r"def .*(delete|remove|close|erase)", r"session\.delete\(")
NAMES = {"change": "a password change", "delete": "deletion"}
OWN_NAME = object()  # stands for the name of whose account it is


@dataclass
class Feature:
    """A form behind the login: the page that shows it, and what its fields are for.

    The page that answers may show a further form, which has to be sent, too, and so on.
    """

    path: str
    action: str
    fields: dict  # {name of a password field: "old" or "new"}
    typed: dict = field(default_factory=dict)  # {name of a text field: what to type, or OWN_NAME}
    is_link: bool = False  # it needs no form: to open the page is enough
    then: "Feature | None" = None

    @property
    def steps(self):
        """The form, and those that follow."""
        return [self, *(self.then.steps if self.then else ())]

    @property
    def asks(self):
        """Whether one of the forms asks for the current password."""
        return any("old" in one.fields.values() for one in self.steps)

    def followed_by(self, step):
        """Return a feature that goes on with one more form."""
        return replace(self, then=self.then.followed_by(step) if self.then else step)

    def form(self, page):
        """Return the form on a page, or None; a link is a form without fields."""
        if self.is_link:
            return forms_of(parsed("<form></form>"), urljoin(SITE, self.path))[0]
        return next((one for one in page.forms if passwords_of(one) == [*self.fields]
                     and masked(one.action) == masked(self.action)), None)  # fmt: skip

    def use(self, browser, old, new, name):
        """Open the page, fill in its forms, and return the page that answers.

        Where `old` is None, its field is not sent; `name` is that of the user.
        """
        return self.walk(browser, old, new, name, self.steps)

    def last_form(self, browser, old, new, name):
        """Return the last form, after those before it have been sent; None if it isn't shown."""
        *before, last = self.steps
        return last.form(self.walk(browser, old, new, name, before))

    def walk(self, browser, old, new, name, steps):
        """Open the page and send these forms, or those of them that are shown."""
        page, rest = browser.get(self.place(browser)), steps
        while not self.is_link:
            shown = [(one.form(page), at) for at, one in enumerate(rest) if one.form(page)]
            if not shown:
                break
            form, at = shown[0]
            page = rest[at].send(browser, form, old, new, name)
            rest = rest[at + 1 :]
        return page

    def place(self, browser):
        """Return the path of the page, where it names a user as /welcome links it here."""
        kind = masked(self.path)
        if "*" not in kind:
            return self.path
        paths = links_of(browser.get("/welcome"))
        return next((one for one in paths if masked(one) == kind), self.path)

    def send(self, browser, form, old, new, name):
        """Fill in the form and return the page that answers."""
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


def is_last(feature):
    """Say whether a form is about the end of an account."""
    return bool(DELETE.search(f"{feature.path} {feature.action}"))


def masked(address):
    """Return the path of an address without what is one user's, and without a slash at its end."""
    return OWN.sub("*", urlsplit(address).path.rstrip("/"))


def links_of(page):
    """Return the paths on this site that a page links, but for those that log out."""
    found = []
    for link in parsed(page.html).find_all("a", href=True):
        parts = urlsplit(urljoin(page.base, link["href"]))
        if f"{parts.scheme}://{parts.netloc}" == SITE and not LEAVING.search(parts.path):
            found.append(parts.path)
    return list(dict.fromkeys(found))


def is_known(form):
    """Say whether a form is one of the steps, whatever page it is on."""
    return any(same_path(form.action, one) for one in KNOWN)


def open_fields(form):
    """Return the fields of a form that wait for a text."""
    return [one for one in form.fields if is_open(one) and one.get("name")]


def names_in(form, name):
    """Return {field: name} for each field that waits for a text."""
    return dict.fromkeys((one["name"] for one in open_fields(form)), name)


def passwords_of(form):
    """Return the names of the fields that hide what is typed."""
    return [one["name"] for one in form.fields if is_password(one) and one.get("name")]


def readings(form):
    """Yield {name of a password field: "old" or "new"}: what its words say first, then others."""
    names, said = passwords_of(form), roles(form)
    yield said
    if 1 < len(names) <= MOST:
        kinds = [["old", *["new"] * (len(names) - 1)], ["new"] * len(names)]
        orders = [order for one in kinds for order in dict.fromkeys(permutations(one))]
        others = [dict(zip(names, order, strict=True)) for order in orders]
        yield from islice((one for one in others if one != said), MOST)


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
