"""Reading the tables of a sweep back: a table counts only if its rows are those of its batch."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from gdcheck.properties.sweep.store import Store
from gdcheck.properties.sweep.work import REGIMES, Task, columns, distances, large

if TYPE_CHECKING:
    import polars as pl


class UnsoundTableError(ValueError):
    """A file that is not the table of its batch; the message says why, as a clause."""


def read_table(store: Store, number: int) -> pl.DataFrame:
    """Return the table of a batch, checked.

    Args:
        store: The sweep.
        number: The batch.

    Returns:
        Its table: every index of the batch once and in order, and the first and the last problem are those that the
        sweep draws.

    Raises:
        UnsoundTableError: If the file holds anything else.
    """
    import polars as pl  # noqa: PLC0415

    try:
        content = store.file(number).read_bytes()
    except OSError as error:
        raise UnsoundTableError(f"cannot be read ({error.strerror})") from None
    try:
        # Read from memory: the path may contain characters that the reader takes for a pattern of several files.
        table = pl.read_parquet(io.BytesIO(content))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        # Damaged bytes can make the reader panic, which is not an Exception.
        raise UnsoundTableError("is damaged") from None
    _check(table, store.task(number, "cpu"))
    return table


def _check(table: pl.DataFrame, task: Task) -> None:
    import polars as pl  # noqa: PLC0415

    spec = task.generator.spec
    if dict(table.schema) != columns(spec):
        raise UnsoundTableError("has other columns")
    if table.height != task.count:
        raise UnsoundTableError(f"has {table.height:,} rows, not {task.count:,}")
    wanted = np.arange(task.first, task.first + task.count, dtype=np.uint64)
    if table["index"].null_count() or not np.array_equal(table["index"].to_numpy(), wanted):
        raise UnsoundTableError(f"does not hold the indices {task.first:,} to {task.first + task.count - 1:,}")
    # Rows of another sweep have the same indices, and other problems.
    for row in {0, task.count - 1}:
        drawn = task.generator.batch(task.number, slice(row, row + 1))
        # With momentum the regime is the engine's answer; without, a comparison that is repeated here.
        told = spec.is_plain and table["regime"][row] != REGIMES[int(large(drawn)[0])]
        if told or table["distance"][row] != float(distances(drawn)[0]):
            raise UnsoundTableError("is that of other problems")
    described = table.select("verdict", "tier", "regime", "distance", "sign")
    proved = table.filter(pl.col("verdict") == "proved")
    signed = proved.filter(pl.col("regime").cast(pl.String) != "rotating")
    if any(described.null_count().row(0)) or proved["step"].null_count() or not signed["sign"].is_in([-1, 1]).all():
        raise UnsoundTableError("has rows without an answer")


def sound_tables(store: Store) -> Iterator[tuple[int, pl.DataFrame | UnsoundTableError]]:
    """Yield the tables of all batches whose files are there, one at a time.

    Args:
        store: The sweep.

    Yields:
        The batch, and its table, or what is wrong with it.

    Raises:
        InputError: If something in ``batches/`` is in the way of a table, or belongs to no batch.
    """
    for number in sorted(store.finished()):
        try:
            yield number, read_table(store, number)
        except UnsoundTableError as error:
            yield number, error


def unsound(store: Store) -> dict[int, str]:
    """Return the batches whose files do not hold their tables, and why; these are made again.

    Args:
        store: The sweep.

    Returns:
        The reasons by batch.

    Raises:
        InputError: If something in ``batches/`` is in the way of a table, or belongs to no batch.
    """
    return {number: str(found) for number, found in sound_tables(store) if isinstance(found, UnsoundTableError)}
