"""Where a step size lies for the spectrum at an enclosed minimizer, and which assumptions about the spectrum fail.

Intervals decide everything but equality. Where they do not suffice, and the minimizer is a rational point at which the
Hessian has exact values, the exact spectrum decides, as it does for polynomials.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flint import arb, ctx, fmpq, fmpq_mat

from gdcheck.theorem.assumptions.exact_point import exact_minimizer
from gdcheck.theorem.assumptions.regime import Classification, classify, spectral_failures
from gdcheck.theorem.assumptions.spectrum import Pencil
from gdcheck.theorem.loss.balls import surely_less
from gdcheck.theorem.methods.statement import Assumption, Regime
from gdcheck.theorem.smooth.graph import SmoothLoss
from gdcheck.theorem.smooth.minimizer import EnclosedMinimizer
from gdcheck.theorem.smooth.spectrum import Spectrum

_MOST_VARIABLES = 32
"""The most variables for which an exact spectrum is asked for."""


@dataclass(frozen=True)
class ExactSpectrum:
    """The spectrum of a Hessian whose entries are known to be rational, and the regime that it gives."""

    pencil: Pencil
    found: Classification

    @property
    def multiplicities(self) -> tuple[int, int]:
        """How often the smallest and the largest eigenvalue occur."""
        return self.found.lowest.multiplicity, self.found.highest.multiplicity


@dataclass(frozen=True, eq=False)
class Told:
    """The regime of a step size, and the assumptions about the spectrum that fail.

    Attributes:
        minimizer: The enclosed minimizer; its centre is the minimizer itself where the spectrum is exact.
        regime: The regime.
        fails: The assumptions about spectrum and step size that fail.
        exact: The exact spectrum, where intervals did not suffice.
    """

    minimizer: EnclosedMinimizer
    regime: Regime
    fails: tuple[Assumption, ...]
    exact: ExactSpectrum | None = None

    @property
    def multiplicities(self) -> tuple[int, int]:
        """How often the smallest and the largest eigenvalue occur."""
        return (1, 1) if self.exact is None else self.exact.multiplicities

    @property
    def dominant(self) -> list[tuple[range, int]]:
        """The indices of each dominant eigenvalue in the spectrum, with the sign of its multiplier.

        There are none if all multipliers vanish, or descent is unstable.
        """
        n = len(self.minimizer.spectrum.values)
        ends = self.multiplicities
        low, high = (range(ends[0]), 1), (range(n - ends[1], n), -1)
        if self.regime is Regime.BOUNDARY:
            return [low, high] if Assumption.DISTINCT_ENDS not in self.fails else []
        return [low] if self.regime is Regime.SMALL_STEP else [high] if self.regime is Regime.LARGE_STEP else []


def tell(loss: SmoothLoss, minimizer: EnclosedMinimizer, eta: fmpq) -> Told | None:
    """Decide the regime of a step size, and which assumptions about the spectrum fail, at the current precision.

    Args:
        loss: The loss.
        minimizer: The enclosed minimizer.
        eta: The step size η.

    Returns:
        The result; None if this precision does not decide it, or an equality cannot be decided.
    """
    spectrum = minimizer.spectrum
    regime = regime_of(spectrum, eta)
    if regime is not None and _ends_are_simple(spectrum):
        fails = [Assumption.DISTINCT_ENDS] if len(spectrum.values) == 1 else []
        fails += [Assumption.STABLE_STEP] if regime is Regime.UNSTABLE else []
        return Told(minimizer, regime, tuple(fails))
    known = exact_minimizer(loss, minimizer) if loss.dimension <= _MOST_VARIABLES else None
    if known is None:
        return None
    pencil = Pencil(fmpq_mat(known[1]))
    found = classify(pencil, eta, ctx.prec)
    assert found.regime is not None  # The minimum is strict.
    there, exact = replace(minimizer, centre=known[0]), ExactSpectrum(pencil, found)
    return Told(there, found.regime, tuple(spectral_failures(found)), exact)


def regime_of(spectrum: Spectrum, eta: fmpq) -> Regime | None:
    """Return the regime of a step size; None if enclosures cannot tell it from a boundary of regimes."""
    low, high = spectrum.values[0], spectrum.values[-1]
    if surely_less(arb(2), eta * high):
        return Regime.UNSTABLE
    if not surely_less(eta * high, arb(2)):
        return None
    if surely_less(eta * (low + high), arb(2)):
        return Regime.SMALL_STEP
    return Regime.LARGE_STEP if surely_less(arb(2), eta * (low + high)) else None


def _ends_are_simple(spectrum: Spectrum) -> bool:
    values: Sequence[arb] = spectrum.values
    return len(values) == 1 or (surely_less(values[0], values[1]) and surely_less(values[-2], values[-1]))


def cannot_tell(spectrum: Spectrum, eta: fmpq) -> str:
    """Return a sentence on what cannot be told apart."""
    low, high = spectrum.values[0], spectrum.values[-1]
    if not (surely_less(eta * high, arb(2)) or surely_less(arb(2), eta * high)):
        return f"the step size cannot be told from the stability limit 2/λₙ, {_INEXACT}; change it a little"
    if not (surely_less(eta * (low + high), arb(2)) or surely_less(arb(2), eta * (low + high))):
        return f"the step size cannot be told from the boundary 2/(λ₁+λₙ), {_INEXACT}; change it a little"
    return (
        f"an end of the Hessian's spectrum cannot be told from its neighbour, {_INEXACT}; equal ends are outside the"
        " theorem"
    )


_INEXACT = "and the Hessian at the minimizer is not known to be rational"
