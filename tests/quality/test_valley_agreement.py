"""A few of the problems of ``valley_agreement.py``; that script holds as many as one likes."""

import pytest

from tests.quality.valley_agreement import draw, examine


@pytest.mark.parametrize("index", range(8))
def test_valleys_agree_with_an_independent_simulation(index):
    word, said, _ = examine(draw(1, index), recheck=True)
    assert said is None, (word, said)
