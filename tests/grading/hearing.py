"""Take in what the process of a submission tells, and believe little of it."""

import json
import re
from contextlib import suppress

CANARY = ("grading", "test_a_wrong_answer_is_refused")  # see canary.py
OUTCOMES = ("passed", "failed", "skipped")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
LONGEST = 4000  # characters of a text
MOST = 10  # lines of what an app has printed


class Run:
    """One process that checks a submission: what it has told, and why it stopped."""

    def __init__(self, seal):
        """Believe only lines with this seal."""
        self.seal = seal
        self.told, self.sentences = {}, {}  # by (step, name)
        self.begun = self.trouble = None
        self.fingerprint, self.mended = "", []
        self.changed, self.forged = None, False

    def hear(self, line):
        """Take in a line, or note that the machinery has not written it."""
        with suppress(ValueError, TypeError, KeyError, AttributeError, RecursionError):
            one = json.loads(line)
            if one.pop("seal") == self.seal:
                return self.believe(one)
        self.forged = True
        return None

    def believe(self, one):
        """Keep what a line says, without what could harm a screen."""
        if "changed" in one:
            self.changed = [clean(name) for name in one["changed"]]
        elif "fingerprint" in one:
            self.fingerprint = str(one["fingerprint"])
            self.mended = [clean(words) for words in one["mended"]]
        elif "unmet" in one:
            self.trouble = clean(one["unmet"])
        elif "begun" in one:
            self.begun = tuple(map(str, one["begun"]))
            self.sentences[self.begun] = clean(one["sentence"])
        elif "outcome" in one:
            key = (str(one["step"]), str(one["name"]))
            again = key in self.told and one["outcome"] != "failed"  # it can only get worse
            self.forged |= again or key != self.begun or one["outcome"] not in OUTCOMES
            texts = {"text": self.message(key, clean(one.get("text", "")), one["outcome"])}
            texts["hint"] = clean(one.get("hint", ""))
            printed = [clean(text) for text in one.get("printed", [])][:MOST]
            step, name = key
            outcome = one["outcome"]
            self.told[key] = {"step": step, "name": name, "outcome": outcome, "printed": printed}
            self.told[key] |= texts

    def message(self, key, text, outcome):
        """Return a message of a check, in the place of the traceback of one that broke off."""
        if outcome != "failed" or "\n  got " in text:
            return text
        last = ([line.strip() for line in text.splitlines() if line.strip()] or ["nothing"])[-1]
        return f"{self.sentences.get(key, key[1])}\n  got    the check broke off: {last[:100]}"

    def stopped_at(self):
        """Return (step, name) of the check that had begun and has no verdict, or None."""
        return self.begun if self.begun not in self.told else None


def in_one_line(text):
    """Return the same in one line, so that no app can write lines of its own into a summary."""
    return re.sub(r"\s+", " ", clean(text)).strip()


def clean(text):
    """Return a text of a submission without control characters, in a bounded length."""
    return CONTROL.sub("?", str(text))[:LONGEST]
