"""Exact points around the minimizer, and the descent map and the Hessian there, in rational arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flint import fmpq, fmpq_mat

from gdcheck.properties.strategies.instance import Instance
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.loss.rational import Vector, dot
from gdcheck.theorem.methods.statement import End


def eigen_coordinates(instance: Instance, h: Sequence[fmpq]) -> Vector:
    """Return the coordinates Qᵀh, exact, shape (n,)."""
    return tuple((fmpq_mat([list(h)]) * instance.rotation).entries())


def image(instance: Instance, h: Sequence[fmpq]) -> Vector:
    """Return the image F(h) = h − η∇f(m + h), exact, shape (n,), from the loss as it is written."""
    p = instance.problem
    gradient = p.loss.gradient([m + x for m, x in zip(p.minimizer, h, strict=True)])
    return tuple(x - p.step_size * g for x, g in zip(h, gradient, strict=True))


def hessian(instance: Instance, h: Sequence[fmpq]) -> fmpq_mat:
    """Return the matrix ∇²f(m + h), exact, shape (n, n)."""
    p = instance.problem
    return fmpq_mat([list(row) for row in p.loss.hessian([m + x for m, x in zip(p.minimizer, h, strict=True)])])


def unit_vectors(instance: Instance) -> Iterator[Vector]:
    """Yield exact rational unit vectors: eigenvectors, axes, the start's direction, and where monomials are largest.

    Args:
        instance: The problem.

    Yields:
        Vectors of length exactly one, shape (n,); at most a dozen and a half.
    """
    n = len(instance.spectrum)
    for end in (End.LOWEST, End.HIGHEST):
        v = instance.eigenvector(end)
        yield v
        yield tuple(-x for x in v)
    yield _on_sphere(_integers(instance.problem.displacement))
    yield _on_sphere([1] * n)
    yield _on_sphere([(-1) ** i * (1 + i % 3) for i in range(n)])
    terms = Expansion.of(instance.problem).higher_terms
    for exponents, c in sorted(terms, key=lambda term: (-abs(term[1]), term[0]))[:3]:
        # A monomial is largest on the sphere where the squares are proportional to its exponents.
        roots = [round(64 * (e / sum(exponents)) ** 0.5) for e in exponents]
        yield _on_sphere(roots)
        yield _on_sphere([-r for r in roots] if c > 0 else [r * (-1) ** i for i, r in enumerate(roots)])
    for t in instance.problem.loss.truncated[:1]:
        yield _on_sphere(_integers(t.direction))


def _integers(v: Sequence[fmpq]) -> list[int]:
    """Return integers up to 16 in nearly the same proportion."""
    largest = max(abs(x) for x in v)
    return [int(round(16 * x / largest)) for x in v]  # noqa: RUF046


def _on_sphere(v: Sequence[int]) -> Vector:
    """Round the direction of v to a rational unit vector, by stereographic projection from −e_i (largest entry)."""
    pole = max(range(len(v)), key=lambda i: abs(v[i]))
    if v[pole] == 0:
        raise ValueError("the zero vector has no direction")
    # u = ±(1 − s², 2t)/(1 + s²) with s² = ‖t‖², t half the slope: t = v'/(‖v‖ + |v_pole|) up to rounding.
    length = sum(x * x for x in v) ** 0.5
    t = [fmpq(round(64 * x / (length + abs(v[pole]))), 64) for x in v]
    t[pole] = fmpq(0)
    s = dot(t, t)
    u = [2 * x / (1 + s) for x in t]
    u[pole] = (1 - s) / (1 + s) * (1 if v[pole] > 0 else -1)
    return tuple(u)
