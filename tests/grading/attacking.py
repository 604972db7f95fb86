"""The process that attacks one submission: it takes on its limits, attacks, and tells of it.

Run as a module it reads its task and writes lines as sitting.py does.
"""

from attacks import ATTACKS
from attacks.lab import Lab
from attacks.report import message
from attacks.verdicts import FAILS, NOT_READY, NOT_THERE, SUCCEEDS

from grading.sitting import MY_APP, prepared
from grading.tampering import changes, machinery

STEP = "attacks"  # in the place of a step
OUTCOMES = {FAILS: "passed", SUCCEEDS: "failed", NOT_THERE: "skipped", NOT_READY: "skipped"}


def main():
    """Use the app honestly, then attack it in every way that has no verdict yet."""
    task, report = prepared()
    lab, before = Lab(MY_APP), machinery([])
    if unmet := lab.look():
        report.tell(unmet=f"{unmet.promise} (got: {unmet.seen})")
    for name, one in {} if unmet else ATTACKS.items():
        if [STEP, name] not in task["done"]:
            report.tell(begun=[STEP, name], sentence=one.sentence)
            verdict = lab.attack(one)
            text = "\n".join(message(name, verdict, hints=True)) if verdict.kind != FAILS else ""
            report.tell(step=STEP, name=name, outcome=OUTCOMES[verdict.kind], text=text)
    report.tell(changed=changes(before, machinery([]))[:5])


if __name__ == "__main__":
    main()
