"""Verifier of certificates in plain integers and fractions, independent of their writer; see docs/certificate.md."""

import re
from collections import Counter, defaultdict
from decimal import Context, Decimal
from fractions import Fraction
from itertools import accumulate, compress, product
from math import gcd, isqrt, lcm, prod
from operator import add, mul, ne, sub
from types import SimpleNamespace
from typing import Any

TERMS, WORK = 20_000, 10**10  # limits: of polynomials and digits, of steps * terms * bits
OBJECTS = """schema problem verdict regime fails spectrum points kernel subspace blocks step bounds limit; kind vectors;
loss variables minimizer step_size start; enters basis regime spectrum; interval multiplicity; gap vectors amplitude;
radius sigma tail; lowest highest"""  # the fields of every object
TEXT, COUNTS = {"schema", "verdict", "regime", "fails", "loss", "variables", "kind"}, {"multiplicity", "enters", "step"}
NUMBER = re.compile("-?[0-9]+(?:/[1-9][0-9]*|([.][0-9]+)?([eE][+-]?[0-9]{1,4})?)")
POWER, TIMES = re.compile(r"(?!max\b)([^\W\d]\w*)(?:\*\*([1-9][0-9]?))?"), re.compile(r"(?<!\*)\*(?!\*)")
TERM = re.compile(
    r"(?P<sign>^-|^| \+ | - )(?:(?P<number>[0-9]{1,999}(?:/[1-9][0-9]{,999})?)(?:\*(?=\w)|(?= |$)))?"
    r"(?:max\((?P<line>[^()]+), 0\)\*\*(?P<exponent>[2-9]|1[0-6])|(?P<powers>[^ ()]*))(?= |$)"
)
ENDS = ("distinct-ends", "simple-lowest", "simple-highest", "off-boundary", "stable-step")
DOMINANT = {"small-step": ("fixed", [1]), "large-step": ("alternating", [-1]), "boundary": ("two-cycle", [1, -1])}
Poly = dict[tuple[int, ...], Fraction]  # exponents -> coefficient


class BadCertificate(Exception):  # noqa: N818
    """The certificate is malformed."""


class ClaimError(Exception):
    """A claim fails; the message says which, with its numbers."""


def check(certificate: object) -> str | None:
    """Verify a parsed certificate: None, or the first claim that fails with its numbers (BadCertificate: malformed)."""
    try:
        _verify(_read(certificate))
    except ClaimError as failure:
        return str(failure)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise BadCertificate(f"the certificate is not of the shape in docs/certificate.md: {error}") from error
    return None


def claim(text: str, holds: object, error: type[Exception] = ClaimError) -> None:
    """Reject the certificate unless a claim holds."""
    if not holds:
        raise error(text)


def show(*numbers: Fraction | int) -> str:
    """Numbers to four digits, for messages."""
    return ", ".join(f"{Context(prec=4).divide(Decimal(x.numerator), Decimal(x.denominator)):.4g}" for x in numbers)


def dot(a: Any, b: Any) -> Any:
    """The inner product."""
    return sum(map(mul, a, b))


def sqrt(x: Fraction) -> tuple[Fraction, Fraction]:
    """Enclose a root with a relative error of at most 2^-256."""
    bits = 257 + max(0, x.denominator.bit_length() - x.numerator.bit_length()) // 2
    floor = isqrt((x.numerator << 2 * bits) // x.denominator)
    return Fraction(floor, 1 << bits), Fraction(floor + (floor > 0), 1 << bits)


def compose(poly: Poly, rows: list[Any], origin: list[Fraction]) -> Poly:
    """Return the polynomial t -> poly(origin + sum of t_b rows_b)."""
    total, m = Counter[Any](), len(rows)
    steps = [tuple(int(i == j) for j in range(m)) for i in range(-1, m)]  # zero and the unit vectors
    lines = [[(s, x) for s, x in zip(steps, column, strict=True) if x] for column in zip(origin, *rows, strict=True)]
    for alpha, c in poly.items():
        part: Poly = {steps[0]: c}
        for line in (line for line, e in zip(lines, alpha, strict=True) for _ in range(e)):
            last, part = part, defaultdict(Fraction)
            for (beta, k), (step, x) in product(last.items(), line):
                part[tuple(map(add, beta, step))] += k * x
            claim("the loss can be verified fails: it has too many terms", len(part) + len(total) <= TERMS)
        total.update(part)
    return {beta: Fraction(k) for beta, k in total.items() if k}


def along(poly: Poly, v: Any) -> Poly:
    """Return the derivative of a polynomial along a vector."""
    total = defaultdict[tuple[int, ...], Fraction](Fraction)
    for alpha, c in poly.items():
        for i in (i for i, e in enumerate(alpha) if e and v[i]):
            total[(*alpha[:i], alpha[i] - 1, *alpha[i + 1 :])] += c * alpha[i] * v[i]
    return {beta: k for beta, k in total.items() if k}


def characteristic(matrix: list[list[Fraction]]) -> list[int]:
    """Return a multiple of the characteristic polynomial, constant first (Faddeev and LeVerrier, in integers)."""
    scale, poly, n = lcm(*(x.denominator for row in matrix for x in row)), [1], len(matrix)
    claim("the matrices can be verified fails: too many digits", scale.bit_length() * n <= 4 * TERMS)
    table, power = [[int(x * scale) for x in row] for row in matrix], [[0] * n] * n
    for k in range(1, n + 1):
        shifted = [[x + poly[-1] * (i == j) for j, x in enumerate(row)] for i, row in enumerate(power)]
        columns = [*zip(*shifted, strict=True)]
        power = [[dot(row, column) for column in columns] for row in table]
        poly.append(-sum(power[i][i] for i in range(n)) // k)
    return [x * scale**k for k, x in enumerate(reversed(poly))]


def count(chi: list[int], s: Fraction) -> tuple[int, int]:
    """Count the roots below s, and up to s, of a polynomial with real roots (Descartes' rule of signs is exact)."""
    p, q = s.as_integer_ratio()
    around = [x * q ** (len(chi) - 1 - k) for k, x in enumerate(chi)]
    for i in range(len(chi)):  # make it t -> chi((p + t) / q), up to a factor
        around[i:] = [*accumulate(reversed(around[i:]), lambda x, y: p * x + y)][::-1]
    mirrored = [x * (-1) ** k > 0 for k, x in enumerate(around) if x]
    below = sum(map(ne, mirrored, mirrored[1:]))
    return below, below + next(k for k, x in enumerate(around) if x)


def common(p: list[int], q: list[int]) -> list[int]:
    """Return the greatest common divisor of two polynomials, up to a factor (Euclid, in integers)."""
    while q:
        while len(p) >= len(q):
            p = [q[-1] * x - p[-1] * y for x, y in zip(p, [0] * (len(p) - len(q)) + q, strict=True)]
            while p and not p[-1]:
                p.pop()
        p, q = q, [x // gcd(*p) for x in p]
    return p


def _translated(value: Any, name: str) -> Any:
    """Translate what is given for a field: numbers become fractions, and what is of no expected type is refused."""
    if type(value) is dict:
        known = any(value.keys() == {*fields.split()} for fields in OBJECTS.split(";"))
        claim(f"{name} has unknown fields or lacks some: {[*value]!s:.200}", known, BadCertificate)
        return SimpleNamespace(**{key: _translated(entry, key) for key, entry in value.items()})
    if type(value) is list:
        return [_translated(entry, name) for entry in value]
    if value is None or (name in COUNTS and type(value) is int and 0 <= value <= 10**6):
        return value
    good = type(value) is str and (name in TEXT or (len(value) <= 4000 and NUMBER.fullmatch(value)))
    claim(f"{name} must be text, a count, or a number such as '-3/7'", good and name not in COUNTS, BadCertificate)
    return value if name in TEXT else Fraction(value)


def _loss(text: str, names: list[str]) -> tuple[Poly, list[SimpleNamespace]]:
    """Read a sum: its polynomial, and its truncated powers factor * max(slope . x + offset, 0)**power."""
    poly, hinges, end = defaultdict[tuple[int, ...], Fraction](Fraction), list[SimpleNamespace](), 0
    while end < max(len(text), 1):
        term: Any = TERM.match(text, end) or defaultdict(str)
        powers = [POWER.fullmatch(part) for part in TIMES.split(term["powers"])] if term["powers"] else []
        alpha = tuple(sum(int(p[2] or 1) for p in powers if p and p[1] == name) for name in names)
        good = (term["number"] or term["line"] or powers) and all(p and p[1] in names for p in powers)
        must = f"problem.loss must be a sum as in docs/certificate.md, of degree 16 at most: not {text[end:][:60]!r}"
        claim(must, good and sum(alpha) <= 16, BadCertificate)
        end, factor = term.end(), Fraction(term["number"] or 1) * (-1 if "-" in term["sign"] else 1)
        if term["line"] and factor:
            inner, _ = _loss(term["line"], names)
            offset = inner.pop((0,) * len(names), Fraction(0))
            slope = [sum(k for beta, k in inner.items() if beta[i]) for i in range(len(names))]
            claim("problem.loss must be linear in max", any(slope) and {*map(sum, inner)} == {1}, BadCertificate)
            hinges.append(SimpleNamespace(factor=factor, slope=slope, offset=offset, power=int(term["exponent"])))
        else:
            poly[alpha] += factor
    return poly, hinges


def _read(document: object) -> SimpleNamespace:
    """Read a certificate; add the loss around its minimizer, and the parts of the map F and of the bound C."""
    c: SimpleNamespace = _translated(document, "certificate")
    names, minimizer, c.start, c.eta = c.problem.variables, c.problem.minimizer, c.problem.start, c.problem.step_size
    c.n, c.units, c.origin = len(names), [tuple(int(x == y) for y in names) for x in names], [Fraction(0)] * len(names)
    vectors = [minimizer, c.start, c.start if c.kernel is None else c.kernel, *c.points, *c.limit.vectors]
    vectors += [v for block in c.blocks for v in block.vectors] + ([] if c.subspace is None else c.subspace.basis)
    claim("schema must be 'gdcheck-certificate/2'", c.schema == "gdcheck-certificate/2", BadCertificate)
    claim("problem.variables must be 1 to 32 distinct names", 1 <= c.n == len({*names}) <= 32, BadCertificate)
    claim("problem.step_size must be positive", c.eta > 0, BadCertificate)
    good = type(c.fails) is list and all(x or x is None for x in (c.regime, c.spectrum, c.subspace, c.bounds))
    claim("fails must be a list; regime, spectrum, subspace and bounds must be full, or null", good, BadCertificate)
    claim(f"every vector must have {c.n} entries", {*map(len, vectors)} == {c.n} and len(vectors) < 300, BadCertificate)
    c.start, *c.points = [[*map(sub, point, minimizer)] for point in (c.start, *c.points)]
    c.two, (poly, c.hinges) = 2 / c.eta, _loss(c.problem.loss, names)
    c.local = compose(poly, c.units, minimizer)
    for h in c.hinges:  # the same truncated power, around the minimizer, with integers for its slope and offset
        offset = h.offset + dot(h.slope, minimizer)
        scale = lcm(offset.denominator, *(x.denominator for x in h.slope))
        h.slope, h.offset, h.factor = [int(x * scale) for x in h.slope], int(offset * scale), h.factor / scale**h.power
        h.length = sqrt(dot(h.slope, h.slope))[1]
    terms: list[list[tuple[Fraction, Any]]] = [[] for _ in c.units]  # coefficients, and pairs of index and power
    orders: dict[int, list[Fraction]] = defaultdict(lambda: [*c.origin])
    for i, unit in enumerate(c.units):
        row = along(c.local, unit)
        terms[i] = [(c.eta * k, [(j, e) for j, e in enumerate(beta) if e]) for beta, k in row.items()]
        terms[i] += [(c.eta * h.factor * h.power * h.slope[i], [(j, h.power - 1)]) for j, h in enumerate(c.hinges, c.n)]
        for beta, q, k in ((beta, sum(beta), k) for beta, k in row.items()):
            orders[q][i] += c.eta * abs(k) * sqrt(Fraction(prod(e**e for e in beta), q**q))[1]
    c.orders = [(q - 2, sqrt(dot(row, row))[1]) for q, row in orders.items() if q > 1]
    c.degree = max([1, *(sum(e for _, e in factors) for row in terms for _, factors in row)])
    c.scale = lcm(*(k.denominator for row in terms for k, _ in row))
    c.terms = [[(int(k * c.scale), c.degree - sum(e for _, e in fs), fs) for k, fs in row if k] for row in terms]
    return c


def _verify(c: SimpleNamespace) -> None:
    """Check everything that a certificate claims, in the order of the specification."""
    claim("the gradient vanishes at the minimizer fails", not any(_moved(c, [0] * c.n, 1)[0]))
    claim("the Hessian at the minimizer exists fails", all(h.power > 2 or h.offset for h in c.hinges))
    c.hessian = _hessian(c, c.origin, c.local, [h.offset > 0 for h in c.hinges])
    c.chi, failing = characteristic(c.hessian), {"smoothness"} if any(h.power <= 3 for h in c.hinges) else set()
    if count(c.chi, Fraction(0))[1]:
        failing.add("strict-minimum")
        rest = c.regime or c.spectrum or c.points or c.kernel or c.subspace or c.blocks
        claim("no regime and nothing else is claimed fails: the minimum is not strict", not rest)
    else:
        failing |= _spectrum(c, c) | _preimages(c)
        c.linear = max(abs(1 - c.eta * x) for x in (c.spectrum.lowest.interval[0], c.spectrum.highest.interval[1]))
    claim(f"the failing assumptions are {sorted(c.fails)} fails: {sorted(failing)}", sorted(c.fails) == sorted(failing))
    verdict = "not-applicable" if failing else "exceptional" if c.subspace else "proved"
    claim(f"the verdict is {c.verdict} fails: it can only be {verdict}", c.verdict == verdict)
    if c.subspace:
        _subspace(c, c.subspace)
    here = c.subspace or c
    if verdict == "exceptional":
        low, high = (c.spectrum.lowest if c.regime == "small-step" else c.spectrum.highest).interval
        claim("the dominant eigenvalue is absent fails", count(here.chi, high)[1] == count(here.chi, low)[0])
    kind, signs = DOMINANT.get(here.regime, (None, [])) if c.blocks else (None, [])
    good = c.limit.kind == kind and len(c.blocks) == len(signs) == len(c.limit.vectors)
    good = good and (c.bounds if kind else c.step == 0 and not (c.bounds or verdict == "proved"))
    claim(f"{len(c.blocks)} blocks prove the limit {c.limit.kind} fails: step {c.step}, regime {here.regime}", good)
    if c.blocks:
        _limit(c, here, signs)


def _spectrum(c: SimpleNamespace, here: SimpleNamespace) -> set[str]:
    """Verify the ends of a spectrum and the regime; return the assumptions about them that fail."""
    claim("a spectrum and a regime are stated fails", here.spectrum and here.regime)
    chi, dimension, lowest, highest = here.chi, len(here.chi) - 1, here.spectrum.lowest, here.spectrum.highest
    for end in (lowest, highest):
        (low, high), m, shared = end.interval, end.multiplicity, chi
        (below, first), (until, last) = count(chi, low), count(chi, high)
        good = last - below == m and (low == high or (low < high and below == first and until == last))
        for _ in range((last - below - 1) * (low < high)):  # each time, every root loses one of its multiplicity
            shared = common(shared, [k * x for k, x in enumerate(shared)][1:])
        good = good and count(shared, high)[1] > count(shared, low)[0] and (last == dimension or end is lowest)
        text = f"an end {m}-fold in [{show(low, high)}] fails: {below} eigenvalues below, {last - below} inside"
        claim(text, good and (below == 0 or end is highest))
    (a, b), (u, v), stable = lowest.interval, highest.interval, count(chi, c.two)[0] == dimension
    holds = {"unstable": not stable, "small-step": b + v < c.two, "large-step": a + u > c.two and stable}
    if here.regime == "boundary":
        mirrored = [[c.two * (i == j) - x for j, x in enumerate(row)] for i, row in enumerate(here.hessian)]
        shared = common(chi, characteristic(mirrored))
        holds["boundary"] = count(shared, b)[1] > count(shared, a)[0] and u <= c.two - b and c.two - a <= v
    claim(f"regime {here.regime} fails: ends {show(a, b, u, v)}, 2/eta {show(c.two)}", holds.get(here.regime))
    multiple = lowest.multiplicity == dimension, lowest.multiplicity > 1, highest.multiplicity > 1
    return {*compress(ENDS, (*multiple, here.regime == "boundary", here.regime == "unstable"))}


def _hessian(c: SimpleNamespace, p: list[Fraction], near: Poly, kept: Any) -> list[list[Fraction]]:
    """Return the Hessian at p of the polynomial, given around p, and of the truncated powers that are kept."""
    table = [[near.get(tuple(map(add, u, v)), Fraction(0)) * (1 + (u == v)) for v in c.units] for u in c.units]
    for h in compress(c.hinges, kept):
        k = h.factor * h.power * (h.power - 1) * (h.offset + dot(h.slope, p)) ** (h.power - 2)
        table = [[x + k * h.slope[i] * h.slope[j] for j, x in enumerate(row)] for i, row in enumerate(table)]
    return table


def _preimages(c: SimpleNamespace) -> set[str]:
    """Verify that preimages of null sets are null, or that they are not."""
    claim("preimages are not examined when unstable fails", c.regime != "unstable" or not (c.points or c.kernel))
    if u := c.kernel:
        pull = along(c.local, u)
        straight = [c.eta * pull.pop(unit, 0) for unit in c.units] == u and any(u) and not any(map(any, pull))
        met = any(dot(h.slope, u) and h.offset + dot(h.slope, p) >= 0 for h in c.hinges for p in c.points or [c.origin])
        claim("F is constant along the kernel near the points fails", straight and not met)
        return {"null-preimages"}
    if c.points or not c.fails:  # else no evidence is asked for
        claim(f"preimages with {len(c.hinges)} truncated powers can be verified fails", len(c.hinges) <= 10)
        places = [(point, compose(c.local, c.units, point)) for point in (c.origin, *c.points)]
        for kept in product((0, 1), repeat=len(c.hinges)):
            good = any(len({*count(characteristic(_hessian(c, *place, kept)), c.two / 2)}) == 1 for place in places)
            claim(f"the determinant of F' is somewhere not zero fails for truncated powers {kept}", good)
    return set()


def _subspace(c: SimpleNamespace, space: SimpleNamespace) -> None:
    """Verify that the iterate enters the subspace and F stays in it; add to it the Hessian and the spectrum there."""
    frame: list[list[Fraction]] = []

    def rest(v: Any) -> Any:
        for b in frame:
            v = [x - dot(b, v) / dot(b, b) * y for x, y in zip(v, b, strict=True)]
        return v

    for b in space.basis:
        frame.append(rest(b))
        claim("the basis is linearly independent fails", any(frame[-1]))
    h = c.start
    for j in range(space.enters):
        d = lcm(*(x.denominator for x in h))
        claim(f"h_{j} can be computed fails: too many digits", j < 16 and max(map(abs, [d, *h])) < 1 << TERMS)
        z, d = _moved(c, [int(x * d) for x in h], d)
        h = [Fraction(x, d) for x in z]
    inside = [h, *(vector for block in c.blocks for vector in block.vectors)]
    good = not any(any(rest(v)) for v in inside) and (c.step >= space.enters or not c.blocks)
    claim(f"h_{space.enters} and the blocks lie in the subspace fails at step {c.step}", good)
    leaving = any(any(map(any, compose(along(c.local, rest(unit)), space.basis, c.origin))) for unit in c.units)
    r = sqrt(dot(h, h))[1]  # a truncated power is not felt if F maps the ball into itself and the kink is outside
    felt = [k.slope for k in c.hinges if c.linear + _push(c, r) >= 1 or k.offset + k.length * r > 0]
    across = any(any(dot(b, slope) for b in frame) and any(rest(slope)) for slope in felt)
    claim("F maps the subspace into itself fails", not leaving and not across)
    space.hessian = [[dot(b, [dot(row, v) for row in c.hessian]) / dot(b, b) for v in frame] for b in frame]
    space.chi = characteristic(space.hessian)
    if c.blocks or space.spectrum is not None or space.regime is not None:
        _spectrum(c, space)


def _moved(c: SimpleNamespace, z: list[int], d: int) -> tuple[list[int], int]:
    """Return F(z / d), without rounding, as integers and their common denominator."""
    values = [*z, *(max(dot(h.slope, z) + h.offset * d, 0) for h in c.hinges)]
    lift = [d**e for e in range(c.degree + 1)]
    moves = [sum(k * lift[e] * prod(values[j] ** m for j, m in fs) for k, e, fs in row) for row in c.terms]
    return [c.scale * lift[c.degree - 1] * x - y for x, y in zip(z, moves, strict=True)], c.scale * lift[c.degree]


def _push(c: SimpleNamespace, r: Fraction) -> Fraction:
    """Return r C(r), rounded up."""
    total: Fraction = sum(k * r**e for e, k in c.orders)
    for h in c.hinges:
        reach, k = h.length * r, c.eta * abs(h.factor) * h.length**3 / 2
        if h.power > 2 and h.offset + reach > 0:
            total += k * h.power * (h.power - 1) * (h.power - 2) * (h.offset + reach) ** (h.power - 3)
        if h.power == 2 and reach > abs(h.offset):
            total += k / abs(h.offset)
    return r * total


def _trajectory(c: SimpleNamespace, bits: int) -> tuple[list[Fraction], Fraction]:
    """Enclose h_k in a ball."""
    one, unit = 1 << bits, isqrt(c.n) + 1  # rounding moves a vector by less than unit / one
    z, error, growth = [int(x * one) for x in c.start], unit, dict[int, int]()
    for _ in range(c.step):
        size = (isqrt(dot(z, z)) + 1 + error).bit_length()
        if size >= 1 << 16:  # too large or too uncertain: such a ball decides nothing
            return c.origin, Fraction(size)
        if size not in growth:  # within r of the minimizer, F expands distances by growth[size] / one at most
            growth[size] = int((c.linear + max(4, c.degree) * _push(c, Fraction(1 << size, one))) * one) + 1
        moved, d = _moved(c, z, one)
        z, error = [(x << bits) // d for x in moved], -(-error * growth[size] >> bits) + unit
    return [Fraction(x, one) for x in z], Fraction(error, one)


def _limit(c: SimpleNamespace, here: SimpleNamespace, signs: list[int]) -> None:
    """Verify the blocks, the inequality at the step that is claimed, and the limit that follows."""
    at = f"at step {c.step}"
    for sign, block in zip(signs, c.blocks, strict=True):
        end = here.spectrum.lowest if sign > 0 else here.spectrum.highest
        (low, high), m, vs = end.interval, end.multiplicity, block.vectors
        near = count(here.chi, high + block.gap)[0] - count(here.chi, low - block.gap)[1]
        claim(f"gap {show(block.gap)} fails: {near} eigenvalues are near", block.gap > 0 and near == m)
        grams = [dot(v, w) - (i == j) for i, v in enumerate(vs) for j, w in enumerate(vs)]
        residuals = [dot(row, v) - (low + high) / 2 * x for v in vs for row, x in zip(c.hessian, v, strict=True)]
        skew, tilt = Fraction(dot(grams, grams)), 2 * dot(residuals, residuals) / block.gap**2
        claim(f"{m} orthonormal vectors fails: squared defect {show(skew)}", len(vs) == m and 4 * skew <= 1)
        claim(f"the vectors span the eigenspace fails: s^2 = {show(tilt)}", 4 * tilt < 1)
        block.tilt, block.off = sqrt(2 * tilt)[1], sqrt(tilt)[1] + sqrt(skew)[1]
        block.rho = sorted(sign * (1 - c.eta * x) for x in (low, high))
    for bits in (256, 1024, 4096, 16384):
        claim(f"h_k can be enclosed fails {at}: it takes too long", c.step * sum(map(len, c.terms)) * bits <= WORK)
        h, error = _trajectory(c, bits)
        parts = [[dot(xs, [dot(v, h) for v in b.vectors]) for xs in zip(*b.vectors, strict=True)] for b in c.blocks]
        if error**2 * 2**256 <= min(dot(z, z) for z in parts):
            break
    r, (low, high) = sqrt(dot(h, h))[1] + error, c.blocks[0].rho  # two blocks have the same rho
    claim(f"0 < rho < 1 fails: rho in [{show(low, high)}]", low > 0 and high < 1)
    sigma = high + (push := _push(c, r))
    claim(f"sigma < 1 fails {at}: sigma {show(sigma)}", sigma < 1)
    x = push / (low * (1 - sigma))
    claim(f"x <= 1 fails {at}: x {show(x)}", x <= 1)
    miss = tail = push * (1 + x + x * x) ** 2 * r / (low * (1 - high))
    numbers = [("radius", c.bounds.radius, r), ("sigma", c.bounds.sigma, sigma), ("tail", c.bounds.tail, tail)]
    for block, z in zip(c.blocks, parts, strict=True):
        off = error + block.off * r
        amplitude, miss = sqrt(dot(z, z))[0] - off, miss + off
        claim(f"amplitude > tail fails {at}: amplitude {show(amplitude)}, tail {show(tail)}", amplitude > tail)
        numbers.append(("amplitude", block.amplitude, amplitude))
    for name, stated, own in numbers:
        claim(f"{name} = {show(stated)} fails {at}: it is {show(own)}", abs(stated - own) * 10**9 <= own + r / 10**20)
    simple = len(c.blocks) == len(c.blocks[0].vectors) == 1
    for k, box in enumerate(c.limit.vectors):  # of all steps, or of even and of odd steps
        z = [dot([sign ** (c.step + k) for sign in signs], xs) for xs in zip(*parts, strict=True)]
        low, high = sqrt(dot(z, z))
        claim(f"the limit can be told from zero fails {at}", 2 * low > miss)
        # |a/|a| - b/|b|| <= 2 |a - b| / (|a| + |b|); unit vectors at an angle t differ by 2 sin(t/2) <= sqrt(2) sin t
        spread = c.blocks[0].tilt if simple else 2 * miss / (2 * low - miss)
        for y, (least, most) in zip(z, box, strict=True):
            lower, upper = min(y / low, y / high) - spread, max(y / low, y / high) + spread
            good = least <= lower and upper <= most <= least + Fraction(1, 10 ** (9 if simple else 6))
            claim(f"the limit is in the narrow [{show(least, most)}] fails: it is in [{show(lower, upper)}]", good)
