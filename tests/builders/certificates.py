"""True certificates, built with rational numbers of 600 bits as docs/certificate.md describes them."""

import copy
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from math import isqrt

from gdcheck.theorem.checker.amplitude import check

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


def moved():
    """The same with another minimizer."""
    certificate = truncated()
    loss = "1/2*x**2 - 1/2*x + 2*y**2 + 4*y + 1/3*max(x + y + 1/2, 0)**4"
    problem = {"loss": loss, "minimizer": ["1/2", "-1"], "start": ["3/5", "-8/9"]}
    return certificate | {"problem": certificate["problem"] | problem}


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


def active():
    """The truncated power is a part of the Hessian at the minimizer."""
    return build(
        "2*y**2 - 4*x + max(x + 1, 0)**4",
        "1/10",
        [Q(1, 100), Q(1, 10)],
        gradient=lambda x, y: (4 * (x + 1) ** 3 - 4, 4 * y),
        ends=(FOUR, eigenvalue(12)),
        regime="small-step",
        step=6,
        size=lambda r: Q(6, 5) * (1 + r),
        blocks=[block(8, [0, 1])],
        mu=Q(3, 5),
        projections=[on_y],
    )


def axis():
    """On the axis of the steep eigenvalue from the start on, and proved at once."""
    return build(
        BOWL,
        "1/10",
        [Q(0), Q(1, 10)],
        gradient=bowl,
        ends=(ONE, FOUR),
        regime="small-step",
        verdict="exceptional",
        subspace={
            "enters": 0,
            "basis": [["0", "1"]],
            "regime": "small-step",
            "spectrum": {"lowest": FOUR, "highest": FOUR},
        },
        blocks=[block(3, [0, 1])],
        mu=Q(3, 5),
        projections=[on_y],
    )


def two_steps():
    """x' = -x/2 - 3/2 x**2: 1/3 goes to -1/3, and that to 0."""
    return build(
        "1/2*x**2 + 1/3*x**3 + 1/20*y**2",
        "3/2",
        [Q(1, 3), Q(0)],
        gradient=None,
        ends=(eigenvalue("1/10"), ONE),
        regime="small-step",
        verdict="exceptional",
        subspace={"enters": 2, "basis": [], "regime": None, "spectrum": None},
    )


def two_cycle_at_once():
    """The first step that a limit is claimed from is step 0."""
    return build(
        BOWL,
        "2/5",
        [Q(1, 10), Q(1, 7)],
        gradient=bowl,
        ends=(ONE, FOUR),
        regime="boundary",
        verdict="not-applicable",
        fails=["off-boundary"],
        blocks=[block(3, [1, 0]), block(3, [0, 1])],
        mu=Q(3, 5),
        projections=[on_x, on_y],
    )


def rough_at_the_minimizer():
    """A kink of order three through the minimizer, and no other."""
    return build(
        BOWL + " + max(x, 0)**3",
        "1/10",
        [Q(-1, 10), Q(1, 10)],
        gradient=bowl,
        ends=(ONE, FOUR),
        regime="small-step",
        step=40,
        verdict="not-applicable",
        fails=["smoothness"],
        size=lambda r: Q(3, 10),
        blocks=[block(3, [1, 0])],
        mu=Q(9, 10),
        projections=[on_x],
    )


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
    """The start lies exactly on the kink, so that the truncated power vanishes on its ball."""
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
    moved,
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
    active,
    axis,
    two_steps,
    two_cycle_at_once,
    rough_at_the_minimizer,
]
NAMES = [getattr(b, "__name__", "") for b in BUILDERS]
NAMES[NAMES.index("<lambda>")] = "rotated_two_cycle"
CERTIFICATES = dict(zip(NAMES, (b() for b in BUILDERS), strict=True))


def replace(certificate, path, value):
    """A copy with another value at a path."""
    changed = copy.deepcopy(certificate)
    spot = changed
    for key in path[:-1]:
        spot = spot[key]
    spot[path[-1]] = value
    return changed


# Claims at their edges.

IDLE = {"blocks": [], "limit": {"kind": None, "vectors": []}, "step": 0, "bounds": None}
"""Nothing is claimed about the trajectory."""


def bare(loss, eta, start, ends, regime, **given):
    """A certificate that claims nothing about the trajectory."""
    return build(loss, eta, start, gradient=None, ends=ends, regime=regime, **given)


def text(x):
    """A number to 400 bits."""
    return str(Q(round(x * 2**400), 2**400))


def said(certificate, sentence):
    """Demand that a certificate is rejected with a sentence that begins in a certain way."""
    found = check(certificate)
    assert found is not None, f"accepted, and not: {sentence}"
    assert found.startswith(sentence), f"{found}, and not: {sentence}"


EVERYTHING = {
    "enters": 0,
    "basis": [["1", "0"], ["0", "1"]],
    "regime": "small-step",
    "spectrum": {"lowest": ONE, "highest": FOUR},
}

SEPARABLE = {
    "schema": "gdcheck-separable/1",
    "problem": {
        "loss": "1/2*x**2 + y**2 - y**4 + max(x - 3, 0)**3",
        "variables": ["x", "y"],
        "minimizer": ["0", "0"],
        "step_size": "1",
        "start": ["1/20", "1/20"],
    },
    "box": [["1/32", "1/16"], ["1/32", "1/16"]],
    "radius": [["1", "1"], ["1/4", "1/8"]],
    "sides": [1, 1],
    "predicted": {"kind": "alternating", "axis": 1},
    "limit": {"kind": "alternating", "axis": 1, "sign": 1},
    "verdict": "holds",
}
"""x vanishes in one step, and y goes to -y + 4y³."""

PERIODIC = ["-6499909821524423/1152921504606846976", "956441834520803/4503599627370496"]
ORBIT = {
    "schema": "gdcheck-orbit/1",
    "problem": {
        "loss": "1/2*x**2 + y**2 + 1/8*x*y**2 - y**4",
        "variables": ["x", "y"],
        "minimizer": ["0", "0"],
        "step_size": "11/10",
        "start": PERIODIC,
    },
    "point": PERIODIC,
    "norms": ["10230619/16777216", "10230619/16777216"],
    "verdict": "refuted",
    "radius": "1/64",
}
