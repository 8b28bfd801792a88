"""Smooth and valley certificates, claim by claim: each bound holds the truth, each inequality is met at its edge."""

import copy
import json
import random
from fractions import Fraction as Q
from math import isqrt
from types import SimpleNamespace

import mpmath
import pytest

import gdcheck
from gdcheck.theorem.certificate.rechecking import check
from gdcheck.theorem.checker.outcome import ClaimError
from gdcheck.theorem.checker.reading.fields import read_as
from gdcheck.theorem.checker.smooth import minimizer, spectrum, strict_minimum, valley
from gdcheck.theorem.checker.smooth.derivatives import evaluate, hessian
from gdcheck.theorem.checker.smooth.expression import read_expression
from gdcheck.theorem.checker.smooth.intervals import Interval, point

BITS = 256


def certified(problem):
    return json.loads(json.dumps(gdcheck.certify(gdcheck.decide(problem))))


def smooth(loss, eta, start):
    return certified(gdcheck.Problem(loss, step_size=eta, start=start))


def in_valley(residuals, eta, start):
    return certified(gdcheck.Problem.residuals(residuals, step_size=eta, start=start))


CALLS = "exp(x/2 + y) - y + cosh(y)/4 + softplus(-x) + log(1 + x**2) + sqrt(1 + (x - y)**2) + tanh(y)**2 + x/10"
MADE = {
    "calls": smooth(CALLS, "1/20", ["1/5", "1/10"]),
    "alternating": smooth("exp(x) + exp(-2*x) + exp(3*y) - 2*y", "3/20", ["1/5", "1/10"]),
    "one variable": smooth("exp(x) - 2*x", "1/4", ["1"]),
    "valley": in_valley(["x*y - 1", "y*z - 2"], "1/10", ["2", "1", "1"]),
    "crossing": in_valley(["x*y - 1"], "9/10", ["1", "6/5"]),
    "related": in_valley(["a*b - 1", "b*c - 1", "a*d - 1", "c*d - 1"], "1/10", ["1", "6/5", "4/5", "1"]),
    "three": in_valley(["exp(x) - y", "y*z - 1"], "1/10", ["0", "1", "6/5"]),
}


@pytest.mark.parametrize("name", MADE)
def test_certificates_are_accepted(name):
    assert check(MADE[name]) is None


def paths(value, here=()):
    """Every number in a certificate that claims something, by its path."""
    if isinstance(value, dict):
        for key, inside in value.items():
            if key not in {"schema", "variables"}:
                yield from paths(inside, (*here, key))
    elif isinstance(value, list):
        for i, inside in enumerate(value):
            yield from paths(inside, (*here, i))
    elif isinstance(value, str):
        try:
            Q(value)
        except ValueError:
            return
        yield here


FREE = {"regular_at", "radius", "reach", "start", "scale", "step_size"}
"""What may be another: any regular point will do, radii may be larger, and limits do not hang on a nearby start."""


@pytest.mark.parametrize("name", MADE)
def test_no_number_can_be_another(name, monkeypatch):
    """A thousandth is added to each number in turn."""
    for module in (strict_minimum, valley):
        monkeypatch.setattr(module, "PRECISIONS", (BITS,))
    assert check(MADE[name]) is None
    for path in paths(MADE[name]):
        if FREE.isdisjoint(path):
            changed = copy.deepcopy(MADE[name])
            *inside, last = path
            here = changed
            for key in inside:
                here = here[key]
            here[last] = str(Q(here[last]) + Q(1, 1000))
            assert check(changed) is not None, path


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("verdict",), "not-applicable", "the verdict is not-applicable fails"),
        (("fails",), ["stable-step"], "the failing assumptions are"),
        (("regime",), "large-step", "the regime is large-step fails"),
        (("regime",), "unstable", "the regime is unstable fails"),
        (("limit", "kind"), "alternating", "the limit is alternating fails"),
        (("limit",), None, "a proof has a limit fails"),
        (("regular_at",), None, "a proof has a point where I - eta Hessian is regular fails"),
        (("step",), 0, "fails at step 0"),
        (("minimizer", "radius"), "0", "strictly convex"),
        (("minimizer", "radius"), "1e-200", "the ball holds a minimizer fails"),
        (("minimizer", "radius"), "1", "strictly convex|narrow|simple|not defined|enclosure"),
    ],
)
def test_a_smooth_certificate_says_what_fails(path, value, said):
    changed = copy.deepcopy(MADE["calls"])
    here = changed
    for key in path[:-1]:
        here = here[key]
    here[path[-1]] = value
    failure = check(changed)
    assert failure is not None and any(part in failure for part in said.split("|")), failure


def test_a_regular_point_beyond_a_kink_says_nothing_of_the_minimizers_side():
    """For x < 1 the map takes every x to 0, a positive measure to a null set; for x > 1 it is regular."""
    made = smooth("5*x**2 + 4*y**2 + (exp(x) - x)/10**4", "1/10", ["1/100", "1/100"])
    made["problem"]["loss"] = "5*x**2 + 4*y**2 + ((x - 1)**7 + ((x - 1)**2)**(7/2))/1000"
    made["minimizer"] = {"centre": ["0", "0"], "radius": "1/10000000000000000000000000000000000000000"}
    made["eigenvectors"] = [["0", "1"], ["1", "0"]]
    ends = {"lowest": 8, "highest": 10}
    made["spectrum"] = {name: [str(x - Q(1, 10**17)), str(x + Q(1, 10**17))] for name, x in ends.items()}
    for here, said in ((["0", "0"], "I - eta Hessian is regular"), (["2", "0"], "the loss is defined wherever")):
        made["regular_at"] = here
        assert said in (check(made) or "accepted")


def loss_at(text, names, centre):
    """The loss in the middle of a ball, as the checker has it."""
    expression = read_expression(text, names, {})
    middle = point(centre, BITS)
    return minimizer.Middle(BITS, expression, middle, hessian(evaluate(expression, middle, 2)), Q(0))


UNIT = ((Q(1), Q(0)), (Q(0), Q(1)))


@pytest.mark.parametrize(("off", "holds"), [(Q(999, 1000), True), (Q(1001, 1000), False)])
def test_a_gradient_shorter_than_m_delta_encloses_the_minimizer(off, holds):
    """Of x^2 + 2 y^2 the gradient at (d, 0) is 2 d, and m = 2: the ball's radius must exceed d."""
    at = loss_at("x**2 + 2*y**2", ("x", "y"), [off, Q(0)])
    c = SimpleNamespace(eigenvectors=UNIT, minimizer=SimpleNamespace(radius=Q(1)))
    if holds:
        minimizer.verify_minimizer(c, at)
    else:
        with pytest.raises(ClaimError, match="the ball holds a minimizer fails"):
            minimizer.verify_minimizer(c, at)


@pytest.mark.parametrize(("spread", "holds"), [(Q(19, 10), True), (Q(2), False), (Q(3), False)])
def test_a_spread_of_the_smallest_eigenvalue_leaves_no_convexity(spread, holds):
    at = loss_at("x**2 + 2*y**2", ("x", "y"), [Q(0), Q(0)])
    at = minimizer.Middle(at.bits, at.expression, at.centre, at.matrix, spread)
    c = SimpleNamespace(eigenvectors=UNIT, minimizer=SimpleNamespace(radius=Q(1)))
    if holds:
        minimizer.verify_minimizer(c, at)
    else:
        with pytest.raises(ClaimError, match="strictly convex"):
            minimizer.verify_minimizer(c, at)


def matrix_of(rows):
    return [[Interval.exactly(x, BITS) for x in row] for row in rows]


def symmetric(rng, n):
    """A rational symmetric matrix, and rationals next to its eigenvectors and eigenvalues, rising."""
    upper = [[Q(rng.randint(-8, 8), 4) for _ in range(n)] for _ in range(n)]
    rows = [[upper[min(i, j)][max(i, j)] + (3 * i if i == j else 0) for j in range(n)] for i in range(n)]
    with mpmath.workdps(60):
        values, vectors = mpmath.eigsy(
            mpmath.matrix([[mpmath.mpf(x.numerator) / x.denominator for x in r] for r in rows])
        )
        exact = [[Q(int(vectors[i, j] * 10**40), 10**40) for i in range(n)] for j in range(n)]
        return rows, exact, [Q(int(x * 10**40), 10**40) for x in values]


@pytest.mark.parametrize("seed", range(12))
def test_eigenvalues_of_all_matrices_within_the_spread_are_enclosed_and_closely(seed):
    rng = random.Random(seed)
    n, spread = rng.randint(2, 4), Q(rng.randint(0, 4), 100)
    rows, vectors, _ = symmetric(rng, n)
    rough = [[x + Q(rng.randint(-9, 9), 10**3) for x in v] for v in vectors]
    found = spectrum.eigenvalues_within(matrix_of(rows), rough, spread)
    # With exact vectors nothing but the spread is lost.
    sharp = spectrum.eigenvalues_within(matrix_of(rows), vectors, spread)
    assert all(b - a <= 2 * spread + Q(1, 10**30) for a, b in sharp)
    assert all(b - a <= 2 * spread + 1 for a, b in found)
    for _ in range(4):
        extremes = [spread * rng.choice((-1, 1)) for _ in range(n)]
        other = [
            [rows[i][j] + sum(e * v[i] * v[j] for e, v in zip(extremes, vectors, strict=True)) for j in range(n)]
            for i in range(n)
        ]
        with mpmath.workdps(50):
            values = mpmath.eigsy(
                mpmath.matrix([[mpmath.mpf(x.numerator) / x.denominator for x in r] for r in other]), eigvals_only=True
            )
            for ends in (found, sharp):
                for x, (a, b) in zip(values, ends, strict=True):
                    tiny = mpmath.mpf(10) ** -30
                    assert mpmath.mpf(a.numerator) / a.denominator <= x + tiny
                    assert x - tiny <= mpmath.mpf(b.numerator) / b.denominator


@pytest.mark.parametrize(("e", "good"), [(Q(49, 100), True), (Q(51, 100), False)])
def test_vectors_must_be_nearly_orthonormal(e, good):
    """One vector of squared length 1 + e: the Frobenius norm of V^T V - I is e, and must be below 1/2."""
    v = [Q(isqrt(int((1 + e) * 10**60)), 10**30), Q(0)]
    if good:
        spectrum.eigenvalues_within(matrix_of([[1, 0], [0, 2]]), [v, UNIT[1]], Q(0))
    else:
        with pytest.raises(ClaimError, match="nearly orthonormal"):
            spectrum.eigenvalues_within(matrix_of([[1, 0], [0, 2]]), [v, UNIT[1]], Q(0))


@pytest.mark.parametrize("seed", range(12))
def test_the_sine_of_the_angle_to_an_eigenvector_is_bounded_and_closely(seed):
    rng = random.Random(100 + seed)
    n = rng.randint(2, 4)
    rows, vectors, values = symmetric(rng, n)
    index, wide = rng.randrange(n), Q(1, 10**6)
    ends = [(x - wide, x + wide) for x in values]
    apart = min(abs(values[index] - x) for i, x in enumerate(values) if i != index)
    turn = rng.choice([i for i in range(n) if abs(values[index] - values[i]) == apart])
    for tilt in (Q(0), apart / 1000, Q(1, 100)):
        length = Q(rng.randint(1, 9), 3)
        v = [length * (x + tilt * y) for x, y in zip(vectors[index], vectors[turn], strict=True)]
        sine = float(tilt) / (1 + float(tilt) ** 2) ** 0.5
        bound = spectrum.sine_above(matrix_of(rows), v, ends, index, Q(0))
        assert sine * (1 - 1e-12) <= bound <= 1.001 * sine + 1e-4 / float(apart)
    # A matrix that is off by a spread turns the eigenvector by the spread over the gap, to first order.
    spread = apart / 100
    off = [
        [
            rows[i][j] + spread * (vectors[index][i] * vectors[turn][j] + vectors[turn][i] * vectors[index][j])
            for j in range(n)
        ]
        for i in range(n)
    ]
    bound = spectrum.sine_above(matrix_of(off), vectors[index], ends, index, spread)
    assert float(spread / apart) * 1.9 <= bound <= 2.1 * float(spread / apart) + 1e-4 / float(apart)


def test_a_single_direction_needs_no_angle():
    assert spectrum.sine_above(matrix_of([[2]]), [Q(1)], [(Q(2), Q(2))], 0, Q(1)) == 0


def test_a_vector_far_from_the_eigenvector_is_refused():
    with pytest.raises(ClaimError, match="near an eigenvector"):
        spectrum.sine_above(matrix_of([[1, 0], [0, 2]]), [Q(1), Q(1)], [(Q(1), Q(1)), (Q(2), Q(2))], 0, Q(0))
    with pytest.raises(ClaimError, match="near an eigenvector"):
        spectrum.sine_above(matrix_of([[1, 0], [0, 1]]), [Q(1), Q(0)], [(Q(1), Q(1)), (Q(1), Q(1))], 0, Q(0))


TWO = [(Q(1), Q(1)), (Q(3), Q(3))]


@pytest.mark.parametrize(
    ("regime", "eta", "good"),
    [
        ("small-step", Q(49, 100), True),
        ("small-step", Q(1, 2), False),
        ("large-step", Q(51, 100), True),
        ("large-step", Q(1, 2), False),
        ("large-step", Q(2, 3), False),
        ("unstable", Q(67, 100), True),
        ("unstable", Q(2, 3), False),
        ("boundary", Q(1, 2), False),
    ],
)
def test_the_sides_of_two(regime, eta, good):
    if good:
        spectrum.verify_sides(regime, TWO, eta)
    else:
        with pytest.raises(ClaimError, match=f"the regime is {regime} fails"):
            spectrum.verify_sides(regime, TWO, eta)


@pytest.mark.parametrize(
    ("regime", "kind", "eta", "found"),
    [
        ("small-step", "fixed", Q(1, 4), (0, 1, (Q(3, 4), Q(3, 4)))),
        ("small-step", "alternating", Q(1, 4), None),
        ("large-step", "alternating", Q(3, 5), (1, -1, (Q(4, 5), Q(4, 5)))),
        ("large-step", "fixed", Q(3, 5), None),
        ("unstable", "fixed", Q(1), None),
        # Both multipliers have the modulus 1/2; and none is dominant beyond the limit of stability.
        ("small-step", "fixed", Q(1, 2), None),
        ("large-step", "alternating", Q(2, 3), None),
        ("small-step", "fixed", Q(1), None),
    ],
)
def test_one_multiplier_outweighs_the_others(regime, kind, eta, found):
    if found is None:
        with pytest.raises(ClaimError, match=r"the limit is|dominates"):
            spectrum.dominant(regime, kind, TWO, eta)
    else:
        assert spectrum.dominant(regime, kind, TWO, eta) == found


@pytest.mark.parametrize(
    ("lowest", "highest", "said"),
    [
        ((Q(1), 1 + Q(1, 10**6)), (3 - Q(1, 10**6), Q(3)), None),
        ((1 + Q(1, 10**9), 1 + Q(1, 10**6)), (Q(3), Q(3)), "smallest"),
        ((1 - Q(1, 10**6), 1 - Q(1, 10**9)), (Q(3), Q(3)), "smallest"),
        ((Q(1), Q(1)), (Q(3), 3 + Q(4, 10**6)), "largest"),
        ((Q(1), Q(1)), (Q(4), Q(5)), "largest"),
        ((Q(1), Q(1)), (Q(1), Q(1)), "largest"),
    ],
)
def test_stated_ends_hold_the_spectrum_and_are_narrow(lowest, highest, said):
    if said is None:
        spectrum.verify_ends(lowest, highest, TWO, 6)
    else:
        with pytest.raises(ClaimError, match=f"the {said} eigenvalue"):
            spectrum.verify_ends(lowest, highest, TWO, 6)


@pytest.mark.parametrize("seed", range(8))
def test_the_norm_of_the_maps_derivative_is_bounded_and_closely(seed):
    rng = random.Random(seed)
    eta, x = Q(rng.randint(1, 30), 20), [Q(rng.randint(-20, 20), 16) for _ in range(3)]
    text = "exp(x - y) + x**2*y + sin(y*z)*2 + z**4 - 3*z*x"
    expression = read_expression(text, ("x", "y", "z"), {})
    problem = SimpleNamespace(expression=expression, step_size=eta)
    never = SimpleNamespace(enough=lambda factor: False)  # So that the bound is as sharp as it becomes.
    bound = minimizer.norm_of_map(problem, point(x, BITS), never)
    with mpmath.workdps(40):
        matrix = mpmath.matrix(
            [
                [mpmath.mpf((e.low + e.high) // 2) / 2**BITS for e in row]
                for row in hessian(evaluate(expression, point(x, BITS), 2))
            ]
        )
        norm = max(
            abs(1 - mpmath.mpf(eta.numerator) / eta.denominator * v) for v in mpmath.eigsy(matrix, eigvals_only=True)
        )
    assert float(norm) * (1 - 1e-12) <= float(bound) <= 1.02 * float(norm)


def followed(name, gradient, eta, steps):
    """The iterates of a certificate's problem in 200 digits."""
    x = [mpmath.mpf(Q(s).numerator) / Q(s).denominator for s in MADE[name]["problem"]["start"]]
    for _ in range(steps):
        x = [a - eta * g for a, g in zip(x, gradient(*x), strict=True)]
    return x


def distance(x, centre):
    return mpmath.norm([a - mpmath.mpf(c.low) / 2**c.bits for a, c in zip(x, centre, strict=True)])


@pytest.mark.parametrize("step", [0, 1, 7, 40])
def test_the_enclosure_of_a_smooth_trajectory_holds_it(step):
    with mpmath.workdps(200):
        c = _read(minimizer.Document, "alternating", step)
        at = minimizer.Middle.of(c, BITS)
        centre, error = minimizer.enclose(c, at, Q(1))
        eta = mpmath.mpf(3) / 20
        x = followed(
            "alternating", lambda x, y: (mpmath.exp(x) - 2 * mpmath.exp(-2 * x), 3 * mpmath.exp(3 * y) - 2), eta, step
        )
        star = [mpmath.log(2) / 3, mpmath.log(mpmath.mpf(2) / 3) / 3]
        away = distance([a - b for a, b in zip(x, star, strict=True)], centre)
        assert away <= mpmath.mpf(error.numerator) / error.denominator < mpmath.mpf(10) ** -50


@pytest.mark.parametrize("step", [0, 1, 7, 40])
def test_the_enclosure_of_a_trajectory_in_a_valley_holds_it(step):
    with mpmath.workdps(200):
        c = _read(valley.Document, "valley", step)
        found = valley.enclose(c, BITS)
        eta = mpmath.mpf(1) / 10
        x = followed(
            "valley",
            lambda x, y, z: ((x * y - 1) * y, (x * y - 1) * x + (y * z - 2) * z, (y * z - 2) * y),
            eta,
            step,
        )
        away = distance(x, found.centre)
        assert away <= mpmath.mpf(found.drift.numerator) / found.drift.denominator < mpmath.mpf(10) ** -60
        for value, u in zip((x[0] * x[1] - 1, x[1] * x[2] - 2), found.u, strict=True):
            assert abs(value - mpmath.mpf(u.low) / 2**u.bits) < mpmath.mpf(10) ** -60


def _read(kind, name, step):
    changed = copy.deepcopy(MADE[name])
    changed["step"] = step
    return read_as(kind, changed, "", len(changed["problem"]["variables"]))


@pytest.mark.parametrize("seed", range(6))
def test_the_norm_of_a_derivative_is_bounded_and_closely(seed):
    rng = random.Random(seed)
    p, n = rng.randint(1, 3), 4
    rows = [[Q(rng.randint(-9, 9), 4) for _ in range(n)] for _ in range(p)]
    bound = valley.norm_of(matrix_of(rows), BITS)
    with mpmath.workdps(40):
        top = mpmath.svd_r(mpmath.matrix([[float(x) for x in row] for row in rows]), compute_uv=False)[0]
    assert float(top) * (1 - 1e-12) <= float(bound) <= 1.01 * float(top)


@pytest.mark.parametrize(
    ("rows", "positive"),
    [
        ([[2, 1], [1, 1]], True),
        ([[2, 2], [2, 1]], False),
        ([[-1, 0], [0, 1]], False),
        ([[1, 1], [1, 1]], None),
        ([[0, 1], [1, 0]], None),
        ([[4, 2, 1], [2, 3, 2], [1, 2, 2]], True),
        ([[4, 2, 1], [2, 3, 4], [1, 4, 2]], False),
    ],
)
def test_pivots_tell_whether_a_matrix_is_positive(rows, positive):
    if positive is None:
        with pytest.raises(ClaimError, match="is not zero fails"):
            valley._is_positive(matrix_of(rows))
    else:
        assert valley._is_positive(matrix_of(rows)) is positive


@pytest.mark.parametrize(
    ("rows", "regular"),
    [
        ([[0, 1], [1, 0]], True),
        ([[1, 2], [2, 4]], False),
        ([[0, 0], [0, 1]], False),
        ([[1, 2, 3], [2, 4, 7], [0, 1, 1]], True),
        ([[1, 2, 3], [2, 4, 6], [0, 1, 1]], False),
        ([[3]], True),
    ],
)
def test_pivots_tell_whether_a_matrix_is_regular(rows, regular):
    assert strict_minimum._is_regular(matrix_of(rows)) is regular
