"""What ``gdcheck plot`` does with the certificate of a network's run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gdcheck.commands.common import write_picture
from gdcheck.networks.proof.again import proved_again
from gdcheck.networks.proof.prove import Proof
from gdcheck.reports.network_proof_chart import MINIMUM_RUN, RUN, network_minimum_chart, network_proof_chart
from gdcheck.terminal.progress import progress_bar
from gdcheck.theorem.loss.errors import InputError


def draw_network(document: dict[str, Any], path: Path, out: Path, max_steps: int) -> None:
    """Enclose a stored run once more, and draw it.

    Args:
        document: The certificate.
        path: Its path; the arrays lie beside it.
        out: The picture.
        max_steps: Steps allowed.

    Raises:
        InputError: If the certificate is malformed, or its limit is not proved again.
    """
    with progress_bar(None, "enclosing") as tell:
        proof = proved_again(document, path, max_steps=max_steps, tell=tell)
    if proof.arrival is None:
        raise InputError("certificate", f"states a limit that is not proved again: {proof.reason}")
    if isinstance(proof, Proof):
        write_picture(out, network_proof_chart(proof), RUN)
    else:
        write_picture(out, network_minimum_chart(proof), MINIMUM_RUN)
