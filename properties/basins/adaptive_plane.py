"""Planes of starts, or of step sizes and starts, under Adam and RMSprop.

All points are followed in float64 and only observed: the steps depend on the step number and on roots, for which there
is no bound in floats. Two kinds of points are certified: those of a coarse grid, each by its own decision that the
checker accepts; and the starts in the ball of the theorem for every start that are surely off its graph.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from flint import ctx, fmpq

from gdcheck.properties.basins.adaptive_labels import OBSERVED_STEPS, Regimes, Tell, observed
from gdcheck.properties.basins.plane import EXCEPTIONAL, IN_THE_LEGEND, Plane, check_options, checked_width
from gdcheck.properties.basins.points import Points
from gdcheck.properties.basins.simulation import BasinLabel, Codes, Floats
from gdcheck.properties.basins.smooth_labels import ON_A_SIDE, accepted, off_graph
from gdcheck.properties.basins.window import natural_size
from gdcheck.theorem.augmented.signs import Spectrum
from gdcheck.theorem.augmented.thresholds import Threshold, thresholds
from gdcheck.theorem.batch.eigenbasis import nearest, turn
from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.certificate.methods.every_start import exceptions_in_words, method_every_start_certificate
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.decision.method_every_start import decide_method_every_start
from gdcheck.theorem.decision.state_search import pencil_of
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import to_float
from gdcheck.theorem.methods.method import PLAIN, Adam
from gdcheck.theorem.methods.statement import LimitKind

PROOF_STEPS = 1000
"""A start that needs more steps is only observed: the checker needs seconds for a thousand steps."""
_BITS, _BEYOND, _SAFE = 128, 1.05, 0.999


def adaptive_plane(
    problem: Problem, kind: str, size: int, half_width: fmpq | None, tell: Tell = lambda done, total: None
) -> Plane:
    """Follow every point of a plane, and decide a grid of them.

    Args:
        problem: Loss, minimizer, step size, start and method, Adam or RMSprop.
        kind: ``start`` or ``step``, as in ``plane``.
        size: Points on a side.
        half_width: Half the length of a side; if not given, twice the distance at which the remainder of the gradient
        may be as large as its smallest linear part.
        tell: Told how many points are done, of all: those that are followed, and those of the grid.

    Returns:
        The plane.

    Raises:
        InputError: If the loss is not a polynomial in two variables with a strict minimum there, or an option is bad.
    """
    method = problem.method
    assert isinstance(method, Adam)
    check_options(kind, size)
    plain = replace(problem, method=PLAIN)
    where = turn(plain)
    values, vectors = where.spectrum, where.basis
    natural = None if half_width is not None else natural_size(plain, float(values[0]))
    width = checked_width(nearest(half_width) if half_width is not None else 2 * (natural or 0.5))
    marks = _marks(Expansion.around(problem, problem.step_size), method)
    points = Points.of(problem, kind, size, width=width, widest=_BEYOND * marks[2])
    eta, h = points.eta, points.h
    lines: tuple[tuple[str, float], ...] = ()
    if kind == "step":
        inner = [("switch", marks[0])] if marks[0] == marks[1] else [("window", marks[0]), ("its end", marks[1])]
        lines = (*inner, ("stability limit", marks[2]))
    regimes = Regimes.of(method, eta, marks, (values, vectors))
    labels = observed(problem, (eta, h), width, regimes, lambda done, total: tell(done, total + ON_A_SIDE**2))
    certified = np.zeros(size * size, np.bool_)
    notes = [IN_THE_LEGEND]
    if kind == "start":
        notes += _in_the_ball(problem, h, vectors, labels, certified)
    proved, differing = _decided(problem, (eta, h), vectors, (labels, certified), tell)
    notes.append(
        f"{proved} of {ON_A_SIDE**2} points on a grid are proved, in at most {PROOF_STEPS} steps each, and the"
        f" simulation differs at {differing} of them"
    )
    first, last = ((float(v[0]), float(v[1])) for v in vectors.T)
    return Plane(
        kind=kind,
        extent=points.extent,
        titles=points.titles,
        labels=labels.reshape(size, size),
        certified=certified.reshape(size, size),
        directions=(first, last),
        notes=tuple(notes),
        minimizer=points.minimizer,
        thresholds=lines,
        steps=OBSERVED_STEPS,
    )


def _marks(expansion: Expansion, method: Adam) -> tuple[float, float, float]:
    """Return where the small-step regime ends, where the large-step one begins, and the stability limit."""
    found = thresholds(Spectrum(pencil_of(expansion, method), _BITS), method)

    def number(x: Threshold) -> float:
        with ctx.workprec(_BITS):
            return nearest(x.exact) if x.exact is not None else float(x.value.mid())

    ends = [found.boundary] * 2 if found.boundary is not None else list(found.window or ())
    low, high = (number(x) for x in ends)
    return low, high, number(found.stability_limit)


def _in_the_ball(
    problem: Problem, h: Floats, vectors: Floats, labels: Codes, certified: npt.NDArray[np.bool_]
) -> list[str]:
    """Mark the starts near the minimizer whose limit follows from the theorem for every start; return notes."""
    found = decide_method_every_start(problem)
    left, words = found.exceptions, exceptions_in_words(found)
    if left is None or left.radius is None or not accepted(method_every_start_certificate(found)):
        return [f"near the minimizer nothing is proved at once: {found.reason}"]
    if found.kind is LimitKind.ROTATING:
        inside = (np.hypot(h[0], h[1]) < _SAFE * to_float(left.radius)) & h.any(axis=0)
        labels[inside] = BasinLabel.ROTATING
    else:
        inside, t = off_graph(left, h, 0.0)
        first, v = _of_kind(found.kind, vectors)
        sides = t * (left.sign or 1) * sum(float(x.mid()) * y for x, y in zip(left.normal, v, strict=True))
        labels[inside] = (first + (sides < 0))[inside]
    certified |= inside
    return [f"{EXCEPTIONAL}: {words}"]


def _of_kind(kind: LimitKind | None, vectors: Floats) -> tuple[int, Floats]:
    """Return the label of a fixed or alternating limit along the plus of its eigenvector, and that vector."""
    if kind is LimitKind.FIXED:
        return int(BasinLabel.FIXED_PLUS), vectors[:, 0]
    return int(BasinLabel.ALTERNATING_PLUS), vectors[:, 1]


def _decided(
    problem: Problem,
    points: tuple[Floats, Floats],
    vectors: Floats,
    marks: tuple[Codes, npt.NDArray[np.bool_]],
    tell: Tell,
) -> tuple[int, int]:
    """Decide a coarse grid with proof, and mark it; return how many are proved, and how many labels were wrong."""
    (eta, h), (labels, certified) = points, marks
    size = round(eta.size**0.5)
    proved = differing = 0
    for done in range(ON_A_SIDE**2):
        row, column = ((2 * k + 1) * size // (2 * ON_A_SIDE) for k in divmod(done, ON_A_SIDE))
        index = row * size + column
        step_size, *away = (fmpq(*float(x).as_integer_ratio()) for x in (eta[index], *h[:, index]))
        start = tuple(m + x for m, x in zip(problem.minimizer, away, strict=True))
        label = _proved_label(replace(problem, step_size=step_size, start=start), vectors)
        if label is not None:
            proved, differing = proved + 1, differing + int(labels[index] != label)
            labels[index], certified[index] = label, True
        tell(eta.size + done + 1, eta.size + ON_A_SIDE**2)
    return proved, differing


def _proved_label(problem: Problem, vectors: Floats) -> int | None:
    """Return the label of one point, if its limit is proved and the checker accepts that."""
    try:
        found = decide(problem, max_steps=PROOF_STEPS, max_precision=512)
    except InputError:
        return None
    if found.limit is None or not accepted(certificate(found)):
        return None
    kind = found.limit.kind
    if kind is LimitKind.ROTATING:
        return int(BasinLabel.ROTATING)
    if kind not in {LimitKind.FIXED, LimitKind.ALTERNATING}:
        return None
    first, v = _of_kind(kind, vectors)
    return first + int(sum(float(x.mid()) * y for x, y in zip(found.limit.vectors[0], v, strict=True)) < 0)
