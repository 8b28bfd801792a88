r"""The inequality that proves a pattern for all steps from one on (see ``theorem.sharpness.pattern``)."""

from __future__ import annotations

from dataclasses import dataclass

from flint import arb

from gdcheck.theorem.loss.balls import surely_less
from gdcheck.theorem.sharpness.envelope import Cone


@dataclass(frozen=True)
class Proof:
    r"""The numbers of :math:`(|c|+\varepsilon)\,\rho_+^{pm} < |c|-\varepsilon` at one step.

    Attributes:
        cone: Where the trajectory is from that step on.
        order: p, the order that decides.
        period: m, the number of branches.
        size: A lower bound of |c|.
        error: ε: |φ_k − φ(m) − c y_k^p| ≤ ε|y_k|^p from that step on.
    """

    cone: Cone
    order: int
    period: int
    size: arb
    error: arb

    @property
    def holds(self) -> bool:
        """Whether the inequality is certain."""
        factor = self.cone.grows ** (self.order * self.period)
        return surely_less((self.size + self.error) * factor, self.size - self.error)

    def if_it_holds(self) -> Proof | None:
        """The proof itself, or None."""
        return self if self.holds else None
