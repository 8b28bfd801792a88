"""A verdict on a smooth loss for almost every start as a certificate, and as an answer."""

from __future__ import annotations

from typing import Any

from flint import arb, ctx, fmpq

from gdcheck.theorem.certificate.kinds.smooth import smooth_keys, stated_fields
from gdcheck.theorem.certificate.parts import above, components, exact_or_none, graph_in_words, graph_json, in_float
from gdcheck.theorem.decision.enclosed.every_start import SmoothEveryStart
from gdcheck.theorem.decision.verdict import Verdict
from gdcheck.theorem.methods.statement import End

FORMAT = "gdcheck-smooth-every-start/1"


def smooth_every_start_certificate(found: SmoothEveryStart) -> dict[str, Any] | None:
    """Return the certificate of a verdict; None where there is nothing to certify."""
    stated = stated_fields(found)
    if found.verdict is Verdict.UNRESOLVED or stated is None:
        return None
    graph = found.exceptional
    with ctx.workprec(found.precision):
        return {
            "schema": FORMAT,
            **stated,
            "limit": None if found.prediction is None else found.prediction.kind.value,
            "exceptional": None
            if graph is None
            else {
                "normal": components(graph.normal),
                "radius": exact_or_none(graph.radius),
                "slope": "0" if graph.radius is None else above(graph.slope + arb(fmpq(1, 10**30))),
            },
        }


def smooth_every_start_answer(found: SmoothEveryStart) -> dict[str, Any]:
    """Return the answer as plain data, with the keys of ``every_start_answer``."""
    known = smooth_keys(found)
    predicted = described = multiplier = None
    if found.exceptional is not None and found.prediction is not None and found.minimizer is not None:
        graph, values = found.exceptional, found.minimizer.spectrum.values
        predicted = {"kind": found.prediction.kind.value, "vector": [in_float(x) for x in graph.normal]}
        with ctx.workprec(found.precision):
            value = values[0 if found.prediction.end is End.LOWEST else -1]
            multiplier = str((1 - found.problem.step_size * value).str(20, radius=False))
        shape = graph_in_words(graph.radius, graph.slope, "v")
        farther = "" if graph.radius is None else "; farther out, the starts whose trajectory reaches it"
        described = graph_json(graph, shape + farther)
    return {
        "verdict": found.verdict.value,
        "reason": found.reason,
        "starts": "almost-every",
        "variables": list(found.problem.loss.variables),
        "regime": found.regime.value if found.regime else None,
        "step_size": str(found.problem.step_size),
        **known,
        "predicted": predicted,
        "multiplier": multiplier,
        "fails": [a.value for a in found.fails],
        "exceptional": described,
        "critical_points": None,
    }
