r"""Gradient descent at an enclosed strict minimum, as a supplier of the amplitude lemma.

The sequence is :math:`h_k = x_k - x^*`. The minimizer is known up to δ, which is part of the error of every iterate. B
is :math:`I - \eta A`, with A the enclosed Hessian at the minimizer. The constant of Lemma 1 is :math:`C(r) =
\frac{\eta}{2} \sup\|\nabla^3f\|` over the ball of radius r around the minimizer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from flint import arb, arb_mat, fmpq

from gdcheck.theorem.limit.sequence import EnclosedIterate, PerturbedSequence
from gdcheck.theorem.loss.balls import norm, surely_less
from gdcheck.theorem.smooth.ball_bounds import bounds_on_ball
from gdcheck.theorem.smooth.evaluate import Forward
from gdcheck.theorem.smooth.floats.map_norm import map_norm
from gdcheck.theorem.smooth.graph import SmoothLoss
from gdcheck.theorem.smooth.minimizer import EnclosedMinimizer
from gdcheck.theorem.smooth.spectrum import Spectrum

# An error may grow by less than this factor at a step, and by exp(8) in all, before the map's derivative is computed.
_LOCAL_FROM = fmpq(21, 20)
_GROWN = 8.0
_MOST_IN_BALLS = 8
_SQUARINGS = 6
# The norm of the map's derivative may be overestimated by this much anyway; beyond it, it is computed again.
_NOT_MUCH = fmpq(1, 4096)
_ROOM = fmpq(65, 64)
# A bound on a ball is kept for smaller balls down to this ratio of the radii, or if it is within this factor of the
# bound at the minimizer.
_LARGER = fmpq(9, 8)
_SHARP = fmpq(257, 256)


def enclosed_minimum(
    loss: SmoothLoss,
    step_size: fmpq,
    start: Sequence[fmpq],
    minimizer: EnclosedMinimizer,
    dominant: Sequence[tuple[Sequence[int], int]] = ((range(1), 1),),
    *,
    within: Spectrum | None = None,
) -> PerturbedSequence:
    """Supply the trajectory along one end of the spectrum or both, at the current precision.

    Args:
        loss: The loss.
        step_size: η.
        start: x₀, shape (n,).
        minimizer: The minimizer.
        dominant: The places of each dominant eigenvalue in the spectrum, with the sign of its multiplier: 1 for the
            smallest one, −1 for the largest.
        within: The spectrum on an invariant space that holds the trajectory; on all of space if not given.

    Returns:
        The sequence.
    """
    spectrum = within or minimizer.spectrum
    inside = {i for places, _ in dominant for i in places}
    moduli = [abs(1 - step_size * value) for value in spectrum.values]
    # Equal moduli: each ball holds the same number, and so does what they share.
    rho = moduli[min(inside)]
    for i in inside:
        rho = rho.intersection(moduli[i])
    b = max((m.upper() for i, m in enumerate(moduli) if i not in inside), key=float, default=arb(0))
    largest = max((abs(1 - step_size * value).upper() for value in minimizer.spectrum.values), key=float)
    trajectory = Trajectory(loss, step_size, start, minimizer, rho, largest)
    return PerturbedSequence(
        parts=[spectrum.part(places, sign) for places, sign in dominant],
        rho=rho,
        dominance=arb((rho.lower() - b).lower()),
        remainder=trajectory.remainder,
        iterates=trajectory.iterates,
    )


@dataclass(frozen=True, eq=False)
class Trajectory:
    """The errors of gradient descent at an enclosed minimum; ρ, and a bound of |1 − ηλ| over the whole spectrum."""

    _loss: SmoothLoss
    _step_size: fmpq
    _start: Sequence[fmpq]
    _minimizer: EnclosedMinimizer
    rho: arb
    largest: arb
    _known: list[tuple[arb, arb]] = field(default_factory=list)
    _at_centre: list[Forward] = field(default_factory=list)
    _least: list[arb] = field(default_factory=list)

    def remainder(self, radius: arb) -> arb:
        """Bound the remainder: C(r) of Lemma 1, with room for a checker whose bound is a little less sharp.

        A known bound on a larger ball is true as well. It is taken as long as the proof cannot succeed anyway: even
        with the bound at the minimizer, an amplitude as large as the radius would not exceed the tail.
        """
        if not self._least:
            self._least.append(self.third(arb(0)))
        least = self._step_size * self._least[0] / 2
        hopeless = surely_less(self.rho * (1 - self.rho), least * radius)
        if hopeless and self._known and radius <= self._known[0][0]:
            return self._step_size * self._known[0][1] * _ROOM / 2
        return self._step_size * self.third(radius) * _ROOM / 2

    def third(self, radius: arb) -> arb:
        """Bound the third derivative on the ball of that radius around the minimizer, or of one a little larger."""
        if self._known and radius <= self._known[0][0]:
            outer, bound = self._known[0]
            if outer <= _LARGER * radius or (self._least and bound <= self._least[0] * _SHARP):
                return bound
        centre = [arb(x) for x in self._minimizer.centre]
        if not self._at_centre:
            self._at_centre.append(Forward.of(self._loss, centre, 0, all_values=False))
        radius = arb(radius.upper())
        third = bounds_on_ball(self._loss, centre, radius + self._minimizer.radius, self._at_centre[0]).third
        self._known[:] = [(radius, third)]
        return third

    def iterates(self) -> Iterator[EnclosedIterate]:
        """Enclose the errors h₀, h₁, …, without end."""
        centre = [arb(x) for x in self._minimizer.centre]
        delta, eta = arb(self._minimizer.radius), self._step_size
        wide = [arb(x) for x in self._start]
        x, drift = [y.mid() for y in wide], norm(y.rad() for y in wide)
        step, grown = 0, 0.0
        known: tuple[arb, arb] | None = None  # A radius, and the third derivative's bound on its ball.
        near: tuple[list[arb], arb] | None = None  # A point in it, and the norm of the map's derivative there.
        while True:
            h = [a - b for a, b in zip(x, centre, strict=True)]
            error = (drift + delta + norm(y.rad() for y in h)).upper()
            h = [y.mid() for y in h]
            size = norm(h)
            radius = (size + error).upper()
            yield EnclosedIterate(step, h, arb(error), arb(radius), size)
            # The bound's ball holds the iterate, and is not much larger than needed.
            if known is None or not (radius <= known[0] and surely_less(known[0], 2 * radius)):
                known, near = (radius, self.third(arb(radius))), None
            factor = self.largest + eta * known[1] * radius
            most = arb(1) if grown > _GROWN else arb(_LOCAL_FROM)
            local_too = not surely_less(factor, most)
            local = self._from(near, x, drift, known[1], most) if local_too else None
            here = Forward.of(self._loss, x, 2 if local_too and local is None else 1, all_values=False)
            if local_too and local is None:
                norm_here = self.norm_of_map(here)
                near = x, norm_here
                local = self.around(norm_here, here, drift, known[1])
            if local is not None:
                factor = local if surely_less(local, factor) or not factor.is_finite() else factor
            grown += max(0.0, float(factor.mid()) - 1)
            moved = [a - eta * b for a, b in zip(x, here.gradient(), strict=True)]
            x = [y.mid() for y in moved]
            drift = (factor * drift + norm(y.rad() for y in moved)).upper()
            step += 1

    def _from(self, near: tuple[list[arb], arb] | None, x: list[arb], drift: arb, third: arb, most: arb) -> arb | None:
        """Bound ‖I − η∇²f‖ on the ball in which the iterate lies, by the norm at an earlier iterate.

        Args:
            near: The earlier iterate and the norm there; None if there is none.
            x: The ball's centre.
            drift: The ball's radius.
            third: A bound of the third derivative on a ball that holds both.
            most: What is useful however much larger it is than the norm.

        Returns:
            The bound; None if there is none, or it is too large to be useful.
        """
        if near is None:
            return None
        more = self._step_size * third * (drift + norm(a - b for a, b in zip(x, near[0], strict=True)))
        bound = arb((near[1] + more).upper())
        return bound if surely_less(more, arb(_NOT_MUCH)) or surely_less(bound, most) else None

    def around(self, norm_here: arb, at: Forward, drift: arb, third: arb) -> arb:
        """Bound ‖I − η∇²f‖ on the ball in which the iterate lies, by the norm at its centre.

        Args:
            norm_here: The norm.
            at: The loss there.
            drift: The ball's radius.
            third: A bound of the third derivative on a ball that holds it, not finite if there is none.
        """
        if not third.is_finite():
            third = bounds_on_ball(self._loss, at.values[: self._loss.dimension], drift).third
        return arb((norm_here + self._step_size * third * drift).upper())

    def norm_of_map(self, at: Forward) -> arb:
        """Bound ‖I − η∇²f‖ at a point: of few variables in balls, which cost less there, of more in floats."""
        n = self._loss.dimension
        if n > _MOST_IN_BALLS:
            bound = map_norm(at, self._step_size)
            return arb("inf") if bound is None else bound
        power = arb_mat([[int(i == j) for j in range(n)] for i in range(n)]) - at.hessian() * arb(self._step_size)
        for _ in range(_SQUARINGS):
            power = power * power
        return arb(norm(power.entries()).root(1 << _SQUARINGS).upper())
