"""From a loss that is written as a sum of squares to its residuals, and back."""

from __future__ import annotations

from math import isqrt

from flint import fmpq

from gdcheck.theorem.descent.problem import EveryStartProblem, Problem
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.expression import MAX_CHARACTERS
from gdcheck.theorem.methods.method import PLAIN
from gdcheck.theorem.smooth.graph import Function, Node, Power, Product, SmoothLoss, Sum
from gdcheck.theorem.smooth.problem import SmoothProblem
from gdcheck.theorem.smooth.reading import read_smooth
from gdcheck.theorem.valleys.problem import ValleyProblem, is_decided
from gdcheck.theorem.valleys.relations import as_polynomial, generic_rank


def as_valley(problem: Problem | SmoothProblem) -> ValleyProblem | None:
    """Return a problem with residuals, if its loss is written as a sum of squares.

    Args:
        problem: The problem.

    Returns:
        The problem; None if its loss is not a sum of positive multiples of squares as it is written, if the zeros of
        the squared terms may be isolated, or if a minimizer is given.
    """
    if isinstance(problem, SmoothProblem):
        loss, given = problem.loss, problem.given is not None or problem.near is not None
    elif isinstance(problem, EveryStartProblem) or not (problem.text and is_decided(problem.method)):
        return None
    else:
        given = problem.minimizer_given
        try:
            loss = read_smooth(problem.text, problem.loss.variables)
        except InputError:
            return None  # A loss with max(…), which is not smooth.
    found = None if given else squares(loss)
    if found is None:
        return None
    scale, texts = found
    names = loss.variables
    residuals = tuple(read_smooth(text, names) for text in texts)
    if len(residuals) > len(names):
        return None
    made = [x for x in map(as_polynomial, residuals) if x is not None]
    rank = generic_rank(made, len(names)) if len(made) == len(residuals) else len(residuals)
    if rank == len(names):
        return None
    method = problem.method if isinstance(problem, Problem) else PLAIN
    return ValleyProblem(residuals, problem.step_size, scale, problem.start, tuple(problem.as_written), method)


def as_loss(problem: ValleyProblem) -> SmoothProblem:
    """Return a problem with residuals as one with a loss; its minimizer need not be a zero of the residuals."""
    loss = read_smooth(loss_text(problem), problem.variables)
    return SmoothProblem(loss, problem.step_size, problem.start, as_written=problem.as_written)


def loss_text(problem: ValleyProblem) -> str:
    """Write the loss as a factor times the sum of squares."""
    ends = [(residual, residual.dimension + len(residual.nodes) - 1) for residual in problem.residuals]
    total = " + ".join(f"({_Texts(residual).of(last)})**2" for residual, last in ends)
    return f"({problem.scale})*({total})"


def squares(loss: SmoothLoss) -> tuple[fmpq, tuple[str, ...]] | None:
    """Return a factor and texts of residuals, such that the loss is the factor times the sum of their squares.

    A constant added to the squares is left out: it does not change gradient descent.
    """
    *nodes, last = loss.nodes
    if not isinstance(last, Sum) or not last.terms or any(c <= 0 for _, c in last.terms):
        return None
    scale = last.terms[0][1]
    texts = _Texts(loss)
    found = []
    for slot, c in last.terms:
        node = nodes[slot - loss.dimension] if slot >= loss.dimension else None
        if not isinstance(node, Power) or node.exponent != 2:
            return None
        text = texts.of(node.base)
        share = c / scale
        if share != 1:
            p, q = isqrt(int(share.p)), isqrt(int(share.q))
            factor = str(fmpq(p, q)) if p * p == share.p and q * q == share.q else f"sqrt({share})"
            text = f"{factor}*({text})"
        found.append(text)
        if len(text) > MAX_CHARACTERS:
            return None
    return scale, tuple(found)


class _Texts:
    """The texts of slots."""

    def __init__(self, loss: SmoothLoss) -> None:
        self._loss = loss
        self._known: dict[int, str] = dict(enumerate(loss.variables))

    def of(self, slot: int) -> str:
        """Write a slot; if the text becomes too long, stop at a text that the reader refuses as too long."""
        if slot not in self._known:
            self._known[slot] = self._written(self._loss.nodes[slot - self._loss.dimension])[: MAX_CHARACTERS + 1]
        return self._known[slot]

    def _written(self, node: Node) -> str:
        if isinstance(node, Sum):
            parts = [("-" if c < 0 else "+", self._multiple(abs(c), slot)) for slot, c in node.terms]
            if node.constant or not parts:
                # 1 - x*y rather than - x*y + 1.
                place = 0 if node.constant > 0 and parts and parts[0][0] == "-" else len(parts)
                parts.insert(place, ("-" if node.constant < 0 else "+", str(abs(node.constant))))
            return " ".join(word for part in parts for word in part).removeprefix("+ ")
        if isinstance(node, Product):
            return f"{self._atom(node.left)}*{self._atom(node.right)}"
        if isinstance(node, Power):
            exponent = str(node.exponent)
            return f"{self._atom(node.base)}**{exponent if exponent.isdigit() else f'({exponent})'}"
        assert isinstance(node, Function)
        return f"{node.name}({self.of(node.argument)})"

    def _multiple(self, c: fmpq, slot: int) -> str:
        if c == 1:
            return self._atom(slot, sums_only=True)
        return f"{c}*{self._atom(slot, sums_only=True)}"

    def _atom(self, slot: int, *, sums_only: bool = False) -> str:
        """Write a slot so that it can be a factor or a base."""
        text = self.of(slot)
        node = self._loss.nodes[slot - self._loss.dimension] if slot >= self._loss.dimension else None
        simple = node is None or isinstance(node, Function) or (sums_only and not isinstance(node, Sum))
        return text if simple else f"({text})"
