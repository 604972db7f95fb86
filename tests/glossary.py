"""Link the first use of each term in a lesson to the glossary."""

import re

from examiner import ROOT

GLOSSARY = ROOT / "GLOSSARY.md"
TERM = re.compile(r"^### (.+)\n\n((?:.+\n)+)", re.M)
LINKED = re.compile(r"\[([^\]]+)\]\(\.\./\.\./GLOSSARY\.md#[\w-]+\)")
GREEN = re.compile(r"(?<=^## Green\n).*?(?=^## )", re.M | re.S)
NOT_PROSE = re.compile(  # code, links, headings, titles of listings, HTML, tables
    r"^```.*?^```$|`[^`]+`|\[[^\]]+\]\([^)]+\)|^(?:#|\*\*`|<summary>|\|)[^\n]*$|<[^>\n]+>",
    re.M | re.S,
)


def terms():
    """Return {term: what it means}."""
    return dict(TERM.findall(GLOSSARY.read_text("utf-8")))


def with_links(text):
    """Return a README in whose Green part the first use of each term leads to the glossary."""
    return GREEN.sub(lambda found: linked(LINKED.sub(r"\1", found[0])), text)


def linked(green):
    """Return a text with the first use of each term linked, longer terms first."""
    for term in sorted(terms(), key=len, reverse=True):
        word = re.compile(rf"(?<![\w*-])\*?{re.escape(term)}(?:s|es)?\*?(?![\w*-])", re.I)
        taken = [found.span() for found in NOT_PROSE.finditer(green)]
        for use in word.finditer(green.replace("\n", " ")):
            if not any(start < use.end() and use.start() < end for start, end in taken):
                anchor = term.lower().replace(" ", "-")
                link = f"[{green[use.start() : use.end()]}](../../GLOSSARY.md#{anchor})"
                green = green[: use.start()] + link + green[use.end() :]
                break
    return green
