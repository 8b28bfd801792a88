"""The modes of a method in intervals: the matrix of each mode, moduli, and bounds of powers.

Claim M2 (regime) and Claim M4 (powers) of docs/certificate.md, *Certificates for methods*; equal moduli are proved in
``agreement.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from gdcheck.theorem.checker.exact import norm_above, root_bounds, up
from gdcheck.theorem.checker.methods.agreement import Algebraic, Moduli, verify_agreement
from gdcheck.theorem.checker.methods.linear import Linear
from gdcheck.theorem.checker.outcome import claim, show
from gdcheck.theorem.checker.reading.document import Eigenvalue, Spectrum
from gdcheck.theorem.checker.reading.fields import Interval
from gdcheck.theorem.checker.spectrum import Operator, verify_regime

TWO = Fraction(2), Fraction(2)
STEP_BITS = 64
"""The bits after the point of a bound of a step's norm, which is needed to a few digits."""
E_INVERSE, E_REST = Fraction(36788, 100000), Fraction(63213, 100000)
"""Upper bounds of 1/e and 1 - 1/e."""


@dataclass(frozen=True)
class Mode:
    """The kind of a dominant mode: the sign of its real multiplier, 0 for a pair; and whether that is double."""

    sign: int
    double: bool = False


@dataclass(frozen=True)
class Block:
    """The matrix M(s) of a mode for s in an interval.

    Attributes:
        s: u lambda.
        trace: t.
        determinant: d.
        discriminant: t^2 - 4 d.
        right: The upper right entry, -kappa.
        below: The lower left entry, s.
    """

    s: Interval
    trace: Interval
    determinant: Interval
    discriminant: Interval
    right: Interval
    below: Interval

    @classmethod
    def of(cls, linear: Linear, s: Interval, right: Interval, below: Interval) -> Block:
        """Return a block with other entries off the diagonal; their product must be that of M(s)."""
        t, d = _affine(linear.trace, s), _affine(linear.determinant, s)
        low, high = _absolute(t)
        return cls(s, t, d, (low**2 - 4 * d[1], high**2 - 4 * d[0]), right, below)

    def moduli_above(self) -> Fraction:
        """Return an upper bound of the moduli of both multipliers."""
        pair = max(Fraction(0), self.determinant[1])
        real = max(map(abs, self.trace)) + root_bounds(max(Fraction(0), self.discriminant[1]))[1]
        return max(root_bounds(pair)[1], real / 2)

    def modulus(self, mode: Mode) -> Interval:
        """Return an interval of the larger modulus, for a mode of known kind."""
        if mode.double:
            return _absolute(_over(self.trace, TWO))
        if mode.sign == 0:
            return root_bounds(self.determinant[0])[0], root_bounds(self.determinant[1])[1]
        low, high = _absolute(self.trace)
        return (low + root_bounds(self.discriminant[0])[0]) / 2, (high + root_bounds(self.discriminant[1])[1]) / 2

    def moduli(self, mode: Mode) -> Moduli:
        """Return the numbers that Claim M14 compares."""
        large = self.modulus(mode)
        simple = mode.sign and not mode.double
        small = _over(_absolute(self.determinant), large) if simple else None
        return Moduli(mode.sign, large, small, self.trace, self.determinant)

    def root(self, mode: Mode) -> Interval:
        """Return an interval of the real multiplier of the larger modulus."""
        low, high = self.modulus(mode)
        return (low, high) if mode.sign > 0 else (-high, -low)

    def functional(self, linear: Linear, mode: Mode) -> tuple[Interval, Interval]:
        """Return the coefficients of h and c in the amplitude of a real multiplier."""
        mu = self.root(mode)
        if mode.double:
            first = _minus((1 - linear.a * self.s[1], 1 - linear.a * self.s[0]), mu)
            return _over(first, mu), _over(self.right, mu)
        # mu - nu has the sign of mu and the modulus sqrt(t^2 - 4 d).
        low, high = root_bounds(self.discriminant[0])[0], root_bounds(self.discriminant[1])[1]
        apart = (low, high) if mode.sign > 0 else (-high, -low)
        return _over((mu[0] - linear.beta, mu[1] - linear.beta), apart), _over(self.right, apart)

    def pushed(self, linear: Linear, mode: Mode) -> Fraction:
        """Bound the modulus of the amplitude that a unit gradient adds to a state."""
        a, b = self.functional(linear, mode)
        return max(map(abs, _minus(b, _scaled(linear.a, a))))


def blocks_of(linear: Linear, u: Fraction, eigenvalues: Sequence[Eigenvalue]) -> list[Block]:
    """Return the blocks of all modes."""
    right = -linear.kappa, -linear.kappa
    all_s = [(u * e.low, u * e.high) for e in eigenvalues]
    return [Block.of(linear, s, right, s) for s in all_s]


def regime_of(
    linear: Linear, u: Fraction, operator: Operator, eigenvalues: Sequence[Eigenvalue], dominant: Sequence[int]
) -> tuple[str, dict[int, Mode]]:
    """Claim M2 (regime): exactly the stated modes dominate; return the regime and their kinds.

    Args:
        linear: The method.
        u: The factor of the gradient.
        operator: P A.
        eigenvalues: All eigenvalues, verified.
        dominant: The indices of the modes that are stated to dominate; empty means unstable.
    """
    blocks = blocks_of(linear, u, eigenvalues)
    if not dominant:
        outside = any(leaves(b) for b in blocks)
        claim(outside, "a multiplier has a modulus of at least one fails")
        return "unstable", {}
    claim(
        list(dominant) == sorted(set(dominant)) and dominant[-1] < len(blocks), "the dominant modes are in order fails"
    )
    algebraic = Algebraic.of(linear, u, operator, eigenvalues)
    modes = {i: _mode(eigenvalues[i], blocks[i], algebraic) for i in dominant}
    moduli = {i: blocks[i].modulus(mode) for i, mode in modes.items()}
    low = max(m[0] for m in moduli.values())
    claim(max(m[1] for m in moduli.values()) < 1, "the method is stable fails")
    for i, block in enumerate(blocks):
        if i not in modes:
            most = block.moduli_above()
            claim(most < low, f"mode {i} does not dominate fails: its modulus is up to {show(most)}, rho {show(low)}")
    simple = [i for i, mode in modes.items() if mode.sign and not mode.double]
    if len(modes) > 1:
        if linear.determinant[1]:
            claim(len(modes) == 2, "no more than two modes of one modulus fails")
            low_end, high_end = (blocks[i].moduli(mode) for i, mode in modes.items())
            verify_agreement(algebraic, low_end, high_end, [eigenvalues[i] for i in modes])
        elif simple:
            claim(list(modes) == simple == [0, len(blocks) - 1], "the two ends have one modulus fails")
            # t_1 + t_n = 0, which is s_1 + s_n = 2 (1 + beta) / a.
            ends = Spectrum(eigenvalues[0], eigenvalues[-1])
            verify_regime(operator, ends, "boundary", u * linear.a / (1 + linear.beta))
    if any(mode.double for mode in modes.values()) or 0 < len(simple) < len(modes) or len(simple) == 2:
        return "boundary", modes
    if not simple:
        return "rotating", modes
    return ("small-step" if modes[simple[0]].sign > 0 else "large-step"), modes


def step_above(linear: Linear, ends: Interval) -> Fraction:
    """Bound the norm of M(s) for all s between two ends: it is convex in s, and so largest at one of them.

    The ends may be rounded outward before: where they are farther apart, the norm at one of them is larger still.
    """
    found = Fraction(0)
    for s in ends:
        square = (1 - linear.a * s) ** 2 + linear.kappa**2 + s**2 + linear.beta**2
        determinant = linear.determinant[0] + linear.determinant[1] * s
        inner = up(max(Fraction(0), square**2 - 4 * determinant**2), STEP_BITS)
        found = max(found, up(root_bounds(up((square + root_bounds(inner)[1]) / 2, STEP_BITS))[1], STEP_BITS))
    return found


def leaves(block: Block) -> bool:
    """Tell whether Jury's conditions fail for every s of the interval."""
    return (
        1 - block.determinant[0] <= 0
        or 1 - block.trace[0] + block.determinant[1] <= 0
        or 1 + block.trace[1] + block.determinant[1] <= 0
    )


def _mode(e: Eigenvalue, block: Block, algebraic: Algebraic) -> Mode:
    low, high = block.discriminant
    if high < 0:
        return Mode(0)
    t = block.trace
    sign = 1 if t[0] > 0 else -1 if t[1] < 0 else 0
    claim(sign != 0, "the sign of a dominant multiplier fails")
    double = low <= 0 and algebraic.is_zero(block.discriminant, [e])
    claim(double or low > 0, "a dominant mode is real, double or a pair fails")
    return Mode(sign, double=double)


@dataclass(frozen=True)
class Powers:
    """Stated upper bounds of the norm |z|_* = sup_j rho^-j |B^j z|.

    Attributes:
        error: K_h, a bound of |(h, 0)|_* / |h|.
        buffer: K_c, a bound of |(0, c)|_* / |c|.
        gradient: K_g, a bound of |(-a P g, P g)|_* / |g|.
    """

    error: Fraction
    buffer: Fraction
    gradient: Fraction

    @property
    def state(self) -> Fraction:
        """Return K with |z|_* <= K |z|."""
        return norm_above((self.error, self.buffer))

    def verify(self, linear: Linear, blocks: Sequence[Block], modes: dict[int, Mode], rho: Interval) -> None:
        """Claim M4 (powers): each of the three numbers is an upper bound for all modes."""
        size, strength = linear.size, linear.size * linear.strength
        named = zip(vars(self).items(), units(linear), (size, size, strength), strict=True)
        for (name, stated), v, factor in named:
            most = max(powers_above(linear, block, modes.get(i), rho, v) for i, block in enumerate(blocks)) * factor
            claim(stated >= most, f"K of the {name} = {show(stated)} fails: it is at least {show(most)}")


def units(linear: Linear) -> tuple[tuple[Fraction, Fraction], ...]:
    """Return the coordinates (h, c) of a unit error, of a unit buffer, and of what a unit gradient adds to a state."""
    one, nothing = Fraction(1), Fraction(0)
    return (one, nothing), (nothing, one), (-linear.a, one)


def powers_above(
    linear: Linear, block: Block, mode: Mode | None, rho: Interval, v: tuple[Fraction, Fraction]
) -> Fraction:
    """Claim M4 (powers): return K with |M^j v| <= K rho^j for all j >= 0.

    Args:
        linear: The method.
        block: The block.
        mode: Its kind, if it dominates; else None.
        rho: An interval of rho.
        v: The coordinates of h and c.
    """
    if linear.beta == 0:
        return abs(v[0]) or Fraction(1)  # no norm contains the buffer
    return powers_of(linear, block, mode, rho, v)


def powers_of(linear: Linear, block: Block, mode: Mode | None, rho: Interval, v: tuple[Fraction, Fraction]) -> Fraction:
    """Return K of Claim M4 for norms that contain the buffer, with any entries off the diagonal."""
    most = block.moduli_above() if mode is None else block.modulus(mode)[1]
    length, half = norm_above(v), _over(block.trace, TWO)
    low, high = block.discriminant
    sign = 1 if block.trace[0] > 0 else -1 if block.trace[1] < 0 else 0
    real = low > 0 and sign != 0 and not (mode is not None and mode.double)
    bounds = []
    if most < rho[0]:
        if real:
            rest = _length(_apply(linear, block, block.root(Mode(sign)), v))
        else:
            rest = _length(_apply(linear, block, half, v))
            beside = root_bounds(max(abs(low), abs(high)))[1] / 2 * length
            rest = norm_above((rest, beside)) if high < 0 else rest + beside
        bounds += _below(most / rho[0], rest / rho[0], length)
    if high < 0:
        bounds.append(turned_above(linear, block, v))
    elif real:
        nu = _minus(block.trace, block.root(Mode(sign)))
        straight = _length(_apply(linear, block, nu, v)) / root_bounds(low)[0]
        first = _length(_apply(linear, block, (Fraction(0), Fraction(0)), v)) / block.modulus(Mode(sign))[0]
        bounds.append(max(length, straight, first))
    claim(bounds, "the powers of a mode are bounded fails")
    return min(bounds)


def _below(x: Fraction, rest: Fraction, length: Fraction) -> list[Fraction]:
    """Return the bounds of Claim M4 from x = R/rho, rest = |(M - mu) v| / rho, and the length |v|."""
    found = [max(length, E_INVERSE * rest * (1 + x) / (2 * x * (1 - x)) + E_REST * length)] if x else []
    if 3 * x <= 2:
        found.append(max(length, x * length + max(Fraction(1), 2 * x) * rest))
    return found


def turned_above(linear: Linear, block: Block, v: tuple[Fraction, Fraction]) -> Fraction:
    """Return a bound of |(M/r)^j v| for all integers j, for a pair of modulus r: the norm of the matrix (v, J v)."""
    height = root_bounds(-block.discriminant[1])[0] / 2, root_bounds(-block.discriminant[0])[1] / 2
    x, y = (_over(entry, height) for entry in _apply(linear, block, _over(block.trace, TWO), v))
    total = v[0] ** 2 + v[1] ** 2 + max(map(abs, x)) ** 2 + max(map(abs, y)) ** 2
    area = _absolute(_minus(_scaled(v[0], y), _scaled(v[1], x)))[0]
    return root_bounds((total + root_bounds(max(Fraction(0), total**2 - 4 * area**2))[1]) / 2)[1]


def _apply(linear: Linear, block: Block, x: Interval, v: tuple[Fraction, Fraction]) -> tuple[Interval, Interval]:
    """Return (M - x) v."""
    first = _minus((1 - linear.a * block.s[1], 1 - linear.a * block.s[0]), x)
    last = linear.beta - x[1], linear.beta - x[0]
    above, below = _scaled(v[0], first), _scaled(v[1], last)
    beside, push = _scaled(v[1], block.right), _scaled(v[0], block.below)
    return (above[0] + beside[0], above[1] + beside[1]), (push[0] + below[0], push[1] + below[1])


def _length(pair: tuple[Interval, Interval]) -> Fraction:
    return norm_above([max(map(abs, x)) for x in pair])


def _scaled(factor: Fraction, x: Interval) -> Interval:
    return (factor * x[0], factor * x[1]) if factor >= 0 else (factor * x[1], factor * x[0])


def _affine(form: tuple[Fraction, Fraction], s: Interval) -> Interval:
    ends = [form[0] + form[1] * x for x in s]
    return min(ends), max(ends)


def _minus(x: Interval, y: Interval) -> Interval:
    return x[0] - y[1], x[1] - y[0]


def _absolute(x: Interval) -> Interval:
    low, high = sorted(map(abs, x))
    return (Fraction(0) if x[0] < 0 < x[1] else low), high


def _over(x: Interval, y: Interval) -> Interval:
    """Return an interval of x / y; y does not hold zero."""
    claim(y[0] > 0 or y[1] < 0, "a divisor is not zero fails")
    ends = [a / b for a in x for b in y]
    return min(ends), max(ends)
