"""The device that computes, and the record of it that goes into a measurement."""

from __future__ import annotations

import os
import platform

import torch

from gdcheck.networks.shapes import Surroundings
from gdcheck.theorem.loss.errors import InputError


def choose_device(name: str) -> torch.device:
    """Return the device for a name.

    Args:
        name: ``auto``, ``cpu`` or ``cuda``; under torchrun each process takes the GPU of its local rank.

    Returns:
        The device; torch is told to be deterministic there, and to keep TF32's ten bits out of float32.

    Raises:
        InputError: If the name is unknown, or CUDA is asked for and there is none.
    """
    if name not in {"auto", "cpu", "cuda"}:
        raise InputError("device", f"{name[:40]!r} is unknown; give auto, cpu or cuda")
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise InputError("device", "torch finds no CUDA device here; give --device cpu or auto")
    # TF32 is too coarse for the residuals of eigenvalues.
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.benchmark = False
    # cuBLAS reads this at its first call. Backward passes that have no deterministic form only warn.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=True)
    if name == "cpu" or not available:
        return torch.device("cpu")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")) % torch.cuda.device_count())


def surroundings(device: torch.device) -> Surroundings:
    """Return device and versions, for the record of a measurement."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    return Surroundings(
        device=f"{device.type} ({name})",
        threads=torch.get_num_threads(),
        python=platform.python_version(),
        torch=str(torch.__version__),
        deterministic=torch.are_deterministic_algorithms_enabled(),
        tf32=torch.backends.cudnn.allow_tf32 or torch.backends.cuda.matmul.allow_tf32,
    )
