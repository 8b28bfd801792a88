"""What the amplitude lemma returns: the numbers of its inequality with the limit they prove, or a cause."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from flint import arb, fmpq

from gdcheck.theorem.methods.statement import LimitKind


@dataclass(frozen=True)
class Bounds:
    """What holds from one iterate on: ‖s_{k+j}‖ ≤ Pρʲr, and the tail (see docs/certificate.md, *Bounds*)."""

    radius: arb
    rho: arb
    C: arb
    sigma: arb
    P: arb
    tail: arb


@dataclass(frozen=True)
class Inequality(Bounds):
    """The numbers of the deciding inequality at one step, enclosed: each amplitude exceeds the tail."""

    amplitudes: tuple[arb, ...]


@dataclass(frozen=True)
class Cone:
    r"""A cone that the trajectory never leaves (see docs/certificate.md, *Cones*).

    Attributes:
        rho: ρ.
        ratio: κ: ‖w‖ ≤ κ|τ| from the step on.
        rest: b, a bound of the other multipliers and of the linear part on w.
        along: A ball that holds |τ| at the step.
        positive: Whether τ > 0 there.
        dominant: The unit vector of the axis of t, shape (n,).
        reflection: p, shape (n,): the coordinates are those after the reflection along p.
        axis: Which of them is t; the others are w.
        shear: φ, as (exponents, coefficient) pairs: τ = t − φ(w).
        order: m, up to which degree what φ leaves over is computed exactly.
        reach: The radius on which the rest of it is bounded.
    """

    rho: arb
    ratio: fmpq
    rest: fmpq
    along: arb
    positive: bool
    dominant: tuple[arb, ...]
    reflection: tuple[fmpq, ...]
    axis: int
    shear: tuple[tuple[tuple[int, ...], fmpq], ...]
    order: int
    reach: arb


@dataclass(frozen=True)
class LimitDirection:
    """A certified limit of the normalized sequence.

    Attributes:
        kind: Fixed, alternating or two-cycle.
        vectors: One vector of balls, shape (m,), for fixed and alternating limits; those of even and odd steps for a
            two-cycle.
    """

    kind: LimitKind
    vectors: tuple[tuple[arb, ...], ...]

    def __str__(self) -> str:
        vectors = (", ".join(f"{float(x.mid()) + 0.0:.6g}" for x in v) for v in self.vectors)
        # What rotates has no vectors.
        along = " and ".join(f"({v})" for v in vectors)
        return f"{self.kind.value} along {along}" if along else self.kind.value


@dataclass(frozen=True)
class Settled:
    """The sequence hardly moves any more, away from zero.

    Attributes:
        centre: Where, exact balls, shape (m,).
    """

    centre: list[arb]


@dataclass(frozen=True)
class Amplitude:
    """The inequality, or that of a cone, holds at this step, and this is the limit that it proves."""

    step: int
    inequality: Inequality | Cone
    limit: LimitDirection


class Cause(Enum):
    """Why no certificate was found; the value is a sentence for the user."""

    LEFT = (
        "the trajectory left the basin of the minimizer: it has come 2^256 times as far as its start; no option changes"
        " that, but a --start nearer to the minimizer or a smaller --step-size may"
    )
    AWAY = (
        "the trajectory moves away from the minimizer, as it was followed in floating point; no option changes that,"
        " but a --start nearer to the minimizer may"
    )
    ELSEWHERE = (
        "the trajectory settles at another point than the minimizer; another --minimizer or --start may be decided"
    )
    BUDGET = "the step budget ended before the certificate applied; a larger --max-steps may decide it"
    PRECISION = (
        "the precision did not suffice; a larger --max-precision may decide it, unless the start lies on the curved"
        " exceptional set"
    )
    SIDES = "it was not decided on which sides of the kinks the trajectory stays; another --start may be"
    FASTER = (
        "the trajectory converges to the minimizer faster than every geometric sequence, for all multipliers vanish"
        " where it runs; no option decides its direction, another --step-size does"
    )
