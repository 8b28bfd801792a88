"""Starts that the theorem on valleys does not speak of: proved by identities between polynomials."""

import json
from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.theorem.certificate.kinds.valley import valley_answer, valley_certificate
from gdcheck.theorem.certificate.rechecking import BadCertificate, check, require_shape
from gdcheck.theorem.decision.verdict import Verdict
from gdcheck.theorem.valleys.decide import decide_valley
from gdcheck.theorem.valleys.degenerate import degenerate
from gdcheck.theorem.valleys.problem import ValleyProblem


def problem(residuals, start, **more):
    return ValleyProblem.of(residuals, step_size="1/10", start=start, **more)


KNOWN = [
    (["x*y"], ["1", "1"], "full-rank"),
    (["x*y"], ["1", "-1"], "full-rank"),
    (["x**2 + y**2"], ["1", "2"], "full-rank"),
    (["(x*y)**2"], ["1", "2"], "full-rank"),
    (["x*y*z"], ["1", "1", "1"], "full-rank"),
    (["x*y", "x - y"], ["1", "1"], "full-rank"),
    (["(x - 1)*(y - 2)"], ["3", "4"], "full-rank"),
    (["x*y - 1"], ["1/2", "-1/2"], "common-zero"),
    (["x*y - 1"], ["0", "0"], "common-zero"),
    (["x**2 + 1", "y"], ["1/2", "1"], "common-zero"),
    (["x - 1", "x + 1"], ["1", "1"], "common-zero"),
]


def decided(residuals, start, **more):
    names = ["x", "y"] if "z" not in "".join(residuals) else None
    return decide_valley(problem(residuals, start, variables=names, **more))


def stored(residuals, start, **more):
    return json.loads(json.dumps(valley_certificate(decided(residuals, start, **more))))


@pytest.mark.parametrize(("residuals", "start", "fails"), KNOWN)
def test_what_fails_is_proved(residuals, start, fails):
    found = decided(residuals, start)
    assert found.verdict is Verdict.NOT_APPLICABLE
    answer = valley_answer(found)
    assert answer["fails"] == [fails] and answer["theorem"] == "valley" and answer["limit"]["kind"] is None
    proof = stored(residuals, start)
    require_shape(proof)
    assert check(proof) is None


def test_with_momentum_it_is_the_same():
    method = {"name": "nesterov", "momentum": "1/2"}
    proof = stored(["x*y"], ["1", "1"], method=method)
    assert proof["problem"]["method"] == method and check(proof) is None
    proof["problem"]["method"] = {"name": "adam", "beta1": "0", "beta2": "0", "epsilon": "1"}
    with pytest.raises(BadCertificate, match="method"):
        check(proof)


@pytest.mark.parametrize(
    ("residuals", "start"), [(["x*y - 1"], ["2", "1"]), (["x*y"], ["1", "2"]), (["sin(x)*y"], ["1", "1"])]
)
def test_nothing_is_claimed_of_other_starts(residuals, start):
    assert degenerate(problem(residuals, start)) is None


def test_of_dependent_residuals_no_rank_is_asked():
    assert degenerate(problem(["x*y", "2*x*y"], ["1", "1"]), dependent=True) is None
    claimed = stored(["x*y", "x - y"], ["1", "1"])
    claimed["problem"]["residuals"] = ["x*y", "2*x*y"]
    assert "J has full rank somewhere" in check(claimed)


TAMPERED = {
    "another start": lambda c: c["problem"].update(start=["1", "2"]),
    "another residual": lambda c: c["problem"].update(residuals=["x*y + x"]),
    "a zero of full rank": lambda c: c["problem"].update(residuals=["x*y - 1"]),
    "another origin": lambda c: c["space"].update(origin=["0", "1"]),
    "another direction": lambda c: c["space"].update(directions=[["1", "2"]]),
    "no direction": lambda c: c["space"].update(directions=[]),
    "a direction twice": lambda c: c["space"].update(directions=[["1", "1"], ["2", "2"]]),
    "another power": lambda c: c.update(power=2),
    "no power": lambda c: c.update(power=0, fails=["common-zero"]),
    "another multiplier": lambda c: c.update(multipliers=["3"]) or c.update(multipliers=["1"]),
    "a multiplier that is too small": lambda c: c.update(multipliers=["0"]),
    "something else fails": lambda c: c.update(fails=["common-zero"]),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_tampered_certificates_are_rejected(what):
    genuine = stored(["x*y"], ["1", "1"])
    assert check(genuine) is None
    tampered = deepcopy(genuine)
    TAMPERED[what](tampered)
    assert tampered != genuine
    assert check(tampered) is not None, what


@pytest.mark.parametrize("field", ["power", "space", "multipliers", "fails"])
def test_a_missing_field_is_named(field):
    broken = stored(["x*y"], ["1", "1"])
    del broken[field]
    with pytest.raises(BadCertificate, match=field):
        check(broken)


small = st.integers(-4, 4)


@given(st.lists(small, min_size=5, max_size=5), st.lists(small, min_size=2, max_size=2))
def test_what_is_found_is_accepted_by_the_checker(c, start):
    """Random conics: whatever identity is found, the checker verifies it."""
    text = f"({c[0]})*x**2 + ({c[1]})*x*y + ({c[2]})*y**2 + ({c[3]})*(x - y) + ({c[4]})"
    made = problem([text], [str(a) for a in start], variables=["x", "y"])
    found = degenerate(made)
    if found is None:
        return
    from gdcheck.theorem.certificate.kinds.valley import rank_certificate

    failure = check(json.loads(json.dumps(rank_certificate(made, found))))
    # A residual that is constant has full rank nowhere.
    assert failure is None or (not any(c[:4]) and found.power)


def test_the_command_line(gdcheck, tmp_path):
    proof = tmp_path / "rank.json"
    code, out, _ = gdcheck(
        "check", "--residual", "x*y", "--step-size", "0.1", "--start", "1,1", "--certificate", str(proof)
    )
    assert code == 3 and out.startswith("NOT-APPLICABLE") and "full rank" in out
    assert gdcheck("recheck", str(proof))[0] == 0
    assert gdcheck("replay", str(proof))[1].startswith("SAME: not-applicable")
