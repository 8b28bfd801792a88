"""Claims 11 to 14 at their edges: what is just accepted, what is just rejected, and with which words."""

from fractions import Fraction as Q

import pytest

from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.checker import amplitude, exact, lemma
from gdcheck.theorem.checker.amplitude import check
from gdcheck.theorem.checker.exact import root_bounds
from gdcheck.theorem.checker.outcome import ClaimError
from gdcheck.theorem.checker.trajectory import Remainder, enclose
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
    said,
    text,
)


def test_a_limit_needs_a_regime_with_dominance():
    limit = {key: CERTIFICATES["small_bowl"][key] for key in ("blocks", "limit", "bounds")}
    said(CERTIFICATES["unstable"] | limit, "1 blocks prove the limit fixed fails: step 0, regime unstable")


# Claim 11 (eigenspace), Claim 12 (amplitude), Claim 13 (limit) --------------------------------------------------------


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
    monkeypatch.setattr(Remainder, "push", lambda remainder, r: push)
    said(CERTIFICATES["small_bowl"], sentence)


def test_an_amplitude_of_zero_is_no_amplitude(monkeypatch):
    monkeypatch.setattr(amplitude, "enclose", lambda expansion, step, bits: ([Q(0), Q(1, 10)], Q(0)))
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
    monkeypatch.setattr(amplitude, "enclose", lambda expansion, step, bits: (h, Q(0)))
    r = root_bounds(Q(2, 100))[1]
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
    monkeypatch.setattr(amplitude, "enclose", lambda expansion, step, bits: (h, error))
    rho, r = Q(9, 10), norm(h) + error
    push = r * root(Q(17)) / 10
    x = push / (rho * (1 - rho - push))
    tail = push * (1 + x + x * x) ** 2 * r / (rho * (1 - rho))
    skew = sum(y * y for y in vector) - 1
    tilt = 2 * t * t  # A v − v = (t, 0)
    z = [sum(a * b for a, b in zip(vector, h, strict=True)) * y for y in vector]
    off = error + (root(tilt) + skew) * r
    size = norm(z) - off
    certificate = replace(certificate, ("blocks", 0, "vectors", 0), [str(y) for y in vector])
    certificate = replace(certificate, ("blocks", 0, "amplitude"), text(size))
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
    monkeypatch.setattr(amplitude, "enclose", lambda expansion, step, bits: (h, error))
    monkeypatch.setattr(Remainder, "push", lambda remainder, r: Q(1, 10**9))
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
    for module in (exact, amplitude, lemma):
        monkeypatch.setattr(
            module, "root_bounds", lambda x: (root_bounds(x)[0] * Q(9, 10), root_bounds(x)[1] * Q(11, 10))
        )
    monkeypatch.setattr(amplitude, "enclose", lambda expansion, step, bits: ([Q(3, 10), Q(4, 10)], Q(0)))
    certificate = CERTIFICATES["small_bowl"] | {"bounds": {"radius": "11/20", "sigma": "9/10", "tail": "0"}}
    certificate = replace(certificate, ("blocks", 0, "amplitude"), "27/100")
    said(certificate, "the limit is in the narrow [1.000, 1.000] fails: it is in [0.9091, 1.111]")


# Precision ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exponent", "expected"),
    [
        (191, [256]),
        (192, [256, 512]),
        (447, [512]),
        (448, [512, 1024]),
        (9000, [16384]),
    ],
)
def test_as_many_bits_are_taken_as_the_iterate_needs(monkeypatch, exponent, expected):
    """The error is 2¹⁻ᵇ for b bits at step 0, at most 2⁻⁶⁴ of the projection; it is stated, and fewer are not tried."""
    used = []

    def recorded(expansion, step, bits):
        used.append(bits)
        return enclose(expansion, step, bits)

    monkeypatch.setattr(amplitude, "enclose", recorded)
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


def test_a_trajectory_that_is_lost_at_every_precision_proves_nothing(monkeypatch):
    """Also for a quadratic, whose tail is zero on every ball."""
    used = []

    def lost(expansion, step, bits):
        used.append(bits)
        return [Q(0), Q(0)], Q(65536)

    monkeypatch.setattr(amplitude, "enclose", lost)
    said(CERTIFICATES["small_bowl"], "amplitude > tail fails at step 0: amplitude -6.554e+4, tail 0")
    assert used == [256, 512, 1024, 2048, 4096, 8192, 16384]
    said(CERTIFICATES["small_cubic"], "sigma < 1 fails at step 20")


FAR = [
    ("x**2 + y**2/2 + max(x, 0)**4", "1/3", ["100", "1"]),
    ("x**2 + y**2/2 + max(x, 0)**5", "1/3", ["20", "1/10"]),
    ("x**2 + y**2/2 + max(x, 0)**8", "1/3", ["10", "1/10"]),
]


@pytest.mark.parametrize(("loss", "eta", "start"), FAR)
def test_a_trajectory_that_goes_far_and_returns_takes_more_bits(loss, eta, start):
    decision = decide(Problem(loss, step_size=eta, start=start))
    assert decision.verdict is Verdict.PROVED
    assert check(certificate(decision)) is None


TOUCHED = [
    ("x**2/2 + y**2 + max(y - 1/10, 0)**4", "2/5", ["-1/10", "0"]),
    ("x**2/2 + y**2 + max(3*x + 4*y - 1, 0)**4", "2/5", ["3/25", "4/25"]),
    ("x**2 + y**2/2 + max(y - 1/10, 0)**4", "1/10", ["1/10", "0"]),
]


@pytest.mark.parametrize(("loss", "eta", "start"), TOUCHED)
def test_a_kink_that_touches_the_ball_is_felt_alike_up_to_rounding(loss, eta, start):
    decision = decide(Problem(loss, step_size=eta, start=start))
    assert decision.verdict in {Verdict.PROVED, Verdict.EXCEPTIONAL}
    assert check(certificate(decision)) is None


def test_a_limit_is_divided_by_the_smaller_bound_of_its_length():
    z, miss = [Q(1), Q(1)], Q(1, 10**8)
    low, high = root_bounds(Q(2))
    assert low < high

    def box(length):
        spread = 2 * miss / (2 * length - miss)
        return [(1 / high - spread, 1 / low + spread)] * 2

    lemma.verify_directions([box(low)], 0, [(1, z)], miss, None)
    with pytest.raises(ClaimError, match="the limit is in the narrow"):
        lemma.verify_directions([box(high)], 0, [(1, z)], miss, None)
