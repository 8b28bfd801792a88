"""True certificates are accepted, and every false number in them is rejected."""

import json
from decimal import Context, Decimal

import pytest

from gdcheck.theorem.checker.amplitude import check
from gdcheck.theorem.checker.outcome import BadCertificate
from tests.builders.certificates import (
    CERTIFICATES,
    CUBIC,
    EVERYTHING,
    FOUR,
    HALF,
    IDLE,
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


SILENT = {"saddle", "unstable", "unstable_and_singular"}  # nothing is claimed about the trajectory


def still_true(name, path, value, new):
    """Changes which keep a certificate true."""
    if name in SILENT and path[0] == "problem" and path[1] in {"start", "step_size"}:
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
    if name in SILENT and path == ("problem", "loss"):
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


def test_an_irrational_boundary_needs_no_limit():
    wide = {"lowest": eigenvalue(1, 2), "highest": eigenvalue(4, 5)}
    assert check(CERTIFICATES["rotated_two_cycle"] | IDLE | {"spectrum": wide}) is None


def test_false_starts_are_rejected_soon():
    certificate = CERTIFICATES["small_cubic"]
    assert check(replace(certificate, ("problem", "start"), ["1000", "-1000"])) is not None
    assert check(replace(certificate, ("problem", "start"), ["1e9000", "1"])) is not None
