"""The verifier accepts true certificates, and rejects every false number in them."""

import copy
import json
import random
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from itertools import pairwise
from math import isqrt
from types import SimpleNamespace

import pytest

from theorem import recheck
from theorem.recheck import BadCertificate, check

Q = Fraction
HALF = Q(1, 2)


def root(x):
    """A square root to 300 bits."""
    return Q(isqrt(int(x * 4**600)), 2**600)


def norm(v):
    return root(sum(x * x for x in v))


def around(x, digits=20, spread=0):
    """An interval of two decimal texts around a number."""
    ends = []
    for side, rounding in ((-1, ROUND_FLOOR), (1, ROUND_CEILING)):
        y = Q(x) * (1 + side * Q(1, 10**18)) if x > 0 else Q(x) * (1 - side * Q(1, 10**18))
        y += side * spread
        ends.append(str(Context(prec=digits, rounding=rounding).divide(Decimal(y.numerator), Decimal(y.denominator))))
    return ends


def eigenvalue(low, high=None, multiplicity=1):
    return {"interval": [str(low), str(low if high is None else high)], "multiplicity": multiplicity}


def block(gap, *vectors):
    """A block without its amplitude, which is added by ``build``."""
    return {"gap": str(gap), "vectors": [[str(x) for x in v] for v in vectors], "amplitude": "1"}


KINDS = {"small-step": "fixed", "large-step": "alternating", "boundary": "two-cycle"}


def build(loss, eta, start, *, gradient, ends, regime, size=lambda r: Q(0), verdict="proved", step=0, **given):
    """A certificate whose limit is computed here with rational numbers of 600 bits."""
    h = [Q(x) for x in start]
    eta = Q(eta)
    for _ in range(step):
        h = [Q(round((x - eta * g) * 2**600), 2**600) for x, g in zip(h, gradient(*h), strict=True)]
    blocks = given.pop("blocks", [])
    limit, bounds = {"kind": None, "vectors": []}, None
    if blocks:
        r, rho, c = norm(h), abs(Q(given.pop("mu"))), size(norm(h))
        x = c * r / (rho * (1 - rho - c * r))
        tail = c * (1 + x + x * x) ** 2 * r * r / (rho * (1 - rho))
        images = [image(h) for image in given.pop("projections")]
        bounds = {"radius": around(r)[1], "sigma": around(rho + c * r)[1], "tail": around(tail)[1]}
        blocks = [b | {"amplitude": around(norm(image))[0]} for b, image in zip(blocks, images, strict=True)]
        flip = (-1) ** step
        kind = KINDS[(given.get("subspace") or {"regime": regime})["regime"]]

        def side(signs):
            z = [sum(s * x for s, x in zip(signs, xs, strict=True)) for xs in zip(*images, strict=True)]
            spread = 4 * tail / norm(z) if given.get("loose") else Q(0)
            return [around(y / norm(z), spread=spread) for y in z]

        sides = {"fixed": [[1]], "alternating": [[flip]], "two-cycle": [[1, flip], [1, -flip]]}[kind]
        limit = {"kind": kind, "vectors": [side(signs) for signs in sides]}
    given.pop("loose", None)
    names = ["x", "y", "z"][: len(start)]
    return {
        "schema": "gdcheck-certificate/2",
        "problem": {
            "loss": loss,
            "variables": names,
            "minimizer": ["0"] * len(names),
            "step_size": str(eta),
            "start": [str(x) for x in start],
        },
        "verdict": verdict,
        "regime": regime,
        "fails": given.pop("fails", []),
        "spectrum": {"lowest": ends[0], "highest": ends[1]} if ends else None,
        "points": given.pop("points", []),
        "kernel": given.pop("kernel", None),
        "subspace": given.pop("subspace", None),
        "blocks": blocks,
        "step": step,
        "bounds": bounds,
        "limit": limit,
    } | given


def on_x(h):
    return [h[0]] + [Q(0)] * (len(h) - 1)


def on_y(h):
    return [Q(0), h[1]]


BOWL, CUBIC = "1/2*x**2 + 2*y**2", "x**3 + x**2*y + x**2 + 1/2*y**2"
ONE, TWO, FOUR = eigenvalue(1), eigenvalue(2), eigenvalue(4)


def bowl(x, y):
    return x, 4 * y


def cubic(x, y):
    return 3 * x * x + 2 * x * y + 2 * x, x * x + y


def small_bowl():
    return build(
        BOWL,
        "1/10",
        [Q(1, 10), Q(1, 10)],
        gradient=bowl,
        ends=(ONE, FOUR),
        regime="small-step",
        blocks=[block(3, [1, 0])],
        mu=Q(9, 10),
        projections=[on_x],
    )


def large_bowl():
    return build(
        BOWL,
        "21/50",
        [Q(1, 10), Q(1, 10)],
        gradient=bowl,
        ends=(ONE, FOUR),
        regime="large-step",
        step=3,
        blocks=[block(3, [0, 1])],
        mu=1 - Q(84, 50),
        projections=[on_y],
    )


def small_cubic():
    return build(
        CUBIC,
        "1/10",
        [Q(1, 10), Q(-1, 10)],
        gradient=cubic,
        ends=(ONE, TWO),
        regime="small-step",
        step=20,
        size=lambda r: root(Q(17)) / 10,
        blocks=[block(1, [0, 1])],
        mu=Q(9, 10),
        projections=[on_y],
    )


def large_cubic():
    return build(
        CUBIC,
        "19/20",
        [Q(1, 10), Q(1, 10)],
        gradient=cubic,
        ends=(ONE, TWO),
        regime="large-step",
        step=41,
        size=lambda r: root(Q(17)) * 19 / 20,
        blocks=[block(1, [1, 0])],
        mu=-HALF * Q(9, 5),
        projections=[on_x],
    )


def two_cycle():
    return build(
        BOWL,
        "2/5",
        [Q(1, 10), Q(1, 7)],
        gradient=bowl,
        ends=(ONE, FOUR),
        regime="boundary",
        step=5,
        verdict="not-applicable",
        fails=["off-boundary"],
        blocks=[block(3, [1, 0]), block(3, [0, 1])],
        mu=Q(3, 5),
        projections=[on_x, on_y],
    )


def cubic_two_cycle():
    return build(
        CUBIC,
        "2/3",
        [Q(1, 10), Q(1, 7)],
        gradient=cubic,
        ends=(ONE, TWO),
        regime="boundary",
        step=24,
        verdict="not-applicable",
        fails=["off-boundary"],
        size=lambda r: root(Q(17)) * 2 / 3,
        loose=True,
        blocks=[block(1, [0, 1]), block(1, [1, 0])],
        mu=Q(1, 3),
        projections=[on_y, on_x],
    )


def repeated():
    return build(
        "1/2*x**2 + 1/2*y**2 + 2*z**2 + x*y*z",
        "1/10",
        [Q(1, 10), Q(1, 7), Q(1, 9)],
        gradient=lambda x, y, z: (x + y * z, y + x * z, 4 * z + x * y),
        ends=(eigenvalue(1, multiplicity=2), FOUR),
        regime="small-step",
        step=230,
        verdict="not-applicable",
        fails=["simple-lowest"],
        size=lambda r: root(Q(3)) / 20,
        loose=True,
        mu=Q(9, 10),
        blocks=[block(3, [1, 0, 0], [0, 1, 0])],
        projections=[lambda h: [h[0], h[1], Q(0)]],
    )


def exceptional():
    return build(
        CUBIC,
        "19/20",
        [Q(0), Q(1, 10)],
        gradient=cubic,
        ends=(ONE, TWO),
        regime="large-step",
        step=2,
        verdict="exceptional",
        size=lambda r: root(Q(17)) * 19 / 20,
        subspace={
            "enters": 0,
            "basis": [["0", "2"]],
            "regime": "small-step",
            "spectrum": {"lowest": ONE, "highest": ONE},
        },
        blocks=[block(1, [0, 1])],
        mu=Q(1, 20),
        projections=[on_y],
    )


def exact_hit():
    return build(
        "1/2*x**2 + 2*y**2 + x**3",
        "1/10",
        [Q(3), Q(0)],
        gradient=None,
        ends=(ONE, FOUR),
        regime="small-step",
        verdict="exceptional",
        subspace={"enters": 1, "basis": [], "regime": None, "spectrum": None},
    )


def truncated():
    return build(
        "1/2*x**2 + 2*y**2 + 1/3*max(x + y, 0)**4",
        "1/10",
        [Q(1, 10), Q(1, 9)],
        gradient=lambda x, y: (x + Q(4, 3) * max(x + y, 0) ** 3, 4 * y + Q(4, 3) * max(x + y, 0) ** 3),
        ends=(ONE, FOUR),
        regime="small-step",
        step=7,
        size=lambda r: Q(8, 5) * r,
        blocks=[block(3, [1, 0])],
        mu=Q(9, 10),
        projections=[on_x],
    )


def rough():
    slope, offset = 2 * root(Q(1)), Q(1, 4)
    return build(
        "1/2*x**2 + 2*y**2 + max(2*x - 1/4, 0)**2 + 3*max(y - 1, 0)**3",
        "1/10",
        [Q(1, 2), Q(1, 9)],
        gradient=lambda x, y: (x + 4 * max(2 * x - offset, 0), 4 * y + 9 * max(y - 1, 0) ** 2),
        ends=(ONE, FOUR),
        regime="small-step",
        step=2,
        verdict="not-applicable",
        fails=["smoothness"],
        size=lambda r: Q(1, 10) * slope**3 / (2 * offset) if slope * r > offset else Q(0),
        blocks=[block(3, [1, 0])],
        mu=Q(9, 10),
        projections=[on_x],
    )


def no_null_preimages():
    return build(
        BOWL,
        "1/4",
        [Q(1), Q(1)],
        gradient=bowl,
        ends=(ONE, FOUR),
        regime="small-step",
        step=1,
        verdict="not-applicable",
        fails=["null-preimages"],
        kernel=["0", "3"],
        blocks=[block(3, [1, 0])],
        mu=Q(3, 4),
        projections=[on_x],
    )


def one_sided():
    """The map is constant along y where y < 0, and the point is there."""
    return build(
        BOWL + " + 1/8*max(y, 0)**4 + max(x - 2, 0)**4",
        "1/4",
        [Q(1), Q(-1)],
        gradient=lambda x, y: (x, 4 * y + max(y, 0) ** 3 / 2),
        ends=(ONE, FOUR),
        regime="small-step",
        step=8,
        verdict="not-applicable",
        fails=["null-preimages"],
        points=[["3", "-1"]],
        kernel=["0", "3"],
        size=lambda r: Q(3, 8) * r,
        blocks=[block(3, [1, 0])],
        mu=Q(3, 4),
        projections=[on_x],
    )


def beside_a_kink():
    """The truncated power is not even in x, but vanishes on the ball that the trajectory stays in."""
    return build(
        CUBIC + " + 40*max(3*x + 4*y - 1/9, 0)**4",
        "19/20",
        [Q(0), Q(1, 50)],
        gradient=cubic,
        ends=(ONE, TWO),
        regime="large-step",
        step=2,
        verdict="exceptional",
        size=lambda r: root(Q(17)) * 19 / 20,
        subspace={
            "enters": 0,
            "basis": [["0", "2"]],
            "regime": "small-step",
            "spectrum": {"lowest": ONE, "highest": ONE},
        },
        blocks=[block(1, [0, 1])],
        mu=Q(1, 20),
        projections=[on_y],
    )


def with_points():
    return build(
        "1/2*x**2 + 2*y**2 + y**3",
        "1/4",
        [Q(1), Q(1, 9)],
        gradient=lambda x, y: (x, 4 * y + 3 * y * y),
        ends=(ONE, FOUR),
        regime="small-step",
        step=12,
        points=[["0", "1"]],
        size=lambda r: Q(3, 4),
        blocks=[block(3, [1, 0])],
        mu=Q(3, 4),
        projections=[on_x],
    )


def rotated(eta="1/10"):
    """The eigenvalues 3 - sqrt 2 and 3 + sqrt 2, with eigenvectors (1 + sqrt 2, -1) and (1, 1 + sqrt 2)."""
    s = Q(round(root(Q(2)) * 2**200), 2**200)
    low, high = (eigenvalue(3 + k * s - Q(1, 2**190), 3 + k * s + Q(1, 2**190)) for k in (-1, 1))
    tall = root(4 + 2 * root(Q(2)))
    u, v = [[Q(round(x / tall * 2**200), 2**200) for x in w] for w in ((1 + root(Q(2)), -1), (1, 1 + root(Q(2))))]
    images = [lambda h, w=w: [sum(x * y for x, y in zip(w, h, strict=True)) * x for x in w] for w in (u, v)]
    return build(
        "x**2 + x*y + 2*y**2",
        eta,
        [Q(1, 10), Q(1, 7)],
        gradient=lambda x, y: (2 * x + y, x + 4 * y),
        ends=(low, high),
        step=6,
        **(
            {"regime": "small-step", "blocks": [block(Q(2828, 1000), u)], "projections": images[:1]}
            if eta == "1/10"
            else {
                "regime": "boundary",
                "verdict": "not-applicable",
                "fails": ["off-boundary"],
                "blocks": [block(Q(2828, 1000), u), block(Q(2828, 1000), v)],
                "projections": images,
            }
        ),
        mu=1 - Q(eta) * (3 - root(Q(2))),
    )


def twice_irrational():
    """The irrational eigenvalue 3 - sqrt 2 occurs twice."""
    certificate = rotated()
    problem = certificate["problem"]
    low = certificate["spectrum"]["lowest"]
    u = certificate["blocks"][0]["vectors"][0]
    problem |= {"loss": "x**2 + x*y + 2*y**2 + z**2 + z*w + 2*w**2", "variables": list("xyzw")}
    problem |= {"minimizer": ["0"] * 4, "start": ["1/10", "1/7", "0", "0"]}
    certificate |= {"verdict": "not-applicable", "fails": ["simple-lowest", "simple-highest"]}
    low |= {"multiplicity": 2}
    certificate["spectrum"]["highest"] |= {"multiplicity": 2}
    certificate["blocks"][0] |= {"vectors": [[*u, "0", "0"], ["0", "0", *u]]}
    certificate["limit"]["vectors"][0] += [["-1e-9", "1e-9"]] * 2
    return certificate


def saddle():
    return build(
        "x**2 - y**2",
        "1/10",
        [Q(1), Q(1)],
        gradient=None,
        ends=None,
        regime=None,
        verdict="not-applicable",
        fails=["strict-minimum"],
    )


def unstable():
    return build(
        BOWL,
        "1/2",
        [Q(1), Q(1)],
        gradient=bowl,
        ends=(ONE, FOUR),
        regime="unstable",
        verdict="not-applicable",
        fails=["stable-step"],
    )


def unstable_and_singular():
    """No evidence about preimages is asked for, although the determinant vanishes at the minimizer."""
    return build(
        BOWL,
        "1",
        [Q(1), Q(1)],
        gradient=bowl,
        ends=(ONE, FOUR),
        regime="unstable",
        verdict="not-applicable",
        fails=["stable-step"],
    )


def touching():
    """The start lies exactly on the kink, so that the truncated power is not felt on its ball."""
    two = eigenvalue(2)
    return build(
        "x**2 + max(-x - 1, 0)**5",
        "1/7",
        [Q(-1)],
        gradient=None,
        ends=(two, two),
        regime="small-step",
        verdict="not-applicable",
        fails=["distinct-ends"],
        blocks=[block(1, [1])],
        mu=Q(5, 7),
        projections=[on_x],
    )


BUILDERS = [
    small_bowl,
    large_bowl,
    small_cubic,
    large_cubic,
    two_cycle,
    cubic_two_cycle,
    repeated,
    exceptional,
    exact_hit,
    truncated,
    rough,
    no_null_preimages,
    one_sided,
    beside_a_kink,
    with_points,
    rotated,
    lambda: rotated("1/3"),
    twice_irrational,
    saddle,
    unstable,
    unstable_and_singular,
    touching,
]
NAMES = [getattr(b, "__name__", "") for b in BUILDERS]
NAMES[NAMES.index("<lambda>")] = "rotated_two_cycle"
CERTIFICATES = dict(zip(NAMES, (b() for b in BUILDERS), strict=True))


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


def replace(certificate, path, value):
    changed = copy.deepcopy(certificate)
    spot = changed
    for key in path[:-1]:
        spot = spot[key]
    spot[path[-1]] = value
    return changed


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
    if name in {"no_null_preimages", "one_sided", "with_points"} and path == ("problem", "start", 1):
        return True  # forgotten by the time of the step
    if name in {"exceptional", "beside_a_kink", "touching"} and path[-1] == "gap":
        return Q(new) > 0  # there is one eigenvalue only
    if path[0] == "spectrum" and "interval" in path and name in {"rotated", "twice_irrational"}:
        return (Q(new) < Q(value)) == (path[-1] == 0)  # a wider interval around one irrational eigenvalue
    if "vectors" in path and value == "1" and new == "1001/1000":
        return name in {
            "exceptional",
            "beside_a_kink",
            "one_sided",
            "no_null_preimages",
            "with_points",
            "touching",
        }  # a longer vector of the same direction
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


def random_rational(rng, size=9):
    return Q(rng.randint(-size, size), rng.randint(1, size))


def random_problem(rng, n, eta=None, terms=None, offsets=(-3, 3)):
    """A polynomial and truncated powers as data, and what the checker makes of their text."""
    names, poly, hinges = ["x", "y", "z", "w"][:n], dict(terms or {}), []
    for _ in range(0 if terms else rng.randint(0, 8)):
        poly[tuple(rng.choice([0, 0, 1, 2]) for _ in range(n))] = random_rational(rng)
    for _ in range(rng.randint(0, 2)):
        slope, offset = [random_rational(rng, 3) for _ in range(n)], Q(rng.randint(*offsets)) or offsets[0]
        if any(slope):
            factor = random_rational(rng) or Q(1)
            hinges.append(SimpleNamespace(factor=factor, slope=slope, offset=Q(offset), power=rng.choice([2, 3, 4])))

    def product(k, alpha):
        return "*".join([str(abs(k)), *(f"{x}**{e}" if e > 1 else x for x, e in zip(names, alpha, strict=True) if e)])

    def total(pairs):
        text = "".join((" - " if k < 0 else " + ") + body for k, body in pairs)
        return text.removeprefix(" + ").replace(" - ", "-", 1) if text.startswith(" - ") else text[3:] or "0"

    pairs = [(k, product(k, alpha)) for alpha, k in poly.items()]
    for h in hinges:
        line = [(x, product(x, unit)) for x, unit in zip(h.slope, recheck_units(n), strict=True) if x]
        pairs.append((h.factor, f"{abs(h.factor)}*max({total([*line, (h.offset, str(abs(h.offset)))])}, 0)**{h.power}"))
    eta = eta or Q(1, rng.randint(2, 20))
    start = [Q(rng.randint(-9, 9), 20) for _ in range(n)]
    document = build(total(pairs), eta, start, gradient=None, ends=None, regime=None)
    document["problem"] |= {"variables": names, "minimizer": ["0"] * n}
    read = recheck._read(document)
    return SimpleNamespace(n=n, local=poly, hinges=hinges, eta=eta, start=start), read


def recheck_units(n):
    return [tuple(int(i == j) for j in range(n)) for i in range(n)]


def gradient_of(problem, h):
    total = [Q(0)] * problem.n
    for alpha, k in problem.local.items():
        for i, e in enumerate(alpha):
            if e:
                value = k * e
                for j, m in enumerate(alpha):
                    value *= h[j] ** (m - (i == j))
                total[i] += value
    for hinge in problem.hinges:
        s = max(sum(x * y for x, y in zip(hinge.slope, h, strict=True)) + hinge.offset, Q(0))
        for i, x in enumerate(hinge.slope):
            total[i] += hinge.factor * hinge.power * s ** (hinge.power - 1) * x
    return total


def test_the_map_is_evaluated_exactly():
    rng = random.Random(2)
    for _ in range(60):
        problem, read = random_problem(rng, rng.randint(1, 4))
        d = rng.randint(1, 1000)
        z = [rng.randint(-2000, 2000) for _ in range(problem.n)]
        h = [Q(x, d) for x in z]
        image, denominator = recheck._moved(read, z, d)
        expected = [x - problem.eta * g for x, g in zip(h, gradient_of(problem, h), strict=True)]
        assert [Q(x, denominator) for x in image] == expected


def remainder(problem, h):
    """The gradient without its constant and linear parts."""
    linear = {a: k for a, k in problem.local.items() if sum(a) <= 2}
    at_zero, g = gradient_of(problem, [Q(0)] * problem.n), gradient_of(problem, h)
    bare = SimpleNamespace(n=problem.n, local=linear, hinges=[])
    start = gradient_of(bare, [Q(0)] * problem.n)
    first = [x - y for x, y in zip(gradient_of(bare, h), start, strict=True)]
    for hinge in problem.hinges:
        k = hinge.factor * hinge.power * (hinge.power - 1) * max(hinge.offset, Q(0)) ** (hinge.power - 2)
        s = sum(x * y for x, y in zip(hinge.slope, h, strict=True)) * (k if hinge.offset > 0 else 0)
        first = [x + s * y for x, y in zip(first, hinge.slope, strict=True)]
    return [problem.eta * (x - y - z) for x, y, z in zip(g, at_zero, first, strict=True)]


def test_the_remainder_stays_below_its_bounds():
    """C(r), and the Lipschitz bound that the trajectory takes from it."""
    rng = random.Random(3)
    for _ in range(50):
        problem, read = random_problem(rng, rng.randint(1, 3))
        r = Q(rng.randint(1, 40), 10)
        above = recheck._push(read, r) / r
        slope = max(4, read.degree) * r * above
        points = []
        while len(points) < 12:
            h = [r * Q(rng.randint(-100, 100), 100) for _ in range(problem.n)]
            points += [h] if 0 < norm(h) <= r else []
        for h, other in pairwise(points):
            size = norm(remainder(problem, h))
            assert size <= above * norm(h) ** 2 * (1 + Q(1, 2**40))
            moved = norm([x - y for x, y in zip(remainder(problem, h), remainder(problem, other), strict=True)])
            assert moved <= slope * norm([x - y for x, y in zip(h, other, strict=True)]) * (1 + Q(1, 2**40))


@pytest.mark.parametrize(
    ("loss", "r", "expected"),
    [
        (CUBIC, Q(3), root(Q(17))),  # the gradient's rows are 3x² + 2xy and x²: 3 + 2/2 and 1
        ("x**2 + 1/3*max(x + 1, 0)**4", Q(2), Q(1, 3) * 4 * 3 * 2 / 2 * 3),
        ("x**2 + 1/3*max(-2*x - 1, 0)**4", Q(2), Q(1, 3) * 4 * 3 * 2 / 2 * 8 * 3),
        ("x**2 + max(x - 3, 0)**4", Q(2), Q(0)),
        ("x**2 + max(x - 3, 0)**3", Q(4), Q(3)),
        ("x**2 + max(x - 3, 0)**2", Q(4), Q(1, 6)),
        ("x**2 + max(2*x + 3, 0)**2", Q(2), Q(8, 6)),
        ("x**2 + max(x - 3, 0)**2", Q(2), Q(0)),
    ],
)
def test_the_bound_is_that_of_the_specification(loss, r, expected):
    names = 2 if "y" in loss else 1
    read = recheck._read(build(loss, "1/2", [Q(1)] * names, gradient=None, ends=None, regime=None))
    found = recheck._push(read, r) / r
    assert expected / 2 <= found <= expected / 2 * (1 + Q(1, 2**200))


def test_the_trajectory_stays_in_its_ball():
    rng = random.Random(4)
    for _ in range(25):
        n = rng.randint(1, 3)
        squares = {tuple(2 * x for x in u): Q(rng.randint(1, 4), 2) for u in recheck_units(n)}
        higher = {tuple(rng.choice([1, 1, 2]) for _ in range(n)): random_rational(rng) / 20 for _ in range(3)}
        higher = {a: k for a, k in higher.items() if sum(a) > 2}
        problem, read = random_problem(rng, n, Q(1, 5), squares | higher, offsets=(-3, -1))
        read.step = 12
        read.linear = max(abs(1 - 2 * read.eta * k) for k in squares.values())
        centre, error = recheck._trajectory(read, 24)
        h = problem.start
        for _ in range(read.step):
            h = [
                Q(round((x - problem.eta * g) * 2**500), 2**500)
                for x, g in zip(h, gradient_of(problem, h), strict=True)
            ]
        assert norm([x - y for x, y in zip(centre, h, strict=True)]) <= error
        assert error < Q(1, 2**8)
