"""What certificates of several kinds are made of: exact numbers, bounds and intervals as texts, evidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal

from flint import arb, fmpq

from gdcheck.theorem.assumptions.preimages import Preimages
from gdcheck.theorem.loss.balls import decimal_ends, ends
from gdcheck.theorem.loss.rational import to_text


def texts(vector: Iterable[fmpq]) -> list[str]:
    """Exact numbers as texts."""
    return [to_text(q) for q in vector]


def components(vector: Sequence[arb]) -> list[list[str]]:
    """Intervals of a unit vector's components, none of them narrower than 10⁻³⁰."""
    margin = arb(0, fmpq(1, 10**30))
    return [list(decimal_ends(x + margin)) for x in vector]


def above(value: arb) -> str:
    """Return a number that is not below a ball, as a decimal."""
    return decimal_ends(value)[1]


def preimages_fields(found: Preimages | None, minimizer: Sequence[fmpq]) -> dict[str, object]:
    """Return evidence about preimages of null sets: points in the loss's coordinates, a vector of the kernel."""
    points = () if found is None else found.points
    return {
        "points": [texts(x + m for x, m in zip(h, minimizer, strict=True)) for h in points],
        "kernel": None if found is None or found.kernel is None else texts(found.kernel),
    }


def graph_in_words(radius: fmpq | None, slope: arb, normal: str) -> str:
    """Describe a graph over a plane, within a ball.

    Args:
        radius: The ball's radius; None for every ball, in which the graph is the plane.
        slope: A bound of the graph's slope.
        normal: What to call the plane's normal.

    Returns:
        A phrase.
    """
    plane = f"the plane through the minimizer that is orthogonal to {normal}"
    if radius is None:
        return plane
    where = f"within {_rounded(radius, ROUND_FLOOR)} of the minimizer"
    if slope.upper() > 0:
        return f"{where}, a graph of slope at most {_rounded(ends(slope)[1], ROUND_CEILING)} over {plane}"
    return f"{where}, {plane}"


def _rounded(q: fmpq, rounding: str) -> str:
    return f"{Context(prec=5, rounding=rounding).divide(Decimal(int(q.p)), Decimal(int(q.q))):.5g}"
