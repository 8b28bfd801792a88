"""Every kind of certificate to its own independent checker."""

from __future__ import annotations

from typing import Any

from gdcheck.theorem.checker import recheck, recheck_orbit, recheck_separable
from gdcheck.theorem.checker.recheck import BadCertificate

__all__ = ["BadCertificate", "check", "require_shape"]

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


def require_shape(certificate: Any) -> None:
    """Refuses a certificate of the theorem that is not of its published shape, by the field that is wrong.

    Args:
        certificate: The parsed JSON. Those of other kinds name their fields by themselves.

    Raises:
        BadCertificate: If a field is missing, unknown or of the wrong type.
    """
    from jsonschema import Draft202012Validator  # noqa: PLC0415
    from jsonschema.exceptions import best_match  # noqa: PLC0415

    from gdcheck.theorem.certificate.schema import CERTIFICATE_SCHEMA  # noqa: PLC0415

    if type(certificate) is dict and type(certificate.get("schema")) is str and certificate["schema"] in _OTHERS:
        return
    error = best_match(Draft202012Validator(CERTIFICATE_SCHEMA).iter_errors(certificate))
    if error is not None:
        where = error.json_path.removeprefix("$").removeprefix(".") or "the certificate"
        message = error.message if len(error.message) <= 200 else error.message[:200] + "…"
        raise BadCertificate(f"{where[:200]}: {message}; give it as docs/certificate.md describes it")
