r"""The largest Hessian eigenvalue along a trajectory into a valley, and at which steps it exceeds 2/η.

For half the sum of squares, :math:`\nabla^2f = J^TJ + \sum_iu_i\nabla^2F_i`, and the norm of :math:`\nabla^3f` is at
most :math:`3\sigma L + \|u\|T`, where T is the norm of the vector of bounds of the :math:`\|\nabla^3F_i\|`. At all
steps after the one that decides, the eigenvalue is at most :math:`\sigma_p^2 + \|u\|L`.
"""

from __future__ import annotations

from dataclasses import dataclass

from flint import arb, ctx, fmpq

from gdcheck.theorem.loss.balls import norm, surely_less
from gdcheck.theorem.smooth.ball_bounds import bounds_on_ball
from gdcheck.theorem.smooth.evaluate import Forward
from gdcheck.theorem.smooth.spectrum import Spectrum
from gdcheck.theorem.valleys.arrival import Iterate, iterates, largest_singular_value
from gdcheck.theorem.valleys.decide import ValleyDecision
from gdcheck.theorem.valleys.problem import ValleyProblem


@dataclass(frozen=True, eq=False)
class ValleySharpness:
    """The proved behaviour of the largest Hessian eigenvalue.

    Attributes:
        threshold: 2/η.
        first: The eigenvalue at x₀.
        limit: The eigenvalue at the point of arrival.
        peak: The largest eigenvalue at the steps of ``above``; None if there is none.
        above: The steps at which it exceeds 2/η.
        undecided: The steps at which the enclosure holds 2/η.
        complete: Whether it is below 2/η at all steps after the one that decides.
        rose: The number of steps of ``above`` at which the loss is proved to rise.
        fell: The number of those at which it is proved to fall.
    """

    threshold: fmpq
    first: arb
    limit: arb
    peak: arb | None
    above: tuple[int, ...]
    undecided: tuple[int, ...]
    complete: bool
    rose: int = 0
    fell: int = 0

    @property
    def is_proved(self) -> bool:
        """Whether it is proved that ``above`` are exactly the steps above 2/η."""
        return self.complete and not self.undecided


def valley_sharpness(decision: ValleyDecision) -> ValleySharpness | None:
    """Follow the largest Hessian eigenvalue from the start to the point of arrival.

    Args:
        decision: The decision.

    Returns:
        The proved behaviour; None if no point of arrival is proved, or for momentum, where 2/η is not the limit.
    """
    problem, arrival = decision.problem, decision.arrival
    if arrival is None or not problem.method.is_plain:
        return None
    unit = arb(problem.rate / problem.step_size)
    with ctx.workprec(decision.precision + 64):
        limit = 2 / arb(problem.rate)
        above, undecided, peaks = list[int](), list[int](), list[arb]()
        first, rose, fell = arb(0), 0, 0
        before: arb | None = None
        for iterate in iterates(problem):
            if before is not None:
                size = _size(problem, iterate)
                rose, fell = rose + surely_less(before, size), fell + surely_less(size, before)
                before = None
            if iterate.step == 0:
                first = unit * _top(problem, iterate, None)
            if iterate.step == arrival.step:
                break
            top = _top(problem, iterate, limit)
            if surely_less(limit, top):
                before = _size(problem, iterate)
                above.append(iterate.step)
                peaks.append(unit * top)
            elif not surely_less(top, limit):
                undecided.append(iterate.step)
        return ValleySharpness(
            2 / problem.step_size,
            first,
            unit * arrival.spectrum.values[-1],
            max(peaks, key=lambda x: float(x.mid()), default=None),
            tuple(above),
            tuple(undecided),
            surely_less(arrival.sharpest, limit),
            rose,
            fell,
        )


def _size(problem: ValleyProblem, iterate: Iterate) -> arb:
    """Enclose ‖F(x_k)‖."""
    steep = norm(bounds_on_ball(r, iterate.centre, iterate.drift).second for r in problem.residuals)
    sigma = largest_singular_value(iterate.jacobian) + steep * iterate.drift
    return norm(iterate.residuals) + (sigma * iterate.drift).union(-sigma * iterate.drift)


def _top(problem: ValleyProblem, iterate: Iterate, limit: arb | None) -> arb:
    """Enclose the largest eigenvalue for half the sum of squares; if an upper bound is below a limit, return that."""
    forward = [Forward.of(residual, iterate.centre, 2) for residual in problem.residuals]
    matrix = iterate.jacobian.transpose() * iterate.jacobian
    for u, each in zip(iterate.residuals, forward, strict=True):
        matrix += each.hessian() * u
    spread = _change(problem, iterate)
    if limit is not None:
        bound = largest_singular_value(matrix) + spread
        if surely_less(bound, limit):
            return arb(bound.upper())
    found = Spectrum.of((matrix + matrix.transpose()) / 2, spread)
    return arb("nan") if found is None else found.values[-1]


def _change(problem: ValleyProblem, iterate: Iterate) -> arb:
    """Bound the distance from the Hessian at x_k to the one in the middle of the enclosure."""
    bounds = [bounds_on_ball(residual, iterate.centre, iterate.drift) for residual in problem.residuals]
    steep, third = norm(b.second for b in bounds), norm(b.third for b in bounds)
    sigma = largest_singular_value(iterate.jacobian) + steep * iterate.drift
    size = norm(iterate.residuals) + sigma * iterate.drift
    return arb(((3 * sigma * steep + size * third) * iterate.drift).upper())
