"""The answer depends on the problem, not on the coordinates in which it is written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from flint import fmpq, fmpq_mat

from gdcheck.properties.claims.claim import Claim, Finding
from gdcheck.properties.claims.conclusion import predicted_limit, sign_of
from gdcheck.properties.claims.examination import (
    amplitude_margin,
    holds,
    on_decided,
    require,
    unresolved,
)
from gdcheck.properties.claims.undecided import CLAIM_STEPS
from gdcheck.properties.strategies.instance import Instance
from gdcheck.theorem.decision.decide import Decision, decide
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.loss import Loss
from gdcheck.theorem.loss.rational import Vector
from gdcheck.theorem.loss.truncated import TruncatedPower

_FACTOR = fmpq(7, 3)
_COSINE, _SINE = fmpq(3, 5), fmpq(4, 5)


@dataclass(frozen=True)
class _Version:
    """A problem in other coordinates, with the matrix that takes the old directions to the new ones."""

    name: str
    problem: Problem
    matrix: fmpq_mat


@on_decided
def _examine(instance: Instance, decision: Decision) -> Finding:
    if decision.limit is None and decision.subspace is None:
        return unresolved(decision, decision.reason)
    v = instance.eigenvector(instance.dominant)
    sign = (
        None if decision.subspace is not None or decision.limit is None else predicted_limit(instance, decision.limit)
    )
    margins = []
    for version in _versions(instance.problem):
        other = decide(version.problem, max_steps=CLAIM_STEPS)
        require(
            other.verdict is decision.verdict,
            f"{decision.verdict.value} becomes {other.verdict.value} when {version.name}",
        )
        require(set(other.fails) == set(decision.fails), f"other assumptions fail when {version.name}")
        require(
            (other.subspace is None) == (decision.subspace is None), f"a subspace comes or goes when {version.name}"
        )
        if sign is None:
            continue
        if other.limit is None or decision.limit is None:
            return unresolved(decision, f"no limit is certified when {version.name}")
        require(other.limit.kind is decision.limit.kind, f"the limit is of another kind when {version.name}")
        turned = _times(version.matrix, v)
        require(sign_of(other.limit.vectors[0], turned) == sign, f"the limit turns around when {version.name}")
        margin = amplitude_margin(other)
        margins += [] if margin is None else [margin]
    return holds(decision, "the same answer in all coordinates", min(margins, default=None))


def _versions(p: Problem) -> Iterator[_Version]:
    n = p.dimension
    identity = fmpq_mat(n, n, [int(i == j) for i in range(n) for j in range(n)])
    offset = [fmpq((-1) ** i * (1 + i % 3), 2) for i in range(n)]
    moved = replace(
        p,
        loss=p.loss.shifted([-s for s in offset]),
        minimizer=tuple(x + s for x, s in zip(p.minimizer, offset, strict=True)),
        start=tuple(x + s for x, s in zip(p.start, offset, strict=True)),
    )
    yield _Version("shifted", moved, identity)
    scaled = replace(p, loss=p.loss.scaled(_FACTOR), step_size=p.step_size / _FACTOR)
    yield _Version("the loss is scaled", scaled, identity)
    turn = fmpq_mat(identity)
    turn[0, 0] = turn[1, 1] = _COSINE
    turn[0, 1], turn[1, 0] = -_SINE, _SINE
    back = turn.transpose()
    rotated = Problem(
        loss=p.loss.substituted([[back[i, j] for j in range(n)] for i in range(n)], p.loss.variables),
        minimizer=_times(turn, p.minimizer),
        step_size=p.step_size,
        start=_times(turn, p.start),
    )
    yield _Version("rotated", rotated, turn)
    yield _Version("the variables are relabelled", *_relabelled(p))


def _relabelled(p: Problem) -> tuple[Problem, fmpq_mat]:
    """Return the problem with its variables renamed and in reverse order."""
    n = p.dimension
    names = [f"w{i + 1}" for i in range(n)]
    powers = [TruncatedPower(t.coefficient, t.direction[::-1], t.threshold, t.power) for t in p.loss.truncated]
    loss = Loss.build(names, [(exponents[::-1], c) for exponents, c in p.loss.terms], powers)
    reverse = fmpq_mat(n, n, [int(i + j == n - 1) for i in range(n) for j in range(n)])
    return Problem(loss, minimizer=p.minimizer[::-1], step_size=p.step_size, start=p.start[::-1]), reverse


def _times(matrix: fmpq_mat, v: Sequence[fmpq]) -> Vector:
    return tuple((matrix * fmpq_mat(len(v), 1, list(v))).entries())


CLAIM = Claim(
    name="equivariance",
    sentence="The theorem speaks of geometry: no choice of origin, axes, names or units changes what it says (Theorem 1"
    " is stated without coordinates).",
    statement="Shifting, rotating and relabelling the variables, and scaling the loss by c with η by 1/c, keep the"
    " verdict and carry the limit over exactly, its sign included.",
    examine=_examine,
    margin="log₂(amplitude/tail), the smallest of the versions",
    cost=3,
)
