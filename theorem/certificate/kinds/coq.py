"""A certificate as a Coq file: the theorem about this loss, for the kernel to check (docs/proofs.md)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import ceil, log2
from typing import Any

import mpmath
import numpy as np

from gdcheck.theorem.loss.loss import Loss
from gdcheck.theorem.loss.polynomial import Exponents
from gdcheck.theorem.loss.rational import to_float

_DIGITS = 60
"""Decimal digits of the approximate eigenvectors, which are hints that Coq verifies."""
_UNIT = Fraction(1, 2**150)
"""The rounding of the hints, relative to the largest eigenvalue."""
_SLACK = Fraction(1, 2**125)
"""The errors that the hints may have, as Coq measures them."""
_LEAST_BITS = 224

_NAME = re.compile(r"[a-z](_?[0-9]+)?")
"""Names that are neither words of Coq nor fields of its records."""

_PLAIN = {
    "fixed": "the smallest Hessian eigenvalue, and the direction (x_k - m)/|x_k - m| tends to it",
    "alternating": "the largest Hessian eigenvalue, and (-1)^k (x_k - m)/|x_k - m| tends to it",
}


class NoTheorem(ValueError):  # noqa: N818
    """The checker in Coq has no theorem about such a certificate; the message says which it has one about."""


def why_no_theorem(certificate: dict[str, Any]) -> str | None:
    """Say why the checker in Coq has no theorem about a certificate.

    Args:
        certificate: A certificate of the right shape.

    Returns:
        One sentence; None if it has a theorem.
    """
    schema, verdict = certificate.get("schema"), certificate.get("verdict")
    if schema != "gdcheck-certificate/2":
        what = f"certificates of the kind {schema}"
    elif verdict != "proved":
        what = f"the verdict {verdict}"
    elif "max(" in certificate["problem"]["loss"]:
        what = "losses with truncated powers"
    else:
        return None
    return f"Coq's checker has no theorem about {what}, only about the verdict proved for a polynomial loss and a start"


def coq_instance(certificate: dict[str, Any]) -> str:
    """Write the Coq file of a proved certificate.

    Args:
        certificate: The certificate, of the shape in docs/certificate.md.

    Returns:
        The text of a file that compiles against ``proofs/`` exactly if the kernel accepts the certificate.

    Raises:
        NoTheorem: If the certificate is not a proved verdict about a polynomial loss.
    """
    if (why := why_no_theorem(certificate)) is not None:
        raise NoTheorem(why)
    problem, block = certificate["problem"], certificate["blocks"][0]
    names = coq_names(problem["variables"])
    large = certificate["limit"]["kind"] == "alternating"
    spectrum = [[Fraction(x) for x in certificate["spectrum"][end]["interval"]] for end in ("lowest", "highest")]
    bounds = certificate["bounds"]
    limit = "; ".join(f"({_q(low)}, {_q(high)})" for low, high in certificate["limit"]["vectors"][0])
    point = ", ".join(problem["minimizer"])
    lines = [
        "(* Gradient descent x_{k+1} = x_k - eta grad f(x_k) on",
        f"     f({', '.join(problem['variables'])}) = {problem['loss']}",
        f"   with step size {problem['step_size']}, from ({', '.join(problem['start'])}), tends to m = ({point}).",
        f"   There is one unit eigenvector, up to sign, of {_PLAIN[certificate['limit']['kind']]};",
        "   its entries lie in [limit]. The kernel verifies this by running the checker in Checker.v. *)",
        "From Direction Require Import Instance.",
        "",
        *(f"Definition {name} := Variable_ {i}." for i, name in enumerate(names)),
        "Definition loss : expression :=",
        f"  ({_loss_text(problem['loss'], problem['variables'], names)})%loss.",
        "",
        "Definition problem := {|",
        f"  dimension := {len(names)};",
        "  Checker.loss := loss;",
        f"  minimizer := {_list(problem['minimizer'])};",
        f"  step_size := {_q(problem['step_size'])};",
        f"  start := {_list(problem['start'])}",
        "|}.",
        f"Definition limit : list (Q * Q) := [{limit}].",
        "",
        "(* The numbers of the certificate. *)",
        "Definition certificate := {|",
        f"  large := {'true' if large else 'false'};",
        *(
            f"  {end} := ({_q(low)}, {_q(high)});"
            for end, (low, high) in zip(("lowest", "highest"), spectrum, strict=True)
        ),
        f"  gap_ := {_q(block['gap'])};",
        f"  eigenvector_ := {_list(block['vectors'][0])};",
        f"  amplitude_ := {_q(block['amplitude'])};",
        f"  step_ := {certificate['step']};",
        *(f"  {name}_ := {_q(bounds[name])};" for name in ("radius", "sigma", "tail")),
        "  limit_ := limit",
        "|}.",
        "",
        "(* An approximate eigenbasis, which the checker verifies. *)",
        *_witness(problem, spectrum, large, certificate["step"]),
        "",
        f"Theorem direction_of_gradient_descent : limit_statement problem {'true' if large else 'false'} limit.",
        "Proof. kernel_checked certificate witness. Qed.",
    ]
    return "\n".join(lines) + "\n"


def coq_names(variables: Sequence[str]) -> list[str]:
    """Name the variables for Coq: by their own names unless these mean something in Coq, else by position."""
    plain = all(map(_NAME.fullmatch, variables))
    return list(variables) if plain else [f"x{i}" for i in range(len(variables))]


def _loss_text(loss: str, variables: Sequence[str], names: Sequence[str]) -> str:
    rename = dict(zip(variables, names, strict=True))
    text = re.sub(r"[^\W\d]\w*", lambda m: rename[m.group()], loss)
    return text.replace("**", "^")


def _q(value: str | Fraction) -> str:
    exact = Fraction(value)
    top = str(exact.numerator) if exact >= 0 else f"({exact.numerator})"
    return f"({top} # {exact.denominator})"


def _list(values: Iterable[str | Fraction]) -> str:
    return "[" + "; ".join(map(_q, values)) + "]"


def _hint(value: Fraction) -> str:
    """Write a number of many digits in hexadecimal, which Coq reads in a fifth of the time."""
    top, bottom = hex(abs(value.numerator)), hex(value.denominator)
    return f"({top} # {bottom})" if value >= 0 else f"((-{top}) # {bottom})"


def _witness(problem: dict[str, Any], spectrum: Sequence[Sequence[Fraction]], large: bool, steps: int) -> list[str]:
    """Return the record of hints: eigenvectors in ascending order, allowed errors, a bound between two ends, bits."""
    loss = Loss.parse(problem["loss"], problem["variables"])
    hessian = [[Fraction(int(x.p), int(x.q)) for x in row] for row in loss.hessian(problem["minimizer"])]
    scale = max(Fraction(1), Fraction(ceil(spectrum[1][1])))
    values, vectors = _eigenbasis(hessian)
    pairs = [f"({_hint(t)}, [{'; '.join(map(_hint, u))}])" for t, u in zip(values, vectors, strict=True)]
    # A bound between the end that does not dominate and its neighbour.
    other = (spectrum[0][1] + values[1]) / 2 if large else (values[-2] + spectrum[1][0]) / 2
    middle = ";\n    ".join(pairs[1:-1])
    return [
        "Definition witness := {|",
        f"  first_pair := {pairs[0]};",
        f"  middle_pairs := [{middle}];",
        f"  last_pair := {pairs[-1]};",
        f"  form_slack := {_hint(_SLACK * scale)};",
        f"  unit_slack := {_hint(_SLACK)};",
        f"  widening := {_hint(8 * _SLACK * scale)};",
        f"  other_bound := {_hint(other.limit_denominator(10**40))};",
        f"  precision := {_bits(problem, loss, hessian, steps)}",
        "|}.",
    ]


def _eigenbasis(matrix: Sequence[Sequence[Fraction]]) -> tuple[list[Fraction], list[list[Fraction]]]:
    n = len(matrix)
    with mpmath.workdps(_DIGITS):
        values, columns = mpmath.eigsy(
            mpmath.matrix([[mpmath.mpf(x.numerator) / x.denominator for x in row] for row in matrix])
        )
        order = sorted(range(n), key=lambda i: values[i])
        rounded = [_rounded(values[i]) for i in order]
        return rounded, [[_rounded(columns[j, i]) for j in range(n)] for i in order]


def _rounded(value: Any) -> Fraction:
    return Fraction(int(mpmath.nint(value * _UNIT.denominator)), _UNIT.denominator)


def _bits(problem: dict[str, Any], loss: Loss, hessian: Sequence[Sequence[Fraction]], steps: int) -> int:
    """Bits that leave 100 good ones in the last iterate: interval radii grow by |B| while the iterates shrink.

    An estimate in floating point; if it is too low, Coq rejects the certificate.
    """
    eta = float(Fraction(problem["step_size"]))
    n = len(hessian)
    b = np.eye(n) - eta * np.array([[float(x) for x in row] for row in hessian])
    remainder = [(to_float(c), a) for a, c in loss.shifted(problem["minimizer"]).terms if sum(a) > 2]
    h = np.array(
        [float(Fraction(s) - Fraction(m)) for s, m in zip(problem["start"], problem["minimizer"], strict=True)]
    )
    radius, lost = np.abs(h) + np.linalg.norm(h), 0.0
    for _ in range(steps):
        size = np.linalg.norm(h)
        if size == 0:
            break
        radius = radius / size
        at = np.abs(h)
        grown = np.abs(b) @ radius + eta * _growth(remainder, at, radius, n)
        h = b @ h - eta * _gradient(remainder, h, n)
        grown = grown * size + np.abs(b) @ at + np.linalg.norm(h)
        radius = grown
        now = np.linalg.norm(h)
        lost = max(lost, log2(float(np.max(radius)) / float(now))) if now > 0 else lost
    return max(_LEAST_BITS, 128 + ceil(lost))


def _gradient(terms: Sequence[tuple[float, Exponents]], h: Any, n: int) -> Any:
    total = np.zeros(n)
    for coefficient, exponents in terms:
        for i, e in enumerate(exponents):
            if e:
                total[i] += coefficient * e * float(np.prod(h ** (np.array(exponents) - (np.arange(n) == i))))
    return total


def _growth(terms: Sequence[tuple[float, Exponents]], at: Any, radius: Any, n: int) -> Any:
    """Return how much the remainder's gradient widens intervals of this radius, to first order."""
    small = 1e-7 * float(np.linalg.norm(at)) / max(1e-300, float(np.linalg.norm(radius)))
    positive = [(abs(c), e) for c, e in terms]
    return (_gradient(positive, at + small * radius, n) - _gradient(positive, at, n)) / max(small, 1e-300)
