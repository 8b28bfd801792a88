"""The certificate is read strictly: what is malformed is refused by the field that is wrong, whatever its type."""

import copy
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gdcheck.theorem.certificate.rechecking import check as check_any
from gdcheck.theorem.checker.amplitude import check
from gdcheck.theorem.checker.outcome import BadCertificate
from tests.builders.certificates import (
    BOWL,
    CERTIFICATES,
    EVERYTHING,
    ORBIT,
    SEPARABLE,
    replace,
)

# fmt: off
MALFORMED = {
    ("schema",): ["gdcheck-certificate/1", None],
    ("step",): [True, -1, 10**8, 1.0, "1"],
    ("verdict",): [1, None, "", []],
    ("regime",): [{}, ""],
    ("fails",): [["smoothness", {}], None, ""],
    ("problem", "loss"): ["1/2*x**2 + 2*y*y*", "x^2", "x**2+y**2", " x**2", "x**2 ", "x**2 + ", "+x**2",
        "x**17", "x**9*y**8", "a**2", "x**02", "__import__('os')", "max(x, 0)", "max(x, 0)**1", "max(1, 0)**2",
        "max(x*y, 0)**2", "x*max(x, 0)**2", "max(max(x, 0)**2, 0)**2", "max(x,0)**2", "", "max(0, 0)**2", "x**2*3",
        "2*3*x", "x**2 - -y", "x**2\n", "9" * 5000, "x**²", "1.5*x**2", "x**2 + " * 9000 + "x +", "1/0*x", "*x", "2x",
        "2*", "x**y", "max(x, 0)**17", "max(x, 0)**2*y", "x*y**", "-", "x + + y", "x  + y", "2* x", "٣*x", "max**2"],
    ("problem", "variables"): ["xy", {"x": 1, "y": 2}, ["x", ""], ["x", "y", "2z"], ["x", "y + 1"],
        ["x", "x"], ["x"], [], ["x", "max"], ["x", 2], ["x", "é"], None,
        [f"v{i}" for i in range(33)]],
    ("problem", "minimizer"): [["0"], "00", None],
    ("problem", "step_size"): ["0", "-1/10", 0.1, "1/0", "+1/10", "1_0", "-0", "1/" + "9" * 5000, "٣", "1e999999",
        "nan", "", " 1", "1/-2", ["1"], None],
    ("problem", "start"): [["1/2", "nan"], ["1/2"], {}],
    ("spectrum", "lowest", "multiplicity"): [True, "1", 1.0, None, [1], -1],
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
    ("limit", "kind"): [True, 1, "", []],
    ("limit", "vectors"): [[["1", "1"]], [[["0.9"], ["0", "0"]]], [[["0.9", "NaN"], ["0", "0"]]], None,
        [[["0.9", "inf"], ["0", "0"]]], [[["0.9", "9e-999999"], ["0", "0"]]], [[[0.9, 0.9], ["0", "0"]]],
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


MUST = "problem.loss must be a sum as in docs/certificate.md, of degree 16 at most:"
ODD = "x*x*" * 20
SADDLE = CERTIFICATES["saddle"]
NUMBER = "must be a number such as '-3/7', of at most 4000 characters"
WORDS = [
    (("extra",), None, "certificate must have the fields schema, problem, "),
    (("problem", "extra"), None, "problem must have the fields loss, variables, "),
    (("bounds", "sigma"), 5, f"bounds.sigma {NUMBER}"),
    (("step",), 10**6 + 1, "step must be a whole number from 0 to 1000000"),
    (("problem", "minimizer", 0), "0." + "0" * 3999, f"problem.minimizer[0] {NUMBER}"),
    (("problem", "loss"), "x^2", f"{MUST} not 'x^2'"),
    (("problem", "loss"), "(x)", f"{MUST} not '(x)'"),
    (("problem", "loss"), f"{BOWL} + {ODD}", f"{MUST} not {ODD[:60]!r}"),
    (("problem", "loss"), "x**9*y**8", f"{MUST} not 'x**9*y**8'"),
    (("problem", "loss"), "max(x*y, 0)**4", "problem.loss must be linear in max"),
    (("schema",), "gdcheck-certificate/1", "schema must be 'gdcheck-certificate/2' or 'gdcheck-certificate/3'"),
    (("problem", "variables"), [f"v{i}" for i in range(33)], "problem.variables must be 1 to 32 distinct names"),
    (("problem", "variables"), "xy", "problem.variables must be a list"),
    (("problem", "step_size"), "0", "problem.step_size must be positive"),
    (("problem", "step_size"), "-1", "problem.step_size must be positive"),
    (("fails",), None, "fails must be a list"),
    (("regime",), "", "regime must be text"),
    (("kernel",), ["1"], "kernel must be a list of 2 entries"),
    (("points",), [["1", "1"]] * 301, "points must be a list of at most 300 entries"),
    (("limit", "vectors", 0), [["0", "0"]], "limit.vectors[0] must be a list of 2 entries"),
]


@pytest.mark.parametrize(("path", "value", "sentence"), WORDS)
def test_what_is_malformed_is_named(path, value, sentence):
    with pytest.raises(BadCertificate) as error:
        check(replace(CERTIFICATES["small_bowl"], path, value))
    assert str(error.value).startswith(sentence)


def test_a_missing_field_is_named():
    with pytest.raises(BadCertificate, match="it lacks sigma"):
        check(replace(CERTIFICATES["small_bowl"], ("bounds",), {"radius": "1", "tail": "0"}))


def test_what_is_just_within_the_limits():
    small = CERTIFICATES["small_bowl"]
    assert check(replace(small, ("points",), [["1", "1"]] * 300)) is None
    assert check(replace(small, ("problem", "minimizer", 0), "0." + "0" * 3998)) is None
    assert check(replace(SADDLE, ("problem", "loss"), "x**2 - y**2 + x**16 + x**8*y**8")) is None
    many = {"variables": [f"v{i}" for i in range(32)], "minimizer": ["0"] * 32, "start": ["1"] * 32}
    assert check(SADDLE | {"problem": SADDLE["problem"] | many | {"loss": "v0**2 - v31**2"}}) is None


# Any type anywhere ---------------------------------------------------------------------------------------------------

ANY_KIND = {name: CERTIFICATES[name] for name in ("small_cubic", "exceptional", "two_cycle", "no_null_preimages")}
ANY_KIND |= {"separable": SEPARABLE, "orbit": ORBIT}
ANY_KIND = json.loads(json.dumps(ANY_KIND))  # no object occurs twice
MAY_BE_NULL = {"regime", "spectrum", "kernel", "subspace", "bounds", "kind", "predicted"}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 40) | st.floats() | st.text(max_size=3) | st.sampled_from(["1/2", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def places(value, path=()):
    yield path, value
    for key, entry in value.items() if type(value) is dict else enumerate(value) if type(value) is list else ():
        yield from places(entry, (*path, key))


PLACES = [(name, path, value) for name, c in ANY_KIND.items() for path, value in places(c) if path]


@given(st.sampled_from(PLACES), VALUES)
@example(("orbit", ("problem", "loss"), "x"), "0")
@example(("separable", ("problem", "variables"), []), "xy")
@example(("separable", ("limit",), {}), {"kind": "fixed", "axis": 0, "sign": {1}})
@example(("separable", ("sides", 0), 1), True)
def test_every_field_may_be_of_any_type(place, value):
    """A wrong type is refused; nothing crashes the checker, and nothing is read as something else."""
    name, path, before = place
    certificate = replace(ANY_KIND[name], path, value)
    kept = copy.deepcopy(certificate)
    try:
        found = check_any(certificate)
    except BadCertificate as error:
        assert "\n" not in str(error)
    else:
        assert found is None or " fails" in found
        nothing = {before is None, value is None} == {True, False} and path[-1] in MAY_BE_NULL
        assert type(value) is type(before) or nothing, f"{path} was accepted or rejected as {value!r}"
    assert repr(certificate) == repr(kept), "the certificate is left as it is"


@pytest.mark.parametrize("name", ANY_KIND)
def test_every_field_is_named_where_it_is_wrong(name):
    """A set is nothing that JSON has."""
    for path, _ in places(ANY_KIND[name]):
        if path and path != ("schema",):
            with pytest.raises(BadCertificate) as error:
                check_any(replace(ANY_KIND[name], path, {1}))
            fields = [key for key in path if type(key) is str]
            assert str(error.value).startswith((fields[-1], fields[0])), f"{path}: {error.value}"
