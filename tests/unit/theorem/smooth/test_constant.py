"""The sharpness that is constant because the loss is quadratic in some variables of their own."""

import json

import pytest
from flint import arb, ctx

from gdcheck.theorem.certificate.rechecking import check
from gdcheck.theorem.certificate.smooth.sharpness import smooth_sharpness_certificate
from gdcheck.theorem.checker.smooth.expression import read_expression
from gdcheck.theorem.checker.smooth.kinds import blocks
from gdcheck.theorem.decision.smooth import SmoothProblem, decide_smooth
from gdcheck.theorem.sharpness.pattern import Kind
from gdcheck.theorem.sharpness.smooth.constant import varying
from gdcheck.theorem.sharpness.smooth.sharpness import smooth_sharpness
from gdcheck.theorem.smooth.evaluate import hessian
from gdcheck.theorem.smooth.reading import read_smooth

NAMES = ("x", "y", "z")


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("exp(x) - x + 2*y**2 + z**2", [0]),
        ("exp(x) - x + 2*y**2 + y*z + z**2", [0]),
        ("exp(x) - x + (x - y)**2 + z**2", [0, 1]),
        ("exp(x) + x*y + y*z + z**2", [0, 1, 2]),
        ("x**2 + y**2 + y + z**2 - x*z", []),
        ("x**3 + y**2*z + y**2 + z**2", [0, 1, 2]),
        ("x**4 + (y**2 + z**2)/2 + sqrt(3)*y**2", [0]),
        ("(x**2 + y**2)**2/8 + z**2", [0, 1]),
        ("x**2 + y**2 + z**2 + 1/(1 + x**2)", [0]),
        ("(x + y)**(3/2) + z**2", [0, 1]),
        ("2*(exp(x) + y**2) + z**2*exp(0)", [0]),
        ("exp(x + y)", [0, 1]),
    ],
)
def test_both_know_which_variables_are_not_in_a_quadratic_part(text, places):
    assert varying(read_smooth(text, NAMES)) == places
    assert blocks.varying(read_expression(text, NAMES, {})) == places
    with ctx.workprec(100):
        here, there = (hessian(read_smooth(text, NAMES), [arb(q) for q in point]) for point in ((1, 2, 3), (4, 1, 2)))
    for i in set(range(3)) - set(places):
        assert all(here[i, j].overlaps(there[i, j]) for j in range(3)), "a part that is constant indeed"
        assert all(here[i, j].contains(0) for j in places), "and of its own"


CASES = {
    "from the start": ("exp(x) - x + 2*y**2", "3/10", ["1/2", "1"], 0),
    "later": ("exp(x) - x + 2*y**2", "3/10", ["2", "1"], 1),
    "coupled": ("exp(x) - x + 2*y**2 + y*z + z**2", "2/5", ["2.2", "1", "1"], 1),
    "at the boundary": ("exp(x) - x + 2*y**2", "2/5", ["1/2", "1"], 0),
}


def found(loss, eta, start):
    decision = decide_smooth(SmoothProblem.of(loss, step_size=eta, start=start))
    return decision, smooth_sharpness(decision)


@pytest.mark.parametrize("name", CASES)
def test_a_constant_sharpness_is_proved_and_certified(name):
    loss, eta, start, step = CASES[name]
    decision, sharpness = found(loss, eta, start)
    assert (sharpness.pattern.kind, sharpness.from_step) == (Kind.CONSTANT, step)
    assert all(x.overlaps(sharpness.limit) for x in sharpness.first[step:])
    certificate = json.loads(json.dumps(smooth_sharpness_certificate(decision, sharpness)))
    assert certificate["pattern"] == {"kind": "constant", "from_step": step}
    assert check(certificate) is None
    if step:
        assert not sharpness.first[step - 1].overlaps(sharpness.limit)
        earlier = {**certificate, "pattern": {"kind": "constant", "from_step": step - 1}}
        assert f"λ_n(x_k) is constant fails at step {step - 1}" in check(earlier)


@pytest.mark.parametrize(
    ("loss", "eta"),
    [
        ("exp(x) - x + y**2/4", "3/10"),  # The other block has the largest eigenvalue.
        ("exp(x) - x + 2*y**2 + x*y/4", "3/10"),  # There are no two blocks.
    ],
)
def test_a_sharpness_that_varies_is_not_called_constant(loss, eta):
    decision, sharpness = found(loss, eta, ["1/4", "1/2"])
    assert sharpness.pattern.kind is not Kind.CONSTANT
    certificate = smooth_sharpness_certificate(decision, sharpness)
    claimed = {**certificate, "pattern": {"kind": "constant", "from_step": 5}}
    assert "fails" in check(json.loads(json.dumps(claimed)))
