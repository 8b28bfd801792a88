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
from gdcheck.theorem.checker.methods.linear import Linear, WithoutStart
from gdcheck.theorem.checker.methods.modes import Block, Mode, Powers, blocks_of, regime_of, turned_above, units
from gdcheck.theorem.checker.outcome import claim, show
from gdcheck.theorem.checker.reading.checking import Check
from gdcheck.theorem.checker.reading.document import Eigenvalue, Graph
from gdcheck.theorem.checker.spectrum import Operator
from gdcheck.theorem.checker.trajectory import Remainder

KINDS = {"small-step": "fixed", "large-step": "alternating", "rotating": "rotating"}


@dataclass(frozen=True)
class Nearby:
    """All fields of a certificate."""

    schema: Literal["gdcheck-method-every-start/2"]
    problem: WithoutStart
    verdict: str
    regime: str
    eigenvalues: tuple[Eigenvalue, ...]
    dominant: tuple[int, ...]
    powers: Powers
    limit: str
    radius: Fraction | None
    graph: Graph | None


def _verify(c: Nearby) -> None:
    """Claim M12 (every start): zeta - a has so small a Lipschitz constant that zeta vanishes on a graph at most."""
    linear, powers = c.problem.linear, c.powers
    claim(linear.adaptive is None, "no method for which this is proved fails")
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
    remainder, weight = Remainder.of(descent), powers.gradient
    r = powers.error * remainder.verify_radius(c.radius)
    # What a difference of starts changes the gradients by, in relation to what those add to the norm.
    adds = linear.strength * powers.error / powers.gradient
    _, p, tail = growth(weight * remainder.push(r), Fraction(1), rho, "on the ball of states")
    if c.graph is None:
        whole = len(modes) == len(blocks) and all(mode.sign == 0 for mode in modes.values())
        claim(whole, "all of space turns fails")
        turns = max(turned_above(linear, blocks[i], units(linear)[2]) for i in modes) * linear.size * adds
        claim(turns * tail < 1, f"every amplitude exceeds the tail fails: {show(turns * tail)}")
        return
    claim(len(modes) == 1 and c.eigenvalues[first].multiplicity == 1, "one simple eigenvalue dominates fails")
    ratio = _ratio(linear, blocks[first], modes[first]) * adds
    lipschitz = ratio * lipschitz_of(weight * remainder.lipschitz(r), p, rho)
    steepest = slope_of(lipschitz)[1]
    claim(steepest <= c.graph.slope, f"slope = {show(c.graph.slope)} fails: it is {show(steepest)}")
    vector = c.graph.vector
    frame = verify_part(linear, c.eigenvalues, operator, matrix, Part(first, c.graph.gap, (vector,)))
    normal = linear.dual(vector)
    verify_box("the normal", normal, root_bounds(squared(normal)), frame.tilt, c.graph.normal)


def _ratio(linear: Linear, block: Block, mode: Mode) -> Fraction:
    """Bound what a unit gradient adds to the amplitude by the amplitude's weight of h, which is one for a pair."""
    if mode.sign == 0:
        return turned_above(linear, block, units(linear)[2])
    a, _ = block.functional(linear, mode)
    claim(a[0] > 0 or a[1] < 0, "the amplitude depends on h fails")
    return block.pushed(linear, mode) / min(map(abs, a))


check = Check(Nearby, _verify)
"""Verifies a certificate of a theorem on a method for every start near the minimizer."""
