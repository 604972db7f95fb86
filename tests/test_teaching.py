"""What TEACHING.md tells teachers is so: numbers, plans, and the words of the table of grades."""

import re

import pytest
import teaching
from examiner import ROOT, STEPS
from grading import judging
from mistakes import table
from teaching import TEACHING, lessons

TEXT = TEACHING.read_text("utf-8")
PLANS = dict(re.findall(r"^### ([^\n]+ minutes)\n(.*?)(?=^##)", TEXT, re.M | re.S))
ROW = re.compile(r"^\| (\w+) \| (\d+) \| (.+) \|$", re.M)
PART = {"Two evenings, 180 minutes": 90, "Five weeks, 450 minutes": 90, "One day, 360 minutes": 200}


def test_the_tables_are_those_of_today():
    """How long the lessons are, how many checks and mistakes there are, is counted."""
    assert teaching.page() == TEXT, "generate it again: python tests/readmes.py"


def test_it_is_short():
    """A teacher reads it this evening: at most 250 lines."""
    assert len(TEXT.splitlines()) <= 250


@pytest.mark.parametrize("plan", PART)
def test_a_plan_adds_up(plan):
    """Every step is in it, or at home; it takes as long as its lesson says; the sum is right."""
    rows = [(part, int(minutes), what) for part, minutes, what in ROW.findall(PLANS[plan])]
    steps = {what: minutes for _, minutes, what in rows if what.startswith("Step")}
    at_home = set(re.findall(r"[Ss]tep \d(?= at home| is done at home)", PLANS[plan]))
    at_home = {name.capitalize() for name in at_home}
    parts = {part for part, _, _ in rows}

    assert steps == {name: lessons()[name][1] for name in steps}
    assert {*steps} | at_home == {*lessons()}
    assert not {*steps} & at_home
    assert sum(minutes for _, minutes, _ in rows) == int(re.search(r"\d+", plan)[0])
    for part in parts:
        assert sum(minutes for name, minutes, _ in rows if name == part) <= PART[plan]


def test_each_step_has_a_goal_a_drawing_and_a_question():
    """Nothing is said of four steps out of five."""
    titles = [title for title, _, _ in lessons().values()]
    quiz = re.search(r"^## A quiz.*?(?=^## )", TEXT, re.M | re.S)[0]
    questions, answers = quiz.split("<summary>Answers</summary>")

    for number, title in enumerate(titles, 1):
        assert f"\n{number}. **{title}**: " in TEXT
        assert f"\n- **Step {number}**: " in TEXT
    for part in (questions, answers):
        assert re.findall(r"^(\d)\. ", part, re.M) == list("12345")
    assert len(STEPS) == len(titles)


def test_every_reason_for_no_points_is_told():
    """The page lists the status of each row without points, as the table of grades has it."""
    listed = re.search(r"Its `status` says why: (.*?)Talk to", TEXT, re.S)[1]
    told = {re.sub(r"\s+", " ", words) for words in re.findall(r"\*([^*]+)\*", listed)}
    known = {row["status"] for row in table("submissions.toml").values() if "status" in row}
    source = (ROOT / "tests/grading/judging.py").read_text("utf-8")

    known |= set(re.findall(r'verdict\.status, verdict\.note = "([^"]+)"', source))
    assert told == known | {judging.NO_REPORT} | {status for status, _ in judging.REASONS}
