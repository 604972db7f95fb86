"""Find what an app offers beyond the steps, as a visitor finds it: by links and forms."""

import re
from dataclasses import replace
from itertools import islice, product
from urllib.parse import urlsplit

from workbench.forms import same_path

from attacks.clocks import LEFT_ALONE, later
from attacks.features import (
    OWN_NAME,
    Feature,
    Features,
    is_known,
    is_last,
    links_of,
    masked,
    names_in,
    open_fields,
    passwords_of,
    readings,
    roles,
)

NAMED = re.compile(  # a word in capitals, or in quotes
    r"\b([A-Z]{3,}(?: [A-Z]+)*)\b|[\"'\u201c\u2018]([^\"'\u201d\u2019]{2,40})[\"'\u201d\u2019]"
)
MOST = 30  # pages
FURTHER = 2  # forms after the first one
ANSWERS = 12  # ways to fill in a form


def find_features(target):
    """Return the Features of an app, after trying its forms; its user ada is changed by that.

    What asks for the password again does so when a login is not fresh any more.
    """
    browser = target.victim()
    with later(LEFT_ALONE):
        is_in = browser.greets(target.ada)
        found = Search(target, browser).everything() if is_in else None
    return found or Search(target, target.inside()).everything()


class Search:
    """A visit to all pages behind the login, by ada."""

    def __init__(self, target, browser):
        """Begin with a browser in which ada is logged in."""
        self.target, self.browser, self.features = target, browser, Features()
        self.password, self.new = target.passwords[:2]
        self.found, self.places, self.seen = [], set(), set()

    def everything(self):
        """Return the Features of the app."""
        self.candidates()
        by_end = sorted(self.found, key=lambda one: (is_last(one), -len(one.fields)))
        for one in by_end:
            if one.fields and not is_last(one) and self.finds_change(one):
                break
        for one in sorted(self.found, key=lambda one: (not is_last(one), not one.fields)):
            if not self.features.delete and not self.is_change(one):
                self.find_deletion(one)
        return self.features

    def is_change(self, one):
        """Say whether a form is the one that changes the password."""
        change = self.features.change
        return change and (one.path, one.action) == (change.path, change.action)

    def home(self):
        """Let ada be logged in, whatever a form has done to her."""
        if not self.target.count(self.target.ada):  # it has changed her name
            self.target.register(password=self.password)
        if not self.browser.greets(self.target.ada):
            self.browser = self.target.inside(password=self.password)

    def extended(self, feature, has_worked, ways, depth=FURTHER):
        """Return a feature that has worked, with what the pages that answer ask for; or None."""
        self.home()
        page = feature.use(self.browser, self.password, self.new, self.target.ada)
        if has_worked():
            return feature
        self.features.note(feature, page)
        for form in self.asked_by(page) if depth else ():
            for step in ways(page, form):
                longer = self.extended(feature.followed_by(step), has_worked, ways, depth - 1)
                if longer:
                    return longer
        return None

    def asked_by(self, page):
        """Return the forms of a page that no link has led to."""
        forms = [one for one in page.forms if not is_known(one)] if page.opens() else []
        return [one for one in forms if looks(one) not in self.seen][:2]

    def finds_change(self, one):
        """Look whether a form, or those that follow, changes the password."""
        target, before = self.target, self.target.stored_hash(self.target.ada)

        def has_worked():
            now = target.stored_hash(target.ada)
            return now != before and target.is_in(password=self.new)

        def ways(page, form):
            yield from changing(page.path, form)

        self.home()
        form = one.form(self.browser.get(one.path))  # not shown where ada has confirmed it lately
        asking = [replace(one, fields=dict.fromkeys(one.fields, "old"))]
        first = [*(changing(one.path, form) if form else ()), *asking[: len(one.fields) < 2]]
        for feature in first:
            self.features.change = self.extended(feature, has_worked, ways)
            if self.features.change:
                self.password = self.new
                return True
        return False

    def find_deletion(self, one):
        """Try whether a form deletes the account, with what it asks to type."""
        target = self.target
        self.home()
        form, before = one.form(self.browser.get(one.path)), target.row(target.ada)

        def has_worked():
            stays = target.row(target.ada) == before and self.browser.greets(target.ada)
            return not stays and target.is_gone(self.password)

        if not form:  # its page asks for the password again, or has been given it
            self.browser = target.inside(password=self.password)
            form = one.form(self.browser.get(one.path))
        confirm = replace(one, fields=dict.fromkeys(one.fields, "old"))
        for first in filled(one.path, form) if form else [confirm]:
            self.home()
            before = target.row(target.ada)
            confirm = self.extended(first, has_worked, lambda page, form: filled(page.path, form))
            if confirm:
                words = [word for step in confirm.steps for word in step.typed.values()]
                names = [word for word in words if word is not OWN_NAME]
                has_new_name = any(target.is_in(one, self.password) for one in names)
                self.features.delete = None if has_new_name else confirm
                return

    def candidates(self):
        """Find the forms behind the login that may change or delete something."""
        seen, open_ones, target = set(), ["/welcome"], self.target
        while open_ones and len(seen) < MOST:
            path = open_ones.pop(0)
            seen.add(path)
            page = self.browser.get(path)
            self.features.note(Feature(path, path, {}), page)
            if not self.browser.greets(target.ada):
                if target.is_gone(self.password):
                    self.features.delete = Feature(path, path, {}, is_link=True)
                    break
                self.home()
            if page.opens():
                self.note_forms(path, page)
                open_ones += [one for one in links_of(page) if one not in {*seen, *open_ones}]
                open_ones.sort(key=lambda one: is_last(Feature(one, "", {})))

    def note_forms(self, path, page):
        """Note each form once, though several pages show it, unless it comes before them."""
        for form in page.forms:
            self.seen.add(looks(form))
            is_before = bool(page.hops) and not same_path(page.path, path)
            one = Feature(path if is_before else page.path, form.action, roles(form))
            place = urlsplit(one.action).path, *one.fields, is_before and path
            if not is_known(form) and place not in self.places:
                self.places.add(place)
                self.found.append(one)


def changing(path, form):
    """Yield a form as a step that changes the password, in each way that it may be meant."""
    names = names_in(form, OWN_NAME)
    for typed in ({}, names) if names else ({},):
        for fields in readings(form) if passwords_of(form) else ():
            yield Feature(path, form.action, fields, typed)


def filled(path, form):
    """Yield a form as a step that deletes, with each of the texts that it may want."""
    for typed in answers(form):
        yield Feature(path, form.action, dict.fromkeys(passwords_of(form), "old"), typed)


def answers(form):
    """Yield {name of a text field: what it may want}: the own name, or a word that is named."""
    page = form.tag.find_parents()[-1]
    said = " ".join([page.text, *(one.get("placeholder", "") for one in form.fields)])
    words = list(dict.fromkeys(word for found in NAMED.findall(said) for word in found if word))
    open_ones = [one["name"] for one in open_fields(form)]
    yield from (
        dict(zip(open_ones, one, strict=True))
        for one in islice(product([OWN_NAME, *words[:5]], repeat=len(open_ones)), ANSWERS)
    )


def looks(form):
    """Return what a form is known by: where it is sent, and the names of its fields."""
    return masked(form.action), *sorted({*form.names})
