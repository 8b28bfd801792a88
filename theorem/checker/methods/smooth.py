"""Momentum on smooth losses: Claims Q1 to Q6, and ``check``. docs/certificate.md, *Smooth certificates of methods*.

A state z = (h, c), h = x - x*, moves by c' = beta c + eta grad f and h' = h - a eta grad f - kappa c. On an eigenvector
of the Hessian at x* this is the matrix M(s), s = eta lambda, of Claim M2; the minimizer and the eigenvalues are known
as in Claims G1 to G3. Everything is computed again from the text of the loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Literal, Self

from gdcheck.theorem.checker.exact import norm_above, root_bounds, squared, up
from gdcheck.theorem.checker.lemma import growth, verify_box
from gdcheck.theorem.checker.methods.linear import Linear
from gdcheck.theorem.checker.methods.modes import Block, Mode, Powers, leaves, step_above, turned_above, units
from gdcheck.theorem.checker.methods.valley import SIGNS, kind_of, least_modulus, products, read_method
from gdcheck.theorem.checker.outcome import at_step, claim, required, show
from gdcheck.theorem.checker.reading.checking import Check, with_enough_bits
from gdcheck.theorem.checker.reading.fields import refuse
from gdcheck.theorem.checker.smooth import intervals, minimizer
from gdcheck.theorem.checker.smooth.derivatives import evaluate, gradient
from gdcheck.theorem.checker.smooth.intervals import Ends, Interval, UndefinedError, dot, middles, point
from gdcheck.theorem.checker.smooth.minimizer import SHARP, Middle, norm_of_map, third_above, verify_minimizer
from gdcheck.theorem.checker.smooth.spectrum import UNSTABLE, eigenvalues_within, verify_ends
from gdcheck.theorem.checker.smooth.strict_minimum import precisions, verify_line, verify_regular

KINDS = {"small-step": "fixed", "large-step": "alternating", "rotating": "rotating"}


@dataclass(frozen=True)
class Problem(minimizer.Problem):
    """A smooth loss, and what a method does with it."""

    linear: Linear

    @classmethod
    def read(cls, value: object, path: str, n: int, *, has_start: bool = True) -> Self:
        """Read a problem, which has the field ``method`` beside the others."""
        if type(value) is not dict or type(value.get("method")) is not dict:
            refuse(path, "an object with a method")
        linear = read_method(value["method"], path, n)
        if not linear.beta:
            refuse(f"{path}.method.momentum", "positive")
        rest = {name: entry for name, entry in value.items() if name != "method"}
        return cls(**vars(minimizer.Problem.read(rest, path, n, has_start=has_start)), linear=linear)


@dataclass(frozen=True)
class Limit:
    """The kind of the limit, and an interval for each component; none where the direction rotates."""

    kind: str
    vector: tuple[Ends, ...]


@dataclass(frozen=True)
class Document(minimizer.Stated):
    """All fields of a certificate.

    Attributes:
        schema: The format.
        problem: The problem, with its method.
        powers: The bounds of the norm of states; None without a limit.
        step: The step at which the inequality holds.
        limit: The limit, if there is one.
    """

    schema: Literal["gdcheck-smooth-method/1"]
    problem: Problem
    powers: Powers | None
    step: int
    limit: Limit | None

    @property
    def linear(self) -> Linear:
        """Return the method."""
        return self.problem.linear


@dataclass(frozen=True)
class Modes:
    """What is proved of the modes at the minimizer.

    Attributes:
        blocks: The matrices of all modes.
        kinds: The kinds of the modes; None where undecided.
        dominant: The indices of the modes of the largest modulus: one, or all where all are pairs.
        rho: An interval of that modulus.
    """

    blocks: Sequence[Block]
    kinds: Sequence[Mode | None]
    dominant: Sequence[int]
    rho: Ends

    def verify_powers(self, linear: Linear, powers: Powers) -> None:
        """Claim M4 (powers): the stated numbers bound the norm of states."""
        known = {i: kind for i, kind in enumerate(self.kinds) if kind is not None}
        powers.verify(linear, self.blocks, known, self.rho)


@dataclass(frozen=True)
class State:
    """A ball that contains the state (h_k, c_k).

    Attributes:
        h: The centre of h_k, as intervals without width.
        buffer: The centre of c_k.
        error: A bound of the state's distance from the centre, in the Euclidean norm.
        starred: A bound of the same in the norm of Claim M4.
    """

    h: list[Interval]
    buffer: list[Interval]
    error: Fraction
    starred: Fraction


def verify(c: Document, bits: int) -> None:
    """Verify all claims with intervals of one precision.

    Raises:
        ClaimError: If a claim is not verified.
    """
    at = Middle.of(c, bits)
    verify_minimizer(c, at)
    eigenvalues = eigenvalues_within(at.matrix, c.eigenvectors, at.spread)
    verify_ends(c.spectrum.lowest, c.spectrum.highest, eigenvalues, 12)
    modes = verify_modes(c, eigenvalues)
    verify_assumptions(c, at)
    if modes is not None and c.limit is not None:
        with_enough_bits((bits // 2, bits), lambda fewer: verify_limit(c, at.at_scale(fewer), eigenvalues, modes))


def verify_modes(c: Document, eigenvalues: Sequence[Ends]) -> Modes | None:
    """Claim Q1 (modes): the dominant mode is of the regime's kind; None if a multiplier leaves the unit disk."""
    linear, eta = c.linear, c.problem.step_size
    right = -linear.kappa, -linear.kappa
    all_s = [(eta * low, eta * high) for low, high in eigenvalues]
    blocks = [Block.of(linear, s, right, s) for s in all_s]
    if c.regime == UNSTABLE:
        claim(any(map(leaves, blocks)), "a multiplier has a modulus of at least one fails")
        claim(c.limit is None, "no limit is claimed of an unstable method fails")
        return None
    kinds = [kind_of(block) for block in blocks]
    moduli = [b.moduli_above() if m is None else b.modulus(m)[1] for b, m in zip(blocks, kinds, strict=True)]
    if c.regime == "rotating" and not linear.determinant[1]:
        claim(all(kind == Mode(0) for kind in kinds), "all modes turn fails")
        dominant, rho = list(range(len(blocks))), blocks[0].modulus(Mode(0))
    else:
        index = max(range(len(moduli)), key=moduli.__getitem__)
        kind = required(kinds[index], "the dominant mode turns or is real fails")
        claim(kind.sign == SIGNS.get(c.regime), f"the regime is {c.regime[:40]} fails")
        dominant, rho = [index], blocks[index].modulus(kind)
        others = [*moduli[:index], *moduli[index + 1 :]]
        claim(all(x < rho[0] for x in others), f"one mode dominates fails: {show(rho[0], *others)}")
    claim(rho[0] > 0 and rho[1] < 1, f"0 < rho < 1 fails: {show(*rho)}")
    return Modes(blocks, kinds, dominant, rho)


def verify_assumptions(c: Document, at: Middle) -> None:
    """Claim Q2 (assumptions): exactly the stated ones fail, and the verdict follows.

    The map of states has the determinant beta^n det(I + (kappa / beta - a) eta Hessian): a constant for heavy ball, and
    for Nesterov's method beta^n det(I - eta Hessian), for which there is a point as in Claim G5.
    """
    fails = []
    if c.regime == UNSTABLE:
        fails = ["stable-step"]
    elif len(c.eigenvectors) == 1 and c.regime != "rotating":
        fails = ["distinct-ends"]
    claim(list(c.fails) == fails, f"the failing assumptions are {c.fails} fails: they are {fails}")
    claim(c.verdict == ("not-applicable" if fails else "proved"), f"the verdict is {c.verdict[:40]} fails")
    claim(c.limit is not None or fails, "a proof has a limit fails")
    if c.regular_at is not None:
        verify_regular(c, at, c.regular_at)
    needed = c.linear.loses_volume and not fails
    claim(c.regular_at is not None or not needed, "a proof has a point where I - eta Hessian is regular fails")


def verify_limit(c: Document, at: Middle, eigenvalues: Sequence[Ends], modes: Modes) -> None:
    """Claim Q4 (inequality), Claim Q5 (limit): at the stated step the amplitude is larger than the tail."""
    limit, linear = required(c.limit, "a limit is stated fails"), c.linear
    powers = required(c.powers, "the powers are stated fails")
    claim(limit.kind == KINDS.get(c.regime), f"the limit is {limit.kind[:40]} fails: the regime is {c.regime[:40]}")
    modes.verify_powers(linear, powers)
    state = enclose(c, at, modes.rho[1], powers)
    size_h, size_c = (intervals.norm_above(x, at.bits) for x in (state.h, state.buffer))
    r = powers.error * size_h + powers.buffer * size_c + state.starred
    third = third_above(at.expression, at.centre, r + c.minimizer.radius)
    push = powers.gradient * c.problem.step_size * third * r / 2
    *_, tail = growth(push, r, modes.rho, f"at step {c.step}")
    size = norm_above((size_h, size_c))
    first = modes.dominant[0]
    vector = c.eigenvectors[first]
    deviation, tilt = Fraction(0), Fraction(0)
    if len(modes.dominant) < len(eigenvalues) or len(eigenvalues) == 1:
        tilt = verify_line(c, at, eigenvalues, first)
        deviation = tilt + abs(squared(vector) - 1)
    parts = [dot(point(vector, at.bits), x) for x in (state.h, state.buffer)]
    block, (short, long) = modes.blocks[first], root_bounds(squared(vector))
    if c.regime == "rotating":
        claim(not limit.vector, "no vector is claimed where the direction rotates fails")
        scale = max(turned_above(linear, modes.blocks[i], units(linear)[2]) for i in modes.dominant) / powers.gradient
        amplitude = root_bounds(sum((least_modulus(x) ** 2 for x in parts), Fraction(0)))[0] * short
        if len(modes.dominant) == len(eigenvalues):
            amplitude = root_bounds(sum((least_modulus(x) ** 2 for x in (*state.h, *state.buffer)), Fraction(0)))[0]
        _exceeds(c, (amplitude - state.error - deviation * (size + state.error)) / scale, tail)
        return
    kind = Mode(SIGNS[c.regime])
    pair, scale = block.functional(linear, kind), block.pushed(linear, kind) / powers.gradient
    most = norm_above([max(map(abs, f)) for f in pair])
    low, high = (
        sum(ends, Fraction(0))
        for ends in zip(*[products(f, (x.lower, x.upper)) for f, x in zip(pair, parts, strict=True)], strict=True)
    )
    error = most * (state.error + deviation * (size + state.error))
    _exceeds(c, (max(low, -high) * short - error) / scale, tail)
    turn = (1 if low > 0 else -1) * kind.sign**c.step
    claim(len(limit.vector) == len(vector), "the limit has a component for each variable fails")
    verify_box("the limit", [turn * x for x in vector], (short, long), tilt, limit.vector)


def enclose(c: Document, at: Middle, rho: Fraction, powers: Powers) -> State:
    """Claim Q3 (states): follow the method to the stated step, with an empty buffer at the start.

    If the points of two states lie in a ball of radius r around the minimizer, a step multiplies the states' distance
    by at most rho + K eta T r in the norm of Claim M4, K its bound for gradients, T that of the third derivative there.
    In the Euclidean norm the factor is at most the largest norm of M(s) for s between 1 - N and 1 + N, where N bounds
    |I - eta Hessian| on a ball with both points. Each norm is bounded by a multiple of the other.
    """
    linear, eta, delta, bits = c.linear, c.problem.step_size, c.minimizer.radius, at.bits
    step, a, kappa, beta = (Interval.exactly(x, bits) for x in (eta, linear.a, linear.kappa, linear.beta))
    x, error = middles(point(c.problem.start, bits), bits)
    buffer = [Interval.exactly(0, bits)] * len(x)
    starred, k_state, least = powers.state * error, powers.state, at.spread / delta
    known: tuple[Fraction, Fraction] | None = None
    for k in range(c.step + 1):
        at_step(k, c.step)
        h = [y - z for y, z in zip(x, at.centre, strict=True)]
        off = up(delta + Fraction(max(y.width() for y in h) * len(h), 1 << bits), bits)
        if k == c.step:
            return State([y.middle() for y in h], buffer, error + off, starred + powers.error * off)
        radius = up(intervals.norm_above(h, bits) + off + error, bits)
        if known is None or radius > known[0] or (known[0] > 2 * radius and known[1] > SHARP * least):
            known = _third_around(at, radius, delta)
        shrinks = None if known is None else up(rho + powers.gradient * eta * known[1] * radius, bits)
        if shrinks is not None and (shrinks < 1 or not error):
            error = starred = shrinks * starred
        else:
            third = third_above(at.expression, x, error) if known is None else known[1]
            near = up(norm_of_map(c.problem, x) + eta * third * error, bits)
            error *= step_above(linear, (1 - near, 1 + near))
            starred = k_state * error if shrinks is None else min(shrinks * starred, k_state * error)
        slope = gradient(evaluate(at.expression, x, 1))
        pull = [step * g for g in slope]
        moved = [y - a * p - kappa * b for y, p, b in zip(x, pull, buffer, strict=True)]
        filled = [beta * b + p for b, p in zip(buffer, pull, strict=True)]
        centre, rounding = middles([*moved, *filled], bits)
        x, buffer = centre[: len(x)], centre[len(x) :]
        error, starred = up(error + rounding, bits), up(starred + k_state * rounding, bits)
        error, starred = min(error, starred), min(starred, k_state * error)
        claim(error < 1 or error < radius, f"the enclosure is narrow fails at step {k}: {show(error)}")
    raise AssertionError("the stated step is reached")


def _third_around(at: Middle, radius: Fraction, delta: Fraction) -> tuple[Fraction, Fraction] | None:
    """Bound the third derivative on the ball of a radius around the minimizer; None where the loss is not defined."""
    try:
        return radius, third_above(at.expression, at.centre, radius + delta)
    except UndefinedError:
        return None


def _exceeds(c: Document, amplitude: Fraction, tail: Fraction) -> None:
    claim(amplitude > tail, f"amplitude > tail fails at step {c.step}: {show(amplitude)}, {show(tail)}")


check = Check(Document, lambda c: with_enough_bits(precisions(c), partial(verify, c)))
"""Verifies a certificate of a limit of a method with momentum on a smooth loss."""
