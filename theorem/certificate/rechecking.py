"""The only module that calls the independent checker; it sends each kind of certificate to its own check."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from gdcheck.theorem.checker import amplitude
from gdcheck.theorem.checker.descent import Descent
from gdcheck.theorem.checker.kinds import every_start, long_run, orbit, separable, sharpness
from gdcheck.theorem.checker.methods import claims as method
from gdcheck.theorem.checker.methods import every_start as method_every_start
from gdcheck.theorem.checker.methods import smooth as method_smooth
from gdcheck.theorem.checker.methods import valley as method_valley
from gdcheck.theorem.checker.methods import valley_rank
from gdcheck.theorem.checker.outcome import TIME_LIMIT, BadCertificate, NotChecked, Watch, watched
from gdcheck.theorem.checker.reading.document import WITH_CONE, read_problem
from gdcheck.theorem.checker.smooth import strict_minimum, valley
from gdcheck.theorem.checker.smooth.kinds import ends as smooth_ends
from gdcheck.theorem.checker.smooth.kinds import every_start as smooth_every_start
from gdcheck.theorem.checker.smooth.kinds import sharpness as smooth_sharpness
from gdcheck.theorem.checker.smooth.kinds import steps as smooth_steps
from gdcheck.theorem.checker.symmetry import claims as smooth_symmetry
from gdcheck.theorem.checker.trajectory import Remainder

__all__ = [
    "EVERY_START",
    "LONG_RUN",
    "METHOD",
    "METHOD_EVERY_START",
    "ORBIT",
    "SEPARABLE",
    "SHARPNESS",
    "SMOOTH",
    "SMOOTH_END",
    "SMOOTH_EVERY_START",
    "SMOOTH_METHOD",
    "SMOOTH_SHARPNESS",
    "SMOOTH_STEPS",
    "SMOOTH_SYMMETRY",
    "TIME_LIMIT",
    "VALLEY",
    "VALLEY_METHOD",
    "VALLEY_RANK",
    "BadCertificate",
    "NotChecked",
    "check",
    "remainder_orders",
    "require_shape",
]

EVERY_START, LONG_RUN = every_start.check.format, long_run.check.format
ORBIT, SEPARABLE = orbit.check.format, separable.check.format
SHARPNESS, SMOOTH, VALLEY = sharpness.check.format, strict_minimum.check.format, valley.check.format
SMOOTH_END, SMOOTH_STEPS = smooth_ends.check.format, smooth_steps.check.format
SMOOTH_EVERY_START, SMOOTH_SHARPNESS = smooth_every_start.check.format, smooth_sharpness.check.format
METHOD, METHOD_EVERY_START = method.check.format, method_every_start.check.format
SMOOTH_METHOD, SMOOTH_SYMMETRY = method_smooth.check.format, smooth_symmetry.check.format
VALLEY_METHOD, VALLEY_RANK = method_valley.check.format, valley_rank.check.format
_OTHERS: dict[str, Callable[[object, float], str | None]] = {
    SEPARABLE: separable.check,
    ORBIT: orbit.check,
    LONG_RUN: long_run.check,
    EVERY_START: every_start.check,
    SHARPNESS: sharpness.check,
    METHOD: method.check,
    METHOD_EVERY_START: method_every_start.check,
    SMOOTH: strict_minimum.check,
    SMOOTH_END: smooth_ends.check,
    SMOOTH_EVERY_START: smooth_every_start.check,
    SMOOTH_METHOD: method_smooth.check,
    SMOOTH_SHARPNESS: smooth_sharpness.check,
    SMOOTH_STEPS: smooth_steps.check,
    SMOOTH_SYMMETRY: smooth_symmetry.check,
    VALLEY: valley.check,
    VALLEY_METHOD: method_valley.check,
    VALLEY_RANK: valley_rank.check,
}


def check(certificate: object, time_limit: float = TIME_LIMIT, watch: Watch | None = None) -> str | None:
    """Verify a certificate of any kind, by its ``schema``.

    Args:
        certificate: The parsed JSON.
        time_limit: The seconds that it may take.
        watch: What to call now and then along a trajectory, with the steps done and their number.

    Returns:
        None if every claim has been verified, else a sentence that names the first claim that fails.

    Raises:
        BadCertificate: If it is malformed.
        NotChecked: If the checker gives up at one of its limits; this is neither an acceptance nor a rejection.
    """
    schema = certificate.get("schema") if type(certificate) is dict else None
    checker = _OTHERS.get(schema, amplitude.check) if type(schema) is str else amplitude.check
    with watched(watch):
        return checker(certificate, time_limit)


def remainder_orders(problem: Mapping[str, Any]) -> dict[int, Fraction]:
    """Compute C_q of Claim 9 with the checker's own arithmetic, from the problem as a certificate states it.

    Args:
        problem: The problem in its JSON form.

    Returns:
        C_q, rounded up, for each degree q from 2 on that occurs.
    """
    return dict(Remainder.of(Descent.of(read_problem(problem))).orders)


def require_shape(certificate: Any) -> None:
    """Refuse a certificate that is not of its published shape, by the field that is wrong.

    Args:
        certificate: The parsed JSON. Separable, orbit and long-run ones name their fields by themselves.

    Raises:
        BadCertificate: If a field is missing, unknown or of the wrong type.
    """
    # Both are slow to import, and are needed only to check files.
    from gdcheck.theorem.certificate.schema import (  # noqa: PLC0415
        Certificate,
        ConeCertificate,
        EveryStart,
        Sharpness,
        Smooth,
        SmoothEnd,
        SmoothEveryStart,
        SmoothSharpness,
        SmoothSteps,
        SmoothSymmetry,
        Valley,
        ValleyMethod,
        ValleyRank,
    )
    from gdcheck.theorem.certificate.shapes import Shape, ShapeError, read_as  # noqa: PLC0415

    schema = certificate.get("schema") if type(certificate) is dict else None
    published: dict[str, type[Shape]] = {EVERY_START: EveryStart, SHARPNESS: Sharpness, WITH_CONE: ConeCertificate}
    published |= {SMOOTH: Smooth, VALLEY: Valley, VALLEY_METHOD: ValleyMethod, SMOOTH_EVERY_START: SmoothEveryStart}
    published |= {VALLEY_RANK: ValleyRank, SMOOTH_SYMMETRY: SmoothSymmetry}
    published |= {SMOOTH_SHARPNESS: SmoothSharpness, SMOOTH_END: SmoothEnd, SMOOTH_STEPS: SmoothSteps}
    if type(schema) is str and schema in _OTHERS and schema not in published:
        return
    shape = published.get(schema, Certificate) if type(schema) is str else Certificate
    try:
        read_as(certificate, shape)
    except ShapeError as error:
        where = error.field.removeprefix("$").removeprefix(".") or "the certificate"
        raise BadCertificate(f"{where}: {error.said}; give it as docs/certificate.md describes it") from None
