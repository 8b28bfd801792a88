"""Separable certificates: what they prove agrees with exact simulation, and nothing altered is accepted."""

import copy
from fractions import Fraction

import pytest
from flint import fmpq
from hypothesis import given, note
from hypothesis import strategies as st

from gdcheck.properties.ablation.rows import ABLATIONS
from gdcheck.properties.ablation.separable import Boxed, follow
from gdcheck.theorem.certificate.kinds.separable import separable_certificate
from gdcheck.theorem.certificate.rechecking import check
from gdcheck.theorem.checker.outcome import BadCertificate
from gdcheck.theorem.descent.problem import Problem

SMALL = (fmpq(1, 32), fmpq(1, 16))
NEGATIVE = (-fmpq(1, 16), -fmpq(1, 32))


def proposed(loss, step_size, box=(SMALL, SMALL), sides=None, variables=("x", "y")):
    start = [str((low + high) / 2) for low, high in box]
    return separable_certificate(Problem(loss, step_size=step_size, start=start, variables=variables), box, sides)


CASES = [
    # loss, step size, predicted, limit: the arithmetic is that of one multiplier a coordinate
    ("1/2*x**2 + y**2", "1/2", ("fixed", 0), ("fixed", 0, 1)),  # 1/2 against 0
    ("1/2*x**2 + y**2", "9/10", ("alternating", 1), ("alternating", 1, 1)),  # 1/10 against −8/10
    ("1/2*x**2 + y**2 + y**4", "1", ("alternating", 1), ("leaves", 1, 0)),  # y ↦ −y − 4y³
    ("1/2*x**2 + y**2 - y**4", "1", ("alternating", 1), ("alternating", 1, 1)),  # y ↦ −y + 4y³
    ("1/2*x**2 + y**2 - y**4", "11/10", ("alternating", 1), ("leaves", 1, 0)),
    ("x**2 + y**4", "1/2", ("fixed", 1), ("fixed", 1, 1)),  # y ↦ y − 2y³, slower than any power
    ("x**2 - y**4", "1/2", ("fixed", 1), ("leaves", 1, 0)),
    ("x**2 - y**2", "1/4", ("fixed", 1), ("leaves", 1, 0)),
    ("x**2", "1/4", ("fixed", 1), ("fixed", 0, 1)),  # a valley along y
    (
        "1/2*x**2 + y**2 + 2*max(y, 0)**2",
        "11/20",
        ("alternating", 1),
        ("alternating", 1, 1),
    ),  # 23/10 · 1/10 against (9/20)²
]


@pytest.mark.parametrize(("loss", "step_size", "predicted", "limit"), CASES)
def test_what_is_concluded(loss, step_size, predicted, limit):
    certificate = proposed(loss, step_size)
    assert certificate["predicted"] == dict(zip(("kind", "axis"), predicted, strict=True))
    assert certificate["limit"] == dict(zip(("kind", "axis", "sign"), limit, strict=True))
    assert certificate["verdict"] == ("holds" if predicted == limit[:2] else "refuted")
    assert check(certificate) is None


def test_a_coordinate_that_changes_its_side_once_has_the_other_sign():
    # y ↦ −y/2 above, y ↦ 3y/4 below: it ends below, whatever the side it starts on.
    loss = "1/2*x**2 + 1/8*y**2 + 5/8*max(y, 0)**2"
    for box in ((SMALL, SMALL), (SMALL, NEGATIVE)):
        certificate = proposed(loss, "1", box, sides=(1, -1))
        assert certificate["limit"] == {"kind": "fixed", "axis": 1, "sign": -1}
        assert check(certificate) is None


def test_an_interval_that_descent_maps_onto_a_point():
    # y collapses: η times its curvature is 1.
    certificate = proposed("1/2*y**2 + 1/4*x**2", "1")
    assert certificate["limit"] == {"kind": "fixed", "axis": 0, "sign": 1}
    assert check(certificate) is None


@pytest.mark.parametrize(
    ("loss", "step_size"),
    [
        ("x**2 + y**2 + x*y", "1/4"),  # not separable
        ("x**2 + y**2 + max(x + y, 0)**4", "1/4"),
        ("x**2 + y**2", "1/4"),  # no end is simple
        ("1/2*x**2 + y**2", "2/3"),  # on the boundary
    ],
)
def test_nothing_is_proposed(loss, step_size):
    assert proposed(loss, step_size) is None


def test_a_box_that_the_limit_depends_on_is_left_open():
    across = (-fmpq(1, 16), fmpq(1, 16))
    assert proposed("1/2*x**2 + y**2", "1/4", (across, SMALL)) is None
    assert proposed("1/2*x**2 + y**2", "1/4", (SMALL, across)) is not None


SEPARABLE = {a.name: a for a in ABLATIONS if a.examine is follow}


def _map(problem, x):
    gradient = problem.loss.gradient([fmpq(*v.as_integer_ratio()) for v in x])
    return [v - float(Fraction(str(problem.step_size)) * Fraction(str(g))) for v, g in zip(x, gradient, strict=True)]


@pytest.mark.parametrize("name", sorted(SEPARABLE))
def test_a_simulation_agrees(name):
    @given(SEPARABLE[name].instances, st.data())
    def agrees(instance: Boxed, data):
        certificate = separable_certificate(instance.problem, instance.box, instance.sides)
        if certificate is None:
            return
        assert check(certificate) is None
        shares = [data.draw(st.integers(0, 8)) for _ in instance.box]
        x = [
            float(Fraction(str(low + (high - low) * k / 8)))
            for (low, high), k in zip(instance.box, shares, strict=True)
        ]
        limit, axis = certificate["limit"], certificate["limit"]["axis"]
        low, high = (float(Fraction(r)) for r in certificate["radius"][axis])
        points = [x]
        for _ in range(80):
            points.append(_map(instance.problem, points[-1]))
            if limit["kind"] == "leaves" and not -low < points[-1][axis] < high:
                return
        note(f"{instance.problem.to_json()} {limit}")
        if limit["kind"] == "leaves":
            assert abs(points[80][axis]) > abs(points[0][axis])  # slow, but on its way
            return
        for k in (79, 80):
            assert points[k][axis] * limit["sign"] * (-1) ** (k * (limit["kind"] == "alternating")) > 0
        # The other coordinates fall behind, or are constant, or are zero.
        for i, (early, late) in enumerate(zip(points[40], points[80], strict=True)):
            if i != axis and early != late:
                assert abs(late / early) < abs(points[80][axis] / points[40][axis])

    agrees()


def test_whatever_is_altered_is_rejected():
    certificate = proposed("1/2*x**2 + y**2 + y**4", "1")
    assert check(certificate) is None
    for field, value in (
        ("predicted", {"kind": "fixed", "axis": 1}),
        ("limit", {"kind": "alternating", "axis": 1, "sign": 1}),
        ("limit", None),
        ("verdict", "holds"),
        ("radius", [["1", "1"], ["1", "1"]]),
        ("radius", [["1", "1"], ["1/4", "1/100"]]),
        ("box", [["1/32", "1/16"], ["1/4", "1/2"]]),
        ("sides", [1, 2]),
        ("sides", [1, True]),
        ("box", [["1/32", "1/16"]]),
        ("box", [["1/32", "x"], ["1/32", "1/16"]]),
        ("radius", "1"),
    ):
        altered = copy.deepcopy(certificate) | {field: value}
        try:
            assert check(altered) is not None, f"{field} = {value} was accepted"
        except BadCertificate as error:
            assert field in str(error)
    for field, value in (("step_size", "9/10"), ("loss", "1/2*x**2 + y**2 - y**4"), ("minimizer", ["0", "1/64"])):
        altered = copy.deepcopy(certificate)
        altered["problem"][field] = value
        assert check(altered) is not None, f"{field} = {value} was accepted"


@pytest.mark.parametrize("field", ["schema", "problem", "box", "radius", "sides", "predicted", "limit", "verdict"])
def test_a_missing_field_is_named(field):
    certificate = proposed("1/2*x**2 + y**2", "1/4")
    del certificate[field]
    with pytest.raises(BadCertificate, match="field"):
        check(certificate)
