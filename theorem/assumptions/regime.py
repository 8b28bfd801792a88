r"""Where a step size lies for a certified spectrum, decided exactly.

The two thresholds are :math:`2/(\lambda_1+\lambda_n)` and :math:`2/\lambda_n`. Intervals decide all cases but
equality, which is decided by exact rationals or, for irrational ends, by the minimal polynomials.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from flint import fmpq, fmpq_poly, fmpz_poly

from gdcheck.theorem.assumptions.spectrum import Eigenvalue, Pencil
from gdcheck.theorem.methods.statement import Assumption, End, Regime


@dataclass(frozen=True)
class Classification:
    """The spectrum on a space, and the regime of the step size for it.

    Attributes:
        eigenvalues: The distinct eigenvalues, ascending.
        regime: The regime; None if some eigenvalue is not positive.
        boundary_factor: The minimal polynomial that proves λ₁ + λₙ = 2/η when the ends are irrational.
    """

    eigenvalues: tuple[Eigenvalue, ...]
    regime: Regime | None
    boundary_factor: fmpz_poly | None = None

    @property
    def lowest(self) -> Eigenvalue:
        """λ₁."""
        return self.eigenvalues[0]

    @property
    def highest(self) -> Eigenvalue:
        """λₙ."""
        return self.eigenvalues[-1]

    @property
    def dominant_ends(self) -> tuple[End, ...]:
        """The ends whose multiplier has the largest modulus; empty if all multipliers vanish or descent is unstable."""
        if self.regime is Regime.SMALL_STEP:
            return (End.LOWEST,)
        if self.regime is Regime.LARGE_STEP:
            return (End.HIGHEST,)
        if self.regime is Regime.BOUNDARY and len(self.eigenvalues) > 1:
            return (End.LOWEST, End.HIGHEST)
        return ()

    @property
    def why_not_strict(self) -> str:
        """Say that the minimum is not strict; the regime is None."""
        value = self.lowest
        shown = str(value.lo) if value.is_rational else f"{float(value.ball()):.6g}"
        at = "the theorem does not apply: the Hessian at the minimizer"
        return f"{at} has the eigenvalue {shown}, which is not positive"

    def index(self, end: End) -> int:
        """Return the index of an end in ``eigenvalues``."""
        return 0 if end is End.LOWEST else len(self.eigenvalues) - 1

    def holds(self, eigenvalue: Eigenvalue) -> bool:
        """Whether an eigenvalue of a larger space is also one of this space."""
        return any(e.is_same(eigenvalue) for e in self.eigenvalues)


def classify(pencil: Pencil, step_size: fmpq, precision: int) -> Classification:
    """Classify a step size for the spectrum of a pencil.

    Args:
        pencil: The (restricted) Hessian.
        step_size: The step size η > 0.
        precision: Bits to begin with; raised until every comparison is decided.

    Returns:
        The spectrum with the regime.
    """
    threshold = 2 / step_size
    while True:
        eigenvalues = pencil.eigenvalues(precision)
        low, high = eigenvalues[0], eigenvalues[-1]
        precision *= 2
        if low.hi <= 0 or low.lo < 0 < low.hi:
            if low.hi <= 0:
                return Classification(eigenvalues, None)
            continue
        if high.lo >= threshold:
            return Classification(eigenvalues, Regime.UNSTABLE)
        if high.hi > threshold:
            continue
        if low.is_rational and high.is_rational and low.lo + high.lo == threshold:
            return Classification(eigenvalues, Regime.BOUNDARY)
        if low.hi + high.hi < threshold:
            return Classification(eigenvalues, Regime.SMALL_STEP)
        if low.lo + high.lo > threshold:
            return Classification(eigenvalues, Regime.LARGE_STEP)
        if low.is_rational and high.is_rational:
            below = low.lo + high.lo < threshold
            return Classification(eigenvalues, Regime.SMALL_STEP if below else Regime.LARGE_STEP)
        if rational_sum(low, high) == threshold:
            widened = _widened(eigenvalues, threshold)
            if widened is not None:
                return Classification(widened, Regime.BOUNDARY, low.factor)


def spectral_failures(classification: Classification) -> list[Assumption]:
    """Return the assumptions about spectrum and step size that fail; all eigenvalues are positive."""
    fails = []
    if len(classification.eigenvalues) == 1:
        fails.append(Assumption.DISTINCT_ENDS)
    if classification.lowest.multiplicity > 1:
        fails.append(Assumption.SIMPLE_LOWEST)
    if classification.highest.multiplicity > 1:
        fails.append(Assumption.SIMPLE_HIGHEST)
    if classification.regime is Regime.BOUNDARY:
        fails.append(Assumption.OFF_BOUNDARY)
    if classification.regime is Regime.UNSTABLE:
        fails.append(Assumption.STABLE_STEP)
    return fails


def rational_sum(low: Eigenvalue, high: Eigenvalue) -> fmpq | None:
    """Return λ₁ + λₙ if it is rational, else None.

    If it is some rational s, then t ↦ s − t exchanges the roots of the two minimal polynomials, and s follows from
    their sums.
    """
    if low.is_rational and high.is_rational:
        return low.lo + high.lo
    degree = low.factor.degree()
    if degree != high.factor.degree():
        return None
    p, q = _monic(low.factor), _monic(high.factor)
    s = -(p[degree - 1] + q[degree - 1]) / degree
    overlaps = low.lo + high.lo <= s <= low.hi + high.hi
    return s if overlaps and _reflected(high.factor, s) == p else None


def _monic(poly: fmpz_poly) -> fmpq_poly:
    p = fmpq_poly(poly)
    return p / p[p.degree()]


def _reflected(poly: fmpz_poly, threshold: fmpq) -> fmpq_poly:
    """Return the monic polynomial whose roots are threshold − (roots of poly)."""
    p = fmpq_poly(poly)(fmpq_poly([threshold, -1]))
    return p / p[p.degree()]


def _widened(eigenvalues: tuple[Eigenvalue, ...], threshold: fmpq) -> tuple[Eigenvalue, ...] | None:
    # threshold − λ₁ is an eigenvalue; it is λₙ if its interval meets that of no other.
    low, high = eigenvalues[0], eigenvalues[-1]
    lo, hi = min(high.lo, threshold - low.hi), max(high.hi, threshold - low.lo)
    if lo > high.hi or hi < high.lo or (len(eigenvalues) > 1 and eigenvalues[-2].hi >= lo):
        return None
    return (*eigenvalues[:-1], replace(high, lo=lo, hi=hi))
