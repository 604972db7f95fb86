"""The ladder: snapshot N passes the checkpoints 1 to N and fails every later one."""

import ast
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from examiner import ROOT, STEPS, sit
from readmes import checkpoints, readme, step_before

FINAL = ROOT / "final"
SNAPSHOTS = [*STEPS, FINAL] if (FINAL / "app.py").exists() else STEPS
LATER = [(one, step) for one in STEPS for step in STEPS if step.name > one.name]
TALLY = re.compile(r"^(\d\d_\w+) +(#*)(\.*)  (\d+)/(\d+)$", re.M)
FIXTURES = sorted((ROOT / "tests/workbench").glob("*.py"))


def by_name(value):
    """Name a case of a test after its folders."""
    return "-".join(path.name for path in value) if isinstance(value, tuple) else value.name


def climbed(snapshot):
    """Return the steps whose checkpoints a snapshot has to pass."""
    return [step for step in STEPS if step.name <= snapshot.name]


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """The folder of a learner who starts with step 1."""
    return tmp_path_factory.mktemp("empty")


@pytest.fixture(scope="module")
def sittings(empty):
    """The results of each snapshot: {(snapshot, step or None for its own and earlier): future}."""
    with ThreadPoolExecutor(2) as pool:
        own = {(one, None): pool.submit(sit, climbed(one), one) for one in SNAPSHOTS}
        later = {(one, step): pool.submit(sit, step, one) for one, step in LATER}
        yield own | later | {(None, STEPS[0]): pool.submit(sit, STEPS[0], empty)}


@pytest.mark.parametrize("snapshot", SNAPSHOTS, ids=by_name)
def test_a_snapshot_passes_its_own_checkpoint_and_the_earlier_ones(snapshot, sittings):
    """Nothing fails and nothing is skipped up to a snapshot's own step."""
    sitting = sittings[snapshot, None].result()

    assert sitting.code == 0, sitting.output
    assert sitting.of("passed") == [
        name for step in climbed(snapshot) for name in checkpoints(step)
    ]
    assert sitting.of("passed") == list(sitting.outcomes)


@pytest.mark.parametrize(("snapshot", "step"), LATER, ids=by_name)
def test_a_snapshot_fails_every_later_checkpoint(snapshot, step, sittings):
    """A checkpoint fails, without errors, on an app that lacks its lesson."""
    sitting = sittings[snapshot, step].result()

    assert sitting.code == 1, sitting.output
    assert sitting.of("failed")
    assert not sitting.of("error")
    assert list(sitting.outcomes) == list(checkpoints(step))


@pytest.mark.parametrize("step", STEPS, ids=by_name)
def test_red_comes_in_the_order_of_writing(step, sittings):
    """On the step before, the README's headings to read come in the README's order."""
    sitting = sittings[step_before(step), step].result()
    headings = re.findall(r"^#+ (.+)$", readme(step), re.M)
    anchors = [re.sub(r"[^\w -]", "", text).lower().replace(" ", "-") for text in headings]
    reads = [sitting.messages[name].rpartition("#")[2] for name in sitting.failed]
    places = [anchors.index(read) for read in reads]

    assert places == sorted(places), reads


@pytest.mark.parametrize("step", STEPS, ids=by_name)
def test_red_says_what_a_person_cannot_do_yet(step, sittings):
    """The first line of each message is a check's docstring or a precondition's sentence."""
    sitting = sittings[step_before(step), step].result()
    sources = [*FIXTURES, step / "test_checkpoint.py"]
    sentences = [re.escape(text) for text in checkpoints(step).values()]
    sentences += [sentence for source in sources for sentence in preconditions(source)]

    for name in sitting.failed:
        first = sitting.messages[name].splitlines()[0]
        assert any(re.fullmatch(sentence, first) for sentence in sentences), first
        assert len(first.split()) <= 15


def preconditions(source):
    """Return a pattern for each sentence that a file of fixtures requires."""
    tree = ast.parse(source.read_text("utf-8"))
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant | ast.JoinedStr)]
    for text in texts:
        parts = text.values if isinstance(text, ast.JoinedStr) else [text]
        yield "".join(
            re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+" for part in parts
        )


@pytest.mark.parametrize("pair", LATER, ids=by_name)
def test_the_tally_counts_what_passed(pair, sittings):
    """The summary of a step ends with a line of # and . and numbers."""
    sitting, (_, step) = sittings[pair].result(), pair
    ((name, hashes, dots, done, total),) = TALLY.findall(sitting.output)

    assert name == step.name
    assert int(done) == len(sitting.of("passed"))
    assert int(total) == len(checkpoints(step))
    assert (len(hashes), len(hashes + dots)) == (int(done), int(total))


@pytest.mark.parametrize("snapshot", STEPS[1:], ids=by_name)
def test_the_ladder_counts_what_passed(snapshot, sittings):
    """The summary of several steps has one ladder and one total."""
    lines = sittings[snapshot, None].result().output.splitlines()
    steps = climbed(snapshot)
    total = sum(len(checkpoints(step)) for step in steps)

    assert "  ".join(f"{number} ok" for number in range(1, len(steps) + 1)) in lines
    assert any(line.endswith(f": {total} of {total}") for line in lines)


@pytest.mark.parametrize("snapshot", SNAPSHOTS, ids=by_name)
def test_who_has_passed_is_told_what_comes_next(snapshot, sittings):
    """At full marks, and only then, the summary names the next chapter."""
    chapters = [
        one / "README.md" for one in SNAPSHOTS[SNAPSHOTS.index(climbed(snapshot)[-1]) + 1 :]
    ]
    following = (
        f"Next: {chapters[0].relative_to(ROOT).as_posix()}" if chapters else "All steps are done."
    )
    lines = sittings[snapshot, None].result().output.splitlines()
    red = [sittings[pair].result().output for pair in LATER if pair[0] == snapshot]

    assert following in lines
    assert "For a hint, add --hints." not in lines
    assert all("Next:" not in output for output in red)


# No run with an unmet precondition ends with exit code 0


def test_one_dependent_check_alone_fails():
    """A check that is run alone names the precondition that it waits for."""
    sitting = sit(STEPS[3], STEPS[2], "-k", "test_nobody_learns_which_names_exist")

    assert (sitting.code, len(sitting.outcomes)) == (1, 1)
    assert sitting.message.startswith("GET /register shows a page to a stranger\n")


def test_the_last_failures_fail_again(tmp_path):
    """With --lf, the checks that failed are run again, and fail."""
    cached = ("-p", "cacheprovider", "-o", f"cache_dir={tmp_path / 'cache'}")
    first = sit(STEPS[3], STEPS[2], *cached)
    again = sit(STEPS[3], STEPS[2], *cached, "--lf")

    assert (first.code, again.code) == (1, 1)
    assert again.failed == first.failed == list(again.outcomes)


@pytest.mark.parametrize("order", ["54321", "35142"])
def test_the_order_of_files_does_not_matter(order, empty):
    """In whatever order the steps run, the first check names the unmet precondition."""
    sitting = sit([STEPS[int(number) - 1] for number in order], empty)
    first, *others = sitting.messages.values()

    assert sitting.code == 1
    assert sitting.failed == list(sitting.outcomes)[:1]
    assert first.startswith("app.py loads\n")
    assert len(others) == sum(len(checkpoints(step)) for step in STEPS) - 1
    assert all("can't check yet: first make 'app.py loads' pass" in other for other in others)
