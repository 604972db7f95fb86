"""The tasks of the steps can be solved, in more than one way, and wrong answers are noticed."""

import re

import pytest
from examiner import STEPS, sit_all
from mistakes import make, table
from workbench.course import turn_of
from workbench.progress import NAMES, Progress, body

CRASH = re.compile(r"^  got    .*(Error|Exception): ", re.M)
ROWS = table("your_turn.toml")
RIGHT = {name: row for name, row in ROWS.items() if "fails" not in row}
WRONG = {name: row for name, row in ROWS.items() if "fails" in row}
LATER = {  # each right answer in each later snapshot
    f"{name}-in-{snapshot.name[:2]}": (row, snapshot)
    for name, row in RIGHT.items()
    for snapshot in STEPS[row["step"] :]
}


def home(row):
    """Return the step whose task a row answers."""
    return STEPS[row["step"] - 1]


@pytest.fixture(scope="module")
def sittings(tmp_path_factory):
    """What came of checking each answer, alone and in later snapshots, and each snapshot."""
    papers = {name: ([home(row)], row["edits"], home(row)) for name, row in ROWS.items()}
    papers |= {step.name: ([step], [], step) for step in STEPS}
    for name, (row, snapshot) in LATER.items():
        papers[name] = (STEPS[: STEPS.index(snapshot) + 1], row["edits"], snapshot)
    for steps, _, _ in papers.values():
        steps[0:0] = ["--your-turn"] if len(steps) == 1 else []
    asked = []
    for steps, edits, snapshot in papers.values():
        my_app = make(edits, snapshot, tmp_path_factory.mktemp("learner"))
        asked.append((steps, my_app.name, my_app.parent))
    return dict(zip(papers, sit_all(asked), strict=True))


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_no_answer_is_given_away(step, sittings):
    """A snapshot passes its checkpoint and fails its task; the task is told as a to-do."""
    sitting = sittings[step.name]

    assert sitting.failed
    assert f"steps/{step.name}/README.md#your-turn" in sitting.message
    assert not CRASH.search(sitting.message)


@pytest.mark.parametrize("name", [*RIGHT, *LATER])
def test_a_right_answer_passes(name, sittings):
    """It passes the task and the checkpoint, and breaks none of a later snapshot."""
    assert sittings[name].code == 0, sittings[name].output


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_a_task_has_several_answers(step):
    """Each task has three right answers, and three wrong ones of its own."""
    assert sum(home(row) == step for row in RIGHT.values()) >= 3
    assert sum(home(row) == step for row in WRONG.values()) >= 3


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_answer_is_noticed(name, sittings):
    """It passes the checkpoint and fails the task, with a message that says what was seen."""
    sitting, row = sittings[name], WRONG[name]

    assert sitting.failed[:1] == [row["fails"]], sitting.output
    assert [words for words in row["says"] if words not in sitting.message] == []


def test_a_task_waits_for_its_step(tmp_path):
    """Where the checkpoint fails, the task is not told of: first things first."""
    my_app = make([["app.py", '@app.get("/")\n', ""]], STEPS[0], tmp_path)
    [sitting] = sit_all([(["--your-turn", STEPS[0]], my_app.name, tmp_path)])

    assert sitting.failed == ["test_the_first_page_answers"], sitting.output
    assert "first make step 1 pass" in sitting.messages["test_a_name_is_shown_as_text"]


def test_the_task_has_a_tally_of_its_own(sittings):
    """The summary tells how far the task is beside its step, or beside the ladder."""
    alone = sittings["hello-with-escape"]
    assert "01_setup    #######  7/7\nyour turn   ##  2/2\n" in alone.output


def test_watch_tells_of_a_task_once_its_step_is_done():
    """A task that is not done comes before no step, and has its message beside its own step."""
    first, turn = NAMES[0], turn_of(NAMES[0])
    progress = Progress(total=dict.fromkeys([*NAMES, turn], 1), ended=True)
    for name in NAMES:
        progress.hear({"step": name, "name": "check", "outcome": "passed"})
    progress.hear({"step": turn, "name": "task", "outcome": "failed", "text": "it greets\n  got"})

    assert progress.score() == "5 of 5"
    assert progress.tasks() == "1 ."
    assert [line for _, line in body(progress)][-1].startswith("your turn  1 .")
    assert ("title", "step 1, your turn: it greets") in body(progress, first)
    progress.hear({"step": turn, "name": "task", "outcome": "passed"})
    assert ("good", "Its task is done, too.") in body(progress, first)
