"""The lab verb: a copy of the learner's own, without answers, that keeps what they wrote."""

import json
import re
import shutil
from pathlib import Path

import pytest
from examiner import ROOT
from workbench.labs import asked, jupyter, labs, own_copy, unanswered

LINK = re.compile(r"\]\(([^)\s]+)\)")
NUMBERS = ("1", "2", "3", "4")


@pytest.fixture
def root(tmp_path):
    """A workbook of nothing but its labs."""
    (tmp_path / "notebooks").mkdir()
    for path in labs(ROOT).values():
        shutil.copy(path, tmp_path / "notebooks")
    return tmp_path


def cells(path):
    """Return the cells of a notebook."""
    return json.loads(path.read_text("utf-8"))["cells"]


def test_each_lab_has_a_number():
    """And can be asked for by its file's name; without a number it is the first."""
    assert tuple(labs(ROOT)) == NUMBERS
    assert asked([], ROOT) == (labs(ROOT)["1"], [])
    for number, path in labs(ROOT).items():
        for word in (number, f"0{number}", path.name, path.stem):
            assert asked([word, "--fresh"], ROOT) == (path, ["--fresh"])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["5"], "There is no lab 5. The labs are 1, 2, 3, 4."),
        (["cookies"], "There is no lab cookies. The labs are 1, 2, 3, 4."),
        (["1", "2"], "lab takes one number."),
        (["--frsh"], "There is no option --frsh. Did you mean --fresh?"),
        (["--port=1"], "There is no option --port=1. Did you mean --fresh or --no-browser?"),
    ],
    ids=str,
)
def test_a_wrong_word_gets_a_sentence(words, sentence):
    """It says what there is."""
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        asked(words, ROOT)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_copy_gives_no_answer_away(root, number):
    """It has the cells of the lab, no output, and its explanations folded."""
    lab = labs(root)[number]
    before, after = cells(lab), cells(own_copy(lab))

    assert any(cell.get("outputs") for cell in before)
    assert len(after) == len(before)
    for old, new in zip(before, after, strict=True):
        assert new.get("outputs", []) == []
        assert new.get("execution_count") is None
        assert "outputs_hidden" not in str(new["metadata"])
        is_answer = "answer" in new["metadata"].get("tags", [])
        assert ("".join(new["source"])[:9] == "<details>") == is_answer
        is_folded = "folded" in new["metadata"].get("tags", [])
        assert new["metadata"].get("jupyter") == ({"source_hidden": True} if is_folded else None)
        assert new["source"] == old["source"] or new["cell_type"] == "markdown"
    assert sum("answer" in cell["metadata"].get("tags", []) for cell in after) >= 5


@pytest.mark.parametrize("number", NUMBERS)
def test_a_link_of_a_copy_leads_to_a_lesson_or_to_another_copy(number):
    """Links are read from notebooks/my/, one folder further down."""
    copy = unanswered(labs(ROOT)[number])
    links = LINK.findall("".join(line for cell in copy["cells"] for line in cell["source"]))
    links = [link.partition("#") for link in links if not link.startswith("http")]

    assert links
    for link, _, heading in links:
        inside = link in [path.name for path in labs(ROOT).values()]
        assert inside or (ROOT / "notebooks/anywhere" / link).resolve().is_file(), link
        assert inside or link.startswith("../../"), link
        if heading:
            text = (ROOT / "notebooks/anywhere" / link).resolve().read_text("utf-8")
            assert f"\n## {heading.replace('-', ' ')}\n" in text.replace("###", "##"), heading


def test_a_copy_is_kept_and_moved_aside_when_asked(root, capsys):
    """What the learner wrote is never overwritten."""
    mine = own_copy(labs(root)["2"])
    mine.write_text("my own words", "utf-8")

    assert own_copy(labs(root)["2"]) == mine
    assert mine.read_text("utf-8") == "my own words"
    assert own_copy(labs(root)["2"], fresh=True) == mine
    assert cells(mine)
    aside = mine.with_name("02_session_cookies-old-1.ipynb")
    assert aside.read_text("utf-8") == "my own words"
    assert capsys.readouterr().out == f"Your earlier copy is now notebooks/my/{aside.name}.\n"


def test_the_published_labs_stay_as_they_are(root):
    """A copy leaves no trace outside of my/."""
    before = {path: path.read_bytes() for path in labs(root).values()}
    own_copy(labs(root)["1"], fresh=True)

    assert {path: path.read_bytes() for path in labs(root).values()} == before
    assert sorted(path.name for path in (root / "notebooks/my").iterdir()) == sorted(
        path.name for path in before
    )


@pytest.mark.parametrize(("user", "is_root"), [(0, True), (1000, False)])
def test_jupyter_opens_the_copy_at_the_workbooks_folder(monkeypatch, user, is_root):
    """With --no-browser the address leads to the copy, too; root is told that it may."""
    monkeypatch.setattr("os.geteuid", lambda: user, raising=False)
    copy = ROOT / "notebooks/my/01_bcrypt_hashing.ipynb"
    words = jupyter(copy, ["--fresh", "--no-browser"], ROOT)

    assert "--ServerApp.root_dir=." in words
    assert "--LabApp.default_url=/lab/tree/notebooks/my/01_bcrypt_hashing.ipynb" in words
    assert ("--allow-root" in words) == is_root
    assert words[-1] == "--no-browser"
    assert "--fresh" not in words


def test_no_news_and_lessons_as_pages():
    """The settings that lab hands to Jupyter turn the news off and show lessons as pages."""
    file = Path(ROOT / "notebooks/settings/overrides.json")
    settings = json.loads(file.read_text("utf-8"))

    assert settings["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"
    viewers = settings["@jupyterlab/docmanager-extension:plugin"]["defaultViewers"]
    assert viewers == {"markdown": "Markdown Preview"}
