"""C(r) as docs/certificate.md specifies it, evaluated in mpmath from the loss around its minimizer."""

from flint import fmpq
from mpmath import mp, mpf

from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.rational import dot
from gdcheck.theorem.reference.trajectory import to_mpf

DIGITS = 40
"""Decimal digits of the constant."""


def specified_constant(problem: Problem, radius: fmpq) -> mpf:
    """Evaluate C(r).

    Args:
        problem: The problem.
        radius: r.

    Returns:
        C(r), to about forty digits.
    """
    local = problem.loss.shifted(problem.minimizer)
    with mp.workdps(DIGITS):
        eta, r, total = to_mpf(problem.step_size), to_mpf(radius), mpf(0)
        rows: dict[int, list[mpf]] = {}
        for exponents, c in local.terms:
            degree = sum(exponents) - 1
            for i, e in enumerate(exponents):
                if degree > 1 and e:
                    rest = [k - (i == j) for j, k in enumerate(exponents)]
                    kappa = mp.sqrt(mp.fprod(mpf(k) ** k for k in rest if k) / mpf(degree) ** degree)
                    rows.setdefault(degree, [mpf(0)] * len(exponents))[i] += abs(to_mpf(c)) * e * kappa
        for degree, row in rows.items():
            total += eta * mp.sqrt(mp.fsum(x * x for x in row)) * r ** (degree - 2)
        for t in local.truncated:
            length, p = mp.sqrt(to_mpf(dot(t.direction, t.direction))), t.power
            reach = length * r - to_mpf(t.threshold)
            if reach > 0:
                total += eta * abs(to_mpf(t.coefficient)) * p * length**3 * (p - 1) * (p - 2) / 2 * reach ** (p - 3)
        return total


def as_mpf(q: fmpq) -> mpf:
    """Return a rational to about forty digits."""
    with mp.workdps(DIGITS):
        return to_mpf(q)
