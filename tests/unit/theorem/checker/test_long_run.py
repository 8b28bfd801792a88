"""Long-run certificates: accepted as they are made, rejected when anything is altered."""

import copy
from fractions import Fraction as Q

import pytest

from gdcheck.theorem.certificate.kinds.long_run import long_run_certificate
from gdcheck.theorem.certificate.rechecking import check
from gdcheck.theorem.checker.kinds.linear import Linear, linear_iterate
from gdcheck.theorem.checker.outcome import BadCertificate, NotChecked
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.long_run import fixed_point
from gdcheck.theorem.long_run.find import long_run
from gdcheck.theorem.long_run.how_long import first_within, iterate_at
from gdcheck.theorem.loss.rational import to_fmpq

WORKED = "x**2 + y**2/2 + x**2*y + x**3"


def made(loss, eta, start, minimizer=None, question=None):
    problem = Problem(loss, step_size=eta, start=start, minimizer=minimizer)
    claim = question(problem) if question else long_run(problem).claim
    return long_run_certificate(problem, claim)


def later(problem):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fixed_point, "_WALKED", 1000)
        patch.setattr(fixed_point, "_LONG_WALK", 1000)
        return first_within(problem, "distance", to_fmpq("1e-6", "bound")).claim


CERTIFICATES = {
    "reached": lambda: made("3*x**2 + 3*y**2 + 2*x*y", "1/8", ["6", "6"]),
    "periodic": lambda: made("(w - 3)**2", "1", ["0"], ["3"]),
    "linear divergence": lambda: made("x**2 + 10*y**2 + x*y", "11/100", ["1", "1"]),
    "saddle": lambda: made("x**2 - y**2", "1/10", ["1", "1/1000"]),
    "linear limit": lambda: made("x**2 + 10*y**2", "1/20", ["1", "1/3"]),
    "linear cycle": lambda: made("x**2 + 10*y**2", "1/10", ["1", "1"]),
    "line of minimizers": lambda: made("(x + y)**2", "1/10", ["1", "0"]),
    "attracting point": lambda: made("x**4 - 3*x**2 + 2", "1/10", ["-5/2"]),
    "attracting cycle": lambda: made("x**4/4 - x**2/2", "6/5", ["3/10"], ["1"]),
    "past an unstable point": lambda: made("x**4/4 - x**2/2", "101/100", ["1.000000000001"], ["1"]),
    "growth": lambda: made("(x - 1)**2 + 100*(y - x**2)**2", "1/100", ["3", "0"], ["1", "1"]),
    "iterate": lambda: made(WORKED, "1/2", ["1/10", "1/10"], question=lambda p: iterate_at(p, 30).claims[0]),
    "late iterate": lambda: made(
        "x**2 + x*y + y**2", "1/30000", ["1", "2"], question=lambda p: iterate_at(p, 20000).claims[0]
    ),
    "within": lambda: made(
        WORKED, "1/2", ["1/10", "1/10"], question=lambda p: first_within(p, "distance", to_fmpq("1e-3", "bound")).claim
    ),
    "later": lambda: made(WORKED, "1/5000", ["1/50", "1/50"], question=later),
    "loss within": lambda: made(
        WORKED, "1/2", ["1/10", "1/10"], question=lambda p: first_within(p, "loss", to_fmpq("1e-5", "bound")).claim
    ),
    "quadratic within": lambda: made(
        "x**2 + x*y + y**2", "1/90", ["1", "2"], question=lambda p: first_within(p, "loss", to_fmpq("1e-5", "b")).claim
    ),
}
_cache = {}


def certificate(name):
    if name not in _cache:
        _cache[name] = CERTIFICATES[name]()
    assert _cache[name] is not None, f"{name}: no certificate was accepted"
    return copy.deepcopy(_cache[name])


@pytest.mark.parametrize("name", CERTIFICATES)
def test_it_is_accepted(name):
    assert check(certificate(name)) is None


TAMPERED = [
    ("reached", "step", 0),
    ("reached", "points", [["1", "0"]]),
    ("periodic", "points", [["0"]]),
    ("periodic", "points", [["0"], ["6"], ["0"], ["6"]]),
    ("periodic", "points", [["6"], ["0"]]),
    ("periodic", "points", []),
    ("linear divergence", "eigenvalue", ["1", "3"]),
    ("linear divergence", "eigenvalue", ["0", "30"]),
    ("linear divergence", "eigenvalue", ["21", "30"]),
    ("saddle", "eigenvalue", ["2", "2"]),
    ("saddle", "eigenvalue", ["-3", "-5/2"]),
    ("linear limit", "points", [["0", "1/10"]]),
    ("linear cycle", "points", [["0", "-1"], ["0", "1"]]),
    ("linear cycle", "points", [["0", "0"]]),
    ("line of minimizers", "points", [["0", "0"]]),
    ("attracting point", "step", 0),
    ("attracting point", "points", [["-1"]]),
    ("attracting point", "norms", ["1/10"]),
    ("attracting point", "product", "1/10"),
    ("attracting point", "product", "999999999/1000000000"),
    ("attracting point", "radius", "1"),
    ("attracting point", "radius", "1/1000000000000000000000"),
    ("attracting cycle", "step", 0),
    ("past an unstable point", "step", 500),
    ("attracting cycle", "product", "1/2"),
    ("attracting cycle", "norms", ["1/10", "1/10"]),
    ("attracting cycle", "radius", "1/2"),
    ("growth", "reach", "1"),
    ("growth", "growth", "1"),
    ("growth", "growth", "1000000000"),
    ("growth", "coordinate", 1),
    ("growth", "spread", "1/1000"),
    ("growth", "step", 0),
    ("iterate", "step", 31),
    ("iterate", "box", [["0", "1"], ["1/1000", "1"]]),
    ("iterate", "box", [["1", "0"], ["1", "0"]]),
    ("late iterate", "step", 20001),
    ("within", "step", 1),
    ("within", "bound", "1/2000"),
    ("within", "bound", "1/2"),
    ("within", "norm", "1/10"),
    ("within", "norm", "1"),
    ("within", "until", None),
    ("later", "step", 10000),
    ("later", "step", 1),
    ("later", "walked", 0),
    ("later", "bound", "1/1000000000"),
    ("later", "norm", "1/2"),
    ("later", "norm", "1"),
    ("loss within", "bound", "1/1000000"),
    ("loss within", "measure", "distance"),
    ("quadratic within", "norm", "2"),
    ("quadratic within", "norm", "1/2"),
    ("quadratic within", "step", 0),
    ("quadratic within", "measure", "distance"),
]


@pytest.mark.parametrize(("name", "field", "value"), TAMPERED)
def test_what_is_altered_is_rejected(name, field, value):
    altered = certificate(name)
    assert altered["claim"][field] != value
    altered["claim"][field] = value
    assert check(altered) is not None


@pytest.mark.parametrize("name", CERTIFICATES)
def test_one_step_more_or_less_of_the_bound_is_rejected(name):
    for change in (-1, 1):
        altered = certificate(name)
        if "within" not in name:
            return
        altered["claim"]["step"] += change
        assert check(altered) is not None


@pytest.mark.parametrize(
    "name", sorted(set(CERTIFICATES) - {"saddle", "linear divergence", "linear limit", "growth", "attracting point"})
)
def test_another_start_is_rejected(name):
    altered = certificate(name)
    start = altered["problem"]["start"]
    altered["problem"]["start"] = [str(Q(a) + Q(7 * i + 7, 3)) for i, a in enumerate(start)]
    assert check(altered) is not None


@pytest.mark.parametrize(
    "name", sorted(set(CERTIFICATES) - {"saddle", "linear limit", "line of minimizers", "growth", "later"})
)
def test_another_step_size_is_rejected(name):
    altered = certificate(name)
    altered["problem"]["step_size"] = "1/1000"
    assert check(altered) is not None


@pytest.mark.parametrize("name", ["linear limit", "saddle", "linear cycle", "within", "quadratic within", "later"])
def test_a_minimizer_that_is_not_critical_is_rejected(name):
    altered = certificate(name)
    altered["problem"]["minimizer"][0] = "1/7"
    assert check(altered) is not None


@pytest.mark.parametrize("name", sorted(set(CERTIFICATES) - {"reached", "periodic"}))
def test_a_loss_with_truncated_powers_is_rejected(name):
    altered = certificate(name)
    variable = altered["problem"]["variables"][0]
    altered["problem"]["loss"] += f" + max({variable}, 0)**4"
    assert check(altered) is not None


def test_a_lost_iterate_proves_nothing_however_large_the_box():
    altered = certificate("iterate")
    altered["problem"] |= {"start": ["-9", "9"], "step_size": "5"}
    altered["claim"]["box"] = [["-1e9999", "1e9999"]] * 2
    assert "enclosed" in check(altered)


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("reached", "step", -1),
        ("reached", "points", [["1"]]),
        ("saddle", "eigenvalue", ["1"]),
        ("attracting cycle", "norms", ["1"]),
        ("growth", "coordinate", 7),
        ("iterate", "box", [["0", "1"]]),
        ("late iterate", "step", 10**13),
        ("within", "measure", "speed"),
        ("within", "kind", "fate"),
        ("within", "kind", None),
    ],
)
def test_what_is_malformed_is_named(name, field, value):
    altered = certificate(name)
    altered["claim"][field] = value
    with pytest.raises(BadCertificate, match=field):
        check(altered)


@pytest.mark.parametrize("change", [{"schema": "gdcheck-long-run/9"}, {"claim": 3}, {"problem": None}])
def test_a_malformed_certificate_is_refused(change):
    with pytest.raises(BadCertificate):
        check(certificate("within") | change)


def test_the_time_limit_holds():
    with pytest.raises(NotChecked):
        check(certificate("late iterate"), 0)


@pytest.mark.parametrize("size", [1, 10**6, 10**12])
@pytest.mark.parametrize("step", [1, 2, 5, 64, 1001])
def test_a_late_iterate_lies_in_its_ball(size, step):
    """Squared matrices of 512 bits, held against the exact iterates of a rotated quadratic form."""
    matrix = [[Q(2), Q(1, 3)], [Q(1, 3), Q(1, 7)]]
    start, eta = (Q(size), Q(-size, 3)), Q(1, 5)
    centre, radius = linear_iterate(Linear(matrix, start, []), eta, step)
    h = start
    for _ in range(step):
        h = tuple(x - eta * sum(a * b for a, b in zip(row, h, strict=True)) for x, row in zip(h, matrix, strict=True))
    assert sum((a - b) ** 2 for a, b in zip(centre, h, strict=True)) <= radius**2
    assert radius < size * Q(1, 2**480)
