r"""The second engine: the amplitude of one trajectory, observed in mpmath.

With a unit eigenvector v of the dominant multiplier μ, :math:`\mu^{-k}\langle v, h_k\rangle` tends to the amplitude ζ.
It settles at the rate ρᵏ, even near the boundary, where the direction settles very slowly. If ζ is not zero, the limit
of the direction is that of ζv. Spectrum, threshold, step and the decision that it has settled are this engine's own: it
observes, and proves nothing.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import partial
from itertools import islice

from mpmath import mp, mpf

from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.reference.spectrum import ReferenceSpectrum, half_of_the_digits
from gdcheck.theorem.reference.trajectory import Point, ReferenceMap, iterates, norm

DIGITS = (100, 400)
"""Decimal digits, one after the other until the amplitude settles before the iterates reach the minimizer."""

_LEAST_STEPS = 8
_MOST_STEPS = 4000
_WINDOW = 4
_SURE = 4
"""The amplitude counts as settled if it exceeds all later changes, as estimated, by this factor."""
_TURNS = 2
"""The remainder is taken larger than observed by this factor: it may grow a little while the direction changes."""
_SPARE = 15


class NotSettled(Exception):  # noqa: N818
    """The engine has no opinion; the message is the cause, by which problems are counted."""


class _TooFewDigits(NotSettled):
    pass


@dataclass(frozen=True)
class SeenAmplitude:
    """An observed amplitude.

    Attributes:
        multiplier: μ.
        vector: The unit eigenvector v, shape (n,).
        value: ζ, of the trajectory from its start on; zero if ⟨v, h_k⟩ vanishes to the digits at all steps.
        error: An estimate of the error of ζ, from the last steps.
    """

    multiplier: mpf
    vector: Point
    value: mpf
    error: mpf


@dataclass(frozen=True)
class SecondOpinion:
    """What the second engine observes of a problem.

    Attributes:
        digits: Decimal digits.
        resolution: The largest number that the digits cannot distinguish from zero, compared with start and minimizer.
        spectrum: The spectrum, with the regime.
        amplitudes: One for each dominant multiplier.
        errors: h₀, h₁, … up to where the amplitudes have settled, each of shape (n,).
    """

    digits: int
    resolution: mpf
    spectrum: ReferenceSpectrum
    amplitudes: tuple[SeenAmplitude, ...]
    errors: tuple[Point, ...]


def follow(problem: Problem, first: int, last: int) -> tuple[int, ReferenceSpectrum, list[Point]]:
    """Follow a trajectory from one step to another.

    Args:
        problem: The problem.
        first: The first step.
        last: The last step.

    Returns:
        The digits, the spectrum, and h_k for k from ``first`` to ``last``, each of shape (n,).

    Raises:
        NotSettled: If the digits do not tell the last iterate from the minimizer.
    """
    for digits in DIGITS:
        with mp.workdps(digits):
            descend = ReferenceMap(problem)
            spectrum = ReferenceSpectrum.of(descend.hessian(descend.minimizer), descend.step_size)
            points = islice(iterates(problem, digits), first, last + 1)
            errors = [[a - m for a, m in zip(x, descend.minimizer, strict=True)] for x in points]
            if norm(errors[-1]) * half_of_the_digits() > resolution(descend):
                return digits, spectrum, errors
    raise NotSettled("the iterates reached the minimizer, to the digits")


def second_opinion(problem: Problem) -> SecondOpinion:
    """Observe a problem.

    Args:
        problem: The problem.

    Returns:
        The observation; without amplitudes for a step size that is unstable.

    Raises:
        NotSettled: If an amplitude does not settle; the message is the cause.
    """
    for digits in DIGITS:
        try:
            with mp.workdps(digits):
                return _look(problem, digits)
        except _TooFewDigits as failed:
            cause = str(failed)
    raise NotSettled(cause)


def _look(problem: Problem, digits: int) -> SecondOpinion:
    descend = ReferenceMap(problem)
    spectrum = ReferenceSpectrum.of(descend.hessian(descend.minimizer), descend.step_size)
    watches = [_Watch.of(spectrum, x) for x in spectrum.dominant]
    x, errors = descend.start, [[a - m for a, m in zip(descend.start, descend.minimizer, strict=True)]]
    nothing = resolution(descend)
    seen = partial(SecondOpinion, digits, nothing, spectrum)
    if not watches:
        return seen((), tuple(errors))
    steps: deque[tuple[mpf, mpf]] = deque(maxlen=_WINDOW)
    while len(errors) <= _MOST_STEPS:
        h, x = errors[-1], descend(x)
        after = [a - m for a, m in zip(x, descend.minimizer, strict=True)]
        errors.append(after)
        size, k = norm(h), len(errors) - 2
        for watch in watches:
            watch.see(h, nothing)
        # A subspace without the dominant eigenvector is left within n steps, if at all.
        missed = [watch.missing and k >= len(h) for watch in watches]
        if size <= nothing:
            if all(watch.missing for watch in watches):
                return seen(tuple(watch.amplitude(k, mpf(0)) for watch in watches), tuple(errors))
            raise _TooFewDigits("the iterates reached the minimizer, to the digits, before the amplitude settled")
        linear = [a - spectrum.step_size * mp.fdot(row, h) for a, row in zip(h, spectrum.hessian, strict=True)]
        rest = norm([a - b for a, b in zip(after, linear, strict=True)])
        steps.append((rest, norm(after) / size))
        left = _still_to_come(steps, abs(watches[0].multiplier))
        if left is not None and k >= _LEAST_STEPS:
            settled = [_SURE * left <= abs(watch.along) for watch in watches]
            if all(gone or done for gone, done in zip(missed, settled, strict=True)):
                return seen(tuple(watch.amplitude(k, left) for watch in watches), tuple(errors))
    raise NotSettled(f"the amplitude did not settle within {_MOST_STEPS} steps of mpmath")


def resolution(descend: ReferenceMap) -> mpf:
    """Return the largest number that the digits cannot distinguish from zero, compared with start and minimizer."""
    return mpf(10) ** (_SPARE - mp.dps) * (1 + norm(descend.start) + norm(descend.minimizer))


def _still_to_come(steps: deque[tuple[mpf, mpf]], rho: mpf) -> mpf | None:
    """Estimate what the remainder may still add to ⟨v, h_k⟩, from the last remainders and contractions.

    While ‖h‖ shrinks by c, or ρ if that is more, at each step, ‖g(h)‖ shrinks by c². So it is at most
    Σᵢ ρ^{−(i+1)} c^{2i}‖g(h_k)‖, with the largest of the last remainders, each shrunk to step k.
    """
    c = max(rho, *(shrinks for _, shrinks in steps))
    if len(steps) < _WINDOW or c * c >= rho:
        return None
    rest = max(g * c ** (2 * back) for back, (g, _) in enumerate(reversed(steps)))
    return _TURNS * rest / (rho - c * c)


@dataclass
class _Watch:
    """Follows ⟨v, h_k⟩."""

    multiplier: mpf
    vector: Point
    along: mpf
    missing: bool = True

    @classmethod
    def of(cls, spectrum: ReferenceSpectrum, eigenvalue: mpf) -> _Watch:
        vector = spectrum.eigenvector(eigenvalue)
        if vector is None:
            raise _TooFewDigits("the digits do not tell the dominant eigenvector")
        return cls(1 - spectrum.step_size * eigenvalue, vector, mpf(0))

    def see(self, h: Point, nothing: mpf) -> None:
        self.along = mp.fdot(self.vector, h)
        self.missing = self.missing and abs(self.along) <= nothing

    def amplitude(self, step: int, left: mpf) -> SeenAmplitude:
        value = mpf(0) if self.missing else self.along / self.multiplier**step
        return SeenAmplitude(self.multiplier, self.vector, value, left / abs(self.multiplier) ** step)
