"""A verdict for almost every start as a certificate, and as the answer of ``gdcheck check`` without a start."""

from __future__ import annotations

from typing import Any

from flint import ctx

from gdcheck.theorem.assumptions.regime import Classification
from gdcheck.theorem.certificate.answer import multiplier_text, spectrum_json
from gdcheck.theorem.certificate.certificate import regime_fields
from gdcheck.theorem.certificate.parts import (
    exact_or_none,
    graph_fields,
    graph_in_words,
    graph_json,
    in_float,
    preimages_fields,
)
from gdcheck.theorem.certificate.step_sizes import step_size_keys
from gdcheck.theorem.decision.every_start import PRECISION, EveryStart, ExceptionalSet
from gdcheck.theorem.decision.verdict import Verdict
from gdcheck.theorem.descent.expansion import Expansion

FORMAT = "gdcheck-every-start/1"


def every_start_certificate(found: EveryStart) -> dict[str, Any] | None:
    """Return the certificate of a verdict for almost every start.

    Args:
        found: The verdict.

    Returns:
        A JSON object (docs/certificate.md, *Certificates for every start*), or None where there is nothing to certify:
        the verdict is unresolved, or the loss has no Hessian at the minimizer.
    """
    if found.verdict is Verdict.UNRESOLVED or found.classification is None:
        return None
    with ctx.workprec(PRECISION):
        return {
            "schema": FORMAT,
            "problem": found.problem.to_json(),
            "verdict": found.verdict.value,
            **regime_fields(_stated(found)),
            "fails": [a.value for a in found.fails],
            **preimages_fields(found.preimages, found.problem.minimizer),
            "limit": None if found.prediction is None else found.prediction.kind.value,
            "exceptional": None
            if found.exceptional is None
            else {**graph_fields(found.exceptional), "radius": exact_or_none(found.exceptional.radius)},
        }


def _stated(found: EveryStart) -> Classification | None:
    """Return the spectrum, to the precision that the exceptional set needs."""
    return found.classification if found.exceptional is None else found.exceptional.classification


def every_start_answer(found: EveryStart) -> dict[str, Any]:
    """Return the answer as plain data.

    Args:
        found: The verdict for almost every start.

    Returns:
        ``verdict``, ``reason``, ``starts``, ``variables``, ``regime``, ``boundary``, ``stability_limit``,
        ``eigenvalues``, ``step_size``, ``step_sizes``, ``rate_per_step``, ``predicted``, ``multiplier``, ``fails`` and
        ``exceptional``: the set of the starts that the theorem leaves out, in the ball of a radius (any, where that is
        None), by its ``normal``, the bound ``slope``
        and a sentence.
        Unknown entries are None.
    """
    exceptional, prediction, known = found.exceptional, found.prediction, found.classification
    predicted = described = multiplier = None
    if exceptional is not None and prediction is not None and known is not None:
        predicted = {"kind": prediction.kind.value, "vector": [in_float(x) for x in exceptional.normal]}
        multiplier = multiplier_text(known.eigenvalues[known.index(prediction.end)], found.problem.step_size)
        described = graph_json(exceptional, described_in_words(exceptional))
    return {
        "verdict": found.verdict.value,
        "reason": found.reason,
        "starts": "almost-every",
        "variables": list(found.problem.loss.variables),
        **spectrum_json(known),
        **step_size_keys(Expansion.of(found.problem).hessian, known, found.problem.step_size),
        "predicted": predicted,
        "multiplier": multiplier,
        "fails": [a.value for a in found.fails],
        "exceptional": described,
    }


def described_in_words(found: ExceptionalSet) -> str:
    """Describe the exceptional set in one sentence.

    Args:
        found: The set.

    Returns:
        The sentence.
    """
    shape = graph_in_words(found.radius, found.slope, "v")
    return shape if found.radius is None else f"{shape}; farther out, the starts whose trajectory reaches it"
