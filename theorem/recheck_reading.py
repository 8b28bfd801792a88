"""Reading a certificate for the independent checker: text becomes numbers, and all that is not foreseen is refused.

Plain Python, as ``theorem/recheck.py``; docs/certificate.md is the specification. Text is data: nothing is evaluated.
"""

from __future__ import annotations

import json
import re
from fractions import Fraction
from operator import sub
from types import SimpleNamespace
from typing import Any, NoReturn

from theorem.recheck_exact import Poly, show, units

DIGITS, SIZE, LENGTH = 4000, 4 * 10**6, 200_000  # limits on what is looked at
ENDS = ("distinct-ends", "simple-lowest", "simple-highest", "off-boundary", "stable-step")
BOUNDS = ("radius", "rho", "C", "sigma", "P", "tail")
NAME, TEXT = re.compile(r"(?!max$)[^\W\d]\w*"), re.compile(".+")
RATIONAL, DECIMAL = re.compile("-?[0-9]+(/[1-9][0-9]*)?"), re.compile("-?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]{1,4})?")
NUMBER, POWER = "[1-9][0-9]{0,999}(?:/[1-9][0-9]{0,999})?", r"([^\W\d]\w*)(?:\*\*([2-9]|1[0-6]))?"
BODY = r"max\((?P<line>[^()]+), 0\)\*\*(?P<exponent>[2-9]|1[0-6])|(?P<powers>[^ ()]+)"
TERM = re.compile(rf"(?P<sign>^-|^| \+ | - )(?:(?P<constant>{NUMBER})|(?:(?P<factor>{NUMBER})\*)?(?:{BODY}))(?= |$)")


class BadCertificate(ValueError):  # noqa: N818
    """The certificate is malformed; the message names the field and what it must be."""


def load(text: str) -> object:
    """Parse the text of a certificate, with BadCertificate for NaN, repeated keys and excessive depth."""
    try:
        document: object = json.loads(text, object_pairs_hook=_members, parse_constant=lambda x: bad(x, "a number"))
    except (ValueError, RecursionError) as error:
        bad("certificate", f"plain JSON of moderate depth ({str(error)[:200]})")
    return document


def bad(path: str, must: str) -> NoReturn:
    """Refuse a field."""
    raise BadCertificate(f"{path} must be {must}")


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    return dict(pairs) if len(dict(pairs)) == len(pairs) else bad("certificate", "free of repeated keys")


def _read(value: Any, shape: Any, path: str) -> Any:
    """Translate a value of a shape: {fields}, [entry, least, most], a set, a range, a pattern, or (shape or null,)."""
    kind, given = type(shape), type(value)
    if kind is tuple:
        return None if value is None else _read(value, shape[0], path)
    if kind is dict:
        if given is not dict or value.keys() != shape.keys():
            bad(path, f"an object with exactly the fields {', '.join(shape)}: add what lacks, remove what is unknown")
        return SimpleNamespace(**{name: _read(value[name], shape[name], f"{path}.{name}") for name in shape})
    if kind is list:
        if given is not list or not shape[1] <= len(value) <= shape[2]:
            bad(path, f"a list of {shape[1]} to {shape[2]} entries")
        return [_read(entry, shape[0], f"{path}[{i}]") for i, entry in enumerate(value)]
    if kind is set or kind is range:
        must = (
            f"one of {sorted(map(str, shape))}"
            if kind is set
            else f"an integer in the allowed range from {show(shape.start)}"
        )
        return value if given in set(map(type, shape if kind is set else [0])) and value in shape else bad(path, must)
    most = LENGTH if shape is TEXT else DIGITS
    must = f"text of the form {shape.pattern}, of at most {most} characters, in lowest terms"
    good = given is str and len(value) <= most and shape.fullmatch(value)
    number = Fraction(value) if good and shape in {RATIONAL, DECIMAL} else value
    return number if good and (shape is not RATIONAL or str(number) == value) else bad(path, must)


def _loss(text: str, names: list[str]) -> tuple[Poly, list[SimpleNamespace]]:
    """Read a sum: its polynomial, and its truncated powers factor * max(slope . x + offset, 0)**power."""
    poly: Poly = {}
    hinges, position, zero = [], 0, (0,) * len(names)
    while position < len(text) and text != "0":
        term = TERM.match(text, position) or bad("problem.loss", f"canonical, which {text[position:][:60]!r} is not")
        number, line, parts = term["constant"] or term["factor"] or "1", term["line"], term["powers"]
        powers = [re.fullmatch(POWER, part) for part in re.split(r"(?<!\*)\*(?!\*)", parts)] if parts else []
        exponents = {power[1]: int(power[2] or 1) for power in powers if power}
        alpha = tuple(exponents.get(name, 0) for name in names)
        good = len(exponents) == len(powers) and exponents.keys() <= {*names} and sum(alpha) <= 16
        factor, position = Fraction(number) * (-1 if "-" in term["sign"] else 1), term.end()
        if line:
            inner, nested = _loss(line, names)
            *slope, offset = [inner.pop(unit, Fraction(0)) for unit in (*units(len(names)), zero)]
            hinges.append(SimpleNamespace(factor=factor, slope=slope, offset=offset, power=int(term["exponent"])))
            good = good and not inner and not nested and any(slope)
        if not good or str(abs(factor)) != number or term["factor"] == "1" or (alpha in poly and not line):
            bad("problem.loss", f"canonical, of degree 16 at most, with distinct terms: {term[0][:60]!r} is not")
        poly |= {} if line else {alpha: factor}
    return poly, hinges


def read_certificate(value: Any) -> SimpleNamespace:
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
        _ = good or bad(path, must)
    c.poly, c.hinges = _loss(c.problem.loss, c.problem.variables)
    c.n, c.units, c.origin = n, [[*map(Fraction, unit)] for unit in units(n)], [Fraction(0)] * n
    c.eta, c.two, c.minimizer = c.problem.step_size, 2 / c.problem.step_size, c.problem.minimizer
    c.start = [*map(sub, c.problem.start, c.problem.minimizer)]
    c.basis = c.subspace.basis if c.subspace else c.units
    return c
