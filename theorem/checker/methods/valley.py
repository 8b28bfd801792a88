"""Momentum into valleys: Claims W1 to W7, and ``check``. docs/certificate.md, *Valley certificates of methods*.

Let u = F(x), J the derivative of F, and eta twice the scale times the step size. One step moves the state (x, c) to
(x - a eta J^T u - kappa c, beta c + eta J^T u). With z = (u, c / sqrt eta) this is z' = B(x) z + R, where B has the
blocks I - a eta J J^T, -kappa sqrt(eta) J, sqrt(eta) J^T and beta. Everything is computed again from the residuals'
texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, Self

from gdcheck.theorem.checker.exact import Vector, norm_above, root_bounds, squared, up
from gdcheck.theorem.checker.lemma import growth, verify_box
from gdcheck.theorem.checker.methods.linear import Linear
from gdcheck.theorem.checker.methods.modes import STEP_BITS, Block, Mode, powers_of, step_above
from gdcheck.theorem.checker.outcome import at_step, claim, required, show
from gdcheck.theorem.checker.reading.checking import Check, with_enough_bits
from gdcheck.theorem.checker.reading.fields import refuse
from gdcheck.theorem.checker.smooth import intervals, valley
from gdcheck.theorem.checker.smooth.derivatives import evaluate, gradient
from gdcheck.theorem.checker.smooth.intervals import Ends, Interval, dot, middles, point
from gdcheck.theorem.checker.smooth.spectrum import ROOT2, eigenvalues_within, sine_above, verify_ends

PRECISIONS = (256, 512, 1024, 2048, 4096, 8192)
NARROW = 2**96
"""The error of the last state is at most its size, residuals and buffer together, divided by this."""
FAR = 2**256
"""A trajectory whose residuals are larger is not followed."""
SIGNS = {"small-step": 1, "large-step": -1, "rotating": 0}
UNITS = (Fraction(1), Fraction(0)), (Fraction(0), Fraction(1))
KINDS = {"small-step": "fixed", "large-step": "alternating", "rotating": "rotating", "tangential": "fixed"}


@dataclass(frozen=True)
class Problem(valley.Problem):
    """Residuals, and what a method does with them."""

    linear: Linear

    @classmethod
    def read(cls, value: object, path: str, n: int) -> Self:
        """Read a problem, which has the field ``method`` beside the others."""
        if type(value) is not dict or type(value.get("method")) is not dict:
            refuse(path, "an object with a method")
        linear = read_method(value["method"], path, n)
        rest = valley.Problem.read({k: v for k, v in value.items() if k != "method"}, path, n)
        return cls(**vars(rest), linear=linear)


def read_method(value: object, path: str, n: int) -> Linear:
    """Read a method whose steps are combinations of gradients."""
    linear = Linear.read(value, n)
    if linear.preconditioner is not None or linear.adaptive is not None:
        refuse(f"{path}.method.name", "heavy-ball or nesterov")
    return linear


@dataclass(frozen=True)
class Limit:
    """The kind of the limit, and an interval for each component; none where the direction rotates."""

    kind: str
    vector: tuple[Ends, ...]


@dataclass(frozen=True)
class Document(valley.Stated):
    """All fields of a certificate.

    Attributes:
        schema: The format.
        powers: K, with |B^j| <= K rho^j.
    """

    schema: Literal["gdcheck-valley-method/1"]
    problem: Problem
    powers: Fraction
    limit: Limit

    @classmethod
    def read(cls, value: object, path: str, n: int) -> Self:
        """Read a certificate; a limit that is a vector has a component for each variable."""
        c = super().read(value, path, n)
        if len(c.limit.vector) != (0 if c.limit.kind == "rotating" else n):
            refuse("limit.vector", f"{n} intervals, and none where the direction rotates")
        return c

    @property
    def linear(self) -> Linear:
        """Return the method."""
        return self.problem.linear


@dataclass(frozen=True)
class State(valley.Iterate):
    """(x_k, c_k) lies within ``drift`` of ``centre`` and ``buffer``."""

    buffer: list[Interval]


@dataclass(frozen=True)
class Modes:
    """What is proved of the modes at the point of arrival.

    Attributes:
        index: The index of the singular value whose mode dominates; None if all modes are pairs, or the buffer along
            the valley dominates.
        block: The block of that mode.
        rho: An interval of the largest modulus.
        powers: K.
    """

    index: int | None
    block: Block | None
    rho: Ends
    powers: Fraction


@dataclass(frozen=True)
class Ball(valley.Ball):
    """What holds on the ball that the trajectory stays in.

    Attributes:
        around: The radius of a ball around the state's centre that holds it.
        largest: sigma_p, an upper bound of the norm of J.
        lipschitz: L, a Lipschitz constant of J.
        size: An upper bound of |z|.
        push: K C, of Claim W4.
        least: sigma_1, a lower bound of |J^T w| for unit vectors w of the tangent space.
    """

    least: Fraction


def verify(c: Document) -> None:
    """Verify all claims.

    Raises:
        ClaimError: If a claim is not verified.
    """
    sizes = valley.verify_relations(c)
    verify_from(c, with_enough_bits(PRECISIONS, lambda bits: enclose(c, bits)), sizes)


def verify_from(c: Document, state: State, sizes: Sequence[Sequence[Fraction]]) -> None:
    """Verify all claims except Claim W1, which gives ``state``, and Claim V9, which gives ``sizes``.

    Raises:
        ClaimError: If a claim is not verified.
    """
    bits = state.centre[0].bits
    around = up(c.arrival.reach + state.drift, bits)
    lipschitz = valley.lipschitz_above(c, state.centre, around, bits)
    gram = valley.gram_of(state.seen_rows)
    least, most = _singular_values(c, state, gram, lipschitz * around, bits)
    spread = 2 * most * lipschitz * around
    eigenvalues = eigenvalues_within(gram, c.spectrum.vectors, spread)
    verify_ends(c.spectrum.lowest, c.spectrum.highest, eigenvalues, 6)
    claim(c.limit.kind == KINDS.get(c.regime), f"the limit is {c.limit.kind[:40]} fails: the regime is {c.regime[:40]}")
    modes = verify_modes(c, eigenvalues, tangential=len(gram) < len(state.centre))
    ball = verify_ball(c, state, (around, lipschitz, least, most), modes.rho[1], sizes)
    valley.verify_point(c, state, ball, bits)
    *_, tail = growth(ball.push * c.powers * ball.size, c.powers * ball.size, modes.rho, f"at step {c.step}")
    if c.regime == "tangential":
        verify_along(c, state, ball, tail)
        return
    index = modes.index
    if index is None:
        low = root_bounds(sum((least_modulus(x) ** 2 for x in state.seen_u), Fraction(0)))[0] - most * state.drift
        _exceeds(c, low, tail)
        return
    vector = c.spectrum.vectors[index]
    tilt = ROOT2 * sine_above(gram, vector, eigenvalues, index, spread)
    if c.regime == "rotating":
        inner = dot(point(vector, bits), state.seen_u)
        _exceeds(
            c, least_modulus(inner) / root_bounds(squared(vector))[1] - tilt * ball.size - most * state.drift, tail
        )
        return
    verify_across(c, state, ball, (modes, vector, tilt), tail)


def enclose(c: Document, bits: int) -> State:
    """Claim W1 (states): follow the method to the stated step, with an empty buffer at the start.

    On a ball of points with |J| <= sigma, |u| <= r and a Lipschitz constant L of J, the map of states has as Lipschitz
    constant the larger norm of [1 - a s, -kappa; s, beta] for s at the two ends of eta [-L r, sigma^2 + L r].
    """
    linear, eta = c.linear, Interval.exactly(c.problem.eta, bits)
    a, kappa, beta = (Interval.exactly(x, bits) for x in (linear.a, linear.kappa, linear.beta))
    x, drift = middles(point(c.problem.start, bits), bits)
    buffer = [Interval.exactly(0, bits)] * len(x)
    stable = 2 * (1 + linear.beta) / (linear.a * (1 + linear.beta) - linear.kappa) / c.problem.eta
    near: valley.Near | None = None
    for k in range(c.step + 1):
        at_step(k, c.step)
        values = [evaluate(residual, x, 1) for residual in c.problem.residuals]
        u, rows = [v.slots[-1] for v in values], [gradient(v) for v in values]
        if k == c.step:
            size = intervals.norm_above([*u, *buffer], bits)
            claim(drift * NARROW <= size, f"the enclosure is narrow fails: {show(drift, size)}")
            return State(x, drift, u, rows, *valley.seen_by(c, u, rows, bits), buffer)
        pull = [eta * dot(column, u) for column in zip(*rows, strict=True)]
        if near is None or near.left_by(x, drift, bits):
            move = intervals.norm_above(pull, bits) / (1 - linear.beta)
            near = valley.near_of(c, (x, drift, rows), (move, stable), near, bits)
        size = intervals.norm_above(u, bits) + near.largest * drift
        moved = [y - a * p - kappa * b for y, p, b in zip(x, pull, buffer, strict=True)]
        filled = [beta * b + p for b, p in zip(buffer, pull, strict=True)]
        centre, rounding = middles([*moved, *filled], bits)
        x, buffer = centre[: len(x)], centre[len(x) :]
        drift = up(_growth(c, near, size) * drift + rounding, bits)
        claim(drift < 1, f"the enclosure is narrow fails at step {k}: {show(drift)}")
        claim(size < FAR, f"the residuals stay bounded fails at step {k}: {show(size)}")
    raise AssertionError("the stated step is reached")


def _growth(c: Document, near: valley.Near, size: Fraction) -> Fraction:
    """Bound the norm of the derivative of the map of states."""
    bent = up(near.lipschitz * up(size, STEP_BITS), STEP_BITS)
    eta = c.problem.eta
    return step_above(c.linear, (-eta * bent, eta * (up(near.largest, STEP_BITS) ** 2 + bent)))


def _singular_values(
    c: Document, state: State, gram: Sequence[Sequence[Interval]], change: Fraction, bits: int
) -> tuple[Fraction, Fraction]:
    """Bound the singular values of J on the ball, where J changes by at most ``change``."""
    ends = eigenvalues_within(gram, c.spectrum.vectors, Fraction(0))
    claim(ends[0][0] > 0, f"J has full rank at the state fails: {show(ends[0][0])}")
    low = root_bounds(ends[0][0])[0] - change
    top = root_bounds(ends[-1][1])[1] if c.relations is None else valley.norm_of(state.rows, bits)
    claim(low > 0, f"J has full rank on the ball fails: {show(low)}")
    return low, up(top + change, bits)


def verify_modes(c: Document, eigenvalues: Sequence[Ends], *, tangential: bool) -> Modes:
    """Claim W2 (modes) and Claim W3 (powers): the dominant mode is that of the regime, and K bounds all powers.

    Args:
        c: The certificate.
        eigenvalues: Intervals of the eigenvalues of J J^T, at the point of arrival and on all of the ball.
        tangential: Whether J vanishes in some direction; there a step multiplies the buffer by beta.
    """
    linear, beta = c.linear, c.linear.beta
    blocks, kinds = [], list[Mode | None]()
    for low, high in eigenvalues:
        s = c.problem.eta * low, c.problem.eta * high
        below = root_bounds(s[0])[0], root_bounds(s[1])[1]
        block = Block.of(linear, s, (-linear.kappa * below[1], -linear.kappa * below[0]), below)
        blocks.append(block)
        kinds.append(kind_of(block))
    moduli = [b.moduli_above() if m is None else b.modulus(m)[1] for b, m in zip(blocks, kinds, strict=True)]
    index: int | None = None
    if c.regime == "tangential":
        claim(tangential and max(moduli) < beta, f"the buffer along the valley dominates fails: {show(*moduli)}")
        rho = beta, beta
    elif c.regime == "rotating" and not linear.determinant[1]:
        claim(all(m == Mode(0) for m in kinds), "all modes turn fails")
        rho = blocks[0].modulus(Mode(0))
    else:
        index = max(range(len(moduli)), key=moduli.__getitem__)
        kind = required(kinds[index], "the dominant mode turns or is real fails")
        claim(kind.sign == SIGNS.get(c.regime), f"the regime is {c.regime[:40]} fails")
        rho = blocks[index].modulus(kind)
        others = [*moduli[:index], *moduli[index + 1 :], *([beta] if tangential else [])]
        claim(all(x < rho[0] for x in others), f"one mode dominates fails: {show(rho[0], *others)}")
    claim(rho[0] > 0 and rho[1] < 1, f"0 < rho < 1 fails: {show(*rho)}")
    powers = max(
        norm_above([powers_of(linear, block, kind, rho, v) for v in UNITS])
        for block, kind in zip(blocks, kinds, strict=True)
    )
    claim(c.powers >= powers, f"K = {show(c.powers)} fails: it is at least {show(powers)}")
    return Modes(index, None if index is None else blocks[index], rho, powers)


def kind_of(block: Block) -> Mode | None:
    """Return the kind of a mode; None if it is not decided."""
    low, high = block.discriminant
    if high < 0:
        return Mode(0)
    sign = 1 if block.trace[0] > 0 else -1 if block.trace[1] < 0 else 0
    return Mode(sign) if low > 0 and sign else None


def verify_ball(
    c: Document,
    state: State,
    known: tuple[Fraction, Fraction, Fraction, Fraction],
    rho: Fraction,
    sizes: Sequence[Sequence[Fraction]],
) -> Ball:
    """Claim W4 (ball) and Claim W5 (remainder): the trajectory stays near x_k, and tends to a zero of F.

    1. Let D = |(a eta sigma_p k, kappa sqrt eta)|, V = |(2 a eta sigma_p, kappa sqrt eta, sqrt eta)|, r = K |z| and
       G = L D^2 / 2. Without relations k = 1.
    2. Let q = rho + K (L V reach + G r). If q < 1 and D r / (1 - q) <= reach, then |z_{k+j}| <= q^j r.
    3. With B at the limit, one step moves z to B z + g with |g| <= C |z|^2 and C = L V D K / (1 - q) + G.
    4. Relations add b k^2 |(a eta sigma_p^2, sqrt(eta) sigma_p)| to G. They are used on the ball |u| <= R with
       R = (2 + sigma_p |(2 a eta sigma_p, kappa sqrt eta)|) r and b R <= 1/2; there k^2 = 1 / (1 - b^2 R^2).

    Args:
        c: The certificate.
        state: The state at the step.
        known: The radius of a ball around its centre, and L, sigma_1 and sigma_p there.
        rho: An upper bound of rho.
        sizes: The sizes of the relations' coefficients, as Claim V9 returns them.
    """
    (around, lipschitz, least, most), eta, bits = known, c.problem.eta, state.centre[0].bits
    root_low, root = root_bounds(eta)
    pull, carry = c.linear.a * eta * most, c.linear.kappa * root
    buffer = (intervals.norm_above(state.buffer, bits) + state.drift) / root_low
    size = up(norm_above((intervals.norm_above(state.u, bits) + most * state.drift, buffer)), bits)
    r = c.powers * size
    far = (2 + most * norm_above((2 * pull, carry))) * r
    bend = norm_above([sum((x * far**i for i, x in enumerate(each)), Fraction(0)) for each in sizes])
    claim(bend * far <= Fraction(1, 2), f"the residuals are near the tangent space fails: {show(bend, far)}")
    stretch = up(1 / (1 - (bend * far) ** 2), bits)
    stride = norm_above((pull * root_bounds(stretch)[1], carry))
    vary = lipschitz * norm_above((2 * pull, carry, root))
    square = lipschitz * stride**2 / 2 + bend * stretch * most * norm_above((pull, root))
    q = rho + c.powers * (vary * around + square * r)
    claim(q < 1, f"q < 1 fails at step {c.step}: {show(q)}")
    needed = stride * r / (1 - q)
    claim(needed <= c.arrival.reach, f"the trajectory stays in the ball fails: {show(needed, c.arrival.reach)}")
    push = up(vary * stride * c.powers / (1 - q) + square, bits)
    return Ball(around, most, lipschitz, size, push, least)


def _exceeds(c: Document, amplitude: Fraction, tail: Fraction) -> None:
    """Claim W6 (inequality)."""
    claim(amplitude > tail, f"amplitude > tail fails at step {c.step}: {show(amplitude)}, {show(tail)}")


def least_modulus(x: Interval) -> Fraction:
    """Return the least modulus."""
    return max(x.lower, -x.upper, Fraction(0))


def verify_across(c: Document, state: State, ball: Ball, line: tuple[Modes, Vector, Fraction], tail: Fraction) -> None:
    """Claim W6 (inequality) and Claim W7 (limit) where a real multiplier dominates.

    Args:
        c: The certificate.
        state: The state at the step.
        ball: The bounds on its ball.
        line: The modes, a vector near w, and a bound of the distance of its direction from w.
        tail: The tail of the lemma for K z.
    """
    (modes, vector, tilt), bits = line, state.centre[0].bits
    block, sign = modes.block, SIGNS[c.regime]
    assert block is not None
    w, (short, long) = point(vector, bits), root_bounds(squared(vector))
    back = [dot(column, w) for column in zip(*state.seen_rows, strict=True)]
    lengths = root_bounds(sum((least_modulus(x) ** 2 for x in back), Fraction(0)))[0], intervals.norm_above(back, bits)
    claim(lengths[0] > 0, "J^T w is not zero fails")
    turned = 2 * (ball.lipschitz * ball.around + ball.largest * tilt) * long / lengths[0]
    root_low, root = root_bounds(c.problem.eta)
    of_u, of_c = block.functional(c.linear, Mode(sign))
    first, second = dot(w, state.seen_u), dot(back, state.buffer)
    parts = (
        products(of_u, _over((first.lower, first.upper), (short, long))),
        products(of_c, _over((second.lower, second.upper), (lengths[0] * root_low, lengths[1] * root))),
    )
    low, high = (sum((part[i] for part in parts), Fraction(0)) for i in (0, 1))
    on_u, on_c = (max(map(abs, f)) for f in (of_u, of_c))
    error = on_u * (tilt * ball.size + ball.largest * state.drift)
    error += on_c * (turned * ball.size + state.drift / root_low)
    _exceeds(c, max(low, -high) - error, tail * norm_above((on_u, on_c)) / c.powers)
    turn = (1 if low > 0 else -1) * sign**c.step
    valley.verify_direction(c.limit.vector, state, ball, (tuple(turn * x for x in vector), tilt))


def verify_along(c: Document, state: State, ball: Ball, tail: Fraction) -> None:
    """Claim W6 (inequality) and Claim W7 (limit) where the buffer along the valley dominates.

    A part in the range of J^T is subtracted from the buffer c. Of the rest d, the component in that range is at most
    |J d| / sigma_1. The angle between this range and the one at the point of arrival has a sine of at most
    L around / sigma_1.
    """
    bits, rows = state.centre[0].bits, state.seen_rows
    rest = list(state.buffer)
    for _ in range(2):
        image = [dot(row, rest) for row in rows]
        for vector in c.spectrum.vectors:
            w = point(vector, bits)
            back = [dot(column, w) for column in zip(*rows, strict=True)]
            share = (dot(w, image) * dot(back, back).reciprocal()).middle()
            rest = [x - share * y for x, y in zip(rest, back, strict=True)]
    left = intervals.norm_above([dot(row, rest) for row in rows], bits) / ball.least
    lengths = root_bounds(sum((least_modulus(x) ** 2 for x in rest), Fraction(0)))[0], intervals.norm_above(rest, bits)
    turned = ball.lipschitz * ball.around / ball.least
    error = left + turned * intervals.norm_above(state.buffer, bits) + state.drift
    tail *= root_bounds(c.problem.eta)[1] / c.powers
    _exceeds(c, lengths[0] - error, tail)
    spread = 2 * (error + tail) / lengths[0]
    for ends in ([x.lower for x in rest], [x.upper for x in rest]):
        verify_box("the limit", ends, lengths, spread, c.limit.vector)


def products(x: Ends, y: Ends) -> Ends:
    """Return an interval of the products."""
    ends = [a * b for a in x for b in y]
    return min(ends), max(ends)


def _over(x: Ends, y: Ends) -> Ends:
    ends = [a / b for a in x for b in y]
    return min(ends), max(ends)


check = Check(Document, verify)
"""Verifies a certificate of a limit of a method with momentum in a valley."""
