"""The second engine beside the one that proves: what mpmath observes of a problem, compared with its decision.

There are three outcomes. It *agrees*; or it *differs*, and the claim fails, since one of the two engines is wrong; or
it does *not settle*, and the problem is unresolved.
"""

from __future__ import annotations

from collections.abc import Sequence

from flint import arb
from mpmath import mp, mpf

from gdcheck.properties.claims.claim import Finding
from gdcheck.properties.claims.examination import ClaimViolation, holds, on_decision, require
from gdcheck.properties.claims.trajectory import remainder_bound
from gdcheck.properties.strategies.instance import Instance
from gdcheck.theorem.decision.decide import Decision
from gdcheck.theorem.descent.enclosure import enclose
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.limit.result import Amplitude, Inequality
from gdcheck.theorem.limit.sequence import EnclosedIterate
from gdcheck.theorem.loss.balls import ends
from gdcheck.theorem.methods.statement import LimitKind
from gdcheck.theorem.reference.amplitude import NotSettled, SecondOpinion, SeenAmplitude, second_opinion
from gdcheck.theorem.reference.spectrum import ReferenceSpectrum, half_of_the_digits
from gdcheck.theorem.reference.trajectory import Point, norm, to_mpf

_MOST_COMPARED = 24


@on_decision
def sees_the_limit(instance: Instance, decision: Decision) -> Finding:
    """Examine whether the second engine sees the spectrum, the iterates, the amplitudes and the limit of a decision.

    Args:
        instance: The problem.
        decision: Its decision.

    Returns:
        The finding; it is unresolved where the second engine does not settle.
    """
    seen = second_opinion(instance.problem)
    with mp.workdps(seen.digits):
        same_spectrum(seen.spectrum, decision)
        expansion = Expansion.of(instance.problem)
        enclosures = enclose(expansion, remainder_bound(instance), arb(instance.rho))
        for h, enclosure in zip(seen.errors[:_MOST_COMPARED], enclosures, strict=False):
            inside(h, enclosure, seen.resolution)
        note = _same_limit(seen, decision)
    return holds(decision, note)


def same_spectrum(seen: ReferenceSpectrum, decision: Decision) -> None:
    """Require that both engines have the same eigenvalues and put the step size into the same regime."""
    known = decision.classification
    if known is None:
        raise ClaimViolation("one engine has a spectrum, the other has none")
    intervals = [(e.lo, e.hi) for e in known.eigenvalues for _ in range(e.multiplicity)]
    require(len(intervals) == len(seen.eigenvalues), "the engines differ in the number of eigenvalues")
    near = half_of_the_digits() * abs(seen.eigenvalues[-1])
    for x, (lo, hi) in zip(seen.eigenvalues, intervals, strict=True):
        require(to_mpf(lo) - near <= x <= to_mpf(hi) + near, f"an eigenvalue is {mp.nstr(x, 20)} in mpmath")
    regime = "none" if known.regime is None else known.regime.value
    require(known.regime is seen.regime, f"the regime is {seen.regime.value} in mpmath, not {regime}")


def inside(h: Point, enclosure: EnclosedIterate, resolution: mpf) -> None:
    """Require that an iterate of mpmath lies in the enclosure of the same step."""
    if not enclosure.error.is_finite():
        return
    away = norm([a - _middle(c) for a, c in zip(h, enclosure.centre, strict=True)])
    allowed = to_mpf(ends(enclosure.error)[1]) + resolution
    require(away <= allowed, "an iterate of mpmath lies outside its enclosure", step=enclosure.step)


def _same_limit(seen: SecondOpinion, decision: Decision) -> str:
    lacking = [_lacks(decision, part) for part in seen.amplitudes]
    for part, exactly_zero in zip(seen.amplitudes, lacking, strict=True):
        if exactly_zero:
            require(not part.value, f"the amplitude is {mp.nstr(part.value, 8)} in mpmath, not exactly zero")
    if any(lacking):
        return "both engines find no component along a dominant eigenvector"
    found = decision.amplitude
    if found is None:
        raise NotSettled("no limit is certified")
    assert isinstance(found.inequality, Inequality), "the claims ask for the tail"
    sizes = found.inequality.amplitudes
    require(len(sizes) == len(seen.amplitudes), "the engines differ in the number of dominant eigenvectors")
    for part, size in zip(seen.amplitudes, sizes, strict=True):
        _same_amplitude(part, size, found, seen.resolution)
    kind, vectors, blur = _seen_limit(seen.amplitudes)
    require(kind is found.limit.kind, f"the limit is {kind.value} in mpmath, not {found.limit.kind.value}")
    for u, v in zip(vectors, found.limit.vectors, strict=True):
        for x, ball in zip(u, v, strict=True):
            lo, hi = (to_mpf(end) for end in ends(ball))
            require(lo - blur <= x <= hi + blur, "the limit has another direction in mpmath")
    return "both engines have the same limit"


def _lacks(decision: Decision, part: SeenAmplitude) -> bool:
    """Whether the trajectory lies in a subspace that the decision proves, and that mpmath sees orthogonal to v."""
    if decision.subspace is None:
        return False
    basis = [[to_mpf(x) for x in u] for u in decision.subspace.basis]
    return all(abs(mp.fdot(u, part.vector)) <= half_of_the_digits() * norm(u) for u in basis)


def _same_amplitude(part: SeenAmplitude, size: arb, found: Amplitude, resolution: mpf) -> None:
    """Require that mpmath's amplitude is within the tail of the component along v at the certificate's step."""
    shrunk = abs(part.multiplier) ** found.step
    lo, hi = (to_mpf(end) for end in ends(size))
    assert isinstance(found.inequality, Inequality), "the claims ask for the tail"
    tail = to_mpf(ends(found.inequality.tail)[1])
    if not part.value and lo - tail <= shrunk * resolution:
        raise NotSettled("the amplitude is too small for the digits of mpmath")
    value, allowed = abs(part.value) * shrunk, tail + part.error * shrunk + resolution
    require(lo - allowed <= value <= hi + allowed, "the amplitude in mpmath is beyond the certified tail")


def _seen_limit(parts: Sequence[SeenAmplitude]) -> tuple[LimitKind, list[Point], mpf]:
    """Return the limit that follows from non-zero amplitudes, and a bound of its error."""
    if len(parts) == 1:
        (part,) = parts
        kind = LimitKind.FIXED if part.multiplier > 0 else LimitKind.ALTERNATING
        return kind, [[mp.sign(part.value) * x for x in part.vector]], half_of_the_digits()
    a, b = ([part.value * x for x in part.vector] for part in parts)
    # a and b are orthogonal: both sums have one length, by which the errors of both amplitudes are divided.
    length = norm([*a, *b])
    blur = 2 * sum(part.error for part in parts) / length + half_of_the_digits()
    even = [(x + y) / length for x, y in zip(a, b, strict=True)]
    return LimitKind.TWO_CYCLE, [even, [(x - y) / length for x, y in zip(a, b, strict=True)]], blur


def _middle(x: arb) -> mpf:
    mantissa, exponent = x.mid().man_exp()
    return mp.ldexp(mpf(int(mantissa)), int(exponent))
