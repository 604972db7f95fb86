"""Read the chapters on attacks, and generate the outputs in them.

Run it as a script to update them: python tests/attack_pages.py
"""

import re
from pathlib import Path

from attacks import ATTACKS, report
from attacks.lab import Lab
from attacks.verdicts import FAILS, NOT_THERE, SUCCEEDS
from examiner import ROOT, STEPS

PAGES = sorted((ROOT / "final/chapters").glob("*.md"))
TRY = re.compile(
    r"(?P<before>^```console\n\$ python3 workbook\.py attack 5 (?P<name>[\w-]+)\n).*?(?=^```$)",
    re.M | re.S,
)
SAYS = re.compile(r"^(?P<before>`attack 5 (?P<name>[\w-]+)` says).*$", re.M)  # in one line
COUNT = re.compile(r"^Of \d+ attacks, .*$", re.M)


class Verdicts(dict):
    """The verdicts on step 5, by the names of the attacks, each made when it is asked for."""

    def __init__(self):
        """Use step 5 honestly."""
        super().__init__()
        self.lab = Lab(Path(STEPS[-1]))
        assert self.lab.look() is None

    def __missing__(self, name):
        """Attack step 5."""
        self[name] = self.lab.attack(ATTACKS[name])
        return self[name]


def with_outputs(text, verdicts):
    """Return the text of a page with what the attacks in it print today."""

    def shown(found):
        name = found["name"]
        lines = report.told_of({name: verdicts[name]}, hints=False)
        typed = f"+ .venv/bin/python tests/attack.py steps/{STEPS[-1].name} {name}"
        return found["before"] + "\n".join([typed, *lines]) + "\n"

    def said(found):
        verdict = verdicts[found["name"]]
        needs = f": the attack needs {verdict.seen}" if verdict.kind == NOT_THERE else ""
        return f"{found['before']} *{verdict.kind}*{needs}."

    return SAYS.sub(said, TRY.sub(shown, text))


def counted(verdicts):
    """Return how many of all attacks succeed on step 5, fail, and lack a feature."""
    kinds = [verdicts[name].kind for name in ATTACKS]
    succeed, fail, lack = map(kinds.count, (SUCCEEDS, FAILS, NOT_THERE))
    outcomes = f"{succeed} succeed on step 5, {fail} fail, and {lack} need a feature that it lacks"
    return f"Of {len(kinds)} attacks, {outcomes}."


def generated():
    """Return {page: text} with all outputs made today."""
    verdicts = Verdicts()
    texts = {page: with_outputs(page.read_text("utf-8"), verdicts) for page in PAGES}
    return {page: COUNT.sub(lambda _: counted(verdicts), text) for page, text in texts.items()}


if __name__ == "__main__":
    for page, text in generated().items():
        page.write_text(text, "utf-8", newline="\n")
