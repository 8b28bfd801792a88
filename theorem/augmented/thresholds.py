r"""The step sizes at which a method changes its behaviour: the switch or the window without a limit, and stability.

Where the determinant of M(s) does not depend on s (gradient descent, heavy ball, Adam) all formulas are closed; else
the switch is the one step size at which the largest multipliers of λ₁ and λₙ have the same modulus, found by
bisection with enclosed signs (docs/methods.md, *The switch*).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flint import arb, ctx, fmpq

from gdcheck.theorem.assumptions.regime import rational_sum
from gdcheck.theorem.augmented.modes import Block
from gdcheck.theorem.augmented.signs import Spectrum, X, Y
from gdcheck.theorem.loss.balls import ball
from gdcheck.theorem.methods.method import Method

_BITS = 160
_HALVINGS = 110
_SHARES = (0.5, 0.4375, 0.5625)


@dataclass(frozen=True)
class Threshold:
    """A step size, exact or enclosed.

    Attributes:
        value: The ball.
        exact: The rational number, if it is known to be rational.
    """

    value: arb
    exact: fmpq | None = None

    @classmethod
    def at(cls, exact: fmpq) -> Threshold:
        """Return a rational threshold."""
        return cls(arb(exact), exact)


@dataclass(frozen=True)
class Thresholds:
    """The step sizes at which a method changes its behaviour.

    Attributes:
        boundary: The switch from fixed to alternating; None if a window lies between.
        window: The ends of the window in which no limit exists; None if there is a switch.
        stability_limit: The step size from which on the minimizer repels.
    """

    boundary: Threshold | None
    window: tuple[Threshold, Threshold] | None
    stability_limit: Threshold


def thresholds(spectrum: Spectrum, method: Method) -> Thresholds:
    """Find the step sizes at which a method changes its behaviour, for a positive spectrum.

    Args:
        spectrum: The spectrum of the preconditioned Hessian.
        method: The method.

    Returns:
        The thresholds, enclosed with a relative error of 2⁻¹⁰⁰.
    """
    while spectrum.precision < 2 * _BITS:
        spectrum.refine()
    with ctx.workprec(2 * _BITS):
        limit = _over_eigenvalue(largest_stable(method), spectrum, -1, method.gain)
        if method.trace_and_determinant()[1][1] == 0:
            boundary, window = _closed(spectrum, method)
        else:
            boundary, window = _bisected(spectrum, method, limit)
    return Thresholds(boundary, window, limit)


def largest_stable(method: Method) -> fmpq:
    """Return the largest s below which both multipliers lie in the open unit disc, by Jury's conditions."""
    (t0, t1), (d0, d1) = method.trace_and_determinant()
    conditions = ((1 - d0, -d1), (1 - t0 + d0, d1 - t1), (1 + t0 + d0, t1 + d1))
    return min(-constant / slope for constant, slope in conditions if slope < 0)


def _over_eigenvalue(s: fmpq, spectrum: Spectrum, index: int, gain: fmpq) -> Threshold:
    e = spectrum.eigenvalues[index]
    if e.is_rational:
        return Threshold.at(s / (gain * e.lo))
    return Threshold(arb(s / gain) / ball(e.lo, e.hi))


def _closed(spectrum: Spectrum, method: Method) -> tuple[Threshold | None, tuple[Threshold, Threshold] | None]:
    """Return the thresholds where t = 1 + β − as and d is constant: both moduli agree at t₁ + tₙ = 0."""
    (t0, t1), (d, _) = method.trace_and_determinant()
    low, high = spectrum.eigenvalues[0], spectrum.eigenvalues[-1]
    # At s₁ + sₙ = −2t₀/t₁ the trace of the lowest mode is t₀(λₙ − λ₁)/(λ₁ + λₙ).
    last = len(spectrum.eigenvalues) - 1
    if spectrum.sign(t0 * t0 * (Y - X) ** 2 - 4 * d * (X + Y) ** 2, 0, last) >= 0:
        total = rational_sum(low, high)
        scale = -2 * t0 / (t1 * method.gain)
        if total is not None:
            return Threshold.at(scale / total), None
        return Threshold(arb(scale) / (ball(low.lo, low.hi) + ball(high.lo, high.hi))), None
    root = _root(d)
    ends = []
    for index, sign in ((0, 1), (-1, -1)):
        e = spectrum.eigenvalues[index]
        exact = None
        if isinstance(root, fmpq) and e.is_rational:
            exact = (2 * sign * root - t0) / (t1 * method.gain * e.lo)
        value = (2 * sign * arb(root) - arb(t0)) / (arb(t1 * method.gain) * ball(e.lo, e.hi))
        ends.append(Threshold(value, exact))
    return None, (ends[0], ends[1])


def _root(d: fmpq) -> fmpq | arb:
    """Return the square root, exact where it is rational."""
    p, q = d.p.isqrt(), d.q.isqrt()
    return fmpq(p, q) if p * p == d.p and q * q == d.q else arb(d).sqrt()


def _bisected(
    spectrum: Spectrum, method: Method, limit: Threshold
) -> tuple[Threshold | None, tuple[Threshold, Threshold] | None]:
    """Return the thresholds where d falls as s grows: the moduli fall up to t = 0 and grow from there on."""
    (t0, t1), (d0, d1) = method.trace_and_determinant()
    last = len(spectrum.eigenvalues) - 1
    turn = -t0 / t1  # t = 0
    # The lowest root of t² − 4d, where the multipliers meet.
    a, b, c = t1 * t1, 2 * t0 * t1 - 4 * d1, t0 * t0 - 4 * d0
    root = _root(b * b - 4 * a * c)
    meet = (-b - root) / (2 * a) if isinstance(root, fmpq) else (-arb(b) - root) / arb(2 * a)
    lowest, highest = spectrum.balls(0, last)
    gain = arb(method.gain)

    def difference(eta: arb) -> arb:
        return Block.at(method, eta * gain * lowest).largest() - Block.at(method, eta * gain * highest).largest()

    window_begins = arb(meet) / (gain * lowest)
    exact = None
    if isinstance(meet, fmpq) and spectrum.eigenvalues[0].is_rational:
        exact = meet / (method.gain * spectrum.eigenvalues[0].lo)
    begins = Threshold(window_begins, exact)
    if last == 0:
        ends = _over_eigenvalue(turn, spectrum, 0, method.gain)
        return None, (begins, ends)
    switch = Threshold(_crossing(difference, arb(turn) / (gain * highest), limit.value))
    # At the step size where the multipliers of λ₁ meet: does λₙ dominate there already?
    if isinstance(meet, fmpq):
        modulus = abs(t0 + t1 * meet) / 2
        # x times the characteristic polynomial of mode n at −modulus, s = meet·λₙ/λ₁, which grows with −t.
        reached = modulus * modulus * X + modulus * (t0 * X + t1 * meet * Y) + (d0 * X + d1 * meet * Y)
        exists = spectrum.sign(t0 * X + t1 * meet * Y, 0, last) < 0 and spectrum.sign(reached, 0, last) <= 0
    else:
        exists = spectrum.decide(lambda: window_begins - switch.value) >= 0
    return (switch, None) if exists else (None, (begins, switch))


def _crossing(difference: Callable[[arb], arb], low: arb, high: arb) -> arb:
    """Enclose the zero of a falling function between two points; its signs there are known."""
    low, high = low.lower(), high.upper()
    for _ in range(_HALVINGS):
        for share in _SHARES:
            between = (low + (high - low) * share).mid()
            value = difference(between)
            if value > 0:
                low = between
            elif value < 0:
                high = between
            else:
                # Too near to the crossing to tell: another point of the interval may be far enough.
                continue
            break
    return low.union(high)
