"""Attack an app: python tests/attack.py my_app [NAME...], with the Python of .venv."""

import argparse
import sys
from pathlib import Path

from attacks import ATTACKS, report
from attacks.lab import Lab, chosen
from attacks.verdicts import NOT_READY, SUCCEEDS
from workbench import terminal
from workbench.finding import ROOT, shown


def main(words):
    """Attack the app that the words name; return 0 if nothing succeeds."""
    asked = understood(words)
    names = chosen(asked.names)
    if not names:
        print(f"There is no attack {' '.join(asked.names)}. They are: {', '.join(ATTACKS)}.")
        return 2
    app = shown(asked.app.resolve(), ROOT)
    verdicts, lab = {}, Lab(asked.app)
    unmet = lab.look()
    if unmet:
        print(f"{app} can't be attacked yet, because an attack needs a login that works:")
        print("\n".join(report.message("", unmet, asked.hints)))
    for number, name in enumerate([] if unmet else names, 1):
        show(f"attack {number} of {len(names)}: {name}")
        verdicts[name] = lab.attack(ATTACKS[name])
    show("")
    if verdicts:
        some, hints = verdicts if asked.names else {}, asked.hints
        lines = report.told_of(some, hints) if some else report.told(verdicts, app, hints)
        print("\n".join(lines))
    kinds = {one.kind for one in verdicts.values()}
    ready = not unmet and NOT_READY not in kinds
    if asked.json:
        asked.json.write_text(report.as_json(verdicts, ready), "utf-8")
    return 0 if ready and SUCCEEDS not in kinds else 1


def understood(words):
    """Return what the words ask for."""
    parser = argparse.ArgumentParser("workbook.py attack", add_help=False, allow_abbrev=False)
    parser.add_argument("app", type=Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--hints", action="store_true")
    return parser.parse_intermixed_args(words)


def show(words):
    """Show on a terminal what is being done."""
    if sys.stdout.isatty():
        print(f"\r{words:<60}\r", end="", flush=True)


if __name__ == "__main__":
    terminal.run(main)
