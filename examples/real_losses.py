"""Losses on real data, for ``gdcheck check --loss-function examples/real_losses.py:NAME`` (docs/smooth.md)."""

from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
IRIS = np.loadtxt(HERE / "iris.csv", delimiter=",")
DIGITS = np.loadtxt(HERE / "digits.csv", delimiter=",")


def ridge(w):
    """Predict petal width from sepal length, sepal width and petal length: ridge regression, 3 weights."""
    return np.mean((IRIS[:, :3] @ w - IRIS[:, 3]) ** 2) + (w @ w) / 64


def softmax(w):
    """Tell the digits 0, 1 and 2 apart by three features of their ink: softmax with L2, 6 weights; 0 has score 0."""
    one, two = DIGITS[:, :3] @ w[:3], DIGITS[:, :3] @ w[3:]
    chosen = np.where(DIGITS[:, 3] == 1, 1.0, 0.0) * one + np.where(DIGITS[:, 3] == 2, 1.0, 0.0) * two
    return np.mean(np.logaddexp(np.logaddexp(0, one), two) - chosen) + (w @ w) / 64


def factorization(w):
    """Factorize the mean measures of the three species as a product of rank one, with L2: 7 numbers."""
    means = np.stack([IRIS[IRIS[:, 4] == k, :4].mean(axis=0) for k in range(3)])
    return np.mean((np.outer(w[:3], w[3:]) - means) ** 2) + (w @ w) / 64


def network(w):
    """Tell versicolor from the other species by four measures: 3 tanh neurons and a linear one, with L2, 19 weights."""
    flowers = IRIS[::5]
    inputs = flowers[:, :4] - IRIS[:, :4].mean(axis=0)
    hidden = np.tanh(inputs @ w[:12].reshape(4, 3) + w[12:15])
    wanted = np.where(flowers[:, 4] == 1, 1.0, -1.0)
    return np.mean((hidden @ w[15:18] + w[18] - wanted) ** 2) + (w @ w) / 64
