r"""A Lipschitz constant T of the Hessian of a network's loss, bounded by norms and never by a tensor.

With outputs F, :math:`D^3f[\delta^3] = \sum_i E'''[\dot F_i^3] + 3E''[\dot F_i, \ddot F_i] + E'\cdot\dddot F_i`. On
a ball :math:`\|\dot F\| \le \sigma\|\delta\|`, :math:`\|\ddot F\| \le L\|\delta\|^2`, :math:`\|\dddot F\| \le
M\|\delta\|^3`, so

.. math:: T = e_3\tau\sigma^2 + 3e_2\sigma L + \|E'\|M

bounds it per :math:`\|\delta\|^3`, with τ for a single sample, e₂ and e₃ bounds of E″ and E‴. A symmetric form is
bounded by its values on the diagonal, so T is a Lipschitz constant of the Hessian in operator norm. The
weight decay does not change it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from math import sqrt

import numpy as np

from gdcheck.networks.proof.lipschitz import LayerNorms, forms, layer_norms, perron
from gdcheck.networks.proof.minimum.objective import Objective
from gdcheck.networks.proof.passes import Forward, jacobian
from gdcheck.networks.proof.rounding import Floats, length, up
from gdcheck.networks.proof.spectrum import spectral_norm


@dataclass(frozen=True, eq=False)
class Norms:
    """What the bound needs of a point.

    Attributes:
        layers: Its layers' norms.
        sigma: A bound of ‖J‖ there, J being the outputs' Jacobian.
        slopes: A bound of ‖E′‖ there.
    """

    layers: tuple[LayerNorms, ...]
    sigma: float
    slopes: float


def norms_at(objective: Objective, x: Floats, at: Forward) -> Norms:
    """Bound the norms at a point.

    Args:
        objective: The function.
        x: The weights, shape (n,).
        at: The forward pass at x.

    Returns:
        The bounds.
    """
    jac = jacobian(objective.network, x, at)
    slopes = objective.slopes(at)
    sigma = up(spectral_norm(jac.value) + jac.error)
    return Norms(layer_norms(objective.network, x, at), sigma, up(length(slopes.value) + slopes.error))


def third(objective: Objective, norms: Norms, radius: float) -> float:
    """Bound the Lipschitz constant of the Hessian on a ball.

    Args:
        objective: The function.
        norms: The norms at its centre.
        radius: Its radius.

    Returns:
        T.
    """
    loss = objective.loss
    at = forms(objective.network, norms.layers, radius)
    turning = up(perron(at.second))
    sigma = up(min(norms.sigma + turning * radius, sqrt(float(at.first @ at.first))))
    single = up(min(sigma, sqrt(float(at.row @ at.row))))
    slopes = up(norms.slopes + loss.curvature * sigma * radius)
    return up(loss.third * single * sigma * sigma + 3 * loss.curvature * sigma * turning + slopes * _cubic(at.third))


def _cubic(form: Floats) -> float:
    """Bound a cubic form without negative entries on the unit sphere: by the norm of its symmetric tensor, unfolded."""
    symmetric = sum(form.transpose(order) for order in permutations(range(3))) / 6
    unfolded = np.asarray(symmetric).reshape(len(form), -1)
    return up(sqrt(perron(unfolded @ unfolded.T)))
