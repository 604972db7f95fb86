"""Make the mistakes of the table in apps of other styles, and read the messages about them.

    python tests/elsewhere.py                     every mistake, in every style that it fits
    python tests/elsewhere.py hash-not-decoded    only pairs whose names hold one of these words

No message was written with that code in mind, so a guess about our own code shows up here.
"""

import re
import sys
import tempfile
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path

from examiner import sit_all
from mistakes import MISTAKES, Mistake, make, table

STYLES = sorted(filter(Path.is_dir, Path(__file__).with_name("other_styles").iterdir()))
WAYS = table("elsewhere.toml")
SHORT = WAYS.pop("short")  # {name: the regular expression that <name> is short for}
EXPECTED = ("fails", "says", "lacks", "hint")  # what a way, or a style in it, can change


@dataclass(frozen=True)
class Pair:
    """A mistake as it is made in one style, and what the checkpoint of its step says there."""

    mistake: Mistake  # its edits are those of this style
    style: Path
    open: str  # what is wrong with the answer today; empty where nothing is known to be

    def planted(self, folder):
        """Make the app with its mistake in an empty folder and return a sitting for sit_all()."""
        my_app = make(self.mistake.edits, self.style, folder)
        return self.mistake.home, my_app.name, folder

    def broken(self, sitting):
        """Return what of the promise a sitting does not keep, a line for each thing."""
        mistake, message = self.mistake, unfolded(sitting.message)
        if sitting.failed != [mistake.fails]:
            return [f"FAILED {', '.join(sitting.failed) or 'nothing'}, not {mistake.fails}"]
        lines = [f"does not say {w!r}" for w in mistake.says if unfolded(w) not in message]
        lines += [f"says {w!r}" for w in mistake.lacks if unfolded(w) in message]
        if (" hint " in message) != mistake.hint:
            lines.append("has no hint" if mistake.hint else "has a hint")
        return lines


def unfolded(text):
    """Return a text in one line, as it was before it was folded into a message."""
    return " ".join(text.split())


def files_of(style):
    """Return {name in the app: text} of what was written in this style."""
    paths = sorted(path for path in style.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {path.relative_to(style).as_posix(): path.read_text("utf-8") for path in paths}


def edited(texts, edits):
    """Return the texts after [[file,] pattern, new text] edits; None unless each fits once."""
    texts = dict(texts)
    for *where, pattern, new in edits:
        for name, meaning in SHORT.items():
            pattern = pattern.replace(f"<{name}>", meaning)
        files = [file for file in texts if fnmatch(file, where[0] if where else "*")]
        found = [(file, hit) for file in files for hit in re.finditer(pattern, texts[file], re.M)]
        if len(found) != 1:
            return None
        ((file, hit),) = found
        texts[file] = texts[file][: hit.start()] + hit.expand(new) + texts[file][hit.end() :]
    return texts


def pair(name, style):
    """Return the Pair of a mistake and a style, made in the first way that fits; else None."""
    before = files_of(style)
    for way in WAYS[name]:
        after = edited(before, way["edits"])
        allowed = style.name in way.get("only", [style.name])
        if after and allowed and style.name not in way.get("harmless", []):
            here = way | way.get(style.name, {})
            changed = [[file, before[file], after[file]] for file in before]
            edits = [edit for edit in changed if edit[1] != edit[2]]
            expected = {key: here[key] for key in EXPECTED if key in here}
            return Pair(
                replace(MISTAKES[name], edits=edits, **expected), style, here.get("open", "")
            )
    return None


FOUND = {f"{name}-{style.name}": pair(name, style) for name in WAYS for style in STYLES}
PAIRS = {name: found for name, found in FOUND.items() if found}


def some(each):
    """Return the names of `each` pairs of a mistake, styles taking turns, and of all open ones."""
    names = {name for name, one in PAIRS.items() if one.open}
    for turn, mistake in enumerate(WAYS):
        these = [name for name, one in PAIRS.items() if one.mistake.name == mistake]
        names |= {these[(turn + i * len(these) // each) % len(these)] for i in range(each)}
    return [name for name in PAIRS if name in names]


def sit_pairs(names):
    """Return {name of a pair: result of the checkpoint of its step}."""
    with tempfile.TemporaryDirectory() as scratch:
        folders = [Path(scratch, name) for name in names]
        for folder in folders:
            folder.mkdir()
        sittings = [PAIRS[folder.name].planted(folder) for folder in folders]
        return dict(zip(names, sit_all(sittings), strict=True))


def main(*words):
    """Run the pairs whose names hold one of the words; return 1 if a promise is not kept."""
    names = [name for name in PAIRS if not words or any(word in name for word in words)]
    sittings = sit_pairs(names) if names else {}
    broken = {name: PAIRS[name].broken(sitting) for name, sitting in sittings.items()}
    for name in filter(broken.get, names):
        print(name, *broken[name], f"open: {PAIRS[name].open or 'not known yet'}", sep="\n  ")
        print(*map(sittings[name].messages.get, sittings[name].failed), "", sep="\n")
    kept, styles = sum(not lines for lines in broken.values()), {PAIRS[one].style for one in names}
    print(f"{len(names)} pairs in {len(styles)} styles: {kept} as promised")
    return int(kept < len(names))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
