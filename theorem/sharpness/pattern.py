r"""How a function's values approach their limit along a certified trajectory, proved for all steps from some step on.

Let φ have gradient ω at the minimizer, and write :math:`h_k = y_k u + h_k^\perp` as in ``theorem.sharpness.envelope``.

*Order one*, where :math:`c = \omega\cdot u \ne 0`: on the ball of radius r,
:math:`|\varphi(m+h)-\varphi(m)-\omega\cdot h| \le K\|h\|^2` with K half the Lipschitz constant of ∇φ; hence in the cone
:math:`|\varphi_k - \varphi(m) - c y_k| \le \varepsilon a_k` with :math:`\varepsilon = \|\omega_\perp\|\tau + K a
(1+\tau^2)`.

*Order two*, where c = 0 exactly: see ``second_order``; there :math:`|\varphi_k - \varphi(m) - c y_k^2| \le
\varepsilon y_k^2` with another c.

In both, :math:`\varepsilon < |c|` settles the sign at every later step, for y keeps or alternates its sign. And with
:math:`\rho_+ \ge a_{k+1}/a_k`, for the p-th power of y and m steps (two where :math:`y^p` alternates, else one),

.. math:: (|c|+\varepsilon)\,\rho_+^{pm} < |c|-\varepsilon

gives :math:`|\varphi_{k+m}-\varphi(m)| \le (|c|+\varepsilon)\rho_+^{pm}a_k^p < (|c|-\varepsilon)a_k^p \le
|\varphi_k-\varphi(m)|`: each branch approaches its limit monotonically. ε and ρ₊ only fall from the cone's step on, so
that one check is enough for all later steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from flint import arb, fmpq

from gdcheck.theorem.limit.sequence import EnclosedIterate
from gdcheck.theorem.loss.balls import norm, surely_less
from gdcheck.theorem.sharpness.envelope import Cone, Envelope
from gdcheck.theorem.sharpness.observable import Direction, Observable, Proof, Valued
from gdcheck.theorem.sharpness.second_order import SecondOrder

_MOST_VALUES = 2_000
"""The latest step to which values are enclosed in search of the earliest step of a pattern."""
_SHOWN = 16
"""The number of values that are shown."""


class Kind(Enum):
    """How the values approach their limit; the value is the name used in answers."""

    FROM_ABOVE = "monotone-from-above"
    FROM_BELOW = "monotone-from-below"
    OSCILLATING = "oscillating"
    CONSTANT = "constant"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Pattern:
    """The pattern proved, or why there is none.

    Attributes:
        kind: The pattern.
        slope: C = ω·u: φ_k = φ(m) + C‖h_k‖ + o(‖h_k‖), with (−1)^k beside C if the direction alternates; None if no
            single direction is certified.
        exact_slope: C exactly, if it is known to be rational.
        order: 1 or 2: the order that decides; None for a constant or an undecided pattern.
        coefficient: c of that order, at even steps and along the limit direction; None without an order.
        step: The step from which everything is proved; None if it is undecided.
        period: The number of branches: 2 if the values oscillate, else 1.
        proof: The inequality that holds at that step; None for a constant or an undecided pattern.
        curvature: K on the ball of the proof: |φ − φ(m) − ω·h| ≤ K‖h‖² there; None if none is known.
        cause: Why it is undecided.
    """

    kind: Kind
    slope: arb | None = None
    exact_slope: fmpq | None = None
    order: int | None = None
    coefficient: arb | None = None
    step: int | None = None
    period: int = 1
    proof: Proof | None = None
    curvature: arb | None = None
    cause: str | None = None

    @property
    def sign(self) -> int:
        """The sign of φ_k − φ(m) at even steps from ``step`` on; 0 for a constant or an undecided pattern."""
        return 0 if self.coefficient is None else 1 if self.coefficient > 0 else -1


def pattern(
    observable: Observable,
    along: tuple[arb, fmpq | None],
    direction: Direction,
    envelope: Envelope,
    second: SecondOrder,
) -> Pattern:
    """Prove the pattern of a function along a certified trajectory.

    Args:
        observable: The function.
        along: Its slope along the limit direction, and the same exactly if it is known to be rational.
        direction: The limit direction.
        envelope: The trajectory's envelope.
        second: The data of the second order, evaluated only where the first vanishes.

    Returns:
        The pattern; undecided, with the cause, if nothing is proved.
    """
    slope, exact = along
    if exact is not None and not exact:
        return _second_order(observable, envelope, second)
    if not abs(slope) > 0:
        cause = (
            "the slope along the limit direction cannot be told from zero; a larger --precision tells it, unless it is"
            " zero and the eigenvectors are irrational"
        )
        return Pattern(Kind.UNDECIDED, slope, exact, cause=cause)
    rest = norm(w - slope * x for w, x in zip(observable.gradient, direction.balls, strict=True)).upper()
    size, period = abs(slope).lower(), 2 if envelope.alternating else 1

    def test(cone: Cone) -> Proof | None:
        bend = observable.curvature(cone.radius) / 2
        error = rest * cone.ratio + bend * cone.along * (1 + cone.ratio**2)
        return Proof(cone, 1, period, size, error.upper()).if_it_holds()

    proof = envelope.first(test)
    if proof is None:
        cause = "no step makes the second order small enough at this precision; a larger --precision may"
        return Pattern(Kind.UNDECIDED, slope, exact, cause=cause)
    return _proved(observable, proof, slope, (slope, exact))


def _second_order(observable: Observable, envelope: Envelope, second: SecondOrder) -> Pattern:
    zero = (arb(0), fmpq(0))
    found = second.prove(observable, envelope)
    if isinstance(found, str):
        return Pattern(Kind.UNDECIDED, *zero, cause=found)
    return _proved(observable, *found, zero)


def _proved(observable: Observable, proof: Proof, coefficient: arb, slope: tuple[arb, fmpq | None]) -> Pattern:
    one_sided = Kind.FROM_ABOVE if coefficient > 0 else Kind.FROM_BELOW
    return Pattern(
        kind=Kind.OSCILLATING if proof.period == 2 else one_sided,
        slope=slope[0],
        exact_slope=slope[1],
        order=proof.order,
        coefficient=coefficient,
        step=proof.cone.step,
        period=proof.period,
        proof=proof,
        curvature=observable.curvature(proof.cone.radius) / 2,
    )


@dataclass(frozen=True)
class Onset:
    """The step from which a pattern holds.

    Attributes:
        step: The step from which it is proved.
        least: Whether it is proved broken at the step before (always so for step 0).
        broken: The steps before at which it is proved broken: a wrong sign, or no approach to the limit.
    """

    step: int
    least: bool
    broken: tuple[int, ...]


def find_onset(found: Pattern, limit: arb, values: Sequence[arb]) -> Onset | None:
    """Find the earliest step from which a proved pattern holds, as far as the enclosed values tell.

    Args:
        found: The pattern.
        limit: The function's value at the minimizer.
        values: The values at steps 0, 1, …; those up to ``found.step + found.period`` are needed.

    Returns:
        The step; None without a proved pattern.
    """
    if found.step is None:
        return None
    if found.kind is Kind.CONSTANT or len(values) < found.step + found.period:
        return Onset(found.step, found.step == 0, ())
    states = [_holds(found, limit, values, j) for j in range(found.step)]
    step = found.step
    while step and states[step - 1] is True:
        step -= 1
    broken = tuple(j for j in range(step) if states[j] is False)
    return Onset(step, step == 0 or states[step - 1] is False, broken)


def enclosed_onset(
    observable: Valued, found: Pattern, trajectory: Callable[[int], Iterator[EnclosedIterate]]
) -> tuple[Onset | None, tuple[arb, ...]]:
    """Enclose a function's values along the first steps and find the earliest step of its pattern among them.

    Args:
        observable: The function.
        found: Its pattern.
        trajectory: Returns the enclosed iterates from the start up to a step.

    Returns:
        The onset (None if no pattern is proved), and the first values: some may not be finite, and they end where the
        enclosures grow beyond all bounds.
    """
    reach = _SHOWN
    if found.step is not None and found.step <= _MOST_VALUES:
        reach = max(reach, found.step + found.period)
    values = tuple(observable.at(iterate) for iterate in trajectory(reach))
    return find_onset(found, observable.value, values), values[:_SHOWN]


def _holds(found: Pattern, limit: arb, values: Sequence[arb], j: int) -> bool | None:
    """Whether sign and approach are as in the pattern at step j; None if that is undecided."""
    sign = found.sign * (-1 if found.period == 2 and j % 2 else 1)
    here, there = sign * (values[j] - limit), sign * (values[j] - values[j + found.period])
    if surely_less(arb(0), here) and surely_less(arb(0), there):
        return True
    return False if surely_less(here, arb(0)) or surely_less(there, arb(0)) else None
