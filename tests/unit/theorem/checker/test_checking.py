"""What is common to the checks: a claim that more bits can decide is not rejected before they were tried."""

import pytest

from gdcheck.theorem.checker.outcome import ClaimError, claim
from gdcheck.theorem.checker.reading.checking import with_enough_bits


def test_the_first_precision_that_decides_is_enough():
    tried = []

    def verify(bits):
        tried.append(bits)
        claim(bits >= 128, f"undecided with {bits} bits")
        return 2 * bits

    assert with_enough_bits((64, 128, 256), verify) == 256
    assert tried == [64, 128]


def test_what_no_precision_decides_is_rejected_with_the_last_failure():
    with pytest.raises(ClaimError, match="undecided with 256 bits"):
        with_enough_bits((64, 128, 256), lambda bits: claim(False, f"undecided with {bits} bits"))
