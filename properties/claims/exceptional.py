"""The null set of Theorem 1 is where the amplitude ζ vanishes, and it separates the two signs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from flint import arb, fmpq
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from gdcheck.properties.claims.claim import Claim, Finding
from gdcheck.properties.claims.conclusion import certificate_is_accepted, orthogonal_to_dominant, predicted_limit
from gdcheck.properties.claims.examination import (
    amplitude_margin,
    holds,
    on_decided,
    require,
)
from gdcheck.properties.claims.points import eigen_coordinates, image
from gdcheck.properties.claims.undecided import CLAIM_STEPS, Undecided
from gdcheck.properties.strategies.instance import Instance, StartPlace
from gdcheck.properties.strategies.problems import problems
from gdcheck.theorem.assumptions.spectrum import power_of_two_below
from gdcheck.theorem.certificate.kinds.every_start import every_start_certificate
from gdcheck.theorem.certificate.rechecking import check
from gdcheck.theorem.decision.decide import Decision, Verdict, decide
from gdcheck.theorem.decision.every_start import ExceptionalSet, decide_every_start
from gdcheck.theorem.loss.balls import ends
from gdcheck.theorem.loss.rational import Vector, dot
from gdcheck.theorem.methods.statement import Assumption

_EXACT_STEPS = 3
_EXACT_BITS = 4000
_HALVINGS = 4
_NEAR_STEPS = 500
"""Steps allowed near the graph, where a start may need any number of them."""


@on_decided
def _examine(instance: Instance, decision: Decision) -> Finding:
    lost = Assumption.NULL_PREIMAGES in decision.fails
    if instance.place is StartPlace.EXCEPTIONAL:
        _is_on_invariant_plane(instance, decision, lost=lost)
    found = decide_every_start(instance.problem)
    proof = every_start_certificate(found)
    if found.verdict is Verdict.UNRESOLVED:
        raise Undecided(found.reason)
    require(set(found.fails) == set(decision.fails), f"for every start, other assumptions fail: {found.fails}")
    failure = check(proof)
    require(failure is None, f"the independent checker rejects the certificate for every start: {failure}")
    if lost:
        return holds(decision, "F does not preserve null sets backwards: not every start of the basin is spoken of")
    require(found.verdict is Verdict.PROVED, f"for almost every start the verdict is {found.verdict.value}")
    assert found.exceptional is not None
    _Neighbourhood.of(instance, found.exceptional).examine()
    return holds(decision, "the two signs meet in a graph", amplitude_margin(decision))


def _is_on_invariant_plane(instance: Instance, decision: Decision, *, lost: bool) -> None:
    """Require the known results for a start on an invariant plane that is orthogonal to v_d."""
    if not lost:
        require(decision.verdict is Verdict.EXCEPTIONAL, f"the verdict is {decision.verdict.value}")
    require(decision.subspace is not None, "no invariant subspace was found")
    certificate_is_accepted(decision)
    orthogonal_to_dominant(instance, decision)
    h = instance.problem.displacement
    for _ in range(_EXACT_STEPS):
        require(eigen_coordinates(instance, h)[instance.index] == 0, "y_d is not exactly zero along the trajectory")
        if not any(h) or max(x.height_bits() for x in h) > _EXACT_BITS:
            break
        h = image(instance, h)
    # Half the start, moved off the plane by half its largest component.
    half = tuple(x / 2 for x in instance.problem.displacement)
    size = max(abs(x) for x in half)
    signs = [_sign(instance, half, side * size, CLAIM_STEPS) for side in (1, -1)]
    require(None if None in signs else True, "a start beside the plane was not decided")
    require(sorted(signs, key=str) == [-1, 1], "the sides of the plane have not opposite limits")


def _sign(instance: Instance, w: Vector, height: fmpq, max_steps: int) -> int | None:
    """Return the sign of the amplitude from m + w + height·v, 0 if it is exceptional; None if it is not decided."""
    p, v = instance.problem, instance.eigenvector(instance.dominant)
    start = tuple(m + x + height * c for m, x, c in zip(p.minimizer, w, v, strict=True))
    decision = decide(replace(p, start=start), max_steps=max_steps)
    if decision.subspace is not None:
        return 0
    return None if decision.limit is None else predicted_limit(instance, decision.limit)


@dataclass(frozen=True)
class _Neighbourhood:
    """The exceptional set next to a plane of starts w ⊥ v, in the ball where it is proved to be a graph.

    Attributes:
        instance: The problem.
        slope: A bound of the graph's slope, below 2.
        bases: Points w of the plane, of shape (n,), with bounds |w| of their lengths, from above.
    """

    instance: Instance
    slope: fmpq
    bases: tuple[tuple[Vector, fmpq], ...]

    @classmethod
    def of(cls, instance: Instance, found: ExceptionalSet) -> "_Neighbourhood":
        radius = fmpq(1) if found.radius is None else found.radius
        # For a slope of zero, a small positive slope is taken, so that starts off the graph can be decided.
        slope = max(ends(found.slope)[1], fmpq(1, 2**16))
        bases = tuple((w, _length(w)) for w in _bases(instance, radius))
        return cls(instance, slope, bases)

    def examine(self) -> None:
        """Require opposite signs on both sides of the graph, and its slope between two points of the plane."""
        heights = [self._height(w, length) for w, length in self.bases]
        for (w, _), (low, _) in zip(self.bases, heights, strict=True):
            for (u, _), (_, most) in zip(self.bases, heights, strict=True):
                apart = _length(tuple(x - y for x, y in zip(w, u, strict=True)))
                require(low - most <= self.slope * apart, "the exceptional set is steeper than its slope")

    def _height(self, w: Vector, length: fmpq) -> tuple[fmpq, fmpq]:
        """Enclose the height t at which the sign changes from the start w + t v, t growing."""
        # No start of the ball that is off the plane by more than slope·|w| is exceptional: the graph holds m.
        high = self.slope * length
        low = -high
        signs = [_sign(self.instance, w, t, CLAIM_STEPS) for t in (low, high)]
        require(None if None in signs else True, "a start off the graph was not decided")
        require(signs == [-1, 1], "beside the graph the amplitude has not the sign of its side")
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            sign = _sign(self.instance, w, middle, _NEAR_STEPS)
            if sign is None:
                break
            low, high = middle if sign <= 0 else low, middle if sign >= 0 else high
        return low, high


def _bases(instance: Instance, radius: fmpq) -> Iterator[Vector]:
    """Yield two points of the plane orthogonal to v, within 2/5 of the radius: w + slope·|w| v is in the ball."""
    v, h = instance.eigenvector(instance.dominant), instance.problem.displacement
    n = len(h)
    axis = tuple(fmpq(int(i == instance.index % n)) + fmpq(1, 3 + i) for i in range(n))
    other = instance.rotation.transpose().tolist()[n - 1 - instance.index]
    for u in (h, axis):
        flat = tuple(x - dot(u, v) * c for x, c in zip(u, v, strict=True))
        flat = flat if any(flat) else tuple(other)
        yield tuple(x * (radius * fmpq(2, 5) / _length(flat)) for x in flat)


def _length(w: Sequence[fmpq]) -> fmpq:
    """Return an upper bound of |w|, with a relative error of at most 2⁻²⁰."""
    square = dot(w, w)
    if not square:
        return fmpq(0)
    above = ends(arb(square).sqrt())[1]
    unit = power_of_two_below(above) / 2**20
    return (above / unit).ceil() * unit


def _instances(**arguments: object) -> SearchStrategy[Instance]:
    """Problems of every kind, truncated powers included, and every third from a start on an invariant plane."""
    return st.sampled_from((None, StartPlace.BALL, StartPlace.EXCEPTIONAL)).flatmap(
        lambda place: problems(place=place or StartPlace.BALL, **arguments)  # type: ignore[arg-type]
    )


CLAIM = Claim(
    name="exceptional",
    sentence="The starts that do not end up in the stated direction form a null set (Theorem 1, 'almost every'; the bad"
    " set of layer 3).",
    statement="In a certified ball the exceptional set is a graph over the plane orthogonal to v_d, of certified slope:"
    " on both sides of it the amplitude has opposite signs, also where it is enclosed by halving; no start that is off"
    " the plane by more than the slope allows is exceptional. A start on an invariant plane orthogonal to v_d is proved"
    " exceptional: y_d is exactly zero at every step, so that ζ = 0, and its limit is orthogonal to v_d.",
    instances=_instances,
    examine=_examine,
    margin="log₂(amplitude/tail) beside the plane",
    cost=4,
)
