r"""Squares and cubes of max(…, 0) on one plane are joined, so that what cancels is not taken for a lack of smoothness.

With :math:`s = \ell\cdot x - t`, all on one plane are :math:`|k|^p (\pm s)_+^p`, and
:math:`(-s)_+^p = (-1)^p(s^p - s_+^p)`: together a polynomial and one power of :math:`s_+`, which may be nothing.
"""

from __future__ import annotations

from flint import fmpq

from gdcheck.theorem.loss.polynomial import Expanded, Expander, HingeKey

_ROUGHEST = (2, 3)


def join_on_planes(total: Expanded, expander: Expander) -> None:
    """Joins truncated powers with p ≤ 3 that have the plane of their kink and p in common, in place.

    Args:
        total: The loss, expanded.
        expander: The expander of its variables.

    Raises:
        InputError: If a coefficient grows beyond what a loss may hold.
    """
    planes: dict[HingeKey, list[HingeKey]] = {}
    for key in total.truncated:
        direction, threshold, power = key
        if power in _ROUGHEST:
            scale = next(x for x in direction if x)
            plane = (tuple(x / scale for x in direction), threshold / scale, power)
            planes.setdefault(plane, []).append(key)
    for (direction, threshold, power), keys in planes.items():
        if len(keys) < 2:
            continue
        line = {expander.pack([int(i == j) for i in range(len(direction))]): x for j, x in enumerate(direction) if x}
        if threshold:
            line[0] = -threshold
        whole = expander.power(Expanded(line), power)
        for scale, coefficient in [(next(x for x in key[0] if x), total.truncated.pop(key)) for key in keys]:
            size = coefficient * abs(scale) ** power
            if scale < 0:
                expander.add_into(total, whole, size * (-1) ** power)
                size *= -((-1) ** power)
            expander.add_truncated(total, (direction, fmpq(threshold), power), size)
