r"""How long it takes: where an iterate is, and the first step from which a trajectory stays near its minimizer.

For a quadratic loss a power of the linear map tells, however late the step. Otherwise the trajectory is walked, until
it is in a ball that it cannot leave again: :math:`\rho + C(r) r \le 1`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from math import ceil, log
from typing import Any

from flint import arb, arb_mat, ctx, fmpq, fmpq_mat
from mpmath import mp, mpf

from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import to_text
from gdcheck.theorem.reference.trajectory import iterates

LARGEST_STEP = 10**12
LARGEST_WALK = 100_000
_WALKED = 10_000
_BITS = 512
_DIGITS = 60
_ABOVE = fmpq(1, 10**9)


@dataclass(frozen=True)
class Iterate:
    """Where an iterate is.

    Attributes:
        step: k.
        point: x_k, shape (n,), rounded to many digits.
        claims: Contents of certificates, the narrowest first.
    """

    step: int
    point: tuple[mpf, ...]
    claims: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Within:
    """From which step on a trajectory stays within a bound.

    Attributes:
        measure: "distance" to the minimizer, or "loss" above the minimizer's.
        bound: The bound.
        step: The first step from which the measure stays at or below the bound (where the sentence says "at the
            latest", a step from which it does); None if there is none in reach.
        estimated: Whether the step is extrapolated by the largest multiplier from the last step walked.
        sentence: It in words.
        claim: The content of a certificate; None if there is none.
    """

    measure: str
    bound: fmpq
    step: int | None
    estimated: bool
    sentence: str
    claim: dict[str, Any] | None


def is_quadratic(problem: Problem) -> bool:
    """Whether the loss is a polynomial of degree two at most."""
    return not problem.loss.truncated and problem.loss.degree <= 2


def iterate_at(problem: Problem, step: int) -> Iterate:
    """Find x_k.

    Args:
        problem: The problem.
        step: k.

    Returns:
        The iterate.

    Raises:
        InputError: If the step is too large for a loss that is not quadratic, or the iterates grow beyond use.
    """
    direct = is_quadratic(problem) and step > _WALKED and not any(problem.loss.gradient(problem.minimizer))
    if step > (LARGEST_STEP if direct else LARGEST_WALK):
        raise InputError(
            "iterate", f"goes up to {LARGEST_WALK}, and up to {LARGEST_STEP} for a quadratic loss with a critical point"
        )
    with mp.workdps(3 * _DIGITS):
        if direct:
            h = _Powers(problem).at(step)
            point = [mpf(int(m.p)) / int(m.q) + _mpf(a) for m, a in zip(problem.minimizer, h, strict=True)]
        else:
            point = []
            for x in islice(iterates(problem, _DIGITS), step + 1):
                point = x
                if max(map(abs, x)) > mpf(10) ** 300:
                    raise InputError(
                        "iterate", "the iterates grow beyond 10^300 before that step; ask for a step before"
                    )
        claims = []
        for digits in (30, 15):
            box = [[mp.nstr(x - d, 50), mp.nstr(x + d, 50)] for x in point for d in [_margin(x, digits)]]
            claims.append({"kind": "iterate", "step": step, "box": box})
    return Iterate(step, tuple(point), tuple(claims))


def _margin(x: mpf, digits: int) -> mpf:
    return abs(x) * mpf(10) ** -digits + mpf(10) ** (-digits - 20)


def _mpf(value: arb) -> mpf:
    mantissa, exponent = value.mid().man_exp()
    return mp.ldexp(mpf(int(mantissa)), int(exponent))


class _Powers:
    """The powers (I − ηA)^(2^i) of a quadratic loss in balls, applied to h₀."""

    def __init__(self, problem: Problem) -> None:
        n = problem.dimension
        hessian = fmpq_mat([list(row) for row in problem.loss.hessian(problem.minimizer)])
        unit = fmpq_mat(n, n, [int(i == j) for i in range(n) for j in range(n)])
        self._hessian = hessian
        with ctx.workprec(_BITS):
            self._squares = [arb_mat(unit - hessian * problem.step_size)]
            self.start = arb_mat(fmpq_mat([[a] for a in problem.displacement]))

    def times(self, i: int, vector: arb_mat) -> arb_mat:
        """Apply the map 2^i times."""
        with ctx.workprec(_BITS):
            while len(self._squares) <= i:
                self._squares.append(self._squares[-1] * self._squares[-1])
            return self._squares[i] * vector

    def at(self, step: int) -> list[arb]:
        """Return the error h_k, shape (n,)."""
        vector = self.start
        for i in range(step.bit_length()):
            if step >> i & 1:
                vector = self.times(i, vector)
        return list(vector.entries())

    def measure(self, measure: str, vector: arb_mat) -> arb:
        """Return the squared distance, or the loss above the minimizer's."""
        with ctx.workprec(_BITS):
            form = vector if measure == "distance" else arb_mat(self._hessian) * vector / 2
            return (vector.transpose() * form)[0, 0]


def first_within(problem: Problem, measure: str, bound: fmpq) -> Within:
    """Find the first step from which a trajectory stays within a bound.

    Args:
        problem: A problem whose minimizer is a critical point.
        measure: "distance" or "loss".
        bound: A positive bound.

    Returns:
        What was found.

    Raises:
        InputError: If the bound is not positive.
    """
    if bound <= 0:
        raise InputError("within", f"{to_text(bound)} is not positive; give a rational above 0, such as 1e-6")
    return _by_powers(problem, measure, bound) if is_quadratic(problem) else _by_walking(problem, measure, bound)


def _by_powers(problem: Problem, measure: str, bound: fmpq) -> Within:
    powers = _Powers(problem)
    level = arb(bound * bound if measure == "distance" else bound)
    vector, step = powers.start, 0
    if powers.measure(measure, vector) > level:
        for i in range(LARGEST_STEP.bit_length() - 1, -1, -1):
            later = powers.times(i, vector)
            if not powers.measure(measure, later) <= level:
                vector, step = later, step + (1 << i)
        step += 1
    if step >= LARGEST_STEP:
        return Within(measure, bound, None, estimated=False, sentence=_never(measure), claim=None)
    numbers = {"kind": "within", "measure": measure, "bound": to_text(bound), "step": step, "until": None, "norm": "1"}
    return Within(measure, bound, step, estimated=False, sentence=_sentence(measure, bound, step), claim=numbers)


def _never(measure: str) -> str:
    return f"the {_names(measure)} does not come below the bound within {LARGEST_STEP} steps"


def _names(measure: str) -> str:
    return "distance to the minimizer" if measure == "distance" else "loss above the minimizer's"


def _sentence(measure: str, bound: fmpq, step: int) -> str:
    return f"the {_names(measure)} is at most {float(bound.p) / float(bound.q):g} from step {step} on, and not before"


def _by_walking(problem: Problem, measure: str, bound: fmpq) -> Within:
    expansion = Expansion.of(problem)
    rho = _largest_multiplier(expansion)
    remainder = RemainderBound.of(expansion)
    with mp.workdps(_DIGITS):
        minimizer = [mpf(int(a.p)) / int(a.q) for a in problem.minimizer]
        level = mpf(int(bound.p)) / int(bound.q)
        terms = [(a, mpf(int(c.p)) / int(c.q)) for a, c in expansion.terms]
    last, step, until, value, r = -1, 0, None, mpf(0), mpf(0)
    for step, x in enumerate(islice(iterates(problem, _DIGITS), _WALKED + 1)):
        with mp.workdps(_DIGITS):
            h = [a - m for a, m in zip(x, minimizer, strict=True)]
            r = mp.sqrt(sum(a * a for a in h))
            if not r < mpf(10) ** 100:
                break
            value = r if measure == "distance" else mp.fsum(c * _monomial(a, h) for a, c in terms)
            if value > level:
                last = step
                continue
            on_ball = r if measure == "distance" else mp.fsum(abs(c) * r ** sum(a) for a, c in terms)
            if rho < 1 and on_ball * (1 + mpf(10) ** -9) <= level and _invariant(remainder, rho, r):
                until = step
                break
    if until is not None:
        claim = {"kind": "within", "measure": measure, "bound": to_text(bound), "step": last + 1, "until": until}
        sentence = _sentence(measure, bound, last + 1)
        return Within(
            measure, bound, last + 1, estimated=False, sentence=sentence, claim=claim | {"norm": to_text(rho)}
        )
    if measure == "distance" and step == _WALKED and value > level and rho < 1:
        later = _later(bound, step, r, remainder, rho)
        if later is not None:
            return later
    return _beyond(measure, bound, (last, step), (value, level), float(rho.p) / float(rho.q))


def _later(bound: fmpq, walked: int, r: mpf, remainder: RemainderBound, rho: fmpq) -> Within | None:
    """Return a step from which the bound holds in any case, where the iterates already shrink by a factor."""
    radius = arb(fmpq(*float(r).as_integer_ratio())) * (1 + arb(_ABOVE))
    factor = arb(rho) + remainder.quadratic(radius) * radius * (1 + arb(_ABOVE))
    if not factor < 1:
        return None
    # A little more, for the checker's own rounding.
    wait = ((arb(bound) / radius).log() / factor.log()).upper()
    step = walked + 1 + ceil(float(wait) * 1.000001)
    if step > LARGEST_STEP:
        return None
    claim = {"kind": "later", "bound": to_text(bound), "step": step, "walked": walked, "norm": to_text(rho)}
    sentence = (
        f"the {_names('distance')} is at most {float(bound.p) / float(bound.q):g} from step {step} on at the latest"
    )
    return Within("distance", bound, step, estimated=False, sentence=sentence, claim=claim)


def _beyond(measure: str, bound: fmpq, steps: tuple[int, int], values: tuple[mpf, mpf], factor: float) -> Within:
    """Say what is seen where the walk proves nothing: steps are the last one above the bound, and the last walked."""
    (last, walked), (value, level) = steps, values
    if value <= level:
        sentence = f"{_sentence(measure, bound, last + 1)}, as far as {walked} steps show"
        return Within(measure, bound, last + 1, estimated=False, sentence=sentence, claim=None)
    if walked < _WALKED or not 0 < factor < 1:
        sentence = f"within {walked} steps the trajectory does not come to the minimizer"
        return Within(measure, bound, None, estimated=False, sentence=sentence, claim=None)
    rate = log(factor) * (1 if measure == "distance" else 2)
    later = walked + ceil(float(mp.log(level / value)) / rate)
    sentence = f"the {_names(measure)} stays below the bound from about step {later} on, by the largest multiplier"
    return Within(measure, bound, later, estimated=True, sentence=sentence, claim=None)


def _invariant(remainder: RemainderBound, rho: fmpq, r: mpf) -> bool:
    """Whether no later iterate is farther from the minimizer than r."""
    radius = arb(fmpq(*float(r).as_integer_ratio())) * (1 + arb(_ABOVE))
    return bool(arb(rho) + remainder.quadratic(radius) * radius * (1 + arb(_ABOVE)) < 1)


def _largest_multiplier(expansion: Expansion) -> fmpq:
    """Return a little more than max |1 − ηλ|."""
    from gdcheck.theorem.assumptions.spectrum import Pencil  # noqa: PLC0415

    if expansion.hessian is None:
        return fmpq(2)
    found = Pencil(expansion.hessian).eigenvalues(128)
    largest = max(abs(1 - expansion.step_size * x) for e in (found[0], found[-1]) for x in (e.lo, e.hi))
    scale = 2**100
    return fmpq((largest * scale).ceil(), scale)


def _monomial(exponents: tuple[int, ...], h: list[mpf]) -> mpf:
    value = mpf(1)
    for a, e in zip(h, exponents, strict=True):
        value *= a**e
    return value
