r"""Activations and their derivatives in pairs of floats, within 2⁻⁷⁶ and, for GELU, 2⁻⁷⁰ per unit of max(1, |x|).

:math:`e^t` for :math:`t \le 0`: :math:`t = k\ln 2 + 32 r` with ln 2 in three floats, so :math:`|r| < 0.0109`.
Taylor's polynomial of :math:`e^r - 1` of degree 10 leaves less than :math:`r^{11}/11! < 2^{-96}`; five times :math:`y
\mapsto 2y + y^2` make :math:`e^{32r} - 1`. The terms from :math:`r^5/5!` on are below :math:`2^{-39}`, and float64
keeps them within :math:`2^{-89}`. Each of the fewer than 100 operations on pairs is off by at most :math:`2^{-100}` of
numbers below 1, and the five squarings enlarge what came before by at most 32·1.5: in all below :math:`48(100\cdot
2^{-100} + 2^{-89}) < 2^{-83}`. Arguments below −64 are moved to −64, which changes less than :math:`2^{-92}`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import factorial

import numpy as np
from flint import arb, ctx

from gdcheck.networks.proof.checker.wide import Array, raw_times, two_sum

Pair = tuple[Array, Array]


def _constant(make: Callable[[], arb]) -> tuple[float, float, float]:
    """Return a number as the sum of three floats, within 2⁻¹⁵⁰ of its size."""
    with ctx.workprec(300):
        rest, parts = make(), []
        for _ in range(3):
            parts.append(float(rest.mid()))
            rest = rest - arb(parts[-1])
    return parts[0], parts[1], parts[2]


def _add(a: Pair, b: Pair) -> Pair:
    s, e = two_sum(a[0], b[0])
    e = e + (a[1] + b[1])
    high = s + e
    return high, e - (high - s)


def _number(like: Array, parts: tuple[float, ...]) -> Pair:
    return np.full_like(like, parts[0]), np.full_like(like, parts[1] if len(parts) > 1 else 0.0)


def _minus(a: Pair) -> Pair:
    return -a[0], -a[1]


def _twice(a: Pair) -> Pair:
    return 2 * a[0], 2 * a[1]


def over(a: Pair, b: Pair) -> Pair:
    """Divide: a float quotient, corrected by what the exact remainder leaves, is off by less than 2⁻¹⁰⁰ of itself."""
    q = a[0] / b[0]
    rest = _add(a, _minus(raw_times((q, np.zeros_like(q)), b)))
    return two_sum(q, rest[0] / b[0])


_LN2 = _constant(lambda: arb(2).log())
_TAYLOR = [_constant(lambda j=j: arb(1) / factorial(j)) for j in range(11)]  # type: ignore[misc]


def decay(t: Pair) -> Pair:
    """Return e^t for t ≤ 0, within 2⁻⁸²."""
    low = t[0] < -64.0
    t = np.where(low, -64.0, t[0]), np.where(low, 0.0, t[1])
    k = np.rint(t[0] / _LN2[0])
    zero = np.zeros_like(k)
    r = t
    for part in _LN2:
        r = _add(r, _minus(raw_times((k, zero), _number(k, (part,)))))
    r = r[0] / 32, r[1] / 32
    tail = np.full_like(r[0], _TAYLOR[10][0])
    for j in range(9, 4, -1):
        tail = tail * r[0] + _TAYLOR[j][0]
    total: Pair = (tail, np.zeros_like(tail))
    for j in range(4, 0, -1):
        total = _add(raw_times(total, r), _number(r[0], _TAYLOR[j]))
    y = raw_times(total, r)
    for _ in range(5):
        y = _add(_twice(y), raw_times(y, y))
    one = _add(_number(y[0], (1.0,)), y)
    power = k.astype(np.int32)
    return np.ldexp(one[0], power), np.ldexp(one[1], power)


def _tanh(x: Pair) -> tuple[Pair, Pair]:
    sign = np.where(x[0] < 0, -1.0, 1.0)
    e = decay((-2 * sign * x[0], -2 * sign * x[1]))
    one = _number(e[0], (1.0,))
    t = over(_add(one, _minus(e)), _add(one, e))
    return (sign * t[0], sign * t[1]), _add(one, _minus(raw_times(t, t)))


def _logistic(x: Pair) -> tuple[Pair, Pair, Pair]:
    """Return e^(−|x|), 1/(1 + e^(−x)) and its derivative."""
    sign = np.where(x[0] < 0, -1.0, 1.0)
    e = decay((-sign * x[0], -sign * x[1]))
    one = _number(e[0], (1.0,))
    below = x[0] < 0
    top = np.where(below, e[0], 1.0), np.where(below, e[1], 0.0)
    value = over(top, _add(one, e))
    return e, value, raw_times(value, _add(one, _minus(value)))


def _sigmoid(x: Pair) -> tuple[Pair, Pair]:
    _, value, slope = _logistic(x)
    return value, slope


def _softplus(x: Pair) -> tuple[Pair, Pair]:
    """log(1 + E) by two steps of Newton's method for e^y = 1 + E, whose error is squared and halved by each."""
    e, slope, _ = _logistic(x)
    one = _number(e[0], (1.0,))
    y: Pair = (np.log1p(e[0]), np.zeros_like(e[0]))
    for _ in range(2):
        y = _add(y, _add(raw_times(_add(one, e), decay(_minus(y))), _minus(one)))
    positive = np.maximum(x[0], 0.0), np.where(x[0] > 0, x[1], 0.0)
    return _add(positive, y), slope


_DENSITY = _constant(lambda: 1 / (2 * arb.pi()).sqrt())
_GELU_TERMS = 190


def _gelu(x: Pair) -> tuple[Pair, Pair]:
    """xΦ(x), Φ(x) = ½ + φ(x)Σ x^(2n+1)/(2n+1)!! up to |x| = 10.5, where 1 − Φ is below 2⁻⁸²."""
    inside = np.abs(x[0]) < 10.5
    inner = np.where(inside, x[0], 0.0), np.where(inside, x[1], 0.0)
    square = raw_times(inner, inner)
    density = raw_times(_number(x[0], _DENSITY), decay((-square[0] / 2, -square[1] / 2)))
    # Horner's rule from the last term inwards: 1 + x²/3(1 + x²/5(1 + …)).
    total = one = _number(x[0], (1.0,))
    for n in range(_GELU_TERMS, 0, -1):
        total = _add(one, over(raw_times(total, square), _number(x[0], (2.0 * n + 1.0,))))
    area = raw_times(density, raw_times(total, inner))
    half = np.where(inside, 0.5, np.where(x[0] > 0, 1.0, 0.0))
    phi = _add((half, np.zeros_like(half)), area)
    return raw_times(x, phi), _add(phi, raw_times(inner, density))


@dataclass(frozen=True)
class Activation:
    """An activation as this checker knows it.

    Attributes:
        both: Returns φ and φ′.
        error: Their absolute error per unit of max(1, |x|).
        bounds: Bounds of |φ′|, |φ″| and |φ‴| on the real line.
    """

    both: Callable[[Pair], tuple[Pair, Pair]]
    error: float
    bounds: tuple[float, float, float]


KNOWN = {
    # tanh″ = −2 tanh(1 − tanh²) is largest at tanh² = 1/3: 4/(3√3). The logistic function's: 1/(6√3). Their third
    # derivatives are largest at 0: −2 and −1/8.
    "tanh": Activation(_tanh, 2.0**-76, (1.0, 0.7699, 2.0)),
    "sigmoid": Activation(_sigmoid, 2.0**-76, (0.25, 0.09624, 0.125)),
    "softplus": Activation(_softplus, 2.0**-76, (1.0, 0.25, 0.09624)),
    # φ′ = Φ + xφ is largest at √2; φ″ = (2 − x²)φ at 0. Terms of the series are positive and at most e^(x²/2) in all.
    # φ‴ = (x³ − 4x)φ at x² = (7 − √33)/2.
    "gelu": Activation(_gelu, 2.0**-70, (1.1290, 0.79789, 0.7788)),
}
