"""Runs of the theorem's claims of before gdcheck-claim/1, as they were stored; they are still read and shown."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

from gdcheck.properties.strategies.instance import MadeProblem
from gdcheck.theorem.certificate.shapes import Count, Evidence, Shape, StoredRun, VerdictName

MOST_DISCARDS = 0.02
"""The share of draws that may come to nothing; beyond it a run fails."""


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
        distinct: How many different problems there were.
        drawn: How many problems were drawn.
        discarded: How many of them were of no use.
        discard_rate: Their share.
        about: What each claim says.
        claims: The counts of the random problems.
        worst: The counts of the search for the smallest margins.
        run: How long it took and on what.
        counterexamples: The problems on which claims failed; earlier versions kept none.
    """

    seed: int
    profile: str
    examples: int | None
    problems: Count
    problems_in_search: Count
    distinct: Count
    drawn: Count
    discarded: Count
    discard_rate: Annotated[float, Meta(ge=0)]
    about: dict[str, AboutClaim]
    claims: dict[str, ClaimTally]
    worst: dict[str, ClaimTally]
    run: Circumstances
    counterexamples: list[Broken] = field(default_factory=list)
    second_share: Annotated[float, Meta(ge=0, le=1)] = 0.0
