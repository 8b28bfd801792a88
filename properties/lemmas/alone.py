"""A claim examined in this process, for a test runner: no files, no other processes, the first violation ends it."""

from __future__ import annotations

from dataclasses import dataclass, field

from gdcheck.properties.lemmas.declare import OwnClaim
from gdcheck.properties.lemmas.results import ShardResult, Violation
from gdcheck.properties.lemmas.shards import SIZE, examine_one, problems_of
from gdcheck.properties.lemmas.simplify import simplest


@dataclass
class Alone:
    """What examining a claim came to.

    Attributes:
        claim: The claim.
        examined: How many problems.
        held: On how many it holds.
        undecided: On how many that is not decided.
        causes: Why, and how often each time.
        violation: The simplest problem on which it does not hold, if there is one.
    """

    claim: OwnClaim
    examined: int = 0
    held: int = 0
    undecided: int = 0
    causes: dict[str, int] = field(default_factory=dict)
    violation: Violation | None = None

    def account(self) -> str:
        """Return what was found, for people: the problem, and the line that has it examined for ever."""
        assert self.violation is not None
        v, p = self.violation, self.violation.problem
        given = ", ".join(f"{name}={p[name]!r}" for name in ("step_size", "start", "minimizer", "variables"))
        margin = "" if v.margin is None else f" (margin {v.margin:g})"
        return "\n".join(
            [
                f"{self.claim.name} does not hold: {self.claim.sentence}",
                f"  {v.evidence}: {v.cause}{margin}, on problem {v.index} of the run",
                f"  f = {p['loss']}",
                f"  η = {p['step_size']}, from ({', '.join(p['start'])}), minimizer ({', '.join(p['minimizer'])})",
                "  to have it examined always, put this above the claim:",
                f"    @gdcheck.reproduce({p['loss']!r}, {given})",
            ]
        )


def examine_alone(claim: OwnClaim, seed: int, count: int) -> Alone:
    """Examine a claim on its examples and on random problems, until it fails on one.

    Args:
        claim: The claim.
        seed: The seed.
        count: How many random problems.

    Returns:
        What was found.

    Raises:
        InputError: If the claim cannot be used.
    """
    found = Alone(claim)
    for number in range(-(-count // SIZE) or 1):
        first = number * SIZE
        result = ShardResult(claim.name, number)
        for index, (problem, instance) in problems_of(claim, seed, number, first, min(SIZE, count - first)):
            examine_one(claim, index, problem, instance, result)
            if result.first is not None:
                found.violation = simplest(claim, result.first)
                return found
        found.examined += result.examined
        found.held += result.states.get("held", 0)
        found.undecided += result.states.get("undecided", 0)
        for cause, times in {**result.causes.get("undecided", {}), **result.causes.get("aside", {})}.items():
            found.causes[cause] = found.causes.get(cause, 0) + times
    return found
