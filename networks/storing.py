"""The files of one run, each written whole: its options, its rows as Parquet, its iterates, the state to resume from.

The state is written last and names its step. What the other files hold beyond that step is dropped on resuming.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import torch
from torch import Tensor

from gdcheck.properties.storage.files import as_json, write_bytes_atomically, write_text_atomically
from gdcheck.theorem.loss.errors import InputError

ROW_SCHEMA: dict[str, Any] = {
    "step": pl.Int64,
    "epoch": pl.Int64,
    "loss": pl.Float64,
    "accuracy": pl.Float64,
    "gradient_norm": pl.Float64,
    "full_loss": pl.Float64,
    "full_accuracy": pl.Float64,
    "full_gradient_norm": pl.Float64,
    "update_norm": pl.Float64,
    "step_size": pl.Float64,
    "cosine": pl.Float64,
    "epoch_cosine": pl.Float64,
    "flow_deficit": pl.Float64,
    "threshold": pl.Float64,
    "sharpness": pl.Float64,
    "preconditioned_sharpness": pl.Float64,
    "preconditioned_residual": pl.Float64,
    "preconditioned_converged": pl.Boolean,
    "eigenvalues": pl.List(pl.Float64),
    "residuals": pl.List(pl.Float64),
    "converged": pl.List(pl.Boolean),
    "products": pl.Int64,
    "alignment": pl.List(pl.Float64),
}
"""A row describes step k, from x_k to x_{k+1}:

- ``loss``, ``accuracy``, ``gradient_norm``: at x_k, of the images that the step used; ``full_…``: of all images.
- ``update_norm``: ‖Δx_k‖; ``cosine``: cos⟨Δx_k, Δx_{k−1}⟩; ``epoch_cosine``: the same of epochs, at their ends.
- ``flow_deficit``: 1 − cos of the method's own gradient flow over the time of one step, at x_k, of all images.
- ``sharpness``, ``eigenvalues`` with ``residuals`` and ``converged``: the top of the Hessian's spectrum at x_k.
- ``threshold``: the method's own stability threshold; it speaks of ``preconditioned_sharpness`` where there is one.
- ``alignment``: |cos| of Δx_k with each of the top eigenvectors.

What was not taken at a step is null.
"""


# The names of a run's files in its directory; EVENTS and _ITERATES are folders.
_OPTIONS, _ROWS, STATE, EVENTS, _ITERATES = "run.json", "steps.parquet", "state.pt", "events", "iterates"
# The options that may change when a run is resumed.
_FREE = {"steps", "device"}


def write_rows(directory: Path, rows: list[dict[str, Any]]) -> None:
    """Write all rows so far."""
    stream = io.BytesIO()
    pl.DataFrame(rows, schema=ROW_SCHEMA).write_parquet(stream)
    write_bytes_atomically(directory / _ROWS, stream.getvalue())


def read_rows(directory: Path, before: int) -> list[dict[str, Any]]:
    """Return the stored rows of the steps before a step."""
    return [row for row in pl.read_parquet(directory / _ROWS).to_dicts() if row["step"] < before]


def write_tensors(path: Path, data: dict[str, Any]) -> None:
    """Write tensors and plain values."""
    stream = io.BytesIO()
    torch.save(data, stream)
    write_bytes_atomically(path, stream.getvalue())


def read_tensors(path: Path, device: torch.device | None = None) -> dict[str, Any]:
    """Read what :func:`write_tensors` wrote; nothing in the file is executed.

    Args:
        path: The file.
        device: Where the tensors go.

    Returns:
        The data.

    Raises:
        InputError: If the file cannot be read, or holds no run.
    """
    try:
        data = torch.load(path, weights_only=True, map_location=device)
    except Exception as error:
        # torch.load raises whatever the damaged bytes lead it to.
        raise InputError("resume", f"{path.name} cannot be read ({type(error).__name__}); start it again") from None
    if not isinstance(data, dict):
        raise InputError("resume", f"{path.name} holds no run; start the run again")
    return data


def keep_iterates(directory: Path, step: int, iterates: Tensor) -> None:
    """Store the rows …, x_{k−1}, x_k (m, n) for step k."""
    (directory / _ITERATES).mkdir(exist_ok=True)
    write_tensors(directory / _ITERATES / f"{step:09d}.pt", {"step": step, "iterates": iterates})


def kept_iterates(directory: Path) -> Iterator[tuple[int, Tensor]]:
    """Read the stored iterates one after the other, in order."""
    for path in sorted((directory / _ITERATES).glob("*.pt")):
        one = read_tensors(path, torch.device("cpu"))
        yield int(one["step"]), one["iterates"]


def first_and_last(directory: Path) -> tuple[Tensor, Tensor]:
    """Return the first iterate of a run and the last, (n,) each."""
    paths = sorted((directory / _ITERATES).glob("*.pt"))
    first, last = (read_tensors(path, torch.device("cpu"))["iterates"] for path in (paths[0], paths[-1]))
    return first[-1], last[-1]


def write_options(directory: Path, options: dict[str, Any]) -> None:
    """Write the options of a run."""
    write_text_atomically(directory / _OPTIONS, as_json(options))


def check_options(directory: Path, options: dict[str, Any]) -> None:
    """Check that a stored run was made with the same options; the number of steps and the device may differ.

    Args:
        directory: Where the run lies.
        options: The options now.

    Raises:
        InputError: If an option differs, or the stored ones cannot be read.
    """
    try:
        stored = json.loads((directory / _OPTIONS).read_text(encoding="utf-8"))
        assert isinstance(stored, dict)
    except (OSError, ValueError, AssertionError):
        raise InputError("resume", "run.json cannot be read; start the run again in another directory") from None
    for name in sorted(stored.keys() | options.keys()):
        if name not in _FREE and stored.get(name) != options.get(name):
            raise InputError(
                "resume",
                f"the stored run had {name} {str(stored.get(name))[:80]}, not {str(options.get(name))[:80]}; "
                "give the same options, or another --out",
            )
