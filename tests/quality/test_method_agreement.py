"""A few of the problems of ``method_agreement.py``; that script holds as many as one likes."""

import random

import pytest

from tests.quality.method_agreement import differences, draw


@pytest.mark.parametrize("index", range(10))
def test_verdicts_agree_with_an_independent_simulation(index):
    word, wrong = differences(draw(random.Random(f"0:{index}")))
    assert not wrong, (word, wrong)
