r"""A method with momentum at an enclosed strict minimum, as a supplier of the amplitude lemma.

The sequence is the states z = (h, c), h = x − x*, in the norm of ``powers.py``; the minimizer is known up to δ, which
counts as an error of every h. A step multiplies the distance of two states, in that norm, by at most :math:`\rho +
K_g\eta Tr` if their points lie in a ball of radius r around the minimizer on which :math:`\|\nabla^3f\| \le T`.
Elsewhere it acts on their difference as the mean of :math:`M(\eta H)` over the Hessians between the two points: with
:math:`\|I - \eta H\| \le N` the eigenvalues of ηH lie between 1 − N and 1 + N (docs/smooth.md, *Momentum*).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flint import arb, arb_mat, ctx

from gdcheck.theorem.augmented.enclosed_modes import EnclosedModes, step_norm
from gdcheck.theorem.augmented.enclosure import StateEnclosure, join
from gdcheck.theorem.augmented.powers import Pair, Powers, bound_powers
from gdcheck.theorem.augmented.sequence import StateSequence, turning_everywhere
from gdcheck.theorem.limit.amplitude import projector_bits
from gdcheck.theorem.limit.sequence import DominantPart
from gdcheck.theorem.loss.balls import norm, surely_less
from gdcheck.theorem.smooth.enclosed_minimum import Trajectory
from gdcheck.theorem.smooth.evaluate import Forward
from gdcheck.theorem.smooth.minimizer import EnclosedMinimizer
from gdcheck.theorem.smooth.problem import SmoothProblem


def enclosed_states(problem: SmoothProblem, minimizer: EnclosedMinimizer, modes: EnclosedModes) -> StateSequence | None:
    """Supply the states to the lemma, at the current precision.

    Args:
        problem: The problem, with heavy ball or Nesterov's method; the buffer is empty at the start.
        minimizer: The minimizer.
        modes: The method's modes there, of which some dominate.

    Returns:
        The sequence; None where the precision does not suffice to bound the powers.
    """
    rho = modes.modulus
    powers = bound_powers(modes.matrices, rho, (arb(1), arb(1)), buffered=True)
    if powers is None:
        return None
    largest = max((abs(1 - problem.step_size * x).upper() for x in minimizer.spectrum.values), key=float)
    trajectory = Trajectory(problem.loss, problem.step_size, problem.start, minimizer, rho, largest)
    states = _States(problem, minimizer, powers, trajectory)
    return StateSequence(
        parts=[_part(minimizer, modes, powers)],
        rho=rho,
        dominance=modes.dominance,
        remainder=lambda radius: powers.gradient * trajectory.remainder(radius),
        iterates=states.enclose,
        powers=powers,
    )


def _part(minimizer: EnclosedMinimizer, modes: EnclosedModes, powers: Powers) -> DominantPart:
    """Return the dominant part, scaled so that the lemma compares its amplitude with the tail directly."""
    chosen = [modes.matrices[i] for i in modes.dominant]
    first, spectrum = chosen[0], minimizer.spectrum
    if not modes.angles:
        line = spectrum.line(modes.dominant[0], first.mode.shape.value)
        scale = (first.pushed() / powers.gradient).upper()
        return _line(line, first.functional(), scale)
    scale = (max(m.turned(m.units[2]) for m in chosen) / powers.gradient).upper()
    if len(chosen) == len(spectrum.values):
        return turning_everywhere(len(spectrum.values), scale)
    line = spectrum.line(modes.dominant[0], 1)
    with ctx.workprec(projector_bits()):
        onto, along = _twice(line.onto), _twice(line.along)
    return DominantPart(0, line.deviation / scale, onto * (1 / scale), along, 1 / scale)


def _line(line: DominantPart, functional: Pair, scale: arb) -> DominantPart:
    """Return the part on which the method is a real multiplier, as ``Frame.line`` does in exact columns."""
    a, b = (x / scale for x in functional)
    with ctx.workprec(projector_bits()):
        rows = line.along.tolist()
        along = arb_mat([[*(a * x for x in row), *(b * x for x in row)] for row in rows])
    length = norm((a, b))
    return DominantPart(line.sign, line.deviation * length, line.onto, along, length)


def _twice(matrix: arb_mat) -> arb_mat:
    """Return the matrix that acts on h and on c alike."""
    rows, nothing = matrix.tolist(), [arb(0)] * int(matrix.ncols())
    return arb_mat([[*row, *nothing] for row in rows] + [[*nothing, *row] for row in rows])


@dataclass(frozen=True, eq=False)
class _States:
    problem: SmoothProblem
    minimizer: EnclosedMinimizer
    powers: Powers
    trajectory: Trajectory

    def enclose(self) -> Iterator[StateEnclosure]:
        """Enclose the states (h₀, 0), (h₁, c₁), …, without end."""
        powers, most = self.powers, self.powers.state
        problem, eta = self.problem, arb(self.problem.step_size)
        centre, delta = [arb(x) for x in self.minimizer.centre], arb(self.minimizer.radius)
        wide = [arb(q) for q in problem.start]
        x, c = [y.mid() for y in wide], [arb(0)] * len(wide)
        error = norm(y.rad() for y in wide).upper()
        starred, step = (most * error).upper(), 0
        while True:
            h = [a - b for a, b in zip(x, centre, strict=True)]
            off = (delta + norm(y.rad() for y in h)).upper()
            h = [y.mid() for y in h]
            size, known = powers.size(h, c), starred + powers.error * off
            yield StateEnclosure(step, [*h, *c], arb(known.upper()), arb((size + known).upper()), size)
            radius = (norm(h) + off + error).upper()
            here = Forward.of(problem.loss, x, 1, all_values=False)
            shrinks = self.trajectory.rho + powers.gradient * eta * self.trajectory.third(arb(radius)) * radius
            if surely_less(shrinks, arb(1)) or not error > 0:
                error = starred = shrinks * starred
            else:
                growth = self._growth(x, arb(error), arb(radius))
                error, starred = growth * error, (shrinks * starred if shrinks.is_finite() else arb("inf"))
            moved, buffer = problem.method.advance(x, c, [eta * g for g in here.gradient()], arb)
            rounding = norm(y.rad() for y in (*moved, *buffer))
            x, c = [y.mid() for y in moved], [y.mid() for y in buffer]
            error, starred = join(error + rounding, starred + most * rounding, most)
            step += 1

    def _growth(self, x: list[arb], error: arb, radius: arb) -> arb:
        """Bound the factor by which a step moves two states apart whose points lie within ``error`` of x."""
        at = Forward.of(self.problem.loss, x, 2, all_values=False)
        distance = self.trajectory.around(self.trajectory.norm_of_map(at), at, error, self.trajectory.third(radius))
        return step_norm(self.problem.method, (1 - distance, 1 + distance))
