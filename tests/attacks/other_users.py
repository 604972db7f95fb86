"""The end of chapter 2: what a user does to another one by naming them in a form of their own."""

import re
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit

from attacks.features import (
    CHANGE,
    DELETION,
    Feature,
    is_known,
    is_last,
    links_of,
    masked,
)
from attacks.places import At
from attacks.requests_that_others_forge import SHORT, chapter
from attacks.search import looks
from attacks.verdicts import fails, require, succeeds

CROWD = 10  # users who register first, so that no number is a 1 that means yes
MOST = 12  # pages, and forms that are tried
PAGE, ADDRESS, FIELDS = "the address of its page", "its address", "its fields"
PLACES = ((ADDRESS, FIELDS), (FIELDS,), (ADDRESS,), (PAGE,))
BY_NUMBER = r"\.get\(|get_or_404\(|filter_by\(|filter\(|where\("


@chapter.attack(
    "Put another user's number into my form",
    "Whom does your view act on: the user who is logged in, or the one that the form names?",
    BY_NUMBER,
)
def other_id(target):
    """A user puts another user's number into a form, and it acts on that user's account."""
    (old, new, _), ada, named = target.passwords, with_a_crowd(target), set()
    ends = (
        (target.features.change, lambda: target.is_in(password=new), "has a new password", CHANGE),
        (target.features.delete, lambda: target.is_gone(old), "is gone", DELETION),
    )
    for feature, has_worked, end, patterns in ends:
        before = target.row(target.ada)
        for where, path in tries(target, feature, named) if feature else ():
            if target.row(target.ada) != before and has_worked():
                seen = f"the form at {path} names {target.ada} in {where}, whose account {end}"
                return succeeds(seen, At(path, BY_NUMBER), *patterns)
    if path := ended_by(target, ada, named):
        return succeeds(f"mallory sends a form to {path}, and ada's login ends", At(path, "."))
    return stopped(target, named)


def with_a_crowd(target):
    """Let users register, ada last, and log her in."""
    for number in range(CROWD):
        target.register(target.guest(number))
    return target.victim()


def stopped(target, named):
    """Return the verdict of an attack that got nowhere, after an honest use of what is there."""
    features, (old, new, _) = target.features, target.passwords
    if not features.change and not named:
        features.need("delete")
    if features.change:
        target.changed(target.inside())
    if features.delete:
        password = new if features.change else old
        target.deleted(target.inside(password=password), password)
    return fails("" if named else "no form says by number or name whom it is about")


class Pretender:
    """A browser whose user puts another user in place of themselves, in some places."""

    def __init__(self, browser, swaps, places, named):
        """Take over a browser; what is swapped where is noted in `named`."""
        self.browser, self.swaps, self.places, self.named = browser, swaps, places, named
        self.path = ""  # to which a form was sent last

    def swapped(self, place, text):
        """Return a text with the other user in it, if this is one of the places."""
        if place not in self.places:
            return text
        for own, other in self.swaps.items():
            text, count = whole(own).subn(other, text)
            self.named |= {place} if count else set()
        return text

    def get(self, path):
        """Open a page."""
        self.path = path if path == "/welcome" else self.swapped(PAGE, path)
        return self.browser.get(self.path)

    def send(self, form, data):
        """Send a form."""
        form.action = self.swapped(ADDRESS, form.action)
        self.path = urlsplit(form.action).path
        return self.browser.send(form, [(name, self.swapped(FIELDS, one)) for name, one in data])


def whole(word):
    """Return what finds a word or number where it is not part of a longer one."""
    return re.compile(rf"(?<![A-Za-z0-9]){re.escape(word)}(?![A-Za-z0-9])")


def tries(target, feature, named):
    """Let users send ada's number or name in a form of theirs; yield where, and to which path."""
    _, new, own = target.passwords
    for places in PLACES:
        name = target.guest(len(target.names()))
        browser, found = enrolled(target, name, own), set()
        swaps = {name: target.ada, target.number(name): target.number(target.ada)}
        one = Pretender(browser, swaps, places, found)
        renamed(feature, target.ada, name).use(one, own, new, name)
        named |= found
        if found:
            yield " and ".join(place for place in places if place in found), one.path


def enrolled(target, name, password):
    """Return the browser of a further user."""
    page = target.register(name, password)
    require(target.count(name) == 1, "a second user can register", page)
    return target.inside(name, password)


def renamed(feature, ada, name):
    """Return a feature as another user finds it, where its addresses hold ada's name."""
    path, action = (whole(ada).sub(name, one) for one in (feature.path, feature.action))
    then = feature.then and renamed(feature.then, ada, name)
    return replace(feature, path=path, action=action, then=then)


# Logins


def ended_by(target, ada, named):
    """Let mallory end logins by the numbers in ada's forms; return the path that ended one."""
    password, mallory = target.passwords[2], target.people.named("mallory")
    enrolled(target, mallory, password)  # whose second login shows a form for the first one
    browser, last = target.inside(mallory, password), target.inside()
    hers, own = forms_behind(target, last), forms_behind(target, browser)
    pairs = [(one, form) for one in hers for form in own if looks(one) == looks(form)]
    for one, form in pairs[:MOST]:
        address, data = as_hers(form, one, target.ada)
        if (address, data) == (form.action, form.filled_in({})):
            continue
        named.add(FIELDS)
        logins = [login for login in (ada, last) if login.greets(target.ada)]
        form.action = address
        browser.send(form, data)
        if not all(login.greets(target.ada) for login in logins):
            return urlsplit(address).path
    return ""


def as_hers(form, other, ada):
    """Return the address and the data of a form, with what can be guessed of ada's own."""
    parts, hers = (re.split(r"([/?&=])", one.action) for one in (form, other))
    address = form.action
    if len(parts) == len(hers):
        address = "".join(map(partial(guessed, ada), parts, hers))
    theirs = dict(other.filled_in({}))
    data = [(name, guessed(ada, value, theirs.get(name, ""))) for name, value in form.filled_in({})]
    return address, data


def guessed(ada, own, hers):
    """Return what ada's form has if it is a number or her name, else one's own."""
    return hers if hers == ada or (hers.isdecimal() and len(hers) < SHORT) else own


def forms_behind(target, browser):
    """Return the forms of the pages behind a login that delete nothing when they are opened."""
    paths, seen, forms, delete = ["/welcome"], set(), [], target.features.delete
    while paths and len(seen) < MOST:
        path = paths.pop(0)
        seen.add(path)
        page = browser.get(path)
        forms += [form for form in page.forms if not is_known(form)]
        new = [one for one in links_of(page) if one not in {*seen, *paths}]
        ends = [one for one in new if delete and masked(one) == masked(delete.path)]
        paths += [one for one in new if one not in ends and not is_last(Feature(one, "", {}))]
    return forms
