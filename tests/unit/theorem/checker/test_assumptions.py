"""Claims 1 and 2, and Claims 5 to 8, at their edges: what is just accepted, what is just rejected, in which words."""

from fractions import Fraction as Q

import pytest

from gdcheck.theorem.checker import assumptions
from gdcheck.theorem.checker.amplitude import check
from gdcheck.theorem.checker.outcome import NotChecked
from gdcheck.theorem.checker.trajectory import Remainder
from tests.builders.certificates import BOWL, CERTIFICATES, FOUR, ONE, bare, block, eigenvalue, replace, said

# Claim 1 (critical point) and Claim 5 (assumptions) -------------------------------------------------------------------


def test_a_loss_without_a_hessian_is_rejected():
    said(
        bare(BOWL + " + max(x, 0)**2", "1/10", [Q(1), Q(1)], (ONE, FOUR), "small-step"), "the Hessian at the minimizer"
    )


def test_a_minimizer_that_is_none_is_rejected():
    said(replace(CERTIFICATES["small_bowl"], ("problem", "minimizer", 0), "1/9"), "the gradient vanishes")


@pytest.mark.parametrize(
    "more",
    [
        {"regime": "unstable"},
        {"spectrum": {"lowest": ONE, "highest": FOUR}},
        {"points": [["1", "1"]]},
        {"kernel": ["0", "1"]},
        {"subspace": {"enters": 0, "basis": [], "regime": None, "spectrum": None}},
        {"blocks": [block(1, [1, 0])]},
    ],
    ids=lambda more: next(iter(more)),
)
def test_where_the_minimum_is_not_strict_nothing_else_may_be_claimed(more):
    said(CERTIFICATES["saddle"] | more, "no regime and nothing else is claimed fails")


# Claim 6 (null preimages) and Claim 7 (kernel) ------------------------------------------------------------------------


def idle(loss, eta, **given):
    """A certificate about the assumptions only: not applicable for lack of smoothness, with no other claim."""
    ends = given.pop("ends", (ONE, FOUR))
    return bare(loss, eta, [Q(1), Q(1)], ends, given.pop("regime", "small-step"), verdict="not-applicable", **given)


@pytest.mark.parametrize(
    ("loss", "kernel", "points"),
    [
        (BOWL, ["0", "3"], []),
        (BOWL + " + x**3 + max(x - 1, 0)**4 + max(-x, 0)**4", ["0", "1"], []),
        (BOWL + " + max(y, 0)**4", ["0", "1"], [["0", "-1"]]),
        (BOWL + " + max(x + y - 1, 0)**4", ["0", "1"], []),
        (BOWL + " + max(y, 0)**4 + max(-x - y, 0)**5", ["0", "1"], [["3", "-1"], ["1/2", "-1/3"]]),
    ],
)
def test_a_map_that_is_constant_along_a_vector_near_some_points(loss, kernel, points):
    assert check(idle(loss, "1/4", fails=["null-preimages"], kernel=kernel, points=points)) is None


@pytest.mark.parametrize(
    ("loss", "kernel", "points"),
    [
        (BOWL, ["0", "0"], []),
        (BOWL, ["1", "0"], []),
        (BOWL, ["1", "1"], []),
        (BOWL + " + y**3", ["0", "1"], []),
        (BOWL + " + x*y**2", ["0", "1"], []),
        (BOWL + " + x**2*y", ["0", "1"], []),
        (BOWL + " + max(y, 0)**4", ["0", "1"], []),  # the minimizer is on the kink
        (BOWL + " + max(y, 0)**4", ["0", "1"], [["5", "0"]]),
        (BOWL + " + max(y, 0)**4", ["0", "1"], [["5", "1"]]),
        (BOWL + " + max(y, 0)**4", ["0", "1"], [["5", "-1"], ["5", "1"]]),
        (BOWL + " + max(y, 0)**4 + max(x - 1, 0)**4 + max(x + y, 0)**4", ["0", "1"], [["5", "-1"]]),
        (BOWL + " + max(x + y - 1, 0)**4", ["0", "1"], [["1", "1"]]),
    ],
)
def test_a_kernel_that_is_none_is_rejected(loss, kernel, points):
    said(
        idle(loss, "1/4", fails=["null-preimages"], kernel=kernel, points=points),
        "F is constant along the kernel near the points fails",
    )


def test_an_unstable_step_leaves_null_preimages_alone():
    for more in ({"points": [["1", "1"]]}, {"kernel": ["0", "1"]}):
        said(CERTIFICATES["unstable"] | more, "preimages are not examined when unstable fails")


@pytest.mark.parametrize(("count", "good"), [(10, True), (11, False)])
def test_ten_truncated_powers_can_be_examined(count, good):
    loss = BOWL + "".join(f" + max(x - {k}, 0)**4" for k in range(1, count + 1))
    certificate = replace(CERTIFICATES["small_bowl"], ("problem", "loss"), loss)
    if good:
        assert check(certificate) is None
    else:
        with pytest.raises(NotChecked, match="not checked: null preimages with 11 truncated powers, more than 10"):
            check(certificate)


SIXTEEN = "1/2*x**2 + 2*y**2 + max(y - 1, 0)**4"


@pytest.mark.parametrize(
    ("loss", "points", "kept"),
    [
        (SIXTEEN, [], "(1,)"),  # 4 + 12 = 1/η in the piece that is taken without truncation
        (SIXTEEN, [["0", "0"]], "(1,)"),
        (SIXTEEN, [["0", "2"]], "(1,)"),
        (SIXTEEN, [["0", "1/2"]], None),
        ("1/2*x**2 + 2*y**2 + 4*max(y - 1/2, 0)**4", [], "(1,)"),
        ("1/2*x**2 + 2*y**2 + 1/4*max(y - 2, 0)**4", [], "(1,)"),
        ("1/2*x**2 + 2*y**2 + max(x - 1, 0)**4 + max(y - 1, 0)**4", [], "(0, 1)"),
        ("1/2*x**2 + 2*y**2 + max(y - 1, 0)**4 + max(x - 1, 0)**4", [], "(1, 0)"),
        ("1/2*x**2 + 2*y**2 + max(y - 1, 0)**4 + max(x - 1, 0)**4", [["0", "1/2"]], None),
        ("1/2*x**2 + 2*y**2 + 1/2*max(y - 1, 0)**4 + 1/2*max(y - 1, 0)**4", [], "(1, 1)"),
        ("1/2*x**2 + 2*y**2 + 1/2*max(y - 1, 0)**4 + 1/2*max(y - 1, 0)**4", [["1", "3/4"]], None),
    ],
)
def test_every_piece_needs_a_point(loss, points, kept):
    certificate = CERTIFICATES["small_bowl"] | {"points": points, "verdict": "proved"}
    certificate["problem"] = certificate["problem"] | {"loss": loss, "step_size": "1/16"}
    found = check(certificate)
    sentence = "the determinant of F' is somewhere not zero fails for truncated powers"
    if kept is None:
        assert not found.startswith(sentence)
    else:
        assert found == f"{sentence} {kept}"


# Claim 8 (subspace) ---------------------------------------------------------------------------------------------------


def lasting(loss=BOWL, start=("0", "1/10"), eta="1/10", **subspace):
    """A start on the y-axis, of which no limit is claimed."""
    space = {"enters": 0, "basis": [["0", "1"]], "regime": None, "spectrum": None} | subspace
    return bare(loss, eta, [Q(x) for x in start], (ONE, FOUR), "small-step", verdict="exceptional", subspace=space)


def test_sixteen_exact_steps_are_made():
    assert check(lasting(enters=16)) is None
    with pytest.raises(NotChecked, match="the exact iterate of step 17 has too many digits"):
        check(lasting(enters=17))


@pytest.mark.parametrize(("start", "good"), [("1023", True), ("1024", False), ("1/1023", True), ("1/1024", False)])
def test_exact_iterates_may_have_as_many_digits_as_the_limit(monkeypatch, start, good):
    monkeypatch.setattr(assumptions, "MOST_TERMS", 10)
    certificate = lasting(start=("0", start), enters=1)
    if good:
        assert check(certificate) is None
    else:
        with pytest.raises(NotChecked, match="the exact iterate of step 1 has too many digits"):
            check(certificate)


@pytest.mark.parametrize(
    ("loss", "basis"),
    [
        (BOWL + " + max(y - 1/20, 0)**4", [["0", "1"]]),
        (BOWL + " + max(x - 1, 0)**4", [["0", "1"]]),
        (BOWL + " + max(x, 0)**4", [["0", "1"]]),
        (BOWL + " + max(3*x + 4*y - 11/20, 0)**4", [["0", "7"]]),
        (BOWL + " + x**2*y", [["0", "1"]]),
        (BOWL + " + y**3", [["0", "1"]]),
    ],
)
def test_the_axis_is_invariant(loss, basis):
    assert check(lasting(loss, basis=basis)) is None


SPACE_FAILS = (
    "F maps the subspace into itself fails",
    "a limit shows on which sides of the kinks the trajectory stays fails: none is claimed",
    "the iterate that enters is on the minimizer's side fails",
)
"""Of these the last two are about a kink that harms the space on one of its sides only (Claim 17)."""


@pytest.mark.parametrize(
    "loss",
    [
        BOWL + " + x*y**2",
        BOWL + " + max(x + y, 0)**4",
        BOWL + " + max(x - y, 0)**4",
        BOWL + " + max(3*x + 4*y - 9/20, 0)**4",  # the start is above the kink
        BOWL + " + max(3*x - 4*y - 9/20, 0)**4",  # on its ball, it is not
        BOWL + " + 400*y**3 + max(3*x + 4*y - 11/20, 0)**4",  # the ball may grow
        BOWL + " + 10*y**3 + max(3*x + 4*y - 11/20, 0)**4",
    ],
)
def test_what_is_not_invariant_is_rejected(loss):
    found = check(lasting(loss))
    assert found is not None and found.startswith(SPACE_FAILS), found


@pytest.mark.parametrize(("push", "good"), [(Q(99, 1000), True), (Q(1, 10), False)])
def test_the_ball_is_calm_if_it_shrinks(monkeypatch, push, good):
    monkeypatch.setattr(Remainder, "push", lambda c, r: push)
    certificate = lasting(BOWL + " + max(3*x + 4*y - 11/20, 0)**4")
    if good:
        assert check(certificate) is None
    else:
        said(certificate, SPACE_FAILS[1])


def test_a_subspace_with_a_limit_needs_its_spectrum():
    axis = CERTIFICATES["axis"]
    for gone in ({"regime": None}, {"spectrum": None}, {"regime": None, "spectrum": None}):
        said(axis | {"subspace": axis["subspace"] | gone}, "a spectrum and a regime are stated fails")
    for more in ({"regime": "small-step"}, {"spectrum": axis["subspace"]["spectrum"]}):
        said(lasting(**more), "a spectrum and a regime are stated fails")


@pytest.mark.parametrize("eta", ["1/10", "21/50"])
def test_what_dominates_must_be_missing(eta):
    """On the y-axis that is 1 in the small regime, and 4 is not missing in the large one."""
    regime = "small-step" if eta == "1/10" else "large-step"
    for axis, lacks in ((0, 4), (1, 1)):
        basis = [[str(int(i == axis)) for i in range(2)]]
        start = ["1/10" if i == axis else "0" for i in range(2)]
        certificate = lasting(start=start, eta=eta, basis=basis) | {"regime": regime}
        if lacks == (1 if regime == "small-step" else 4):
            assert check(certificate) is None
        else:
            said(certificate, "the dominant eigenvalue is absent fails")


# Claim 2 (smoothness) ------------------------------------------------------------------------------------------------


def test_a_truncated_power_without_a_coefficient_is_none():
    certificate = CERTIFICATES["small_bowl"]
    for factor, sentence in (("0*", "the failing assumptions are ['smoothness'] fails: []"), ("", "")):
        loss = f"{BOWL} + {factor}max(x - 1, 0)**3"
        changed = replace(certificate, ("problem", "loss"), loss) | {
            "fails": ["smoothness"],
            "verdict": "not-applicable",
        }
        if sentence:
            said(changed, sentence)
        else:
            assert check(changed) is None


JOINED = [
    "max(x, 0)**3 - max(-x, 0)**3",
    "max(x - 1, 0)**2 - max(x - 1, 0)**2",
    "max(x, 0)**3 - max(x, 0)**3",
    "8*max(1/2*x - y, 0)**3 - max(-x + 2*y, 0)**3",
    "max(x - 3, 0)**2 + max(3 - x, 0)**2 - x**2 + 6*x",
    "4*max(x, 0)**2 - max(2*x, 0)**2",
]


@pytest.mark.parametrize("more", JOINED)
def test_a_polynomial_is_smooth_however_it_is_written(more):
    """Also where a single square would leave no Hessian at the minimizer."""
    rough = bare(f"{BOWL} + {more}", "1/10", [Q(1), Q(1)], (ONE, FOUR), "small-step", verdict="not-applicable")
    said(rough | {"fails": ["smoothness"]}, "the failing assumptions are ['smoothness'] fails: []")


def test_a_loss_of_squares_that_make_a_polynomial_is_proved():
    """x²/2 is the sum of its sides."""
    certificate = replace(
        CERTIFICATES["small_bowl"], ("problem", "loss"), "2*y**2 + 1/2*max(x, 0)**2 + 2*max(-1/2*x, 0)**2"
    )
    assert check(certificate) is None


@pytest.mark.parametrize("more", ["max(x - 1, 0)**3 + max(1 - x, 0)**3", "max(x - 1, 0)**2 - max(x - 2, 0)**2"])
def test_a_kink_that_is_left_is_rough(more):
    loss = f"{BOWL} + {more} + 3*x" if "1 - x" in more else f"{BOWL} + {more}"
    ends = (eigenvalue(7), FOUR)[::-1] if "1 - x" in more else (ONE, FOUR)
    regime = {"verdict": "not-applicable", "fails": ["smoothness"]}
    assert check(bare(loss, "1/10", [Q(1), Q(1)], ends, "small-step", **regime)) is None


@pytest.mark.parametrize(
    ("term", "good"), [("y**2*z", False), ("x*y**2", False), ("x**2*z**2", True), ("y*z**2", True)]
)
def test_a_line_in_space_may_be_left_in_every_direction(term, good):
    """On the y-axis; x² z² and y z² are zero along it, with their gradients."""
    space = {"enters": 0, "basis": [["0", "1", "0"]], "regime": None, "spectrum": None}
    loss = f"1/2*x**2 + 2*y**2 + 3*z**2 + {term}"
    start, ends = [Q(0), Q(1, 10), Q(0)], (ONE, eigenvalue(6))
    certificate = bare(loss, "1/10", start, ends, "small-step", verdict="exceptional", subspace=space)
    if good:
        assert check(certificate) is None
    else:
        said(certificate, "F maps the subspace into itself fails")
