"""Certificates of the theorems on methods for every start near the minimizer: Claim M12, and ``check``.

docs/certificate.md, *Certificates for methods*; the argument is docs/methods.md, *Almost every start*.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from gdcheck.theorem.checker.descent import Descent
from gdcheck.theorem.checker.exact import root_bounds, squared
from gdcheck.theorem.checker.lemma import growth, lipschitz_of, slope_of, verify_box
from gdcheck.theorem.checker.methods.claims import Part, verify_eigenvalues, verify_part
from gdcheck.theorem.checker.methods.first_steps import FirstSteps, Modes
from gdcheck.theorem.checker.methods.linear import Linear, WithoutStart
from gdcheck.theorem.checker.methods.modes import Block, Mode, Powers, blocks_of, regime_of, turned_above, units
from gdcheck.theorem.checker.outcome import claim, required, show
from gdcheck.theorem.checker.reading.checking import Check
from gdcheck.theorem.checker.reading.document import Eigenvalue, Graph
from gdcheck.theorem.checker.spectrum import Operator
from gdcheck.theorem.checker.trajectory import Remainder

KINDS = {"small-step": "fixed", "large-step": "alternating", "rotating": "rotating"}


@dataclass(frozen=True)
class Nearby:
    """All fields of a certificate."""

    schema: Literal["gdcheck-method-every-start/3"]
    problem: WithoutStart
    verdict: str
    regime: str
    eigenvalues: tuple[Eigenvalue, ...]
    dominant: tuple[int, ...]
    powers: Powers
    steps: int
    sign: Fraction | None
    limit: str
    radius: Fraction | None
    graph: Graph | None


def _verify(c: Nearby) -> None:
    """Claim M12 (every start): the Lipschitz constant of zeta - a is so small that the zeros of zeta lie on a graph."""
    linear, powers = c.problem.linear, c.powers
    u = c.problem.step_size * linear.gain
    descent = Descent.at_critical_point(replace(c.problem, step_size=u))
    matrix = linear.preconditioned(descent.hessian)
    operator = Operator.of(matrix)
    verify_eigenvalues(operator, c.eigenvalues)
    blocks = blocks_of(linear, u, c.eigenvalues)
    regime, modes = regime_of(linear, u, operator, c.eigenvalues, c.dominant)
    stated = (c.regime, c.limit, c.verdict) == (regime, KINDS.get(regime), "proved")
    claim(stated, f"the regime, its limit and the verdict fails: the regime is {regime}")
    first = c.dominant[0]
    rho = blocks[first].modulus(modes[first])
    powers.verify(linear, blocks, modes, rho)
    whole = len(modes) == len(blocks) and all(mode.sign == 0 for mode in modes.values())
    claim(c.graph is not None or whole, "all of space turns fails")
    one = len(modes) == 1 and c.eigenvalues[first].multiplicity == 1
    claim(c.graph is None or one, "one simple eigenvalue dominates fails")
    remainder = Remainder.of(descent)
    if linear.adaptive is None:
        claim(c.steps == 0, "no first steps are stated of this method fails")
        found = _plain(c, remainder, (blocks, modes), rho)
    else:
        found = _adaptive(c, remainder, (blocks, modes), rho)
    if c.graph is None:
        claim(c.sign is None and found < 1, f"every amplitude exceeds the tail fails: {show(found)}")
        return
    steepest = slope_of(found)[1]
    claim(steepest <= c.graph.slope, f"slope = {show(c.graph.slope)} fails: it is {show(steepest)}")
    vector = c.graph.vector
    frame = verify_part(linear, c.eigenvalues, operator, matrix, Part(first, c.graph.gap, (vector,)))
    normal = linear.dual(vector)
    verify_box("the normal", normal, root_bounds(squared(normal)), frame.tilt, c.graph.normal)


def _plain(
    c: Nearby, remainder: Remainder, dominant: tuple[list[Block], dict[int, Mode]], rho: tuple[Fraction, Fraction]
) -> Fraction:
    """Return L; without a graph, the tail divided by the smallest amplitude."""
    linear, powers, (blocks, modes) = c.problem.linear, c.powers, dominant
    r = powers.error * remainder.verify_radius(c.radius)
    # A bound of what a difference of starts changes in the gradients, divided by what gradients add to the norm.
    adds = linear.strength * powers.error / powers.gradient
    _, p, tail = growth(powers.gradient * remainder.push(r), Fraction(1), rho, "on the ball of states")
    if c.graph is None:
        return max(turned_above(linear, blocks[i], units(linear)[2]) for i in modes) * linear.size * adds * tail
    ((first, mode),) = modes.items()
    if mode.sign == 0:
        claim(c.sign is None, "no sign is stated where a pair dominates fails")
    else:
        _verify_sign(c, blocks[first].functional(linear, mode)[0])
    return _ratio(linear, blocks[first], mode) * adds * lipschitz_of(powers.gradient * remainder.lipschitz(r), p, rho)


def _adaptive(
    c: Nearby, remainder: Remainder, dominant: tuple[list[Block], dict[int, Mode]], rho: tuple[Fraction, Fraction]
) -> Fraction:
    """Return L; without a graph, what the first and all later steps may add to the state, divided by its amplitude."""
    (blocks, modes), steepest = dominant, remainder.step_size * c.eigenvalues[-1].high
    radius = required(c.radius, "a radius is stated fails")
    claim(radius > 0, "radius > 0 fails")
    steps = FirstSteps.of(Modes(c.problem.linear, blocks, rho, c.powers), steepest, c.steps)
    spread, factor = steps.spread(remainder, steepest, radius)
    if c.graph is None:
        return c.powers.state * (steps.later * factor - 1) * Fraction(10, 7)
    ((first, mode),) = modes.items()
    claim(mode.sign, "a real multiplier dominates fails")
    sight = steps.sight(blocks[first], mode)
    _verify_sign(c, sight)
    return (spread - steps.errors[0]) / min(map(abs, sight))


def _verify_sign(c: Nearby, weight: tuple[Fraction, Fraction]) -> None:
    """Verify on which side of the graph amplitudes are positive, by an interval of their weight."""
    sign = 1 if weight[0] > 0 else -1 if weight[1] < 0 else 0
    claim(sign and c.sign == sign, f"the sign of amplitudes fails: it is {sign}")


def _ratio(linear: Linear, block: Block, mode: Mode) -> Fraction:
    """Bound what a unit gradient adds to the amplitude, divided by the weight of h in it, which is one for a pair."""
    if mode.sign == 0:
        return turned_above(linear, block, units(linear)[2])
    a, _ = block.functional(linear, mode)
    return block.pushed(linear, mode) / min(map(abs, a))


check = Check(Nearby, _verify)
"""Verifies a certificate of a theorem on a method for every start near the minimizer."""
