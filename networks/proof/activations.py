r"""Smooth activations in float64 by additions, multiplications and divisions alone, with proved absolute errors.

No function of a library is trusted to some number of units in the last place. All start from :math:`E = e^t` for
:math:`t \le 0`. With k the integer next to :math:`t/\ln 2` and :math:`\ln 2 = c_1 + c_2`, where :math:`kc_1` is exact,
:math:`r = (t - kc_1) - kc_2` has an absolute error of at most 2u, :math:`|r| \le 0.3467`, and :math:`e^r` is Taylor's
polynomial of degree 13 by Horner's rule, whose rounding ``_horner_error`` bounds and whose remainder is below
:math:`0.3467^{14}/14!\cdot 1.5 < 10^{-17} < u/10`. Arguments below −40 are moved to −40, which changes E by at most
:math:`e^{-40} < u/20`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import factorial

import numpy as np

from gdcheck.networks.proof.rounding import UNIT, Floats

_LN2_HIGH = float(np.float64.fromhex("0x1.62e42fee00000p-1"))
_LN2_LOW = float(np.float64.fromhex("0x1.a39ef35793c76p-33"))
_INVERSE_LN2 = 1.4426950408889634
_EXP_TERMS = [1 / factorial(j) for j in range(14)]


def _horner_error(coefficients: list[float], largest: Fraction) -> Fraction:
    """Bound Horner's rule in float64, each coefficient being within u of its exact value, relatively.

    With s the partial result and e its error, :math:`s' = c + rs` has the error :math:`|r|e + u|r||s|(1 + u) + u|c| +
    u|s'|(1+u)`; one part in a thousand stands for all products of two errors.
    """
    u = Fraction(1, 2**53)
    size, error = Fraction(0), Fraction(0)
    for c in reversed(coefficients):
        grown = largest * size + abs(Fraction(c))
        error = largest * error + u * (largest * size + abs(Fraction(c)) + grown)
        size = grown
    return error * Fraction(1001, 1000)


# 1.42 > e^0.3467 carries the error 2u of r; the last term holds the remainder and the arguments below −40.
EXP_ERROR = float(_horner_error(_EXP_TERMS, Fraction(3467, 10000)) / Fraction(1, 2**53) + Fraction(3)) * UNIT
"""The absolute error of E, which is at most 1."""


def decay(t: Floats) -> Floats:
    """Return e^t for t ≤ 0 within ``EXP_ERROR``."""
    t = np.maximum(t, -40.0)
    k = np.rint(t * _INVERSE_LN2)
    r = (t - k * _LN2_HIGH) - k * _LN2_LOW
    total = np.full_like(r, _EXP_TERMS[-1])
    for c in reversed(_EXP_TERMS[:-1]):
        total *= r
        total += c
    return np.ldexp(total, k.astype(np.int32))


@dataclass(frozen=True)
class Activation:
    """An activation φ with its derivative.

    Attributes:
        name: Its name, as torch calls it.
        value: Returns φ(x) and φ′(x) in float64, shape of x.
        error: Bounds the absolute errors of the two per unit of max(1, |x|).
        slope: A bound of |φ′| on the real line.
        curvature: A bound of |φ″|.
        bend: Returns φ″(x) from x, φ(x) and φ′(x) as ``value`` returns them.
        bend_error: Bounds its absolute error per unit of max(1, |x|).
        third: A bound of |φ‴|.
    """

    name: str
    value: Callable[[Floats], tuple[Floats, Floats]]
    error: tuple[float, float]
    slope: float
    curvature: float
    bend: Callable[[Floats, Floats, Floats], Floats]
    bend_error: float
    third: float


def _tanh(x: Floats) -> tuple[Floats, Floats]:
    """tanh|x| = (1 − E)/(1 + E) with E = e^(−2|x|): its derivative in E is at most 2, and four roundings add 4u."""
    e = decay(-2.0 * np.abs(x))
    value = np.copysign((1.0 - e) / (1.0 + e), x)
    return value, 1.0 - value * value


def _sigmoid(x: Floats) -> tuple[Floats, Floats]:
    """1/(1 + E) or E/(1 + E) with E = e^(−|x|), whose derivatives in E are at most 1; φ′ = φ(1 − φ)."""
    e = decay(-np.abs(x))
    value = np.where(x < 0, e, 1.0) / (1.0 + e)
    return value, value * (1.0 - value)


_LOG_TERMS = [2.0 / (2 * j + 1) for j in range(17)]


def _softplus(x: Floats) -> tuple[Floats, Floats]:
    r"""max(x, 0) + log(1 + E), the logarithm being 2 artanh(s), s = E/(2 + E) ≤ 1/3.

    Its series is cut after :math:`s^{33}`, which leaves less than :math:`3^{-35}/15`. The derivative of log(1 + E) in E
    is at most 1.
    """
    e = decay(-np.abs(x))
    s = e / (2.0 + e)
    square = s * s
    total = np.full_like(s, _LOG_TERMS[-1])
    for c in reversed(_LOG_TERMS[:-1]):
        total *= square
        total += c
    return np.maximum(x, 0.0) + total * s, np.where(x < 0, e, 1.0) / (1.0 + e)


_ERF_TERMS = 150
_DENSITY = 0.3989422804014327


def _gelu(x: Floats) -> tuple[Floats, Floats]:
    r"""xΦ(x), Φ(x) = ½ + φ(x)Σ x^{2n+1}/(2n+1)!! for |x| ≤ 8.9 and 0 or 1 beyond, φ the normal density.

    All terms have one sign. Each is made from the one before by three roundings and added by one, so the sum has a
    relative error of at most 750u, and φ one of at most 50u: x²/2 < 40 is rounded once before and once after halving,
    and E is relatively exact to 5u. The terms beyond the 150th are below u/100, and 1 − Φ(8.9) < 10⁻¹⁸. So Φ is within
    401u.
    """
    inside = np.abs(x) < 8.9
    inner = np.where(inside, x, 0.0)
    square = inner * inner
    density = _DENSITY * decay(-0.5 * square)
    term = inner.copy()
    total = inner.copy()
    for n in range(1, _ERF_TERMS):
        term *= square / (2.0 * n + 1.0)
        total += term
    cumulative = np.where(inside, 0.5 + density * total, np.where(x > 0, 1.0, 0.0))
    return x * cumulative, cumulative + inner * density


def _gelu_bend(x: Floats, value: Floats, slope: Floats) -> Floats:
    """(2 − x²)φ(x), φ the normal density, which is below 10⁻³⁰ beyond |x| = 12."""
    del value, slope
    inner = np.clip(x, -12.0, 12.0)
    return (2.0 - inner * inner) * (_DENSITY * decay(-0.5 * (inner * inner)))


_FOUR = 2 * EXP_ERROR + 4 * UNIT
_SLOPE = 2 * _FOUR + 3 * UNIT
# φ″ = −2φφ′ of tanh: 2(|φ|·error of φ′ + |φ′|·error of φ) and two roundings; |φ|, |φ′| ≤ 1. φ″ = φ′(1 − 2φ) of the
# logistic function: |1 − 2φ| ≤ 1, and φ′ ≤ 1/4 meets twice the error of φ. Softplus has the logistic function as φ′.
_BEND = 2 * (_FOUR + _SLOPE) + 8 * UNIT
# tanh‴ = −2(1 − t²)(1 − 3t²) is largest at t = 0, the logistic function's third derivative −1/8 at 0, GELU's
# (x³ − 4x)φ(x) at x² = (7 − √33)/2.
TANH = Activation("tanh", _tanh, (_FOUR, _SLOPE), 1.0, 0.7699, lambda x, v, s: -2.0 * (v * s), _BEND, 2.0)
SIGMOID = Activation(
    "sigmoid", _sigmoid, (_FOUR, _SLOPE), 0.25, 0.0963, lambda x, v, s: s * (1.0 - 2.0 * v), _BEND, 0.125
)
# log(1 + E) ≤ 0.7: its rounding, the coefficients' and the last sum's are below 8u per unit of max(1, |x|).
SOFTPLUS = Activation(
    "softplus", _softplus, (EXP_ERROR + 8 * UNIT, _FOUR), 1.0, 0.25, lambda x, v, s: s * (1.0 - s), _BEND, 0.0963
)
# xΦ(x) and φ′ = Φ + xφ, of which |x|φ(x) < 0.25 is known within 60u. In φ″ the density is exact to 5u + x²u of itself,
# for Horner's error is scaled by 2ᵏ, and |x² − 2|(5 + x²)φ(x) < 5; arguments below −40 are moved by less than e⁻⁴⁰,
# which 142 makes at most 3u.
GELU = Activation("gelu", _gelu, (410 * UNIT, 470 * UNIT), 1.1290, 0.7979, _gelu_bend, 20 * UNIT, 0.7788)

ACTIVATIONS = {a.name: a for a in (TANH, SIGMOID, SOFTPLUS, GELU)}
"""All that have a proof, by name."""
