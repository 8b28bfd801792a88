"""The versions of the programs with which a run was made."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

import flint


def versions() -> dict[str, str]:
    """Return the versions of the programs that matter to a verdict."""
    try:
        here = version("gdcheck")
    except PackageNotFoundError:
        here = "not installed"
    return {"gdcheck": here, "python": platform.python_version(), "python-flint": flint.__version__}
