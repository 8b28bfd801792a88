"""Writing files: each is written in full or not at all."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gdcheck.theorem.loss.errors import InputError


def as_json(data: object, indent: int | None = 1) -> str:
    """Write data, structs among them, as the text of a JSON file; a number JSON does not know is a ``ValueError``."""
    return json.dumps(data, indent=indent, ensure_ascii=False, allow_nan=False, default=_plain) + "\n"


def _plain(value: object) -> object:
    """Return a struct as plain data."""
    from msgspec import to_builtins  # noqa: PLC0415

    return to_builtins(value)


@contextmanager
def writing_to(place: Path, field: str = "out") -> Iterator[None]:
    """Turn errors of the file system inside into an ``InputError`` that names the place and the option.

    Args:
        place: A file or directory.
        field: The option.

    Raises:
        InputError: If something that is done meanwhile fails at the file system.
    """
    try:
        yield
    except OSError as error:
        said = f"cannot write {str(place)[:200]!r} ({error.strerror or error}); name a writable place"
        raise InputError(field, said) from None


def write_text_atomically(path: Path, text: str) -> None:
    """Write a text file in UTF-8 so that at any instant the old content or the new one is there in full.

    What is not a regular file, such as a pipe or a terminal, is written to directly; a symbolic link stays one.

    Args:
        path: The file; its directory must exist.
        text: The new content.

    Raises:
        OSError: If it cannot be written; the old content is untouched then.
    """
    write_bytes_atomically(path, text.encode("utf-8"))


def write_bytes_atomically(path: Path, data: bytes) -> None:
    """Write a file as ``write_text_atomically`` does, from bytes.

    Args:
        path: The file; its directory must exist.
        data: The new content.

    Raises:
        OSError: If it cannot be written; the old content is untouched then.
    """
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    path = path.resolve()
    temporary = path.with_name(f".gdcheck-{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
