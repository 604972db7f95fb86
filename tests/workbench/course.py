"""The steps of the course, and how to find the one that was asked for."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STEPS = sorted(path for path in ROOT.glob("steps/0*") if path.is_dir())
FINAL = ROOT / "final"
TURN = "test_your_turn.py"  # the task of a step, beside its checkpoint


def steps_at(words, folder):
    """Return the steps that these words name, typed behind pytest in a folder."""
    named = [folder / word.partition("::")[0] for word in words if not word.startswith("-")]
    paths = [path.resolve() for path in named or [folder]]
    return [
        step
        for step in STEPS
        if any(path.is_relative_to(step) or step.is_relative_to(path) for path in paths)
    ]


def number_of(step):
    """Return the number of a step, as one types it."""
    return step.name.partition("_")[0].lstrip("0")


def turn_of(name):
    """Return the name of the task of a step, given the step's."""
    return f"{name}, your turn"


def part_of(check):
    """Return the name of the step that a test or its report belongs to, or of the step's task."""
    path = Path(check.nodeid.partition("::")[0])
    return turn_of(path.parent.name) if path.name == TURN else path.parent.name


def named(part):
    """Return a step, or its task, as a heading names it: "step 3, your turn"."""
    step, comma, turn = part.partition(",")
    return f"step {number_of(Path(step))}{comma}{turn}"


def title_of(step):
    """Return the title of a step's README: "Step 3: Hash the password"."""
    readme = step / "README.md"
    lines = readme.read_text("utf-8").splitlines() if readme.is_file() else []
    return next((line.removeprefix("# ") for line in lines if line.startswith("# ")), step.name)


def rung(step, done, of):
    """Return one step of the ladder: "3 ok", or "4 ####......" where it is not done."""
    return f"{number_of(step)} {'ok' if done == of else '#' * done + '.' * (of - done)}"


def ladder(passed, total, part=str):
    """Return all steps, or their tasks, in a line: 1 ok  2 ok  3 ok  4 ####......  5 ......"""
    parts = [(step, part(step.name)) for step in STEPS]
    return "  ".join(rung(step, passed[one], total[one]) for step, one in parts if total.get(one))
