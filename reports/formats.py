"""The formats of a picture; imported without the libraries that draw."""

from __future__ import annotations

from pathlib import Path

from gdcheck.theorem.loss.errors import InputError

FORMATS = ("svg", "png", "pdf", "html")


def picture_format(out: Path | None) -> str:
    """Return the format that a file's name asks for.

    Args:
        out: The file.

    Returns:
        One of ``FORMATS``.

    Raises:
        InputError: If there is no name, or one with another ending.
    """
    accepted = ", ".join(f".{form}" for form in FORMATS)
    if out is None:
        raise InputError("out", f"is missing; name a file that ends in {accepted}")
    form = out.suffix.lower().removeprefix(".")
    if form not in FORMATS:
        raise InputError("out", f"{str(out)[:200]!r} has no known ending; name a file that ends in {accepted}")
    return form
