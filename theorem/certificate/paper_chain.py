r"""The paper's own chain, beside the amplitude certificate: Lemma 1, Lemma 2, dominance cone, vanishing ratios.

The paper's cone :math:`|y_d| \ge \sum_{i \ne d} |y_i|` depends on the choice of eigenvectors where interior eigenvalues
repeat. The cone used here, :math:`\sqrt{n-1}\,\|y_\perp\| \le |y_d|`, lies within it for every choice and is the same
for n = 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from flint import arb, ctx, fmpq, fmpq_mat

from gdcheck.theorem.assumptions.spectrum import Eigenspace
from gdcheck.theorem.decision.decide import Decision
from gdcheck.theorem.descent.enclosure import enclose
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.invariant_ball import invariant_radius
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.limit.sequence import EnclosedIterate
from gdcheck.theorem.loss.balls import ball, float_above, norm, surely_less

_GUARD_BITS = 64


@dataclass(frozen=True)
class Chain:
    """The results of the paper's lemmas for one problem.

    Attributes:
        radius: Lemma 2's ε: the ball of this radius is mapped into itself; None if every ball is (a quadratic).
        constant: Lemma 1's C on that ball, an upper bound: |g_i| ≤ C‖y‖² and |∂g_i/∂y_j| ≤ C‖y‖; taken on the unit
            ball if every ball is invariant.
        cone_step: The step from which the trajectory is proved to stay in the dominance cone; None if not within the
            steps tried.
        alpha: The supremum of the α for which |y_i|/|y_d|^α stays bounded: min(2, ln b/ln ρ).
    """

    radius: fmpq | None
    constant: float
    cone_step: int | None
    alpha: float


def paper_chain(decision: Decision, max_steps: int = 20_000) -> Chain | None:
    """Follow the paper's chain for a decided problem.

    Args:
        decision: A decision with one certified simple dominant eigenvalue in the whole space.
        max_steps: Steps after which the search for the cone ends.

    Returns:
        The chain; None where the paper's argument does not apply (no certificate, a subspace, several dominant
        directions).
    """
    spectrum = decision.restricted
    if decision.amplitude is None or decision.subspace is not None or spectrum is None:
        return None
    if len(decision.blocks) != 1 or decision.blocks[0].eigenvalue.multiplicity != 1:
        return None
    expansion = decision.expansion
    if any(t.power == 2 for t in expansion.truncated):
        return None
    block = decision.blocks[0]
    eta = decision.problem.step_size
    with ctx.workprec(decision.precision):
        bound = RemainderBound.of(expansion)
        # Near 1/λ the difference of two rounded numbers would have few correct digits.
        rho = abs(ball(1 - eta * block.eigenvalue.hi, 1 - eta * block.eigenvalue.lo))
        dominant = spectrum.index(block.end)
        others = [abs(1 - eta * e.ball()) for i, e in enumerate(spectrum.eigenvalues) if i != dominant]
        b = max((x.upper() for x in others), default=arb(0))
        radius = invariant_radius(bound, rho)
        reach = arb(1 if radius is None else radius)
        lipschitz = bound.lipschitz(reach) / reach
        constant = max(float_above(bound.quadratic(reach)), float_above(lipschitz))
        return Chain(radius, constant, _cone_step(expansion, bound, block, (rho, b), max_steps), _alpha(rho, b))


def _alpha(rho: arb, b: arb) -> float:
    if not surely_less(rho**2, b):
        return 2.0
    return float((b.log() / rho.log()).mid())


def _cone_step(
    expansion: Expansion, bound: RemainderBound, block: Eigenspace, moduli: tuple[arb, arb], max_steps: int
) -> int | None:
    """Return the first step at which the iterate is in the cone and an inequality shows that it stays there.

    With s = ‖y_⊥‖/|y_d| ≤ s₀ = 1/√(n−1) and ‖y‖ ≤ r, one step gives s' ≤ (b s + C r(1 + s²))/(ρ − C r(1 + s²)), which
    is at most s₀ once C r(1 + s₀²)(1 + s₀) ≤ s₀(ρ − b).
    """
    rho, b = moduli
    n = expansion.dimension
    edge = 1 / arb(max(n - 1, 1)).sqrt()
    room = edge * (rho - b)
    for iterate in islice(enclose(expansion, bound, rho), max_steps + 1):
        along, across = _split(iterate, block.vectors)
        if not surely_less(across, edge * along):
            continue
        c = bound.quadratic(iterate.radius)
        invariant = surely_less(rho + c * iterate.radius, arb(1))
        if invariant and surely_less(c * iterate.radius * (1 + edge**2) * (1 + edge), room):
            return iterate.step
    return None


def _split(iterate: EnclosedIterate, vector: fmpq_mat) -> tuple[arb, arb]:
    """Return a lower bound of |y_d| and an upper bound of ‖y_⊥‖."""
    v = [arb(x) for x in vector.entries()]
    c = sum((x * y for x, y in zip(v, iterate.centre, strict=True)), arb(0))
    rest = norm(x - c * y for x, y in zip(iterate.centre, v, strict=True))
    # The eigenvector is known to far more bits than the iterate; its error is added to the iterate's.
    slack = iterate.error + iterate.radius * arb(2) ** -_GUARD_BITS
    return (abs(c) - slack).lower(), (rest + slack).upper()
