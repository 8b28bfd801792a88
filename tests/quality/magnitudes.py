"""Batches whose magnitudes are chosen against float64: each is a function of a seed and of its number alone.

One shape strains one part of the float64 proof. The numbers of a problem are float64, and it is exactly what they say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from gdcheck.theorem.batch.batch import simulate_batch
from gdcheck.theorem.batch.columns import Batch
from gdcheck.theorem.descent.expansion import Exponents

Floats = npt.NDArray[np.float64]
Draw = np.random.Generator
_BISECTIONS = 60
_SETTLED = 48


def batch_of(seed: int, number: int, rows: int) -> tuple[str, Batch]:
    """The shape's name and the problems of a batch.

    Args:
        seed: The seed of the run.
        number: The batch; the shapes take turns.
        rows: How many problems.
    """
    draw = np.random.Generator(np.random.PCG64([seed, number]))
    name = list(SHAPES)[number % len(SHAPES)]
    with np.errstate(all="ignore"):
        return name, SHAPES[name](draw, _plain(draw, rows))


def _plain(draw: Draw, rows: int) -> Batch:
    """Problems of moderate numbers, with starts where descent contracts or somewhat farther."""
    n = int(draw.integers(2, 6))
    exponents = _exponents(draw, n, int(draw.integers(1, 6)), int(draw.integers(3, 6)))
    low = draw.uniform(0.25, 1, rows)
    high = low * draw.uniform(1.1, 10, rows)
    between = low + (high - low) * draw.uniform(0.02, 0.98, (n - 2, rows))
    spectrum = np.concatenate([low[None], between, high[None]])
    coefficients = draw.uniform(-2, 2, (len(exponents), rows))
    direction = draw.uniform(-1, 1, (n, rows))
    start = direction * (_log_uniform(draw, -6, 0, rows) / np.sqrt((direction**2).sum(0)))
    return Batch(exponents, spectrum, coefficients, _step_size(draw, low, high), start)


def _exponents(draw: Draw, n: int, terms: int, degree: int) -> tuple[Exponents, ...]:
    found: set[Exponents] = set()
    for _ in range(terms):
        places = draw.integers(0, n, int(draw.integers(3, degree + 1)))
        found.add(tuple(int((places == i).sum()) for i in range(n)))
    return tuple(sorted(found))


def _step_size(draw: Draw, low: Floats, high: Floats) -> Floats:
    """Both regimes, evenly spread."""
    boundary, share = 2 / (low + high), draw.uniform(0.05, 0.95, low.shape)
    return np.where(draw.random(low.shape) < 0.5, boundary * share, boundary + (2 / high - boundary) * share)


def _log_uniform(draw: Draw, least: float, most: float, shape: int | tuple[int, ...]) -> Floats:
    """From 2^least to 2^most, all magnitudes alike."""
    return np.exp2(draw.uniform(least, most, shape))


def _scaled(draw: Draw, batch: Batch) -> Batch:
    """Space and values in other units: x in units of 2^t, f in units of 2^s."""
    values, lengths = (np.exp2(draw.integers(-bits, bits + 1, batch.rows)) for bits in (90, 45))
    orders = np.array([sum(alpha) for alpha in batch.exponents], dtype=np.float64)[:, None]
    start = batch.start * lengths
    coefficients = batch.coefficients * values * lengths ** (2 - orders)
    return replace(
        batch,
        spectrum=batch.spectrum * values,
        coefficients=coefficients,
        step_size=batch.step_size / values,
        start=start,
    )


def _lopsided(draw: Draw, batch: Batch) -> Batch:
    """Coefficients and coordinates of very different magnitudes in one problem."""
    coefficients = batch.coefficients * _log_uniform(draw, -100, 12, batch.coefficients.shape)
    return replace(batch, coefficients=coefficients, start=batch.start * _log_uniform(draw, -30, 0, batch.start.shape))


def _subnormal(draw: Draw, batch: Batch) -> Batch:
    """Some coordinates below the normal numbers, or zero; the dominant one among them at times."""
    start = batch.start * _log_uniform(draw, -1074, -900, batch.start.shape)
    kept = draw.random(batch.start.shape) < 0.5
    return replace(batch, start=np.where(kept, batch.start, np.where(draw.random(kept.shape) < 0.2, 0.0, start)))


def _near_ends(draw: Draw, batch: Batch) -> Batch:
    """Eigenvalues a few units in the last place from an end, and spectra that are nearly one point."""
    spectrum = batch.spectrum.copy()
    squeeze = np.where(draw.random(batch.rows) < 0.3, _log_uniform(draw, -40, 0, batch.rows), 1)
    spectrum = spectrum[:1] + (spectrum - spectrum[:1]) * squeeze
    for place, end, sign in ((1, 0, 1), (-2, -1, -1)) if batch.dimension > 3 else ():
        spectrum[place] = spectrum[end] * (1 + sign * _log_uniform(draw, -52, -1, batch.rows))
    spectrum[1:-1] = np.sort(np.clip(spectrum[1:-1], spectrum[0], spectrum[-1]), axis=0)
    return replace(batch, spectrum=spectrum, step_size=_step_size(draw, spectrum[0], spectrum[-1]))


def _near_boundary(draw: Draw, batch: Batch) -> Batch:
    """η within 2⁻⁵³ to 1/4 of 2/(λ₁ + λₙ), relatively."""
    boundary = 2 / (batch.spectrum[0] + batch.spectrum[-1])
    away = draw.choice([-1.0, 1.0], batch.rows) * _log_uniform(draw, -53, -2, batch.rows)
    return replace(batch, step_size=boundary * (1 + away))


def _near_stability(draw: Draw, batch: Batch) -> Batch:
    """η near 2/λₙ, or near zero: 1 − ρ from 2⁻⁴⁰ on, with starts so deep that a few steps decide."""
    small = draw.random(batch.rows) < 0.5
    slack = _log_uniform(draw, -40, -3, batch.rows)
    eta = np.where(small, slack / batch.spectrum[0], (2 - slack) / batch.spectrum[-1])
    return replace(batch, step_size=eta, start=batch.start * slack * _log_uniform(draw, -8, 2, batch.rows))


def _near_inverse(draw: Draw, batch: Batch) -> Batch:
    """η near the inverse of an eigenvalue: a multiplier next to zero, or all of them where the spectrum is narrow."""
    narrow = np.where(draw.random(batch.rows) < 0.5, _log_uniform(draw, -36, -1, batch.rows), 1)
    spectrum = batch.spectrum[:1] + (batch.spectrum - batch.spectrum[:1]) * narrow
    which = draw.integers(0, batch.dimension, batch.rows)
    away = draw.choice([-1.0, 1.0], batch.rows) * _log_uniform(draw, -53, -2, batch.rows)
    return replace(batch, spectrum=spectrum, step_size=(1 + away) / spectrum[which, np.arange(batch.rows)])


def _near_null(draw: Draw, batch: Batch) -> Batch:
    """A dominant component of up to 2⁻⁶⁰ of the others, which feed it through the remainder."""
    start, large = batch.start.copy(), _large(batch)
    shrink = _log_uniform(draw, -60, 0, batch.rows)
    start[0] *= np.where(large, 1, shrink)
    start[-1] *= np.where(large, shrink, 1)
    return replace(batch, start=start)


def _on_graph(draw: Draw, batch: Batch) -> Batch:
    """Starts on the null set {ζ = 0} as far as float64 can tell, and a few units in the last place beside it."""
    quiet = replace(batch, start=batch.start / 8)
    large = _large(batch)
    size = np.sqrt((quiet.start**2).sum(0))
    low, high = -size, size.copy()
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        end = simulate_batch(_with_dominant(quiet, large, middle), _SETTLED)
        above = np.where(large, end[-1], end[0]) > 0
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    beside = draw.choice([-1.0, 1.0], batch.rows) * size * _log_uniform(draw, -55, -8, batch.rows)
    return _with_dominant(quiet, large, (low + high) / 2 + beside)


def _large(batch: Batch) -> npt.NDArray[np.bool_]:
    large: npt.NDArray[np.bool_] = batch.step_size * (batch.spectrum[0] + batch.spectrum[-1]) > 2
    return large


def _with_dominant(batch: Batch, large: npt.NDArray[np.bool_], component: Floats) -> Batch:
    start = batch.start.copy()
    start[0] = np.where(large, start[0], component)
    start[-1] = np.where(large, component, start[-1])
    return replace(batch, start=start)


SHAPES: dict[str, Callable[[Draw, Batch], Batch]] = {
    "scaled": _scaled,
    "lopsided": _lopsided,
    "subnormal": _subnormal,
    "near-ends": _near_ends,
    "near-boundary": _near_boundary,
    "near-stability": _near_stability,
    "near-inverse": _near_inverse,
    "near-null": _near_null,
    "on-graph": _on_graph,
}
