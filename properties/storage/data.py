"""Data for a loss, from files: CSV, Parquet and NPZ; every number is read as a float64, and taken as exact."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gdcheck.theorem.loss.errors import InputError

if TYPE_CHECKING:
    import polars as pl


def read_data(options: Sequence[str]) -> dict[str, Any]:
    """Read what ``--data`` names: ``X=features.csv``, or ``arrays.npz`` with the names in it.

    Args:
        options: The options' values.

    Returns:
        The arrays by name, as nested lists; a table of one column is a vector.

    Raises:
        InputError: If a file cannot be read, or an array comes twice.
    """
    found: dict[str, Any] = {}
    for option in options:
        name, sign, path = option.partition("=")
        arrays = {name.strip(): _table(Path(path))} if sign else _archive(Path(option))
        if twice := set(found) & set(arrays):
            raise InputError("data", f"names {sorted(twice)[0]!r} twice; give each array once")
        found |= arrays
    return found


def _table(path: Path) -> list[Any]:
    import polars as pl  # noqa: PLC0415

    shown = str(path)[:200]
    try:
        if path.suffix.lower() == ".parquet":
            table = pl.read_parquet(path)
        elif path.suffix.lower() in {".csv", ".txt"}:
            table = _csv(path)
        else:
            raise InputError("data", f"{shown!r} is not a CSV, Parquet or NPZ file; name one that ends so")
    except OSError as error:
        raise InputError(
            "data", f"cannot read {shown!r} ({error.strerror or 'no file'}); name a readable file"
        ) from None
    except pl.exceptions.PolarsError as error:
        raise InputError("data", f"{shown!r} cannot be read: {str(error).splitlines()[0][:200]}; fix it") from None
    wrong = next((column for column, kind in table.schema.items() if not kind.is_numeric()), None)
    if wrong is not None:
        cells = (str(x) for x in table[wrong].to_list() if x is not None)
        text = next((x for x in cells if not (_is_number(x) and isfinite(float(x)))), None)
        holds = "" if text is None else f": it holds {text[:40]!r}"
        raise InputError("data", f"column {wrong[:40]!r} of {shown!r} is not of numbers{holds}; fix or remove it")
    if any(table.null_count().row(0)):
        raise InputError("data", f"{shown!r} has cells without a number; fill them, or remove their rows")
    columns = [column.to_list() for column in table.iter_columns()]
    return columns[0] if len(columns) == 1 else [list(row) for row in zip(*columns, strict=True)]


def _csv(path: Path) -> pl.DataFrame:
    """Read a CSV file; its first line is a header unless all of it is numbers."""
    import polars as pl  # noqa: PLC0415

    with path.open(encoding="utf-8-sig", errors="replace") as stream:
        first = stream.readline().strip().split(",")
    return pl.read_csv(path, has_header=not all(map(_is_number, first)), infer_schema_length=None)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _archive(path: Path) -> dict[str, Any]:
    import numpy as np  # noqa: PLC0415

    shown = str(path)[:200]
    if path.suffix.lower() != ".npz":
        raise InputError("data", f"{shown!r} has no name; write X={shown}, or name an NPZ file, which has its names")
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name].tolist() for name in archive.files}
    except OSError as error:
        raise InputError(
            "data", f"cannot read {shown!r} ({error.strerror or 'no file'}); name a readable file"
        ) from None
    except (ValueError, EOFError) as error:
        raise InputError("data", f"{shown!r} cannot be read: {str(error).splitlines()[0][:200]}; fix it") from None
