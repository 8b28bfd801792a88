"""What the engine derives by itself about boxes and orbits, the independent checker accepts."""

from flint import fmpq
from hypothesis import event, given
from hypothesis import strategies as st

from gdcheck.theorem.certificate.kinds.orbit import orbit_certificate
from gdcheck.theorem.certificate.kinds.separable import separable_certificate
from gdcheck.theorem.certificate.rechecking import check
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.loss import Loss, TruncatedPower

QUARTERS = st.integers(-8, 8).map(lambda k: fmpq(k, 4))
STARTS = [(fmpq(a, 128), fmpq(b, 128)) for a, b in ((1, 4), (-4, -1), (0, 2), (-2, 2), (0, 0), (16, 24), (-40, -8))]


@st.composite
def separable_problems(draw):
    """A sum of lines with kinks at and off the minimizer, a box of starts, and sides."""
    names = ("x", "y", "z")[: draw(st.integers(1, 3))]
    n = len(names)
    terms = [
        (tuple(order * (i == j) for j in range(n)), draw(QUARTERS))
        for i in range(n)
        for order in draw(st.sets(st.integers(2, 4), min_size=1))
    ]
    powers = []
    for _ in range(draw(st.integers(0, 2))):
        i = draw(st.integers(0, n - 1))
        slope = draw(QUARTERS.filter(bool))
        direction = tuple(slope * (i == j) for j in range(n))
        # A threshold above zero, or at it: the minimizer stays critical.
        threshold = draw(st.sampled_from([fmpq(0), fmpq(1, 8), fmpq(1)]))
        powers.append(TruncatedPower(draw(QUARTERS.filter(bool)), direction, threshold, draw(st.integers(2, 3))))
    box = [draw(st.sampled_from(STARTS)) for _ in names]
    start = [draw(st.sampled_from(interval)) for interval in box]
    step_size = draw(st.integers(1, 24)) * fmpq(1, 8)
    sides = draw(st.lists(st.sampled_from([1, -1]), min_size=n, max_size=n))
    return Problem(Loss.build(names, terms, powers), step_size=step_size, start=start), box, sides


@given(separable_problems())
def test_separable_certificates_are_accepted(drawn):
    certificate = separable_certificate(*drawn)
    event("nothing" if certificate is None else f"{certificate['limit']['kind']}, {certificate['verdict']}")
    assert certificate is None or check(certificate) is None


@given(st.integers(201, 240), st.integers(-8, 8), st.integers(-4, 4), st.sampled_from([1, -1]))
def test_orbit_certificates_are_accepted(step, cubic, mixed, sign):
    """Beyond 2/λₙ, where y ↦ −(1 + s)y + … has an attracting orbit near the minimizer for many of these."""
    loss = f"1/4*x**2 + y**2/2 - y**4/8 + {cubic}/32*y**3 + {mixed}/32*x*y**2"
    certificate = orbit_certificate(Problem(loss, step_size=fmpq(step, 100), start=[fmpq(1, 50), fmpq(sign, 5)]))
    event("nothing" if certificate is None else "an orbit")
    assert certificate is None or check(certificate) is None


def test_both_kinds_are_found_at_all():
    """The properties above are not about nothing."""
    line = Problem("x**2/2 + max(y, 0)**2 + y**2/8", step_size="1/2", start=["1/10", "1/10"])
    assert separable_certificate(line, [(fmpq(1, 20), fmpq(1, 5))] * 2)["verdict"] == "refuted"
    line = Problem("x**2/2 + y**2", step_size="1/2", start=["1/10", "1/10"])
    assert separable_certificate(line, [(fmpq(1, 20), fmpq(1, 5))] * 2)["verdict"] == "holds"
    assert orbit_certificate(Problem("1/4*x**2 + y**2/2 - y**4/8", step_size="11/5", start=["1/50", "1/5"])) is not None


def test_a_start_outside_the_box_and_a_point_that_is_not_critical_are_refused():
    box = [(fmpq(1, 20), fmpq(1, 5))]
    assert separable_certificate(Problem("x**2", step_size="1/4", start=["1/10"]), box) is not None
    assert separable_certificate(Problem("x**2", step_size="1/4", start=["1/2"]), box) is None
    assert separable_certificate(Problem("x**2 + x", step_size="1/4", start=["1/10"]), box) is None
