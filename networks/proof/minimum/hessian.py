r"""The Hessian of a network's loss in float64, with a proved bound of what rounding does to it.

Along directions :math:`\dot W` (passes.py has the letters):

.. math::
    \dot Z_l = P_l\dot W_l^T + G_l(\dot H_{l-1})W_l^T, \qquad \dot H_l = M(\varphi'\circ\dot Z_l),

    \dot B_L = E''\dot Z_L, \qquad \dot B_{l-1} = \varphi''\circ\dot Z_{l-1}\circ Q_{l-1} + \varphi'\circ
    M^TG_l^T(\dot B_lW_l + B_l\dot W_l), \quad Q_{l-1} = M^TG_l^T(B_lW_l),

and the gradient of :math:`W_l` moves by :math:`\dot B_l^TP_l + B_l^TG_l(\dot H_{l-1})`. Many directions are computed at
once, as if they were more samples; the error is the Frobenius norm over all of them, that is, of the Hessian's rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from gdcheck.networks.proof.minimum.objective import Objective
from gdcheck.networks.proof.network import Layer, Network
from gdcheck.networks.proof.passes import Forward, backward, gathered, scattered, spread
from gdcheck.networks.proof.rounding import UNIT, Floats, Near, gamma, length, plus, summed, up

_MOST_NUMBERS = 2**22
"""How many numbers one array of a batch of directions may hold."""
_TURNS = 4
"""Steps of the power method towards the steepest direction."""


def hessian(objective: Objective, x: Floats, at: Forward) -> Near:
    """Return ∇²f, made symmetric.

    Args:
        objective: The function.
        x: The weights, shape (n,).
        at: The forward pass at x.

    Returns:
        The Hessian, shape (n, n), within a Frobenius distance.
    """
    n = objective.network.parameters
    base = _base(objective, x, at)
    widest = max(r.patches.value.size + r.before.value.size for r in at.reads)
    batch = max(1, min(n, _MOST_NUMBERS // widest))
    rows, squares = np.empty((n, n)), 0.0
    for begin in range(0, n, batch):
        count = min(batch, n - begin)
        directions = np.zeros((count, n))
        directions[np.arange(count), begin + np.arange(count)] = 1.0
        part = _along(objective, base, at, directions)
        rows[begin : begin + count] = part.value
        squares += part.error * part.error
    w, off = objective.weights
    symmetric = (rows + rows.T) / 2
    rounding = 2 * UNIT * length(rows)
    symmetric[np.diag_indices(n)] += w
    rounding += sqrt(n) * off + UNIT * length(symmetric.diagonal())
    return Near(symmetric, up(sqrt(squares) + rounding))


def curvature_along(objective: Objective, x: Floats, at: Forward, way: Floats) -> float:
    """Bound the Hessian's largest eigenvalue from below, by the curvature in a direction near the steepest.

    Args:
        objective: The function.
        x: The weights, shape (n,).
        at: The forward pass at x.
        way: Where the power method begins, not zero, shape (n,).

    Returns:
        A lower bound of vᵀ∇²f(x)v/‖v‖² for the v at which it ends.
    """
    base = _base(objective, x, at)
    unit = way / float(np.linalg.norm(way))
    for _ in range(_TURNS):
        further = _along(objective, base, at, unit[None, :]).value[0]
        size = float(np.linalg.norm(further))
        if not size > 0:
            break
        unit = further / size
    image = _along(objective, base, at, unit[None, :])
    value = float(unit @ image.value[0])
    # The unit vector has the length 1 within 2⁻⁴⁰; the product of n terms rounds as any of n terms does.
    rounding = up(gamma(len(unit) + 1) * length(image.value) * 1.01 + 1.01 * image.error)
    return (value - rounding) * (1 - 2.0**-38) if value > rounding else value - rounding - 2.0**-38 * abs(value)


@dataclass(frozen=True, eq=False)
class _Base:
    """What all directions share: weights, B_l, Q_l, and φ″(Z_l) with its error, by layer."""

    network: Network
    weights: list[Floats]
    back: list[Near]
    pulled: list[Near]
    bends: list[Near]


def _base(objective: Objective, x: Floats, at: Forward) -> _Base:
    network = objective.network
    back = backward(network, x, at, objective.slopes(at))
    weights = network.split(x)
    pulled, bends = [], []
    for i, layer in enumerate(network.layers[:-1]):
        after = network.layers[i + 1]
        inner = weights[i + 1][:, : after.gather.shape[1]]
        positions = Near(back[i + 1].value.reshape(-1, after.outputs), back[i + 1].error)
        features = _multiplied(positions, inner, at.reads[i + 1].norms[1])
        pulled.append(_back_to(layer, after, features, len(network.inputs), at.reads[i + 1].multiplicity))
        phi, z, slopes = layer.activation, at.reads[i].before, at.reads[i].slopes
        if phi is None or slopes is None:
            raise AssertionError("only the last layer has no activation")
        value = phi.bend(z.value, phi.value(z.value)[0], slopes.value)
        own = phi.bend_error * (sqrt(z.value.size) + length(z.value))
        # φ″ is computed at the float64 Z; at the exact Z it differs by up to |φ‴| times Z's error.
        bends.append(Near(value, up(phi.third * z.error + own)))
    return _Base(network, weights, back, pulled, bends)


def _back_to(layer: Layer, after: Layer, features: Near, samples: int, multiplicity: int) -> Near:
    """Go back through the gather of the layer after and the mean of this one: shape (samples · s, c)."""
    found = spread(layer, scattered(after, features, layer.features, samples, multiplicity))
    return Near(found.value.reshape(-1, layer.outputs), found.error)


def _multiplied(a: Near, b: Floats, of_b: float) -> Near:
    """Multiply by an exact matrix of at most that spectral norm."""
    rounding = gamma(len(b) + 1) * max(length(a.value) * length(b), 2.0**-450)
    return Near(a.value @ b, up(a.error * of_b + rounding))


def _times(a: Near, b: Near, most_b: float) -> Near:
    """Multiply tangents, shape (D, …), entry by entry by an array that all share, of moduli at most ``most_b``."""
    value = a.value * b.value
    size = length(a.value)
    return Near(value, up(a.error * (most_b + b.error) + size * b.error + 2 * UNIT * max(size * most_b, 2.0**-450)))


def _largest(b: Near) -> float:
    """Return the largest modulus of an array's float64 entries."""
    return float(np.abs(b.value).max(initial=0.0))


def _along(objective: Objective, base: _Base, at: Forward, directions: Floats) -> Near:
    """Return ∇²f times directions, shape (D, n), but for the weight decay."""
    network, count = base.network, len(directions)
    turns = [np.ascontiguousarray(part) for part in _split(network, directions)]
    samples = len(network.inputs)
    dots, reads = _forward(network, base, at, turns)
    outputs = dots[-1]
    back = objective.loss.bend(at.outputs, Near(outputs.value.reshape(count, samples, -1), outputs.error))
    columns: list[Near] = []
    for i in range(len(network.layers) - 1, -1, -1):
        layer, read = network.layers[i], at.reads[i]
        c = layer.outputs
        positions = Near(back.value.reshape(count, -1, c), back.error)
        columns.append(_moved(base.back[i], positions, read.patches, reads[i], layer))
        if not i:
            break
        inner = base.weights[i][:, : layer.gather.shape[1]]
        first = _multiplied(Near(positions.value.reshape(-1, c), positions.error), inner, read.norms[1])
        whole = plus(first, _crossed(base.back[i], turns[i], layer))
        before = network.layers[i - 1]
        handed = _back_to(before, layer, whole, count * samples, read.multiplicity)
        slopes, bend = at.reads[i - 1].slopes, base.bends[i - 1]
        if slopes is None or before.activation is None:
            raise AssertionError("only the last layer has no activation")
        shape = (count, *base.pulled[i - 1].value.shape)
        bent = _times(Near(dots[i - 1].value.reshape(shape), dots[i - 1].error), bend, before.activation.curvature)
        pulled = base.pulled[i - 1]
        left = _times(bent, pulled, _largest(pulled))
        right = _times(Near(handed.value.reshape(shape), handed.error), slopes, before.activation.slope)
        back = plus(left, right)
    columns.reverse()
    return Near(np.concatenate([c.value for c in columns], axis=1), up(sqrt(sum(c.error * c.error for c in columns))))


def _split(network: Network, directions: Floats) -> list[Floats]:
    out, begin = [], 0
    for layer in network.layers:
        block = directions[:, begin : begin + layer.weights]
        out.append(block.reshape(len(directions), layer.outputs, layer.fan_in))
        begin += layer.weights
    return out


def _forward(network: Network, base: _Base, at: Forward, turns: list[Floats]) -> tuple[list[Near], list[Near | None]]:
    """Return Ż_l, shape (D N s, c), and G_l(Ḣ_{l−1}), shape (D N s, f), None for the first layer."""
    count, samples = len(turns[0]), len(network.inputs)
    here: Near | None = None
    dots: list[Near] = []
    reads: list[Near | None] = []
    for i, (layer, read, turn) in enumerate(zip(network.layers, at.reads, turns, strict=True)):
        z = _turned(turn, read.patches)
        inner_reads = None
        if here is not None:
            bare = Layer(layer.gather, layer.outputs, False, layer.activation, layer.groups)
            inner_reads = gathered(bare, here, read.multiplicity)
            inner = base.weights[i][:, : layer.gather.shape[1]]
            z = plus(z, _multiplied(inner_reads, inner.T, read.norms[1]))
        dots.append(z)
        reads.append(inner_reads)
        if layer.activation is not None and read.slopes is not None:
            tangents = Near(z.value.reshape(count, *read.before.value.shape), z.error)
            moved = _times(tangents, read.slopes, layer.activation.slope)
            here = _averaged(layer, Near(moved.value.reshape(count * samples, -1), moved.error))
    return dots, reads


def _averaged(layer: Layer, after: Near) -> Near:
    if layer.groups is None:
        return after
    group = layer.groups.shape[1]
    mean = after.value[:, layer.groups].sum(axis=2) / group
    return Near(mean, up(after.error / sqrt(group) + gamma(group + 2) * length(after.value)))


def _turned(turn: Floats, patches: Near) -> Near:
    """Return PẆᵀ for each direction, shape (D N s, c)."""
    _, c, f = turn.shape
    value = np.matmul(patches.value[None], turn.transpose(0, 2, 1)).reshape(-1, c)
    size = length(turn)
    rounding = gamma(f + 1) * max(size * length(patches.value), 2.0**-450)
    return Near(value, up(size * patches.error + rounding))


def _crossed(back: Near, turn: Floats, layer: Layer) -> Near:
    """Return BẆ over the inner features for each direction, shape (D N s, f)."""
    f = layer.gather.shape[1]
    inner = turn[:, :, :f]
    positions = back.value.reshape(-1, layer.outputs)
    size = length(inner)
    rounding = gamma(layer.outputs + 1) * max(size * length(positions), 2.0**-450)
    return Near(np.matmul(positions[None], inner).reshape(-1, f), up(size * back.error + rounding))


def _moved(back: Near, dot: Near, patches: Near, read: Near | None, layer: Layer) -> Near:
    """Return how the layer's gradient moves, shape (D, weights)."""
    count, rows, c = dot.value.shape
    # (rows, D·c)ᵀ times (rows, f), and the layer's own B times the directions' reads side by side.
    beside = Near(dot.value.transpose(1, 0, 2).reshape(rows, -1), dot.error)
    part = summed(beside, patches)
    value, error = part.value.reshape(count, c, -1), part.error
    if read is not None:
        f = layer.gather.shape[1]
        positions = Near(back.value.reshape(-1, c), back.error)
        reads = Near(read.value.reshape(count, rows, f).transpose(1, 0, 2).reshape(rows, -1), read.error)
        crossed = summed(positions, reads)
        value[:, :, :f] += crossed.value.reshape(c, count, f).transpose(1, 0, 2)
        error = up(error + crossed.error + UNIT * length(value))
    return Near(value.reshape(count, -1), error)
