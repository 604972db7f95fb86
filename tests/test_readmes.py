"""The READMEs are correct: listings, outputs, numbers and links match the files."""

import json
import re

import pytest
from errors_page import ERROR, IN_ORDER, PAGE, page, read_by_check, reading
from examiner import ROOT, STEPS
from glossary import terms
from mistakes import MISTAKES, QUESTIONS
from readmes import (
    FINAL,
    changed_lines,
    checkpoints,
    generated,
    listings,
    printed,
    prose,
    readme,
    whole,
)
from typist import sections
from workbench.course import TURN

READMES = [*STEPS, FINAL, ROOT]
CHAPTERS = [
    *("What you will build", "Run it, check it", "Red", "Green", "What changed", "Break it"),
    *("Stuck?", "Try this", "Your turn", "Where we differ", "Next"),
]
HEADING = re.compile(r"^#{1,6} (.+)$", re.M)
LINK = re.compile(r"\]\(([^)]+)\)")
READ = re.compile(r'read="([\w#-]+)"|"(\d\d_\w+#[\w-]+)"')
UNWANTED = re.compile(r"\b(simply|just|obviously)\b|!", re.IGNORECASE)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """All READMEs, with their generated parts made today."""
    return generated(tmp_path_factory.mktemp("workshop"))


def by_name(folder):
    """Name a case of a test after its folder."""
    return folder.name if folder != ROOT else "root"


def headings(text):
    """Return the headings of a README, without those in code."""
    return HEADING.findall(re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S))


def anchor(heading):
    """Return the anchor that GitHub makes of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("folder", READMES, ids=by_name)
def test_outputs_and_numbers_are_those_of_today(folder, fresh):
    """Every output and every number was produced by running the code."""
    assert readme(folder) == fresh[folder], "generate it again: python tests/readmes.py"


@pytest.mark.parametrize("step", [*STEPS, FINAL], ids=by_name)
def test_a_listing_stands_in_its_file(step):
    """A listing is cut out of the file that its title names."""
    parts = [part for part in listings(readme(step)) if not part.place]  # those are typed
    titled = [part for part in parts if part.file and part.kind != "diff"]
    files = {part.file: (step / part.file).read_text("utf-8") for part in titled}
    wrong = [part.code for part in titled if f"\n{part.code}" not in f"\n{files[part.file]}"]

    assert titled or sections(step)
    assert not wrong


@pytest.mark.parametrize("step", STEPS, ids=by_name)
def test_every_added_line_is_explained(step):
    """Every line that a step adds is shown in a listing of its README."""
    titled = [part for part in listings(readme(step)) if part.kind != "diff"]
    shown = {(part.file, line) for part in titled for line in part.code.splitlines()}
    added = [(file, line) for file, line in changed_lines(step, "+") if line.strip()]

    assert added
    assert [line for line in added if line not in shown] == []


@pytest.mark.parametrize("step", STEPS, ids=by_name)
def test_the_chapters_stand_in_their_order(step):
    """A step's README has its headings in the same order as every other."""
    assert re.findall(r"^## (.+)$", readme(step), re.M) == CHAPTERS


@pytest.mark.parametrize("step", STEPS, ids=by_name)
def test_a_step_is_read_in_one_sitting(step):
    """Green teaches in 600 to 1,000 words, in step 4 in 1,400 to 2,000, titles aside."""
    green = re.search(r"^## Green\n(.*?)(?=^### What you learned)", readme(step), re.M | re.S)[1]
    taught = re.sub(r"^\*\*`.*$", "", prose(green), flags=re.M)
    least, most = (1400, 2000) if step.name.startswith("04") else (600, 1000)

    assert least <= len(taught.split()) <= most


@pytest.mark.parametrize("step", STEPS, ids=by_name)
def test_a_checkpoint_reads_on_where_there_is_something_to_read(step):
    """Every `read` line of a message leads to a heading that exists."""
    sources = [
        step / "test_checkpoint.py",
        step / TURN,
        *sorted((ROOT / "tests/workbench").glob("*.py")),
        ROOT / "conftest.py",
    ]
    found = [match for source in sources for match in READ.findall(source.read_text("utf-8"))]
    reads = {plain or full for plain, full in found}
    dead = []
    for read in reads:
        chapter, _, heading = read.rpartition("#")
        text = readme(ROOT / "steps" / (chapter or step.name))
        dead += [] if heading in map(anchor, headings(text)) else [read]

    assert reads
    assert dead == []


@pytest.mark.parametrize("step", STEPS, ids=by_name)
def test_experiments_run(step):
    """The code of an experiment runs as it is printed."""
    parts = [part for part in listings(readme(step)) if part.kind == "python" and not part.file]
    untitled = [part for part in parts if part.code != whole(step, "app.py")]
    assert untitled
    for part in untitled:
        assert printed(step, part.code)


@pytest.mark.parametrize("step", STEPS, ids=by_name)
def test_a_checkpoint_has_four_to_ten_sentences(step):
    """Each check has a docstring of at most 15 words, which is the first line of its message."""
    sentences = checkpoints(step)

    assert 4 <= len(sentences) <= 10
    assert [name for name, text in sentences.items() if len((text or "").split()) > 15] == []
    assert all(sentences.values())


def anchors(path):
    """Return the anchors of a README as GitHub makes them, or of a notebook as Jupyter does."""
    if path.suffix != ".ipynb":
        return [anchor(heading) for heading in headings(path.read_text("utf-8"))]
    return [heading.replace(" ", "-") for heading in headings(text_of(path))]


def text_of(path):
    """Return the Markdown of a file."""
    if path.suffix != ".ipynb":
        return path.read_text("utf-8")
    cells = json.loads(path.read_text("utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


def files(kind):
    """Return every file of a kind in the workbook."""
    skipped = (".venv", "node_modules", "my_app", "my", ".git", ".pytest_cache")
    skipped += (".ipynb_checkpoints",)  # which Jupyter makes where a page is opened
    paths = sorted(ROOT.rglob(f"*.{kind}"))
    return [p for p in paths if not set(p.relative_to(ROOT).parts) & set(skipped)]


def by_path(path):
    """Name a case of a test after its file."""
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", [*files("md"), *files("ipynb")], ids=by_path)
def test_links_lead_somewhere(path):
    """Every relative link leads to a file, and every anchor to a heading."""
    dead = []
    for target in LINK.findall(text_of(path)):
        file, _, heading = target.partition("#")
        if re.match(r"\w+:|\.\./\.\./actions/", target):  # the latter is GitHub's, not a file
            continue
        goal = path.parent / file if file else path
        found = goal.exists() and (not heading or heading in anchors(goal))
        dead += [] if found else [target]

    assert dead == []


@pytest.mark.parametrize("step", STEPS, ids=by_name)
def test_a_step_leads_to_a_notebook_and_back(step):
    """What belongs to a step in the notebooks is linked, and links back."""
    linked = {part.partition("#")[0] for part in LINK.findall(readme(step)) if ".ipynb#" in part}
    back = f"../steps/{step.name}/README.md#"

    assert linked
    assert all(back in text_of(step / name) for name in linked)


@pytest.mark.parametrize("path", files("md"), ids=by_path)
def test_the_prose_is_plain(path):
    """The prose does without exclamation marks and without words that make readers feel small."""
    text = re.sub(r"`[^`\n]+`|!\[", "", prose(path.read_text("utf-8")))

    assert UNWANTED.findall(text) == []


def test_every_question_is_on_one_page():
    """steps/ERRORS.md holds every question of the tables, as they are today."""
    text = PAGE.read_text("utf-8")
    questions = [*MISTAKES.values(), *QUESTIONS]

    assert text == page(), "generate it again: python tests/readmes.py"
    assert [row.fix for row in questions if row.fix not in text] == []
    assert sum(text.count(title) for title in map("## {}\n".format, IN_ORDER)) == len(IN_ORDER)


def test_an_error_text_has_one_line():
    """Searching the page for an error text leads to one line, which has all its reasons."""
    rows = re.findall(r"^\| (`[^`]+`)", page(), re.M)
    texts = [ERROR.match(row)[1] for row in rows]
    twice = {one for one in texts if texts.count(one) > 1}

    assert len(texts) > 50
    assert twice == set()


def test_a_row_names_a_section_only_where_its_check_leads_elsewhere():
    """What a row says of where to read on is needed, and the section is there."""
    for row in [*MISTAKES.values(), *QUESTIONS]:
        step, heading = reading(row)
        assert heading in map(anchor, headings(readme(ROOT / "steps" / step))), row

    named = [row for row in MISTAKES.values() if row.read]
    assert [row.name for row in named if reading(row) == read_by_check(row)] == []


def test_the_glossary_is_short_and_in_use():
    """It has at most 40 terms, sorted, of at most two sentences, and each is met in a lesson."""
    lessons = "".join(map(readme, STEPS))
    meanings = terms()

    assert 20 <= len(meanings) <= 40
    assert list(meanings) == sorted(meanings, key=str.lower)
    for term, meaning in meanings.items():
        assert 1 <= len(re.findall(r"[.?](?=\s)", meaning)) <= 2, term
        assert f"GLOSSARY.md#{anchor(term)})" in lessons, term


def test_the_root_readme_fits_in_the_head():
    """The root README has at most 150 lines."""
    assert len(readme(ROOT).splitlines()) <= 150
