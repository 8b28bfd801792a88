"""An ablation as a claim: examined, kept and shrunk as claims are; and its row of the result."""

from __future__ import annotations

from functools import partial
from warnings import catch_warnings

from hypothesis.errors import HypothesisDeprecationWarning, UnsatisfiedAssumption
from msgspec import Struct
from msgspec.structs import replace

from gdcheck.properties.ablation import ablation as about
from gdcheck.properties.ablation.ablation import Ablation, Instance
from gdcheck.properties.ablation.result import AblationRow, Exhibit, RowVerdict
from gdcheck.properties.lemmas.declare import OwnClaim
from gdcheck.properties.lemmas.drawing import shards_of
from gdcheck.properties.lemmas.outcome import ClaimError, Outcome, State
from gdcheck.properties.lemmas.results import ShardResult, Witness
from gdcheck.properties.lemmas.shards import SIZE, examine_shard
from gdcheck.properties.lemmas.simplify import simplest
from gdcheck.properties.storage.files import as_json
from gdcheck.theorem.certificate.shapes import Evidence, ShapeError, StoredExample, read_as
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import in_words
from gdcheck.theorem.smooth.problem import SmoothProblem
from gdcheck.theorem.valleys.problem import ValleyProblem

CONTROL = "none"
"""The assumption of an ablation that drops nothing."""

_STATES: dict[bool | None, State] = {True: "violated", False: "held", None: "aside"}


class _About(Struct):
    """Further data of an examination about a problem that is shown."""

    predicted: str
    happens: str
    certificates: tuple[dict[str, object], ...]


def claim_of(ablation: Ablation) -> OwnClaim:
    """Return the claim that an ablation examines.

    Args:
        ablation: The ablation.

    Returns:
        The claim.
    """
    examination = partial(_examined, ablation)
    return OwnClaim(ablation.claim, name=ablation.name, examination=examination, strategies=(ablation.instances,))


def problems_for(ablation: Ablation, budget: int) -> int:
    """Return the number of instances that an ablation examines: fewer if they are costly."""
    return max(1, budget // ablation.cost)


def ablate(ablation: Ablation, budget: int, number: int = 0) -> AblationRow:
    """Search for violations of a claim without one of its assumptions, in this process.

    The same budget and seed give the same row.

    Args:
        ablation: The ablation.
        budget: How many problems to examine, before the ablation's cost.
        number: The seed.

    Returns:
        The row. If the ablation itself is faulty, it is open and says why, with what was examined until then.
    """
    claim, total = claim_of(ablation), ShardResult(ablation.name)
    shards = shards_of(number, problems_for(ablation, budget), SIZE)
    found: Witness | None = None
    try:
        for shard in shards:
            part = ShardResult(ablation.name, shard.number)
            try:
                examine_shard(claim, shard, part)
            finally:
                total.merge(part)
        if total.first is not None:
            found, _ = simplest(claim, total.first, shards[total.first.index // SIZE])
    except ClaimError as error:
        total.fault = error.message
    return row_of(ablation, total, found)


def row_of(ablation: Ablation, total: ShardResult, found: Witness | None) -> AblationRow:
    """Return the row of an ablation.

    Args:
        ablation: The ablation.
        total: All its shards added up.
        found: The simplest violation, if there is one.

    Returns:
        The row; open if the ablation is faulty.
    """
    violated, held = (total.states.get(state, 0) for state in ("violated", "held"))
    survives, fails = total.weaker
    row = AblationRow(
        name=ablation.name,
        assumption=ablation.assumption,
        dropped=ablation.dropped,
        claim=ablation.claim,
        verdict=_verdict(total.first, held, control=ablation.assumption == CONTROL),
        evidence=_evidence(total, held),
        examined=total.examined * ablation.each,
        violated=violated * ablation.each,
        held=held * ablation.each,
        aside=(total.examined - violated - held) * ablation.each,
        weaker=ablation.weaker if survives and not fails else None,
        weaker_held=survives,
        severity=ablation.severity,
        simplest=None,
        worst=None,
        shown=None,
    )
    fault = total.fault
    if fault is None:
        kept = (found, total.worst, None if total.first else total.shown)
        try:
            exhibits = [None if one is None else _exhibit(one) for one in kept]
            return replace(row, simplest=exhibits[0], worst=exhibits[1], shown=exhibits[2])
        except ClaimError as error:
            fault = error.message
    return replace(row, verdict="open", weaker=None, fault=fault)


def _examined(ablation: Ablation, instance: Instance) -> Outcome:
    """Examine an ablation on one of its problems, and check its result: the ablation may be a user's own."""
    try:
        # assume() sets a problem aside; it does not matter that this is no test of Hypothesis.
        with catch_warnings(action="ignore", category=HypothesisDeprecationWarning):
            found = ablation.examine(instance)
    except UnsatisfiedAssumption:
        return Outcome("aside")
    except (Exception, SystemExit) as error:
        raise ClaimError(f"its examination raised {in_words(error)}") from None
    if not isinstance(found, about.Outcome):
        raise ClaimError(f"its examination returned a {type(found).__name__}, which is no Outcome")
    try:
        read_as(vars(found), about.Outcome)
    except ShapeError as error:
        raise ClaimError(f"its examination returned an Outcome that is wrong at {error}") from None
    if not isinstance(found.problem, Problem | ValleyProblem | SmoothProblem):
        raise ClaimError(f"its examination returned an Outcome whose problem is a {type(found.problem).__name__}")
    return Outcome(
        _STATES[found.violated],
        evidence=found.evidence,
        margin=-found.severity,
        problem=found.problem,
        about={"predicted": found.predicted, "happens": found.happens, "certificates": list(found.certificates)},
        weaker=found.weaker,
    )


def _verdict(first: Witness | None, held: int, *, control: bool) -> RowVerdict:
    if first is not None:
        return "needed" if first.evidence == "proved" else "needed, as observed"
    if control and held:
        return "holds, as far as the search shows"
    return "not needed, as far as the search shows" if held else "open"


def _evidence(total: ShardResult, held: int) -> Evidence:
    if total.first is not None:
        return _known(total.first)
    return "proved" if held and not total.observed else "observed"


def _known(found: Witness) -> Evidence:
    return "proved" if found.evidence == "proved" else "observed"


def _exhibit(found: Witness) -> Exhibit:
    said = read_as(found.about, _About)
    exhibit = Exhibit(
        problem=read_as(found.problem, StoredExample),
        predicted=said.predicted,
        happens=said.happens,
        evidence=_known(found),
        severity=-(found.margin or 0.0),
        certificates=said.certificates,
    )
    try:
        as_json(exhibit).encode("utf-8")
    except (TypeError, ValueError) as error:
        raise ClaimError(f"what its examination returned is no JSON ({in_words(error)})") from None
    return exhibit
