"""A strict minimum of a small network's objective, found in float64: L-BFGS, then Newton with the whole Hessian."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from gdcheck.networks.objective import Objective
from gdcheck.theorem.loss.errors import InputError

GRADIENT_NORM = 1e-12
_NEWTON_STEPS = 60
# Below this the Hessian counts as flat, and Newton's step along it is held back.
_FLAT = 1e-6


@dataclass(frozen=True)
class Minimum:
    """A point at which the gradient vanishes to rounding and the Hessian's spectrum is known.

    Attributes:
        theta: (n,), float64.
        loss: The objective there.
        accuracy: The share of images put in their class.
        gradient_norm: The gradient's norm there.
        spectrum: (n,), the Hessian's eigenvalues, ascending.
        vectors: (n, n), its eigenvectors as columns.
        lbfgs_steps: Iterations of L-BFGS.
        newton_steps: Steps of Newton.
    """

    theta: Tensor
    loss: float
    accuracy: float
    gradient_norm: float
    spectrum: Tensor
    vectors: Tensor
    lbfgs_steps: int
    newton_steps: int

    @property
    def lowest(self) -> float:
        """λ₁."""
        return float(self.spectrum[0])

    @property
    def highest(self) -> float:
        """λₙ."""
        return float(self.spectrum[-1])

    @property
    def boundary(self) -> float:
        """2/(λ₁+λₙ), the step size at which the direction of arrival switches."""
        return 2 / (self.lowest + self.highest)

    @property
    def stability_limit(self) -> float:
        """2/λₙ, the step size above which gradient descent leaves the minimum."""
        return 2 / self.highest

    @property
    def strict(self) -> bool:
        """Whether the gradient is small enough, λ₁ > 0, and both ends of the spectrum are simple, all in floats."""
        gaps = (float(self.spectrum[1] - self.spectrum[0]), float(self.spectrum[-1] - self.spectrum[-2]))
        return self.gradient_norm <= GRADIENT_NORM and self.lowest > 0 and min(gaps) > 1e-9 * self.highest


def find_minimum(
    objective: Objective, start: Tensor, lbfgs_steps: int, on_step: Callable[[str, int, float], None] | None = None
) -> Minimum:
    """Descend from a start to a minimum.

    Args:
        objective: The objective, in float64.
        start: (n,).
        lbfgs_steps: The most iterations of L-BFGS.
        on_step: Called with the phase, the number of its step and the gradient's norm.

    Returns:
        The point where Newton's method ended; ``strict`` tells whether the theorem applies there.

    Raises:
        InputError: If the objective is not in float64.
    """
    if start.dtype != torch.float64:
        raise InputError("dtype", "the minimum is found in float64; leave out other types")
    tell = on_step or (lambda *_: None)
    theta, taken = descend_by_lbfgs(objective, start, lbfgs_steps, tell)
    for step in range(_NEWTON_STEPS + 1):
        here = objective.evaluate(theta)
        norm = float(torch.linalg.vector_norm(here.gradient))
        tell("newton", step, norm)
        spectrum, vectors = torch.linalg.eigh(objective.hessian(theta))
        settled = norm <= GRADIENT_NORM and float(spectrum[0]) > 0
        following = None if settled or step == _NEWTON_STEPS else _newton(objective, theta, spectrum, vectors)
        if following is None:
            return Minimum(theta, here.loss, here.accuracy, norm, spectrum, vectors, taken, step)
        theta = following
    raise AssertionError("unreachable")


def descend_by_lbfgs(
    objective: Objective, start: Tensor, most: int, tell: Callable[[str, int, float], None] | None = None
) -> tuple[Tensor, int]:
    """Descend by L-BFGS with a strong Wolfe line search, a hundred iterations at a time.

    Args:
        objective: The objective.
        start: (n,).
        most: The most iterations.
        tell: Called with ``L-BFGS``, the number of iterations so far and the gradient's norm.

    Returns:
        The last point, (n,), and how many iterations led there.
    """
    theta = start.clone().requires_grad_()
    taken = 0
    while taken < most:
        piece = min(100, most - taken)
        optimizer = torch.optim.LBFGS(
            [theta],
            max_iter=piece,
            history_size=50,
            tolerance_grad=1e-10,
            tolerance_change=0,
            line_search_fn="strong_wolfe",
        )

        def closure() -> float:
            seen = objective.evaluate(theta)
            theta.grad = seen.gradient
            return seen.loss

        optimizer.step(closure)  # type: ignore[arg-type]
        did = int(optimizer.state[theta]["n_iter"])
        taken += did
        assert theta.grad is not None
        if tell:
            tell("L-BFGS", taken, float(torch.linalg.vector_norm(theta.grad)))
        if did < piece:
            break
    return theta.detach(), taken


def _newton(objective: Objective, theta: Tensor, spectrum: Tensor, vectors: Tensor) -> Tensor | None:
    """Return the next point by Newton's step with absolute eigenvalues (saddles repel it); None if no step helps."""
    here = objective.evaluate(theta)
    step = -vectors @ ((vectors.T @ here.gradient) / spectrum.abs().clamp(min=_FLAT))
    norm = float(torch.linalg.vector_norm(here.gradient))
    for halvings in range(30):
        candidate = theta + step / 2**halvings
        seen = objective.evaluate(candidate)
        # Near the minimum the loss no longer resolves progress; the gradient does.
        near = float(spectrum[0]) > 0 and float(torch.linalg.vector_norm(seen.gradient)) < norm
        if seen.loss < here.loss or near:
            return candidate
    return None
