"""Certificates of the theorems on methods with a buffer: Claims M1 to M14, and ``check``.

A state z = (h, c) moves by c' = beta c + u P grad f and h' = h - a u P grad f - kappa c. On an eigenvector of P times
the Hessian this is a 2 x 2 matrix M(s), s = u lambda, whose powers are bounded by K rho^j. So the amplitude lemma
applies, in the norm |z|_*. docs/certificate.md, *Certificates for methods*; the argument is docs/methods.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from gdcheck.theorem.checker.amplitude import Eigenspace, verify_eigenspace
from gdcheck.theorem.checker.assumptions import (
    Space,
    maps_into_itself,
    preimages_fail,
    restricted,
    smoothness_fails,
    verify_fails,
)
from gdcheck.theorem.checker.descent import Descent
from gdcheck.theorem.checker.exact import Matrix, norm_above, root_bounds, squared
from gdcheck.theorem.checker.lemma import PRECISIONS, growth, verify_amplitudes, verify_directions
from gdcheck.theorem.checker.methods.adaptive import Drift, enclose_adaptive
from gdcheck.theorem.checker.methods.linear import Linear, MethodProblem
from gdcheck.theorem.checker.methods.modes import Block, Mode, Powers, blocks_of, regime_of, turned_above, units
from gdcheck.theorem.checker.methods.states import StateMap, enclose
from gdcheck.theorem.checker.outcome import claim, required, show
from gdcheck.theorem.checker.reading.checking import Check
from gdcheck.theorem.checker.reading.document import Bounds, Eigenvalue, Limit, Stated
from gdcheck.theorem.checker.reading.fields import Interval, Point
from gdcheck.theorem.checker.spectrum import Operator, verify_eigenvalue
from gdcheck.theorem.checker.trajectory import Expansion, Remainder


@dataclass(frozen=True)
class Part:
    """An eigenspace of a dominant eigenvalue, spanned by vectors up to an error.

    Attributes:
        eigenvalue: The index of the eigenvalue.
        gap: No other eigenvalue is within this distance of its interval.
        vectors: Each of shape (n,).
    """

    eigenvalue: int
    gap: Fraction
    vectors: tuple[Point, ...]


@dataclass(frozen=True)
class Inner:
    """A linear space that holds the trajectory, and the claims about the modes on it, if there is a limit."""

    basis: tuple[Point, ...]
    regime: str | None
    eigenvalues: tuple[Eigenvalue, ...]
    dominant: tuple[int, ...]


@dataclass(frozen=True)
class MethodCertificate(Stated):
    """All fields of a certificate."""

    schema: Literal["gdcheck-method/2"]
    problem: MethodProblem
    eigenvalues: tuple[Eigenvalue, ...]
    dominant: tuple[int, ...]
    subspace: Inner | None
    powers: Powers | None
    parts: tuple[Part, ...]
    amplitudes: tuple[Fraction, ...]
    step: int
    bounds: Bounds | None
    limit: Limit

    @property
    def linear(self) -> Linear:
        """Return the method."""
        return self.problem.linear


def _verify(c: MethodCertificate) -> None:
    """Verify all claims, in the order of the specification."""
    u = c.problem.step_size * c.linear.gain
    descent = Descent.at_critical_point(replace(c.problem, step_size=u))
    operator = Operator.of(c.linear.preconditioned(descent.hessian))
    verify_eigenvalues(operator, c.eigenvalues)
    blocks = blocks_of(c.linear, u, c.eigenvalues)
    regime, modes = regime_of(c.linear, u, operator, c.eigenvalues, c.dominant)
    claim(c.regime == regime, f"the regime is {(c.regime or 'null')[:40]} fails: it is {regime}")
    _verify_verdict(c, descent, modes)
    if c.subspace is not None:
        c, operator, blocks, modes = _on_subspace(c, c.subspace, descent, modes)
    if c.limit.kind is None:
        nothing = not c.parts and not c.amplitudes and not c.limit.vectors and c.step == 0 and c.bounds is None
        claim(nothing, "without a limit nothing else is claimed fails")
        return
    _verify_limit(c, descent, operator, blocks, modes)


def verify_eigenvalues(operator: Operator, eigenvalues: Sequence[Eigenvalue]) -> None:
    """Claim M1 (spectrum): these are all eigenvalues of P A, ascending and positive."""
    claim(sum(e.multiplicity for e in eigenvalues) == operator.dimension, "all eigenvalues are stated fails")
    before = Fraction(0)
    for e in eigenvalues:
        claim(before < e.low <= e.high, f"positive eigenvalues in ascending order fails at [{show(e.low, e.high)}]")
        verify_eigenvalue(operator, e)
        before = e.high


def _on_subspace(
    c: MethodCertificate, given: Inner, descent: Descent, modes: dict[int, Mode]
) -> tuple[MethodCertificate, Operator, list[Block], dict[int, Mode]]:
    """Claim M11 (subspace): it holds the start and is mapped into itself; return the claims about the modes on it.

    The gradient at every point of the subspace lies in it. So if h and c lie in it, they do so after a step.
    """
    space = Space.of(given.basis)
    claim(c.linear.adaptive is None, "no subspace is claimed of this method fails")
    claim(space.holds(descent.start), "the start lies in the subspace fails")
    claim(maps_into_itself(descent, space, c.linear.preconditioner), "the gradient maps the subspace into itself fails")
    operator = Operator.of(restricted(c.linear.preconditioned(descent.hessian), space) if given.basis else [])
    ends = [c.eigenvalues[i] for i in modes]
    absent = not given.basis or all(operator.up_to(e.high) == operator.below(e.low) for e in ends)
    claim(absent or c.verdict != "exceptional", "the dominant eigenvalues are absent fails")
    claim(not absent or c.verdict != "proved", "a dominant eigenvalue occurs on the subspace fails")
    if c.limit.kind is None:
        return c, operator, [], {}
    claim(given.basis, "a limit at the minimizer itself fails")
    verify_eigenvalues(operator, given.eigenvalues)
    u = descent.step_size
    blocks = blocks_of(c.linear, u, given.eigenvalues)
    regime, inner = regime_of(c.linear, u, operator, given.eigenvalues, given.dominant)
    claim(given.regime == regime, f"the regime on the subspace fails: it is {regime}")
    vectors = [v for part in c.parts for v in part.vectors]
    claim(all(map(space.holds, vectors)), "the parts lie in the subspace fails")
    return replace(c, eigenvalues=given.eigenvalues), operator, blocks, inner


def _verify_verdict(c: MethodCertificate, descent: Descent, modes: dict[int, Mode]) -> None:
    """Claim M3 (verdict): exactly these assumptions fail, and the verdict follows."""
    failing = {"smoothness"} if smoothness_fails(descent) else set()
    if c.regime in {"unstable", "boundary"}:
        failing.add("stable-step" if c.regime == "unstable" else "off-boundary")
    elif c.regime != "rotating":
        (index,) = modes
        if len(c.eigenvalues) == 1:
            failing.add("distinct-ends")
        if c.eigenvalues[index].multiplicity > 1:
            failing.add("simple-lowest" if c.regime == "small-step" else "simple-highest")
    if c.linear.loses_volume and c.regime != "unstable" and c.linear.preconditioner is None:
        if preimages_fail(c, descent):
            failing.add("null-preimages")
    elif c.linear.preconditioner is not None and c.regime != "unstable":
        determinant_only = not descent.kinks and not c.points and c.kernel is None
        claim(determinant_only and c.linear.is_regular(descent), "the determinant of the map is not zero fails")
    else:
        claim(not c.points and c.kernel is None, "no evidence on preimages is asked for fails")
    exception = c.verdict == "exceptional" and not failing
    verify_fails(c, failing, "not-applicable" if failing else "exceptional" if exception else "proved")
    if exception:
        claim(c.subspace is not None and c.regime in {"small-step", "large-step", "rotating"}, "an exception fails")
    claim(failing or exception or c.limit.kind is not None, "a limit is claimed fails: the verdict is proved")


def verify_part(
    linear: Linear, eigenvalues: Sequence[Eigenvalue], operator: Operator, matrix: Matrix, part: Part
) -> Eigenspace:
    """Claim M5 (eigenspace): the vectors span the eigenspace up to a known error, as in Claim 11 in P's inner product.

    The Euclidean norm and that of P^-1 bound each other by a factor of sqrt(cond P).
    """
    space = verify_eigenspace(operator, matrix, eigenvalues[part.eigenvalue], part.gap, part.vectors, dual=linear.dual)
    return replace(space, defect=linear.size * space.defect, tilt=2 * linear.size * space.sine)


@dataclass(frozen=True)
class Lemma:
    """What the amplitude lemma needs about the dominant modes.

    Attributes:
        signs: The signs of the multipliers of the parts; empty if the dominant modes are pairs.
        frames: The parts.
        functionals: The coefficients of h and c in the amplitude of each part; empty if the dominant modes are pairs.
        rho: An interval of rho.
        scale: The factor between the tail of an amplitude and that of the lemma.
    """

    signs: tuple[int, ...]
    frames: tuple[Eigenspace, ...]
    functionals: tuple[tuple[Interval, Interval], ...]
    rho: Interval
    scale: Fraction

    def project(self, state: Sequence[Fraction]) -> list[list[Fraction]]:
        """Return the projections of a state of shape (2n,)."""
        n = len(state) // 2
        h, c = state[:n], state[n:]
        if self.functionals:
            found = []
            for frame, pair in zip(self.frames, self.functionals, strict=True):
                a, b = ((low + high) / 2 for low, high in pair)
                found.append(frame.project([a * x + b * y for x, y in zip(h, c, strict=True)]))
            return found
        if not self.frames:
            return [list(state)]
        return [[*self.frames[0].project(h), *self.frames[0].project(c)]]

    def doubts(self, size_of: Fraction, error: Fraction, size: Fraction) -> list[Fraction]:
        """Bound the errors of the projections of a state in a ball.

        Args:
            size_of: The norm of the ball's centre.
            error: The ball's radius.
            size: A bound of the square root of the condition number of P.
        """
        if not self.functionals:
            defect = self.frames[0].defect if self.frames else Fraction(0)
            return [error * size + defect * (size_of + error)]
        found = []
        for frame, pair in zip(self.frames, self.functionals, strict=True):
            most = norm_above([max(map(abs, f)) for f in pair])
            width = norm_above([(high - low) / 2 for low, high in pair])
            found.append((error * most + width * size_of) * size + frame.defect * most * (size_of + error))
        return found


def _lemma(
    c: MethodCertificate, operator: Operator, matrix: Matrix, blocks: Sequence[Block], modes: dict[int, Mode]
) -> Lemma:
    """Verify the parts and K; return what the lemma needs."""
    double = [i for i, mode in modes.items() if mode.double]
    turning = not double and any(mode.sign == 0 for mode in modes.values())
    chosen = sorted(double or [i for i in modes if turning == (modes[i].sign == 0)], key=lambda i: -modes[i].sign)
    signs = () if turning else tuple(modes[i].sign for i in chosen)
    kind = {(): "rotating", (1,): "fixed", (-1,): "alternating", (1, -1): "two-cycle"}.get(signs)
    claim(kind is not None and c.limit.kind == kind, f"the limit is {c.limit.kind} fails: it can only be {kind}")
    whole = turning and len(chosen) == len(c.eigenvalues)
    stated = [part.eigenvalue for part in c.parts]
    claim(stated == ([] if whole else chosen[:1] if turning else chosen), f"the parts are {stated} fails")
    exact = rho = blocks[chosen[0]].modulus(modes[chosen[0]])
    if double:  # rho' = rho^(3/4), for which rho'^2 < rho
        rho = root_bounds(root_bounds(rho[0] ** 3)[0])[0], root_bounds(root_bounds(rho[1] ** 3)[1])[1]
    claim(rho[0] > 0 and rho[1] < 1, f"0 < rho < 1 fails: rho in [{show(*rho)}]")
    powers = required(c.powers, "the powers are stated fails")
    powers.verify(c.linear, blocks, modes, rho)
    # A bound of what a gradient adds to an amplitude, divided by what it adds to the norm.
    added = c.linear.size * c.linear.strength / powers.gradient
    frames = tuple(verify_part(c.linear, c.eigenvalues, operator, matrix, part) for part in c.parts)
    if turning:
        met = chosen[:1] if frames else chosen
        gradient = units(c.linear)[2]
        return Lemma(signs, frames, (), rho, max(turned_above(c.linear, blocks[i], gradient) for i in met) * added)
    functionals = tuple(blocks[i].functional(c.linear, modes[i]) for i in chosen)
    scale = max(blocks[i].pushed(c.linear, modes[i]) for i in chosen) * added
    if c.linear.adaptive is not None:  # the drift enters h alone
        scale = max(scale, *(max(map(abs, a)) / powers.error for a, _ in functionals))
    if double:
        scale *= rho[1] * (1 - rho[0]) / (exact[0] - rho[1] ** 2)
    return Lemma(signs, frames, functionals, rho, scale)


def _verify_limit(
    c: MethodCertificate, descent: Descent, operator: Operator, blocks: Sequence[Block], modes: dict[int, Mode]
) -> None:
    """Claim M7 (amplitude): at the stated step every amplitude exceeds the tail; the limit follows."""
    lemma = _lemma(c, operator, c.linear.preconditioned(descent.hessian), blocks, modes)
    powers, size, rho = c.powers, c.linear.size, lemma.rho
    assert powers is not None
    bounds = required(c.bounds, "bounds are stated fails")
    states = StateMap(c.linear, _expansion(c, descent), rho[1], powers)
    steepest = descent.step_size * c.eigenvalues[-1].high
    average, factors = Fraction(0), (Fraction(0), Fraction(0))
    for bits in PRECISIONS:
        if c.linear.adaptive is None:
            centre, error = enclose(states, c.step, bits)
        else:
            centre, error, average, factors = enclose_adaptive(states, steepest, c.step, bits)
        projections = lemma.project(centre)
        if error**2 * 2**128 <= min(map(squared, projections)) * min(Fraction(1), 1 / lemma.scale) ** 2:
            break
    size_of, n = norm_above(centre), descent.dimension
    r = powers.error * norm_above(centre[:n]) + powers.buffer * norm_above(centre[n:]) + powers.state * error
    at = f"at step {c.step}"
    push = powers.gradient * states.expansion.remainder.push(r)
    drift = Drift() if c.linear.adaptive is None else Drift.of(states, steepest, r, average, factors)
    sigma, _, tail = growth(push, r, rho, at, largest=drift.largest, drift=drift.total)
    claim(len(c.amplitudes) == len(projections), "an amplitude for each part fails")
    errors = lemma.doubts(size_of, error, size)
    own = [(root_bounds(squared(z))[0] - e) / lemma.scale for z, e in zip(projections, errors, strict=True)]
    verify_amplitudes(bounds, r, (sigma, tail), zip(c.amplitudes, own, strict=True), at, digits=6)
    if not lemma.signs:
        claim(not c.limit.vectors, "no vector is claimed where the direction rotates fails")
        return
    miss = tail * lemma.scale * len(lemma.signs) + sum(errors, Fraction(0))
    claim(len(c.limit.vectors) == len(lemma.signs), "a vector for each parity fails")
    tilt = lemma.frames[0].tilt if len(lemma.frames) == len(lemma.frames[0].vectors) == 1 else None
    verify_directions(c.limit.vectors, c.step, list(zip(lemma.signs, projections, strict=True)), miss, tilt)


def _expansion(c: MethodCertificate, descent: Descent) -> Expansion:
    """Bound gradient descent with the factor u around the minimizer."""
    ends: tuple[Fraction, ...] = (c.eigenvalues[0].low, c.eigenvalues[-1].high)
    if c.linear.preconditioner is not None or c.subspace is not None:
        bound = norm_above([x for row in descent.hessian for x in row])
        ends = -bound, bound
    return Expansion(descent, Remainder.of(descent), max(abs(1 - descent.step_size * x) for x in ends))


check = Check(MethodCertificate, _verify)
"""Verifies a certificate of a theorem on a method."""
