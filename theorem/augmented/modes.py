r"""The modes of a method: the multipliers of each eigenvalue, the dominant modes, and the regime; all exact.

On the eigenvector of λ the method is the matrix M(s), s = uλ, with the characteristic polynomial
:math:`r^2 - t(s) r + d(s)`, t and d affine in s (docs/methods.md, *One block a mode*). Moduli of different modes are
compared by enclosures; where these cannot tell them apart, a resultant that vanishes proves them equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from flint import arb, fmpq, fmpq_mpoly

from gdcheck.theorem.assumptions.spectrum import Eigenvalue
from gdcheck.theorem.augmented.signs import Spectrum, X, Y
from gdcheck.theorem.loss.balls import surely_less
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.methods.method import Method
from gdcheck.theorem.methods.statement import Regime


class Shape(Enum):
    """The kind of a mode's multiplier of the largest modulus."""

    POSITIVE = 1
    NEGATIVE = -1
    PAIR = 0
    ZERO = 2


REGIMES = {Shape.POSITIVE: Regime.SMALL_STEP, Shape.NEGATIVE: Regime.LARGE_STEP, Shape.PAIR: Regime.ROTATING}
"""The regime in which one mode of this kind, with a simple multiplier, dominates alone."""


@dataclass(frozen=True)
class Mode:
    """One eigenvalue under a method.

    Attributes:
        shape: Its multiplier of the largest modulus: positive, negative, a pair of conjugates, or zero.
        double: Whether that multiplier is double and not zero: then the mode grows like k ρᵏ.
    """

    shape: Shape
    double: bool = False


@dataclass(frozen=True, eq=False)
class Motion:
    """The behaviour of a method near a minimizer, as far as its linear part decides it.

    Attributes:
        spectrum: The eigenvalues.
        modes: Their modes, ascending by eigenvalue.
        dominant: The indices of the modes with the largest modulus; empty if the regime is unstable.
        regime: The regime; None if some eigenvalue is not positive.
    """

    spectrum: Spectrum
    modes: tuple[Mode, ...]
    dominant: tuple[int, ...]
    regime: Regime | None

    @property
    def eigenvalues(self) -> tuple[Eigenvalue, ...]:
        """The distinct eigenvalues, ascending."""
        return self.spectrum.eigenvalues


@dataclass(frozen=True)
class Form:
    """Trace and determinant of M, as polynomials in an eigenvalue."""

    t: fmpq_mpoly
    d: fmpq_mpoly

    @classmethod
    def at(cls, method: Method, s: fmpq_mpoly) -> Form:
        """Return those at s = uλ."""
        (t0, t1), (d0, d1) = method.trace_and_determinant()
        return cls(t0 + t1 * s, d0 + d1 * s)


@dataclass(frozen=True)
class Block:
    """Trace and determinant of M, in balls."""

    t: arb
    d: arb

    @classmethod
    def at(cls, method: Method, s: arb) -> Block:
        """Return those at s = uλ."""
        (t0, t1), (d0, d1) = method.trace_and_determinant()
        return cls(arb(t0) + arb(t1) * s, arb(d0) + arb(d1) * s)

    @property
    def discriminant(self) -> arb:
        """t² − 4d."""
        return self.t * self.t - 4 * self.d

    def mode(self) -> Mode | None:
        """Return the mode, whose multiplier is simple; None where the balls do not decide its kind."""
        if surely_less(self.discriminant, arb(0)):
            return Mode(Shape.PAIR)
        if not surely_less(arb(0), self.discriminant) or self.t.contains(0):
            return None
        return Mode(Shape.POSITIVE if self.t > 0 else Shape.NEGATIVE)

    def moduli(self, mode: Mode) -> tuple[arb, arb]:
        """Return the moduli of both multipliers, the larger first."""
        if mode.shape is Shape.PAIR:
            root = self.d.sqrt()
            return root, root
        if mode.shape is Shape.ZERO:
            return arb(0), arb(0)
        if mode.double:
            return abs(self.t) / 2, abs(self.t) / 2
        large = (abs(self.t) + self.discriminant.nonnegative_part().sqrt()) / 2
        return large, abs(self.d) / large

    def largest(self) -> arb:
        """Return the larger modulus, for a mode of any kind."""
        discriminant = self.discriminant
        pair = self.d.nonnegative_part().sqrt()
        if discriminant < 0:
            return pair
        real = (abs(self.t) + discriminant.nonnegative_part().sqrt()) / 2
        return real if discriminant >= 0 else real.union(pair)


def classify_motion(spectrum: Spectrum, method: Method, step_size: fmpq) -> Motion:
    """Find the modes of a method and the regime of a step size.

    Args:
        spectrum: The spectrum of the preconditioned Hessian.
        method: The method.
        step_size: η.

    Returns:
        The motion.
    """
    count = len(spectrum.eigenvalues)
    if spectrum.sign(X, 0) <= 0:
        return Motion(spectrum, (), (), None)
    u = step_size * method.gain
    block = Form.at(method, u * X)
    # The conditions of Jury: both roots of r² − tr + d lie in the open unit disc.
    inside = (1 - block.d, 1 - block.t + block.d, 1 + block.t + block.d)
    if any(spectrum.sign(p, i) <= 0 for i in (count - 1, 0) for p in inside):
        return Motion(spectrum, (), (), Regime.UNSTABLE)
    modes = tuple(_mode(spectrum, block, i) for i in range(count))
    dominant = [0]
    for i in range(1, count):
        order = _compare(spectrum, (method, u), modes, dominant[0], i)
        if order <= 0:
            dominant = [i] if order < 0 else [*dominant, i]
    return Motion(spectrum, modes, tuple(dominant), _regime([modes[i] for i in dominant]))


def _mode(spectrum: Spectrum, block: Form, i: int) -> Mode:
    sign = spectrum.sign(block.t**2 - 4 * block.d, i)
    if sign < 0:
        return Mode(Shape.PAIR)
    trace = spectrum.sign(block.t, i)
    if trace == 0:
        if spectrum.sign(block.d, i) != 0:
            raise InputError("method", "has two multipliers r and -r on one eigenvector, which is not covered")
        return Mode(Shape.ZERO)
    return Mode(Shape(trace), double=sign == 0)


def _compare(spectrum: Spectrum, at: tuple[Method, fmpq], modes: tuple[Mode, ...], i: int, j: int) -> int:
    """Return the sign of the modulus of mode i minus that of mode j."""
    (method, u), p, q = at, modes[i], modes[j]
    if p.shape is Shape.ZERO or q.shape is Shape.ZERO:
        return int(q.shape is Shape.ZERO) - int(p.shape is Shape.ZERO)
    a, b = Form.at(method, u * X), Form.at(method, u * Y)
    if p.shape is q.shape is Shape.PAIR:
        return spectrum.sign(a.d - b.d, i, j)
    if p.shape is not Shape.PAIR and q.shape is not Shape.PAIR and spectrum.sign(a.d - b.d, i, j) == 0:
        # With the same product of both multipliers, the larger one grows with their sum.
        return spectrum.sign(a.t**2 - b.t**2, i, j)
    if p.shape is Shape.PAIR or q.shape is Shape.PAIR:
        pair, real = (a, b) if p.shape is Shape.PAIR else (b, a)
        meets = (pair.d + real.d) ** 2 - real.t**2 * pair.d
    else:
        t = b.t if p.shape is q.shape else -b.t
        meets = (a.d - b.d) ** 2 - a.t * (a.d - b.d) * (a.t - t) + a.d * (a.t - t) ** 2

    def both() -> list[tuple[arb, arb]]:
        return [Block.at(method, arb(u) * s).moduli(mode) for s, mode in zip(spectrum.balls(i, j), (p, q), strict=True)]

    def difference() -> arb:
        here, there = both()
        return here[0] - there[0]

    if spectrum.sign(meets, i, j) != 0:
        return spectrum.decide(difference)
    # Some multiplier of one mode has the same modulus as one of the other. They are the larger ones if no other two
    # moduli agree. (The smaller ones do not agree then, since the products differ.)
    return spectrum.decide(difference, lambda: _apart(both(), p, q))


def _apart(both: list[tuple[arb, arb]], p: Mode, q: Mode) -> arb:
    """Return a bound below which the difference of the larger moduli means that they agree."""
    here, there = both
    gaps = [
        abs(here[1] - there[0]) if not p.double and p.shape is not Shape.PAIR else None,
        abs(there[1] - here[0]) if not q.double and q.shape is not Shape.PAIR else None,
        abs(here[1] - there[1]) if _simple(p) and _simple(q) else None,
    ]
    return min((gap.lower() for gap in gaps if gap is not None), default=arb(1))


def _simple(mode: Mode) -> bool:
    return not mode.double and mode.shape is not Shape.PAIR


def _regime(dominant: list[Mode]) -> Regime:
    if any(mode.double or mode.shape is Shape.ZERO for mode in dominant):
        return Regime.BOUNDARY
    if len(dominant) > 1 and any(mode.shape is not Shape.PAIR for mode in dominant):
        return Regime.BOUNDARY
    return REGIMES[dominant[0].shape]
