"""What the amplitude lemma returns: the numbers of its inequality with the limit they prove, or a cause."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from flint import arb

from gdcheck.theorem.methods.statement import LimitKind


@dataclass(frozen=True)
class Inequality:
    """The numbers of the deciding inequality at one step, enclosed (see docs/certificate.md, *Bounds*)."""

    radius: arb
    rho: arb
    C: arb
    sigma: arb
    P: arb
    tail: arb
    amplitudes: tuple[arb, ...]


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


@dataclass(frozen=True)
class Settled:
    """The sequence hardly moves any more, away from zero.

    Attributes:
        centre: Where, exact balls, shape (m,).
    """

    centre: list[arb]


@dataclass(frozen=True)
class Amplitude:
    """The inequality holds at this step, and this is the limit that it proves."""

    step: int
    inequality: Inequality
    limit: LimitDirection


class Cause(Enum):
    """Why no certificate was found; the value is a sentence for the user."""

    LEFT = (
        "the trajectory left the basin of the minimizer: it has come 2^256 times as far as its start; no option changes"
        " that, but a --start nearer to the minimizer or a smaller --step-size may"
    )
    ELSEWHERE = "the trajectory settles at another point than the minimizer"
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
