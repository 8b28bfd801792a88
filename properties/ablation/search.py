"""The search behind an ablation: many problems, then the simplest violation and the worst one."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from hypothesis import HealthCheck, Phase, find, given, seed, settings
from hypothesis.errors import NoSuchExample, Unsatisfiable
from msgspec.structs import replace

from gdcheck.properties.ablation.ablation import Ablation, Instance, Outcome
from gdcheck.properties.ablation.guarded import FaultyAblationError, examined
from gdcheck.properties.ablation.result import AblationRow, Exhibit, RowVerdict
from gdcheck.properties.storage.files import as_json
from gdcheck.theorem.certificate.shapes import Evidence, StoredProblem
from gdcheck.theorem.loss.errors import in_words

CONTROL = "none"
"""The assumption of an ablation that drops nothing."""

_MOST_SHRINKS = 150


def ablate(
    ablation: Ablation, budget: int, number: int = 0, on_done: Callable[[int], None] = lambda done: None
) -> AblationRow:
    """Search for violations of a claim without one of its assumptions.

    The same budget and seed give the same row.

    Args:
        ablation: The ablation.
        budget: How many problems to examine, before the ablation's cost.
        number: The seed.
        on_done: Called with the number of problems examined so far.

    Returns:
        The row. If the ablation itself is faulty, it is open and says why, with what was examined until then.
    """
    outcomes: list[Outcome] = []
    most = max(1, budget // ablation.cost)
    try:
        _examine_all(ablation, outcomes, most, number, on_done)
        best = _strongest([o for o in outcomes if o.violated])
        simplest = _shrunk(ablation, best, most, number) if best else None
        worst = max(best, key=lambda o: o.severity, default=None)
        held = [o for o in outcomes if o.violated is False]
        shown = held[-1] if held and not best else None
        found = [_exhibit(outcome) for outcome in (simplest, worst, shown)]
        return replace(_row(ablation, outcomes, best), simplest=found[0], worst=found[1], shown=found[2])
    except FaultyAblationError as error:
        fault = str(error)
    except Unsatisfiable:
        fault = "its strategy yields no problem: all that was drawn was filtered out"
    except Exception as error:
        # The examination is guarded, so that this came of drawing.
        fault = f"drawing a problem raised {in_words(error)}"
    return replace(_row(ablation, outcomes, []), verdict="open", weaker=None, fault=fault)


def _examine_all(
    ablation: Ablation, outcomes: list[Outcome], most: int, number: int, on_done: Callable[[int], None]
) -> None:
    @seed(number)
    @settings(_quiet(most), phases=[Phase.generate])
    @given(ablation.instances)
    def examine_all(instance: Instance) -> None:
        outcomes.append(examined(ablation, instance))
        on_done(len(outcomes))

    examine_all()


def _row(ablation: Ablation, outcomes: list[Outcome], best: list[Outcome]) -> AblationRow:
    violations = sum(o.violated is True for o in outcomes)
    held = [o for o in outcomes if o.violated is False]
    weak = [o.weaker for o in outcomes if o.weaker is not None]
    return AblationRow(
        name=ablation.name,
        assumption=ablation.assumption,
        dropped=ablation.dropped,
        claim=ablation.claim,
        verdict=_verdict(best, held, control=ablation.assumption == CONTROL),
        evidence=_common(best or held),
        examined=len(outcomes) * ablation.each,
        violated=violations * ablation.each,
        held=len(held) * ablation.each,
        aside=(len(outcomes) - violations - len(held)) * ablation.each,
        weaker=ablation.weaker if weak and all(weak) else None,
        weaker_held=sum(weak),
        severity=ablation.severity,
        simplest=None,
        worst=None,
        shown=None,
    )


def _quiet(most: int) -> settings:
    return settings(
        max_examples=most, database=None, deadline=None, suppress_health_check=list(HealthCheck), print_blob=False
    )


def _strongest(violations: list[Outcome]) -> list[Outcome]:
    """Return the proved violations if there are any, else all."""
    return [o for o in violations if o.evidence == "proved"] or violations


def _shrunk(ablation: Ablation, known: list[Outcome], most: int, number: int) -> Outcome:
    """Return a violation as simple as the search can make it, of the same kind of evidence as the known ones."""
    seen: dict[str, Outcome] = {}

    def breaks(instance: Instance) -> bool:
        name = repr(instance)
        if name not in seen:
            if len(seen) >= most + _MOST_SHRINKS:
                # Enough: what is not known yet counts as no violation.
                return False
            seen[name] = examined(ablation, instance)
        return bool(seen[name].violated) and seen[name].evidence == known[0].evidence

    try:
        found = find(ablation.instances, breaks, settings=settings(_quiet(most + _MOST_SHRINKS)), random=Random(number))
    except (NoSuchExample, Unsatisfiable):
        return min(known, key=lambda o: len(o.problem.loss.text()))
    return seen[repr(found)]


def _verdict(violations: list[Outcome], held: list[Outcome], *, control: bool) -> RowVerdict:
    if control and not violations and held:
        return "holds, as far as the search shows"
    if violations:
        return "needed" if violations[0].evidence == "proved" else "needed, as observed"
    return "not needed, as far as the search shows" if held else "open"


def _common(outcomes: list[Outcome]) -> Evidence:
    return "proved" if outcomes and all(o.evidence == "proved" for o in outcomes) else "observed"


def _exhibit(outcome: Outcome | None) -> Exhibit | None:
    if outcome is None:
        return None
    exhibit = Exhibit(
        problem=StoredProblem.of(outcome.problem),
        predicted=outcome.predicted,
        happens=outcome.happens,
        evidence=outcome.evidence,
        severity=outcome.severity,
        certificates=outcome.certificates,
    )
    try:
        as_json(exhibit).encode("utf-8")
    except (TypeError, ValueError) as error:
        raise FaultyAblationError(f"what its examination returned is no JSON ({in_words(error)})") from None
    return exhibit
