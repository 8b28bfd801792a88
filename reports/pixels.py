"""Squares of colour as a PNG embedded in a chart, for maps of starts."""

from __future__ import annotations

import base64
import io

import numpy as np
from numpy.typing import NDArray

_LEAST = 1000


def enlargement(count: int) -> int:
    """Return how many pixels of the PNG a square's side has, so that ``count`` of them have at least 1000."""
    return -(-_LEAST // count)


def png_url(squares: NDArray[np.uint8]) -> str:
    """Return a picture as a ``data:`` URL, enlarged: a renderer would blur it if it had to enlarge it itself.

    Args:
        squares: Red, green and blue of each square, shape (count, count, 3).
    """
    from PIL import Image  # noqa: PLC0415

    factor, stream = enlargement(len(squares)), io.BytesIO()
    Image.fromarray(squares.repeat(factor, 0).repeat(factor, 1)).save(stream, "PNG")
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
