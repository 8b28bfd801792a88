"""Every kind of certificate to its own independent checker."""

from __future__ import annotations

from theorem import recheck, recheck_orbit, recheck_separable
from theorem.recheck import BadCertificate

__all__ = ["BadCertificate", "check"]

_OTHERS = {recheck_separable.SCHEMA: recheck_separable.check, recheck_orbit.SCHEMA: recheck_orbit.check}


def check(certificate: object) -> str | None:
    """Verifies a certificate of any kind, by its ``schema``.

    Args:
        certificate: The parsed JSON; BadCertificate is raised if it is malformed.

    Returns:
        None if every claim has been verified, else a sentence that names the first claim that fails.
    """
    schema = certificate.get("schema") if type(certificate) is dict else None
    checker = _OTHERS.get(schema, recheck.check) if type(schema) is str else recheck.check
    return checker(certificate)
