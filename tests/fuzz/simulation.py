"""Plain gradient descent in many digits, and what it shows of a direction; nothing here is the engine's.

The loss is read from its text (``reading``), eigenvectors are mpmath's, iterates are MPFR's numbers. An amplitude is
taken for settled where the remainder, as it was *measured* along the way, is far too small to change it any more. That
is an observation and no proof: where it disagrees with the engine, it is made again with more digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import gmpy2
from gmpy2 import mpfr
from mpmath import mp

from tests.fuzz.reading import LocalLoss, read_loss

DIGITS = 60
MOST_STEPS = 3000
_SETTLED = 1e-9
_GONE = 1e40
_RECENT = 8


@dataclass(frozen=True)
class Simulated:
    """What one trajectory shows.

    Attributes:
        seen: ``settled`` (a limit), ``minimizer`` (it is there exactly), ``diverged``, ``elsewhere`` (another point),
            or ``open``.
        fails: Names of the theorem's assumptions that fail, those on preimages left out.
        regime: The regime; None where the minimum is not strict.
        kind: ``fixed``, ``alternating`` or ``two-cycle``, if a limit has settled.
        vectors: The limit, shape (1, n), or (2, n) for even and odd steps.
        level: Which multipliers lead the limit, counted from the largest modulus; above 0 the trajectory has no
            component along the dominant one, as far as the digits tell.
        steps: Steps made.
        point: Where it seems to end, in floats, if ``elsewhere``.
    """

    seen: str
    fails: frozenset[str]
    regime: str | None
    kind: str | None = None
    vectors: tuple[tuple[float, ...], ...] = ()
    level: int = 0
    steps: int = 0
    point: tuple[float, ...] = ()


@dataclass(frozen=True)
class _Level:
    """Eigenspaces whose multipliers have one modulus: unit vectors with the signs of their multipliers."""

    modulus: Any
    vectors: list[tuple[int, list[Any]]]


def simulate(problem: dict[str, Any], digits: int = DIGITS, most_steps: int = MOST_STEPS) -> Simulated:
    """Run gradient descent on a problem as a certificate states it.

    Args:
        problem: ``loss``, ``variables``, ``minimizer``, ``step_size`` and ``start``.
        digits: Decimal digits.
        most_steps: Steps after which to give up.
    """
    centre = [Fraction(x) for x in problem["minimizer"]]
    eta = Fraction(problem["step_size"])
    start = [Fraction(x) - m for x, m in zip(problem["start"], centre, strict=True)]
    loss = read_loss(problem["loss"], problem["variables"], centre)
    with (
        mp.workdps(digits),
        gmpy2.context(gmpy2.get_context(), precision=int(digits * 3.33), emax=2**40, emin=-(2**40)),
    ):
        return _simulate(loss, eta, start, digits, most_steps)


def _simulate(loss: LocalLoss, eta: Fraction, start: list[Fraction], digits: int, most_steps: int) -> Simulated:
    rough = {"smoothness"} if any(k.power <= 3 for k in loss.kinks) else set()
    hessian = _hessian(loss)
    if hessian is None:
        return Simulated("open", frozenset(rough), None)
    values, vectors = mp.eigsy(mp.matrix([[_mp(x) for x in row] for row in hessian]))
    values, same = list(values), mp.mpf(10) ** (-digits * 2 // 3)
    if values[0] <= same * values[-1]:
        return Simulated("open", frozenset(rough | {"strict-minimum"}), None)
    regime, fails = _regime(values, _mp(eta), same)
    levels = _levels(values, vectors, _mp(eta), same)
    seen = _descend(loss, eta, start, levels, digits, most_steps)
    return Simulated(**(seen | {"fails": frozenset(rough | fails), "regime": regime}))


def _hessian(loss: LocalLoss) -> list[list[Fraction]] | None:
    n = loss.dimension
    a = [[Fraction(0)] * n for _ in range(n)]
    for alpha, c in loss.terms.items():
        if sum(alpha) == 2:
            i, j = [i for i, e in enumerate(alpha) for _ in range(e)]
            a[i][j] += c
            a[j][i] += c
    for k in loss.kinks:
        if k.power == 2 and k.offset == 0:
            return None
        if k.offset > 0:
            bend = k.factor * k.power * (k.power - 1) * k.offset ** (k.power - 2)
            for i, x in enumerate(k.slope):
                for j, y in enumerate(k.slope):
                    a[i][j] += bend * x * y
    return a


def _regime(values: Sequence[Any], eta: Any, same: Any) -> tuple[str, set[str]]:
    low, high = values[0], values[-1]
    fails = set()
    near = [abs(x - low) <= same * high for x in values], [abs(x - high) <= same * high for x in values]
    for name, count in (("simple-lowest", sum(near[0])), ("simple-highest", sum(near[1]))):
        if count > 1:
            fails.add(name)
    if all(near[0]):
        fails.add("distinct-ends")
    # Where η λₙ = 2, every multiplier of modulus one counts as unstable only if it exceeds it.
    if eta * high >= 2 - 2 * same:
        return "unstable", fails | {"stable-step"}
    position = eta * (low + high) - 2
    if abs(position) <= same:
        return "boundary", fails | {"off-boundary"}
    return ("small-step" if position < 0 else "large-step"), fails


def _levels(values: Sequence[Any], vectors: Any, eta: Any, same: Any) -> list[_Level]:
    """The eigenspaces by falling modulus of their multipliers."""
    order = sorted(range(len(values)), key=lambda i: -abs(1 - eta * values[i]))
    levels: list[_Level] = []
    for i in order:
        mu = 1 - eta * values[i]
        column = [_mpfr(vectors[j, i]) for j in range(len(values))]
        if not levels or levels[-1].modulus - abs(mu) > same:
            levels.append(_Level(abs(mu), []))
        levels[-1].vectors.append((1 if mu >= 0 else -1, column))
    return [_Level(_mpfr(level.modulus), level.vectors) for level in levels]


class _Map:
    """F(h) = h - eta gradient, with the share of the remainder apart."""

    def __init__(self, loss: LocalLoss, eta: Fraction) -> None:
        self._n = loss.dimension
        words: dict[tuple[int, ...], list[tuple[int, Any]]] = {}
        for alpha, c in loss.terms.items():
            if sum(alpha) > 1:
                for i, e in enumerate(alpha):
                    if e:
                        beta = (*alpha[:i], e - 1, *alpha[i + 1 :])
                        words.setdefault(beta, []).append((i, _ratio(eta * c * e)))
        self._words = [([(j, e) for j, e in enumerate(beta) if e], into) for beta, into in words.items()]
        self._kinks = [
            (_ratio(eta * k.factor * k.power), [_ratio(x) for x in k.slope], _ratio(k.offset), k.power, k.offset > 0)
            for k in loss.kinks
        ]

    @property
    def is_linear(self) -> bool:
        """Whether there is no remainder."""
        return not self._kinks and all(sum(e for _, e in word) == 1 for word, _ in self._words)

    def __call__(self, h: list[Any]) -> tuple[list[Any], list[Any]]:
        """The image of h, and how much of the way is the remainder's."""
        pull, bent = [mpfr(0)] * self._n, [mpfr(0)] * self._n
        for word, into in self._words:
            value = mpfr(1)
            for j, e in word:
                value *= h[j] if e == 1 else h[j] ** e
            where = pull if sum(e for _, e in word) == 1 else bent
            for i, c in into:
                where[i] += c * value
        for size, slope, offset, p, active in self._kinks:
            s = sum((x * y for x, y in zip(slope, h, strict=True)), mpfr(0))
            straight = size * (p - 1) * offset ** (p - 2) * s if active else mpfr(0)
            whole = _difference(offset, s, p - 1, active) * size
            for i, x in enumerate(slope):
                pull[i] += straight * x
                bent[i] += (whole - straight) * x
        return [x - a - b for x, a, b in zip(h, pull, bent, strict=True)], bent


def _difference(offset: Any, s: Any, q: int, active: bool) -> Any:
    """(a + s)_+^q - a_+^q without cancellation."""
    if offset + s <= 0:
        return -(offset**q) if active else mpfr(0)
    if not active:
        return (offset + s) ** q
    return s * sum(((offset + s) ** j * offset ** (q - 1 - j) for j in range(q)), mpfr(0))


def _descend(
    loss: LocalLoss, eta: Fraction, start: list[Fraction], levels: Sequence[_Level], digits: int, most_steps: int
) -> dict[str, Any]:
    """Follow the trajectory until something can be said of it."""
    step = _Map(loss, eta)
    h = [_ratio(x) for x in start]
    begun = max(_length(h), mpfr(1))
    bend: list[Any] = []
    faint, nothing = mpfr(10) ** (-digits // 2), mpfr(10) ** (-digits * 4 // 5)
    halts = grown = 0
    before = mpfr(0)
    for k in range(most_steps):
        size = _length(h)
        # What is left of a step onto the minimizer is rounding.
        if size <= before * nothing:
            return {"seen": "minimizer", "steps": k}
        grown = grown + 1 if size > before else 0
        before = size
        # One leap is not enough: a steep power may throw a trajectory far to where its loss is a bowl again.
        if not gmpy2.is_finite(size) or (size > begun * _GONE and grown > _RECENT):
            return {"seen": "diverged", "steps": k}
        image, rest = step(h)
        bend = [*bend[1 - _RECENT :], _length(rest) / size**2]
        # A kink may still be ahead: a remainder that has not been met yet is not taken for none.
        watched = len(bend) == _RECENT or step.is_linear
        found = _settled(h, size, max(bend), levels, faint, k) if watched else None
        if found is not None:
            return found
        moved = _length([x - y for x, y in zip(image, h, strict=True)])
        halts = halts + 1 if moved < size * faint * faint else 0
        if halts > _RECENT:
            return {"seen": "elsewhere", "steps": k, "point": tuple(float(x) for x in h)}
        h = image
    return {"seen": "open", "steps": most_steps}


def _settled(h: list[Any], size: Any, bend: Any, levels: Sequence[_Level], faint: Any, k: int) -> dict[str, Any] | None:
    """The limit that the leading multipliers with a visible component give, if the remainder cannot change it."""
    for place, level in enumerate(levels):
        parts = [(sign, v, sum(x * y for x, y in zip(h, v, strict=True))) for sign, v in level.vectors]
        signs = {sign for sign, _, _ in parts}
        sums = {s: _length([a for sign, _, a in parts if sign == s]) for s in signs}
        if all(a <= faint * size for a in sums.values()):
            continue
        rho = level.modulus
        if rho >= 1 or rho == 0:
            return None
        tail = bend * size**2 / (rho * (1 - rho))
        if bend * size > (1 - rho) / 2 or any(tail > _SETTLED * a for a in sums.values() if a > faint * size):
            return None
        seen = {s: a for s, a in sums.items() if a > faint * size}
        if len(seen) < len(sums):
            return None if any(tail > faint * size for _ in sums) else _limit(parts, set(seen), place, k, h)
        return _limit(parts, signs, place, k, h)
    return None


def _limit(parts: list[Any], signs: set[int], place: int, k: int, h: list[Any]) -> dict[str, Any]:
    vectors = []
    for parity in (0, 1) if len(signs) == 2 else (0,):
        total = [mpfr(0)] * len(h)
        for sign, v, a in parts:
            if sign in signs:
                total = [t + x * a * sign ** (k + parity) for t, x in zip(total, v, strict=True)]
        length = _length(total)
        vectors.append(tuple(float(t / length) for t in total))
    kind = "two-cycle" if len(signs) == 2 else "fixed" if signs == {1} else "alternating"
    return {"seen": "settled", "kind": kind, "vectors": tuple(vectors), "level": place, "steps": k}


def _length(v: Sequence[Any]) -> Any:
    return gmpy2.sqrt(sum((x * x for x in v), mpfr(0)))


def _ratio(x: Fraction) -> Any:
    return mpfr(x.numerator) / mpfr(x.denominator)


def _mp(x: Fraction) -> Any:
    return mp.mpf(x.numerator) / x.denominator


def _mpfr(x: Any) -> Any:
    sign, mantissa, exponent, _ = x._mpf_
    return mpfr(-int(mantissa) if sign else int(mantissa)) * mpfr(2) ** int(exponent)
