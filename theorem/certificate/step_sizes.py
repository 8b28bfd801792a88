"""What a spectrum tells about all step sizes: the thresholds, the best step size, the condition number, the rates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flint import arb, ctx, fmpq, fmpq_mat

from gdcheck.theorem.assumptions.regime import Classification, rational_sum
from gdcheck.theorem.assumptions.spectrum import Eigenvalue, Pencil
from gdcheck.theorem.certificate.parts import exact_or_decimal, in_float
from gdcheck.theorem.decision.search import GUARD_BITS
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.balls import surely_less
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.loss import Loss
from gdcheck.theorem.loss.rational import Vector, to_float, to_text

if TYPE_CHECKING:
    from gdcheck.theorem.smooth.graph import SmoothLoss

    # Imported here, because it loads NumPy, which answers about exact minimizers do not need.
    from gdcheck.theorem.smooth.spectrum import Spectrum

_BITS = 128


@dataclass(frozen=True)
class SpectralEnd:
    """An end of a spectrum, exact or enclosed.

    Attributes:
        value: The eigenvalue.
        exact: The eigenvalue, if it is known to be rational.
        multiplicity: Its multiplicity.
        vector: A vector near its unit eigenvector, shape (n,); None for a multiple eigenvalue.
    """

    value: arb
    exact: fmpq | None
    multiplicity: int
    vector: list[float] | None

    @classmethod
    def of(cls, pencil: Pencil, e: Eigenvalue) -> SpectralEnd:
        """Return an eigenvalue of a rational operator."""
        vectors = pencil.eigenvectors(e, 64) if e.multiplicity == 1 else [[]]
        vector = [to_float(x) + 0.0 for x in vectors[0]] or None
        return cls(e.ball(), e.lo if e.is_rational else None, e.multiplicity, vector)

    @classmethod
    def enclosed(cls, spectrum: Spectrum, multiplicities: tuple[int, int] = (1, 1)) -> tuple[SpectralEnd, SpectralEnd]:
        """Return both ends of an enclosed spectrum: twice the same if there is only one eigenvalue."""
        columns = spectrum.vectors.transpose().tolist()
        low, high = (
            cls(spectrum.values[i], None, m, [in_float(arb(x)) for x in columns[i]] if m == 1 else None)
            for i, m in zip((0, -1), multiplicities, strict=True)
        )
        return low, low if len(columns) == low.multiplicity else high

    def json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "value": exact_or_decimal(self.exact, self.value),
            "multiplicity": self.multiplicity,
            "vector": self.vector,
        }


def step_sizes(low: SpectralEnd, high: SpectralEnd, total: fmpq | None = None) -> dict[str, Any]:
    """Return the thresholds of a positive spectrum as plain data: exact texts where they are rational, else decimals.

    Args:
        low: λ₁.
        high: λₙ.
        total: λ₁ + λₙ, where it is rational.

    Returns:
        ``lowest`` and ``highest`` (λ₁ and λₙ: ``value``, ``multiplicity``, ``vector`` or None for a multiple one),
        ``largest_stable`` 2/λₙ, ``optimal`` 2/(λ₁+λₙ), which is also the boundary of the regimes, ``greedy`` 1/λₙ,
        ``condition_number`` λₙ/λ₁ and ``optimal_rate`` (λₙ−λ₁)/(λₙ+λ₁), the rate per step at the optimal step size.
    """
    a, b = low.exact, high.exact
    smallest, largest = low.value, high.value
    ratios = (None, None) if a is None or b is None else (b / a, (b - a) / (b + a))
    return {
        "lowest": low.json(),
        "highest": high.json(),
        "largest_stable": exact_or_decimal(2 / b if b else None, 2 / largest),
        "optimal": exact_or_decimal(None if total is None else 2 / total, 2 / (largest + smallest)),
        "greedy": exact_or_decimal(1 / b if b else None, 1 / largest),
        "condition_number": exact_or_decimal(ratios[0], largest / smallest),
        "optimal_rate": exact_or_decimal(
            ratios[1], arb(0) if low is high else (largest - smallest) / (largest + smallest)
        ),
    }


def exact_step_sizes(pencil: Pencil, eigenvalues: tuple[Eigenvalue, ...]) -> dict[str, Any]:
    """Return what ``step_sizes`` does of a rational operator with positive eigenvalues."""
    low, high = eigenvalues[0], eigenvalues[-1]
    with ctx.workprec(_BITS):
        return step_sizes(SpectralEnd.of(pencil, low), SpectralEnd.of(pencil, high), rational_sum(low, high))


def step_size_keys(hessian: fmpq_mat | None, found: Classification | None, step_size: fmpq) -> dict[str, Any]:
    """Return the keys of an answer about step sizes.

    Args:
        hessian: The Hessian at the minimizer, if there is one.
        found: Its spectrum.
        step_size: The step size η.

    Returns:
        ``step_size`` (text); ``step_sizes`` and ``rate_per_step``, None unless all eigenvalues are positive.
    """
    known = hessian is not None and found is not None and found.regime is not None
    return {
        "step_size": to_text(step_size),
        "step_sizes": exact_step_sizes(Pencil(hessian), found.eigenvalues) if hessian and found and known else None,
        "rate_per_step": rate_per_step(found.eigenvalues, step_size) if found and known else None,
    }


def rate_per_step(eigenvalues: tuple[Eigenvalue, ...], step_size: fmpq) -> float:
    """Return the factor max |1 − ηλ| by which the error shrinks or grows per step, in the long run, near the minimizer.

    Args:
        eigenvalues: The spectrum.
        step_size: The step size η.
    """
    return max(abs(to_float(1 - step_size * (e.lo + e.hi) / 2)) for e in (eigenvalues[0], eigenvalues[-1]))


def step_line(problem: Problem) -> dict[str, Any]:
    """Divide the line of step sizes by their behaviour near a minimizer; the problem's own step size is not used.

    Args:
        problem: The loss and its minimizer.

    Returns:
        ``minimizer`` (texts), ``exact``, ``quadratic``, ``step_sizes``, and ``segments``: ``from``, ``to`` (None for no
        end; equal for a single step size), ``direction`` (fixed, two-cycle, any, alternating, threshold or unstable).

    Raises:
        InputError: If the point is not a critical point, or its Hessian does not exist or is not positive definite.
    """
    expansion = Expansion.of(problem)
    eigenvalues = () if expansion.hessian is None else Pencil(expansion.hessian).eigenvalues(_BITS)
    if expansion.hessian is None or not eigenvalues or eigenvalues[0].lo <= 0:
        raise InputError("minimizer", "the Hessian there is not positive definite; give a strict minimizer of the loss")
    quadratic = not expansion.higher_terms and not expansion.truncated
    found = exact_step_sizes(Pencil(expansion.hessian), eigenvalues)
    segments = _segments(found, distinct=len(eigenvalues) > 1)
    place = {"minimizer": [to_text(q) for q in problem.minimizer], "exact": True, "quadratic": quadratic}
    return place | {"step_sizes": found, "segments": segments}


def step_line_near(loss: Loss, point: Vector) -> dict[str, Any] | None:
    """Divide the line of step sizes for an irrational minimizer, whose spectrum is enclosed.

    Args:
        loss: A polynomial.
        point: A point very near to it, shape (n,).

    Returns:
        The same as ``step_line``; None if no strict minimizer is proved to be there, or its smallest and largest
        eigenvalue cannot be told apart.
    """
    from gdcheck.theorem.smooth.reading import read_smooth  # noqa: PLC0415

    return None if loss.truncated else smooth_step_line(read_smooth(loss.text(), loss.variables), point)


def smooth_step_line(loss: SmoothLoss, point: Vector) -> dict[str, Any] | None:
    """Divide the line of step sizes for an enclosed minimizer of a smooth loss.

    Args:
        loss: The loss.
        point: A point very near to the minimizer, shape (n,).

    Returns:
        The same as ``step_line``; None if no strict minimizer is proved to be there, or its smallest and largest
        eigenvalue cannot be told apart.
    """
    from gdcheck.theorem.smooth.ball_bounds import is_quadratic  # noqa: PLC0415
    from gdcheck.theorem.smooth.minimizer import EnclosedMinimizer, enclose_minimizer  # noqa: PLC0415

    with ctx.workprec(_BITS + GUARD_BITS):
        near = enclose_minimizer(loss, point)
        if not isinstance(near, EnclosedMinimizer):
            return None
        values = near.spectrum.values
        if len(values) > 1 and not (surely_less(values[0], values[1]) and surely_less(values[-2], values[-1])):
            return None
        found = step_sizes(*SpectralEnd.enclosed(near.spectrum))
        quadratic = is_quadratic(loss)
    segments = _segments(found, distinct=len(values) > 1)
    place = {"minimizer": [f"{to_float(q):.15g}" for q in near.centre], "exact": False, "quadratic": quadratic}
    return place | {"step_sizes": found, "segments": segments}


def _segments(found: dict[str, Any], *, distinct: bool) -> list[dict[str, Any]]:
    optimal, limit = found["optimal"], found["largest_stable"]
    # A multiple of the identity keeps or reverses every direction.
    between = "two-cycle" if distinct else "any"
    parts = [("0", optimal, "fixed"), (optimal, optimal, between), (optimal, limit, "alternating")]
    ends: list[tuple[str, str | None, str]] = [*parts, (limit, limit, "threshold"), (limit, None, "unstable")]
    return [{"from": a, "to": b, "direction": kind} for a, b, kind in ends]
