"""Both implementations of every activation against mpmath, within the errors that they state."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from gdcheck.networks.proof.activations import ACTIVATIONS
from gdcheck.networks.proof.checker.elementary import KNOWN

_REFERENCE = {
    "tanh": (mpmath.tanh, lambda x: 1 - mpmath.tanh(x) ** 2),
    "sigmoid": (lambda x: 1 / (1 + mpmath.exp(-x)), lambda x: 1 / (2 + mpmath.exp(-x) + mpmath.exp(x))),
    "softplus": (lambda x: max(x, 0) + mpmath.log1p(mpmath.exp(-abs(x))), lambda x: 1 / (1 + mpmath.exp(-x))),
    "gelu": (lambda x: x * mpmath.ncdf(x), lambda x: mpmath.ncdf(x) + x * mpmath.npdf(x)),
}
_RNG = np.random.default_rng(7)
_SPECIAL = np.array([0.0, 700.0, -700.0, 8.9, -8.9, 8.8999999, 10.5, -10.5, 10.4999, 19.9, -20.1, 32.0, -32.1])
_POINTS = np.concatenate([_RNG.normal(size=150) * 3, _RNG.normal(size=60) * 30, _RNG.normal(size=40) * 1e-8, _SPECIAL])


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_values_and_slopes_are_within_the_stated_errors(name: str) -> None:
    phi = ACTIVATIONS[name]
    for k, found in enumerate(phi.value(_POINTS)):
        with mpmath.workdps(60):
            for x, y in zip(_POINTS, found, strict=True):
                off = abs(_REFERENCE[name][k](mpmath.mpf(float(x))) - mpmath.mpf(float(y)))
                assert off <= phi.error[k] * max(1.0, abs(x)), (x, off)


@pytest.mark.parametrize("name", KNOWN)
def test_the_checkers_values_are_within_its_stated_error(name: str) -> None:
    low = _POINTS * 2.0**-54 * _RNG.uniform(-1, 1, size=len(_POINTS))
    for k, (high, rest) in enumerate(KNOWN[name].both((_POINTS, low))):
        with mpmath.workdps(80):
            for i, x in enumerate(_POINTS):
                exact = _REFERENCE[name][k](mpmath.mpf(float(x)) + mpmath.mpf(float(low[i])))
                off = abs(exact - mpmath.mpf(float(high[i])) - mpmath.mpf(float(rest[i])))
                assert off <= KNOWN[name].error * max(1.0, abs(x)), (x, off)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_slope_and_curvature_are_bounded_as_stated(name: str) -> None:
    phi, bounds = ACTIVATIONS[name], KNOWN[name].bounds
    for x in np.linspace(-12, 12, 400):
        slope = abs(mpmath.diff(_REFERENCE[name][0], mpmath.mpf(float(x))))
        curvature = abs(mpmath.diff(_REFERENCE[name][1], mpmath.mpf(float(x))))
        assert slope <= min(phi.slope, bounds[0]) + mpmath.mpf(10) ** -9
        assert curvature <= min(phi.curvature, bounds[1]) + mpmath.mpf(10) ** -9
