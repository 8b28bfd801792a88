"""Labels of starts under heavy ball and Nesterov: certified in float64 where that decides, else observed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from gdcheck.properties.basins.simulation import OBSERVED_STEPS, BasinLabel, Codes
from gdcheck.theorem.batch.batch import BLOCK, certify_batch
from gdcheck.theorem.batch.columns import Batch, Momentum, State
from gdcheck.theorem.batch.eigenbasis import nearest
from gdcheck.theorem.batch.rows import program_of
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.methods.method import GradientDescent, HeavyBall, Nesterov

ROUNDED = 2.0**-50
"""The part of the map error due to rounding the momentum to a float64: 2⁻⁵³, at most twice in a step."""

_CERTIFIED_STEPS = 512
_FAR, _CLOSE, _STILL = 2.0**20, 2.0**-10, 2.0**-30


def momentum_of(problem: Problem, rows: int) -> Momentum | None:
    """Return the method of a problem for a batch.

    Args:
        problem: The problem.
        rows: How many rows the batch has.

    Returns:
        Its momentum; None for gradient descent, with a preconditioner or without.

    Raises:
        InputError: If the method has no float64 batch.
    """
    method = problem.method
    if isinstance(method, GradientDescent):
        return None
    if not isinstance(method, HeavyBall):
        there = "there are maps for gradient-descent, heavy-ball, nesterov, adam and rmsprop"
        raise InputError("method", f"{method.name} has no map; {there}")
    return Momentum(np.full(rows, nearest(method.momentum)), isinstance(method, Nesterov))


def label_momentum(batch: Batch, extent: float) -> tuple[Codes, npt.NDArray[np.bool_], bool]:
    """Label starts.

    Args:
        batch: The starts, with their method.
        extent: The size of the window: a point a million times as far away has escaped.

    Returns:
        A ``BasinLabel`` for each, whether it is certified, and whether none meets the certificate's assumptions.
    """
    outcome = certify_batch(batch, max_steps=_CERTIFIED_STEPS)
    proved = outcome.state == State.PROVED
    limits = np.where(outcome.large, 2, 0) + (outcome.sign < 0)
    labels = np.where(outcome.turning, BasinLabel.ROTATING, limits).astype(np.uint8)
    rest = np.flatnonzero(~proved)
    if rest.size:
        labels[rest] = observe_momentum(_part(batch, rest), extent)
    return labels, proved, bool((outcome.state == State.OUTSIDE).all())


def observe_momentum(batch: Batch, extent: float) -> Codes:
    """Simulate starts and say how they end; no limit of direction is read off iterates here.

    Args:
        batch: The starts, with their method; a map error is ignored.
        extent: The size of the window.

    Returns:
        A ``BasinLabel`` for each: escapes, elsewhere, undecided (at the minimizer) or unsettled.
    """
    program = program_of(batch)
    labels = np.full(batch.rows, BasinLabel.UNSETTLED, np.uint8)
    with np.errstate(all="ignore"):
        for first in range(0, batch.rows, BLOCK):
            part = slice(first, first + BLOCK)
            columns = batch.columns(np, part, None)
            mu, c = program.numbers(columns)
            here = program.state(np, columns.start)
            there = [np.empty_like(y) for y in here]
            scratch = [np.empty_like(columns.step_size) for _ in range(program.scratch)]
            began = np.hypot(*here[:2])
            for _ in range(OBSERVED_STEPS):
                program.advance(np, here, there, mu=mu, c=c, scratch=scratch)
                here, there = there, here
            size = np.hypot(*here[:2])
            moved = np.hypot(here[0] - there[0], here[1] - there[1])
            found = labels[part]
            found[moved <= _STILL * size] = BasinLabel.ELSEWHERE
            found[size <= _CLOSE * began] = BasinLabel.UNDECIDED
            found[~(size <= _FAR * np.maximum(began, extent))] = BasinLabel.ESCAPES
    return labels


def _part(batch: Batch, rows: npt.NDArray[np.int64]) -> Batch:
    momentum = batch.momentum
    assert momentum is not None
    return replace(
        batch,
        spectrum=batch.spectrum[:, rows],
        coefficients=batch.coefficients[:, rows],
        step_size=batch.step_size[rows],
        start=batch.start[:, rows],
        momentum=Momentum(momentum.beta[rows], momentum.looks_ahead),
    )
