"""Verifier of certificates, independent of the program that writes them; docs/certificate.md is its specification.

Every claim is decided with integers and fractions, rounded outwards where a root is taken. Nothing is evaluated and
nothing is trusted: a certificate is read first (`_certificate`), then checked (`_verify`) until a claim fails.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Context, Decimal
from fractions import Fraction
from itertools import compress, product, starmap
from math import isqrt, lcm, prod
from operator import add, mul, ne, sub
from types import SimpleNamespace
from typing import Any, NoReturn

DIGITS, SIZE, TERMS, WORK, BITS = 4000, 4 * 10**6, 20000, 10**9, 16384  # limits on what is looked at
ENDS = ("distinct-ends", "simple-lowest", "simple-highest", "off-boundary", "stable-step")
BOUNDS = ("radius", "rho", "C", "sigma", "P", "tail")
KINDS = {(): None, (1,): "fixed", (-1,): "alternating", (1, -1): "two-cycle"}  # signs of the blocks -> their limit
NAME, TEXT = re.compile("(?!max$)[A-Za-z_][A-Za-z0-9_]*"), re.compile(".+")
RATIONAL, DECIMAL = re.compile("-?[0-9]+(/[1-9][0-9]*)?"), re.compile("-?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]{1,4})?")
NUMBER, POWER = "[1-9][0-9]{0,999}(?:/[1-9][0-9]{0,999})?", r"([A-Za-z_][A-Za-z0-9_]*)(?:\*\*([2-9]|1[0-6]))?"
BODY = r"max\((?P<line>[^()]+), 0\)\*\*(?P<exponent>[2-9]|1[0-6])|(?P<powers>[^ ()]+)"
TERM = re.compile(rf"(?P<sign>^-|^| \+ | - )(?:(?P<constant>{NUMBER})|(?:(?P<factor>{NUMBER})\*)?(?:{BODY}))(?= |$)")

Vector = list[Fraction]
Poly = dict[tuple[int, ...], Fraction]  # exponents -> coefficient
Terms = Callable[[Fraction, int], list[tuple[Fraction, Fraction]]]  # (radius, end) -> weights and terms of C


class BadCertificate(ValueError):  # noqa: N818
    """The certificate is malformed; the message names the field and what it must be."""


class ClaimError(Exception):
    """A claim (the first argument) fails, or may fail (the second) at the present precision."""


def load(text: str) -> object:
    """Parse the text of a certificate, with BadCertificate for NaN, repeated keys and excessive depth."""
    try:
        document: object = json.loads(text, object_pairs_hook=_members, parse_constant=lambda x: _bad(x, "a number"))
    except (ValueError, RecursionError) as error:
        _bad("certificate", f"plain JSON of moderate depth ({str(error)[:200]})")
    return document


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
        _bad("certificate", f"a JSON object of moderate depth ({str(error)[:200]})")
    claims = _certificate(certificate) if size <= SIZE else _bad("certificate", f"at most {SIZE} characters long")
    try:
        _verify(claims)
    except ClaimError as failure:
        return str(failure.args[0])
    return None


# Reading: text becomes numbers, and everything that the specification does not foresee is refused.


def _bad(path: str, must: str) -> NoReturn:
    raise BadCertificate(f"{path} must be {must}")


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    return dict(pairs) if len(dict(pairs)) == len(pairs) else _bad("certificate", "free of repeated keys")


def _read(value: Any, shape: Any, path: str) -> Any:
    """Translate a value of a shape: {fields}, [entry, least, most], a set, a range, a pattern, or (shape or null,)."""
    kind, given = type(shape), type(value)
    if kind is tuple:
        return None if value is None else _read(value, shape[0], path)
    if kind is dict:
        if given is not dict or value.keys() != shape.keys():
            _bad(path, f"an object with exactly the fields {', '.join(shape)}: add what lacks, remove what is unknown")
        return SimpleNamespace(**{name: _read(value[name], shape[name], f"{path}.{name}") for name in shape})
    if kind is list:
        if given is not list or not shape[1] <= len(value) <= shape[2]:
            _bad(path, f"a list of {shape[1]} to {shape[2]} entries")
        return [_read(entry, shape[0], f"{path}[{i}]") for i, entry in enumerate(value)]
    if kind is set or kind is range:
        must = (
            f"one of {sorted(map(str, shape))}"
            if kind is set
            else f"an integer in the allowed range from {_show(shape.start)}"
        )
        return value if given in set(map(type, shape if kind is set else [0])) and value in shape else _bad(path, must)
    most = 50 * DIGITS if shape is TEXT else DIGITS
    must = f"text of the form {shape.pattern}, of at most {most} characters, in lowest terms"
    good = given is str and len(value) <= most and shape.fullmatch(value)
    number = Fraction(value) if good and shape in {RATIONAL, DECIMAL} else value
    return number if good and (shape is not RATIONAL or str(number) == value) else _bad(path, must)


def _loss(text: str, names: list[str]) -> tuple[Poly, list[SimpleNamespace]]:
    """Read a sum: its polynomial, and its truncated powers factor * max(slope . x + offset, 0)**power."""
    poly: Poly = {}
    hinges, position, zero = [], 0, (0,) * len(names)
    while position < len(text) and text != "0":
        term = TERM.match(text, position) or _bad("problem.loss", f"canonical, which {text[position:][:60]!r} is not")
        number, line, parts = term["constant"] or term["factor"] or "1", term["line"], term["powers"]
        powers = [re.fullmatch(POWER, part) for part in re.split(r"(?<!\*)\*(?!\*)", parts)] if parts else []
        exponents = {power[1]: int(power[2] or 1) for power in powers if power}
        alpha = tuple(exponents.get(name, 0) for name in names)
        good = len(exponents) == len(powers) and exponents.keys() <= {*names} and sum(alpha) <= 16
        factor, position = Fraction(number) * (-1 if "-" in term["sign"] else 1), term.end()
        if line:
            inner, nested = _loss(line, names)
            *slope, offset = [inner.pop(unit, Fraction(0)) for unit in (*_units(len(names)), zero)]
            hinges.append(SimpleNamespace(factor=factor, slope=slope, offset=offset, power=int(term["exponent"])))
            good = good and not inner and not nested and any(slope)
        if not good or str(abs(factor)) != number or term["factor"] == "1" or (alpha in poly and not line):
            _bad("problem.loss", f"canonical, of degree 16 at most, with distinct terms: {term[0][:60]!r} is not")
        poly |= {} if line else {alpha: factor}
    return poly, hinges


def _certificate(value: Any) -> SimpleNamespace:
    """Read a certificate; n is the number of variables, d the dimension of the space in which the blocks live."""

    def size(outer: str, inner: str, default: int = 0) -> int:
        found = value.get(outer) if type(value) is dict else None
        found = found.get(inner) if type(found) is dict else None
        return len(found) if type(found) is list else default

    n = size("problem", "variables", 1)
    d = size("subspace", "basis", n)
    vector, interval, integers = [RATIONAL, n, n], [DECIMAL, 2, 2], [range(-(10**DIGITS), 10**DIGITS), 2, 33]
    eigen = {"interval": [RATIONAL, 2, 2], "multiplicity": range(1, n + 1), "factor": (integers,)}
    block: dict[str, Any] = eigen | {"sign": {1, -1}, "gap": RATIONAL, "vectors": [[RATIONAL, d, d], 1, n]}
    pair, kernel = [interval, n, n], size("preimages", "kernel")
    limit: dict[str, Any] = (
        {"kind": {"fixed", "alternating"}, "vector": pair} if size("limit", "vector") else {"kind": {None}}
    )
    if size("limit", "even"):
        limit = {"kind": {"two-cycle"}, "even": pair, "odd": pair}
    names = {
        "schema": {"gdcheck-certificate/1"},
        "verdict": {"proved", "exceptional", "not-applicable"},
        "regime": ({"small-step", "large-step", "boundary", "unstable"},),
        "fails": [{"smoothness", "strict-minimum", *ENDS, "null-preimages"}, 0, 8],
    }
    problem = {"loss": TEXT, "variables": [NAME, 1, 32], "minimizer": vector, "step_size": RATIONAL, "start": vector}
    evidence = {
        "spectrum": ({"lowest": eigen, "highest": eigen},),
        "boundary_factor": (integers,),
        "preimages": ({"kernel": vector} if kernel else {"points": [vector, 0, 64]},),
        "subspace": ({"enters": range(17), "basis": [vector, 0, n]},),
        "bounds": (dict.fromkeys(BOUNDS, interval) | {"amplitudes": [interval, 1, 2]},),
    }
    rest = {
        "problem": problem,
        "blocks": [block, 0, 2],
        "step": range(10**7 + 1),
        "precision": range(10**9),
        "limit": limit,
    }
    shape = names | evidence | rest
    c: SimpleNamespace = _read(value, shape, "certificate")
    factors = [c.boundary_factor, *(e.factor for e in (*c.blocks, *(vars(c.spectrum).values() if c.spectrum else ())))]
    for path, good, must in (
        ("factor", all(factor[-1] for factor in factors if factor), "without leading zeros"),
        ("problem.variables", len(set(c.problem.variables)) == n, "distinct"),
        ("problem.step_size", c.problem.step_size > 0, "positive"),
        ("fails", len(set(c.fails)) == len(c.fails), "distinct"),
        ("blocks", all(len(b.vectors) == b.multiplicity for b in c.blocks), "given multiplicity vectors each"),
        ("bounds.amplitudes", not c.bounds or len(c.bounds.amplitudes) == len(c.blocks), "one for each block"),
    ):
        _ = good or _bad(path, must)
    c.poly, c.hinges = _loss(c.problem.loss, c.problem.variables)
    c.n, c.units, c.origin = n, [[*map(Fraction, unit)] for unit in _units(n)], [Fraction(0)] * n
    c.eta, c.two, c.minimizer = c.problem.step_size, 2 / c.problem.step_size, c.problem.minimizer
    c.start = [*map(sub, c.problem.start, c.problem.minimizer)]
    c.basis = c.subspace.basis if c.subspace else c.units
    return c


# Exact mathematics.


def _claim(text: str, holds: bool, broken: bool = True) -> None:
    if not holds:
        raise ClaimError(text, broken)


def _show(*numbers: Fraction | int) -> str:
    return ", ".join(f"{Context(prec=4).divide(Decimal(x.numerator), Decimal(x.denominator)):.4g}" for x in numbers)


def _units(n: int) -> list[tuple[int, ...]]:
    return [tuple(int(i == j) for j in range(n)) for i in range(n)]


def _dot(a: Iterable[Any], b: Iterable[Any]) -> Any:
    return sum(map(mul, a, b))


def _image(matrix: Iterable[Iterable[Any]], v: Vector) -> Vector:
    return [_dot(row, v) for row in matrix]


def _sqrt(x: Fraction, bits: int) -> Vector:
    """Enclose a root with a relative error of at most 2^-bits; the root of a rational square is exact."""
    shift = bits + max(0, x.denominator.bit_length() - x.numerator.bit_length()) // 2 + 1
    root, floor = Fraction(isqrt(x.numerator), isqrt(x.denominator)), isqrt((x.numerator << 2 * shift) // x.denominator)
    return [root, root] if root * root == x else [Fraction(floor, 1 << shift), Fraction(floor + 1, 1 << shift)]


def _compose(poly: Poly, rows: list[Vector], origin: Vector) -> Poly:
    """Return the polynomial t -> poly(origin + sum of t_b rows_b)."""
    total: Poly = defaultdict(Fraction)
    zero, steps = (0,) * len(rows), _units(len(rows))
    lines = [
        [(zero, x), *((step, row[i]) for step, row in zip(steps, rows, strict=True))] for i, x in enumerate(origin)
    ]
    for alpha, c in poly.items():
        part: Poly = {zero: c}
        for line in (line for line, e in zip(lines, alpha, strict=True) for _ in range(e)):
            last, part = part, defaultdict(Fraction)
            for (beta, k), (step, x) in product(last.items(), [entry for entry in line if entry[1]]):
                part[tuple(map(add, beta, step))] += k * x
            _claim("the loss can be verified fails: it has too many terms", len(part) + len(total) <= TERMS)
        for beta, k in part.items():
            total[beta] += k
    return {beta: k for beta, k in total.items() if k}


def _characteristic(matrix: list[Vector]) -> list[int]:
    """Return a multiple of the characteristic polynomial, constant first (Faddeev and LeVerrier, in integers)."""
    scale, poly = lcm(*(x.denominator for row in matrix for x in row)), [1]
    table = [[int(x * scale) for x in row] for row in matrix]
    _claim("the matrices can be verified fails: too many digits", scale.bit_length() * len(matrix) <= 4 * TERMS)
    power = [[0] * len(table) for _ in table]
    for k in range(1, len(table) + 1):
        shifted = ([x + poly[-1] * (i == j) for j, x in enumerate(row)] for i, row in enumerate(power))
        columns = [*zip(*shifted, strict=True)]
        power = [[_dot(row, column) for column in columns] for row in table]
        poly.append(-sum(power[i][i] for i in range(len(table))) // k)
    return [x * scale**k for k, x in enumerate(reversed(poly))]


def _shift(poly: list[Any], s: Any) -> list[Any]:
    """Return the coefficients of t -> poly(s + t)."""
    poly = list(poly)
    for i in range(len(poly)):
        for j in range(len(poly) - 2, i - 1, -1):
            poly[j] += s * poly[j + 1]
    return poly


def _count(chi: list[int], s: Fraction) -> tuple[int, int]:
    """Count the roots below s and at s of a polynomial with real roots: Descartes' rule of signs is exact for it."""
    p, q = s.as_integer_ratio()
    around = _shift([x * q ** (len(chi) - 1 - k) for k, x in enumerate(chi)], p)
    mirrored = [x * (-1) ** k > 0 for k, x in enumerate(around) if x]
    return sum(map(ne, mirrored, mirrored[1:])), next(k for k, x in enumerate(around) if x)


def _divides(factor: list[int], poly: list[Any], times: int, low: Fraction, high: Fraction) -> bool:
    """Tell whether a polynomial changes sign from low to high, and this power of it divides another."""
    for _ in range(times):
        quotient: Vector = []
        while len(poly) >= len(factor):
            quotient.insert(0, Fraction(poly[-1]) / factor[-1])
            aligned = [0] * (len(poly) - len(factor)) + [quotient[0] * x for x in factor]
            poly = [*map(sub, poly, aligned)][:-1]
        if any(poly):
            return False
        poly = quotient
    return sum(k * low**i for i, k in enumerate(factor)) * sum(k * high**i for i, k in enumerate(factor)) < 0


def _eigenvalue(name: str, claim: SimpleNamespace, chi: list[int]) -> tuple[int, int]:
    """Verify the claim of one eigenvalue; return how many eigenvalues lie below and above it."""
    low, high = claim.interval
    (below, first), (until, last) = _count(chi, low), _count(chi, high)
    inside = until + last - below
    good = low <= high and inside == claim.multiplicity and (low == high or first == last == 0)
    _claim(f"{name}: multiplicity {claim.multiplicity} in [{_show(low, high)}] fails: {inside} eigenvalues", good)
    if claim.factor or (low < high and inside > 1):
        good = claim.factor is not None and _divides(claim.factor, chi, inside, low, high)
        _claim(f"{name}: the factor proves one eigenvalue in [{_show(low, high)}] fails", good)
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
    _claim(f"step {c.step} can be verified fails: it takes too long", c.step * sum(map(len, table)) <= WORK)

    def step(z: list[int], d: int) -> tuple[list[int], int]:
        values = [*z, *(max(_dot(slope, z) + offset * d, 0) for slope, offset in lines)]
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
            sums[i] += alpha[i] * abs(c.local[alpha]) * _sqrt(Fraction(square, q**q), bits)[end]
        return Fraction(c.eta * _sqrt(_dot(sums, sums), bits)[end])

    orders = {q: [order(q, 0), order(q, 1)] for q in {sum(alpha) - 1 for alpha in c.high}}
    hinges = [(h.power, h.offset, c.eta * abs(h.factor), _sqrt(_dot(h.slope, h.slope), bits)) for h in c.hinges]

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
        radius = isqrt(_dot(z, z)) + 1 + error
        _claim(f"h_{k} can be verified fails: it is too large or too uncertain", radius >> 2 * bits == 0, False)
        drop = max(radius.bit_length() - 6, 0)
        radius = (radius >> drop) + 1 << drop
        if radius not in known:
            r = Fraction(radius, one)
            known[radius] = int((linear + r * sum(starmap(mul, terms(r, 1)))) * one) + 1
        image, d = c.flow(z, one)
        z, error = [(x << bits) // d for x in image], -(-error * known[radius] >> bits) + unit
    return [Fraction(x, one) for x in z], Fraction(error, one)


# The claims, in the order of the specification.


def _verify(c: SimpleNamespace) -> None:
    """Check everything that a certificate claims."""
    c.local = _compose(c.poly, c.units, c.minimizer)
    c.high = {alpha: k for alpha, k in c.local.items() if sum(alpha) > 2}
    for h in c.hinges:  # the same truncated power, around the minimizer, with integers for its slope and offset
        offset = h.offset + _dot(h.slope, c.minimizer)
        scale = lcm(offset.denominator, *(x.denominator for x in h.slope))
        h.slope, h.offset, h.factor = [x * scale for x in h.slope], offset * scale, h.factor / scale**h.power
        _claim("the Hessian at the minimizer exists fails: a truncated square bends there", h.power > 2 or offset != 0)
    c.flow = _flow(c)
    _claim("the gradient vanishes at the minimizer fails", not any(c.flow([0] * c.n, 1)[0]))
    c.hessian = _hessian(c, c.local, [(h, h.offset) for h in c.hinges if h.offset > 0])
    c.chi = _characteristic(c.hessian)
    failing = {"smoothness"} if any(h.power <= 3 for h in c.hinges) else set()
    if sum(_count(c.chi, Fraction(0))):
        failing.add("strict-minimum")
        rest = (c.regime, c.spectrum, c.boundary_factor, c.preimages, c.subspace, c.blocks)
        _claim("no regime and nothing else is claimed fails: the minimum is not strict", not any(rest))
    else:
        failing |= _spectrum(c) | _preimages(c)
    _claim(f"the failing assumptions are {sorted(c.fails)} fails: {sorted(failing)}", failing == set(c.fails))
    verdict = "not-applicable" if c.fails else "exceptional" if c.subspace else "proved"
    _claim(f"the verdict is {c.verdict} fails: it can only be {verdict}", c.verdict == verdict)
    chi, signs = _subspace(c) if c.subspace else c.chi, tuple(block.sign for block in c.blocks)
    sign = 1 if c.regime == "small-step" else -1
    _claim(
        f"blocks of signs {signs} prove the predicted limit fails: {c.regime}", verdict != "proved" or signs == (sign,)
    )
    if verdict == "exceptional":
        low, high = (c.spectrum.lowest if sign > 0 else c.spectrum.highest).interval
        _claim("the dominant eigenvalue is absent fails: it occurs", sum(_count(chi, high)) == _count(chi, low)[0])
    _claim(f"the limit is {c.limit.kind} fails: blocks of signs {signs}", KINDS.get(signs, "") == c.limit.kind)
    _claim("bounds, a step and blocks occur together fails", bool(c.blocks) == bool(c.bounds) >= bool(c.step))
    for block in c.blocks:
        _frame(c, block, chi)
    if c.blocks:
        _limit(c)


def _hessian(c: SimpleNamespace, local: Poly, bends: list[tuple[SimpleNamespace, Fraction]]) -> list[Vector]:
    """Return the Hessian at the origin of a polynomial, and of powers of slope . h + a without truncation."""
    units = _units(c.n)
    table = [[local.get(tuple(map(add, u, v)), Fraction(0)) * (1 + (u == v)) for v in units] for u in units]
    for h, a in bends:
        k = h.factor * h.power * (h.power - 1) * a ** (h.power - 2)
        table = [[x + k * h.slope[i] * h.slope[j] for j, x in enumerate(row)] for i, row in enumerate(table)]
    return table


def _spectrum(c: SimpleNamespace) -> set[str]:
    """Verify the spectrum and the regime; return the assumptions about them that fail."""
    _claim("a spectrum and a regime are stated fails", bool(c.spectrum and c.regime))
    low, high, g, chi = c.spectrum.lowest, c.spectrum.highest, c.boundary_factor, c.chi
    outer = _eigenvalue("spectrum.lowest", low, chi)[0], _eigenvalue("spectrum.highest", high, chi)[1]
    (a, b), (u, v), stable = low.interval, high.interval, _count(chi, c.two)[0] == c.n
    _claim(f"lowest and highest, both positive, fails: {outer} eigenvalues beyond them", outer == (0, 0) and a > 0)
    mirrored = [x * (-1) ** i for i, x in enumerate(_shift(chi, c.two))]
    exact = _divides(g, chi, 1, a, b) and _divides(g, mirrored, 1, a, b) if g else a == b and u == v
    holds = {"unstable": not stable, "small-step": b + v < c.two, "large-step": a + u > c.two and stable}
    holds["boundary"] = exact and u <= c.two - b and c.two - a <= v
    _claim(f"regime {c.regime} fails: ends {_show(a, b, u, v)}, 2/eta {_show(c.two)}", holds[c.regime])
    _claim("a boundary factor is given on the boundary only fails", not g or c.regime == "boundary")
    multiple = low.multiplicity == c.n, low.multiplicity > 1, high.multiplicity > 1
    broken = *multiple, c.regime == "boundary", c.regime == "unstable"
    return {name for name, fails in zip(ENDS, broken, strict=True) if fails}


def _preimages(c: SimpleNamespace) -> set[str]:
    """Verify that preimages of null sets are null, or that they are not."""
    given = vars(c.preimages or SimpleNamespace())
    _claim("preimages are not examined when unstable fails: they are given", not given or c.regime != "unstable")
    if u := given.get("kernel"):
        straight = any(u) and [c.eta * x for x in _image(c.hessian, u)] == u
        bent = any(alpha[-1] == 1 for alpha in _compose(c.high, [*c.units, u], c.origin))
        bent = bent or any(_image([h.slope for h in c.hinges], u))
        _claim("F is constant along the kernel fails", straight and not bent)
        return {"null-preimages"}
    if c.fails and not given:
        return set()  # no evidence is asked for
    _claim(f"preimages with {len(c.hinges)} truncated powers can be verified fails", len(c.hinges) <= 10)
    moves = [c.origin, *([*map(sub, point, c.minimizer)] for point in given.get("points", []))]
    places = [(_compose(c.local, c.units, h), [(b, b.offset + _dot(b.slope, h)) for b in c.hinges]) for h in moves]
    for kept in product((0, 1), repeat=len(c.hinges)):
        tables = (_hessian(c, local, [*compress(bends, kept)]) for local, bends in places)
        regular = any(not _count(_characteristic(table), c.two / 2)[1] for table in tables)
        _claim(f"the determinant of F' is somewhere not zero fails for truncated powers {kept}", regular)
    return set()


def _subspace(c: SimpleNamespace) -> list[int]:
    """Verify that the iterate enters the subspace, and F stays in it; return the characteristic polynomial on it."""
    frame: list[Vector] = []

    def rest(v: Vector) -> Vector:
        for b in frame:
            v = [x - _dot(b, v) / _dot(b, b) * y for x, y in zip(v, b, strict=True)]
        return v

    for b in c.basis:
        frame.append(rest(b))
        _claim("the basis is linearly independent fails", any(frame[-1]))
    h = c.start
    for _ in range(c.subspace.enters):
        d = lcm(*(x.denominator for x in h))
        z = [int(x * d) for x in h]
        _claim("the iterate can be computed fails: too many digits", max(map(abs, [d, *z])).bit_length() <= TERMS)
        z, d = c.flow(z, d)
        h = [Fraction(x, d) for x in z]
    _claim(f"the iterate lies in the subspace at step {c.subspace.enters} fails", not any(rest(h)))
    moves: dict[Any, Vector] = defaultdict(lambda: [*c.origin])
    for i, unit in enumerate(c.units):
        for alpha, k in _compose(c.high, [*c.basis, unit], c.origin).items():
            moves[alpha][i] += k * (alpha[-1] == 1)
    slopes = [h.slope for h in c.hinges if any(_image(c.basis, h.slope))]
    images = [_image(c.hessian, b) for b in frame]
    _claim("F maps the subspace into itself fails", not any(any(rest(v)) for v in [*images, *moves.values(), *slopes]))
    return _characteristic([[_dot(b, image) / _dot(b, b) for image in images] for b in frame])


def _frame(c: SimpleNamespace, block: SimpleNamespace, chi: list[int]) -> None:
    """Verify a block; add to it its vectors, the squared measures of their errors, and the range of rho."""
    name, (low, high), m, d = f"block {block.sign:+}", block.interval, block.multiplicity, len(chi) - 1
    beyond = _eigenvalue(name, block, chi)[block.sign < 0]
    _claim(f"{name} is at the end of the spectrum fails: {beyond} eigenvalues lie beyond", beyond == 0)
    _claim("all eigenvalues lie in (0, 2/eta) fails", sum(_count(chi, Fraction(0))) == 0 and _count(chi, c.two)[0] == d)
    dominates = _count(chi, c.two - high)[0] == d if block.sign > 0 else sum(_count(chi, c.two - low)) == 0
    if len(c.blocks) == 2:
        (a, b), (u, v) = (other.interval for other in c.blocks)
        exact = a == b and u == v and a + u == c.two if c.subspace else c.regime == "boundary"
        dominates = exact and sum(other.multiplicity for other in c.blocks) <= d
    _claim(f"{name} dominates fails", dominates)
    near = _count(chi, high + block.gap)[0] - sum(_count(chi, low - block.gap))
    _claim(f"{name}: gap {_show(block.gap)} fails: {near} eigenvalues are near", block.gap > 0 and near == m)
    block.columns = [_image([*map(list, zip(*c.basis, strict=True))], t) for t in block.vectors]
    grams = [_dot(v, w) - (i == j) for i, v in enumerate(block.columns) for j, w in enumerate(block.columns)]
    residuals = [x - (low + high) / 2 * y for w in block.columns for x, y in zip(_image(c.hessian, w), w, strict=True)]
    block.skew, block.tilt = Fraction(_dot(grams, grams)), 2 * _dot(residuals, residuals) / block.gap**2
    _claim(f"{name}: vectors are orthonormal fails: squared defect {_show(block.skew)}", block.skew <= Fraction(1, 4))
    _claim(f"{name}: vectors span the eigenspace fails: s^2 = {_show(block.tilt)}", block.tilt < Fraction(1, 4))
    block.rho = sorted(block.sign * (1 - c.eta * x) for x in (low, high))


def _limit(c: SimpleNamespace) -> None:
    """Verify the bounds and the limit, with a precision that grows until every claim is decided."""
    _claim(f"the limit begins on the subspace fails at step {c.step}", not c.subspace or c.step >= c.subspace.enters)
    numbers = [*c.bounds.amplitudes, *(vars(c.bounds)[name] for name in BOUNDS)]
    _claim("the stated radius and amplitudes are positive fails", min(x[0] for x in numbers[:-5]) > 0)
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
    at, length = f"at step {c.step}", _sqrt(_dot(centre, centre), bits)
    r = [max(length[0] - error, Fraction(0)), length[1] + error]
    rho = [max(block.rho[0] for block in c.blocks), min(block.rho[1] for block in c.blocks)]
    _claim(f"0 < rho < 1 fails: rho in [{_show(*rho)}]", rho[0] > 0 and rho[1] < 1)
    C = [sum((term for _, term in terms(r[end], end)), Fraction(0)) for end in (0, 1)]
    sigma = [rho[end] + C[end] * r[end] for end in (0, 1)]
    _claim(f"sigma < 1 fails {at}: sigma {_show(sigma[0])}", sigma[1] < 1, sigma[0] >= 1)
    x = [C[end] * r[end] / (rho[1 - end] * (1 - sigma[end])) for end in (0, 1)]
    _claim(f"x <= 1 fails {at}: x {_show(x[0])}", x[1] <= 1, x[0] > 1)
    P = [1 + y + y * y for y in x]
    tail = [C[end] * (P[end] * r[end]) ** 2 / (rho[1 - end] * (1 - rho[end])) for end in (0, 1)]
    found = [(name, vars(c.bounds)[name], x, 0) for name, x in zip(BOUNDS, (r, rho, C, sigma, P, tail), strict=True)]
    images, miss = [], tail[1]
    for i, block in enumerate(c.blocks):
        rows, off = [*zip(*block.columns, strict=True)], _sqrt(block.tilt, bits)[1] + _sqrt(block.skew, bits)[1]
        images.append(_image(rows, _image(block.columns, centre)))
        size, off = _sqrt(_dot(images[-1], images[-1]), bits), error + off * length[1]
        own, miss = [max(size[0] - off, Fraction(0)), size[1] + off], miss + off
        text = f"amplitude > tail fails {at}: amplitude {_show(own[1])}, tail {_show(tail[0])}"
        _claim(text, own[0] > tail[1], own[1] <= tail[0])
        found.append((f"amplitudes[{i}]", c.bounds.amplitudes[i], own, 0))
    even = (-1) ** c.step
    signs = {"vector": [1 if c.limit.kind == "fixed" else even], "even": [1, even], "odd": [1, -even]}
    simple = len(c.blocks) == len(c.blocks[0].columns) == 1
    for side in signs.keys() & vars(c.limit).keys():
        z = [_dot(signs[side], xs) for xs in zip(*images, strict=True)]
        size = _sqrt(_dot(z, z), bits)
        _claim(f"limit.{side} can be verified fails", 2 * size[0] > miss, False)
        spread = 2 * miss / (2 * size[0] - miss)  # |a/|a| - b/|b|| <= 2 |a - b| / (|a| + |b|)
        if simple:  # unit vectors on lines at an angle t differ by 2 sin(t/2) <= sqrt(2) sin t
            spread = min(spread, _sqrt(2 * c.blocks[0].tilt, bits)[1])
        for i, y in enumerate(z):
            low, high = sorted((y / size[0], y / size[1]))
            own = [max(low - spread, Fraction(-1)), min(high + spread, Fraction(1))]
            found.append((f"limit.{side}[{i}]", vars(c.limit)[side][i], own, 9 if simple else 6))
    for name, (low, high), (a, b), digits in found:
        width = Fraction(1, 10**digits) if digits else max(abs(low), abs(high)) / 10**9
        _claim(f"{name} is stated narrowly fails: [{_show(low, high)}]", low <= high <= low + width)
        text = f"{name} in [{_show(low, high)}] fails {at}: it is in [{_show(a, b)}]"
        _claim(text, low <= a and b <= high, b < low or a > high)
