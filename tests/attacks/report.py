"""What an attack run tells: a line for each attack, messages, the score."""

import json

from workbench.finding import WIDTH, folded, plain
from workbench.page import shorten
from workbench.summary import TYPED

from attacks import ATTACKS, CHAPTERS
from attacks.verdicts import FAILS, FEATURES, NOT_READY, NOT_THERE, SUCCEEDS

BLOCKS = 24  # characters of the score
DEPLOY, TO_BUILD = "final/README.md#deploy", "final/chapters/README.md#what-to-name"


def message(name, verdict, hints):
    """Return the message about a verdict that a learner can do something about, as lines."""
    one = ATTACKS.get(name)
    if verdict.kind == NOT_READY:
        lines = [*folded("", verdict.promise, 2), *folded("got", verdict.seen, 2)]
        lines += folded("where", verdict.where, 2) if verdict.where else []
        return [*lines, f"  read   {verdict.read}"]
    if verdict.kind == NOT_THERE:
        lines = folded("", f"{name} needs {verdict.seen}, which the app does not have", 2)
        return [*lines, *folded("build", FEATURES[verdict.seen], 2), f"  read   {one.read}"]
    lines = [*folded("", one.sentence, 2), *folded("got", verdict.seen, 2)]
    lines += folded("where", verdict.where, 2)
    lines += folded("hint", one.hint, 2) if hints else []
    return [*lines, f"  read   {one.read}"]


def listed(verdicts):
    """Return a line for each attack, below its chapter."""
    lines = []
    for chapter in CHAPTERS:
        lines += ["", f"{chapter.number}. {chapter.title}"]
        lines += [line_about(one, verdicts[one.name]) for one in chapter.attacks]
    return lines[1:]


def line_about(one, verdict):
    """Return the line of an attack in the list."""
    words = {
        SUCCEEDS: one.sentence,
        FAILS: verdict.seen,
        NOT_THERE: f"needs {verdict.seen}",
        NOT_READY: verdict.promise,
    }[verdict.kind]
    return shorten(f"  {verdict.kind:<9}  {one.name:<15}  {plain(words)}".rstrip(), WIDTH)


def score(verdicts):
    """Return the score as a line: attacks  ########......  8 of 21 stopped."""
    kinds = [one.kind for one in verdicts.values()]
    stopped, tried = kinds.count(FAILS), kinds.count(FAILS) + kinds.count(SUCCEEDS)
    done = BLOCKS * stopped // tried if tried else 0
    line = f"attacks  {'#' * done}{'.' * (BLOCKS - done)}  {stopped} of {tried} stopped"
    waiting = kinds.count(NOT_THERE)
    return line + (f", {waiting} need what the app does not have" if waiting else "")


def told(verdicts, app, hints):
    """Return the list, the first message, and the score of a run of all attacks."""
    lines, first = listed(verdicts), to_do(verdicts)
    for name in first[:1]:
        lines += ["", f"First, {name}:", *message(name, verdicts[name], hints)]
    for name in first[1:2]:
        lines += ["", f"Another one's message: {TYPED} attack {app} {name}"]
    lines += ["For a hint, add --hints."] if first and not hints else []
    return [*lines, "", app, score(verdicts), *([] if first else ending(verdicts))]


def ending(verdicts):
    """Return the last words about an app that nothing gets through."""
    lacking = list(dict.fromkeys(one.seen for one in verdicts.values() if one.kind == NOT_THERE))
    lines = ["", "The app withstands every attack of this lab that could be tried on it."]
    if lacking:
        lines += folded("", f"It lacks {listing(lacking)}: what to build is in the chapters.", 3)
        lines += [f"  read   {TO_BUILD}"]
    lines += ["What no attack can show is how the server around it is set up."]
    return [*lines, f"  read   {DEPLOY}"]


def listing(words):
    """Return words as a sentence names them."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)


def told_of(verdicts, hints):
    """Return the messages of a run of some attacks."""
    lines = []
    for name, verdict in verdicts.items():
        lines += [f"{name}: {verdict.kind}" if verdict.kind != FAILS else failure(name, verdict)]
        lines += message(name, verdict, hints) if verdict.kind != FAILS else []
        lines.append("")
    hinted = to_do(verdicts) and not hints
    return [*lines, "For a hint, add --hints."] if hinted else lines[:-1]


def failure(name, verdict):
    """Return the line about an attack that fails."""
    return f"{name}: fails" + (f" ({verdict.seen})" if verdict.seen else "")


def to_do(verdicts):
    """Return the names of the attacks that succeed, or that can't be tried yet."""
    return [name for name, one in verdicts.items() if one.kind in (SUCCEEDS, NOT_READY)]


def as_json(verdicts, ready):
    """Return the verdicts as JSON; an attack that could not be tried is left out."""
    kinds = {name: one.kind for name, one in verdicts.items() if one.kind != NOT_READY}
    return json.dumps({"attacks": kinds, "ready": ready}, indent=2) + "\n"
