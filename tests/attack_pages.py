"""Read the chapters on attacks, and generate the outputs in them.

Run it as a script to update them: python tests/attack_pages.py
"""

import re
from pathlib import Path

from attacks import ATTACKS, report
from attacks.lab import Lab
from examiner import ROOT, STEPS

PAGES = sorted((ROOT / "final/chapters").glob("*.md"))
TRY = re.compile(
    r"(?P<before>^```console\n\$ python3 workbook\.py attack 5 (?P<name>[\w-]+)\n).*?(?=^```$)",
    re.M | re.S,
)


def with_outputs(text, lab):
    """Return the text of a page with what the attacks in it print today."""

    def shown(found):
        name = found["name"]
        lines = report.told_of({name: lab.attack(ATTACKS[name])}, hints=False)
        typed = f"+ .venv/bin/python tests/attack.py steps/{STEPS[-1].name} {name}"
        return found["before"] + "\n".join([typed, *lines]) + "\n"

    return TRY.sub(shown, text)


def generated():
    """Return {page: text} with all outputs made today."""
    lab = Lab(Path(STEPS[-1]))
    assert lab.look() is None
    return {page: with_outputs(page.read_text("utf-8"), lab) for page in PAGES}


if __name__ == "__main__":
    for page, text in generated().items():
        page.write_text(text, "utf-8", newline="\n")
