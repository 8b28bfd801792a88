"""The amplitude lemma for whoever supplies the sequence: here a linear map known in balls, plus squares."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

import pytest
from flint import arb, arb_mat, ctx, fmpq
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.theorem.limit.amplitude import Accuracy, Amplitude, Cause, certify
from gdcheck.theorem.limit.sequence import DominantPart, EnclosedIterate
from gdcheck.theorem.loss.balls import norm
from gdcheck.theorem.methods.statement import LimitKind

COARSE = Accuracy(limit=fmpq(1, 10**3), amplitude=fmpq(1, 10**4))
UNKNOWN = fmpq(1, 10**6)
CURVATURE = fmpq(1, 4)


@pytest.fixture(autouse=True)
def precision():
    with ctx.workprec(128):
        yield


def axis(dimension, index, sign, deviation):
    """A coordinate axis, which the supplier knows only up to a deviation."""
    column = arb_mat([[int(i == index)] for i in range(dimension)])
    return DominantPart(sign, arb(deviation), column, column.transpose())


@dataclass(frozen=True)
class Toy:
    """s ↦ diag(multipliers)·s + curvature·(s₀s₁, s₀², 0, …): no loss, no gradient. ‖g‖ ≤ √2·curvature·‖s‖²."""

    multipliers: tuple[fmpq, ...]
    start: tuple[fmpq, ...]
    curvature: fmpq
    parts: tuple[DominantPart, ...]
    rho: arb
    dominance: arb
    constant: arb
    begins: int = 0
    drift: None = None

    def remainder(self, radius: arb) -> arb:
        return self.constant

    def step(self, s: list[arb]) -> list[arb]:
        square = [self.curvature * s[0] * s[1], self.curvature * s[0] ** 2] + [arb(0)] * (len(s) - 2)
        return [m * x + g for m, x, g in zip(self.multipliers, s, square, strict=True)]

    def iterates(self) -> Iterator[EnclosedIterate]:
        s, step = [arb(x) for x in self.start], 0
        while True:
            centre = [x.mid() for x in s]
            error = sum((x.rad() for x in s), arb(0))
            size = norm(centre)
            yield EnclosedIterate(step, centre, error, size + error, size)
            s, step = self.step(s), step + 1


def toy(multipliers, start, curvature=CURVATURE, unknown=UNKNOWN, deviation=UNKNOWN):
    """A toy whose dominant modulus and axes are known only up to ``unknown`` and ``deviation``."""
    multipliers = tuple(map(fmpq, multipliers))
    rho = max(map(abs, multipliers))
    b = max((abs(m) for m in multipliers if abs(m) < rho), default=fmpq(0))
    width = arb(0, unknown)
    signs = [(i, 1 if m > 0 else -1) for i, m in enumerate(multipliers) if abs(m) == rho]
    return Toy(
        multipliers,
        tuple(map(fmpq, start)),
        curvature,
        tuple(axis(len(multipliers), i, sign, deviation) for i, sign in sorted(signs, key=lambda s: -s[1])),
        arb(rho) + width,
        arb(rho - b) + width,
        arb(2).sqrt() * curvature,
    )


HALF, THIRD = fmpq(1, 2), fmpq(1, 3)
TENTH = fmpq(1, 10)
KINDS = [
    ((HALF, THIRD), LimitKind.FIXED),
    ((-HALF, THIRD), LimitKind.ALTERNATING),
    ((HALF, -HALF, THIRD), LimitKind.TWO_CYCLE),
]


def started(multipliers):
    return [TENTH, -TENTH / 2, TENTH / 3][: len(multipliers)]


def directions(sequence, at):
    """The normalized iterates at a step and the next, run in high precision."""
    with ctx.workprec(1000):
        s = [arb(x) for x in sequence.start]
        for _ in range(at):
            s = sequence.step(s)
        return [[x / norm(v) for x in v] for v in (s, sequence.step(s))]


@pytest.mark.parametrize(("multipliers", "kind"), KINDS)
def test_a_sequence_that_is_no_gradient_descent_gets_its_limit(multipliers, kind):
    sequence = toy(multipliers, started(multipliers))
    found = certify(sequence, 200, COARSE)
    assert isinstance(found, Amplitude) and found.limit.kind is kind, found
    even, odd = directions(sequence, 200)
    vectors = found.limit.vectors
    expected = {
        LimitKind.FIXED: (vectors[0], vectors[0]),
        LimitKind.ALTERNATING: (vectors[0], tuple(-x for x in vectors[0])),
        LimitKind.TWO_CYCLE: vectors,
    }[kind]
    for run, limit in zip((even, odd), expected, strict=True):
        for x, y in zip(run, limit, strict=True):
            assert abs(x - y) < fmpq(1, 10**2), f"{found.limit} but the sequence goes to {run}"


@given(
    st.tuples(st.integers(-99, 99), st.integers(-99, 99)),
    st.fractions(-1, 1),
    st.sampled_from([(HALF, THIRD), (-HALF, THIRD)]),
)
def test_the_sign_of_a_certified_limit_is_that_of_the_sequence(start, curvature, multipliers):
    with ctx.workprec(128):
        curvature = fmpq(curvature.numerator, curvature.denominator)
        sequence = toy(multipliers, [fmpq(x, 100) for x in start], curvature)
        sequence = replace(sequence, constant=arb(2).sqrt() * abs(curvature))
        found = certify(sequence, 60, COARSE)
        if isinstance(found, Amplitude):
            (component, _), _ = directions(sequence, 100)
            assert component * found.limit.vectors[0][0] > 0


def test_more_remainder_asks_for_more_steps():
    """The tail grows with C; with too much of it nothing is proved within the budget."""
    sequence = toy((HALF, THIRD), started((1, 2)))
    steps = [certify(replace(sequence, constant=arb(c)), 60, COARSE).step for c in (0, 1, 100, 10**6)]
    assert steps == sorted(set(steps)) and steps[0] == 0, steps
    assert certify(replace(sequence, constant=arb(10**30)), 60, COARSE) is Cause.BUDGET


def test_a_constant_that_is_too_small_proves_what_is_wrong():
    """The lemma believes its supplier: with C = 0 it takes the sign at the start, which the sequence then changes.

    From s₁ = 1/2, the first step of curvature −2 multiplies s₀ by 1/2 − 1, and every later one by more than 1/6.
    """
    honest = toy((HALF, THIRD), [fmpq(-1, 100), HALF], curvature=fmpq(-2), deviation=fmpq(0))
    honest = replace(honest, constant=2 * arb(2).sqrt())
    (run, _), _ = directions(honest, 100)
    deceived = certify(replace(honest, constant=arb(0)), 60, COARSE)
    true = certify(honest, 60, COARSE)
    assert deceived.step == 0 and deceived.limit.vectors[0][0] * run < 0
    assert true.step > 0 and true.limit.vectors[0][0] * run > 0


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"dominance": arb(0, fmpq(1, 10))}, Cause.PRECISION),
        ({"dominance": arb(fmpq(-1, 10))}, Cause.PRECISION),
        ({"rho": arb(HALF, HALF)}, Cause.PRECISION),
        ({"rho": arb("nan")}, Cause.PRECISION),
        ({"begins": 61}, Cause.BUDGET),
    ],
)
def test_enclosures_that_do_not_suffice_prove_nothing(change, cause):
    sequence = toy((HALF, THIRD), started((1, 2)))
    assert isinstance(certify(sequence, 60, COARSE), Amplitude)
    assert certify(replace(sequence, **change), 60, COARSE) is cause


@pytest.mark.parametrize(("size", "error", "cause"), [(1, 300, Cause.PRECISION), (300, 1, Cause.LEFT)])
def test_a_wide_enclosure_is_not_said_to_have_left(monkeypatch, size, error, cause):
    """From step 1 on the iterate is said to be within 2^error of a centre of size 2^size."""

    def iterates(self):
        yield EnclosedIterate(0, [arb(1), arb(1)], arb(0), arb(2), arb(2).sqrt())
        far, blur = arb(2) ** size, arb(2) ** error
        yield EnclosedIterate(1, [far, arb(0)], blur, far + blur, far)

    monkeypatch.setattr(Toy, "iterates", iterates)
    assert certify(replace(toy((HALF, THIRD), started((1, 2))), constant=arb(10)), 60, COARSE) is cause


@pytest.mark.parametrize("deviation", [fmpq(1, 4), fmpq(1, 3), fmpq(2)])
def test_a_projector_that_is_hardly_known_proves_nothing(deviation):
    assert certify(toy((HALF, THIRD), started((1, 2)), deviation=deviation), 60, COARSE) is Cause.PRECISION


def test_the_deviation_is_charged_to_the_amplitude():
    """The axis is off by δ: a component of δ‖s‖ along it is not told from zero, one of 2δ‖s‖ is."""
    delta, wide = fmpq(1, 100), Accuracy(limit=fmpq(1), amplitude=fmpq(1))
    near = toy((HALF, THIRD), [delta, fmpq(1)], curvature=fmpq(0), deviation=delta)
    far = toy((HALF, THIRD), [3 * delta, fmpq(1)], curvature=fmpq(0), deviation=delta)
    assert not isinstance(certify(near, 0, wide), Amplitude)
    assert isinstance(certify(far, 0, wide), Amplitude)


def test_the_worst_rho_of_an_interval_counts():
    """Each number encloses what every ρ in the interval would give."""
    sequence = toy((HALF, THIRD), started((1, 2)), unknown=fmpq(1, 100))
    wide = certify(sequence, 60, COARSE).inequality
    for rho in (fmpq(49, 100), HALF, fmpq(51, 100)):
        step = certify(sequence, 60, COARSE).step
        narrow = certify(replace(sequence, rho=arb(rho), begins=step), step, COARSE).inequality
        assert wide.sigma.contains(narrow.sigma) and wide.tail.contains(narrow.tail), rho


def test_the_toy_is_what_its_supplier_says():
    """‖g‖ ≤ C‖s‖² at every iterate."""
    sequence = toy((HALF, THIRD), started((1, 2)))
    for iterate in islice(sequence.iterates(), 20):
        moved = sequence.step(iterate.centre)
        g = norm(y - m * x for x, y, m in zip(iterate.centre, moved, sequence.multipliers, strict=True))
        assert g < sequence.constant * iterate.radius**2 * (1 + fmpq(1, 10**6))
