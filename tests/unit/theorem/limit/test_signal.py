"""What consecutive updates say of the direction: the cosine alone is refuted, the bounds hold and are attained."""

import json
from fractions import Fraction

import pytest
from flint import arb, fmpq
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.theorem.limit.signal import signal
from gdcheck.theorem.loss.balls import norm

MU = (Fraction(999, 1000), Fraction(996, 1000))


def test_the_cosine_alone_is_refuted(gdcheck):
    words = ("--loss", "x**2/2+2*y**2", "--step-size", "1/1000", "--start=1/1000000000000,1", "--json")
    code, out, _ = gdcheck("check", *words)
    answer = json.loads(out)
    assert (code, answer["verdict"], answer["recheck"]) == (0, "proved", "accepted")
    assert answer["limit"]["kind"] == "fixed"
    assert [float(x) for x in answer["limit"]["vector"]] == [1, 0]
    # In units of a power of two, exactly as far as it matters: the updates' ratio, and the iterate's, fall by μ₂/μ₁.
    steep, ratio = Fraction(4 * 10**12), (MU[1] / MU[0])
    largest, turned, fired = 0.0, None, None
    tangent = Fraction(10**12)
    for k in range(9700):
        u = (arb(1), arb(fmpq(steep.numerator, steep.denominator)))
        w = tuple(arb(fmpq(m.numerator, m.denominator)) * x for m, x in zip(MU, u, strict=True))
        cross, dot = u[0] * w[1] - u[1] * w[0], u[0] * w[0] + u[1] * w[1]
        deficit = 1 - (dot / (dot**2 + cross**2).sqrt())
        if k == 0:
            # Twice the squared sine of half the angle; the difference from 1 has lost its digits.
            sine = abs(float(cross / (dot**2 + cross**2).sqrt()))
            assert sine**2 / 2 == pytest.approx(2.8e-31, rel=0.02)
        largest = max(largest, float(deficit.upper()))
        turned = k if turned is None and tangent < 1 else turned
        found = signal(u, w, [fmpq(m.numerator, m.denominator) for m in MU], fmpq(999, 1000))
        if found.upper < arb(1) and fired is None:
            fired = k
        if fired is not None:
            assert u[1] / norm(u) <= found.upper * (1 + arb(2) ** -40)
        steep, tangent = _rounded(steep * ratio), _rounded(tangent * ratio)
    assert turned == 9188, "the iterate is farther than 45° from its limit until then"
    assert largest < 1.2e-6, "while the cosine says that all is settled"
    assert fired is not None
    # The update, steeper than the iterate by λ₂/λ₁ = 4, passes 45° at 9188 + log 4/log(999/996), and so does its bound.
    assert fired == 9649


def _rounded(value):
    return Fraction(round(value * 2**80), 2**80)


numbers = st.integers(-1000, 1000)


@given(st.data(), st.integers(2, 6))
def test_both_bounds_hold_for_any_vectors(data, n):
    spectrum = data.draw(st.lists(numbers, min_size=n, max_size=n, unique=True))
    multipliers = [fmpq(m, 1000) for m in spectrum]
    u = data.draw(st.lists(numbers, min_size=n, max_size=n).filter(any))
    e = data.draw(st.lists(st.integers(-3, 3), min_size=n, max_size=n))
    w = [arb(m) * x + fmpq(y, 10**4) for m, x, y in zip(multipliers, u, e, strict=True)]
    d = data.draw(st.integers(0, n - 1))
    found = signal([arb(x) for x in u], w, multipliers, multipliers[d])
    sine = norm(arb(x) for i, x in enumerate(u) if i != d) / norm(arb(x) for x in u)
    assert not found.upper < sine
    assert not found.lower > sine


def test_the_bounds_are_attained_in_the_plane():
    # With one other multiplier the bound below is the cosine times the sine, the bound above the sine at small angles.
    multipliers = [fmpq(9, 10), fmpq(1, 10)]
    u = [arb(1), arb(fmpq(1, 10**6))]
    w = [arb(m) * x for m, x in zip(multipliers, u, strict=True)]
    found = signal(u, w, multipliers, multipliers[0])
    assert float(found.upper) == pytest.approx(1e-6, rel=1e-9)
    assert float(found.lower) == pytest.approx(1e-6, rel=1e-9)
    # The same small angle, seen from the other eigenvector, signals nothing of the first.
    w = [arb(m) * x for m, x in zip(multipliers, reversed(u), strict=True)]
    assert not signal(list(reversed(u)), w, multipliers, multipliers[0]).upper < arb(fmpq(999, 1000))
