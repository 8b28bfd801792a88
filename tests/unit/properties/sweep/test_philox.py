"""Philox's words are NumPy's."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.properties.sweep.philox import halves, philox_words

WORDS = st.integers(0, 2**64 - 1)


@given(st.tuples(WORDS, WORDS), st.integers(0, 2**60), st.integers(1, 5))
def test_words_are_those_of_numpy(key, first, blocks):
    bits = np.random.Philox(key=np.array(key, np.uint64))
    bits.advance(first)
    words = philox_words(np, key, first, blocks)
    assert np.array_equal(words.ravel().view(np.uint64), bits.random_raw(4 * blocks))
    low, high = halves(words)
    assert ((low >= 0) & (low < 2**32) & (high >= 0) & (high < 2**32)).all()
    assert np.array_equal(low.view(np.uint64) + (high.view(np.uint64) << np.uint64(32)), words.view(np.uint64))
