"""What an accepted certificate says, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gdcheck.theorem.certificate.rechecking import SHARPNESS, SMOOTH_SHARPNESS


def certified_in_words(certificate: Mapping[str, Any]) -> str:
    """Say what the checker has accepted, if that is more than the verdict.

    Args:
        certificate: The certificate, which the checker has accepted.

    Returns:
        The end of a sentence: empty, or beginning with a colon.
    """
    if certificate.get("schema") not in {SHARPNESS, SMOOTH_SHARPNESS}:
        return ""
    theorem = certificate["theorem"]
    return f": {theorem['verdict']}; {sharpness_in_words(certificate)}"


def sharpness_in_words(certificate: Mapping[str, Any]) -> str:
    """Say what a sharpness certificate claims beside the theorem.

    Args:
        certificate: The certificate.

    Returns:
        One phrase for the pattern and one for the crossings, as far as they are there.
    """
    pattern, crossings = certificate["pattern"], certificate["crossings"]
    phrases = []
    if pattern is not None:
        phrases.append(f"λₙ(x_k) {pattern['kind']} from step {pattern['from_step']} on")
    if crossings is not None:
        count, examined = len(crossings["steps"]), crossings["examined"]
        where = f"at exactly {count} steps" if crossings["complete"] else f"at {count} of the first {examined} steps"
        phrases.append(f"above 2/η {where}")
    return ", ".join(phrases)
