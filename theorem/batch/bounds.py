r"""The constants of the float64 certificate, row by row, each rounded to the safe side (proofs in ``batch``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import prod, sqrt
from typing import Any

from gdcheck.theorem.batch.program import Array, StepProgram
from gdcheck.theorem.descent.expansion import Exponents

UP, DOWN = 1 + 2.0**-40, 1 - 2.0**-40
"""These factors cover the relative error of any expression of at most 2¹¹ roundings without cancellation."""

FLOOR = 2.0**-300
"""Added to upper bounds, so that none underflows."""

LARGEST_RADIUS = 2.0**20
LARGEST, SMALLEST = 2.0**100, 2.0**-100
PADDING = 2.0**-40
_MARGIN = 2.0**-50


@dataclass(frozen=True, eq=False)
class Reading:
    """How the amplitude is read off a state with momentum (``momentum``); all arrays have one entry for each row.

    Attributes:
        weight: K, which bounds the powers of the linear part.
        lean: The functional's weight of the dominant coordinate; where pairs dominate, 1/K_d.
        lag: The functional's weight of the dominant buffer.
        blur: A bound of the error of its value, divided by the norm of the state.
        turning: Whether pairs dominate.
    """

    weight: Array
    lean: Array
    lag: Array
    blur: Array
    turning: Array


@dataclass(frozen=True, eq=False)
class Bounds:
    """The constants of the certificate of each row; all arrays have one entry for each row.

    Attributes:
        multipliers: 1 − ηλ_i rounded, n arrays.
        coefficients: ηc_t rounded, one array for each term.
        degrees: Upper bounds of C_q for q = 2, …, degree − 1; one array of ``FLOOR`` for a quadratic.
        rho_high: An upper bound of ρ, padded by 2⁻⁴¹ at least.
        rho_low: A lower bound of ρ.
        slack: A lower bound of 1 − ρ.
        room: A lower bound of ρ(1 − ρ).
        large: Whether the regime is the large-step one.
        valid: Whether the assumptions of the theorem and of the proof are certain to hold.
        reading: How the amplitude is read off a state; None for gradient descent, where it is a coordinate.
    """

    multipliers: list[Array]
    coefficients: list[Array]
    degrees: list[Array]
    rho_high: Array
    rho_low: Array
    slack: Array
    room: Array
    large: Array
    valid: Array
    reading: Reading | None = None

    @classmethod
    def of(
        cls,
        program: StepProgram,
        xp: Any,
        spectrum: Sequence[Array],
        coefficients: Sequence[Array],
        eta: Array,
        *,
        map_error: float = 0.0,
    ) -> Bounds:
        """Return the constants of rows with these data.

        Args:
            program: The compiled step.
            xp: The array namespace.
            spectrum: The n eigenvalues; the first and the last are to be the simple ends.
            coefficients: The terms' coefficients.
            eta: The step sizes.
            map_error: The batch's bound on the map error.

        Returns:
            The constants; meaningless in rows that are not valid.
        """
        margin = _MARGIN + 4 * map_error
        products = [eta * x for x in spectrum]
        multipliers = [1.0 - p for p in products]
        scaled = [eta * c for c in coefficients]
        degrees = degree_bounds(program, xp, scaled, eta)
        boundary = eta * (spectrum[0] + spectrum[-1])
        large = boundary >= 2.0 + 2 * margin
        rho = xp.where(large, -multipliers[-1], multipliers[0])
        rho_high, rho_low = rho + PADDING, rho - PADDING
        # Stability, ηλₙ < 2, follows from ρ < 1 below.
        valid = large | (boundary <= 2.0 - 2 * margin)
        valid &= (eta >= SMALLEST) & (eta <= LARGEST) & (spectrum[0] >= SMALLEST) & (spectrum[-1] <= LARGEST)
        for between in spectrum[1:-1]:
            valid &= (between > spectrum[0]) & (between < spectrum[-1])
        valid &= spectrum[0] < spectrum[-1]
        for multiplier in multipliers:
            valid &= xp.abs(multiplier) >= margin
        for bound in degrees:
            # NaN fails every comparison.
            valid &= bound <= LARGEST
        valid &= (rho_low >= FLOOR) & (rho_high < 1.0)
        slack = 1.0 - rho_high
        return cls(
            multipliers=multipliers,
            coefficients=scaled,
            degrees=degrees,
            rho_high=rho_high,
            rho_low=rho_low * DOWN,
            slack=slack,
            room=rho_low * slack * (DOWN * DOWN),
            large=large,
            valid=valid,
        )


def degree_bounds(program: StepProgram, xp: Any, scaled: Sequence[Array], eta: Array) -> list[Array]:
    """Bound C_q for q = 2, …, degree − 1 from above.

    Args:
        program: The compiled step.
        xp: The array namespace.
        scaled: ηc of each term, or its negative.
        eta: The step sizes.

    Returns:
        One array for each q; one of ``FLOOR`` for a quadratic.
    """
    if not program.exponents:
        return [FLOOR + 0 * eta]
    n, top = program.dimension, program.degree
    rows: list[list[Array | None]] = [[None] * n for _ in range(top - 2)]
    for alpha, c in zip(program.exponents, scaled, strict=True):
        size = xp.abs(c)
        row = rows[sum(alpha) - 3]
        for i in (i for i in range(n) if alpha[i]):
            share = size * weight(alpha, i)
            row[i] = share if row[i] is None else row[i] + share
    bounds = []
    for row in rows:
        squares = [entry * entry for entry in row if entry is not None]
        total = squares[0] if squares else 0 * eta
        for square in squares[1:]:
            total = total + square
        bounds.append(xp.sqrt(total) * UP + FLOOR)
    return bounds


@lru_cache(maxsize=65536)
def weight(alpha: Exponents, i: int) -> float:
    """α_i times the maximum of |y^(α − e_i)| on the unit sphere, rounded up."""
    rest = [e - (j == i) for j, e in enumerate(alpha)]
    square = prod(Fraction(e, sum(rest)) ** e for e in rest) * alpha[i] ** 2
    return sqrt(square) * (1 + 2.0**-50)
