"""Each claim of the checker at its edge: what is just accepted, what is just rejected, and with which words."""

import contextlib
from fractions import Fraction as Q
from types import SimpleNamespace

import pytest

from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.checker import recheck
from gdcheck.theorem.checker.recheck import check
from gdcheck.theorem.decision.decide import Verdict, decide
from gdcheck.theorem.descent.problem import Problem
from tests.builders.certificates import (
    BOWL,
    CERTIFICATES,
    FOUR,
    ONE,
    around,
    block,
    bowl,
    build,
    eigenvalue,
    norm,
    on_x,
    replace,
    root,
)

IDLE = {"blocks": [], "limit": {"kind": None, "vectors": []}, "step": 0, "bounds": None}


def bare(loss, eta, start, ends, regime, **given):
    """A certificate that claims nothing about the trajectory."""
    return build(loss, eta, start, gradient=None, ends=ends, regime=regime, **given)


def text(x):
    """A number to 400 bits."""
    return str(Q(round(x * 2**400), 2**400))


def said(certificate, sentence):
    found = check(certificate)
    assert found is not None and found.startswith(sentence), f"{found}, and not: {sentence}"


# The problem and its assumptions --------------------------------------------------------------------------------------


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


def test_a_limit_needs_a_regime_with_dominance():
    limit = {key: CERTIFICATES["small_bowl"][key] for key in ("blocks", "limit", "bounds")}
    said(CERTIFICATES["unstable"] | limit, "1 blocks prove the limit fixed fails: step 0, regime unstable")


# Spectra and regimes --------------------------------------------------------------------------------------------------


def test_what_is_said_of_a_wrong_end_counts_from_below():
    wrong = replace(CERTIFICATES["small_bowl"], ("spectrum", "highest", "interval"), ["4", "5"])
    said(wrong, "an end 1-fold in [4, 5] fails: 1 eigenvalues below, 1 inside")


@pytest.mark.parametrize(
    ("name", "regime", "numbers"),
    [
        ("large_bowl", "small-step", "1, 1, 4, 4, 2/eta 4.762"),
        ("two_cycle", "small-step", "1, 1, 4, 4, 2/eta 5"),
        ("two_cycle", "large-step", "1, 1, 4, 4, 2/eta 5"),
        ("small_bowl", "large-step", "1, 1, 4, 4, 2/eta 20"),
        ("small_bowl", "boundary", "1, 1, 4, 4, 2/eta 20"),
        ("small_bowl", "unstable", "1, 1, 4, 4, 2/eta 20"),
        ("unstable", "large-step", "1, 1, 4, 4, 2/eta 4"),
        ("rotated_two_cycle", "small-step", "1.586, 1.586, 4.414, 4.414, 2/eta 6"),
    ],
)
def test_a_wrong_regime_is_named_with_its_numbers(name, regime, numbers):
    said(CERTIFICATES[name] | {"regime": regime}, f"regime {regime} fails: ends {numbers}")


def test_the_ends_of_a_regime_are_shown_in_order():
    certificate = CERTIFICATES["rotated_two_cycle"] | {
        "spectrum": {"lowest": eigenvalue(1, 2), "highest": eigenvalue(4, 5)}
    }
    said(certificate | {"regime": "unstable"}, "regime unstable fails: ends 1, 2, 4, 5, 2/eta 6")


@pytest.mark.parametrize(
    ("off", "lowest", "highest", "good"),
    [
        (0, ("1", "2"), ("39/10", "51/10"), True),
        (0, ("1", "2"), ("4", "5"), True),
        (0, ("1", "2"), ("43/10", "51/10"), False),  # 2/η − 2 is not inside
        (0, ("1", "2"), ("39/10", "45/10"), False),  # 2/η − 1 is not inside
        (1, ("1", "2"), ("39/10", "51/10"), False),
        (-1, ("1", "2"), ("39/10", "51/10"), False),
    ],
)
def test_the_boundary_is_an_exact_equation(off, lowest, highest, good):
    """λ₁ + λₙ = 6 is 2/η, or off by 10⁻⁶⁰, under intervals that are isolating."""
    spectrum = {"lowest": eigenvalue(*lowest), "highest": eigenvalue(*highest)}
    certificate = CERTIFICATES["rotated_two_cycle"] | IDLE | {"spectrum": spectrum}
    certificate = replace(certificate, ("problem", "step_size"), str(2 / (6 + Q(off, 10**60))))
    if good:
        assert check(certificate) is None
    else:
        said(certificate, "regime boundary fails")


# Preimages of null sets -----------------------------------------------------------------------------------------------


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
    certificate = CERTIFICATES["small_bowl"]
    certificate = certificate | {"problem": certificate["problem"] | {"loss": loss}}
    found = check(certificate)
    assert found is None if good else found == "preimages with 11 truncated powers can be verified fails"


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


# Subspaces ------------------------------------------------------------------------------------------------------------


def lasting(loss=BOWL, start=("0", "1/10"), eta="1/10", **subspace):
    """A start on the y-axis, of which no limit is claimed."""
    space = {"enters": 0, "basis": [["0", "1"]], "regime": None, "spectrum": None} | subspace
    return bare(loss, eta, [Q(x) for x in start], (ONE, FOUR), "small-step", verdict="exceptional", subspace=space)


def test_sixteen_exact_steps_are_made():
    assert check(lasting(enters=16)) is None
    said(lasting(enters=17), "h_16 can be computed fails: too many digits")


@pytest.mark.parametrize(("start", "good"), [("1023", True), ("1024", False), ("1/1023", True), ("1/1024", False)])
def test_exact_iterates_may_have_as_many_digits_as_the_limit(monkeypatch, start, good):
    monkeypatch.setattr(recheck, "TERMS", 10)
    certificate = lasting(start=("0", start), enters=1)
    if good:
        assert check(certificate) is None
    else:
        said(certificate, "h_0 can be computed fails: too many digits")


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
    said(lasting(loss), "F maps the subspace into itself fails")


@pytest.mark.parametrize(("push", "good"), [(Q(99, 1000), True), (Q(1, 10), False)])
def test_the_ball_is_calm_if_it_shrinks(monkeypatch, push, good):
    monkeypatch.setattr(recheck, "_push", lambda c, r: push)
    certificate = lasting(BOWL + " + max(3*x + 4*y - 11/20, 0)**4")
    if good:
        assert check(certificate) is None
    else:
        said(certificate, "F maps the subspace into itself fails")


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


# Blocks and limits ----------------------------------------------------------------------------------------------------


def slanted(vector, **more):
    """The small bowl with another vector, in two or three variables."""
    certificate = CERTIFICATES["small_bowl"] if len(vector) == 2 else TALL
    return replace(certificate, ("blocks", 0, "vectors", 0), [str(x) for x in vector]) | more


TALL = build(
    "1/2*x**2 + 2*y**2 + 2*z**2",
    "1/10",
    [Q(1, 10)] * 3,
    gradient=None,
    ends=(ONE, eigenvalue(4, multiplicity=2)),
    regime="small-step",
    verdict="not-applicable",
    fails=["simple-highest"],
    blocks=[block(3, [1, 0, 0])],
    mu=Q(9, 10),
    projections=[on_x],
)


def test_the_tall_bowl_is_accepted():
    assert check(TALL) is None


def test_a_gap_is_positive_and_free_of_eigenvalues():
    for name, near in (("small_bowl", -1), ("rotated", 1)):
        said(replace(CERTIFICATES[name], ("blocks", 0, "gap"), "0"), f"gap 0 fails: {near} eigenvalues are near")
    said(replace(CERTIFICATES["small_bowl"], ("blocks", 0, "gap"), "4"), "gap 4 fails: 2 eigenvalues are near")
    said(replace(CERTIFICATES["small_bowl"], ("blocks", 0, "gap"), "-1"), "gap -1 fails: ")


@pytest.mark.parametrize(
    ("vector", "sentence"),
    [
        ((Q(3, 5), Q(4, 5)), "the vectors span the eigenspace fails: s^2 = 1.28"),
        ((1, Q(1, 4), Q(1, 4)), "the vectors span the eigenspace fails: s^2 = 0.25"),
        ((1, Q(1, 4), Q(1, 3)), "the vectors span the eigenspace fails: s^2 = 0.3472"),
        ((1, Q(6, 25), Q(6, 25)), "amplitude = "),  # s² = 0.2304
        ((Q(13, 10), 0), "1 orthonormal vectors fails: squared defect 0.4761"),
        ((Q(5, 4), 0), "1 orthonormal vectors fails: squared defect 0.3164"),
        ((Q(4, 5), 0), "amplitude = "),  # 0.1296
        ((0, 0), "1 orthonormal vectors fails: squared defect 1"),
    ],
)
def test_vectors_are_measured(vector, sentence):
    said(slanted(vector), sentence)


def test_a_vector_may_be_as_long_as_the_root_of_three_halves():
    """Along (1, 1/2, 1/2), with the eigenvalue 1; the others are 4."""
    v = [Q(1), Q(1, 2), Q(1, 2)]
    # 4 − 3 v vᵀ / |v|², halved: the loss of a Hessian with the eigenvalue 1 along v and 4 across.
    terms = {}
    for i, x in enumerate("xyz"):
        for j, y in enumerate("xyz"):
            key = f"{x}*{y}" if x <= y else f"{y}*{x}"
            terms[key] = terms.get(key, Q(0)) + (4 * (i == j) - 3 * v[i] * v[j] / Q(3, 2)) / 2
    loss = " + ".join(f"{k}*{key}" for key, k in terms.items()).replace("+ -", "- ")
    h = [Q(1, 10) * x for x in v]
    certificate = build(
        loss,
        "1/10",
        h,
        gradient=None,
        ends=(ONE, eigenvalue(4, multiplicity=2)),
        regime="small-step",
        verdict="not-applicable",
        fails=["simple-highest"],
        blocks=[block(3, v)],
        mu=Q(9, 10),
        projections=[list],
    )
    assert check(certificate) is None


def test_rho_lies_between_zero_and_one():
    flat = build(
        "x**2 + y**2",
        "1/2",
        [Q(1, 10), Q(1, 10)],
        gradient=None,
        ends=(eigenvalue(2, multiplicity=2),) * 2,
        regime="boundary",
        verdict="not-applicable",
        fails=["distinct-ends", "simple-lowest", "simple-highest", "off-boundary"],
    )
    pair = [block(1, [1, 0], [0, 1])] * 2
    given = {key: CERTIFICATES["two_cycle_at_once"][key] for key in ("bounds", "limit")}
    said(flat | given | {"blocks": pair}, "0 < rho < 1 fails: rho in [0, 0]")
    for low, rho in (("0", "0.8, 1"), ("-1", "0.8, 1.1"), ("-10", "0.8, 2")):
        wide = replace(CERTIFICATES["small_bowl"], ("spectrum", "lowest", "interval"), [low, "2"])
        wide = replace(wide, ("blocks", 0, "gap"), "1")
        wide = replace(wide, ("blocks", 0, "vectors", 0), ["1", "0"])
        found = check(wide)
        assert found.startswith((f"0 < rho < 1 fails: rho in [{rho}]", "the vectors span")), found


@pytest.mark.parametrize(
    ("push", "sentence"),
    [
        (Q(1, 10), "sigma < 1 fails at step 0: sigma 1"),
        (Q(9, 190), "amplitude > tail fails at step 0: "),
        (Q(10, 190), "x <= 1 fails at step 0: x 1.235"),
        (Q(1, 100), "sigma = 0.9000 fails at step 0: it is 0.91"),
    ],
)
def test_the_inequalities_at_their_edges(monkeypatch, push, sentence):
    monkeypatch.setattr(recheck, "_push", lambda c, r: push)
    said(CERTIFICATES["small_bowl"], sentence)


def test_an_amplitude_of_zero_is_no_amplitude(monkeypatch):
    monkeypatch.setattr(recheck, "_trajectory", lambda c, bits: ([Q(0), Q(1, 10)], Q(0)))
    said(CERTIFICATES["small_bowl"], "amplitude > tail fails at step 0: amplitude 0, tail 0")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (("bounds", "radius"), "radius"),
        (("bounds", "sigma"), "sigma"),
        (("bounds", "tail"), "tail"),
        (("blocks", 0, "amplitude"), "amplitude"),
    ],
)
def test_the_stated_numbers_agree_to_nine_digits(path, name):
    certificate = CERTIFICATES["small_cubic"]
    spot = certificate
    for key in path:
        spot = spot[key]
    for by, good in ((Q(99, 100), True), (Q(101, 100), False)):
        for side in (1, -1):
            changed = replace(certificate, path, str(Q(spot) * (1 + side * by / 10**9)))
            if good:
                assert check(changed) is None
            else:
                said(changed, f"{name} = ")


def test_a_number_that_is_zero_agrees_up_to_a_fraction_of_the_radius(monkeypatch):
    """Exactly r/10²⁹, for nothing else gives the digits of a zero a unit."""
    h = [Q(1, 10), Q(1, 10)]
    monkeypatch.setattr(recheck, "_trajectory", lambda c, bits: (h, Q(0)))
    r = recheck.sqrt(Q(2, 100))[1]
    for part, good in ((Q(1), True), (Q(100001, 100000), False)):
        tail = r * part / 10**29
        certificate = replace(CERTIFICATES["small_bowl"], ("bounds", "tail"), f"{tail.numerator}/{tail.denominator}")
        if good:
            assert check(certificate) is None
        else:
            said(certificate, "tail = ")


@pytest.mark.parametrize("error", [Q(1, 10**4), Q(1, 10**6)])
def test_the_enclosure_of_the_iterate_widens_every_bound(monkeypatch, error):
    """One block, with a vector that is too long by a little, a tilt, and a remainder."""
    certificate = CERTIFICATES["small_cubic"]
    h = [Q(1, 10**4), Q(-1, 100)]
    t = Q(1, 10**13)
    vector = [t, 1 + Q(1, 10**3)]
    monkeypatch.setattr(recheck, "_trajectory", lambda c, bits: (h, error))
    rho, r = Q(9, 10), norm(h) + error
    push = r * root(Q(17)) / 10
    x = push / (rho * (1 - rho - push))
    tail = push * (1 + x + x * x) ** 2 * r / (rho * (1 - rho))
    skew = sum(y * y for y in vector) - 1
    tilt = 2 * t * t  # A v − v = (t, 0)
    z = [sum(a * b for a, b in zip(vector, h, strict=True)) * y for y in vector]
    off = error + (root(tilt) + skew) * r
    amplitude = norm(z) - off
    certificate = replace(certificate, ("blocks", 0, "vectors", 0), [str(y) for y in vector])
    certificate = replace(certificate, ("blocks", 0, "amplitude"), text(amplitude))
    certificate |= {"bounds": {"radius": text(r), "sigma": text(rho + push), "tail": text(tail)}}
    for width, good in ((Q(10**6 + 1, 10**6), True), (Q(10**6 - 1, 10**6), False)):
        spread = root(2 * tilt) * width
        limit = [[text(y / norm(z) - spread), text(y / norm(z) + spread)] for y in z]
        changed = certificate | {"limit": {"kind": "fixed", "vectors": [limit]}}
        if good:
            assert check(changed) is None
        else:
            said(changed, "the limit is in the narrow [")


@pytest.mark.parametrize("slack", [Q(10**9 + 1, 10**9), Q(10**9 - 1, 10**9)])
@pytest.mark.parametrize("side", [0, 1])
def test_the_limit_of_a_repeated_eigenvalue_is_as_wide_as_its_tail(monkeypatch, slack, side):
    """The interval is ζ/|ζ| with the spread 2 m/(2 |z| − m), m the tail and the enclosure's error."""
    certificate = CERTIFICATES["repeated"]
    h, error = [Q(3, 100), Q(4, 100), Q(1, 10**9)], Q(1, 10**10)
    monkeypatch.setattr(recheck, "_trajectory", lambda c, bits: (h, error))
    monkeypatch.setattr(recheck, "_push", lambda c, r: Q(1, 10**9))
    rho, r, z = Q(9, 10), norm(h) + error, h[:2]
    push = Q(1, 10**9)
    x = push / (rho * (1 - rho - push))
    tail = push * (1 + x + x * x) ** 2 * r / (rho * (1 - rho))
    miss = tail + error
    spread = 2 * miss / (2 * norm(z) - miss)
    ends = []
    for y in (Q(3, 5), Q(4, 5), Q(0)):
        low, high = y - spread * (slack if side == 0 else 2), y + spread * (slack if side == 1 else 2)
        ends.append([text(low), text(high)])
    certificate = replace(certificate, ("blocks", 0, "amplitude"), text(norm(z) - error))
    certificate |= {"bounds": {"radius": text(r), "sigma": text(rho + push), "tail": text(tail)}}
    certificate |= {"limit": {"kind": "fixed", "vectors": [ends]}}
    assert spread < Q(1, 10**6) / 5
    if slack > 1:
        assert check(certificate) is None
    else:
        said(certificate, "the limit is in the narrow [")


@pytest.mark.parametrize(("digits", "name"), [(9, "small_cubic"), (6, "repeated")])
def test_a_limit_is_narrow(digits, name):
    certificate = CERTIFICATES[name]
    low, high = map(Q, certificate["limit"]["vectors"][0][1])
    for width, good in ((Q(999, 1000), True), (Q(1), True), (Q(1001, 1000), False)):
        ends = [str(low), str(low + width / 10**digits)]
        changed = replace(certificate, ("limit", "vectors", 0, 1), ends)
        assert Q(ends[1]) > high
        if good:
            assert check(changed) is None
        else:
            said(changed, "the limit is in the narrow [")


def test_two_limits_that_may_be_zero_are_rejected():
    """Vectors that lean towards each other, and a start that is long across their sum."""
    c, s = Q(9744, 10256), Q(3200, 10256)
    assert c * c + s * s == 1
    certificate = CERTIFICATES["two_cycle_at_once"]
    certificate = replace(certificate, ("problem", "start"), ["1/10", "-1/10"])
    for k, vector in enumerate(((c, s), (s, c))):
        certificate = replace(certificate, ("blocks", k, "vectors", 0), [str(x) for x in vector])
    r = root(Q(2)) / 10
    amplitude = (c - s) / 10 - root(2 * (3 * s) ** 2) / 3 * r
    for k in (0, 1):
        certificate = replace(certificate, ("blocks", k, "amplitude"), text(amplitude))
    certificate |= {"bounds": {"radius": around(r)[1], "sigma": "3/5", "tail": "0"}}
    said(certificate, "the limit can be told from zero fails at step 0")


def test_roots_are_rounded_to_the_safe_side(monkeypatch):
    """With roots known to a tenth: the radius above, the amplitude below, and all that the limit may be."""
    exact = recheck.sqrt
    monkeypatch.setattr(recheck, "sqrt", lambda x: (exact(x)[0] * Q(9, 10), exact(x)[1] * Q(11, 10)))
    monkeypatch.setattr(recheck, "_trajectory", lambda c, bits: ([Q(3, 10), Q(4, 10)], Q(0)))
    certificate = CERTIFICATES["small_bowl"] | {"bounds": {"radius": "11/20", "sigma": "9/10", "tail": "0"}}
    certificate = replace(certificate, ("blocks", 0, "amplitude"), "27/100")
    said(certificate, "the limit is in the narrow [1.000, 1.000] fails: it is in [0.9091, 1.111]")


# Precision and work ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exponent", "expected"),
    [
        (127, [256]),
        (128, [256, 1024]),
        (895, [256, 1024]),
        (896, [256, 1024, 4096]),
        (3967, [256, 1024, 4096]),
        (3968, [256, 1024, 4096, 16384]),
        (9000, [256, 1024, 4096, 16384]),
    ],
)
def test_as_many_bits_are_taken_as_the_iterate_needs(monkeypatch, exponent, expected):
    """The error is 2¹⁻ᵇ for b bits at step 0, and its square at most 2⁻²⁵⁶ of the square of the projection."""
    used, trajectory = [], recheck._trajectory

    def recorded(c, bits):
        used.append(bits)
        return trajectory(c, bits)

    monkeypatch.setattr(recheck, "_trajectory", recorded)
    start = Q(1, 2**exponent)
    certificate = build(
        BOWL,
        "1/10",
        [start, Q(0)],
        gradient=bowl,
        ends=(ONE, FOUR),
        regime="small-step",
    )
    certificate |= {"blocks": [block(3, [1, 0])], "limit": CERTIFICATES["small_bowl"]["limit"]}
    certificate |= {"bounds": {"radius": str(start), "sigma": "9/10", "tail": "0"}}
    certificate = replace(certificate, ("blocks", 0, "amplitude"), str(start))
    assert check(certificate) is None
    assert used == expected


def test_the_work_is_limited(monkeypatch):
    """Five terms of the gradient, 20 steps, 256 bits."""
    certificate = CERTIFICATES["small_cubic"]
    monkeypatch.setattr(recheck, "WORK", 20 * 5 * 256)
    assert check(certificate) is None
    monkeypatch.setattr(recheck, "WORK", 20 * 5 * 256 - 1)
    said(certificate, "h_k can be enclosed fails at step 20: it takes too long")


def test_numbers_are_rounded_once():
    assert recheck.show(Q(1001497, 10**6), Q(10005 * 10**40 + 1, 10**44)) == "1.001, 1.001"


def test_the_spread_of_the_multipliers_is_bounded_from_outside():
    """|1 − ηλ| for all eigenvalues, which are known by their intervals."""
    spectrum = {"lowest": eigenvalue(1, 2), "highest": eigenvalue(4, 5)}
    for eta, expected in (("1/10", Q(9, 10)), ("1/4", Q(3, 4)), ("42/100", Q(11, 10))):
        certificate = CERTIFICATES["rotated"] | {"spectrum": spectrum} | IDLE
        certificate |= {"fails": ["smoothness"], "verdict": "not-applicable"}
        certificate["problem"] = certificate["problem"] | {"step_size": eta}
        certificate["problem"]["loss"] += " + max(x + y - 1, 0)**3"
        certificate["regime"] = "large-step" if eta == "42/100" else "small-step"
        read = recheck._read(certificate)
        with contextlib.suppress(recheck.ClaimError):
            recheck._verify(read)
        assert read.linear == expected


def plain(start, **given):
    """What the enclosure of a trajectory in one variable needs to know: F = 0."""
    read = recheck._read(bare("x**2", "1/2", [Q(1)], (eigenvalue(2),) * 2, "boundary"))
    read.start, read.step, read.linear = [start], 1, Q(0)
    for key, value in given.items():
        setattr(read, key, value)
    return read


@pytest.mark.parametrize(("z", "size"), [(2**20 - 4, 20), (2**20 - 3, 21), (4 - 2**20, 20), (3 - 2**20, 21)])
def test_the_expansion_is_bounded_on_a_ball_that_holds_the_iterate_and_its_centre(monkeypatch, z, size):
    """In units of the last bit, the iterate is within |z| + 1 + 2 of the minimizer; a power of two above is taken."""
    radii = []

    def push(c, r):
        radii.append(r)
        return Q(0)

    monkeypatch.setattr(recheck, "_push", push)
    recheck._trajectory(plain(Q(z, 2**8)), 8)
    assert radii == [Q(2**size, 2**8)]


@pytest.mark.parametrize(("degree", "growth"), [(1, 12), (4, 12), (5, 14), (7, 18)])
def test_the_error_grows_as_the_map_expands(monkeypatch, degree, growth):
    """At most linear + max(4, D) r C(r), rounded up; then the image is rounded: both to units here."""
    monkeypatch.setattr(recheck, "_push", lambda c, r: Q(2))
    centre, error = recheck._trajectory(plain(Q(5), linear=Q(3), degree=degree, scale=1, terms=[[]]), 0)
    assert (centre, error) == ([5], 2 * growth + 2)


def test_iterates_may_have_as_many_bits_as_the_limit():
    """What is larger is given up, with a ball around the minimizer that holds every projection's zero."""
    assert recheck._trajectory(plain(Q(2**65527)), 8) == ([0], 65536)
    assert recheck._trajectory(plain(Q(2**65526)), 8)[0] == [0]
    assert recheck._trajectory(plain(Q(2**65526)), 8)[1] < 1


def test_a_trajectory_that_is_lost_at_every_precision_proves_nothing(monkeypatch):
    """Also for a quadratic, whose tail is zero on every ball."""
    used = []

    def lost(c, bits):
        used.append(bits)
        return c.origin, Q(65536)

    monkeypatch.setattr(recheck, "_trajectory", lost)
    said(CERTIFICATES["small_bowl"], "amplitude > tail fails at step 0: amplitude -6.554e+4, tail 0")
    assert used == [256, 1024, 4096, 16384]
    said(CERTIFICATES["small_cubic"], "sigma < 1 fails at step 20")


FAR = [
    ("x**2 + y**2/2 + max(x, 0)**4", "1/3", ["100", "1"]),
    ("x**2 + y**2/2 + max(x, 0)**5", "1/3", ["20", "1/10"]),
    ("x**2 + y**2/2 + max(x, 0)**8", "1/3", ["10", "1/10"]),
]


@pytest.mark.parametrize(("loss", "eta", "start"), FAR)
def test_a_trajectory_that_goes_far_and_returns_takes_more_bits(loss, eta, start):
    decision = decide(Problem.build(loss, eta, start))
    assert decision.verdict is Verdict.PROVED
    assert check(certificate(decision)) is None


TOUCHED = [
    ("x**2/2 + y**2 + max(y - 1/10, 0)**4", "2/5", ["-1/10", "0"]),
    ("x**2/2 + y**2 + max(3*x + 4*y - 1, 0)**4", "2/5", ["3/25", "4/25"]),
    ("x**2 + y**2/2 + max(y - 1/10, 0)**4", "1/10", ["1/10", "0"]),
]


@pytest.mark.parametrize(("loss", "eta", "start"), TOUCHED)
def test_a_kink_that_touches_the_ball_is_felt_alike_up_to_rounding(loss, eta, start):
    decision = decide(Problem.build(loss, eta, start))
    assert decision.verdict in {Verdict.PROVED, Verdict.EXCEPTIONAL}
    assert check(certificate(decision)) is None


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


@pytest.mark.parametrize(
    ("power", "offset", "r", "expected"),
    [(3, -2, 2, 0), (3, -2, 3, 9), (2, -2, 2, 0), (2, 2, 2, 0), (2, -2, 4, 1), (4, -2, 2, 0), (4, -2, 3, 36)],
)
def test_truncated_powers_are_not_felt_before_their_kink(power, offset, r, expected):
    """r T(r) for η = c = ‖ℓ‖ = 1."""
    hinge = SimpleNamespace(factor=Q(1), power=power, offset=Q(offset), length=Q(1))
    assert recheck._push(SimpleNamespace(orders=[], hinges=[hinge], eta=Q(1)), Q(r)) == expected


# What is malformed, in words ------------------------------------------------------------------------------------------


MUST = "problem.loss must be a sum as in docs/certificate.md, of degree 16 at most:"
ODD = " + " + "x*x*" * 20
SADDLE = CERTIFICATES["saddle"]
WORDS = [
    (("extra",), None, "certificate has unknown fields or lacks some: ['schema', 'problem', "),
    (("problem", "extra"), None, "problem has unknown fields or lacks some: ['loss', "),
    (("bounds", "sigma"), 5, "sigma must be text, a count, or a number such as '-3/7'"),
    (("step",), 10**6 + 1, "step must be text, a count, or a number such as '-3/7'"),
    (("problem", "minimizer", 0), "0." + "0" * 3999, "minimizer must be text, a count, or a number such as '-3/7'"),
    (("problem", "loss"), "x^2", f"{MUST} not 'x^2'"),
    (("problem", "loss"), "(x)", f"{MUST} not '(x)'"),
    (("problem", "loss"), BOWL + ODD, f"{MUST} not {ODD[:60]!r}"),
    (("problem", "loss"), "x**9*y**8", f"{MUST} not 'x**9*y**8'"),
    (("problem", "loss"), "max(x*y, 0)**4", "problem.loss must be linear in max"),
    (("schema",), "gdcheck-certificate/1", "schema must be 'gdcheck-certificate/2'"),
    (("problem", "variables"), [f"v{i}" for i in range(33)], "problem.variables must be 1 to 32 distinct names"),
    (("problem", "step_size"), "0", "problem.step_size must be positive"),
    (("problem", "step_size"), "-1", "problem.step_size must be positive"),
    (("fails",), None, "fails must be a list; regime, spectrum, subspace and bounds must be full, or null"),
    (("regime",), "", "fails must be a list; regime, spectrum, subspace and bounds must be full, or null"),
    (("kernel",), ["1"], "every vector must have 2 entries"),
    (("points",), [["1", "1"]] * 295, "every vector must have 2 entries"),
]


@pytest.mark.parametrize(("path", "value", "sentence"), WORDS)
def test_what_is_malformed_is_named(path, value, sentence):
    certificate = replace(CERTIFICATES["small_bowl"], path, value)
    if path == ("problem", "variables"):
        certificate["problem"] |= {"minimizer": ["0"] * 33, "start": ["1"] * 33, "loss": "v0**2"}
    with pytest.raises(recheck.BadCertificate) as error:
        check(certificate)
    assert str(error.value).startswith(sentence)
    assert "not of the shape" not in str(error.value)


def test_what_is_just_within_the_limits():
    small = CERTIFICATES["small_bowl"]
    assert check(replace(small, ("points",), [["1", "1"]] * 294)) is None
    assert check(replace(small, ("problem", "minimizer", 0), "0." + "0" * 3998)) is None
    assert check(replace(SADDLE, ("problem", "loss"), "x**2 - y**2 + x**16 + x**8*y**8")) is None
    many = {"variables": [f"v{i}" for i in range(32)], "minimizer": ["0"] * 32, "start": ["1"] * 32}
    assert check(SADDLE | {"problem": SADDLE["problem"] | many | {"loss": "v0**2 - v31**2"}}) is None
