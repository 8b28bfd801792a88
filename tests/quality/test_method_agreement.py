"""A few of the problems of ``method_agreement.py``; that script holds as many as one likes."""

import random

import pytest

from tests.quality.method_agreement import differences, draw


# The last one starts in the subspace that the dominant eigenvector is orthogonal to.
@pytest.mark.parametrize("index", [*range(10), 4560])
def test_verdicts_agree_with_an_independent_simulation(index):
    word, wrong = differences(draw(random.Random(f"0:{index}")))
    assert not wrong, (word, wrong)
