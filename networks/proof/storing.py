"""Network certificates as files: the document, and its arrays beside it in NumPy's own format, never pickled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdcheck.networks.proof.certificate import arrays, certificate
from gdcheck.networks.proof.checker.check import check
from gdcheck.networks.proof.checker.document import BadNetworkCertificate, digest
from gdcheck.networks.proof.minimum.certificate import minimum_arrays, minimum_certificate
from gdcheck.networks.proof.minimum.prove import Proof as MinimumProof
from gdcheck.networks.proof.prove import Proof
from gdcheck.properties.storage.files import as_json, write_bytes_atomically, write_text_atomically
from gdcheck.theorem.loss.errors import InputError

_MOST_BYTES = 2**31


def write_certificate(proof: Proof | MinimumProof, path: Path) -> dict[str, Any]:
    """Write a certificate and its arrays.

    Args:
        proof: A proof with an arrival.
        path: The document's path, ending in ``.json``; the arrays go to the same name with ``.npz``.

    Returns:
        The document.

    Raises:
        OSError: If a file cannot be written.
    """
    beside = path.with_suffix(".npz")
    if isinstance(proof, Proof):
        held = arrays(proof)
        document = certificate(proof, digest(held), beside.name)
    else:
        held = minimum_arrays(proof)
        document = minimum_certificate(proof, digest(held), beside.name)
    stream = BytesIO()
    np.savez_compressed(stream, **held)  # type: ignore[arg-type]
    write_bytes_atomically(beside, stream.getvalue())
    write_text_atomically(path, as_json(document))
    return document


def read_arrays(document: Mapping[str, Any], path: Path) -> dict[str, NDArray[Any]]:
    """Read the arrays beside a certificate.

    Args:
        document: The certificate.
        path: Its path.

    Returns:
        The arrays by name.

    Raises:
        InputError: If the file is missing, or does not hold arrays.
    """
    stated = document.get("arrays")
    name = stated.get("file") if isinstance(stated, dict) else None
    if not isinstance(name, str) or Path(name).name != name:
        raise InputError("arrays", "must name a file beside the certificate")
    beside = path.parent / name
    try:
        if beside.stat().st_size > _MOST_BYTES:
            raise InputError("arrays", "the file beside the certificate has more than 2 GiB")
        with np.load(beside, allow_pickle=False) as held:
            return {key: held[key] for key in held.files}
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise InputError("arrays", f"{name[:80]!r} beside the certificate cannot be read") from error


def recheck_file(
    document: Mapping[str, Any],
    path: Path,
    *,
    late_only: bool = False,
    time_limit: float = float("inf"),
    watch: Callable[[int, int], None] | None = None,
) -> str | None:
    """Check a network certificate with the arrays beside it.

    Args:
        document: The certificate.
        path: Its path.
        late_only: Whether the stored late iterate is taken as given, and only what follows from it is checked.
        time_limit: Seconds allowed.
        watch: Called with the step and the number of steps.

    Returns:
        None if every claim holds; else the first that does not.

    Raises:
        InputError: If the certificate or the file beside it is malformed.
        NotChecked: If the time did not suffice.
    """
    try:
        return check(document, read_arrays(document, path), late_only=late_only, time_limit=time_limit, watch=watch)
    except BadNetworkCertificate as error:
        raise InputError("certificate", str(error)) from error
