"""Run attacks on an app: each on a fresh copy, after it has been used honestly."""

from dataclasses import dataclass, field
from pathlib import Path

from workbench.attempt import describe
from workbench.people import People

from attacks import ATTACKS
from attacks.features import Features
from attacks.places import place
from attacks.search import find_features
from attacks.target import target
from attacks.verdicts import (
    NOT_READY,
    NOT_THERE,
    SUCCEEDS,
    NotReadyError,
    NotThereError,
    Verdict,
    require,
)


@dataclass
class Lab:
    """An app that is attacked: who uses it, what it offers, how it is loaded."""

    path: object
    edits: tuple = ()
    prepare: object = None
    people: People = field(default_factory=People)
    features: Features = field(default_factory=Features)
    base: Path = field(default_factory=Path.cwd)  # from which paths are shown
    compiled: dict = field(default_factory=dict)  # templates, for each copy

    def opened(self):
        """Return a context with a fresh copy of the app as a Target."""
        who = self.people, self.features
        return target(self.path, *who, self.edits, self.compiled, prepare=self.prepare)

    def look(self):
        """Use the app honestly, and find out what it offers; return a Verdict if that fails."""

        def look():
            with self.opened() as site:
                use_honestly(site)
            with self.opened() as site:
                self.features = find_features(site)

        return self.judged(look)

    def attack(self, one):
        """Return the Verdict of one attack."""

        def run():
            with self.opened() as site:
                verdict = one.function(site)
                if verdict.kind == SUCCEEDS:
                    verdict.where = place((*verdict.patterns, *one.where), site, self.base)
                return verdict

        return self.judged(run)

    def judged(self, function):
        """Call a function and return its Verdict, or the one that its exception stands for."""
        try:
            return function()
        except NotThereError as missing:
            return Verdict(NOT_THERE, str(missing))
        except NotReadyError as unmet:
            return Verdict(NOT_READY, unmet.got, unmet.promise, unmet.read, unmet.where)
        except Exception as error:  # an app may break in ways not thought of here
            read = "steps/01_setup/README.md#stuck"
            return Verdict(NOT_READY, describe(error), "the app can be used to its end", read)


def use_honestly(site):
    """Register, log in, log out, as the steps promise; raises NotReadyError."""
    browser = site.visitor()
    form = site.form_at("/register", browser)
    for people in site.people.choices(form):
        page = site.register()
        if site.count(people.ada):
            break
    people.chosen = True
    require(site.count(site.ada) == 1, "registering stores a user", page)
    ada = site.inside()
    stranger = site.visitor().get("/welcome")
    require(not stranger.says(site.ada), "/welcome is closed to strangers", stranger)
    page = site.log_in(password=site.passwords[1])
    refused = not page.browser.greets(site.ada)
    require(refused, "a wrong password is refused", page)
    site.log_out(ada)
    site.inside()


def chosen(words):
    """Return the attacks that these words name, as whole names or parts of them; all without."""
    found = []
    for word in words:
        word = word.lower().replace("_", "-")
        exact = [ATTACKS[word]] if word in ATTACKS else []
        found += exact or [one for name, one in ATTACKS.items() if word in name]
    return list(dict.fromkeys(one.name for one in found)) if words else [*ATTACKS]
