r"""Where λ_n is constant along a trajectory, though the loss is not quadratic.

If the loss is :math:`q(y) + g(z)` in two sets of variables with q quadratic, its Hessian has two blocks, and that of q
is constant. Where the block of g has no eigenvalue as large as the largest one of q, λ_n is the latter. This is checked
at each of the first iterates, and then on a ball that the trajectory does not leave.
"""

from __future__ import annotations

from collections.abc import Sequence

from flint import arb

from gdcheck.theorem.loss.balls import surely_less
from gdcheck.theorem.sharpness.maps import compare_largest_eigenvalue
from gdcheck.theorem.sharpness.smooth.context import ROOM, SmoothContext
from gdcheck.theorem.smooth.graph import Function, Power, Product, SmoothLoss, Sum, arguments

_MOST_STEPS = 10_000
_NO_DEGREE = 3
"""Stands for every degree above two, and for functions that are no polynomials."""


def constant_from(context: SmoothContext) -> int | None:
    """Return the step from which λ_n(x_k) is proved to be λ_n, by two blocks of the Hessian; None if none is found.

    Args:
        context: The decision with what is evaluated along its trajectory.
    """
    places = varying(context.loss)
    if not 0 < len(places) < context.loss.dimension or not surely_less(context.step_size * context.highest, arb(2)):
        return None
    low = arb(context.highest.lower())
    there = _part(context.matrix.tolist(), places)
    if compare_largest_eigenvalue(there, low) != -1:
        return None
    last = -1
    for iterate in context.trajectory(_MOST_STEPS):
        r = iterate.radius
        room = low - context.third(r) * r * ROOM
        if context.invariant(r) and room.is_finite() and compare_largest_eigenvalue(there, room) == -1:
            return last + 1
        edge = low - context.hessian_slack(iterate)
        if not edge.is_finite() or compare_largest_eigenvalue(_part(context.hessian_at(iterate), places), edge) != -1:
            last = iterate.step
    return None


def _part(matrix: Sequence[Sequence[arb]], places: Sequence[int]) -> list[list[arb]]:
    return [[matrix[i][j] for j in places] for i in places]


def varying(loss: SmoothLoss) -> list[int]:
    """Return the variables of g: those in a term of the last sum with a degree above two, and all tied to them.

    Two variables are tied by a term of the last sum that contains both and is not linear.
    """
    n = loss.dimension
    inside: list[frozenset[int]] = [frozenset((i,)) for i in range(n)]
    degrees = [1] * n
    for node in loss.nodes:
        slots = arguments(node)
        inside.append(frozenset().union(*(inside[s] for s in slots)))
        degrees.append(min(_NO_DEGREE, _degree(node, [degrees[s] for s in slots])))
    last = loss.nodes[-1]
    terms = [s for s, _ in last.terms] if isinstance(last, Sum) else [len(degrees) - 1]
    groups = [(set(inside[s]), degrees[s] > 2) for s in terms if degrees[s] > 1]
    found: set[int] = set().union(*(group for group, wild in groups if wild))
    while any(group & found and not group <= found for group, _ in groups):
        for group, _ in groups:
            if group & found:
                found |= group
    return sorted(found)


def _degree(node: Sum | Product | Power | Function, degrees: Sequence[int]) -> int:
    """Bound the degree of a node as a polynomial by those of the slots that it depends on."""
    if isinstance(node, Sum):
        return max(degrees, default=0)
    if isinstance(node, Product):
        return degrees[0] + degrees[1]
    if not degrees[0]:
        return 0
    if isinstance(node, Power) and node.exponent.q == 1 and node.exponent > 0:
        return degrees[0] * min(int(node.exponent.p), _NO_DEGREE)
    return _NO_DEGREE
