"""The pictures of the READMEs: each is up to date, in use, small, and described in words."""

import re

import pytest
from bs4 import BeautifulSoup
from examiner import ROOT, STEPS
from pictures import DOCS, PAGES, SCHEMES, drawings
from readmes import FENCE, FINAL, listings, readme
from workbench.loader import opened
from workbench.site import Site

PICTURES = sorted(path for path in DOCS.iterdir() if path.suffix != ".md")
FOLDERS = [ROOT, *STEPS, FINAL]
LARGEST = 60_000  # bytes
PICTURE = re.compile(
    r"""^<picture>
  <source media="\(prefers-color-scheme: dark\)" srcset="(?P<name>[\w./]+)-dark(?P<kind>\.\w+)">
  <img src="(?P=name)-light(?P=kind)" width="\d+" alt="(?P<text>.+)">
</picture>$""",
    re.M,
)
QUOTED = re.compile("“(.+?)”")
PARTICIPANT = re.compile(r"participant (\w+)")
NODE = re.compile(r"\b(\w+)(?:\[|\()")
KEYWORDS = {"class", "click", "default", "direction", "end", "graph", "style", "subgraph"}
ARROW = re.compile(r"(\w+?)-?->>(\w+): (.+)")


@pytest.fixture(scope="module")
def drawn():
    """The drawings as they are made today."""
    return drawings()


def by_name(folder):
    """Name a case of a test after its folder."""
    return folder.name if folder != ROOT else "root"


def shown(folder):
    """Return {file name without color and kind: alternative text} of the pictures of a README."""
    return {found["name"].rpartition("/")[2]: found["text"] for found in pictures(folder)}


def pictures(folder):
    """Return the pictures of a README."""
    return list(PICTURE.finditer(readme(folder)))


def diagrams(folder):
    """Return the Mermaid diagrams of a README."""
    return [part.code for part in listings(readme(folder)) if part.kind == "mermaid"]


def words_of(name, drawn):
    """Return the words that are seen in a picture."""
    if name not in PAGES:
        return BeautifulSoup(drawn[f"{name}-light.svg"], "html.parser").text.replace("\xa0", " ")
    app, password, *_ = PAGES[name]
    with opened(app) as copy:
        return BeautifulSoup(Site(copy).register(password=password).html, "html.parser").text


def test_docs_holds_what_the_command_makes(drawn):
    """No picture is missing, and none is left over."""
    pages = {f"{name}-{scheme}.png" for name in PAGES for scheme in SCHEMES}

    assert {path.name for path in PICTURES} == drawn.keys() | pages


def test_a_drawing_is_up_to_date(drawn):
    """Each SVG shows its output, its model or its hash as they are today."""
    old = [name for name, text in drawn.items() if (DOCS / name).read_text("utf-8") != text]

    assert old == [], "update them: python tests/pictures.py"


def test_each_picture_is_shown_light_and_dark():
    """Each file is in a README, where GitHub chooses between its two versions."""
    used = {
        (folder / f"{found['name']}-{scheme}{found['kind']}").resolve()
        for folder in FOLDERS
        for found in pictures(folder)
        for scheme in SCHEMES
    }

    assert used == set(PICTURES)


@pytest.mark.parametrize("folder", FOLDERS, ids=by_name)
def test_a_picture_is_described_in_words(folder, drawn):
    """The alternative text says what one sees, and what it quotes is in the picture."""
    assert len(pictures(folder)) == FENCE.sub("", readme(folder)).count("<img")
    for name, text in shown(folder).items():
        seen = " ".join(words_of(name, drawn).split())
        assert 60 <= len(text) <= 400, text
        assert [quote for quote in QUOTED.findall(text) if quote not in seen] == [], seen


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.name)
def test_a_picture_is_small(path):
    """A picture is loaded with its page, so it has to be small."""
    assert path.stat().st_size < LARGEST


@pytest.mark.parametrize("step", STEPS, ids=by_name)
def test_each_lesson_has_a_picture(step):
    """Each lesson shows what it is about."""
    assert pictures(step) or diagrams(step)


@pytest.mark.parametrize("folder", FOLDERS, ids=by_name)
def test_no_label_of_a_diagram_is_crossed(folder):
    """In a sequence diagram an arrow leads to a neighbor, and its label is short."""
    for diagram in diagrams(folder):
        order = PARTICIPANT.findall(diagram)
        for start, goal, label in ARROW.findall(diagram):
            assert abs(order.index(start) - order.index(goal)) == 1, label
            assert max(map(len, label.split("<br/>"))) <= 30, label


@pytest.mark.parametrize("folder", FOLDERS, ids=by_name)
def test_no_node_of_a_diagram_is_named_like_a_keyword(folder):
    """A flowchart with a node called "class" is shown as a syntax error."""
    charts = [text for text in diagrams(folder) if text.startswith("flowchart")]

    assert {name for chart in charts for name in NODE.findall(chart)} & KEYWORDS == set()
