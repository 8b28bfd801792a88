"""Claim 15 (coordinates) and Claim 16 (cone): what is accepted, what is rejected, and that the bounds hold."""

import copy
from fractions import Fraction as Q
from functools import cache

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.certificate.rechecking import require_shape
from gdcheck.theorem.checker import cone as cones
from gdcheck.theorem.checker.amplitude import check
from gdcheck.theorem.checker.cone import Coordinates, Step, locate
from gdcheck.theorem.checker.descent import Descent
from gdcheck.theorem.checker.exact import norm_above
from gdcheck.theorem.checker.outcome import BadCertificate
from gdcheck.theorem.checker.reading.document import Certificate, Cone, read_problem
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.descent.problem import Problem

PROBLEMS = {
    "fixed": ("5*(y - x**2)**2 + (1 - x)**2", "0.02", ["0.9", "0.8"], ["1", "1"]),
    "alternating": ("5*(y - x**2)**2 + (1 - x)**2", "0.0386", ["0.9", "0.8"], ["1", "1"]),
    "badly scaled": (
        "(x - 1000000)**2 + (y - 0.000002)**2 + (x*y - 2)**2",
        "4e-13",
        ["1000000.01", "-0.006998"],
        ["1000000", "0.000002"],
    ),
    "three variables": ("1/500*x**2 + 1/3*y**2 + z**2 + x*y*z + x**3 - y**2*z", "1/2", ["1/9", "1/5", "1/7"], None),
}


@cache
def proof(name):
    loss, eta, start, minimizer = PROBLEMS[name]
    variables = ["x", "y", "z"][: len(start)]
    return certificate(decide(Problem(loss, step_size=eta, start=start, minimizer=minimizer, variables=variables)))


def changed(name, path, value):
    data = copy.deepcopy(proof(name))
    *way, last = path
    inner = data
    for key in way:
        inner = inner[key]
    inner[last] = value(inner[last]) if callable(value) else value
    return data


def times(factor):
    return lambda text: str(Q(text) * factor)


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_true_certificate_is_accepted(name):
    data = proof(name)
    assert data["schema"] == "gdcheck-certificate/3"
    require_shape(data)
    assert check(data) is None


REJECTED = [
    (("cone", "rest"), times(Q(1, 2)), "all multipliers but one"),
    (("cone", "rest"), "2", "all multipliers but one"),
    (("cone", "ratio"), times(Q(1, 10**6)), "the iterate is in the cone"),
    (("cone", "ratio"), times(10**30), ""),
    (("cone", "reflection", 0), times(2), ""),
    (("cone", "axis"), lambda i: 1 - i, "the linear part across"),
    (("cone", "axis"), 2, "the axis is one of n"),
    (("blocks", 0, "gap"), "1000", "eigenvalues are near"),
    (("blocks", 0, "amplitude"), times(Q(1001, 1000)), "amplitude ="),
    (("step",), 0, ""),
    (("step",), lambda k: k + 1, ""),
    (("problem", "start", 0), "0.91", ""),
    (("problem", "step_size"), times(Q(1001, 1000)), ""),
    (("bounds",), {"radius": "1", "sigma": "1/2", "tail": "0"}, "1 blocks prove the limit"),
    (("limit", "vectors", 0), lambda v: [[str(-Q(b)), str(-Q(a))] for a, b in v], "the limit is in the narrow"),
    (("limit", "kind"), lambda kind: "alternating" if kind == "fixed" else "fixed", "1 blocks prove the limit"),
    (("verdict",), "exceptional", "the verdict is"),
]


@pytest.mark.parametrize("name", ["fixed", "alternating"])
@pytest.mark.parametrize(("path", "value", "sentence"), REJECTED)
def test_a_false_certificate_is_rejected(name, path, value, sentence):
    failure = check(changed(name, path, value))
    assert failure is not None and sentence in failure


def test_a_shear_that_leaves_much_over_is_rejected():
    data = copy.deepcopy(proof("alternating"))
    assert data["cone"]["shear"]
    data["cone"]["shear"][0]["coefficient"] = str(Q(data["cone"]["shear"][0]["coefficient"]) + Q(1, 100))
    assert check(data) is not None
    data["cone"]["shear"] = []
    assert check(data) is not None


@pytest.mark.parametrize("reach", ["1e-99", "1e99"])
def test_a_reach_that_bounds_nothing_is_rejected(reach):
    assert check(changed("alternating", ("cone", "reach"), reach)) is not None


MALFORMED = [
    (("cone", "ratio"), "0", "cone.ratio must be positive"),
    (("cone", "order"), 1, "cone.order must be a whole number from 2 to 16"),
    (("cone", "order"), 17, "cone.order must be a whole number from 2 to 16"),
    (("cone", "axis"), "0", "cone.axis must be a whole number"),
    (("cone", "shear"), [{"exponents": [1], "coefficient": "1"}], "of a sum from 2 to 16"),
    (("cone", "shear"), [{"exponents": [1, 1], "coefficient": "1"}], "a list of 1 entries"),
    (("schema",), "gdcheck-certificate/2", "has others too"),
    (("cone",), None, "cone must be an object"),
]


@pytest.mark.parametrize(("path", "value", "sentence"), MALFORMED)
def test_a_malformed_cone_is_refused(path, value, sentence):
    with pytest.raises(BadCertificate) as refused:
        check(changed("fixed", path, value))
    assert sentence in str(refused.value)


def test_truncated_powers_have_no_cone():
    data = changed("fixed", ("problem", "loss"), lambda text: text + " + max(x - 100, 0)**4")
    assert "is a polynomial" in check(data)


@cache
def prepared(name):
    c = Certificate.read(proof(name))
    descent = Descent.of(c.problem)
    coordinates = Coordinates.of(descent, c.cone)
    return c.cone, descent, coordinates, Step.of(coordinates, c.cone)


SHARE = st.integers(-16, 16)


@given(st.sampled_from(["fixed", "alternating", "three variables"]), st.integers(3, 12), SHARE, SHARE, SHARE)
def test_the_bounds_of_one_step_hold_on_the_box(name, small, a, b, c):
    cone, descent, coordinates, step = prepared(name)
    unit = Q(1, 2**small)
    tau, w = unit * a / 16, [unit * x / 32 for x in (b, c)][: descent.dimension - 1]
    along, across = unit, unit
    feed, more = step.feed(along, across), step.more(across)
    assume((step.rest + more) * across + feed * along <= across < step.reach)
    graph = sum((k * product(w, e) for e, k in cone.shear.items()), Q(0))
    y = dict(zip(coordinates.order, [tau + graph, *w], strict=True))
    h = coordinates.turn([y[i] for i in range(descent.dimension)])
    h = [dict(zip(coordinates.order, h, strict=True))[i] for i in range(descent.dimension)]
    here = locate(coordinates, cone, step, h, Q(0))
    assert here.tau == tau
    denominator = 1
    for x in h:
        denominator *= x.denominator
    image, scale = descent.image([int(x * denominator) for x in h], denominator)
    after = locate(coordinates, cone, step, [Q(x, scale) for x in image], Q(0))
    size = norm_above(w)
    assert abs(after.tau - step.multiplier * tau) <= step.drift(along, across) * abs(tau) + step.noise(across) * size
    assert after.across <= ((step.rest + more) * size + feed * abs(tau)) * (1 + Q(1, 2**200))


def product(w, exponents):
    result = Q(1)
    for x, e in zip(w, exponents, strict=True):
        result *= x**e
    return result


def test_the_shear_itself_moves_with_the_dominant_component():
    # In the component of x, x is linear: all that D has is what the moved w does to phi.
    problem = read_problem(
        {
            "loss": "1/20*x**2 + 3/10*y**2 + x*y**2",
            "variables": ["x", "y"],
            "minimizer": ["0", "0"],
            "step_size": "1/2",
            "start": ["1", "1"],
        }
    )
    descent = Descent.of(problem)
    for slope in (Q(1, 2) / (Q(95, 100) - Q(49, 100)), -Q(1, 2) / (Q(95, 100) - Q(49, 100))):  # one makes P small
        cone = Cone((Q(2), Q(0)), 0, {(2,): slope}, 6, Q(4), Q(7, 10), Q(1))
        coordinates = Coordinates.of(descent, cone)
        step = Step.of(coordinates, cone)
        for tau in (Q(1, 8), -Q(1, 8)):
            w = Q(1, 8)
            x = -(tau + slope * w**2)  # the reflection turns x
            image, scale = descent.image([int(x * 2**300), int(w * 2**300)], 2**300)
            after = locate(coordinates, cone, step, [Q(k, scale) for k in image], Q(0))
            moved = abs(after.tau - step.multiplier * tau)
            assert moved <= (step.drift(Q(1, 8), w) * abs(tau) + step.noise(w) * w) * (1 + Q(1, 2**60))


def test_what_w_adds_to_tau_is_the_claims_formula():
    """Claim 16: N = (p(U) + (U/R)^(m+1) M(R))/U, with M(R) as it is written there."""
    cone, _, coordinates, _ = prepared("alternating")
    step = Step.of(coordinates, cone)
    r, rho = cone.reach, abs(step.multiplier)
    phi = sum(x * r**q for q, x in step.shear.items())
    image = step.rest * r + step.coupling * phi + sum(x * phi**j * r**q for (j, q), x in step.others.items())
    most = step.coupling * r + rho * phi + sum(x * phi**j * r**q for (j, q), x in step.first.items())
    most += sum(x * image**q for q, x in step.shear.items())
    for u in (r / 2, r / 1000, r / 2**40):
        beyond = (u / r) ** (cone.order + 1) * most
        assert step.noise(u) == (sum(x * u**q for q, x in step.leftover.items()) + beyond) / u
    # In one variable the bound of the shear is the size of its coefficients.
    assert cone.shear
    for (q,), c in cone.shear.items():
        assert abs(c) <= step.shear[q] < abs(c) * (1 + Q(1, 2**60))


BALLS = st.dictionaries(
    st.sampled_from([(0,), (1,), (2,), (3,)]), st.tuples(st.integers(-(2**70), 2**70), st.integers(0, 2**20))
)


@given(BALLS, BALLS, st.sampled_from([-1, 0, 1]), st.sampled_from([-1, 0, 1]))
def test_sums_and_products_of_balls_hold_those_of_their_ends(left, right, side, other):
    bits = 64
    a = {e[0]: m + side * r for e, (m, r) in left.items()}
    b = {e[0]: m + other * r for e, (m, r) in right.items()}
    for q, (m, r) in ((e[0], ball) for e, ball in cones._plus(left, right).items()):
        assert abs(a.get(q, 0) + b.get(q, 0) - m) <= r
    for q, (m, r) in ((e[0], ball) for e, ball in cones._times(left, right, 6, bits).items()):
        exact = sum(Q(x * b[q - i], 2**bits) for i, x in a.items() if q - i in b)
        assert abs(exact - m) <= r
