"""A check that has to fail: where it passes, something has changed what judges."""


def test_a_wrong_answer_is_refused():
    """a wrong answer is refused"""
    assert [] == ["an answer"]
