"""The prose reads like English that a teacher speaks, and not like a translation."""

import pytest
from voice import found

IN_TEN_THOUSAND = 5  # turns of phrase from voice.txt
TURN = "some" + "body"  # one of them, which this file itself must not hold


def test_the_prose_is_not_translated():
    """READMEs, notebooks, messages, docstrings and comments have hardly a turn of voice.txt."""
    places, words = found()

    assert words > 100_000
    assert len(places) * 10_000 <= IN_TEN_THOUSAND * words, "\n".join(places)


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("a.md", "Some text.\nAsk @.", 2),
        ("a.md", "```\nAsk @.\n```\n`@` is a word.", None),
        ("a.html", "<p title='@'>\n{{ @ }}\nAsk @.</p>", 3),
        ("a.toml", 'question = "Why can @ log in?"', 1),
        ("a.ipynb", '{"cells": [{"cell_type": "markdown", "source": ["Ask @."]}]}', 1),
        ("a.ipynb", '{"cells": [{"cell_type": "code", "source": ["@ = 1"]}]}', None),
        ("a.py", "@ = 1  # for @\n", 1),
        ("a.py", 'def f(x):\n    """Ask.\n\n    Ask @."""\n    return x\n', 4),
        ("a.py", "print(@)\n", None),
    ],
)
def test_a_turn_is_named_with_its_place(name, text, line, tmp_path):
    """What people read counts, code does not; the report says what to write instead."""
    (tmp_path / name).write_text(text.replace("@", TURN), "utf-8")
    places, _ = found(tmp_path)

    assert [place[: place.index(", no one")] for place in places] == (
        [f'{name}:{line}: "{TURN}", better: someone'] if line else []
    )
