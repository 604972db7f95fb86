"""Every mistake of mistakes.toml is noticed by the right check, once, and in plain words."""

import re
import shutil
import threading
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy
from examiner import ROOT, STEPS, sit_all
from readmes import checkpoints
from workbench.browser import Browser
from workbench.fixtures import NAME, PASSWORD
from workbench.loader import cheap_salts, opened

HERE = Path(__file__).parent
MISTAKES = tomllib.loads((HERE / "mistakes.toml").read_text("utf-8"))
HARMLESS = tomllib.loads((HERE / "harmless.toml").read_text("utf-8"))
CRASH = re.compile(r"^ {2}got {4}(?:\d+ \w+,? )?\w*(Error|Exception|NotFound|NoResult)\w*: ", re.M)


def step_of(mistake):
    """Return the folder of the step in which the mistake is made."""
    return STEPS[mistake["step"] - 1]


def edited(step, edits, folder):
    """Make my_app in a folder: a copy of a step with edits."""
    my_app = folder / "my_app"
    ignore = shutil.ignore_patterns("test_*", "instance", "__*__")
    shutil.copytree(step, my_app, ignore=ignore)
    for file, old, new in edits:
        text = (my_app / file).read_text("utf-8")
        assert text.count(old) == 1, f"stands {text.count(old)} times: {old}"
        (my_app / file).write_text(text.replace(old, new), "utf-8")


@pytest.fixture(scope="module")
def sittings(tmp_path_factory):
    """What came of sitting the checkpoints with each mistake and each variant, by its name."""
    rows = [(name, step_of(row), row["edits"]) for name, row in MISTAKES.items()]
    rows += [(name, STEPS, row["edits"]) for name, row in HARMLESS.items()]
    papers = []
    for name, steps, edits in rows:
        folder = tmp_path_factory.mktemp(name)
        edited(STEPS[-1] if steps is STEPS else steps, edits, folder)
        papers.append((steps, "my_app", folder))
    return dict(zip((name for name, *_ in rows), sit_all(papers), strict=True))


@pytest.fixture(params=MISTAKES)
def mistake(request):
    """One mistake."""
    return MISTAKES[request.param]


@pytest.fixture
def sitting(request, mistake, sittings):
    """What came of sitting the checkpoint with this mistake."""
    return sittings[request.node.callspec.params["mistake"]]


def test_a_mistake_is_noticed_once(mistake, sitting):
    """It is one FAILED, of the check that guards it; what depends on it says so."""
    assert sitting.code == 1, sitting.output
    assert sitting.failed == [mistake["fails"]], sitting.output
    skips = [sitting.messages[name] for name in sitting.of("skipped")]
    assert [text for text in skips if "first make" not in text] == []


def test_the_message_is_true(mistake, sitting):
    """It tells what was wanted and what was got, which differ, and where to read on."""
    rows = {line[:9].strip(): line[9:] for line in sitting.message.splitlines()[1:]}

    assert [words for words in mistake["says"] if words not in sitting.message] == []
    assert rows["want"]
    assert rows["got"]
    assert rows["want"] != rows["got"]
    assert rows["read"].startswith("steps/")


def test_a_crash_names_the_line(sitting):
    """Where code broke, the message shows the line of the learner's own, not a library's."""
    assert "site-packages" not in sitting.message
    if CRASH.search(sitting.message):
        assert re.search(r"^ {2}where {2}my_app/\S+(, line \d+|$)", sitting.message, re.M)


def test_the_message_is_short(sitting):
    """It has at most 8 lines of at most 100 ASCII characters."""
    lines = sitting.message.splitlines()

    assert 0 < len(lines) <= 8
    assert max(len(line) for line in lines) <= 100
    assert sitting.message.isascii()


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_every_check_has_its_mistake(step):
    """A check that no known mistake fails would be a dead one."""
    hit = {m["fails"] for m in MISTAKES.values() if step_of(m) == step}

    assert hit == set(checkpoints(step))


def test_a_row_is_complete():
    """Each has a question and an answer of one sentence, and none is there twice."""
    edits = [str((mistake["step"], mistake["edits"])) for mistake in MISTAKES.values()]

    assert len(MISTAKES) >= 60
    assert len(set(edits)) == len(edits)
    for name, mistake in MISTAKES.items():
        assert "?" in mistake["question"], name
        assert mistake["fix"].endswith("."), name
        assert mistake["says"], name


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_no_mistake_passes(name, sittings):
    """Every checkpoint is content with an app that keeps its promises in another way."""
    assert sittings[name].code == 0, sittings[name].output


@pytest.mark.parametrize("step", ["04_views", "05_logout"])
def test_two_registrations_at_once_make_one_user(step):
    """Of two people who register one name at the same moment, one is told that it is taken."""
    with opened(ROOT / "steps" / step) as copy, cheap_salts():
        app, here_both_wait = copy.load().value, threading.Barrier(2)

        def before_cursor_execute(_connection, _cursor, statement, *_):
            if statement.startswith("INSERT"):
                here_both_wait.wait(timeout=5)

        (engine,) = copy.engines
        sqlalchemy.event.listen(engine, "before_cursor_execute", before_cursor_execute)
        with ThreadPoolExecutor() as pool:
            pages = list(pool.map(register, [Browser(app), Browser(app)]))
        with engine.connect() as connection:
            users = connection.scalar(sqlalchemy.text("SELECT COUNT(*) FROM user"))

    assert [page.error for page in pages] == [None, None]
    assert sorted(page.path for page in pages) == ["/login", "/register"]
    assert users == 1


def register(browser):
    """Send the register form for ada and return the page that answers."""
    form = browser.get("/register").password_form()
    return browser.submit(form, username=NAME, password=PASSWORD)
