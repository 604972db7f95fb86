"""Find turns of phrase that read as translated in everything that people read here.

Run it as a script to see every place: python tests/voice.py
"""

import io
import json
import re
import sys
import tokenize
from pathlib import Path

from examiner import ROOT

READ = (".py", ".md", ".ipynb", ".toml", ".html")
SKIPPED = {".venv", "node_modules", "my_app", "my", ".git", ".pytest_cache", "__pycache__"}
CODE = re.compile(r"^```.*?^```$|`[^`\n]+`", re.M | re.S)
TAGS = re.compile(r"<[^>]+>|\{%.*?%\}|\{\{.*?\}\}", re.S)
WORD = re.compile(r"[A-Za-z']+")
IN_PYTHON = {tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", None)}


def turns():
    """Return [(regular expression, what to write instead)] of voice.txt."""
    lines = Path(__file__).with_name("voice.txt").read_text("utf-8").splitlines()
    rows = [line.rpartition("->") for line in lines if line and not line.startswith("#")]
    return [(re.compile(rf"(?<!\w)(?:{p.strip()})(?!\w)", re.I), s.strip()) for p, _, s in rows]


def written(path):
    """Return the text of a file that people read: blank where it has code, line for line."""
    text = path.read_text("utf-8")
    if path.suffix == ".py":
        return words_of_python(text)
    if path.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    hidden = {".html": TAGS, ".toml": re.compile("`[^`\n]+`")}.get(path.suffix, CODE)
    return hidden.sub(lambda found: "\n" * found[0].count("\n"), text)


def words_of_python(text):
    """Return the comments and texts of Python code, each on the line where it begins."""
    lines = [""] * (text.count("\n") + 2)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in IN_PYTHON:
            for number, line in enumerate(token.string.split("\n"), token.start[0]):
                lines[number] += f" {line}"
    return "\n".join(lines[1:])


def found(root=ROOT):
    """Return ([a line for each turn of phrase in the files below a folder], number of words)."""
    places, words, looked_for = [], 0, turns()
    for path in sorted(root.rglob("*")):
        place = path.relative_to(root)
        if path.suffix not in READ or SKIPPED & set(place.parts):
            continue
        text = written(path)
        words += len(WORD.findall(text))
        for turn, instead in looked_for:
            for hit in turn.finditer(text):
                number = text.count("\n", 0, hit.start()) + 1
                places.append(f'{place.as_posix()}:{number}: "{hit[0]}", better: {instead}')
    return places, words


def main():
    """Print every place; return 1 if there is any."""
    places, words = found()
    print(*places, f"{len(places)} in {words} words", sep="\n")
    return int(bool(places))


if __name__ == "__main__":
    sys.exit(main())
