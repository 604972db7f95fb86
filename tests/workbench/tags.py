"""Look at the tags of a template: which one has no partner, and what is outside of all blocks."""

import re
from pathlib import Path

from jinja2 import TemplateSyntaxError

TAG = re.compile(r"\{%[-+]?\s*(\w+)([^%]*)")
HIDDEN = re.compile(r"\{#.*?#\}|\{%-?\s*raw\s*-?%\}.*?\{%-?\s*endraw\s*-?%\}", re.S)
OPENING = ("block", "if", "for", "macro", "call", "filter", "with", "autoescape")
EXTENDS = re.compile(r"\{%-?\s*extends\s+[\"'](.+?)[\"']")
BLOCK = re.compile(r"\{%[-+]?\s*(?:block\s+(\w+)|(endblock))")
HALVES = {"else": ("if", "for"), "elif": ("if",)}  # a tag in the middle, and what it belongs to


def gap_in_template(error):
    """Return (file, first line, last line, tag) between which a template lacks a tag, or None."""
    opened, line, tag = mismatch(error)
    if not opened or is_left_over(tag, opened):
        return None
    first, kind = opened[-1]
    return Path(error.filename), first, line, f"{{% end{kind} %}}"


def has_one_left_over(error):
    """Say whether the tag that an error is about ends, or goes on with, what has not begun."""
    opened, _, tag = mismatch(error)
    return is_left_over(tag, opened) and f"unknown tag '{tag}'" in error.message


def is_left_over(tag, opened):
    """Say whether nothing that is open at a tag can be what the tag belongs to."""
    return bool(tag) and not {kind for _, kind in opened} & {*belongs_to(tag)}


def belongs_to(tag):
    """Return the tags that one of the middle or the end can belong to; none for another one."""
    return HALVES.get(tag) or [kind for kind in OPENING if tag == f"end{kind}"]


def mismatch(error):
    """Return ([(line, tag) that is open], line, tag) where the tags of a template do not fit.

    The last tag is None at the end of the file, and there is nothing open where all fit.
    """
    if not isinstance(error, TemplateSyntaxError) or not error.filename:
        return [], 0, None
    if not re.search("unknown tag|end of template", error.message or "", re.I):
        return [], 0, None
    opened, halved, file = [], [], Path(error.filename)
    text = without_hidden(file)
    for match in TAG.finditer(text):
        line, tag = text.count("\n", 0, match.start()) + 1, match[1]
        if tag in OPENING:
            opened.append((line, tag))
        elif owners := belongs_to(tag):
            able = [one for one in opened if tag not in HALVES or one not in halved]
            if able[-1:] != opened[-1:] or not opened or opened[-1][1] not in owners:
                return able, line, tag
            if tag not in HALVES:
                opened.pop()
            elif tag == "else":
                halved.append(opened[-1])
    return opened, max(len(text.splitlines()), 1), None


def why_left_out(file, pattern, env):
    """Say why Jinja leaves out what a pattern finds in a template, or return None.

    A template that extends another one fills its blocks, and nothing else of it is shown.
    """
    text = without_hidden(file) if file else ""
    parent, found = EXTENDS.search(text), re.search(pattern, text)
    if not parent or not found:
        return None
    opened = []
    for name, end in BLOCK.findall(text[: found.start()]):
        opened = opened[:-1] if end else [*opened, name]
    if not opened:
        return "This is outside of all blocks, so Jinja leaves it out."
    known = blocks_of(parent[1], env)
    if opened[0] in known:
        return None
    return (
        f"{parent[1]} has no block {opened[0]}, so Jinja leaves this out. It has: {listed(known)}."
    )


def blocks_of(name, env):
    """Return the names of the blocks in a template and in those that it extends."""
    try:
        text = env.loader.get_source(env, name)[0]
    except Exception:  # another check tells of a template that is not there
        return []
    parent = EXTENDS.search(text)
    above = blocks_of(parent[1], env) if parent and parent[1] != name else []
    return [*above, *(block for block, _ in BLOCK.findall(text) if block)]


def listed(names):
    """Return names in one line."""
    return ", ".join(dict.fromkeys(names)) or "none"


def without_hidden(file):
    """Return the text of a template with its comments and what is raw blanked out."""
    text = file.read_text("utf-8", "backslashreplace") if file.is_file() else ""
    return HIDDEN.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
