"""Whether cos → 1 was measured, or only a high level of cos: the judgement of one optimizer's runs over several seeds.

Any run passes "cos ≥ 0.99" whose step size is small: consecutive updates of a flow that turns by an angle κ per unit of
time enclose the angle κη. A limit is said to be measured only where the run has settled, where 1 − cos falls (for a
falling step size: falls faster than its square), and where the minimum that the run is going to is close by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log, sqrt
from statistics import median

from gdcheck.networks.shapes import Approach

NEAR_ONE = 0.99
LEAST_COSINES = 20
LEAST_FALL = 0.01
SETTLED_LOSS = 1e-3
SETTLED_GRADIENT = 1e-3
SETTLED_DISTANCE = 1e-2
FALLEN = 0.5
_TAIL = 0.05


@dataclass(frozen=True)
class Track:
    """The numbers by which one run is judged, in order of time; the run did not diverge.

    Attributes:
        cosines: The cosines of consecutive updates, with the step and the step size of each.
        losses: The losses over all images.
        gradients: The norms of the gradients over all images.
        flow: 1 − cos of the method's own gradient flow over the time of one step, where the Hessian was measured.
        whole: Whether each step took all images, so that the loss should never rise.
        distance: ‖x_K − x*‖/‖x_0 − x*‖ with the minimum x* that L-BFGS found from the last iterate; None if it was not
            looked for, infinite if it was not found.
    """

    cosines: Sequence[tuple[int, float, float]]
    losses: Sequence[float]
    gradients: Sequence[float]
    flow: Sequence[float] = ()
    whole: bool = True
    distance: float | None = None


@dataclass(frozen=True)
class _Seed:
    """The figures of one seed; see ``Approach``."""

    final: float
    trend: float
    worst: float
    deficit: float
    rate: float | None
    fell: bool


def approach(tracks: Sequence[Track], diverged: int = 0) -> Approach:
    """Judge the cosines of consecutive updates of several seeds; fewer than ``LEAST_COSINES`` show nothing.

    Args:
        tracks: The finished seeds.
        diverged: How many further seeds diverged.

    Returns:
        The judgement.
    """
    total = len(tracks) + diverged
    seeds = [_seed(track.cosines) for track in tracks if len(track.cosines) >= LEAST_COSINES]
    short = len(tracks) - len(seeds)
    below = sum(s.worst < NEAR_ONE for s in seeds)
    falling = sum(s.worst < NEAR_ONE and s.trend < 0 for s in seeds)
    unknown = sum(len(t.losses) < 2 for t in tracks)
    still = sum(len(t.losses) > 1 and not _fell(t.losses) for t in tracks)
    against_level = [
        (below, f"{_seeds(below, total)} {_verb(below, 'fall')} below {NEAR_ONE} over the last {_TAIL:.0%}"),
        (falling, f"{falling} of them with a falling trend"),
        (short, f"{_seeds(short, total)} gave fewer than {LEAST_COSINES} cosines"),
        (still, f"in {_seeds(still, total)} the loss fell by less than {LEAST_FALL:.0%}"),
        (unknown, f"{_seeds(unknown, total)} {_verb(unknown, 'have', 'has')} fewer than two losses over all images"),
        (diverged, f"{diverged} of {total} diverged"),
        (not total, "there are no seeds"),
    ]
    moving = sum(_unsettled_loss(t) for t in tracks)
    rising = sum(t.whole and _rises(t.losses) > 0 for t in tracks)
    steep = sum(_gradient(t) > SETTLED_GRADIENT for t in tracks)
    flat = sum(not s.fell for s in seeds)
    unseen = sum(t.distance is None for t in tracks)
    far = sum(t.distance is not None and t.distance > SETTLED_DISTANCE for t in tracks)
    against_limit = [
        (moving, f"in {_seeds(moving, total)} the loss still changes by over {SETTLED_LOSS:.1%} in the last tenth"),
        (rising, f"in {_seeds(rising, total)} the loss rises in the second half"),
        (steep, f"in {_seeds(steep, total)} the gradient is not below {SETTLED_GRADIENT:g} of the first"),
        (flat, f"in {_seeds(flat, total)} 1 − cos does not halve over the second half"),
        (far, f"in {_seeds(far, total)} the minimum is not within {SETTLED_DISTANCE:g} of the start's distance"),
    ]
    doubts = [words for count, words in against_level if count]
    missing = [words for count, words in against_limit if count]
    if unseen and not missing:
        missing = [f"in {_seeds(unseen, total)} the minimum was not looked for"]
    verdict = "below" if doubts else "level" if missing else "approaching"
    worst = min((s.worst for s in seeds), default=None)
    reason = ", ".join(doubts or missing) or "settled at a minimum close by, 1 − cos falling, in every seed"
    finals = [s.final for s in seeds]
    mean = sum(finals) / len(finals) if finals else None
    flows = [median(t.flow[-max(1, int(_TAIL * len(t.flow))) :]) for t in tracks if t.flow]
    flow = sum(flows) / len(flows) if flows else None
    deficit = sum(s.deficit for s in seeds) / len(seeds) if seeds else None
    rates = [s.rate for s in seeds if s.rate is not None]
    distances = [t.distance for t in tracks if t.distance is not None]
    return Approach(
        verdict=verdict,  # type: ignore[arg-type]
        final=mean,
        trend=sum(s.trend for s in seeds) / len(seeds) if seeds else None,
        spread=None if mean is None else sqrt(sum((x - mean) ** 2 for x in finals) / max(1, len(finals) - 1)),
        worst=worst,
        deficit=deficit,
        flow=flow,
        excess=None if flow is None or deficit is None else deficit - flow,
        rate=max(rates) if rates else None,
        gradient=max((g for t in tracks if (g := _gradient(t)) < float("inf")), default=None),
        rises=max((_rises(t.losses) for t in tracks), default=None),
        distance=None if not distances or max(distances) == float("inf") else max(distances),
        reason=reason,
    )


def _seed(cosines: Sequence[tuple[int, float, float]]) -> _Seed:
    tail = max(1, int(_TAIL * len(cosines)))
    half = len(cosines) // 2
    last, middle = cosines[-tail:], cosines[max(0, half - tail) : max(1, half)]
    final, before = (sum(c for _, c, _ in part) / len(part) for part in (last, middle))
    # Divided by the squared step size: a step size that tends to zero alone makes 1 − cos tend to zero.
    after, earlier = (median(max(0.0, 1 - c) / size**2 if size else 0.0 for _, c, size in p) for p in (last, middle))
    fell = after <= FALLEN * earlier and earlier > 0 and bool(last[-1][2])
    steps = last[len(last) // 2][0] - middle[len(middle) // 2][0]
    rate = log(after / earlier) / steps if after > 0 and earlier > 0 and steps else None
    return _Seed(final, final - before, min(c for _, c, _ in last), median(1 - c for _, c, _ in last), rate, fell)


def settled(track: Track) -> bool:
    """Return whether losses and gradients show that a run has come to rest, so that its minimum can be looked for."""
    return not (_unsettled_loss(track) or (track.whole and _rises(track.losses) > 0)) and (
        _gradient(track) <= SETTLED_GRADIENT
    )


def _fell(losses: Sequence[float]) -> bool:
    first, last = losses[0], losses[-1]
    return last < first and first - last >= LEAST_FALL * first


def _unsettled_loss(track: Track) -> bool:
    change = loss_change(track.losses)
    return change is None or abs(change) > SETTLED_LOSS


def _rises(losses: Sequence[float]) -> float:
    """Return the share of the second half's losses that are above the one before, beyond rounding."""
    late = losses[len(losses) // 2 :]
    return sum(b > a * (1 + 1e-6) for a, b in pairwise(late)) / max(1, len(late) - 1)


def _gradient(track: Track) -> float:
    known = track.gradients
    return known[-1] / known[0] if len(known) > 1 and known[0] > 0 else float("inf")


def _seeds(count: int, total: int) -> str:
    return f"{count} of {total} seed{'s' if total > 1 else ''}"


def _verb(count: int, plural: str, singular: str | None = None) -> str:
    return (singular or plural + "s") if count == 1 else plural


def loss_change(losses: Sequence[float]) -> float | None:
    """Return the relative change of the loss over the last tenth of a run: near zero where it has settled.

    Args:
        losses: In order of time.

    Returns:
        (last − before)/before; None for fewer than ten losses, or where the loss was zero.
    """
    if len(losses) < 10 or losses[-1 - len(losses) // 10] == 0:
        return None
    before = losses[-1 - len(losses) // 10]
    return (losses[-1] - before) / before
