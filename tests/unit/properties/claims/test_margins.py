"""A claim that fails says by how much, in its own unit: the larger the error, the smaller the margin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flint import arb

from gdcheck.properties.claims import amplitude, dominance, invariance, observation, rate, remainder, sharpness, updates
from gdcheck.properties.claims.claim import Finding
from gdcheck.properties.claims.examination import MOST_MARGIN, ClaimViolation, log2_ratio
from gdcheck.properties.claims.registry import CLAIMS
from gdcheck.properties.claims.trajectory import EnclosedIterate, TrajectoryBounds
from gdcheck.properties.lemmas.outcome import Outcome
from gdcheck.properties.lemmas.results import ShardResult
from gdcheck.theorem.loss.rational import dot
from tests.builders.instances import WORKED_INSTANCE


def scaled(module: Any, name: str, factor: int) -> Callable[..., Any]:
    """A function of a claim's module that gives vectors, made too large."""
    honest = getattr(module, name)
    return lambda *arguments: tuple(factor * x for x in honest(*arguments))


def walk_off(
    module: Any, factor: int, change: Callable[[EnclosedIterate, int], EnclosedIterate]
) -> Callable[..., Iterator[EnclosedIterate]]:
    """A walk of which every second iterate is wrong."""
    honest = module.walk

    def walk(*arguments: Any) -> Iterator[EnclosedIterate]:
        return (change(seen, factor) if k % 2 else seen for k, seen in enumerate(honest(*arguments)))

    return walk


def tighter(module: Any, factor: int) -> Callable[..., tuple[list[EnclosedIterate], TrajectoryBounds]]:
    """Bounds that promise too much."""
    honest = module.settled_walk

    def settled_walk(*arguments: Any) -> tuple[list[EnclosedIterate], TrajectoryBounds]:
        stretch, m = honest(*arguments)
        return stretch, replace(m, free=m.free / factor, push=m.push / factor)

    return settled_walk


def turned(factor: int) -> Callable[..., Any]:
    def observe(*arguments: Any) -> Any:
        seen = observation_observe(*arguments)
        return replace(seen, vectors=tuple(tuple(x + factor / 1000 for x in v) for v in seen.vectors))

    return observe


observation_observe = observation.observe


def less_along(seen: EnclosedIterate, factor: int) -> EnclosedIterate:
    return replace(seen, along=seen.along / (1000 * factor))


def across(seen: EnclosedIterate, factor: int) -> EnclosedIterate:
    return replace(seen, across=seen.across * 10 * factor)


def longer(seen: EnclosedIterate, factor: int) -> EnclosedIterate:
    return replace(seen, length=seen.length * (1 + factor))


def along_more(seen: EnclosedIterate, factor: int) -> EnclosedIterate:
    return replace(seen, y=tuple(y * (1 + factor) for y in seen.y))


PLANTS = {
    "remainder: F is wrong": ("remainder", remainder, "image", lambda k: scaled(remainder, "image", 1 + k)),
    "remainder: DF is wrong": ("remainder", remainder, "_jacobian", lambda k: scaled(remainder, "_jacobian", 8 * k)),
    "invariance: F is wrong": ("invariance", invariance, "image", lambda k: scaled(invariance, "image", 1 + k)),
    "invariance: the walk is wrong": ("invariance", invariance, "walk", lambda k: walk_off(invariance, k, longer)),
    "dominance: left the cone": ("dominance", dominance, "walk", lambda k: walk_off(dominance, k, less_along)),
    "dominance: the ratio grows": ("dominance", dominance, "walk", lambda k: walk_off(dominance, k, across)),
    "amplitude: it changes": ("amplitude", amplitude, "walk", lambda k: walk_off(amplitude, k, along_more)),
    "rate: the bound is too small": ("rate", rate, "settled_walk", lambda k: tighter(rate, 64**k)),
    "updates: the bound is too small": ("updates", updates, "settled_walk", lambda k: tighter(updates, 64**k)),
    "observation: it turns": ("observation", observation, "observe", turned),
    "sharpness: K is too small": ("sharpness", sharpness, "dot", lambda k: lambda u, v: dot(u, v) / 64**k),
}


def examined(claim: str) -> Finding:
    return CLAIMS[claim].examine(WORKED_INSTANCE)


@pytest.mark.parametrize("plant", PLANTS)
def test_the_margin_of_a_failure_is_negative_and_falls_with_the_error(
    plant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, module, name, planted = PLANTS[plant]
    fine = examined(claim)
    assert fine.holds is True, fine.note
    margins = []
    for size in (1, 2, 3):
        wrong = planted(size)
        with monkeypatch.context() as patch:
            patch.setattr(module, name, wrong)
            finding = examined(claim)
        assert finding.holds is False, finding
        assert finding.margin is not None, finding.note
        margins.append(finding.margin)
    assert 0 > margins[0] > margins[1] > margins[2] >= -MOST_MARGIN, margins


def test_the_margin_of_what_is_broken_is_never_positive_and_always_a_number() -> None:
    assert ClaimViolation("").margin is None
    assert ClaimViolation("", float("nan")).margin is None
    assert ClaimViolation("", 1e-17).margin == 0
    assert ClaimViolation("", -float("inf")).margin == -MOST_MARGIN


def test_a_quotient_too_small_for_a_float_is_the_worst() -> None:
    assert log2_ratio(arb(2) ** -5000, arb(1)) == -MOST_MARGIN
    assert log2_ratio(arb(-1), arb(1)) == -MOST_MARGIN
    assert log2_ratio(arb(1), arb(4)) == -2
    assert log2_ratio(arb(1), arb(0)) == MOST_MARGIN


@pytest.mark.parametrize(
    ("margins", "worst"),
    [
        ([-1.0, -3.0, -2.0], 1),
        ([None, -1.0, -3.0, None], 2),
        ([None, None], 0),
        ([-2.0, -2.0], 0),
        ([None, 0.0], 1),
        ([2.0, None, 5.0], 0),
    ],
)
def test_the_worst_is_the_one_with_the_smallest_margin(margins: list[float | None], worst: int) -> None:
    result = ShardResult("direction")
    for k, margin in enumerate(margins):
        result.keep(k, WORKED_INSTANCE, Outcome("violated", "planted", margin=margin))
    assert result.worst is not None and result.worst.index == worst
    assert result.first is not None and result.first.index == 0
