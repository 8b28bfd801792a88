r"""Long runs that are known exactly: of quadratic losses, and of iterates that repeat exactly.

A quadratic loss is decided by its spectrum on the smallest invariant space that holds h₀. On the Krylov space of
:math:`h_0, A h_0, A^2 h_0, …` every eigenvalue is simple, and :math:`h_0` has a component along each eigenvector: so
the largest |1 − ηλ| there decides.
"""

from __future__ import annotations

from flint import fmpq, fmpq_mat

from gdcheck.theorem.assumptions.spectrum import Eigenvalue
from gdcheck.theorem.decision.subspace import Subspace
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.long_run.outcome import LongRun, Outcome
from gdcheck.theorem.loss.rational import Vector, dot, to_float, to_text

_PRECISION = 128
_STEPS = 32
_BITS = 2048


def linear_long_run(problem: Problem) -> Outcome | None:
    """Return the long run of gradient descent on a quadratic loss.

    Args:
        problem: A problem with a polynomial loss of degree two at most, and a critical point as its minimizer.

    Returns:
        The outcome; None if two multipliers are too close to each other to be told apart.
    """
    hessian = fmpq_mat([list(row) for row in problem.loss.hessian(problem.minimizer)])
    basis = _krylov(hessian, problem.displacement)
    if not basis:
        return None
    columns = fmpq_mat([list(v) for v in basis]).transpose()
    pencil = Subspace(0, tuple(basis)).pencil(hessian)
    eigenvalues = pencil.eigenvalues(_PRECISION)
    turn = 2 / problem.step_size
    if eigenvalues[0].lo < 0 or eigenvalues[-1].hi > turn:
        return _divergence(eigenvalues, problem.step_size)
    centre = problem.minimizer
    sides: list[Vector] = []
    for e in eigenvalues:
        if e.is_rational and e.lo in (0, turn):
            coordinates = pencil.exact_eigenvector(e)
            assert coordinates is not None
            image = columns * fmpq_mat([[c] for c in coordinates])
            v = tuple(image[i, 0] for i in range(problem.dimension))
            share = dot(v, problem.displacement) / dot(v, v)
            component = tuple(share * a for a in v)
            if e.lo == 0:
                centre = tuple(a + b for a, b in zip(centre, component, strict=True))
            else:
                sides.append(component)
    moving = [abs(_multiplier(e, problem.step_size)) for e in eigenvalues if e.lo not in (0, turn)]
    factor = max(moving, default=0.0)
    if sides:
        points = tuple(tuple(a + s * b for a, b in zip(centre, sides[0], strict=True)) for s in (1, -1))
        around = "alternate for ever" if not moving else "tend to a cycle of period 2"
        sentence = f"the iterates {around}: a multiplier is exactly -1"
        return Outcome(LongRun.CYCLE, sentence, points, exact=True, factor=factor, claim=_limit_claim(points))
    sentence = f"the iterates tend to a critical point, by a factor of {factor:.9g} a step in the long run"
    claim = _limit_claim((centre,))
    return Outcome(LongRun.CONVERGES, sentence, (centre,), exact=True, factor=factor, claim=claim)


def _divergence(eigenvalues: tuple[Eigenvalue, ...], step_size: fmpq) -> Outcome | None:
    low, high = eigenvalues[0], eigenvalues[-1]
    turn = 2 / step_size
    ends = ((low, -low.hi, low.hi < 0), (high, high.lo - turn, high.lo > turn))
    candidates = [(beyond, e) for e, beyond, outside in ends if outside]
    if not candidates:
        return None
    worst = max(candidates, key=lambda pair: pair[0])[1]
    factor = _multiplier(worst, step_size)
    sentence = f"the iterates leave every bounded set, by a factor of {factor:.9g} a step in the long run"
    claim = {"kind": "linear-divergence", "eigenvalue": [to_text(worst.lo), to_text(worst.hi)]}
    return Outcome(LongRun.DIVERGES, sentence, factor=factor, claim=claim)


def _limit_claim(points: tuple[Vector, ...]) -> dict[str, object]:
    return {"kind": "linear-limit", "points": [[to_text(a) for a in p] for p in points]}


def _multiplier(e: Eigenvalue, step_size: fmpq) -> float:
    return to_float(1 - step_size * (e.lo + e.hi) / 2)


def _krylov(hessian: fmpq_mat, h: Vector) -> list[Vector]:
    """Return a basis h, A h, A² h, … of the smallest invariant space that holds h."""
    basis: list[Vector] = []
    vector = fmpq_mat([list(h)])
    while True:
        row = tuple(vector[0, j] for j in range(len(h)))
        if fmpq_mat([list(v) for v in [*basis, row]]).rref()[1] == len(basis):
            return basis
        basis.append(row)
        vector = vector * hessian


def exact_orbit(problem: Problem) -> Outcome | None:
    """Follow a trajectory in exact rationals for a few steps.

    Args:
        problem: The problem; its minimizer is not used.

    Returns:
        The outcome if an iterate occurs twice; else None.
    """
    x = problem.start
    path: list[Vector] = []
    seen: dict[tuple[str, ...], int] = {}
    for k in range(_STEPS):
        key = tuple(map(to_text, x))
        if key in seen:
            return _coming_back(tuple(path[seen[key] :]), seen[key])
        seen[key] = k
        path.append(x)
        gradient = problem.loss.gradient(x)
        x = tuple(a - problem.step_size * g for a, g in zip(x, gradient, strict=True))
        if max(a.height_bits() for a in x) > _BITS:
            break
    return None


def _coming_back(points: tuple[Vector, ...], step: int) -> Outcome:
    claim = {"kind": "exact-orbit", "step": step, "points": [[to_text(a) for a in p] for p in points]}
    if len(points) == 1:
        sentence = "the start is a critical point: no iterate moves"
        if step:
            sentence = f"the iterates reach a critical point exactly at step {step}, and stay there"
        return Outcome(LongRun.REACHES, sentence, points, exact=True, step=step, factor=0.0, claim=claim)
    since = "" if step == 0 else f"from step {step} on "
    sentence = f"{since}the iterates repeat themselves exactly, with period {len(points)}, for ever"
    # The phase of the points is counted from step 0.
    turn = -step % len(points)
    return Outcome(LongRun.CYCLE, sentence, (*points[turn:], *points[:turn]), exact=True, step=step, claim=claim)
