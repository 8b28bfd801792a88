"""Fields that certificates of several kinds share: exact numbers, bounds and intervals as texts, evidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import Any

from flint import arb, ctx, fmpq, fmpq_mat

from gdcheck.theorem.assumptions.preimages import Preimages
from gdcheck.theorem.assumptions.spectrum import Eigenvalue
from gdcheck.theorem.decision.every_start import ExceptionalGraph
from gdcheck.theorem.decision.subspace import Subspace
from gdcheck.theorem.decision.verdict import Verdict
from gdcheck.theorem.limit.result import Bounds, LimitDirection
from gdcheck.theorem.loss.balls import ball, decimal_ends, ends, float_above
from gdcheck.theorem.loss.rational import to_text
from gdcheck.theorem.methods.statement import LimitKind


def texts(vector: Iterable[fmpq]) -> list[str]:
    """Return exact numbers as texts."""
    return [to_text(q) for q in vector]


def components(vector: Sequence[arb]) -> list[list[str]]:
    """Return intervals of a unit vector's components, none of them narrower than 10⁻³⁰."""
    margin = arb(0, fmpq(1, 10**30))
    return [list(decimal_ends(x + margin)) for x in vector]


def decimal(value: arb, digits: int = 20) -> str:
    """Return the digits of a number that its ball determines."""
    return str(value.str(digits, radius=False))


def exact_or_decimal(exact: fmpq | None, enclosed: arb) -> str:
    """Return a number as an exact text where it is known to be rational, else as a decimal."""
    return decimal(enclosed) if exact is None else to_text(exact)


def in_float(value: arb) -> float:
    """Return the middle of a ball as a float, without a negative zero."""
    return float(value.mid()) + 0.0


def in_floats(value: arb) -> list[float]:
    """Return a ball as a float and a radius around it, which holds the rounding to floats too."""
    middle = in_float(value)
    return [middle, float_above(abs(value - arb(middle)))]


def above(value: arb) -> str:
    """Return a number that is not below a ball, as a decimal."""
    return decimal_ends(value)[1]


def columns(matrix: fmpq_mat) -> list[list[str]]:
    """Return exact columns as texts; a single column with one entry is returned as a unit vector."""
    return [texts(column) for column in matrix.transpose().tolist()] if matrix.ncols() > 1 else [["1"]]


def blank_answer(
    verdict: Verdict, reason: str, precision: int, variables: Sequence[str], step_size: fmpq
) -> dict[str, Any]:
    """Return the keys of every answer about a trajectory, with nothing known but the verdict."""
    return {
        "verdict": verdict.value,
        "reason": reason,
        **dict.fromkeys(("regime", "boundary", "stability_limit")),
        "eigenvalues": [],
        "limit": {"kind": None, "vector": None},
        **dict.fromkeys(("predicted", "multiplier", "rate", "rate_exponent", "rate_exact", "step")),
        "precision": precision,
        "fails": [],
        "variables": list(variables),
        "step_size": to_text(step_size),
        **dict.fromkeys(("step_sizes", "rate_per_step", "subspace")),
    }


def enclosed_fields(minimizer: list[list[float]] | None, **outcome: Any) -> dict[str, Any]:
    """Return the keys that only answers about an enclosed minimizer have.

    Args:
        minimizer: A pair for each coordinate, centre and radius; None if none is enclosed.
        outcome: ``sentence``, ``step``, ``factor`` and ``point_kind`` of the proved outcome, if there is one.

    Returns:
        The keys ``minimizer``, ``chain``, ``critical_points``, ``elsewhere`` and ``outcome``.
    """
    fields = {"minimizer": minimizer, **dict.fromkeys(("chain", "critical_points", "elsewhere", "outcome"))}
    if outcome and minimizer is not None:
        proved = {"kind": "converges", "status": "proved", "exact_points": None, "certificate": None}
        fields["outcome"] = proved | {"points": [[x for x, _ in minimizer]]} | outcome
    return fields


def eigenvalue_field(e: Eigenvalue) -> dict[str, Any]:
    """Return an eigenvalue as it is stated."""
    return {"interval": texts((e.lo, e.hi)), "multiplicity": e.multiplicity}


def bounds_field(numbers: Bounds) -> dict[str, str]:
    """Return the numbers of the inequality that are stated."""
    return {"radius": above(numbers.radius), "sigma": above(numbers.sigma), "tail": above(numbers.tail)}


def limit_field(limit: LimitDirection | None) -> dict[str, Any]:
    """Return a limit as it is stated, its vectors by intervals."""
    if limit is None:
        return {"kind": None, "vectors": []}
    return {"kind": limit.kind.value, "vectors": [components(v) for v in limit.vectors]}


def exact_or_none(value: fmpq | None) -> str | None:
    """Return an exact number as a text, where there is one."""
    return None if value is None else to_text(value)


def number(lo: fmpq, hi: fmpq) -> str:
    """Return a number in an interval: exact where the interval is a point, else as a decimal."""
    with ctx.workprec(128):
        return exact_or_decimal(lo if lo == hi else None, ball(lo, hi))


def eigenvalues_json(eigenvalues: Iterable[Eigenvalue]) -> list[dict[str, Any]]:
    """Return eigenvalues as an answer states them."""
    return [{"value": number(e.lo, e.hi), "multiplicity": e.multiplicity} for e in eigenvalues]


def limit_json(limit: LimitDirection | None) -> dict[str, Any]:
    """Return a limit with its vectors rounded to floats; kind None if there is none."""
    if limit is None:
        return {"kind": None, "vector": None}
    if limit.kind is LimitKind.ROTATING:
        return {"kind": limit.kind.value, "vector": None}
    vectors = [[in_float(x) for x in v] for v in limit.vectors]
    if limit.kind is LimitKind.TWO_CYCLE:
        return {"kind": limit.kind.value, "even": vectors[0], "odd": vectors[1]}
    return {"kind": limit.kind.value, "vector": vectors[0]}


def graph_fields(found: ExceptionalGraph) -> dict[str, Any]:
    """Return the graph of exceptional starts as it is stated."""
    return {
        "gap": to_text(found.gap),
        "vector": texts(found.vector),
        "normal": components(found.normal),
        # The checker rounds the length of a slope up: a kink that touches the ball is then just within its reach, and
        # its bound of the graph's slope is about 10^-77 instead of zero.
        "slope": "0" if found.radius is None else above(found.slope + arb(fmpq(1, 10**30))),
    }


def graph_json(found: ExceptionalGraph, sentence: str) -> dict[str, Any]:
    """Return the exceptional starts as an answer states them, with a sentence on them."""
    return {
        "radius": exact_or_none(found.radius),
        "slope": float_above(found.slope) if found.normal else None,
        "normal": [in_float(x) for x in found.normal] or None,
        "sentence": sentence,
    }


def subspace_json(subspace: Subspace | None) -> dict[str, Any] | None:
    """Return an invariant subspace as an answer states it."""
    return None if subspace is None else {"enters": subspace.enters, "basis": [texts(v) for v in subspace.basis]}


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
