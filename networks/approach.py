"""Whether cos → 1 was measured: the judgement of the runs of one optimizer over several seeds."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from gdcheck.networks.shapes import Approach

NEAR_ONE = 0.99
LEAST_COSINES = 20
LEAST_FALL = 0.01
_TAIL = 0.05


def approach(
    cosines: Sequence[Sequence[float | None]], losses: Sequence[Sequence[float]], diverged: int = 0
) -> Approach:
    """Judges the cosines of consecutive updates of several seeds; fewer than ``LEAST_COSINES`` show nothing.

    Args:
        cosines: For each finished seed its cosines, in order of time.
        losses: For each finished seed its losses over all images, in order of time.
        diverged: How many further seeds diverged.

    Returns:
        The judgement.
    """
    finals, trends, short = [], [], 0
    for one in cosines:
        known = [c for c in one if c is not None]
        if len(known) < LEAST_COSINES:
            short += 1
            continue
        tail = max(1, int(_TAIL * len(known)))
        middle = known[max(0, len(known) // 2 - tail) : max(1, len(known) // 2)]
        finals.append(sum(known[-tail:]) / tail)
        trends.append(finals[-1] - sum(middle) / len(middle))
    below = sum(x < NEAR_ONE for x in finals)
    falling = sum(final < NEAR_ONE and trend < 0 for final, trend in zip(finals, trends, strict=True))
    unknown = sum(len(one) < 2 for one in losses)
    still = sum(len(one) > 1 and not _fell(one) for one in losses)
    total = len(cosines) + diverged
    against = [
        (below, f"{_seeds(below, total)} {_verb(below, 'end')} below {NEAR_ONE}"),
        (falling, f"{falling} of them falling"),
        (short, f"{_seeds(short, total)} gave fewer than {LEAST_COSINES} cosines"),
        (still, f"in {_seeds(still, total)} the loss fell by less than {LEAST_FALL:.0%}"),
        (unknown, f"{_seeds(unknown, total)} {_verb(unknown, 'have', 'has')} fewer than two losses over all images"),
        (diverged, f"{diverged} of {total} diverged"),
        (not total, "there are no seeds"),
    ]
    parts = [words for count, words in against if count]
    reason = ", ".join(parts) or f"every seed ends at {NEAR_ONE} or above, its loss lower by {LEAST_FALL:.0%} or more"
    if not finals:
        return Approach(False, None, None, None, None, reason)
    mean = sum(finals) / len(finals)
    spread = sqrt(sum((x - mean) ** 2 for x in finals) / max(1, len(finals) - 1))
    return Approach(not parts, mean, sum(trends) / len(trends), spread, min(finals), reason)


def _fell(losses: Sequence[float]) -> bool:
    first, last = losses[0], losses[-1]
    return last < first and first - last >= LEAST_FALL * first


def _seeds(count: int, total: int) -> str:
    return f"{count} of {total} seed{'s' if total > 1 else ''}"


def _verb(count: int, plural: str, singular: str | None = None) -> str:
    return (singular or plural + "s") if count == 1 else plural


def loss_change(losses: Sequence[float]) -> float | None:
    """Return the relative change of the loss over the last tenth of a run: near zero where it has settled.

    Args:
        losses: In order of time.

    Returns:
        (last − before)/before; None for fewer than ten losses.
    """
    if len(losses) < 10:
        return None
    before = losses[-1 - len(losses) // 10]
    return (losses[-1] - before) / before
