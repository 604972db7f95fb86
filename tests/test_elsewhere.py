"""A mistake is noticed in other people's code as it is in ours: by one check, correctly."""

import pytest
from elsewhere import PAIRS, STYLES, WAYS, files_of, sit_pairs, some

EACH = 1  # style for each mistake; `python tests/elsewhere.py` makes it in all of them
NAMES = some(EACH)
MARKED = [
    pytest.param(
        name,
        marks=[pytest.mark.xfail(strict=True, reason=PAIRS[name].open)] if PAIRS[name].open else [],
    )
    for name in NAMES
]


@pytest.fixture(scope="module")
def sittings():
    """The results of the checkpoints, by the name of the pair."""
    return sit_pairs(NAMES)


def test_there_are_many_pairs():
    """Each mistake of elsewhere.toml is made in some style, and in each style many are."""
    made = [pair.mistake.name for pair in PAIRS.values()]
    styles = [PAIRS[name].style for name in NAMES]

    assert len(NAMES) >= 150
    assert set(made) == set(WAYS)
    assert min(styles.count(style) for style in STYLES) >= 10


def test_a_planted_app_differs():
    """A mistake changes what was written, and nothing else is in its place."""
    for name, pair in PAIRS.items():
        before = files_of(pair.style)

        assert pair.mistake.edits, name
        for file, old, new in pair.mistake.edits:
            assert before[file] == old != new, name


@pytest.mark.parametrize("name", MARKED)
def test_a_mistake_is_noticed_elsewhere(name, sittings):
    """It is one FAILED, of the right check, and the message says what was seen.

    A pair that is not as promised yet says so in elsewhere.toml, in `open`; once it is, that
    line has to go.
    """
    sitting = sittings[name]

    assert PAIRS[name].broken(sitting) == [], "\n".join(map(sitting.messages.get, sitting.failed))
