r"""Lemma 1 at every point of a ball, by arguments that are independent of the bounds that they prove.

The remainder is a sum of homogeneous parts G_q, and of what each truncated power leaves over along its own direction.

- :math:`\|G_q(u)\| \le C_q` and :math:`\|DG_q(u)\| \le q\,C_q` on the unit sphere, which is Lemma 1 on every ball. In
  up to three variables both are decided exactly, on every piece of the sphere projected to the cube: with N(x) = ‖x‖²,
  :math:`C_q^2 N^q - \|G_q\|^2 \ge 0` and :math:`q^2 C_q^2 N^{q-1} I - DG_q^2` is positive semidefinite. Neither the
  largest values of monomials nor Banach's theorem is used. In more variables the coefficient bound is computed again
  by the checker's own formula.
- A truncated power's part is a polynomial in one variable on each side of its kink, in any dimension.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import product
from math import isqrt

from flint import arb, fmpq, fmpq_mpoly, fmpq_poly

from gdcheck.properties.claims.bernstein import Polynomial, semidefinite_on_unit_box
from gdcheck.properties.claims.examination import require
from gdcheck.properties.claims.undecided import Undecided
from gdcheck.theorem.certificate.rechecking import remainder_orders
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.loss.balls import ends
from gdcheck.theorem.loss.polynomial import Term, ring
from gdcheck.theorem.loss.truncated import TruncatedPower

MOST_VARIABLES = 3
"""In how many variables the sphere is subdivided."""

_ROUNDING = fmpq(1, 2**128)
_ROOT_BITS = 256


def prove_on_ball(problem: Problem, bound: RemainderBound, radius: fmpq) -> bool:
    """Prove the constants of Lemma 1 for g and for ∂g at every point of a ball around the minimizer.

    Args:
        problem: The problem.
        bound: The bounds to be proved, at the current precision.
        radius: The ball's radius.

    Returns:
        Whether all of it is proved by subdivision; otherwise some C_q was only computed again by the checker's formula.

    Raises:
        ClaimViolation: If a bound is disproved.
        Undecided: If one is not decided; the message is the cause.
    """
    expansion = Expansion.of(problem)
    again = remainder_orders(problem.to_json())
    whole = slope = fmpq(0)
    subdivided = True
    for q, size in enumerate(bound.degrees, 2):
        terms = [term for term in expansion.higher_terms if sum(term[0]) == q + 1]
        c = ends(size)[1]
        whole, slope = whole + c * radius ** (q - 2), slope + q * c * radius ** (q - 2)
        stated = again.get(q, Fraction(0))
        close = abs(c - fmpq(stated.numerator, stated.denominator)) <= c * _ROUNDING
        require(close, "C_q is not what the checker's formula gives")
        subdivided &= _prove_homogeneous(terms, q, c, expansion.step_size)
    for power, part in zip(expansion.truncated, bound.powers, strict=True):
        value, steepness = ends(part.quadratic(arb(radius)))[1], ends(part.lipschitz(arb(radius)))[1] / radius
        whole, slope = whole + value, slope + steepness
        _prove_power(power, radius, value, steepness, expansion.step_size)
    for total, stated_ball in ((whole, bound.quadratic(arb(radius))), (slope, bound.lipschitz(arb(radius)) / radius)):
        require(total <= ends(stated_ball)[1] * (1 + _ROUNDING), "the parts exceed the whole constant of Lemma 1")
    return subdivided


def _prove_homogeneous(terms: Sequence[Term], q: int, c: fmpq, step_size: fmpq) -> bool:
    """Prove both bounds of the part of degree q on the unit sphere; return False in too many variables."""
    present = [i for i in range(len(terms[0][0])) if any(e[i] for e, _ in terms)] if terms else []
    m = len(present)
    if m > MOST_VARIABLES:
        return False
    if not terms:
        return True
    part = ring(m).from_dict({tuple(e[i] for i in present): step_size * x for e, x in terms})
    gradient = [part.derivative(i) for i in range(m)]
    jacobian = [[g.derivative(j) for j in range(m)] for g in gradient]
    square = ring(m).from_dict({tuple(2 * (i == j) for j in range(m)): fmpq(1) for i in range(m)})
    value = [[c**2 * square**q - _inner(gradient, gradient)]]
    # q ≥ 2, so that the power is one of a polynomial.
    steepness = [
        [(q * c) ** 2 * square ** (q - 1) * (i == j) - _inner(jacobian[i], jacobian[j]) for j in range(i + 1)]
        for i in range(m)
    ]
    for matrix, what in ((value, "g"), (steepness, "∂g")):
        for piece in _pieces(matrix, m):
            _require(semidefinite_on_unit_box(piece, m - 1), what)
    return True


def _inner(u: Sequence[fmpq_mpoly], v: Sequence[fmpq_mpoly]) -> fmpq_mpoly:
    return sum((x * y for x, y in zip(u[1:], v[1:], strict=True)), u[0] * v[0])


def _pieces(matrix: Sequence[Sequence[fmpq_mpoly]], m: int) -> Iterator[list[list[Polynomial]]]:
    """Yield an even homogeneous matrix on the faces x_k = 1 of the cube, each divided at zero into unit boxes."""
    tables = [[entry.to_dict() for entry in row] for row in matrix]
    for k in range(m):
        for signs in product((1, -1), repeat=m - 1):
            yield [[_on_face(table, k, signs) for table in row] for row in tables]


def _on_face(table: Polynomial, k: int, signs: Sequence[int]) -> Polynomial:
    found: dict[tuple[int, ...], fmpq] = {}
    for exponents, c in table.items():
        rest = tuple(int(e) for e in (*exponents[:k], *exponents[k + 1 :]))
        odd = sum(e for e, s in zip(rest, signs, strict=True) if s < 0) % 2
        found[rest] = found.get(rest, fmpq(0)) + (-c if odd else c)
    return found


def _prove_power(power: TruncatedPower, radius: fmpq, value: fmpq, steepness: fmpq, step_size: fmpq) -> None:
    """Prove ‖g‖ ≤ value ‖h‖² and ‖∂g‖ ≤ steepness ‖h‖ for the part of one truncated power on a ball.

    With φ(s) = (a + s)₊^(p−1) along s = ℓ·h, which is at most ‖ℓ‖‖h‖, its gradient leaves ψ(s) = φ(s) − φ(0) − φ′(0) s
    over, and its Hessian ψ′(s).
    """
    a, p = power.offset, power.power
    if p < 4:
        raise Undecided("undecided: a truncated power below the fourth has no third derivative")
    length = _root_above(power.squared_length)
    reach = length * radius
    scale = step_size * abs(power.coefficient) * p * length**3
    s = fmpq_poly([0, 1])
    active = (s + a) ** (p - 1) - (fmpq_poly([a ** (p - 1), (p - 1) * a ** (p - 2)]) if a > 0 else 0)
    idle = -fmpq_poly([a ** (p - 1), (p - 1) * a ** (p - 2)]) if a > 0 else fmpq_poly([0])
    for low, high, psi in ((max(-reach, -a), reach, active), (-reach, min(-a, reach), idle)):
        # Both sides vanish at s = 0, which must be an end.
        for start, end, side in ((max(low, fmpq(0)), high, 1), (low, min(high, fmpq(0)), -1)):
            if start < end:
                for sign in (1, -1):
                    _require_on(value * s * s - sign * scale * psi, start, end, "g")
                    _require_on(steepness * side * s - sign * scale * psi.derivative(), start, end, "∂g")


def _require_on(polynomial: fmpq_poly, low: fmpq, high: fmpq, what: str) -> None:
    """Require that a polynomial in one variable is at least zero on an interval."""
    moved = polynomial(fmpq_poly([low, high - low]))
    table: Polynomial = {(k,): x for k, x in enumerate(moved.coeffs()) if x}
    _require(semidefinite_on_unit_box([[table]], 1), what)


def _require(found: bool | None, what: str) -> None:
    require(found, f"the bound of {what} on the whole ball")


def _root_above(square: fmpq) -> fmpq:
    """Return a rational at most 2⁻²⁵⁶ above the square root of one."""
    scaled = int(square.p) * int(square.q) << 2 * _ROOT_BITS
    return fmpq(isqrt(scaled) + 1, int(square.q) << _ROOT_BITS)
