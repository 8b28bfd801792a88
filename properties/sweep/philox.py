"""Philox4x64-10 in any array namespace: the same words as NumPy's, also on devices where NumPy does not run.

J. Salmon et al., *Parallel random numbers: as easy as 1, 2, 3*, SC 2011. Unsigned words are held as int64 with the same
bits: sums and products wrap around, and shifts are masked.
"""

from __future__ import annotations

from typing import Any

_ROUNDS = 10
_MULTIPLIERS = (0xD2E7470EE14C6C93, 0xCA5A826395121157)
_BUMPS = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)
_HALF = 0xFFFFFFFF


def philox_words(xp: Any, key: tuple[int, int], first: int, blocks: int, device: Any = None) -> Any:
    """Return the words that ``numpy.random.Philox(key=key)``, advanced by ``first``, yields next.

    Args:
        xp: The array namespace: ``numpy`` or ``torch``.
        key: Two words, from 0 to 2⁶⁴ − 1.
        first: Where the counter stands, below 2⁶².
        blocks: How many steps of the counter.
        device: Where the array is to be, where the namespace has devices.

    Returns:
        int64 with the words' bits, shape (blocks, 4).
    """
    counter = xp.arange(first + 1, first + 1 + blocks, dtype=xp.int64, device=device)
    x = [counter, 0 * counter, 0 * counter, 0 * counter]
    keys = key
    for _ in range(_ROUNDS):
        (high, low), (high2, low2) = _product(x[0], _MULTIPLIERS[0]), _product(x[2], _MULTIPLIERS[1])
        x = [high2 ^ x[1] ^ _signed(keys[0]), low2, high ^ x[3] ^ _signed(keys[1]), low]
        keys = keys[0] + _BUMPS[0], keys[1] + _BUMPS[1]
    return xp.stack(x, 1)


def halves(words: Any) -> tuple[Any, Any]:
    """Return the lower and the upper 32 bits of words, as whole numbers ≥ 0."""
    return words & _HALF, (words >> 32) & _HALF


def _signed(word: int) -> int:
    word &= 2**64 - 1
    return word - 2**64 if word >= 2**63 else word


def _product(a: Any, factor: int) -> tuple[Any, Any]:
    """Return both words of a product, by its four parts of 32 bits each."""
    (low, high), lower, upper = halves(a), factor & _HALF, factor >> 32
    first = high * lower + halves(low * lower)[1]
    second = low * upper + halves(first)[0]
    return high * upper + halves(first)[1] + halves(second)[1], a * _signed(factor)
