"""Verifier of certificates, independent of the program that writes them; docs/certificate.md is its specification.

Every claim is decided with integers and fractions, rounded outwards where a root is taken. Nothing is evaluated and
nothing is trusted: a certificate is read first (``recheck_reading``), then checked (`_verify`) until a claim fails.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from fractions import Fraction
from itertools import compress, product, starmap
from math import isqrt, lcm, prod
from operator import add, mul, sub
from types import SimpleNamespace
from typing import Any

from theorem.recheck_exact import (
    TERMS,
    ClaimError,
    Poly,
    Vector,
    characteristic,
    claim,
    compose,
    count,
    divides,
    dot,
    image,
    shift,
    show,
    sqrt,
    units,
)
from theorem.recheck_reading import BOUNDS, ENDS, SIZE, BadCertificate, bad, load, read_certificate

__all__ = ["BadCertificate", "check", "load"]

WORK, BITS = 10**9, 16384  # limits on what is looked at
KINDS = {(): None, (1,): "fixed", (-1,): "alternating", (1, -1): "two-cycle"}  # signs of the blocks -> their limit
Terms = Callable[[Fraction, int], list[tuple[Fraction, Fraction]]]  # (radius, end) -> weights and terms of C


def check(certificate: object) -> str | None:
    """Verify a certificate.

    Args:
        certificate: The parsed JSON object; BadCertificate is raised if it is malformed.

    Returns:
        None if every claim has been verified, else a sentence that names the first claim that fails, with its numbers.
    """
    try:
        size = len(json.dumps(certificate, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        bad("certificate", f"a JSON object of moderate depth ({str(error)[:200]})")
    claims = read_certificate(certificate) if size <= SIZE else bad("certificate", f"at most {SIZE} characters long")
    try:
        _verify(claims)
    except ClaimError as failure:
        return str(failure.args[0])
    return None


def _eigenvalue(name: str, stated: SimpleNamespace, chi: list[int]) -> tuple[int, int]:
    """Verify the claim of one eigenvalue; return how many eigenvalues lie below and above it."""
    low, high = stated.interval
    (below, first), (until, last) = count(chi, low), count(chi, high)
    inside = until + last - below
    good = low <= high and inside == stated.multiplicity and (low == high or first == last == 0)
    claim(f"{name}: multiplicity {stated.multiplicity} in [{show(low, high)}] fails: {inside} eigenvalues", good)
    if stated.factor or (low < high and inside > 1):
        good = stated.factor is not None and divides(stated.factor, chi, inside, low, high)
        claim(f"{name}: the factor proves one eigenvalue in [{show(low, high)}] fails", good)
    return below, len(chi) - 1 - until - last


def _flow(c: SimpleNamespace) -> Callable[[list[int], int], tuple[list[int], int]]:
    """Return (z, d) -> F(z / d), without rounding, as integers and their common denominator."""
    # for each component a list of terms: the coefficient, and the factors as pairs of index and power
    rows: list[list[tuple[Fraction, Any]]] = [[(Fraction(1), ((i, 1),))] for i in range(c.n)]
    for i, alpha in ((i, alpha) for alpha in c.local for i in range(c.n) if alpha[i]):
        rest = tuple((j, e - (i == j)) for j, e in enumerate(alpha) if e > (i == j))
        rows[i].append((-c.eta * alpha[i] * c.local[alpha], rest))
    for i, (j, h) in product(range(c.n), enumerate(c.hinges)):
        rows[i].append((-c.eta * h.factor * h.power * h.slope[i], ((c.n + j, h.power - 1),)))
    order = max(sum(e for _, e in factors) for row in rows for _, factors in row)
    scale = lcm(*(k.denominator for row in rows for k, _ in row))
    table = [[(int(k * scale), order - sum(e for _, e in factors), factors) for k, factors in row if k] for row in rows]
    lines = [([int(x) for x in h.slope], int(h.offset)) for h in c.hinges]
    claim(f"step {c.step} can be verified fails: it takes too long", c.step * sum(map(len, table)) <= WORK)

    def step(z: list[int], d: int) -> tuple[list[int], int]:
        values = [*z, *(max(dot(slope, z) + offset * d, 0) for slope, offset in lines)]
        lift = [d**e for e in range(order + 1)]
        parts = [[k * lift[e] * prod([values[j] ** m for j, m in factors]) for k, e, factors in row] for row in table]
        return [sum(part) for part in parts], scale * lift[order]

    return step


def _remainder(c: SimpleNamespace, bits: int) -> Terms:
    """Return the terms of C(r), enclosed from below (end 0) or above (1); Lambda(r) is r times their weighted sum."""

    def order(q: int, end: int) -> Fraction:
        sums = [Fraction(0)] * c.n
        for alpha, i in ((alpha, i) for alpha in c.high if sum(alpha) == q + 1 for i in range(c.n) if alpha[i]):
            square = prod(e**e for e in alpha) // alpha[i] ** alpha[i] * (alpha[i] - 1) ** (alpha[i] - 1)
            sums[i] += alpha[i] * abs(c.local[alpha]) * sqrt(Fraction(square, q**q), bits)[end]
        return Fraction(c.eta * sqrt(dot(sums, sums), bits)[end])

    orders = {q: [order(q, 0), order(q, 1)] for q in {sum(alpha) - 1 for alpha in c.high}}
    hinges = [(h.power, h.offset, c.eta * abs(h.factor), sqrt(dot(h.slope, h.slope), bits)) for h in c.hinges]

    def terms(r: Fraction, end: int) -> list[tuple[Fraction, Fraction]]:
        found = [(Fraction(q), ends[end] * r ** (q - 2)) for q, ends in orders.items()]
        for p, a, k, length in hinges:
            reach = length[end] * r
            if p > 2 and a + reach > 0:
                found.append((Fraction(2), k * p * (p - 1) * (p - 2) * length[end] ** 3 * (a + reach) ** (p - 3) / 2))
            if p == 2 and reach > abs(a):
                found.append((4 * abs(a) / reach, k * length[end] ** 3 / (2 * abs(a))))
        return found

    return terms


def _trajectory(c: SimpleNamespace, bits: int, linear: Fraction, terms: Terms) -> tuple[Vector, Fraction]:
    """Enclose h_k in a ball; within r of the minimizer the map expands distances by linear + Lambda(r) at most."""
    one, unit = 1 << bits, isqrt(c.n) + 1  # rounding moves a vector by less than unit / one
    z, known = [int(x * one // 1) for x in c.start], dict[int, int]()
    error = unit if any(x * one != y for x, y in zip(c.start, z, strict=True)) else 0
    for k in range(c.step):
        radius = isqrt(dot(z, z)) + 1 + error
        claim(f"h_{k} can be verified fails: it is too large or too uncertain", radius >> 2 * bits == 0, False)
        drop = max(radius.bit_length() - 6, 0)
        radius = (radius >> drop) + 1 << drop
        if radius not in known:
            r = Fraction(radius, one)
            known[radius] = int((linear + r * sum(starmap(mul, terms(r, 1)))) * one) + 1
        moved, d = c.flow(z, one)
        z, error = [(x << bits) // d for x in moved], -(-error * known[radius] >> bits) + unit
    return [Fraction(x, one) for x in z], Fraction(error, one)


# The claims, in the order of the specification.


def _verify(c: SimpleNamespace) -> None:
    """Check everything that a certificate claims."""
    c.local = compose(c.poly, c.units, c.minimizer)
    c.high = {alpha: k for alpha, k in c.local.items() if sum(alpha) > 2}
    for h in c.hinges:  # the same truncated power, around the minimizer, with integers for its slope and offset
        offset = h.offset + dot(h.slope, c.minimizer)
        scale = lcm(offset.denominator, *(x.denominator for x in h.slope))
        h.slope, h.offset, h.factor = [x * scale for x in h.slope], offset * scale, h.factor / scale**h.power
        claim("the Hessian at the minimizer exists fails: a truncated square bends there", h.power > 2 or offset != 0)
    c.flow = _flow(c)
    claim("the gradient vanishes at the minimizer fails", not any(c.flow([0] * c.n, 1)[0]))
    c.hessian = _hessian(c, c.local, [(h, h.offset) for h in c.hinges if h.offset > 0])
    c.chi = characteristic(c.hessian)
    failing = {"smoothness"} if any(h.power <= 3 for h in c.hinges) else set()
    if sum(count(c.chi, Fraction(0))):
        failing.add("strict-minimum")
        rest = (c.regime, c.spectrum, c.boundary_factor, c.preimages, c.subspace, c.blocks)
        claim("no regime and nothing else is claimed fails: the minimum is not strict", not any(rest))
    else:
        failing |= _spectrum(c) | _preimages(c)
    claim(f"the failing assumptions are {sorted(c.fails)} fails: {sorted(failing)}", failing == set(c.fails))
    verdict = "not-applicable" if c.fails else "exceptional" if c.subspace else "proved"
    claim(f"the verdict is {c.verdict} fails: it can only be {verdict}", c.verdict == verdict)
    chi, signs = _subspace(c) if c.subspace else c.chi, tuple(block.sign for block in c.blocks)
    sign = 1 if c.regime == "small-step" else -1
    claim(
        f"blocks of signs {signs} prove the predicted limit fails: {c.regime}", verdict != "proved" or signs == (sign,)
    )
    if verdict == "exceptional":
        low, high = (c.spectrum.lowest if sign > 0 else c.spectrum.highest).interval
        claim("the dominant eigenvalue is absent fails: it occurs", sum(count(chi, high)) == count(chi, low)[0])
    claim(f"the limit is {c.limit.kind} fails: blocks of signs {signs}", KINDS.get(signs, "") == c.limit.kind)
    claim("bounds, a step and blocks occur together fails", bool(c.blocks) == bool(c.bounds) >= bool(c.step))
    for block in c.blocks:
        _frame(c, block, chi)
    if c.blocks:
        _limit(c)


def _hessian(c: SimpleNamespace, local: Poly, bends: list[tuple[SimpleNamespace, Fraction]]) -> list[Vector]:
    """Return the Hessian at the origin of a polynomial, and of powers of slope . h + a without truncation."""
    axes = units(c.n)
    table = [[local.get(tuple(map(add, u, v)), Fraction(0)) * (1 + (u == v)) for v in axes] for u in axes]
    for h, a in bends:
        k = h.factor * h.power * (h.power - 1) * a ** (h.power - 2)
        table = [[x + k * h.slope[i] * h.slope[j] for j, x in enumerate(row)] for i, row in enumerate(table)]
    return table


def _spectrum(c: SimpleNamespace) -> set[str]:
    """Verify the spectrum and the regime; return the assumptions about them that fail."""
    claim("a spectrum and a regime are stated fails", bool(c.spectrum and c.regime))
    low, high, g, chi = c.spectrum.lowest, c.spectrum.highest, c.boundary_factor, c.chi
    outer = _eigenvalue("spectrum.lowest", low, chi)[0], _eigenvalue("spectrum.highest", high, chi)[1]
    (a, b), (u, v), stable = low.interval, high.interval, count(chi, c.two)[0] == c.n
    claim(f"lowest and highest, both positive, fails: {outer} eigenvalues beyond them", outer == (0, 0) and a > 0)
    mirrored = [x * (-1) ** i for i, x in enumerate(shift(chi, c.two))]
    exact = divides(g, chi, 1, a, b) and divides(g, mirrored, 1, a, b) if g else a == b and u == v
    holds = {"unstable": not stable, "small-step": b + v < c.two, "large-step": a + u > c.two and stable}
    holds["boundary"] = exact and u <= c.two - b and c.two - a <= v
    claim(f"regime {c.regime} fails: ends {show(a, b, u, v)}, 2/eta {show(c.two)}", holds[c.regime])
    claim("a boundary factor is given on the boundary only fails", not g or c.regime == "boundary")
    multiple = low.multiplicity == c.n, low.multiplicity > 1, high.multiplicity > 1
    broken = *multiple, c.regime == "boundary", c.regime == "unstable"
    return {name for name, fails in zip(ENDS, broken, strict=True) if fails}


def _preimages(c: SimpleNamespace) -> set[str]:
    """Verify that preimages of null sets are null, or that they are not."""
    given = vars(c.preimages or SimpleNamespace())
    claim("preimages are not examined when unstable fails: they are given", not given or c.regime != "unstable")
    if u := given.get("kernel"):
        straight = any(u) and [c.eta * x for x in image(c.hessian, u)] == u
        bent = any(alpha[-1] == 1 for alpha in compose(c.high, [*c.units, u], c.origin))
        bent = bent or any(image([h.slope for h in c.hinges], u))
        claim("F is constant along the kernel fails", straight and not bent)
        return {"null-preimages"}
    if c.fails and not given:
        return set()  # no evidence is asked for
    claim(f"preimages with {len(c.hinges)} truncated powers can be verified fails", len(c.hinges) <= 10)
    moves = [c.origin, *([*map(sub, point, c.minimizer)] for point in given.get("points", []))]
    places = [(compose(c.local, c.units, h), [(b, b.offset + dot(b.slope, h)) for b in c.hinges]) for h in moves]
    for kept in product((0, 1), repeat=len(c.hinges)):
        tables = (_hessian(c, local, [*compress(bends, kept)]) for local, bends in places)
        regular = any(not count(characteristic(table), c.two / 2)[1] for table in tables)
        claim(f"the determinant of F' is somewhere not zero fails for truncated powers {kept}", regular)
    return set()


def _subspace(c: SimpleNamespace) -> list[int]:
    """Verify that the iterate enters the subspace, and F stays in it; return the characteristic polynomial on it."""
    frame: list[Vector] = []

    def rest(v: Vector) -> Vector:
        for b in frame:
            v = [x - dot(b, v) / dot(b, b) * y for x, y in zip(v, b, strict=True)]
        return v

    for b in c.basis:
        frame.append(rest(b))
        claim("the basis is linearly independent fails", any(frame[-1]))
    h = c.start
    for _ in range(c.subspace.enters):
        d = lcm(*(x.denominator for x in h))
        z = [int(x * d) for x in h]
        claim("the iterate can be computed fails: too many digits", max(map(abs, [d, *z])).bit_length() <= TERMS)
        z, d = c.flow(z, d)
        h = [Fraction(x, d) for x in z]
    claim(f"the iterate lies in the subspace at step {c.subspace.enters} fails", not any(rest(h)))
    moves: dict[Any, Vector] = defaultdict(lambda: [*c.origin])
    for i, unit in enumerate(c.units):
        for alpha, k in compose(c.high, [*c.basis, unit], c.origin).items():
            moves[alpha][i] += k * (alpha[-1] == 1)
    slopes = [h.slope for h in c.hinges if any(image(c.basis, h.slope))]
    images = [image(c.hessian, b) for b in frame]
    claim("F maps the subspace into itself fails", not any(any(rest(v)) for v in [*images, *moves.values(), *slopes]))
    return characteristic([[dot(b, v) / dot(b, b) for v in images] for b in frame])


def _frame(c: SimpleNamespace, block: SimpleNamespace, chi: list[int]) -> None:
    """Verify a block; add to it its vectors, the squared measures of their errors, and the range of rho."""
    name, (low, high), m, d = f"block {block.sign:+}", block.interval, block.multiplicity, len(chi) - 1
    beyond = _eigenvalue(name, block, chi)[block.sign < 0]
    claim(f"{name} is at the end of the spectrum fails: {beyond} eigenvalues lie beyond", beyond == 0)
    claim("all eigenvalues lie in (0, 2/eta) fails", sum(count(chi, Fraction(0))) == 0 and count(chi, c.two)[0] == d)
    dominates = count(chi, c.two - high)[0] == d if block.sign > 0 else sum(count(chi, c.two - low)) == 0
    if len(c.blocks) == 2:
        (a, b), (u, v) = (other.interval for other in c.blocks)
        exact = a == b and u == v and a + u == c.two if c.subspace else c.regime == "boundary"
        dominates = exact and sum(other.multiplicity for other in c.blocks) <= d
    claim(f"{name} dominates fails", dominates)
    near = count(chi, high + block.gap)[0] - sum(count(chi, low - block.gap))
    claim(f"{name}: gap {show(block.gap)} fails: {near} eigenvalues are near", block.gap > 0 and near == m)
    block.columns = [image([*map(list, zip(*c.basis, strict=True))], t) for t in block.vectors]
    grams = [dot(v, w) - (i == j) for i, v in enumerate(block.columns) for j, w in enumerate(block.columns)]
    residuals = [x - (low + high) / 2 * y for w in block.columns for x, y in zip(image(c.hessian, w), w, strict=True)]
    block.skew, block.tilt = Fraction(dot(grams, grams)), 2 * dot(residuals, residuals) / block.gap**2
    claim(f"{name}: vectors are orthonormal fails: squared defect {show(block.skew)}", block.skew <= Fraction(1, 4))
    claim(f"{name}: vectors span the eigenspace fails: s^2 = {show(block.tilt)}", block.tilt < Fraction(1, 4))
    block.rho = sorted(block.sign * (1 - c.eta * x) for x in (low, high))


def _limit(c: SimpleNamespace) -> None:
    """Verify the bounds and the limit, with a precision that grows until every claim is decided."""
    claim(f"the limit begins on the subspace fails at step {c.step}", not c.subspace or c.step >= c.subspace.enters)
    numbers = [*c.bounds.amplitudes, *(vars(c.bounds)[name] for name in BOUNDS)]
    claim("the stated radius and amplitudes are positive fails", min(x[0] for x in numbers[:-5]) > 0)
    # the narrowest interval in relation to the smallest vector says how well h_k must be known
    boxes = [(x, Fraction(1)) for side, box in vars(c.limit).items() if side != "kind" for x in box]
    widths = [
        (high - low) / size for (low, high), size in [*((x, x[1]) for x in numbers), *boxes] if high > low and size > 0
    ]
    narrow = min(x[0] for x in numbers[:-5]) * min([*widths, Fraction(1)])
    linear = max(abs(1 - c.eta * x) for x in (c.spectrum.lowest.interval[0], c.spectrum.highest.interval[1]))
    need = narrow.denominator.bit_length() - narrow.numerator.bit_length() + c.step.bit_length() + 40
    bits, settled = min(max(128, need), BITS), False
    while True:
        try:
            terms = _remainder(c, bits)
            centre, error = _trajectory(c, bits, linear, terms)
            settled = error * 2**20 <= narrow or 2 * bits > BITS
            return _compare(c, terms, centre, error, bits)
        except ClaimError as doubt:
            if doubt.args[1] or settled or 2 * bits > BITS:
                raise
        bits *= 2


def _compare(c: SimpleNamespace, terms: Terms, centre: Vector, error: Fraction, bits: int) -> None:
    """Compare what is claimed with enclosures that follow from a ball around h_k."""
    at, length = f"at step {c.step}", sqrt(dot(centre, centre), bits)
    r = [max(length[0] - error, Fraction(0)), length[1] + error]
    rho = [max(block.rho[0] for block in c.blocks), min(block.rho[1] for block in c.blocks)]
    claim(f"0 < rho < 1 fails: rho in [{show(*rho)}]", rho[0] > 0 and rho[1] < 1)
    C = [sum((term for _, term in terms(r[end], end)), Fraction(0)) for end in (0, 1)]
    sigma = [rho[end] + C[end] * r[end] for end in (0, 1)]
    claim(f"sigma < 1 fails {at}: sigma {show(sigma[0])}", sigma[1] < 1, sigma[0] >= 1)
    x = [C[end] * r[end] / (rho[1 - end] * (1 - sigma[end])) for end in (0, 1)]
    claim(f"x <= 1 fails {at}: x {show(x[0])}", x[1] <= 1, x[0] > 1)
    P = [1 + y + y * y for y in x]
    tail = [C[end] * (P[end] * r[end]) ** 2 / (rho[1 - end] * (1 - rho[end])) for end in (0, 1)]
    found = [(name, vars(c.bounds)[name], x, 0) for name, x in zip(BOUNDS, (r, rho, C, sigma, P, tail), strict=True)]
    images, miss = [], tail[1]
    for i, block in enumerate(c.blocks):
        rows, off = [*zip(*block.columns, strict=True)], sqrt(block.tilt, bits)[1] + sqrt(block.skew, bits)[1]
        images.append(image(rows, image(block.columns, centre)))
        size, off = sqrt(dot(images[-1], images[-1]), bits), error + off * length[1]
        own, miss = [max(size[0] - off, Fraction(0)), size[1] + off], miss + off
        text = f"amplitude > tail fails {at}: amplitude {show(own[1])}, tail {show(tail[0])}"
        claim(text, own[0] > tail[1], own[1] <= tail[0])
        found.append((f"amplitudes[{i}]", c.bounds.amplitudes[i], own, 0))
    even = (-1) ** c.step
    signs = {"vector": [1 if c.limit.kind == "fixed" else even], "even": [1, even], "odd": [1, -even]}
    simple = len(c.blocks) == len(c.blocks[0].columns) == 1
    for side in signs.keys() & vars(c.limit).keys():
        z = [dot(signs[side], xs) for xs in zip(*images, strict=True)]
        size = sqrt(dot(z, z), bits)
        claim(f"limit.{side} can be verified fails", 2 * size[0] > miss, False)
        spread = 2 * miss / (2 * size[0] - miss)  # |a/|a| - b/|b|| <= 2 |a - b| / (|a| + |b|)
        if simple:  # unit vectors on lines at an angle t differ by 2 sin(t/2) <= sqrt(2) sin t
            spread = min(spread, sqrt(2 * c.blocks[0].tilt, bits)[1])
        for i, y in enumerate(z):
            low, high = sorted((y / size[0], y / size[1]))
            own = [max(low - spread, Fraction(-1)), min(high + spread, Fraction(1))]
            found.append((f"limit.{side}[{i}]", vars(c.limit)[side][i], own, 9 if simple else 6))
    for name, (low, high), (a, b), digits in found:
        width = Fraction(1, 10**digits) if digits else max(abs(low), abs(high)) / 10**9
        claim(f"{name} is stated narrowly fails: [{show(low, high)}]", low <= high <= low + width)
        text = f"{name} in [{show(low, high)}] fails {at}: it is in [{show(a, b)}]"
        claim(text, low <= a and b <= high, b < low or a > high)
