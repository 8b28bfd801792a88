"""The result of a run of the theorem's claims: what their shards come to, as it is stored and shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta, Struct, convert, field, to_builtins
from msgspec.structs import replace

from gdcheck.properties.lemmas.built_in import SEARCH, theorem_claim
from gdcheck.properties.lemmas.results import ShardResult, Witness
from gdcheck.properties.lemmas.verdict import Counterexample, Form
from gdcheck.properties.strategies.instance import MadeProblem
from gdcheck.theorem.certificate.shapes import Count, Evidence, Shape, StoredRun, VerdictName

MOST_DISCARDS = 0.02
"""The share of draws that may come to nothing; beyond it a run fails."""

STATES = {"held": "holds", "violated": "fails", "undecided": "unresolved"}
"""What the states of problems are called in a run of the theorem's claims."""


class SmallestMargin(Struct, frozen=True):
    """The problem with the smallest margin."""

    margin: float
    instance: MadeProblem
    regime: str = ""
    n: Count = 0
    verdict: str = ""
    id: str = ""


class ClaimTally(Struct, frozen=True):
    """Counts for one claim in one part of a run.

    Attributes:
        problems: Problems examined.
        verdict: How many ended in each verdict.
        holds: On how many the claim holds, fails, or is unresolved.
        note: How many have each note.
        causes: On how many the claim is unresolved for each cause.
        second: How often the second engine agrees, differs, or does not settle, where it was asked.
        regime: How many lie in each regime.
        place: How many have each kind of start.
        n: How many have each dimension.
        degree: How many have each degree.
        most_steps: The largest step at which a certificate applied.
        smallest_margin: The problem with the smallest margin.
    """

    problems: Count = 0
    verdict: dict[VerdictName, Count] = {}
    holds: dict[str, Count] = {}
    note: dict[str, Count] = {}
    causes: dict[str, Count] = {}
    second: dict[str, Count] = {}
    regime: dict[str, Count] = {}
    place: dict[str, Count] = {}
    n: dict[str, Count] = {}
    degree: dict[str, Count] = {}
    most_steps: Count = 0
    smallest_margin: SmallestMargin | None = None


class AboutClaim(Shape, frozen=True):
    """What a claim says."""

    sentence: str
    statement: str
    kind: Evidence
    margin: str


class Circumstances(Struct, frozen=True):
    """How long a run took and on what; earlier versions may lack a field."""

    seconds: float
    workers: Count
    versions: dict[str, str]
    python: str = ""


class BrokenForm(Shape, frozen=True):
    """A problem on which a claim fails.

    Attributes:
        instance: The problem, and how it was made.
        found: What was found.
        margin: By how much the claim fails, in its own unit; None if that has no size.
        file: Where it is stored, from the project's root, for ``gdcheck replay``.
    """

    instance: MadeProblem
    found: str
    margin: float | None
    file: str


class Broken(Shape, frozen=True):
    """A claim that failed.

    Attributes:
        claim: The claim.
        simplest: The simplest problem, to which Hypothesis shrank it.
        worst: The one with the smallest margin.
    """

    claim: str
    simplest: BrokenForm
    worst: BrokenForm


class ClaimsRun(StoredRun, frozen=True, tag="gdcheck-claims/1"):
    """The result of a run of the theorem's claims.

    Attributes:
        seed: The seed.
        profile: The Hypothesis profile.
        examples: How many problems were asked for in all, if they were.
        second_share: On what share of the problems the second engine was asked too; earlier versions had none.
        problems: How many were examined.
        problems_in_search: How many more were examined in search of the smallest margins.
        distinct: How many different problems there were, in earlier versions.
        drawn: How many problems were drawn.
        discarded: How many of them were of no use.
        discard_rate: Their share.
        about: What each claim says.
        claims: The counts of the random problems.
        worst: The counts of the search for the smallest margins.
        run: How long it took and on what.
        counterexamples: The problems on which claims failed; earlier versions kept none.
        faults: Why claims cannot be examined, by their names.
    """

    seed: int
    profile: str
    examples: int | None
    problems: Count
    problems_in_search: Count
    drawn: Count
    discarded: Count
    discard_rate: Annotated[float, Meta(ge=0)]
    about: dict[str, AboutClaim]
    claims: dict[str, ClaimTally]
    worst: dict[str, ClaimTally]
    run: Circumstances
    distinct: Count | None = None
    counterexamples: list[Broken] = field(default_factory=list)
    second_share: Annotated[float, Meta(ge=0, le=1)] = 0.0
    faults: dict[str, str] = field(default_factory=dict)


def claims_run(
    totals: Mapping[str, ShardResult],
    broken: list[Broken],
    *,
    seed: int,
    profile: str,
    examples: int | None,
    second: float,
    run: Circumstances,
) -> ClaimsRun:
    """Return the result that shards come to.

    Args:
        totals: The shards of each claim added up, in order; those of a search by a name that says so.
        broken: The claims that failed.
        seed: The seed.
        profile: The Hypothesis profile.
        examples: How many problems were asked for in all, if they were.
        second: On what share of the problems the second engine was asked too.
        run: How long it took and on what.

    Returns:
        The result.
    """
    parts: tuple[dict[str, ClaimTally], dict[str, ClaimTally]] = ({}, {})
    for name, total in totals.items():
        parts[name.endswith(SEARCH)][name.removesuffix(SEARCH)] = _tally(total)
    names = list(dict.fromkeys(name.removesuffix(SEARCH) for name in totals))
    known = {name: theorem_claim(name) for name in names}
    drawn, discarded = (sum(getattr(t, word) for t in totals.values()) for word in ("drawn", "discarded"))
    examined, searched = (sum(tally.problems for tally in part.values()) for part in parts)
    return ClaimsRun(
        seed=seed,
        profile=profile,
        examples=examples,
        problems=examined,
        problems_in_search=searched,
        drawn=drawn,
        discarded=discarded,
        discard_rate=discarded / drawn if drawn else 0.0,
        about={name: AboutClaim(c.sentence, c.statement, c.kind, c.margin) for name, c in known.items()},
        claims=parts[False],
        worst=parts[True],
        run=run,
        counterexamples=broken,
        second_share=second,
        faults={name: total.fault for name, total in totals.items() if total.fault is not None},
    )


def broken_of(record: Counterexample, file: str) -> Broken:
    """Return a counterexample as a run of the theorem's claims names it.

    Args:
        record: The counterexample.
        file: Where it is stored, from the project's root.

    Returns:
        Its simplest and its worst form.
    """

    def form(stored: Form) -> BrokenForm:
        made = _made(to_builtins(stored.problem), stored.made)
        return BrokenForm(made, stored.found, stored.margin, file)

    return Broken(record.claim.removesuffix(SEARCH), form(record.simplest), form(record.worst))


def _tally(total: ShardResult) -> ClaimTally:
    """Return counts as they are stored: in an order that does not depend on that of the problems."""
    notes: Counter[str] = Counter()
    for found in total.causes.values():
        notes.update(found)
    counts = {
        **total.kinds,
        "holds": {STATES[state]: count for state, count in total.states.items()},
        "note": notes,
        "causes": total.causes.get("undecided", {}),
    }
    return replace(
        convert({name: dict(sorted(found.items())) for name, found in counts.items()}, ClaimTally),
        problems=total.examined,
        most_steps=total.steps,
        smallest_margin=None if total.closest is None else _smallest(total.closest),
    )


def _smallest(found: Witness) -> SmallestMargin:
    made = _made(found.problem, found.made)
    return SmallestMargin(found.margin or 0.0, made, made.regime.value, len(made.problem.variables))


def _made(problem: dict[str, Any], made: dict[str, Any] | None) -> MadeProblem:
    return convert({"problem": problem, **(made or {})}, MadeProblem)
