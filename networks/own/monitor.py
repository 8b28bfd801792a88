"""The callback for a user's own loop: ``monitor.step()`` after each ``optimizer.step()``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any, Protocol

import polars as pl
import torch
from torch import Tensor, nn

from gdcheck.networks.approach import Track, approach
from gdcheck.networks.eigen import NotFiniteError, top_eigenpairs
from gdcheck.networks.measurements import Spectroscope, cosine, flow_deficit
from gdcheck.networks.own.density import Density, spectral_density
from gdcheck.networks.own.flat import FlatLoss, Loss, read_batches
from gdcheck.networks.own.flow import GradientFlow
from gdcheck.networks.own.stability import Stability, needs_preconditioner, stability_of
from gdcheck.networks.shapes import Approach
from gdcheck.properties.storage.files import write_text_atomically
from gdcheck.theorem.loss.errors import InputError

ROW_SCHEMA: dict[str, Any] = {
    "step": pl.Int64,
    "step_size": pl.Float64,
    "update_norm": pl.Float64,
    "cosine": pl.Float64,
    "loss": pl.Float64,
    "test_loss": pl.Float64,
    "gradient_norm": pl.Float64,
    "sharpness": pl.Float64,
    "eigenvalues": pl.List(pl.Float64),
    "residuals": pl.List(pl.Float64),
    "lowest": pl.Float64,
    "lowest_residual": pl.Float64,
    "preconditioned_sharpness": pl.Float64,
    "threshold": pl.Float64,
    "sharpness_over_threshold": pl.Float64,
    "flow_deficit": pl.Float64,
    "alignment": pl.Float64,
    "alignment_lowest": pl.Float64,
    "trace": pl.Float64,
    "trace_error": pl.Float64,
    "flow_distance": pl.Float64,
}
"""A row describes the step that was just taken, and the point to which it led; what was not looked at is null.

- ``update_norm``, ``cosine``: of the update, and of it with the one before.
- ``loss``, ``gradient_norm``, ``test_loss``: over all of ``data`` and ``test``; ``loss`` with coupled weight decay.
- ``sharpness``, ``eigenvalues`` with ``residuals``, ``lowest``: the ends of the Hessian's spectrum.
- ``threshold``: the optimizer's own; it speaks of ``preconditioned_sharpness`` where there is one.
- ``flow_deficit``: 1 − cos that the method's own gradient flow has over the time of one step.
- ``alignment``, ``alignment_lowest``: |cos| of the update with the top and the lowest eigenvector.
- ``trace``: the Hessian's; ``flow_distance``: from plain gradient flow from the same start.
"""


class Writer(Protocol):
    """A ``SummaryWriter``, or whatever takes scalars as one does."""

    def add_scalar(self, tag: str, scalar_value: float, global_step: int) -> Any:
        """Take one number."""


@dataclass(frozen=True)
class Looks:
    """How often the Hessian is measured, and what is computed from it.

    Attributes:
        every: Steps from one look to the next.
        eigenvalues: How many of the largest eigenvalues.
        tolerance: The residual allowed, relative to the largest.
        lowest: Whether λ₁ is looked for, which takes more products.
        probes: Random vectors for the spectral density and the trace; 0 for none.
        flow: Whether gradient flow is followed beside, at four or more gradients a step.
    """

    every: int = 10
    eigenvalues: int = 3
    tolerance: float = 1e-3
    lowest: bool = False
    probes: int = 0
    flow: bool = False


class Monitor:
    """Watches a training loop without touching it: parameters, buffers, modes and generators stay as they are.

    Args:
        model: The network.
        loss: The loss (outputs, targets) of a batch, averaged over its samples.
        data: Pairs (inputs, targets), such as a DataLoader's: over them loss, gradient and Hessian are taken. They are
            read once and kept, so give a part of a large set.
        optimizer: The optimizer of the loop.
        looks: How often the Hessian is measured, and what is computed from it.
        test: Pairs for the test loss.
        threshold: The stability threshold of an optimizer that is not known here, from the optimizer.
        writer: Takes each row's numbers as scalars, as TensorBoard's ``SummaryWriter`` does.

    Raises:
        InputError: If an option is out of its range, or the data are not pairs.
    """

    def __init__(
        self,
        model: nn.Module,
        loss: Loss,
        data: Iterable[Any],
        optimizer: torch.optim.Optimizer,
        *,
        looks: Looks | None = None,
        test: Iterable[Any] | None = None,
        threshold: Callable[[torch.optim.Optimizer], float] | None = None,
        writer: Writer | None = None,
    ) -> None:
        self.looks = looks or Looks()
        if self.looks.every < 1 or self.looks.eigenvalues < 1 or not 0 < self.looks.tolerance < 1:
            raise InputError("looks", "every and eigenvalues must be 1 or more, and tolerance between 0 and 1")
        self._optimizer = optimizer
        self._threshold = threshold
        self._writer = writer
        self._flat = FlatLoss(model, loss, (p for group in optimizer.param_groups for p in group["params"]))
        self._batches = read_batches(data, self._flat.device)
        self._test = None if test is None else read_batches(test, self._flat.device)
        self._here = self._flat.vector()
        self._update: Tensor | None = None
        self._spectroscope = Spectroscope(self.looks.eigenvalues, self.looks.tolerance, self._here)
        self._bottom = self._here.new_zeros(len(self._here), 0)
        self._sharpness = 0.0
        self._flow: GradientFlow | None = None
        self._flowing = self.looks.flow
        self.rows: list[dict[str, Any]] = []
        self.densities: list[tuple[int, Density]] = []

    def step(self) -> dict[str, Any]:
        """Record the step that the optimizer has just taken.

        Returns:
            Its row; see ``ROW_SCHEMA``.

        Raises:
            NotFiniteError: If a product with the Hessian is not finite: the loop has diverged.
        """
        index = len(self.rows)
        before, here = self._here, self._flat.vector()
        update = here - before
        row: dict[str, Any] = dict.fromkeys(ROW_SCHEMA)
        state = stability_of(self._optimizer, self._flat.parameters)
        row |= {"step": index + 1, "step_size": state.step_size}
        row["update_norm"] = float(torch.linalg.vector_norm(update.double()))
        row["cosine"] = None if self._update is None else cosine(update, self._update)
        row["threshold"] = self._threshold(self._optimizer) if self._threshold else state.threshold
        self._here, self._update = here, update
        if self._flowing:
            row["flow_distance"] = self._follow(before, state)
        if index % self.looks.every == 0:
            self._look(row, state, index)
        self.rows.append(row)
        if self._writer is not None:
            for name, value in row.items():
                if isinstance(value, float) and isfinite(value):
                    self._writer.add_scalar(f"gdcheck/{name}", value, row["step"])
        return row

    def _look(self, row: dict[str, Any], state: Stability, index: int) -> None:
        looks = self.looks
        product = self._flat.products(self._here, self._batches, state.decay)
        loss, gradient = self._flat.gradient(self._here, self._batches, state.decay)
        row |= {"loss": loss, "gradient_norm": float(torch.linalg.vector_norm(gradient.double()))}
        if self._test is not None:
            row["test_loss"] = self._flat.value(self._here, self._test)
        top = self._spectroscope.look(product, state.diagonal, index // looks.every)
        self._sharpness = top.pairs.values[0]
        row |= {"sharpness": self._sharpness, "eigenvalues": list(top.pairs.values)}
        row["residuals"] = list(top.pairs.residuals)
        row["alignment"] = _alignment(self._update, top.pairs.vectors[:, 0])
        compared: float | None = self._sharpness
        if top.preconditioned is not None:
            compared = row["preconditioned_sharpness"] = top.preconditioned.values[0]
        elif needs_preconditioner(self._optimizer):
            compared = None
        if compared is not None and row["threshold"]:
            row["sharpness_over_threshold"] = compared / row["threshold"]
        if state.time is not None:
            row["flow_deficit"] = flow_deficit(product, gradient, state.diagonal, state.time)
        if looks.lowest:
            # The shift makes λ₁ the largest, with a tolerance relative to the whole spectrum.
            shift = max(self._sharpness, 0.0)
            found = top_eigenpairs(lambda v: shift * v - product(v), self._bottom, 1, tolerance=looks.tolerance)
            self._bottom = found.vectors
            row |= {"lowest": shift - found.values[0], "lowest_residual": found.residuals[0]}
            row["alignment_lowest"] = _alignment(self._update, found.vectors[:, 0])
        if looks.probes:
            density = spectral_density(product, self._here, probes=looks.probes, seed=index)
            self.densities.append((row["step"], density))
            row |= {"trace": density.trace, "trace_error": density.trace_error}

    def _follow(self, before: Tensor, state: Stability) -> float | None:
        """Advance gradient flow by one step's time and return the distance; None for methods with another flow."""
        if state.time is None or state.diagonal is not None or needs_preconditioner(self._optimizer):
            self._flowing = False
            return None
        decay = state.decay
        if self._flow is None:
            self._flow = GradientFlow(lambda x: self._flat.gradient(x, self._batches, decay)[1], before)
            product = self._flat.products(before, self._batches, decay)
            self._sharpness = top_eigenpairs(product, self._bottom[:, :0], 1).values[0]
        self._flow.advance(state.time, self._sharpness)
        return float(torch.linalg.vector_norm((self._here - self._flow.x).double()))

    def frame(self) -> pl.DataFrame:
        """Return all rows."""
        return pl.DataFrame(self.rows, schema=ROW_SCHEMA)

    def write_csv(self, path: Path | str) -> None:
        """Write all rows as CSV, lists as numbers between semicolons."""
        lists = [name for name, kind in ROW_SCHEMA.items() if isinstance(kind, pl.List)]
        joined = [pl.col(name).list.eval(pl.element().cast(pl.String)).list.join(";") for name in lists]
        write_text_atomically(Path(path), self.frame().with_columns(joined).write_csv())

    def approach(self) -> Approach:
        """Judge the cosines so far as ``gdcheck train`` does; without a minimum the best judgement is ``level``."""
        known = [r for r in self.rows if r["loss"] is not None]
        track = Track(
            cosines=[(r["step"], r["cosine"], r["step_size"]) for r in self.rows if r["cosine"] is not None],
            losses=[r["loss"] for r in known],
            gradients=[r["gradient_norm"] for r in known],
            flow=[r["flow_deficit"] for r in known if r["flow_deficit"] is not None],
            whole=False,
        )
        return approach([track])


def _alignment(update: Tensor | None, vector: Tensor) -> float | None:
    found = None if update is None else cosine(update, vector)
    return None if found is None else abs(found)


__all__ = ["ROW_SCHEMA", "Looks", "Monitor", "NotFiniteError", "Writer"]
