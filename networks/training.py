"""One training run: deterministic from its seed, measured as it goes, and resumable to the bit on a CPU."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from math import ceil, isfinite
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gdcheck.networks.data import Images
from gdcheck.networks.eigen import NotFiniteError
from gdcheck.networks.measurements import Spectroscope, cosine, flow_deficit
from gdcheck.networks.methods import Schedule, make_optimizer, make_schedule, preconditioner
from gdcheck.networks.networks import build
from gdcheck.networks.objective import Objective
from gdcheck.networks.run import Outcome, Row, RunConfig
from gdcheck.networks.storing import (
    EVENTS,
    ROW_SCHEMA,
    STATE,
    check_options,
    keep_iterates,
    read_rows,
    read_tensors,
    write_options,
    write_rows,
    write_tensors,
)
from gdcheck.theorem.loss.errors import InputError

# Beyond this many times the first loss a run counts as diverged.
_DIVERGED = 1e6


def train(
    config: RunConfig,
    images: Images,
    directory: Path,
    *,
    device: torch.device | None = None,
    resume: bool = False,
    on_row: Callable[[Row], None] | None = None,
) -> Outcome:
    """Train one network with one optimizer from one seed.

    Args:
        config: The run.
        images: The images.
        directory: Where its files go; made if it is not there.
        device: Where it runs; the CPU if None.
        resume: Whether to go on from the state stored in the directory, if there is one.
        on_row: Called with each step's row.

    Returns:
        How it ended; the files hold the same.

    Raises:
        InputError: If the stored run to resume was made with other options or images, or cannot be read.
        OSError: If a file cannot be written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    data = {"data": images.name, "images": len(images.labels), "images_sha256": images.digest}
    options = asdict(config) | data | {"device": str(device or "cpu")}
    # A schedule is made for a number of steps; without one a run may go on for more.
    options["scheduled_steps"] = None if config.method.schedule is Schedule.NONE else config.steps
    run = _Run(config, images, directory, device or torch.device("cpu"))
    if resume and (directory / STATE).exists():
        check_options(directory, options)
        run.restore()
    write_options(directory, options)
    return run.go(on_row or (lambda _: None))


class _Run:
    """The state of a run, and its steps."""

    def __init__(self, config: RunConfig, images: Images, directory: Path, device: torch.device) -> None:
        self._config = config
        self._directory = directory
        self._device = device
        dtype = torch.float64 if config.double else torch.float32
        network = build(config.network, images.shape, len(images.classes), config.seed)
        self._objective = Objective(
            network,
            images,
            config.loss,
            config.weight_decay,
            device=device,
            dtype=dtype,
            chunk=config.chunk,
            compiled=config.compiled,
        )
        self._batch = min(config.method.batch or self._objective.images, self._objective.images)
        self._epoch_length = ceil(self._objective.images / self._batch)
        self._theta = self._objective.start().requires_grad_()
        self._optimizer = make_optimizer(config.method, self._theta)
        self._schedule = make_schedule(config.method, self._optimizer, config.steps)
        start = self._theta.detach().clone()
        self._spectroscope = Spectroscope(config.eigenvalues, config.tolerance, start)
        self._step = 0
        self._rows: list[Row] = []
        # The last three iterates give a cosine; the starts of the last two epochs give an epoch's.
        self._recent = [start]
        self._epochs = [start]
        self._first_loss: float | None = None
        self._diverged: str | None = None

    def go(self, on_row: Callable[[Row], None]) -> Outcome:
        """Run to the end, or to divergence."""
        from torch.utils.tensorboard.writer import SummaryWriter  # noqa: PLC0415

        with SummaryWriter(str(self._directory / EVENTS), purge_step=self._step) as events:  # type: ignore[no-untyped-call]
            while self._step < self._config.steps and self._diverged is None:
                if self._step % self._config.keep_every == 0:
                    self._save()
                row = self._advance()
                if row is None:
                    break
                self._rows.append(row)
                _log(events, row)
                on_row(row)
            self._save()
        return Outcome(
            self._config,
            self._directory,
            self._rows,
            self._step,
            self._diverged,
            parameters=len(self._theta),
            chunk=self._objective.chunk,
        )

    def _advance(self) -> Row | None:
        """Take one step and return its row; None if a number is not finite, or the loss has grown too far."""
        k, config = self._step, self._config
        epoch, within = divmod(k, self._epoch_length)
        full = self._batch == self._objective.images
        measured = config.measure_every > 0 and k % config.measure_every == 0
        seen = self._objective.evaluate(self._theta, None if full else self._indices(epoch, within))
        self._first_loss = seen.loss if self._first_loss is None else self._first_loss
        norm = float(torch.linalg.vector_norm(seen.gradient))
        if not (isfinite(norm) and seen.loss <= _DIVERGED * max(1.0, self._first_loss)):
            self._diverged = f"diverged at step {k}: the loss is {seen.loss:.3g}, the gradient's norm {norm:.3g}"
            return None
        step_size = float(self._optimizer.param_groups[0]["lr"])
        row: Row = dict.fromkeys(ROW_SCHEMA) | {
            "step": k,
            "epoch": epoch,
            "loss": seen.loss,
            "accuracy": seen.accuracy,
            "gradient_norm": norm,
            "step_size": step_size,
            "threshold": config.method.threshold(step_size),
        }
        whole = seen if full else self._objective.evaluate(self._theta) if measured else None
        if whole is not None:
            row |= {"full_loss": whole.loss, "full_accuracy": whole.accuracy}
            row["full_gradient_norm"] = float(torch.linalg.vector_norm(whole.gradient))
        try:
            vectors = self._look(row, whole.gradient) if measured and whole is not None else None
        except NotFiniteError:
            self._diverged = f"diverged at step {k}: the Hessian is not finite"
            return None
        self._theta.grad = seen.gradient
        self._optimizer.step()
        if self._schedule is not None:
            self._schedule.step()
        self._step += 1
        self._remember(row, vectors)
        return row

    def _look(self, row: Row, gradient: Tensor) -> Tensor:
        diagonal = preconditioner(self._config.method, self._optimizer, self._theta)
        index = self._step // self._config.measure_every
        product = self._objective.products(self._theta)
        top = self._spectroscope.look(product, diagonal, index)
        time = row["step_size"] * self._config.method.time_factor
        row["flow_deficit"] = flow_deficit(product, gradient, diagonal, time)
        row["sharpness"] = top.pairs.values[0]
        row["eigenvalues"] = list(top.pairs.values)
        row["residuals"] = list(top.pairs.residuals)
        row["converged"] = list(top.pairs.converged)
        row["products"] = top.pairs.products
        if top.preconditioned is not None:
            row["preconditioned_sharpness"] = top.preconditioned.values[0]
            row["preconditioned_residual"] = top.preconditioned.residuals[0]
            row["preconditioned_converged"] = top.preconditioned.converged[0]
            row["products"] += top.preconditioned.products
        return top.pairs.vectors

    def _remember(self, row: Row, vectors: Tensor | None) -> None:
        """Record the update that was just made."""
        here = self._theta.detach().clone()
        self._recent = [*self._recent[-2:], here]
        update = here - self._recent[-2]
        row["update_norm"] = float(torch.linalg.vector_norm(update.double()))
        if len(self._recent) == 3:
            row["cosine"] = cosine(update, self._recent[1] - self._recent[0])
        if vectors is not None:
            row["alignment"] = [abs(cosine(update, v) or 0.0) for v in vectors.T]
        if self._step % self._epoch_length == 0:
            self._epochs = [*self._epochs[-2:], here]
            if len(self._epochs) == 3:
                row["epoch_cosine"] = cosine(here - self._epochs[1], self._epochs[1] - self._epochs[0])

    def _indices(self, epoch: int, within: int) -> Tensor:
        """Return the batch's indices: they depend on seed, epoch and place alone, so no generator need be restored."""
        generator = torch.Generator().manual_seed(self._config.seed * 1_000_003 + epoch)
        order = torch.randperm(self._objective.images, generator=generator)
        return order[within * self._batch : (within + 1) * self._batch].to(self._device)

    def _save(self) -> None:
        write_rows(self._directory, self._rows)
        keep_iterates(self._directory, self._step, torch.stack(self._recent).cpu())
        state = {
            "step": self._step,
            "optimizer": self._optimizer.state_dict(),
            "schedule": None if self._schedule is None else self._schedule.state_dict(),
            "recent": torch.stack(self._recent),
            "epochs": torch.stack(self._epochs),
            "warm": self._spectroscope.warm,
            "warm_preconditioned": self._spectroscope.warm_preconditioned,
            "first_loss": self._first_loss,
            "diverged": self._diverged,
        }
        write_tensors(self._directory / STATE, state)

    def restore(self) -> None:
        """Restore the stored state."""
        state = read_tensors(self._directory / STATE, self._device)
        try:
            self._step = state["step"]
            self._optimizer.load_state_dict(state["optimizer"])
            if self._schedule is not None:
                self._schedule.load_state_dict(state["schedule"])
            self._recent, self._epochs = list(state["recent"]), list(state["epochs"])
            with torch.no_grad():
                self._theta.copy_(self._recent[-1])
            self._spectroscope.warm = state["warm"]
            self._spectroscope.warm_preconditioned = state["warm_preconditioned"]
            self._first_loss, self._diverged = state["first_loss"], state["diverged"]
            self._rows = read_rows(self._directory, self._step)
        except (KeyError, TypeError, ValueError, RuntimeError, OSError) as error:
            message = f"the stored state cannot be used ({type(error).__name__}); start the run again"
            raise InputError("resume", message) from None


def _log(events: Any, row: Row) -> None:
    """Write a row's numbers as TensorBoard scalars."""
    for name, value in row.items():
        if isinstance(value, float) and isfinite(value):
            events.add_scalar(name, value, row["step"])
