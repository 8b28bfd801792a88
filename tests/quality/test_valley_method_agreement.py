"""A few of the problems of ``valley_method_agreement.py``; that script holds as many as one likes."""

import pytest

from tests.quality.valley_method_agreement import draw, examine


@pytest.mark.parametrize("index", range(10))
def test_momentum_in_valleys_agrees_with_an_independent_simulation(index):
    word, said, _ = examine(draw(1, index), recheck=True)
    assert said is None, (word, said)
