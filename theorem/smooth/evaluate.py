"""Value, gradient and Hessian of a smooth loss in balls: one sweep forward, one backward.

The Hessian comes from a third sweep, backward, that carries second derivatives with respect to pairs of slots (Gower
and Mello, 2012). The affine forms of the variables are evaluated by one product with a matrix A. The sweep stops at
their slots, with second derivatives W there; they add AᵀWA to the Hessian.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flint import arb, arb_mat

from gdcheck.theorem.smooth.functions import Jet, jet, power_jet, slopes
from gdcheck.theorem.smooth.graph import ONE, Function, Power, Product, SmoothLoss, Sum

_EMPTY: Jet = []
_UNKNOWN = arb("nan")


@dataclass(frozen=True)
class Forward:
    """The values of the slots at a point, and the derivatives of the nodes that have one argument.

    Attributes:
        loss: The loss.
        values: The slots, shape (n + nodes,).
        jets: For each node the derivatives 0, …, order of its function; empty for sums and products.
    """

    loss: SmoothLoss
    values: list[arb]
    jets: list[Jet]

    @classmethod
    def of(cls, loss: SmoothLoss, point: Sequence[arb], order: int, *, all_values: bool = True) -> Forward:
        """Evaluate.

        Args:
            loss: The loss.
            point: The point, shape (n,).
            order: How many derivatives of the nodes' functions are wanted, from 0 to 3.
            all_values: Whether values that no derivative depends on are wanted; else they are NaN.

        Returns:
            The values.
        """
        n, affine, valued = loss.dimension, loss.affine, loss.valued
        values: list[arb] = [*point, *[_UNKNOWN] * len(loss.nodes)]
        jets: list[Jet] = [_EMPTY] * len(loss.nodes)
        for i, image in zip(affine.rows, affine.values(point), strict=True):
            values[n + i] = image

        def apply(i: int, node: Function) -> None:
            x = values[node.argument]
            if all_values or n + i in valued:
                jets[i] = jet(node.name, x, order)
                values[n + i] = jets[i][0]
            elif order:
                jets[i] = [_UNKNOWN, *slopes(node.name, x, order)]

        for i, function in loss.layer:
            apply(i, function)
        for i in loss.rest:
            node = loss.nodes[i]
            if isinstance(node, Function):
                apply(i, node)
            elif isinstance(node, Sum):
                if all_values or n + i in valued:
                    value = arb(node.constant)
                    for slot, c in node.terms:
                        value += values[slot] * c
                    values[n + i] = value
            elif isinstance(node, Product):
                values[n + i] = values[node.left] * values[node.right]
            else:
                jets[i] = power_jet(values[node.base], node.exponent, order)
                values[n + i] = jets[i][0]
        return cls(loss, values, jets)

    @property
    def value(self) -> arb:
        """The loss."""
        return self.values[-1]

    def gradient(self) -> list[arb]:
        """Return the gradient, shape (n,); the derivatives of order 1 are needed."""
        return self._backward()[: self.loss.dimension]

    def hessian(self) -> arb_mat:
        """Return the Hessian, shape (n, n), symmetric; the derivatives of order 2 are needed."""
        return self._gathered(self.pairs())

    def pairs(self) -> list[dict[int, arb]]:
        """Return the second derivatives with respect to pairs of variables and affine forms.

        Returns:
            For each slot the derivatives by partner; each pair is kept once, at the slot that comes first in the sweep.
        """
        n, affine = self.loss.dimension, self.loss.affine
        last = len(self.values)
        # A pair is kept at the slot that the sweep reaches first: it reaches variables and affine forms last.
        rank = [slot - last if slot < n or slot - n in affine.rows else slot for slot in range(last)]
        pairs: list[dict[int, arb]] = [{} for _ in range(last)]

        def add(p: int, q: int, x: arb) -> None:
            first, second = (p, q) if rank[p] >= rank[q] else (q, p)
            row = pairs[first]
            row[second] = row[second] + x if second in row else x

        adjoints = self._backward()
        for i in range(len(self.loss.nodes) - 1, -1, -1):
            slot, node = n + i, self.loss.nodes[i]
            if i in affine.rows:
                continue
            if pairs[slot]:
                row, pairs[slot] = pairs[slot], {}
                known = self._slopes(i)
                own = row.pop(slot, None)
                for k, w in row.items():
                    for p, d in known:
                        add(p, k, 2 * d * w if p == k else d * w)
                if own is not None:
                    for j, (p, d) in enumerate(known):
                        add(p, p, d * d * own)
                        for q, e in known[:j]:
                            add(p, q, d * e * own)
            if isinstance(node, Product):
                add(node.left, node.right, adjoints[slot])
            elif not isinstance(node, Sum):
                add(_argument(node), _argument(node), adjoints[slot] * self.jets[i][2])
        return pairs

    def _slopes(self, i: int) -> list[tuple[int, Any]]:
        """Return the slots that a node depends on, with its derivatives with respect to them."""
        node = self.loss.nodes[i]
        if isinstance(node, Sum):
            return list(node.terms)
        if isinstance(node, Product):
            return [(node.left, self.values[node.right]), (node.right, self.values[node.left])]
        return [(_argument(node), self.jets[i][1])]

    def _gathered(self, pairs: list[dict[int, arb]]) -> arb_mat:
        """Return the Hessian from the second derivatives with respect to variables and affine forms."""
        n, affine = self.loss.dimension, self.loss.affine
        result = [[arb(0)] * n for _ in range(n)]
        matrix, transposed = affine.balls()
        rows = matrix.tolist() if affine.rows else []
        weighted: dict[int, list[arb]] = {}

        def take(row: int, w: arb, other: int) -> None:
            """Add w times another form's coefficients to a row of WA."""
            scaled = [w * x for x in rows[other]]
            weighted[row] = [x + y for x, y in zip(weighted[row], scaled, strict=True)] if row in weighted else scaled

        for p, row in enumerate(pairs):
            for q, w in row.items():
                p_row, q_row = affine.rows.get(p - n), affine.rows.get(q - n)
                if p_row is not None and q_row is not None:
                    take(p_row, w, q_row)
                    if p != q:
                        take(q_row, w, p_row)
                elif p_row is None and q_row is None:
                    result[p][q] += w
                    if p != q:
                        result[q][p] += w
                else:
                    variable, form = (q, p_row) if p_row is not None else (p, q_row)
                    assert form is not None
                    for j in range(n):
                        result[variable][j] += w * rows[form][j]
                        result[j][variable] += w * rows[form][j]
        if weighted:
            nothing = [arb(0)] * n
            more = transposed * arb_mat([weighted.get(row, nothing) for row in range(len(rows))])
            # Each entry is enclosed twice. The intersection still holds it, and is symmetric.
            for i in range(n):
                for j in range(n):
                    result[i][j] += more[i, j].intersection(more[j, i])
        return arb_mat(result)

    def _backward(self) -> list[arb]:
        """Return the derivative of the loss with respect to every slot."""
        n, values, affine = self.loss.dimension, self.values, self.loss.affine
        adjoints = [arb(0)] * len(values)
        adjoints[-1] = arb(1)
        for i in reversed(self.loss.rest):
            node, a = self.loss.nodes[i], adjoints[n + i]
            if a.is_zero():
                continue
            if isinstance(node, Sum):
                last, product = ONE, a
                for slot, c in node.terms:
                    if c != last:  # Often all coefficients are equal.
                        last, product = c, a * c
                    adjoints[slot] += product
            elif isinstance(node, Product):
                adjoints[node.left] += a * values[node.right]
                adjoints[node.right] += a * values[node.left]
            else:
                adjoints[_argument(node)] += a * self.jets[i][1]
        for i, function in self.loss.layer:
            if not adjoints[n + i].is_zero():
                adjoints[function.argument] += adjoints[n + i] * self.jets[i][1]
        if affine.rows:
            column = arb_mat(len(affine.rows), 1, [adjoints[n + i] for i in affine.rows])
            for j, x in enumerate((affine.balls()[1] * column).entries()):
                adjoints[j] += x
        return adjoints


def _argument(node: Power | Function) -> int:
    return node.base if isinstance(node, Power) else node.argument


def gradient(loss: SmoothLoss, point: Sequence[arb]) -> list[arb]:
    """Enclose the gradient, shape (n,)."""
    return Forward.of(loss, point, 1, all_values=False).gradient()


def hessian(loss: SmoothLoss, point: Sequence[arb]) -> arb_mat:
    """Enclose the Hessian, shape (n, n)."""
    return Forward.of(loss, point, 2, all_values=False).hessian()
