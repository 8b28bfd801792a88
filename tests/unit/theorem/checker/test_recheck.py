"""The verifier accepts true certificates, and rejects every false number in them."""

import copy
import json
from decimal import Context, Decimal

import pytest

from gdcheck.theorem.checker.recheck import BadCertificate, check
from tests.builders.certificates import (
    CERTIFICATES,
    CUBIC,
    FOUR,
    HALF,
    ONE,
    TWO,
    Q,
    block,
    build,
    cubic,
    eigenvalue,
    on_x,
    replace,
    root,
)


@pytest.mark.parametrize("name", CERTIFICATES)
def test_true_certificates_are_accepted(name):
    certificate = CERTIFICATES[name]
    before = json.dumps(certificate)
    assert check(certificate) is None
    assert check(json.loads(before)) is None
    assert json.dumps(certificate) == before


def leaves(value, path=()):
    """The paths to single values, and to the intervals of limits."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in items:
        yield from leaves(entry, (*path, key))
    if not isinstance(value, dict | list) or (
        isinstance(value, list) and path[0] == "limit" and str in map(type, value)
    ):
        yield path, value


def outcome(certificate):
    try:
        message = check(certificate)
        assert message is None or " fails" in message, f"it does not say what fails: {message}"
        return message
    except BadCertificate as error:
        return f"bad: {error}"


def false_values(path, value):
    """Values which make the claim at a path false, whatever the certificate."""
    if (path[0] == "bounds" and value is not None) or path[-1] == "amplitude":
        yield from (str(Q(value) * (1 + k) + (k > 0) * Q(1, 10**20)) for k in (Q(1, 10**6), -Q(1, 10**6), 1, -2))
    elif path[0] == "limit" and isinstance(value, list):
        low, high = map(Q, value)
        by = max(abs(low) / 10**6, 3 * (high - low), Q(1, 10**40))
        for a, b in (
            (by, by),
            (-by, -by),
            (-by * 10**4, 0),
            (0, by * 10**4),
            (high - low, low - high),
            (by, 0),
            (0, -by),
        ):
            yield [
                str(Context(prec=60).divide(Decimal(y.numerator), Decimal(y.denominator))) for y in (low + a, high + b)
            ]
    elif path[:2] == ("problem", "loss"):
        yield value + " + x"
        yield value.replace("**2", "**3", 1)
        yield "3*" + value.removeprefix("1/2*") if value[:1] in "x1" else value
    elif path[0] == "problem" and path[1] in {"minimizer", "start", "step_size"}:
        yield from (str(Q(value) + Q(1, 1000)), str(Q(value) * 2 + Q(1, 3)))
    elif "interval" in path or "vectors" in path:
        yield from (str(Q(value) + Q(1, 1000)), str(Q(value) - Q(1, 1000)), str(-Q(value) + 7))
    elif path[-1] == "gap":
        yield from ("0", "-1", str(Q(value) + Q(1, 1000)))
    elif path[-1] == "multiplicity":
        yield from (value + 1, value - 1)
    elif path[-1] == "step":
        yield from (0, value // 2, value + 1)
    elif path == ("verdict",):
        yield from {"proved", "exceptional", "not-applicable"} - {value}
    elif path[-1] == "regime":
        yield from {"small-step", "large-step", "boundary", "unstable", None} - {value}
    elif path == ("kernel",):
        yield ["1", "1"]
    elif path == ("limit", "kind"):
        yield from {"fixed", "alternating", "two-cycle", None} - {value}
    elif path[0] == "fails":
        yield "smoothness" if value != "smoothness" else "simple-lowest"


IDLE = {"saddle", "unstable", "unstable_and_singular"}  # nothing is claimed about the trajectory


def still_true(name, path, value, new):
    """Changes which keep a certificate true."""
    if name in IDLE and path[0] == "problem" and path[1] in {"start", "step_size"}:
        return True  # no claim depends on it
    forgetful = name in {"no_null_preimages", "one_sided", "with_points", "rough_at_the_minimizer"}
    if forgetful and path == ("problem", "start", 1):
        return True  # gone by the time of the step
    if name in {"exceptional", "beside_a_kink", "touching", "axis"} and path[-1] == "gap":
        return Q(new) > 0  # there is one eigenvalue only
    if path[0] == "spectrum" and "interval" in path and name in {"rotated", "twice_irrational"}:
        return (Q(new) < Q(value)) == (path[-1] == 0)  # a wider interval around one irrational eigenvalue
    if "vectors" in path and value == "1" and new == "1001/1000":
        # A longer vector of the same direction.
        return forgetful or name in {"exceptional", "beside_a_kink", "touching", "axis", "active"}
    if path[0] == "limit" and value == ["0", "0"]:
        return "0" in new
    if name in IDLE and path == ("problem", "loss"):
        return "**3" in new or new[:2] == "3*"
    return False


@pytest.mark.parametrize("name", CERTIFICATES)
def test_every_false_number_is_rejected(name):
    certificate = CERTIFICATES[name]
    survivors = []
    for path, value in leaves(certificate):
        for new in false_values(path, value):
            changed = replace(certificate, path, new)
            if changed != certificate and outcome(changed) is None and not still_true(name, path, value, new):
                survivors.append((path, value, new))
    assert not survivors


def test_a_rejection_names_the_inequality_and_its_numbers():
    early = build(
        CUBIC,
        "19/20",
        [Q(1, 10), Q(1, 10)],
        gradient=cubic,
        ends=(ONE, TWO),
        regime="large-step",
        step=20,
        size=lambda r: root(Q(17)) * 19 / 20,
        blocks=[block(1, [1, 0])],
        mu=-HALF * Q(9, 5),
        projections=[on_x],
    )
    assert check(early) is not None
    assert " at step 20: " in check(early)
    assert "amplitude > tail fails" in check(early)
    for step, said in ((0, "sigma < 1 fails at step 0: sigma "), (12, "x <= 1 fails at step 12: x ")):
        sentence = check(replace(CERTIFICATES["large_cubic"], ("step",), step))
        assert sentence.startswith(said), sentence
    assert check(replace(CERTIFICATES["exact_hit"], ("problem", "start", 0), "2")).startswith(
        "h_1 and the blocks lie in"
    )
    wrong = replace(CERTIFICATES["large_cubic"], ("limit", "vectors", 0, 0), ["0.5", "0.5"])
    assert check(wrong).startswith("the limit is in the narrow [0.5, 0.5] fails: it is in [")


def change(name, **fields):
    return CERTIFICATES[name] | fields


NOTHING = {"kind": None, "vectors": []}
AXIS, NOWHERE = CERTIFICATES["exceptional"]["subspace"], CERTIFICATES["exact_hit"]["subspace"]
BOTH = {"lowest": ONE, "highest": FOUR}
EVERYTHING = {"enters": 0, "basis": [["1", "0"], ["0", "1"]], "regime": "small-step", "spectrum": BOTH}


@pytest.mark.parametrize(
    "certificate",
    [
        change("small_bowl", blocks=[]),
        change("small_bowl", blocks=[], limit=NOTHING),
        change("small_bowl", blocks=[], limit=NOTHING, bounds=None),
        change("small_bowl", bounds=None),
        change("saddle", bounds=CERTIFICATES["small_bowl"]["bounds"]),
        change("small_bowl", limit=NOTHING),
        change("small_bowl", limit={"kind": "fixed", "vectors": []}),
        change("small_bowl", limit={"kind": "fixed", "vectors": CERTIFICATES["small_bowl"]["limit"]["vectors"] * 2}),
        change("small_bowl", blocks=[block(3, [1, 0], [0, 1])]),
        change("small_bowl", subspace=EVERYTHING),
        change("small_bowl", verdict="exceptional", subspace=EVERYTHING),
        change("small_bowl", spectrum=None),
        change("small_bowl", spectrum={"lowest": ONE, "highest": ONE}),
        change("small_bowl", kernel=["0", "0"]),
        change("small_bowl", fails=["null-preimages"], kernel=["0", "0"], verdict="not-applicable"),
        change("small_bowl", fails=["off-boundary"], verdict="not-applicable"),
        change("two_cycle", fails=[]),
        change("two_cycle", blocks=CERTIFICATES["two_cycle"]["blocks"][::-1]),
        change("two_cycle", blocks=CERTIFICATES["two_cycle"]["blocks"][:1] * 2),
        change("exceptional", subspace=EVERYTHING | {"enters": 3, "basis": [["0", "2"]]}),
        change("exceptional", subspace=AXIS | {"enters": 3}),
        change("exceptional", subspace=AXIS | {"basis": [["0", "2"], ["0", "1"]]}),
        change("exceptional", subspace=AXIS | {"basis": [["0", "0"]]}),
        change("exceptional", subspace=AXIS | {"basis": [["1", "1"]]}),
        change("exceptional", subspace=AXIS | {"basis": [["2", "0"]]}),
        change("exceptional", subspace=AXIS | {"regime": "large-step"}),
        change("exceptional", subspace=AXIS | {"spectrum": None}),
        change("exceptional", subspace=AXIS | {"spectrum": {"lowest": TWO, "highest": TWO}}),
        change("exceptional", blocks=[block(1, [1, 0])]),
        change("exact_hit", subspace=NOWHERE | {"enters": 0}),
        change("exact_hit", subspace=NOWHERE | {"enters": 0, "basis": [["1", "0"]]}),
        change("exact_hit", subspace=NOWHERE | {"regime": "small-step"}),
        change("no_null_preimages", kernel=None),
        change("no_null_preimages", kernel=["1", "0"]),
        change("no_null_preimages", fails=[], verdict="proved"),
        change("with_points", points=[]),
        change("with_points", points=[["1", "0"]]),
        change("unstable", points=[["1", "0"]]),
        change("unstable", fails=["stable-step", "null-preimages"], kernel=["1", "0"]),
        change("saddle", regime="unstable"),
        change("saddle", step=1),
        change("twice_irrational", fails=["simple-lowest"]),
    ],
)
def test_false_combinations_are_rejected(certificate):
    assert " fails" in check(certificate)


def test_a_cluster_must_be_one_eigenvalue():
    """Two eigenvalues that differ by 10⁻⁹ or less are told apart, however wide the interval around them is."""
    for apart in (Q(10**9 + 1, 10**9), Q(10**60 + 1, 10**60)):
        certificate = copy.deepcopy(CERTIFICATES["twice_irrational"])
        certificate["problem"]["loss"] = f"x**2 + x*y + 2*y**2 + z**2 + {apart}*z*w + 2*w**2"
        certificate["spectrum"]["lowest"]["interval"] = ["1", "2"]
        assert check(certificate).startswith("an end 2-fold in [1, 2] fails: 0 eigenvalues below, 2 inside")


def test_an_irrational_boundary_must_be_exact():
    """λ₁ + λₙ = 6 exactly, or off by 10⁻⁶⁰ under intervals that contain both."""
    wide = {"lowest": eigenvalue(1, 2), "highest": eigenvalue(4, 5)}
    certificate = CERTIFICATES["rotated_two_cycle"]
    assert check(certificate | {"spectrum": wide}) is not None, "the vectors are not sharp for such intervals"
    idle = {"blocks": [], "limit": NOTHING, "step": 0, "bounds": None}
    assert check(certificate | idle | {"spectrum": wide}) is None
    near = replace(certificate | idle, ("problem", "step_size"), str(2 / (6 + Q(1, 10**60))))
    assert check(near | {"spectrum": wide}).startswith("regime boundary fails")


# fmt: off
MALFORMED = {
    ("schema",): ["gdcheck-certificate/1", None],
    ("step",): [True, -1, 10**8, 1.0, "1"],
    ("verdict",): [1],
    ("regime",): [{}, ""],
    ("fails",): [["smoothness", {}], None, ""],
    ("problem", "loss"): ["1/2*x**2 + 2*y*y*", "x^2", "x**2+y**2", " x**2", "x**2 ", "x**2 + ", "+x**2",
        "x**17", "x**9*y**8", "a**2", "x**02", "__import__('os')", "max(x, 0)", "max(x, 0)**1", "max(1, 0)**2",
        "max(x*y, 0)**2", "x*max(x, 0)**2", "max(max(x, 0)**2, 0)**2", "max(x,0)**2", "", "max(0, 0)**2", "x**2*3",
        "2*3*x", "x**2 - -y", "x**2\n", "9" * 5000, "x**²", "1.5*x**2", "x**2 + " * 9000 + "x +", "1/0*x", "*x", "2x",
        "2*", "x**y", "max(x, 0)**17", "max(x, 0)**2*y", "x*y**", "-", "x + + y", "x  + y", "2* x", "٣*x", "max**2"],
    ("problem", "variables"): [["x", "x"], ["x"], [], ["x", "max"], ["x", 2], ["x", "é"], None,
        [f"v{i}" for i in range(33)]],
    ("problem", "minimizer"): [["0"], "00", None],
    ("problem", "step_size"): ["0", "-1/10", 0.1, "1/0", "+1/10", "1_0", "-0", "1/" + "9" * 5000, "٣", "1e99999",
        "nan", "", " 1", "1/-2", ["1"], None],
    ("problem", "start"): [["1/2", "nan"], ["1/2"], {}],
    ("spectrum", "lowest", "multiplicity"): [True, "1", 1.0],
    ("spectrum", "lowest", "interval"): [["1"], ["1", "1", "1"]],
    ("points",): [{}, [["1"]], None, ["11"]],
    ("kernel",): [["1"], 1],
    ("subspace",): [[], {"enters": False, "basis": [], "regime": None, "spectrum": None}, EVERYTHING | {"enters": "0"},
        EVERYTHING | {"basis": [["1"]]}, EVERYTHING | {"basis": None}, EVERYTHING | {"basis": [["1", "0"]] * 1000}],
    ("blocks",): [{}, None, [None]],
    ("blocks", 0, "vectors"): [[["1"]], "10", None],
    ("blocks", 0, "gap"): [3, ["3"], None],
    ("blocks", 0, "amplitude"): [1, None, ["1"]],
    ("bounds",): [{"radius": "1"}, "1", []],
    ("bounds", "sigma"): [0.9, None, "NaN", ["0.9"]],
    ("limit",): [None, {}],
    ("limit", "kind"): [True, 1],
    ("limit", "vectors"): [[["1", "1"]], [[["0.9"], ["0", "0"]]], [[["0.9", "NaN"], ["0", "0"]]], None,
        [[["0.9", "inf"], ["0", "0"]]], [[["0.9", "9e-99999"], ["0", "0"]]], [[[0.9, 0.9], ["0", "0"]]],
        [[[".9", ".9"], ["0", "0"]]], [[["0.9", "0.9\n"], ["0", "0"]]]],
    ("extra",): [1],
    ("problem", "extra"): [1],
    (): [None, [], "text", 1],
}
# fmt: on


@pytest.mark.parametrize(("path", "value"), [(path, value) for path, values in MALFORMED.items() for value in values])
def test_malformed_certificates_are_refused(path, value):
    certificate = replace(CERTIFICATES["small_bowl"], path, value) if path else value
    with pytest.raises(BadCertificate) as error:
        check(certificate)
    assert "\n" not in str(error.value).strip()
    assert str(error.value)[:4] != "None"


def test_equal_ways_to_write_a_number_or_a_loss_are_the_same():
    """Not canonical, yet without ambiguity: lowest terms, decimals, terms that meet."""
    for path, value in (
        (("problem", "step_size"), "0.1"),
        (("problem", "step_size"), "2/20"),
        (("problem", "loss"), "1/2*x**2 + y*y + 1*y**2"),
        (("problem", "loss"), "2*y**2 + 2/4*x**2 + 0*x"),
    ):
        assert check(replace(CERTIFICATES["small_bowl"], path, value)) is None, value


@pytest.mark.parametrize("name", ["small_bowl", "two_cycle", "exceptional"])
def test_every_field_is_required_and_no_other_is_allowed(name):
    def objects(value, path=()):
        if isinstance(value, dict):
            yield path, value
        for key, entry in (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        ):
            yield from objects(entry, (*path, key))

    for path, record in list(objects(CERTIFICATES[name])):
        for fields in [{k: v for k, v in record.items() if k != gone} for gone in record] + [record | {"new": 1}]:
            with pytest.raises(BadCertificate):
                check(replace(CERTIFICATES[name], path, fields) if path else fields)


def test_hostile_objects_are_refused():
    loop = {}
    loop["schema"] = loop
    deep = []
    for _ in range(10**5):
        deep = [deep]
    for bad in (loop, deep, {"schema": {1, 2}}, {1: 2}, {"schema": float("nan")}, {"a": "x" * 5 * 10**6}, float("inf")):
        with pytest.raises(BadCertificate):
            check(bad)


LONG = CUBIC + "".join(f" + 1/{10**i}*x**{3 + i % 5}*y**{1 + i % 7}" for i in range(1, 40))


def test_hopeless_certificates_are_rejected_fast():
    certificate = CERTIFICATES["small_cubic"]
    assert "it takes too long" in check(
        certificate | {"step": 10**6, "problem": certificate["problem"] | {"loss": LONG}}
    )
    assert check(replace(certificate, ("problem", "start"), ["1000", "-1000"])) is not None
    assert check(replace(certificate, ("problem", "start"), ["1e9000", "1"])) is not None


# The parts, against slower or sampled truths.
