r"""Heavy ball and Nesterov in certified float64 batches: one step, and what the certificate of a row needs.

State, norms and lemma are those of docs/methods.md: z = (y, c), pull q(y) = s_i y_i + Σ_t ηc_t ∂_i y^α_t with s = ηλ,
:math:`c' = \beta c + q`, :math:`y' = y - aq - \kappa c`, and :math:`\|z\| \le \|z\|_* \le K\|z\|`, in which the linear
part contracts by a rate ρ' that is at least the dominant modulus ρ. This module changes the argument of ``batch`` in
these points only, and its model, its norms C_q and x(R) and its floors stay.

**One float step.** A computed pull has relative errors of at most m + J roundings in each of its products. c' adds
two (βc, the sum), y' three: heavy ball subtracts c', Nesterov q and then βc'. So the error of a step is at most
:math:`\gamma_{m+J+3}` times the norm of the sums of the moduli of all products: per coordinate
:math:`(1+\beta)(s|y| + \text{products}) + |y| + \beta|c|` at most in either half. Where both methods are stable, s < 4
and :math:`(1+\beta)s < 4`, hence the norm of both halves is at most :math:`\sqrt2(1 + 4 + 1 + 2x(R))R \le
(9 + 3x(R))R` for ‖ẑ‖ ≤ R. As before one unit more covers underflow: G = (m + J + 4)·u·(1 + 2⁻²⁰).

**The recursion** runs in ‖·‖_*. Let :math:`\|\hat z_k - z_k\|_* \le e_k`, R ≥ ‖ẑ‖ + e, w = √(a²+1), and
:math:`X(R) = Kw\,x(KR)`. While X ≤ 1 − ρ' the ball ‖·‖_* ≤ KR is never left by either trajectory (the padding of ρ'
below covers K(9 + 3X)G), and there :math:`e' = (\rho' + (D-1)X)e + G(9K + 3X)KR`, for as many steps as one likes.
Otherwise one step is bounded at R itself, with :math:`Kw\,x(R) = X(R/K)` in the place of X. Rows are kept while
KR ≤ 2²⁰.

**Decided.** With σ = ρ' + X < 1 and P as before, but ρ' in the place of ρ, the amplitude :math:`l\cdot z` of a real
multiplier changes by at most :math:`\|l\|\sum_j\rho^{-(j+1)}XR(P\rho'^j)^2 = \|l\| XRP^2/(\rho-\rho'^2)` for ever if
ρ'² < ρ; so with the unit functional p = l/‖l‖ the test is
:math:`|p\cdot\hat z| - e - \delta R > XRP^2/(\rho-\rho'^2)`, where δ bounds the error of p and of the product. Where
pairs dominate, the norm of the part that turns, divided by the bound K_d of its own powers, takes the place of |p·ẑ|:
all of the state for heavy ball, the part of λ₁ for Nesterov, whose pairs have different moduli. Parts of smaller moduli
are :math:`o(\rho^j)`, and those of the same modulus :math:`O(\rho^j)`, as :math:`\sum_j\rho^{-j}\rho'^{2j}` converges.

**The rate.** ρ' = ρ where K is moderate. Next to a double multiplier K grows like 1/√|Δ|, Δ = t² − 4d; there ρ' is
the number :math:`\rho^{3/4}` as computed, for which K stays moderate. It is taken where it halves K at least, and is
above what ρ may be.

**The constants.** s = fl(ηλ) is within 4u, so trace and determinant are computed within ε = 2⁻⁴⁸, and Δ within
16ε as |t| ≤ 8/3; other rows are not stable, and fail ρ' < 1. (A map error κ moves s by at most 4κ, and ε by 8κ.)
Where |Δ| ≥ 64ε as computed, of what dominates, its sign is certain, and ρ and the multiplier are known within
:math:`\epsilon + 8\epsilon/\sqrt{|\Delta|} \le \epsilon + \sqrt\epsilon` (for a pair :math:`\epsilon/\sqrt d`,
d ≥ 2⁻²⁰), and p within twice that over the length that it had before it was scaled. ρ is padded by that and by 2⁻⁴⁰,
ρ' also by K·2⁻⁴⁰ > K(9 + 3)(G + 2κ). All other modes must have moduli below: for heavy ball, where all determinants
are β and Δ > 0 of the dominant mode, exactly those of a smaller |t|, which is compared with 2ε to spare. Numerators of
these and of K are rounded up by 16ε, denominators down. Nesterov also needs ηλ_i ≠ 1.

**K** is one number for all of a state, cheap in arrays; each bound is proved in docs/methods.md, *Powers*. Let μ be the
multiplier of the larger modulus R, ν the other. Two real ones give :math:`\max(1, \|M-\nu\|/|\mu-\nu|)`, and if they
have not the same sign :math:`\|M\|/|\mu|`; a pair gives :math:`\|M-t/2\|/\sqrt{d-t^2/4}`, for negative powers too. With
x = R/ρ' < 1 and :math:`b = (\|M-t/2\| + \sqrt{|\Delta|}/2)/\rho' \ge \|M-\mu\|/\rho'` they are at most
:math:`x^j + jx^{j-1}b`, that is max(1, x + b) for x ≤ ½, else max(1, q/e + 1 − 1/e), q = b(1+x)/(2x(1−x)).

**Map error.** The pull that is meant differs by 2κ(3 + x)R at most as ηλ < 4, the state by w times that; 2κ is added
to G, and K κ‖y₀‖ to e₀. The amplitude is read in true coordinates up to √2κR: δ grows by 2κ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gdcheck.theorem.batch.bounds import DOWN, FLOOR, LARGEST, PADDING, SMALLEST, UP, Bounds, Reading, degree_bounds
from gdcheck.theorem.batch.columns import Columns
from gdcheck.theorem.batch.program import Array, StepProgram
from gdcheck.theorem.descent.expansion import Exponents

_ERROR = 2.0**-48
_CERTAIN = 64
_LEAST_DETERMINANT = 2.0**-20
_MOST_POWERS = 2.0**16
_LEAST_BETA, _MOST_BETA = 2.0**-12, 1 - 2.0**-20
_INVERTIBLE = 2.0**-49
# Upper bounds of 1/e and 1 − 1/e.
_E_INVERSE, _E_REST = 0.36788, 0.63213


@dataclass(frozen=True)
class MomentumProgram:
    """One step of heavy ball or Nesterov in all rows; the state is the n coordinates, then the n buffers.

    Attributes:
        pull: The compiled gradient.
        looks_ahead: Whether it is Nesterov's method.
    """

    pull: StepProgram
    looks_ahead: bool

    @property
    def dimension(self) -> int:
        """The number n of variables."""
        return self.pull.dimension

    @property
    def exponents(self) -> tuple[Exponents, ...]:
        """The exponents of the terms."""
        return self.pull.exponents

    @property
    def scratch(self) -> int:
        """How many scratch arrays a step needs."""
        return self.pull.scratch

    @property
    def degree(self) -> int:
        """The largest order of a term; 2 without terms."""
        return self.pull.degree

    @property
    def growth(self) -> int:
        """The index of γ for one step, one unit for underflow included."""
        return self.pull.roundings + 4

    def state(self, xp: Any, start: Sequence[Array]) -> list[Array]:
        """Return the first state: the start, and a buffer of zeros."""
        return [*start, *(xp.zeros_like(y) for y in start)]

    def numbers(self, columns: Columns) -> tuple[list[Array], list[Array]]:
        """Return the factors of a step: the n numbers ηλ, then β; and −ηc of each term."""
        eta = columns.step_size
        return [*(eta * x for x in columns.spectrum), columns.beta], [-(eta * c) for c in columns.coefficients]

    def advance(
        self,
        xp: Any,
        y: Sequence[Array],
        images: Sequence[Array],
        *,
        mu: Sequence[Array],
        c: Sequence[Array],
        scratch: Sequence[Array],
    ) -> None:
        """Make one step.

        Args:
            xp: The array namespace.
            y: The 2n numbers of the state.
            images: Arrays for the numbers of the next state.
            mu: ηλ, n arrays, and β.
            c: The terms' −ηc.
            scratch: As many arrays as ``scratch`` says.
        """
        n = self.pull.dimension
        add, multiply, subtract = xp.add, xp.multiply, xp.subtract
        *rates, beta = mu
        self.pull.advance(xp, y[:n], images[:n], mu=rates, c=c, scratch=scratch)
        spare = scratch[0]
        for here, buffer, pull, following in zip(y[:n], y[n:], images[:n], images[n:], strict=True):
            multiply(beta, buffer, out=following)
            add(following, pull, out=following)
            if self.looks_ahead:
                subtract(here, pull, out=pull)
                multiply(beta, following, out=spare)
                subtract(pull, spare, out=pull)
            else:
                subtract(here, following, out=pull)


def momentum_bounds(program: MomentumProgram, xp: Any, columns: Columns, *, map_error: float = 0.0) -> Bounds:
    """Return the constants of rows with momentum.

    Args:
        program: The compiled step.
        xp: The array namespace.
        columns: The rows.
        map_error: The batch's bound on the map error.

    Returns:
        The constants; meaningless in rows that are not valid.
    """
    numbers, scaled = program.numbers(columns)
    *rates, beta = numbers
    eta, spectrum = columns.step_size, columns.spectrum
    ahead = program.looks_ahead
    lead = 1.0 + beta if ahead else 1.0 + 0 * beta
    carry = beta * beta if ahead else beta
    error = _ERROR + 8 * map_error
    modes = [_Mode.of(xp, s, beta, (lead, carry), ahead=ahead, error=error) for s in rates]
    first, last = modes[0], modes[-1]
    certain = _CERTAIN * error
    turning = first.discriminant <= -certain
    if ahead:
        turning &= first.modulus > last.modulus
    else:
        # Every pair has the modulus √β: a real mode dominates where there is one.
        for mode in modes[1:]:
            turning &= mode.discriminant <= -certain
    large = ~turning & (last.modulus > first.modulus)
    chosen = _Mode(*(xp.where(large, y, x) for x, y in zip(first.arrays, last.arrays, strict=True)))
    gap = xp.sqrt(xp.clip(xp.abs(chosen.discriminant), certain, None))
    pair = error / xp.sqrt(xp.clip(chosen.determinant, _LEAST_DETERMINANT, None))
    doubt = xp.where(turning, pair, error + 8 * error / gap)
    # Of what dominates, the shape is certain; the sign of the trace is that of the regime.
    valid = xp.where(turning, chosen.determinant >= _LEAST_DETERMINANT, chosen.discriminant >= certain)
    valid &= turning | xp.where(large, chosen.trace < -error, chosen.trace > error)
    rho = chosen.modulus
    low = rho - doubt - PADDING
    for i, mode in enumerate(modes):
        dominates = xp.where(large, i == len(modes) - 1, i == 0)
        if ahead:
            valid &= dominates | (mode.above < low)
            valid &= xp.abs(1.0 - rates[i]) >= _INVERTIBLE + 4 * map_error
        else:
            dominates = dominates | turning
            valid &= dominates | (xp.abs(mode.trace) + 2 * error < xp.abs(chosen.trace))
    rate = _Rate.of(xp, modes, rho, (low, rho + doubt + PADDING), error=error)
    powers, high = rate.powers, rate.high
    valid &= (beta >= _LEAST_BETA) & (beta <= _MOST_BETA)
    valid &= (eta >= SMALLEST) & (eta <= LARGEST) & (spectrum[0] >= SMALLEST) & (spectrum[-1] <= LARGEST)
    for between in spectrum[1:-1]:
        valid &= (between > spectrum[0]) & (between < spectrum[-1])
    valid &= (spectrum[0] < spectrum[-1]) & (low >= FLOOR) & (high < 1.0) & (powers <= _MOST_POWERS)
    valid &= rate.room >= FLOOR
    pull = powers * xp.sqrt(lead * lead + 1.0) * UP
    degrees = []
    for bound in degree_bounds(program.pull, xp, scaled, eta):
        pull = pull * powers
        degrees.append(bound * pull * UP)
        valid &= degrees[-1] <= LARGEST
    lean, lag = chosen.multiplier - beta, -carry
    length = xp.sqrt(lean * lean + lag * lag) * xp.where(large, -1.0, 1.0)
    blur = (2 * (doubt + _ERROR) / abs(length) + _ERROR) * UP
    # For heavy ball all of the state turns, for Nesterov the part of λ₁.
    own = 1.0 + 0 * low
    for mode in modes[:1] if ahead else modes:
        own = xp.maximum(own, mode.own_powers(xp, error))
    return Bounds(
        multipliers=numbers,
        coefficients=scaled,
        degrees=degrees,
        rho_high=high,
        rho_low=rate.low,
        slack=1.0 - high,
        room=rate.room,
        large=large,
        valid=valid,
        reading=Reading(
            weight=powers,
            lean=xp.where(turning, DOWN * DOWN / own, lean / length),
            lag=lag / length,
            blur=xp.where(turning, 0.0, blur) + 2 * map_error,
            turning=turning,
        ),
    )


@dataclass(frozen=True, eq=False)
class _Mode:
    """One mode in all rows.

    Attributes:
        trace: t, within ε.
        determinant: d, within ε.
        discriminant: t² − 4d, within 16ε.
        modulus: The larger modulus as computed.
        above: An upper bound of it.
        size: An upper bound of ‖M‖.
        height: An upper bound of ‖M − t/2‖.
        straight: An upper bound of ‖M − ν‖.
        multiplier: The real multiplier of the larger modulus, as computed.
    """

    trace: Array
    determinant: Array
    discriminant: Array
    modulus: Array
    above: Array
    size: Array
    height: Array
    straight: Array
    multiplier: Array

    @property
    def arrays(self) -> tuple[Array, ...]:
        """Return all arrays."""
        return (
            self.trace,
            self.determinant,
            self.discriminant,
            self.modulus,
            self.above,
            self.size,
            self.height,
            self.straight,
            self.multiplier,
        )

    @classmethod
    def of(cls, xp: Any, s: Array, beta: Array, weights: tuple[Array, Array], *, ahead: bool, error: float) -> _Mode:
        """Compute the mode of s."""
        lead, carry = weights
        trace = 1.0 + beta - lead * s
        determinant = beta * (1.0 - s) if ahead else beta + 0 * s
        discriminant = trace * trace - 4.0 * determinant
        root = xp.sqrt(xp.clip(discriminant, 0.0, None))
        pair = xp.sqrt(xp.clip(determinant, 0.0, None))
        real = (xp.abs(trace) + root) / 2
        wide = xp.maximum(
            (xp.abs(trace) + error + xp.sqrt(xp.clip(discriminant, 0.0, None) + 16 * error)) / 2,
            xp.sqrt(xp.clip(determinant, 0.0, None) + error),
        )
        above = xp.where(discriminant < -16 * error, xp.sqrt(xp.clip(determinant, 0.0, None) + error), wide) * UP
        top, off = 1.0 - lead * s, carry * carry + s * s

        def distance(x: Array) -> Array:
            """Return ‖M − x‖, plus a bound of the error of x."""
            return xp.sqrt((top - x) ** 2 + (beta - x) ** 2 + off)

        multiplier = xp.where(trace < 0, -real, real)
        return cls(
            trace=trace,
            determinant=determinant,
            discriminant=discriminant,
            modulus=xp.where(discriminant < 0, pair, real),
            above=above,
            size=(distance(0 * s) + 16 * error) * UP,
            height=(distance(trace / 2) + 16 * error) * UP,
            straight=(distance(trace - multiplier) + 64 * error**0.5) * UP,
            multiplier=multiplier,
        )

    def own_powers(self, xp: Any, error: float) -> Array:
        """Bound the powers by those of the mode's own modulus; infinite where its shape is not certain."""
        apart = xp.abs(self.discriminant)
        split = xp.sqrt(xp.clip(apart - 16 * error, error, None))
        real = self.straight / split
        crossed = self.size / xp.clip(self.modulus - 2 * error**0.5, FLOOR, None)
        real = xp.where(self.determinant > error, real, xp.maximum(real, crossed))
        # For a pair ‖M − t/2‖ over half the root, for two real multipliers ‖M − ν‖ over the root itself.
        own = xp.maximum(xp.where(self.discriminant < 0, 2 * self.height / split, real), 1.0 + 0 * real) * UP
        return xp.where(apart >= _CERTAIN * error, own, xp.inf)

    def powers_below(self, xp: Any, rate: Array, error: float) -> Array:
        """Bound the powers by those of a rate with a known lower bound; infinite where the modulus may reach it."""
        x = self.above / rate * UP
        inside = x < 1.0 - PADDING
        b = (self.height + xp.sqrt(xp.abs(self.discriminant) + 16 * error) / 2) / rate
        steep = b * (1.0 + x) / xp.clip(2.0 * x * (1.0 - x), PADDING / 4, None)
        found = xp.maximum(xp.where(x <= 0.5, x + b, _E_INVERSE * steep + _E_REST), 1.0 + 0 * x) * UP
        return xp.where(inside, found, xp.inf)


@dataclass(frozen=True, eq=False)
class _Rate:
    """The rate ρ' of all rows, and what depends on its choice.

    Attributes:
        low: A lower bound of ρ'.
        high: An upper bound, padded by K·2⁻⁴⁰.
        room: A lower bound of ρ − ρ'².
        powers: K.
    """

    low: Array
    high: Array
    room: Array
    powers: Array

    @classmethod
    def of(cls, xp: Any, modes: Sequence[_Mode], rho: Array, ends: tuple[Array, Array], *, error: float) -> _Rate:
        """Choose ρ' = ρ or ρ^{3/4}, row by row, from ρ as computed and its bounds."""
        low, high = ends
        above = xp.sqrt(rho * xp.sqrt(rho))
        powers, wide = 1.0 + 0 * low, 1.0 + 0 * low
        for mode in modes:
            own = mode.own_powers(xp, error)
            powers = xp.maximum(powers, xp.minimum(own, mode.powers_below(xp, low, error)))
            wide = xp.maximum(wide, xp.minimum(own, mode.powers_below(xp, above, error)))
        chosen = (2.0 * wide < powers) & (above > high)
        powers = xp.where(chosen, wide, powers)
        high = xp.where(chosen, above, high) + powers * PADDING
        room = xp.where(chosen, low - above * above - PADDING, low * (1.0 - high))
        return cls(xp.where(chosen, above, low) * DOWN, high, room * (DOWN * DOWN), powers)
