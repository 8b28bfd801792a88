"""Certificates for every start: accepted as they are written, rejected when anything that is claimed is altered."""

import copy
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp, mpf

from gdcheck.theorem.certificate.kinds.every_start import every_start_certificate
from gdcheck.theorem.certificate.rechecking import BadCertificate, check
from gdcheck.theorem.decision.every_start import decide_every_start
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import EveryStartProblem
from gdcheck.theorem.loss.rational import to_fmpq

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
FREE = {
    ("exceptional", "vector"): "a hint: what is proved with it, the normal, is held against the true eigenvector below",
    ("points",): "evidence: any points with a non-zero determinant prove the same of preimages",
    ("kernel",): "evidence: F is constant along every multiple of the vector, and along others in its space",
}
"""Fields that claim nothing by themselves. Whatever else is accepted after an alteration must be a true statement."""


def is_true(certificate, before):
    """Hold a certificate against its problem: decided anew, and its eigenvectors computed with 60 digits.

    Args:
        certificate: One that the checker accepts.
        before: The certificate before a field was altered, which states the largest ball and the least slope found.
    """
    problem = EveryStartProblem.from_json(certificate["problem"])
    again = decide_every_start(problem)
    stated = (certificate["verdict"], certificate["regime"], sorted(certificate["fails"]), certificate["limit"])
    regime = again.classification.regime
    limit = None if again.prediction is None else again.prediction.kind.value
    fails = sorted(a.value for a in again.fails)
    if stated != (again.verdict.value, None if regime is None else regime.value, fails, limit):
        return False
    with mp.workdps(60):
        matrix = mp.matrix([[number(x) for x in row] for row in Expansion.of(problem).hessian.tolist()])
        values, vectors = mp.eigsy(matrix)
        spectrum = [values[i] for i in range(len(values))]
        if certificate["spectrum"] is not None and not all(
            end_is_true(certificate["spectrum"][name], edge, spectrum)
            for name, edge in (("lowest", min(spectrum)), ("highest", max(spectrum)))
        ):
            return False
        exceptional = certificate["exceptional"]
        if exceptional is None:
            return again.exceptional is None
        index = spectrum.index(min(spectrum) if limit == "fixed" else max(spectrum))
        end = certificate["spectrum"]["lowest" if limit == "fixed" else "highest"]
        low, high = (number(x) for x in end["interval"])
        gap, v = number(exceptional["gap"]), [vectors[i, index] for i in range(len(spectrum))]
        apart = all(not low - gap < x < high + gap for i, x in enumerate(spectrum) if i != index)
        box = [[number(x) for x in interval] for interval in exceptional["normal"]]
        inside = any(all(a <= s * y <= b for y, (a, b) in zip(v, box, strict=True)) for s in (1, -1))
        narrow = all(b - a <= mpf(10) ** -9 for a, b in box)
        known = before["exceptional"]
        if (exceptional["radius"] is None) != (again.exceptional.radius is None):
            return False
        if certificate["problem"] != before["problem"]:
            known = every_start_certificate(again)["exceptional"]
        # The slope's bound grows with the radius: a smaller ball and a larger slope say less.
        smaller = known["radius"] is None or 0 < number(exceptional["radius"]) <= number(known["radius"])
        enough = number(exceptional["slope"]) >= number(known["slope"]) * (1 - mpf(10) ** -8) - mpf(10) ** -29
        return gap > 0 and apart and inside and narrow and smaller and enough


def end_is_true(end, edge, spectrum):
    low, high = (number(x) for x in end["interval"])
    tiny = mpf(10) ** -50
    near = [x for x in spectrum if abs(x - edge) < tiny]
    return low - tiny <= edge <= high + tiny and end["multiplicity"] == len(near)


def number(value):
    q = to_fmpq(value, "number") if isinstance(value, str) else value
    return mpf(int(q.p)) / int(q.q)


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_oracle_agrees(name):
    assert is_true(CERTIFICATES[name], CERTIFICATES[name])


@given(
    st.sampled_from(ALL),
    st.sampled_from(["0", "-1", "7/3", "1/1000", "x", "fixed", "alternating", "proved", "not-applicable"])
    | st.none()
    | st.integers(-1, 3)
    | st.lists(st.sampled_from(["0", "1"]), max_size=3),
)
def test_whatever_is_accepted_is_true(place, value):
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
    if failure is not None or same or any(path[: len(head)] == head for head in FREE):
        return
    assert is_true(altered, CERTIFICATES[name]), f"{path} = {value!r} was accepted"


@pytest.mark.parametrize("name", sorted(PROVED - {"quadratic", "touched by a kink"}))
@pytest.mark.parametrize(
    ("field", "value"), [("step_size", "1/7"), ("minimizer", ["0", "1/3"]), ("loss", "x**2 + 5*y**2 + y**3 + x*y")]
)
def test_another_problem_is_rejected(name, field, value):
    """The slope binds a certificate to its problem."""
    altered = copy.deepcopy(CERTIFICATES[name])
    altered["problem"][field] = value
    assert check(altered) is not None


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("slope", "1/2", "slope"),
        ("slope", "2", "slope"),
        ("slope", "0", "slope"),
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


@pytest.mark.parametrize(("more", "good"), [(0, True), (99, True), (101, False), (-1, False)])
def test_a_slope_agrees_to_nine_digits(more, good):
    """The slope is known to 10⁻²⁰, and a larger one is accepted up to 10⁻⁹ of it."""
    stated = copy.deepcopy(CERTIFICATES["small"])
    slope = Fraction(stated["exceptional"]["slope"])
    low, high = slope * (1 - Fraction(1, 10**9)), slope
    for _ in range(60):  # the least slope that is accepted
        middle = (low + high) / 2
        stated["exceptional"]["slope"] = str(middle)
        low, high = (low, middle) if check(stated) is None else (middle, high)
    stated["exceptional"]["slope"] = str(high * (1 + Fraction(more, 10**11)))
    assert (check(stated) is None) == good
