"""What consecutive updates say about the direction: the cosine alone nothing; the spectrum adds a bound.

Let M be symmetric with eigenvalues μ_i, E the eigenspace of one of them, μ_d, and w = Mu + e for two consecutive
updates u ≠ 0 and w of gradient descent, M = I − ηH. With r = ⟨w,u⟩/‖u‖², s = ‖w − ru‖/‖u‖ = |r| tan∠(u,w),
ε = ‖e‖/‖u‖ and the gap g = min{|μ_i − r| : μ_i ≠ μ_d}:

    (s − ε)/max_i |μ_i − μ_d|  ≤  sin∠(u, E)  ≤  (s + ε)/g.

*Above.* (M − r)u = w − ru − e has a norm of at most (s + ε)‖u‖. Each component of u across E is multiplied by a factor
of modulus at least g there. *Below.* s is the least ‖w − cu‖/‖u‖ over all c, so that at c = μ_d it is at most
‖(M − μ_d)u‖/‖u‖ + ε, and M − μ_d takes E to zero and stretches what is across by at most max_i |μ_i − μ_d|.

So a small angle between consecutive updates says that u is close to *an* eigenvector, if it is small compared with the
gaps η(λ_i − λ_j); r tells to which one. For a small step size the angle is small everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flint import arb, fmpq

from gdcheck.theorem.loss.balls import norm


@dataclass(frozen=True)
class Signal:
    """The two bounds of the sine of the angle between an update and the dominant eigenspace.

    Attributes:
        lower: Below.
        upper: Above; infinite where r lies at another multiplier, so that nothing is signalled.
    """

    lower: arb
    upper: arb


def signal(u: Sequence[arb], w: Sequence[arb], multipliers: Sequence[fmpq], dominant: fmpq) -> Signal:
    """Bound the angle between an update and the dominant eigenspace.

    Args:
        u: An update in an eigenbasis, shape (n,), not zero.
        w: The next one, shape (n,).
        multipliers: μ_i, shape (n,), of which some differ from the dominant one.
        dominant: μ_d.

    Returns:
        The bounds, enclosed.
    """
    length = norm(u)
    r = sum((a * b for a, b in zip(u, w, strict=True)), arb(0)) / length**2
    s = norm(b - r * a for a, b in zip(u, w, strict=True)) / length
    epsilon = norm(b - arb(m) * a for a, b, m in zip(u, w, multipliers, strict=True)) / length
    others = [m for m in multipliers if m != dominant]
    gap = _least([abs(arb(m) - r) for m in others])
    widest = arb(max(abs(m - dominant) for m in others))
    return Signal((s - epsilon) / widest, (s + epsilon) / gap if gap > 0 else arb.pos_inf())


def _least(values: Sequence[arb]) -> arb:
    least = values[0]
    for value in values[1:]:
        least = least.min(value)
    return least
