"""What a certificate states to the letter: the widths of limits, factors, and points in the space of the loss."""

from fractions import Fraction

import pytest
from flint import arb, ctx, fmpq, fmpz

from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.checker.amplitude import check
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.rational import to_text


def stated(loss, eta, start, minimizer=None):
    return certificate(decide(Problem(loss, step_size=eta, start=start, minimizer=minimizer)))


@pytest.mark.parametrize(("eta", "side"), [("1/10", 0), ("21/50", 0), ("2/5", 0), ("2/5", 1)])
def test_a_component_that_is_known_exactly_is_stated_to_thirty_digits(eta, side):
    """The axes are eigenvectors: a vanishing component is an interval of ±10⁻³⁰, neither a point nor wider."""
    found = stated("1/2*x**2 + 2*y**2 + 3*z**2/2", eta, ["1/10", "1/10", "1/10"])
    low, high = map(Fraction, found["limit"]["vectors"][side][2])
    tiny = Fraction(1, 10**30)
    assert -tiny * Fraction(1001, 1000) < low < -tiny and tiny < high < tiny * Fraction(1001, 1000), f"[{low}, {high}]"


def test_vectors_are_stated_where_the_loss_is():
    """On a subspace as well, a block's vectors have an entry for each variable."""
    found = stated("x**2 + x*y + 3*y**2 + z**2/2", "1/10", ["1/10", "1/9", "0"])
    assert found["subspace"]["regime"] == "small-step" and len(found["subspace"]["basis"]) == 2
    (vector,) = found["blocks"][0]["vectors"]
    assert len(vector) == 3 and vector[2] == "0", f"{vector}"


def test_a_subspace_without_a_limit_states_no_spectrum():
    found = stated("x**2/2 + 2*y**2", "1/10", ["0", "0"])
    assert (found["subspace"]["basis"], found["subspace"]["regime"], found["subspace"]["spectrum"]) == ([], None, None)


def test_points_are_given_where_the_loss_is_and_not_around_the_minimizer():
    """Off the origin, the points that show a non-zero determinant move along with the loss."""
    here = stated("x**2/2 + 2*y**2 + y**3", "1/4", ["1/10", "1/10"])
    there = stated(
        "(x - 1/3)**2/2 + 2*(y + 2)**2 + (y + 2)**3",
        "1/4",
        ["13/30", "-19/10"],
        ["1/3", "-2"],
    )
    moved = [[str(Fraction(x) + Fraction(1, 3)), str(Fraction(y) - 2)] for x, y in here["points"]]
    assert there["points"] == moved, "the points are those of the unmoved loss, moved"
    assert check(there) is None, "the verifier finds the determinant where the points say"


def test_without_a_strict_minimum_no_spectrum_is_stated():
    written = certificate(decide(Problem("x**2 - y**2", step_size="1/4", start=["1/8", "1/16"])))
    assert written["regime"] is written["spectrum"] is None


def test_a_plane_on_which_nothing_was_proved_states_no_spectrum():
    loss = "1/2*x**2 + y**2 + 3/2*z**2 + 3*y**3 + y*z**2"
    written = certificate(decide(Problem(loss, step_size="1/10", start=["0", "1/8", "1/8"]), max_steps=0))
    assert written["verdict"] == "exceptional"
    assert written["limit"]["kind"] is None
    assert written["subspace"]["basis"]
    assert written["subspace"]["regime"] is written["subspace"]["spectrum"] is None


@pytest.mark.parametrize("bits", [100, 1000, 4000])
@pytest.mark.parametrize("more", ["", " + 1/8*z**2"], ids=["in the plane", "in a subspace"])
def test_a_start_that_all_but_misses_the_direction_is_proved_and_rechecked(bits, more):
    """The component along (2 + √5, −1) is about 2⁻ᵇⁱᵗˢ: the eigenvectors are stated as precisely as that asks for."""
    with ctx.workprec(bits + 100):
        across = fmpq(((2 + arb(5).sqrt()) * arb(2) ** bits).floor().unique_fmpz(), fmpz(2) ** bits)
    start = ["1", to_text(across), *(["0"] if more else [])]
    written = stated("x**2 + x*y + 3*y**2" + more, "1/10", start)
    assert check(written) is None


def test_numbers_are_stated_no_longer_than_the_verifier_reads_them():
    """However many bits a decision took: where the amplitude is not small, 192 show what it is."""
    problem = Problem("x**2 + x*y + 3*y**2", step_size="1/10", start=["1", "2"])
    written = certificate(decide(problem, precision=16384, max_precision=16384))
    assert check(written) is None
    assert max(len(x) for block in written["blocks"] for v in block["vectors"] for x in v) < 200


@pytest.mark.parametrize("digits", [20, 30, 33, 60, 100])
@pytest.mark.parametrize("loss", ["1/2*x**2 + 1/2*y**2 + x**3 + x*y**2", "1/2*x**2 + x**3", "1/2*x**2 + 1/4*x**4"])
def test_next_to_one_over_the_eigenvalue_sigma_and_tail_keep_their_digits(digits, loss):
    """ρ = 10⁻ᵈ is the difference of two numbers near one: the digits that are stated must be those of the verifier."""
    start = ["1/100", "1/50"] if "y" in loss else ["1/100"]
    written = stated(loss, "0." + "9" * digits, start)
    assert written["limit"]["kind"] is not None and check(written) is None
