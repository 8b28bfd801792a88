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
class Amplitude:
    """The inequality holds at this step, and this is the limit that it proves."""

    step: int
    inequality: Inequality
    limit: LimitDirection


class Cause(Enum):
    """Why no certificate was found; the value is a sentence for the user."""

    LEFT = "the trajectory left the basin of the minimizer, as far as the enclosures show"
    ELSEWHERE = (
        "the trajectory settles at a point that is not the minimizer; --observe shows it, and --minimizer can name it"
    )
    BUDGET = "the step budget ended before the certificate applied; a larger --max-steps may decide it"
    PRECISION = "the precision did not suffice; a larger --max-precision may decide it"
    SIDES = "it was not decided on which sides of the kinks the trajectory stays"
    FASTER = "the trajectory converges to the minimizer faster than every geometric sequence"
