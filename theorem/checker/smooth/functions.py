"""Elementary functions of intervals, and their first three derivatives: by series with a stated remainder.

Every series is summed with ``GUARD`` more bits than its result has. A monotone function is evaluated at both ends. The
constants ln 2 and pi come from series too: ln 2 = 2 artanh(1/3), pi = 16 arctan(1/5) - 4 arctan(1/239).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from functools import lru_cache, wraps
from itertools import islice, repeat

from gdcheck.theorem.checker.outcome import within
from gdcheck.theorem.checker.smooth.intervals import Interval, UndefinedError

GUARD = 40
_FLOAT = 56
"""Bits after the point that are kept of a float that is a first guess."""
MOST_EXPONENT = 20_000
"""The largest argument of an exponential function that is evaluated."""


def _geometric(z: Interval, alternating: bool) -> Interval:
    """Sum z + z^3/3 + z^5/5 + … (artanh), or with alternating signs (arctan), for |z| <= 1/2.

    The sum of the terms after one is at most 1/(1 - z^2) <= 4/3 times the next one.
    """
    square, power, result, k = z.square(), z, z, 1
    while power.modulus():
        power = power * square
        term = power.over(2 * k + 1)
        result = result - term if alternating and k % 2 else result + term
        k += 1
        if term.modulus() <= 1:
            return result.widened(2 * term.modulus() + 1)
    return result


@lru_cache(maxsize=64)
def _ln2(bits: int) -> Interval:
    return _geometric(Interval.exactly(Fraction(1, 3), bits), alternating=False).times(2)


@lru_cache(maxsize=64)
def _pi(bits: int) -> Interval:
    fifth = _geometric(Interval.exactly(Fraction(1, 5), bits), alternating=True)
    small = _geometric(Interval.exactly(Fraction(1, 239), bits), alternating=True)
    return fifth.times(16) - small.times(4)


def _rising(at: Callable[[int, int], Interval]) -> Callable[[Interval], Interval]:
    """Return a rising function of intervals, made from ``at(x, bits)``, which encloses its value at x/2^bits."""
    known = lru_cache(maxsize=256)(at)

    @wraps(at)
    def function(x: Interval) -> Interval:
        return Interval(known(x.low, x.bits).low, known(x.high, x.bits).high, x.bits)

    return function


@lru_cache(maxsize=4096)
def _small_exp(x: int, bits: int) -> Interval:
    """Return exp(x/2^bits) for |x/2^bits| <= 1/2 by its series.

    Every term is rounded down, and none is wrong by more than 2 units. Each is at most half the one before: the sum of
    the terms left out is less than the last one, which is less than 1 unit.
    """
    result = term = 1 << bits
    count = 0
    while term not in {0, -1}:
        count += 1
        term = (term * x >> bits) // count
        result += term
    return Interval(result - 2 * count - 2, result + 2 * count + 2, bits)


@lru_cache(maxsize=64)
def _inverse_factorials(bits: int) -> list[int]:
    """Return 1/k! in units, rounded down, for all k with 2^(-17 k)/k! at least a unit; the largest k first."""
    found = [1 << bits]
    while found[-1] >> 17 * (len(found) - 1):
        found.append(found[-1] // len(found))
    return found[::-1]


@lru_cache(maxsize=4096)
def _tabulated_exp(i: int, places: int, bits: int) -> int:
    """Return exp(i/2^places) for |i/2^places| <= 1/2, rounded down; wrong by at most 4 bits + 12 units."""
    return _small_exp(i << bits - places, bits).low


def _near_exp(x: int, more: int, ln2: int, coefficients: Sequence[int]) -> tuple[int, int]:
    """Return m and n: exp(x/2^more) is about m/2^more times 2^n.

    It is 2^n exp(i/2^8) exp(j/2^16) exp(u) with |u| <= 2^-17, the middle two from a table. ``_exp_error`` bounds what m
    is wrong by.

    Args:
        x: The argument.
        more: The precision.
        ln2: ln 2, rounded down if n is negative, else up.
        coefficients: The inverse factorials.
    """
    n = (x + (ln2 >> 1)) // ln2
    reduced = x - n * ln2
    i = (reduced >> more - 9) + 1 >> 1
    rest = reduced - (i << more - 8)
    j = (rest >> more - 17) + 1 >> 1
    u = rest - (j << more - 16)
    result = 0
    for c in coefficients:
        result = (result * u >> more) + c
    table = _tabulated_exp(i, 8, more) * _tabulated_exp(j, 16, more) >> more
    return table * result >> more, n


def _exp_error(n: int, more: int) -> int:
    """Bound what m of ``_near_exp`` is wrong by, in units.

    Horner's scheme: each step is wrong by at most two units, and the factor |u| <= 2^-17 shrinks the errors before it:
    less than 3 units in all. The terms left out are less than 2 units. The reduction makes u wrong by at most |n| times
    the width of ln 2. In the product each of the two numbers from the table is wrong by at most 4 more + 12 units, and
    no factor exceeds 3/2.
    """
    return 3 * (4 * more + 12) + 2 * (5 + 2 * abs(n) * _ln2(more).width()) + 4


@lru_cache(maxsize=256)
def _exp_at(x: int, bits: int) -> Interval:
    """Return exp(x/2^bits)."""
    within(abs(x) <= MOST_EXPONENT << bits, f"an exponential function of more than {MOST_EXPONENT}")
    more = bits + GUARD
    ln2 = _ln2(more)
    m, n = _near_exp(x << GUARD, more, ln2.high if x >= 0 else ln2.low, _inverse_factorials(more))
    wrong, shift = _exp_error(n, more), GUARD - n
    if shift < 0:
        return Interval(m - wrong << -shift, m + wrong << -shift, bits)
    return Interval(m - wrong >> shift, -(-(m + wrong) >> shift), bits)


def _falling_exps(xs: Iterable[int], bits: int) -> tuple[list[int], int]:
    """Return exp(x/2^bits) of many x <= 0, and how many units each of them is wrong by at most.

    Those below a unit may be taken for 0.
    """
    more = bits + GUARD
    ln2, coefficients, found = _ln2(more).low, _inverse_factorials(more), []
    for x in xs:
        m, n = _near_exp(x << GUARD, more, ln2, coefficients) if -x >> bits < bits else (0, 0)
        found.append(m >> GUARD - n)
    return found, (_exp_error(2 * bits, more) >> GUARD) + 2


def _is_thin(x: Interval) -> bool:
    """Whether an interval is so narrow that its middle and a bound of the slope do as well as both of its ends."""
    return 0 < x.width() <= 1 << x.bits // 2


def _is_wide(x: Interval) -> bool:
    """Whether an interval is so wide that formulas that are sharp on narrow ones may not be sharp on it."""
    return x.width() > 1 << x.bits // 2


def exp(x: Interval) -> Interval:
    """Return the exponential function.

    For |t| <= 1/2, its values at x and at x + t differ by at most 2 |t| times the value at x.
    """
    if _is_thin(x):
        middle = _exp_at(x.middle().low, x.bits)
        wrong = (middle.high * (x.width() + 2) >> x.bits) + 1
        return Interval(max(0, middle.low - wrong), middle.high + wrong, x.bits)
    return Interval(max(0, _exp_at(x.low, x.bits).low), _exp_at(x.high, x.bits).high, x.bits)


@lru_cache(maxsize=256)
def _log_at(x: int, bits: int) -> Interval:
    """Return ln(x/2^bits): x = 2^n m with 2/3 <= m < 4/3, and ln m = y + ln q with q = m exp(-y).

    A float y near ln m makes q almost 1, and the series of ln q = 2 artanh((q - 1)/(q + 1)) short; however wrong y is,
    the sum is right.
    """
    more = bits + GUARD
    n = (3 * x // 2).bit_length() - 1 - bits
    m = Interval(x << GUARD, x << GUARD, more)
    m = m.halved(n) if n >= 0 else Interval(m.low << -n, m.high << -n, more)
    near = round(math.log(m.low / (1 << more)) * (1 << _FLOAT))
    y = near << more - _FLOAT if more >= _FLOAT else near >> _FLOAT - more
    one = Interval(1 << more, 1 << more, more)
    q = m * _exp_at(-y, more)
    rest = _geometric((q - one) * (q + one).reciprocal(), alternating=False).times(2)
    return (rest + Interval(y, y, more) + _ln2(more).times(n)).at_scale(bits)


def log(x: Interval) -> Interval:
    """Return the natural logarithm."""
    if x.low <= 0:
        raise UndefinedError("the logarithm of an interval that reaches down to 0")
    if _is_thin(x):  # Its slope is at most 1/x.
        return _log_at(x.middle().low, x.bits).widened(-(-(x.width() << x.bits) // x.low))
    return Interval(_log_at(x.low, x.bits).low, _log_at(x.high, x.bits).high, x.bits)


@lru_cache(maxsize=256)
def _sin_cos_at(x: int, bits: int) -> tuple[Interval, Interval]:
    """Return sin and cos of x/2^bits, by their Taylor series at t = x - 2 pi n.

    The terms fall from the fourth on, for |t| < 4; then the remainder is at most the first term left out.
    """
    more = bits + GUARD
    argument, turn = Interval(x << GUARD, x << GUARD, more), _pi(more).times(2)
    n = (2 * argument.low + turn.low) // (2 * turn.low)
    t = argument - turn.times(n)
    if t.width() > 1 << more:  # So large an argument needs more bits of pi; the terms might never fall.
        return Interval(-1 << bits, 1 << bits, bits), Interval(-1 << bits, 1 << bits, bits)
    one = Interval(1 << more, 1 << more, more)
    sums = [one, t]
    term, k = t, 1
    while k < 8 or term.modulus() > 1:
        k += 1
        term = (term * t).over(k)
        sums[k % 2] = sums[k % 2] + (term if k % 4 < 2 else -term)
    rest = 2 * term.modulus() + 2
    return sums[1].widened(rest).at_scale(bits), sums[0].widened(rest).at_scale(bits)


def _may_reach(x: Interval, quarters: int) -> bool:
    """Whether pi/2 times ``quarters``, plus a multiple of 2 pi, may lie in x."""
    turn = _pi(x.bits).times(2)
    turns = (x - _pi(x.bits).times(quarters).halved(1)) * turn.reciprocal()
    return turns.high >> x.bits != turns.low - 1 >> x.bits


def _wave(x: Interval, which: int) -> Interval:
    """Return the sine (0) or the cosine (1).

    Its values are between those at the ends, unless an extremum lies inside. Its slope is at most 1: on a thin
    interval the value in the middle is enough.
    """
    one = 1 << x.bits
    if _is_thin(x):
        found = _sin_cos_at(x.middle().low, x.bits)[which].widened(x.width() // 2 + 1)
        return Interval(max(-one, found.low), min(one, found.high), x.bits)
    ends = [_sin_cos_at(end, x.bits)[which] for end in (x.low, x.high)]
    peak, valley = (1, 3) if which == 0 else (0, 2)
    high = one if _may_reach(x, peak) else min(one, max(e.high for e in ends))
    low = -one if _may_reach(x, valley) else max(-one, min(e.low for e in ends))
    return Interval(low, high, x.bits)


def sin(x: Interval) -> Interval:
    """Return the sine."""
    return _wave(x, 0)


def cos(x: Interval) -> Interval:
    """Return the cosine."""
    return _wave(x, 1)


@_rising
def atan(x: int, bits: int) -> Interval:
    """Return the arctangent: arctan x = 8 arctan y, where x/(1 + sqrt(1 + x^2)) is applied three times."""
    more = bits + GUARD
    y, one = Interval(x << GUARD, x << GUARD, more), Interval(1 << more, 1 << more, more)
    for _ in range(3):
        y = y * (one + (one + y.square()).root()).reciprocal()
    return _geometric(y, alternating=True).times(8).at_scale(bits)


@_rising
def erf(x: int, bits: int) -> Interval:
    """Return the error function: 2/sqrt(pi) times the sum of (-1)^k x^(2k+1)/(k! (2k+1)).

    For |x| > 1, 1 - erf |x| is between 0 and exp(-x^2).
    """
    one = 1 << bits
    if abs(x) > 8 * one and x * x > (bits << 2 * bits):
        rest = exp(-Interval(x, x, bits).square()).high
        return Interval(one - rest, one, bits) if x > 0 else Interval(-one, rest - one, bits)
    # The terms reach exp(x^2) in size before they fall.
    more = bits + GUARD + 2 * (x * x >> 2 * bits)
    shift = more - bits
    point = Interval(x << shift, x << shift, more)
    square, power, result, k = point.square(), point, point, 0
    while power.modulus() > 1 or k * one * one < 2 * x * x:
        k += 1
        power = (power * square).over(k)
        term = power.over(2 * k + 1)
        result = result - term if k % 2 else result + term
    result = result.widened(2 * power.modulus() + 2)
    return (result.times(2) * _pi(more).root().reciprocal()).at_scale(bits)


def _sigmoid_at(x: int, bits: int) -> Interval:
    """Return the logistic function 1/(1 + exp(-x)), which rises."""
    one, e = Interval(1 << bits, 1 << bits, bits), exp(Interval(-abs(x), -abs(x), bits))
    inverse = (one + e).reciprocal()
    return inverse if x >= 0 else e * inverse


def _softplus_at(x: int, bits: int) -> Interval:
    """Return ln(1 + exp(x)), which rises."""
    value = log(Interval(1 << bits, 1 << bits, bits) + exp(Interval(-abs(x), -abs(x), bits)))
    return value + Interval(x, x, bits) if x > 0 else value


sigmoid, softplus = _rising(_sigmoid_at), _rising(_softplus_at)


def power(x: Interval, exponent: Fraction) -> Interval:
    """Return x to a rational power. A fractional power is analytic, and so defined, for positive x only."""
    p = exponent.numerator
    if exponent.denominator == 1:
        return _whole_power(x, p)
    if x.low <= 0:
        raise UndefinedError("a fractional power of an interval that reaches down to 0")
    if exponent.denominator == 2:
        return _whole_power(x.root(), p)
    return exp(log(x) * Interval.exactly(exponent, x.bits))


def _whole_power(x: Interval, p: int) -> Interval:
    if p < 0:
        return _whole_power(x, -p).reciprocal()
    if p == 0:
        return Interval(1 << x.bits, 1 << x.bits, x.bits)
    if p % 2:
        return x if p == 1 else _whole_power(x, p - 1) * x
    return x.square() if p == 2 else _whole_power(x, p // 2).square()


def _jet_exp(x: Interval) -> Iterator[Interval]:
    return repeat(exp(x), 4)


def _jet_log(x: Interval) -> Iterator[Interval]:
    yield log(x)
    yield from islice(_coarse_log(x), 1, None)


def _coarse_log(x: Interval) -> Iterator[Interval]:
    """Return the logarithm, only known to be between 1 - 1/x and x - 1, and its derivatives."""
    if x.low <= 0:
        raise UndefinedError("the logarithm of an interval that reaches down to 0")
    one, u = 1 << x.bits, x.reciprocal()
    yield Interval(one - u.high, x.high - one, x.bits)
    yield u
    yield -u.square()
    yield (u.square() * u).times(2)


def _jet_log1p(x: Interval) -> Iterator[Interval]:
    return _jet_log(x + Interval(1 << x.bits, 1 << x.bits, x.bits))


def _coarse_log1p(x: Interval) -> Iterator[Interval]:
    return _coarse_log(x + Interval(1 << x.bits, 1 << x.bits, x.bits))


def _jet_sin(x: Interval) -> Iterator[Interval]:
    s, c = sin(x), cos(x)
    yield from (s, c, -s, -c)


def _jet_cos(x: Interval) -> Iterator[Interval]:
    s, c = sin(x), cos(x)
    yield from (c, -s, -c, s)


def _jet_tan(x: Interval) -> Iterator[Interval]:
    one = Interval(1 << x.bits, 1 << x.bits, x.bits)
    t = sin(x) * cos(x).reciprocal()
    yield t
    first = one + t.square()
    yield first
    yield (t * first).times(2)
    yield first.times(2) * (one + t.square().times(3))


def _jet_sinh(x: Interval) -> Iterator[Interval]:
    e, f = exp(x), exp(-x)
    s, c = (e - f).halved(1), (e + f).halved(1)
    if _is_wide(x):
        # The hyperbolic cosine rises with |x|: it lies between the values at the ends, or above 1.
        ends = [(exp(end) + exp(-end)).halved(1) for end in (Interval(a, a, x.bits) for a in (x.low, x.high))]
        low = 1 << x.bits if x.low <= 0 <= x.high else min(end.low for end in ends)
        c = c.meet(Interval(low, max(end.high for end in ends), x.bits))
    yield from (s, c, s, c)


def _jet_cosh(x: Interval) -> Iterator[Interval]:
    s, c, _, _ = _jet_sinh(x)
    yield from (c, s, c, s)


Sigmoids = tuple[Interval, Interval]
"""The logistic function of x and of -x."""


def _jet_tanh(x: Interval, known: Sigmoids | None = None) -> Iterator[Interval]:
    one = Interval(1 << x.bits, 1 << x.bits, x.bits)
    s, other = known or _sigmoids([x.times(2)])[0]
    t = s - other
    yield t
    first = (s * other).times(4)
    if _is_wide(x):
        first = first.meet(one - t.square())
    yield first
    yield -(t * first).times(2)
    yield -first.times(2) * (one - t.square().times(3))


def _jet_sigmoid(x: Interval, known: Sigmoids | None = None) -> Iterator[Interval]:
    s, other = known or _sigmoids([x])[0]
    yield s
    one = Interval(1 << x.bits, 1 << x.bits, x.bits)
    first = s * other
    if _is_wide(x):
        first = first.meet((one - (s - other).square()).halved(2))
    yield first
    yield first * (other - s)
    yield first * (one - first.times(6))


def _sigmoids(xs: Sequence[Interval]) -> list[tuple[Interval, Interval]]:
    """Return s(x) and s(-x) = 1 - s(x) of each x, with the logistic function s; on a narrow interval from its middle.

    The slope of s is at most 1/4. As a function of e = exp(-|x|), s = 1/(1 + e) has a slope of at most 1: its error is
    at most that of e.
    """
    bits = xs[0].bits
    one, square, width = 1 << bits, 1 << 2 * bits, 1 << bits // 2
    ends = [(x.low, x.high) if x.high - x.low > width else ((x.low + x.high) >> 1,) * 2 for x in xs]
    exps, doubt = _falling_exps((-abs(end) for pair in ends for end in dict.fromkeys(pair)), bits)
    values = iter(exps)

    def near(end: int) -> int:
        inverse = square // (one + next(values))
        return inverse if end >= 0 else one - inverse

    found = []
    for x, (left, right) in zip(xs, ends, strict=True):
        wrong = doubt + 2
        low = high = near(left)
        if right != left:
            high = near(right)
        else:  # ``left`` is less than a unit from the middle.
            wrong += x.high - x.low >> 2
        low, high = low - wrong, high + wrong
        found.append((Interval(low, high, bits), Interval(one - high, one - low, bits)))
    return found


def _coarse_softplus(x: Interval, known: Sigmoids | None = None) -> Iterator[Interval]:
    """Return softplus, only known to be between max(x, 0) and max(x, 0) + 1, and its derivatives."""
    yield _softplus_within(x)
    yield from _jet_sigmoid(x, known)


def _softplus_within(x: Interval) -> Interval:
    return Interval(max(x.low, 0), max(x.high, 0) + (1 << x.bits), x.bits)


def _jet_softplus(x: Interval, known: Sigmoids | None = None) -> Iterator[Interval]:
    yield softplus(x)
    yield from _jet_sigmoid(x, known)


def _jet_erf(x: Interval) -> Iterator[Interval]:
    yield erf(x)
    yield from islice(_coarse_erf(x), 1, None)


@lru_cache(maxsize=64)
def _slope_of_erf(bits: int) -> Interval:
    return _pi(bits).root().reciprocal().times(2)


def _coarse_erf(x: Interval) -> Iterator[Interval]:
    """Return the error function, only known to be between -1 and 1, and its derivatives."""
    one = 1 << x.bits
    yield Interval(-one, one, x.bits)
    first = exp(-x.square()) * _slope_of_erf(x.bits)
    yield first
    yield -(x * first).times(2)
    yield (x.square().times(4) - Interval(2 * one, 2 * one, x.bits)) * first


def _jet_atan(x: Interval) -> Iterator[Interval]:
    yield atan(x)
    yield from islice(_coarse_atan(x), 1, None)


def _coarse_atan(x: Interval) -> Iterator[Interval]:
    """Return the arctangent, only known to be between -2 and 2, and its derivatives."""
    one = Interval(1 << x.bits, 1 << x.bits, x.bits)
    yield Interval(-2 * one.low, 2 * one.low, x.bits)
    u = (one + x.square()).reciprocal()
    yield u
    yield -(x * u.square()).times(2)
    yield (x.square().times(6) - one.times(2)) * u.square() * u


_JETS = (
    *(_jet_exp, _jet_log, _jet_log1p, _jet_sin, _jet_cos, _jet_tan, _jet_sinh, _jet_cosh, _jet_tanh),
    *(_jet_sigmoid, _jet_softplus, _jet_erf, _jet_atan),
)
JETS: dict[str, Callable[[Interval], Iterator[Interval]]] = {f.__name__.removeprefix("_jet_"): f for f in _JETS}
"""For each function, the value and the first three derivatives on an interval, one after the other."""

_COARSE = (_coarse_log, _coarse_log1p, _coarse_softplus, _coarse_erf, _coarse_atan)
COARSE = {f.__name__.removeprefix("_coarse_"): f for f in _COARSE}
"""The same with a wide interval as the value: for functions whose derivatives do not need it."""


def jet(name: str, x: Interval, order: int, *, valued: bool = True) -> list[Interval]:
    """Return the value of a function on an interval, and its derivatives up to an order of at most 3.

    Without ``valued``, the value may be a wide interval, which costs less.
    """
    found = JETS[name] if valued else COARSE.get(name, JETS[name])
    return list(islice(found(x), order + 1))


_BY_SIGMOIDS = {"softplus": _jet_softplus, "sigmoid": _jet_sigmoid, "tanh": _jet_tanh}


def jets(name: str, xs: Sequence[Interval], order: int, *, valued: bool = True) -> list[list[Interval]]:
    """Return what ``jet`` does, for many intervals at once: the logistic function is evaluated for all together."""
    if name not in _BY_SIGMOIDS or order == 0:
        return [jet(name, x, order, valued=valued) for x in xs]
    known = _sigmoids([x.times(2) for x in xs] if name == "tanh" else xs)
    if valued or name != "softplus":
        found = _BY_SIGMOIDS[name]
        return [list(islice(found(x, pair), order + 1)) for x, pair in zip(xs, known, strict=True)]
    if order == 1:
        return [[_softplus_within(x), s] for x, (s, _) in zip(xs, known, strict=True)]
    return [list(islice(_coarse_softplus(x, pair), order + 1)) for x, pair in zip(xs, known, strict=True)]


_LOGISTIC = [Fraction(1, 4), Fraction(963, 10_000), Fraction(1, 8)]
_CAPS: dict[str, list[Fraction]] = {
    "sin": [Fraction(1)] * 3,
    "cos": [Fraction(1)] * 3,
    "tanh": [Fraction(1), Fraction(77, 100), Fraction(2)],
    "sigmoid": _LOGISTIC,
    "softplus": [Fraction(1), *_LOGISTIC[:2]],
    "erf": [Fraction(113, 100), Fraction(97, 100), Fraction(226, 100)],
    "atan": [Fraction(1), Fraction(65, 100), Fraction(2)],
}
"""Upper bounds of the moduli of the first three derivatives on the whole line."""


@lru_cache(maxsize=256)
def caps(name: str, bits: int) -> list[int] | None:
    """Return upper bounds of the moduli of a function's first three derivatives, times 2^bits; None without bounds."""
    return [Interval.exactly(cap, bits).high for cap in _CAPS[name]] if name in _CAPS else None


def power_jet(x: Interval, exponent: Fraction, order: int) -> list[Interval]:
    """Return x to a rational power, and its derivatives up to an order."""
    found = []
    for factor, rest in _derivatives_of_power(exponent, order):
        if not factor:
            found.append(Interval(0, 0, x.bits))
        elif factor.denominator == 1:
            found.append(power(x, rest).times(factor.numerator))
        else:
            found.append(Interval.exactly(factor, x.bits) * power(x, rest))
    return found


@lru_cache(maxsize=256)
def _derivatives_of_power(exponent: Fraction, order: int) -> list[tuple[Fraction, Fraction]]:
    """Return c = p (p - 1) … (p - k + 1) and e = p - k for each k: the k-th derivative of x^p is c x^e."""
    found = [(Fraction(1), exponent)]
    for _ in range(order):
        factor, rest = found[-1]
        found.append((factor * rest, rest - 1))
    return found
