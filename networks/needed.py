"""Packages that only training needs."""

from __future__ import annotations

from importlib.util import find_spec

from gdcheck.theorem.loss.errors import InputError

_PACKAGES = ("torch", "polars", "scipy", "tensorboard")


def require_training_packages() -> None:
    """Check that what training needs is installed, without importing it.

    Raises:
        InputError: If a package is missing; the message says what to install.
    """
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        raise InputError("torch", f"training needs {', '.join(missing)}; install with: pip install 'gdcheck[torch]'")
