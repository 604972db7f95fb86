"""Each mistake of the tables is noticed by the right check, once, in plain words."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy
from examiner import ROOT, STEPS, sit_all
from mistakes import HARMLESS, MISTAKES, QUESTIONS, make
from readmes import checkpoints, step_before
from workbench.browser import Browser
from workbench.loader import cheap_salts, opened
from workbench.people import ADA, PASSWORD

CRASH = re.compile(r"^ {2}got {4}(?:\d+ \w+,? )?\w*(Error|Exception|NotFound|NoResult)\w*: ", re.M)
MADE = {  # each mistake in each snapshot in which it makes sense
    f"{name}-{snapshot.name[:2]}": (mistake, snapshot)
    for name, mistake in MISTAKES.items()
    for snapshot in mistake.snapshots
}
RED = {f"{step.name}-not-written-yet": step for step in STEPS}  # on the step before
HINT = re.compile(r"^ {2}hint   (.*?)^ {2}read ", re.M | re.S)
UNKIND = re.compile(r"!|\b(simply|just|obviously|please|sorry|oops|wrong of you)\b", re.I)


@pytest.fixture(scope="module")
def sittings(tmp_path_factory):
    """The results of the checkpoints with each mistake and each variant, by its name."""
    learners = [(row.home, row.edits, snapshot) for row, snapshot in MADE.values()]
    learners += [(step, [], step_before(step)) for step in RED.values()]
    learners += [(STEPS, edits, STEPS[-1]) for edits in HARMLESS.values()]
    papers = []
    for steps, edits, snapshot in learners:
        my_app = make(edits, snapshot, tmp_path_factory.mktemp("learner"))
        papers.append((steps, my_app.name, my_app.parent))
    return dict(zip([*MADE, *RED, *HARMLESS], sit_all(papers), strict=True))


@pytest.fixture
def messages(request, sittings):
    """The messages that a learner reads: one for a mistake, several for a step not written yet."""
    sitting = sittings[request.param]
    return [sitting.messages[name] for name in sitting.failed]


every_message = pytest.mark.parametrize("messages", [*MADE, *RED], indirect=True)


@pytest.mark.parametrize("case", MADE)
def test_a_mistake_is_noticed_once(case, sittings):
    """One check fails, the one that guards against it; checks that depend on it are skipped."""
    sitting, (mistake, _) = sittings[case], MADE[case]

    assert sitting.code == 1, sitting.output
    assert sitting.failed == [mistake.fails], sitting.output
    skips = [sitting.messages[name] for name in sitting.of("skipped")]
    assert [text for text in skips if "first make" not in text] == []


@pytest.mark.parametrize("case", MADE)
def test_the_message_says_what_was_seen(case, sittings):
    """It holds words that only fit this mistake, and no wrong guess."""
    message, (mistake, _) = sittings[case].message, MADE[case]

    assert [words for words in mistake.says if words not in message] == []
    assert [words for words in mistake.lacks if words in message] == []
    assert ("  hint   " in message) == mistake.hint


@every_message
def test_a_message_is_complete(messages):
    """It says what was wanted, what was got instead, and what to read."""
    assert messages
    for message in messages:
        rows = {line[:9].strip(): line[9:] for line in message.splitlines()[1:]}

        assert rows["want"]
        assert rows["got"]
        assert rows["want"] != rows["got"]
        assert rows["read"].startswith("steps/")


@every_message
def test_a_crash_names_the_line(messages):
    """Where code broke, the message shows the line of the learner's own, not a library's."""
    for message in messages:
        assert "site-packages" not in message
        if CRASH.search(message):
            assert re.search(r"^ {2}where {2}my_app/\S+(, line \d+|$)", message, re.M)


@every_message
def test_a_message_is_short_and_calm(messages):
    """It has at most 8 lines of at most 100 characters, ours in ASCII, without praise or blame."""
    for message in messages:
        lines = message.splitlines()
        ours = [line for line in lines if not line.startswith(("  got", "  where", "         "))]

        assert 0 < len(lines) <= 8
        assert max(len(line) for line in lines) <= 100
        assert all(line.isascii() for line in ours)
        assert [line for line in ours if UNKIND.search(line)] == []
        hint = HINT.search(message)
        assert not hint or len(hint[1].split()) <= 25


@pytest.mark.parametrize("name", RED)
def test_what_is_not_written_yet_reads_like_a_to_do(name, sittings):
    """Code that isn't written yet is not called an error: the message names what is missing."""
    for message in (sittings[name].messages[test] for test in sittings[name].failed):
        assert not CRASH.search(message), message
        assert re.search(r"^ {2}got .*(yet|404 NOT FOUND|200 OK|no form|none)", message, re.M)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_every_check_has_its_mistake(step):
    """Each check is failed by at least one known mistake."""
    hit = {mistake.fails for mistake in MISTAKES.values() if mistake.home == step}

    assert hit == set(checkpoints(step))


def test_a_row_is_complete():
    """Each has a question and an answer, and no mistake is in the tables twice."""
    edits = [str((mistake.step, mistake.edits)) for mistake in MISTAKES.values()]

    assert len(MISTAKES) >= 60
    assert len(set(edits)) == len(edits)
    for name, mistake in MISTAKES.items():
        assert "?" in mistake.question, name
        assert mistake.fix.endswith("."), name
        assert mistake.says, name
    for row in QUESTIONS:
        assert "?" in row.question
        assert row.fix.endswith("."), row


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_no_mistake_passes(name, sittings):
    """Every checkpoint passes an app that keeps its promises in another way."""
    assert sittings[name].code == 0, sittings[name].output


@pytest.mark.parametrize("step", ["04_views", "05_logout"])
def test_two_registrations_at_once_make_one_user(step):
    """Of two people who register one name at the same moment, one is told that it is taken."""
    with opened(ROOT / "steps" / step) as copy, cheap_salts():
        app, here_both_wait = copy.load().value, threading.Barrier(2)

        def before_cursor_execute(_connection, _cursor, statement, *_):
            if statement.startswith("INSERT"):
                here_both_wait.wait(timeout=5)

        (engine,) = copy.databases.engines
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
    return browser.submit(form, username=ADA, password=PASSWORD)
