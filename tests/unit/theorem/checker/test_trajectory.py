"""Claim 9 (remainder) and Claim 10 (enclosure), against slower or sampled truths, and at their edges."""

from dataclasses import replace as changed
from fractions import Fraction as Q
from itertools import pairwise
from math import isqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.theorem.checker import trajectory
from gdcheck.theorem.checker.descent import Descent, Kink
from gdcheck.theorem.checker.reading.document import Problem
from gdcheck.theorem.checker.reading.loss_text import read_loss
from gdcheck.theorem.checker.trajectory import Expansion, Remainder, enclose, symmetric_norm
from tests.builders.certificates import CUBIC, norm, root

ONE = 1 << 64
NAMES = ("x", "y", "z")
SMALL = st.fractions(min_value=-2, max_value=2, max_denominator=4)


def descent_of(loss, eta="1/10", start=None, n=2, minimizer=None):
    zero = (Q(0),) * n
    names = NAMES[:n]
    point = tuple(map(Q, start or zero))
    return Descent.of(Problem(read_loss(loss, names), names, tuple(map(Q, minimizer or zero)), Q(eta), point))


def signed(k, body):
    return f" {'-' if k < 0 else '+'} {abs(k)}*{body}"


@st.composite
def problems(draw, n=2, powers=(2, 3, 4)):
    """A positive definite quadratic, a few higher terms, truncated powers that are no kinks at the origin."""
    loss = " + ".join(f"{draw(st.integers(1, 4))}/2*{v}**2" for v in NAMES[:n])
    for _ in range(draw(st.integers(0, 3))):
        exponents = draw(st.tuples(*[st.integers(0, 3)] * n).filter(lambda e: sum(e) > 2))
        loss += signed(draw(SMALL), "*".join(f"{v}**{e}" for v, e in zip(NAMES, exponents, strict=False) if e))
    for _ in range(draw(st.integers(0, 2))):
        slope = draw(st.tuples(*[st.integers(-2, 2)] * n).filter(any))
        line = "".join(signed(k, v) for k, v in zip(slope, NAMES, strict=False) if k)
        offset = draw(st.integers(-3, 3).filter(bool))
        line += f" {'-' if offset < 0 else '+'} {abs(offset)}"
        line = line[3:] if line[1] == "+" else "-" + line[3:]
        loss += signed(draw(SMALL), f"max({line}, 0)**{draw(st.sampled_from(powers))}")
    start = draw(st.tuples(*[st.fractions(-1, 1, max_denominator=20)] * n))
    return descent_of(loss, draw(st.sampled_from(["1/20", "1/5", "1/3"])), start, n)


def gradient_of(descent, h):
    """Term by term, with fractions."""
    total = [Q(0)] * len(h)
    for alpha, k in descent.polynomial.terms.items():
        for i, e in enumerate(alpha):
            if e:
                part = Q(k * e, descent.polynomial.denominator)
                for j, m in enumerate(alpha):
                    part *= h[j] ** (m - (i == j))
                total[i] += part
    for kink in descent.kinks:
        s = max(sum(x * y for x, y in zip(kink.slope, h, strict=True)) + kink.offset, Q(0))
        for i, x in enumerate(kink.slope):
            total[i] += kink.factor * kink.power * s ** (kink.power - 1) * x
    return total


def step(descent, h):
    return [x - descent.step_size * g for x, g in zip(h, gradient_of(descent, h), strict=True)]


def minus(a, b):
    return [x - y for x, y in zip(a, b, strict=True)]


def active(descent):
    return [kink.offset > 0 for kink in descent.kinks]


def remainder_at(descent, h):
    """η R(h), as what is left of η (∇f(m + h) − ∇f(m)) without its linear part."""
    hessian = descent.hessian_at_minimizer(active(descent))
    change = minus(gradient_of(descent, h), gradient_of(descent, [Q(0)] * len(h)))
    linear = [sum(x * y for x, y in zip(row, h, strict=True)) for row in hessian]
    return [descent.step_size * x for x in minus(change, linear)]


@given(problems(3), st.tuples(*[st.integers(-2000, 2000)] * 3), st.integers(1, 1000))
def test_the_map_is_evaluated_exactly(descent, z, d):
    image, denominator = descent.image(z, d)
    assert [Q(x, denominator) for x in image] == step(descent, [Q(x, d) for x in z])


@given(problems(2), st.tuples(SMALL, SMALL))
def test_the_hessian_is_the_derivative_of_the_map(descent, h):
    """By central differences, of points beside every kink."""
    e = Q(1, 10**6)
    if any(abs(k.offset + sum(x * y for x, y in zip(k.slope, h, strict=True))) < 100 * e for k in descent.kinks):
        return
    z, d = [x.numerator * (144 // x.denominator) for x in h], 144
    table, scale = descent.scaled_hessian(z, d)
    for j in range(2):
        ends = [[x + s * e * (i == j) for i, x in enumerate(h)] for s in (1, -1)]
        slope = [
            descent.step_size * x / (2 * e) for x in minus(gradient_of(descent, ends[0]), gradient_of(descent, ends[1]))
        ]
        assert all(abs(Q(table[i][j], scale) - x) < Q(1, 10**6) for i, x in enumerate(slope))


def test_the_hessian_of_pieces():
    """Kept powers are taken without truncation, the others are left out."""
    descent = descent_of("x**2 + max(x - 1, 0)**2 + max(x - 3, 0)**4", "1", n=1)
    for kept, expected in (([False] * 2, 2), ([True, False], 4), ([False, True], 2 + 12), ([True, True], 4 + 12)):
        table, scale = descent.scaled_hessian([2], 1, kept)
        assert Q(table[0][0], scale) == expected
    for place, expected in ((0, 2), (1, 2), (2, 4), (5, 4 + 48)):
        table, scale = descent.scaled_hessian([place], 1)
        assert Q(table[0][0], scale) == expected
    assert descent.hessian_at_minimizer([True, True]) == [[4 + 12 * 9]]


# Claim 9 (remainder) -------------------------------------------------------------------------------------------------


@given(problems(2), st.integers(1, 40), st.lists(st.tuples(SMALL, SMALL), min_size=4, max_size=4))
def test_the_remainder_stays_below_its_bounds(descent, tenths, draws):
    """C(r), and the Lipschitz bound that the trajectory takes from it."""
    r, bounds = Q(tenths, 10), Remainder.of(descent)
    points = [h for h in ([r * x / 2 for x in draw] for draw in draws) if 0 < norm(h) <= r]
    above = bounds.push(r) / r
    slack = 1 + Q(1, 2**40)
    for h in points:
        assert norm(remainder_at(descent, h)) <= above * norm(h) ** 2 * slack
    for h, other in pairwise(points):
        moved = norm(minus(remainder_at(descent, h), remainder_at(descent, other)))
        assert moved <= bounds.lipschitz(r) * norm(minus(h, other)) * slack


@pytest.mark.parametrize(
    ("loss", "n", "r", "expected"),
    [
        (CUBIC, 2, Q(3), root(Q(17))),  # the gradient's rows are 3x² + 2xy and x²: 3 + 2/2 and 1
        ("x**2 + 1/3*max(x + 1, 0)**4", 1, Q(2), Q(1, 3) * 4 * 3 * 2 / 2 * 3),
        ("x**2 + 1/3*max(-2*x - 1, 0)**4", 1, Q(2), Q(1, 3) * 4 * 3 * 2 / 2 * 8 * 3),
        ("x**2 + max(x - 3, 0)**4", 1, Q(2), Q(0)),
        ("x**2 + max(x - 3, 0)**3", 1, Q(4), Q(3)),
        ("x**2 + max(x - 3, 0)**2", 1, Q(4), Q(1, 6)),
        ("x**2 + max(2*x + 3, 0)**2", 1, Q(2), Q(8, 6)),
        ("x**2 + max(x - 3, 0)**2", 1, Q(2), Q(0)),
        ("x**2 + max(x - 2, 0)**3", 1, Q(2), Q(0)),
        ("x**2 + max(x + 2, 0)**2", 1, Q(2), Q(0)),
    ],
)
def test_the_bound_is_that_of_the_specification(loss, n, r, expected):
    found = Remainder.of(descent_of(loss, "1/2", n=n)).push(r) / r
    # The norm of a slope is rounded up, so that a kink that touches the ball is felt a little.
    assert expected / 2 - Q(1, 2**200) <= found <= expected / 2 * (1 + Q(1, 2**200)) + (3 if expected == 0 else 0)


@pytest.mark.parametrize(
    ("power", "offset", "r", "expected"),
    [(3, -2, 2, 0), (3, -2, 3, 9), (2, -2, 2, 0), (2, 2, 2, 0), (2, -2, 4, 1), (4, -2, 2, 0), (4, -2, 3, 36)],
)
def test_truncated_powers_are_not_felt_before_their_kink(power, offset, r, expected):
    """r T(r) for η = c = ‖ℓ‖ = 1."""
    assert Remainder(Q(1), (Kink(Q(1), (1,), offset, power, Q(1)),), (), 1).push(Q(r)) == expected


@pytest.mark.parametrize(("degree", "factor"), [(1, 4), (4, 4), (5, 5), (7, 7)])
def test_the_lipschitz_constant_has_a_factor_of_the_degree(degree, factor):
    assert Remainder(Q(1), (), ((2, Q(3)),), degree).lipschitz(Q(2)) == factor * 6


def test_the_degree_is_the_largest_of_all_parts():
    for loss, degree in (("x**2", 1), ("x**2 + x**5", 4), ("x**2 + max(x - 1, 0)**7 + x**3", 6)):
        assert Remainder.of(descent_of(loss, n=1)).degree == degree


# Claim 10 (enclosure) ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "r", "expected"),
    [
        ("x**2 + x**3", Q(5), 6),
        ("x**2 + x**5", Q(2), 60 * 4),
        ("x**2 - x**3 + x**4", Q(2), 6 + 24 * 2),
        ("x**2 + max(x - 1, 0)**3", Q(2), 6),
        ("x**2 + max(x - 1, 0)**3", Q(1, 2), 0),
        ("x**2 + max(2*x - 1, 0)**3", Q(1), 6 * 8),
        ("x**2 - max(x - 1, 0)**5", Q(3), 60 * 4),
        ("x**2 + max(x - 1, 0)**2", Q(3), 0),
    ],
)
def test_the_hessian_changes_as_fast_as_the_third_derivative(loss, r, expected):
    """In one variable, where its bound on the ball is exact."""
    remainder = Remainder.of(descent_of(loss, "1/2", n=1))
    whole = remainder.hessian_lipschitz(r)
    assert Q(expected, 2) <= whole <= Q(expected, 2) * (1 + Q(1, 2**200))
    found = remainder.polynomial_lipschitz(r) + Q(remainder.bends([0], int(r * ONE)), ONE)
    assert Q(expected, 2) <= found <= Q(expected, 2) * (1 + Q(1, 2**60))


@given(problems(2, powers=(3, 4, 5)), st.tuples(SMALL, SMALL), st.tuples(SMALL, SMALL))
def test_the_hessian_changes_no_faster_than_its_bound(descent, h, other):
    """‖(H(h) − H(h′)) u‖ ≤ K ‖h − h′‖ ‖u‖, for u along both axes; the powers' share of K is that around h."""
    tables = []
    for point in (h, other):
        table, scale = descent.scaled_hessian([int(12 * x) for x in point], 12)
        tables.append([[Q(x, scale) for x in row] for row in table])
    remainder, apart = Remainder.of(descent), norm(minus(h, other))
    bends = Q(remainder.bends([int(x * ONE // 1) for x in h], int(apart * ONE) + 4), ONE)
    on_ball, near = remainder.hessian_lipschitz(Q(3)), remainder.polynomial_lipschitz(Q(3)) + bends
    for rows in zip(*tables, strict=True):
        assert norm(minus(*rows)) <= min(on_ball, near) * apart * (1 + Q(1, 2**60))


@pytest.mark.parametrize(
    ("point", "distance", "jumps"),
    [(Q(1, 2), Q(0), 1), (Q(0), Q(51, 100), 1), (Q(0), Q(49, 100), 0), (Q(1), Q(51, 100), 1), (Q(1), Q(49, 100), 0)],
)
def test_the_hessian_jumps_at_the_kink_of_a_square(point, distance, jumps):
    """By 2ηcL² = 24/10 at x = 1/2."""
    remainder = Remainder.of(descent_of("x**2 + 3*max(2*x - 1, 0)**2 + max(x - 1/2, 0)**3", n=1))
    found = Q(remainder.jumps([int(point * ONE)], distance), ONE)
    assert Q(24, 10) * jumps <= found <= Q(24, 10) * jumps * (1 + Q(1, 2**60))


def test_the_jump_of_a_square_is_a_part_of_the_bound():
    expansion = Expansion(descent_of("1/2*x**2 + max(x - 1, 0)**2", "1/2", n=1), Remainder(Q(1), (), (), 1), Q(1))
    expansion = changed(expansion, remainder=Remainder.of(expansion.descent))
    known = expansion.derivative([ONE])
    assert known.norm < Q(6, 10) * ONE
    bound, _ = expansion.near(known, [ONE], 64, 5, 0)
    assert bound > Q(3, 2) * ONE


@given(st.lists(st.integers(-(10**30), 10**30), min_size=6, max_size=6), st.integers(0, 10))
def test_the_norm_of_a_matrix_is_bounded_closely(entries, small):
    """Against ‖Mv‖ for the vectors of a power iteration; off by n^(1/2¹²) at most."""
    a, b, c, d, e, f = (x // 10 ** (3 * small) for x in entries)
    matrix = [[a, b, c], [b, d, e], [c, e, f]]
    above = symmetric_norm(matrix)
    v = [Q(3), Q(5), Q(7)]
    for _ in range(60):
        size = max(map(abs, v)) or 1
        v = [Q(round(x / size * 2**200), 2**200) for x in v]
        v = [sum(x * y for x, y in zip(row, v, strict=True)) for row in matrix]
    # A power iteration may be slow, or begin across: it only bounds the norm from below.
    image = [sum(x * y for x, y in zip(row, v, strict=True)) for row in matrix]
    assert not any(v) or norm(image) <= (above + Q(1, 2**60)) * norm(v)
    squares = sum(x * x for row in matrix for x in row)
    assert above <= isqrt(squares) + 4


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        ([[-7]], 7),
        ([[10**20, 0], [0, -(10**20)]], 10**20),
        ([[0, 10**20], [10**20, 0]], 10**20),
        ([[3 * 10**20, 4 * 10**20], [4 * 10**20, -3 * 10**20]], 5 * 10**20),
        ([[10**40, 0, 0], [0, 10**40, 0], [0, 0, 10**40]], 10**40),
        ([[0, 0], [0, 0]], 0),
    ],
)
def test_norms_that_are_known(matrix, expected):
    found = symmetric_norm(matrix)
    assert expected <= found <= expected * (1 + Q(1, 2**11)) + 4


@given(problems(2), st.integers(0, 12))
def test_the_trajectory_stays_in_its_ball(descent, steps):
    """With few bits, so that the ball is not tiny; whatever the bound of |1 − ηλ| makes of it."""
    expansion = Expansion(descent, Remainder.of(descent), Q(3))
    centre, error = enclose(expansion, steps, 64)
    h = list(descent.start)
    for _ in range(steps):
        h = [Q(round(x * 2**500), 2**500) for x in step(descent, h)]
        if norm(h) > 100:
            return
    assert norm(minus(centre, h)) <= error


@given(problems(2), st.tuples(SMALL, SMALL), st.tuples(SMALL, SMALL), st.tuples(SMALL, SMALL), st.integers(0, 40))
def test_points_move_apart_as_far_as_the_derivative_at_a_point_nearby_allows(descent, z, direction, nearby, bits):
    """|F(h) − F(z)| ≤ (norm at y + change on the way) |h − z|, kinks of squares on the way included."""
    remainder, size = Remainder.of(descent), Q(1, 2**bits)
    h = [x + size * d for x, d in zip(z, direction, strict=True)]
    y = [int((x + size * d) * ONE) for x, d in zip(z, nearby, strict=True)]
    expansion = Expansion(descent, remainder, Q(3))
    centre = [int(x * ONE) for x in z]
    error = int(norm(minus(h, [Q(x, ONE) for x in centre])) * ONE) + 1
    change = -int(-remainder.polynomial_lipschitz(Q(20)) * ONE) + 1
    bound, _ = expansion.near(expansion.derivative(y), centre, 64, error, change)
    exact = [Q(x, ONE) for x in centre]
    apart = norm(minus(step(descent, h), step(descent, exact)))
    assert apart <= Q(bound, ONE) * norm(minus(h, exact)) * (1 + Q(1, 2**60))


def test_a_long_valley_loses_no_bits():
    """Rosenbrock's function from (−1.2, 1): 9,073 bits would be lost with a bound on a ball alone."""
    loss = "100*y**2 - 200*x**2*y + 100*x**4 + 1 - 2*x + x**2"
    descent = descent_of(loss, "1/1000", ["-6/5", "1"], minimizer=["1", "1"])
    remainder = Remainder.of(descent)
    _, error = enclose(Expansion(descent, remainder, Q(1)), 2000, 256)
    assert error < Q(1, 2**220)


def test_a_derivative_is_kept_only_where_it_serves(monkeypatch):
    """As long as it may have changed by 2⁻¹² at most, and on the same ball."""
    places = []
    derivative = Expansion.derivative

    def recorded(expansion, point):
        places.append(point)
        return derivative(expansion, point)

    monkeypatch.setattr(Expansion, "derivative", recorded)
    descent = descent_of("x**2/2 + y**2 + y**3".replace("x**2/2", "1/2*x**2"), "1/10", ["1", "1"])
    remainder = Remainder.of(descent)
    local = trajectory.LocalExpansion(Expansion(descent, remainder, Q(3)), 64)
    for x, calls in ((ONE, 1), (ONE + 1, 1), (ONE + ONE // 2**10, 2), (ONE + ONE // 2**10 + 5, 2)):
        local.growth([x, ONE], 1, 66)
        assert len(places) == calls
    local.growth([ONE + ONE // 2**10, ONE], 1, 67)
    assert len(places) == 3, "another ball"


def plain(start, **given_fields):
    """What the enclosure of a trajectory in one variable needs to know: F = 0."""
    descent = changed(descent_of("x**2", "1/2", n=1), start=(Q(start),))
    return Expansion(descent, Remainder.of(descent), given_fields.pop("linear", Q(0)))


@pytest.mark.parametrize(("z", "size"), [(2**80 - 4, 80), (2**80 - 3, 81), (4 - 2**80, 80), (3 - 2**80, 81)])
def test_the_expansion_is_bounded_on_a_ball_that_holds_the_iterate_and_its_centre(monkeypatch, z, size):
    """In units of the last bit, the iterate is within |z| + 1 + 2 of the minimizer; a power of two above is taken."""
    radii = []

    def push(remainder, r):
        radii.append(r)
        return Q(0)

    monkeypatch.setattr(Remainder, "push", push)
    enclose(plain(Q(z, ONE)), 1, 64)
    assert radii == [Q(2**size, ONE)]


@pytest.mark.parametrize("near", [Q(12), Q(7, 2), Q(1)])
def test_the_error_grows_by_the_smaller_bound(monkeypatch, near):
    """3 + 4 · 1 on the ball; the image is rounded to units; and the smaller one is taken if it is near."""
    monkeypatch.setattr(Remainder, "push", lambda remainder, r: Q(1))
    monkeypatch.setattr(Expansion, "near", lambda *given_fields: (int(near * ONE), 0))
    _, error = enclose(plain(5, linear=Q(3)), 1, 64)
    assert error * ONE == 2 * min(near, 7) + 2


def test_iterates_may_have_as_many_bits_as_the_limit():
    """What is larger is given up, with a ball around the minimizer that holds every projection's zero."""
    assert enclose(plain(2**65471), 1, 64) == ([0], 65536)
    centre, error = enclose(plain(2**65470), 1, 64)
    assert centre == [0]
    assert error < 1
