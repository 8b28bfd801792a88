r"""How long it takes: where an iterate is, and the first step from which a trajectory stays near its minimizer.

For a quadratic loss a power of the linear map gives the answer, for steps of any size. Otherwise the trajectory is
followed until it is in a ball that it cannot leave again: :math:`\rho + C(r) r \le 1`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from math import ceil, fsum, hypot, log, prod
from typing import Any

from flint import arb, arb_mat, ctx, fmpq, fmpq_mat
from mpmath import mp, mpf

from gdcheck.theorem.assumptions.preimages import descent_matrix
from gdcheck.theorem.descent.critical_points import is_quadratic
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.long_run.fixed_point import Error, errors_of
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.polynomial import Term
from gdcheck.theorem.loss.rational import positive, to_float, to_text
from gdcheck.theorem.reference.trajectory import iterates, to_mpf

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
    """The step from which on a trajectory stays within a bound.

    Attributes:
        measure: "distance" to the minimizer, or "loss" above the minimizer's.
        bound: The bound.
        step: The first step from which the measure stays at or below the bound (where the sentence says "at the
            latest", a step from which it does); None if there is none in reach.
            estimated: Whether the step is extrapolated by the largest multiplier from the last step that was followed.
            sentence: The result in words.
        claim: The content of a certificate; None if there is none.
    """

    measure: str
    bound: fmpq
    step: int | None
    estimated: bool
    sentence: str
    claim: dict[str, Any] | None


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
    require_step(problem, step)
    direct = step > _WALKED and _is_linear(problem)
    with mp.workdps(3 * _DIGITS):
        if direct:
            h = _Powers(problem).at(step)
            point = [to_mpf(m) + _mpf(a) for m, a in zip(problem.minimizer, h, strict=True)]
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


def require_step(problem: Problem, step: int) -> None:
    """Refuse a step that is too late to say where its iterate is.

    Args:
        problem: The problem.
        step: k.

    Raises:
        InputError: If it is.
    """
    if step > (LARGEST_STEP if _is_linear(problem) else LARGEST_WALK):
        raise InputError(
            "iterate", f"goes up to {LARGEST_WALK}, and up to {LARGEST_STEP} for a quadratic loss with a critical point"
        )


def _is_linear(problem: Problem) -> bool:
    return is_quadratic(problem.loss) and not any(problem.loss.gradient(problem.minimizer))


def _margin(x: mpf, digits: int) -> mpf:
    return abs(x) * mpf(10) ** -digits + mpf(10) ** (-digits - 20)


def _mpf(value: arb) -> mpf:
    mantissa, exponent = value.mid().man_exp()
    return mp.ldexp(mpf(int(mantissa)), int(exponent))


class _Powers:
    """The powers (I − ηA)^(2^i) of a quadratic loss in balls, applied to h₀."""

    def __init__(self, problem: Problem) -> None:
        self._hessian = fmpq_mat([list(row) for row in problem.loss.hessian(problem.minimizer)])
        with ctx.workprec(_BITS):
            self._squares = [arb_mat(descent_matrix(self._hessian, problem.step_size))]
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
        The result.

    Raises:
        InputError: If the bound is not positive.
    """
    positive(bound, "within")
    return _by_powers(problem, measure, bound) if is_quadratic(problem.loss) else _by_walking(problem, measure, bound)


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
    return Within(measure, bound, step, estimated=False, sentence=within_sentence(measure, bound, step), claim=numbers)


def _never(measure: str) -> str:
    return f"the {_names(measure)} does not come below the bound within {LARGEST_STEP} steps"


def _names(measure: str) -> str:
    return "distance to the minimizer" if measure == "distance" else "loss above the minimizer's"


def within_sentence(measure: str, bound: fmpq, step: int) -> str:
    """Say from which step on a measure stays within a bound."""
    return f"the {_names(measure)} is at most {to_float(bound):g} from step {step} on, and not before"


def _by_walking(problem: Problem, measure: str, bound: fmpq) -> Within:
    expansion = Expansion.of(problem)
    rho = _largest_multiplier(expansion)
    remainder = RemainderBound.of(expansion)
    gauge = _Gauge(measure, bound, expansion.terms)
    errors, most = errors_of(problem, bound)
    last, step, until, value, r = -1, 0, None, 0.0, 0.0
    for step, h in enumerate(islice(errors, most + 1)):
        r = hypot(*h.floats)
        if not r < 1e100:
            break
        value = gauge.value(h.floats)
        if gauge.exceeds(h):
            last = step
            continue
        if rho < 1 and gauge.on_ball(r) * (1 + 1e-9) <= gauge.level and _shrinking(remainder, rho, r)[1] < 1:
            until = step
            break
    if until is not None:
        claim = {"kind": "within", "measure": measure, "bound": to_text(bound), "step": last + 1, "until": until}
        sentence = within_sentence(measure, bound, last + 1)
        return Within(
            measure, bound, last + 1, estimated=False, sentence=sentence, claim=claim | {"norm": to_text(rho)}
        )
    if measure == "distance" and step == most and value > gauge.level and rho < 1:
        later = _later(bound, step, r, remainder, rho)
        if later is not None:
            return later
    return _beyond(measure, bound, (last, step, most), (value, gauge.level), to_float(rho))


class _Gauge:
    """The distance to the minimizer or the loss above the minimizer's, compared with a bound."""

    def __init__(self, measure: str, bound: fmpq, terms: Sequence[Term]) -> None:
        self.level = to_float(bound)
        self._distance = measure == "distance"
        self._bound = bound
        self._terms = [(a, to_float(c)) for a, c in terms]
        self._exact = terms

    def value(self, h: Sequence[float]) -> float:
        """Return the measure in floats."""
        if self._distance:
            return hypot(*h)
        return fsum(c * prod(x**e for x, e in zip(h, a, strict=True)) for a, c in self._terms)

    def on_ball(self, r: float) -> float:
        """Return a bound of the measure on the ball of radius r, in floats."""
        return r if self._distance else fsum(abs(c) * r ** sum(a) for a, c in self._terms)

    def exceeds(self, error: Error) -> bool:
        """Whether the measure is above the bound: in many digits where floats do not decide it."""
        value, most = self.value(error.floats), self.on_ball(hypot(*error.floats))
        if abs(value - self.level) > 1e-12 * (most + self.level):
            return value > self.level
        with mp.workdps(3 * _DIGITS):
            h = error.digits()
            if self._distance:
                return bool(sum(a * a for a in h) > to_mpf(self._bound) ** 2)
            return bool(
                mp.fsum(to_mpf(c) * mp.fprod(x**e for x, e in zip(h, a, strict=True)) for a, c in self._exact)
                > to_mpf(self._bound)
            )


def _later(bound: fmpq, walked: int, r: float, remainder: RemainderBound, rho: fmpq) -> Within | None:
    """Return a step from which on the bound surely holds, if the iterates already shrink by a factor."""
    radius = arb(fmpq(*r.as_integer_ratio())) * (1 + arb(_ABOVE))
    factor = arb(rho) + remainder.quadratic(radius) * radius * (1 + arb(_ABOVE))
    if not factor < 1:
        return None
    # A little more, for the checker's own rounding.
    wait = ((arb(bound) / radius).log() / factor.log()).upper()
    step = walked + 1 + ceil(float(wait) * 1.000001)
    if step > LARGEST_STEP:
        return None
    claim = {"kind": "later", "bound": to_text(bound), "step": step, "walked": walked, "norm": to_text(rho)}
    sentence = f"the {_names('distance')} is at most {to_float(bound):g} from step {step} on at the latest"
    return Within("distance", bound, step, estimated=False, sentence=sentence, claim=claim)


def _beyond(
    measure: str, bound: fmpq, steps: tuple[int, int, int], values: tuple[float, float], factor: float
) -> Within:
    """Return what floats show if nothing is proved; ``steps``: the last above the bound, the last, the most."""
    (last, walked, most), (value, level) = steps, values
    if value <= level:
        sentence = f"{within_sentence(measure, bound, last + 1)}, as far as {walked} steps show"
        return Within(measure, bound, last + 1, estimated=False, sentence=sentence, claim=None)
    if walked < most or not 0 < factor < 1:
        sentence = f"within {walked} steps the trajectory does not come to the minimizer"
        return Within(measure, bound, None, estimated=False, sentence=sentence, claim=None)
    rate = log(factor) * (1 if measure == "distance" else 2)
    later = walked + ceil(log(level / value) / rate)
    sentence = f"the {_names(measure)} stays below the bound from about step {later} on, by the largest multiplier"
    return Within(measure, bound, later, estimated=True, sentence=sentence, claim=None)


def _shrinking(remainder: RemainderBound, rho: fmpq, r: float) -> tuple[arb, arb]:
    """Return r, rounded up, and the factor by which every iterate within it shrinks if that is below one."""
    radius = arb(fmpq(*r.as_integer_ratio())) * (1 + arb(_ABOVE))
    return radius, arb(rho) + remainder.quadratic(radius) * radius * (1 + arb(_ABOVE))


def _largest_multiplier(expansion: Expansion) -> fmpq:
    """Return a little more than max |1 − ηλ|."""
    from gdcheck.theorem.assumptions.spectrum import Pencil  # noqa: PLC0415

    if expansion.hessian is None:
        return fmpq(2)
    found = Pencil(expansion.hessian).eigenvalues(128)
    largest = max(e.moduli(expansion.step_size)[1] for e in (found[0], found[-1]))
    scale = 2**100
    return fmpq((largest * scale).ceil(), scale)
