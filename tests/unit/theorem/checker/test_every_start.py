"""Certificates for every start: accepted as they are written, rejected when anything that is claimed is altered."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.theorem.certificate.kinds.every_start import every_start_certificate
from gdcheck.theorem.certificate.rechecking import BadCertificate, check
from gdcheck.theorem.decision.every_start import decide_every_start
from gdcheck.theorem.descent.problem import EveryStartProblem

PROBLEMS = {
    "small": ("x**2 + x*y + 3*y**2 + x**3", "1/10", None),
    "large": ("x**2 + y**2/2 + x**2*y + x**3", "0.95", None),
    "truncated": ("x**2 + y**2/2 + max(x - y, 0)**4", "1/10", None),
    "touched by a kink": ("x**2 + y**2/2 + max(x - 1, 0)**4", "1/10", None),
    "quadratic": ("x**2 + y**2/2", "1/10", None),
    "rosenbrock": ("100*(y - x**2)**2 + (1 - x)**2", "1/1000", ["1", "1"]),
    "rough": ("x**2 + y**2/2 + max(x - 1, 0)**3", "1/10", None),
    "boundary": ("x**2 + y**2/2", "2/3", None),
    "unstable": ("x**2 + y**2/2", "2", None),
    "saddle": ("x**2 - y**2", "1/10", None),
    "lost": ("x**2/2 + y**2 + y**3", "1", None),
}


def found(name):
    loss, eta, minimizer = PROBLEMS[name]
    return decide_every_start(EveryStartProblem.about(loss, eta, minimizer))


CERTIFICATES = {name: every_start_certificate(found(name)) for name in PROBLEMS}
PROVED = {"small", "large", "truncated", "touched by a kink", "quadratic", "rosenbrock"}


@pytest.mark.parametrize("name", PROBLEMS)
def test_it_is_accepted(name):
    certificate = CERTIFICATES[name]
    assert certificate["verdict"] == ("proved" if name in PROVED else "not-applicable")
    assert check(certificate) is None


def places(value, path=()):
    if type(value) in (dict, list):
        for key, entry in value.items() if type(value) is dict else enumerate(value):
            yield from places(entry, (*path, key))
    yield path, value


ALL = [(name, path) for name in CERTIFICATES for path, _ in places(CERTIFICATES[name]) if path]
TRUE_ALL_THE_SAME = {
    ("exceptional", "gap"),
    ("exceptional", "vector"),
    ("exceptional", "normal"),
    ("exceptional", "radius"),
    ("spectrum", "lowest"),
    ("spectrum", "highest"),
    ("points",),
    ("kernel",),
    ("problem", "variables"),
}
"""Another evidence, or a weaker statement, may be right; so may another name of a variable."""


@given(
    st.sampled_from(ALL),
    st.sampled_from(["0", "-1", "7/3", "1/1000", "x", "fixed", "alternating", "proved", "not-applicable"])
    | st.none()
    | st.integers(-1, 3)
    | st.lists(st.sampled_from(["0", "1"]), max_size=3),
)
def test_every_field_is_looked_at(place, value):
    name, path = place
    altered = copy.deepcopy(CERTIFICATES[name])
    entry = altered
    for key in path[:-1]:
        entry = entry[key]
    same = entry[path[-1]] == value
    entry[path[-1]] = value
    try:
        failure = check(altered)
    except BadCertificate:
        return
    if failure is None and not same and path[0] != "problem":
        # Another problem may have the same proof only where nothing was proved of it.
        assert any(path[: len(head)] == head for head in TRUE_ALL_THE_SAME), f"{path} = {value!r} was accepted"
    if failure is None and not same and path[0] == "problem" and name in PROVED - {"quadratic", "touched by a kink"}:
        assert path[1] == "variables", f"{path} = {value!r} was accepted"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("slope", "1/2", "slope"),
        ("slope", "2", "slope"),
        ("radius", "1/16", "fails"),
        ("radius", "10", "sigma < 1"),
        ("radius", "-1", "radius > 0"),
        ("radius", None, "quadratic"),
        ("vector", ["1", "0"], "fails"),
        ("normal", [["0", "1"], ["-1", "1"]], "normal"),
        ("gap", "100", "gap"),
    ],
)
def test_what_is_altered_is_named(field, value, said):
    altered = copy.deepcopy(CERTIFICATES["small"])
    altered["exceptional"][field] = value
    assert said in check(altered)


def test_the_ball_is_not_much_too_small():
    """Twice the radius is not proved, and the slope is at most one."""
    for name in ("small", "large", "truncated", "rosenbrock"):
        exceptional = found(name).exceptional
        assert 0 < exceptional.slope < 1
        altered = copy.deepcopy(CERTIFICATES[name])
        altered["exceptional"]["radius"] = str(2 * exceptional.radius)
        assert "fails" in check(altered)
