r"""How fast the Jacobian of a network turns, bounded by norms that are propagated through its layers.

Move the weights with :math:`\dot W_l`, :math:`w_l = \|\dot W_l\|_F`. Then (passes.py has the letters; m_l is how often
a feature is read, g the group of a mean, s and t bounds of |φ′| and |φ″|)

.. math::
    \|\dot Z_l\| \le \|P_l\|w_l + \|W_l\|\sqrt{m_l}\|\dot H_{l-1}\|, \qquad \|\dot H_l\| \le s\|\dot Z_l\|/\sqrt g,

    \ddot Z_l = 2\,G_l(\dot H_{l-1})\dot W_l^T + G_l(\ddot H_{l-1})W_l^T, \qquad
    \ddot H_l = M(\varphi''\dot Z_l^2 + \varphi'\ddot Z_l).

For one sample the vector :math:`\dot Z_l^2` has the 1-norm :math:`\|\dot Z_l\|^2`, and the next layer's matrix maps it
to a norm of at most its largest column norm times that. So the bound of the first part of :math:`\ddot H` needs only
the largest column norm, not the norm of the matrix, and one of its two factors is the largest norm of a sample. All
bounds are linear or quadratic forms in the w_l; the largest eigenvalue of the last layer's quadratic form bounds
:math:`\|D^2F[\delta, \delta]\|/\|\delta\|^2`. A symmetric bilinear map into a Hilbert space is bounded by its values on
the diagonal, so that is a Lipschitz constant of J (docs/network-proofs.md).

In the same way :math:`\dddot Z_l = 3G_l(\ddot H_{l-1})\dot W_l^T + G_l(\dddot H_{l-1})W_l^T` and :math:`\dddot H_l =
M(\varphi^{(3)}\dot Z_l^3 + 3\varphi''\dot Z_l\ddot Z_l + \varphi'\dddot Z_l)`; of one sample the 1-norms of the first
two are at most :math:`\|\dot Z_l\|^3` and :math:`\|\dot Z_l\|\|\ddot Z_l\|`, and need column norms only. The third
derivative is for runs with weight decay.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from gdcheck.networks.proof.network import Network
from gdcheck.networks.proof.passes import Forward
from gdcheck.networks.proof.rounding import Floats, length, up
from gdcheck.networks.proof.spectrum import spectral_norm


@dataclass(frozen=True)
class LayerNorms:
    """Bounds at one point.

    Attributes:
        patches: ‖P_l‖.
        row: The largest norm of P_l over the samples.
        weights: ‖W_l‖, without the bias.
        column: The largest norm of a column of W_l, without the bias.
    """

    patches: float
    row: float
    weights: float
    column: float


def layer_norms(network: Network, x: Floats, at: Forward) -> tuple[LayerNorms, ...]:
    """Bound the norms of what each layer reads and of its weights.

    Args:
        network: The network.
        x: The weights, shape (n,).
        at: The forward pass at x.

    Returns:
        The bounds, layer by layer.
    """
    found = []
    for layer, weights, read in zip(network.layers, network.split(x), at.reads, strict=True):
        inner = weights[:, : layer.gather.shape[1]]
        value = read.patches.value
        rows = np.sqrt((value.reshape(len(network.inputs), -1) ** 2).sum(axis=1)).max()
        columns = np.sqrt((inner**2).sum(axis=0)).max()
        # Sums of up to 2³⁰ squares in any order: a relative error below 2⁻²².
        slack = 1 + 2.0**-22
        found.append(
            LayerNorms(
                up(spectral_norm(value) + read.patches.error),
                up(float(rows) * slack + read.patches.error),
                spectral_norm(inner),
                up(float(columns) * slack),
            )
        )
    return tuple(found)


@dataclass(frozen=True, eq=False)
class Forms:
    """Bounds of the outputs' derivatives along weights moved by w_l, on a ball.

    Attributes:
        first: ‖Ḟ‖ over all samples is at most first·w, shape (layers,).
        row: The same for any one sample.
        second: ‖F̈‖ is at most the quadratic form, shape (layers, layers).
        third: ‖F⃛‖ is at most the cubic form, shape (layers, layers, layers).
    """

    first: Floats
    row: Floats
    second: Floats
    third: Floats


def forms(network: Network, norms: tuple[LayerNorms, ...], radius: float) -> Forms:
    """Propagate bounds of the first three derivatives through the layers.

    Args:
        network: The network.
        norms: The norms at the centre.
        radius: The ball's radius.

    Returns:
        The forms of the outputs.
    """
    count = len(norms)
    first, row = np.zeros(count), np.zeros(count)
    second, third = np.zeros((count, count)), np.zeros((count, count, count))
    moved, after, slope, curvature, bend, mean = 0.0, 0.0, 0.0, 0.0, 0.0, 1.0
    features = network.inputs.shape[1]
    for i, (layer, at) in enumerate(zip(network.layers, norms, strict=True)):
        m = sqrt(1 if layer.plain else layer.multiplicity(features))
        patches, largest = at.patches + m * moved, at.row + m * moved
        weights, column = at.weights + radius, at.column + radius
        one = np.zeros(count)
        one[i] = 1.0
        handed = slope * mean * first
        crossed = np.outer(one, handed)
        bent = np.outer(row, first)
        bent = curvature * mean * mean * (bent + bent.T) / 2
        straight = slope * mean * second
        cubed = bend * np.multiply.outer(np.outer(row, row), first) + 3 * curvature * np.multiply.outer(row, second)
        third = m * (
            3 * np.multiply.outer(one, bent + straight) + column * mean * mean * cubed + weights * slope * mean * third
        )
        second = m * (crossed + crossed.T + column * bent + weights * straight)
        first = patches * one + weights * m * handed
        row = largest * one + weights * m * slope * mean * row
        after = m * moved * weights + at.patches * radius
        if layer.activation is not None:
            slope, curvature, bend = layer.activation.slope, layer.activation.curvature, layer.activation.third
            mean = 1.0 if layer.groups is None else 1 / sqrt(layer.groups.shape[1])
            moved = slope * mean * after
        features = layer.features
    return Forms(first, row, second, third)


def lipschitz(network: Network, norms: tuple[LayerNorms, ...], radius: float) -> float:
    """Bound the Lipschitz constant of J on a ball.

    Args:
        network: The network.
        norms: The norms at the centre.
        radius: The ball's radius.

    Returns:
        L.
    """
    return up(perron(forms(network, norms, radius).second))


def perron(form: Floats) -> float:
    """Bound the largest eigenvalue of a symmetric matrix without negative entries: Collatz and Wielandt.

    Args:
        form: The matrix, shape (k, k).

    Returns:
        The bound, without the rounding of its last few operations: apply ``up`` to it.
    """
    if len(form) == 1 or not np.isfinite(form).all():
        return float(form.max())
    v = np.abs(np.linalg.eigh(form)[1][:, -1]) + 1e-3
    return float(((form @ v) / v).max())


def distance(a: Floats, b: Floats) -> float:
    """Bound the distance of two points.

    Args:
        a: The one, shape (n,).
        b: The other.

    Returns:
        A bound of ‖a − b‖: each difference is rounded once.
    """
    return up(length(a - b) * (1 + 2.0**-52))
