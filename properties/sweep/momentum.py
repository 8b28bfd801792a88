"""Step sizes of a sweep's problems with momentum: in every regime, near its ends and far from them.

Only operations that IEEE 754 rounds in one way are used, as in ``generator``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, eq=False)
class Line:
    """The line of step sizes of each problem; all arrays have shape (rows,).

    Attributes:
        small: The end of what is certainly the small-step regime.
        window: Where the rotating regime begins; not below ``large`` where there is none.
        large: Where the large-step regime begins; for Nesterov, whose switch has no closed formula, a number below it.
        limit: The stability limit.
    """

    small: Any
    window: Any
    large: Any
    limit: Any

    @classmethod
    def of(cls, xp: Any, beta: Any, lowest: Any, highest: Any, *, looks_ahead: bool) -> Line:
        """Compute the line for λ₁, λₙ and β (docs/methods.md, sections 3 and 4)."""
        if looks_ahead:
            share = (1 - beta) / (1 + beta)
            window, turn = share * share / lowest, 1 / highest
            return cls(xp.minimum(window, turn), window, turn, (2 + 2 * beta) / ((1 + 2 * beta) * highest))
        root = xp.sqrt(beta)
        window, ends = (1 - root) * (1 - root) / lowest, (1 + root) * (1 + root) / highest
        switch = 2 * (1 + beta) / (lowest + highest)
        small, large = xp.minimum(window, switch), xp.maximum(ends, switch)
        return cls(small, window, xp.where(window < ends, ends, large), 2 * (1 + beta) / highest)

    @property
    def turns(self) -> Any:
        """Whether there is a window in which the direction rotates, shape (rows,)."""
        found: Any = self.window < self.large
        return found

    def place(self, xp: Any, regime: Any, share: float, where: Any, nearness: Any) -> tuple[Any, Any]:
        """Place a step size.

        Args:
            xp: The array namespace.
            regime: Numbers in [0, 1) that choose the regime; a third of them the window, where there is one.
            share: The share of small steps among the others.
            where: Numbers in [0, 1): how far through the regime, from its end towards the other regimes.
            nearness: Relative distances from that end; where they are positive, they replace ``where``.

        Returns:
            The step sizes, and whether they were placed among the small ones.
        """
        inside = self.turns & (regime >= 2 / 3)
        small = xp.where(self.turns, regime * 1.5 < share, regime < share) & ~inside
        width = xp.where(small, self.small, xp.where(inside, self.large - self.window, self.limit - self.large))
        away = width * (1 / 64 + 31 / 32 * where)
        if nearness is not None:
            away = xp.where(nearness > 0, width * nearness / 2, away)
        begins = xp.where(inside, self.window, self.large)
        return xp.where(small, self.small - away, begins + away), small
