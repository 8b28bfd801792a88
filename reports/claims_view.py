"""What a report says of a run of the theorem's claims as it was stored before gdcheck-claim/1."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import altair as alt

from gdcheck.properties.claims.claim import SecondOutcome
from gdcheck.reports.charts import STAND_IN, config, drawn, legend
from gdcheck.reports.earlier_claims import MOST_DISCARDS, Broken, ClaimsRun
from gdcheck.reports.problem_charts import problem_picture_of
from gdcheck.reports.text import code, plain, scientific, shell, table
from gdcheck.reports.view import Again, Case, Caution, View
from gdcheck.theorem.certificate.shapes import StoredProblem

_MOST_SHOWN = 3
_NAME = "How the problems of each claim ended"


@dataclass(frozen=True)
class SecondCounts:
    """On how many problems the second engine, mpmath, agrees, differs, and does not settle."""

    agrees: int
    differs: int
    not_settled: int

    def __str__(self) -> str:
        return f"{self.agrees} / {self.differs} / {self.not_settled}"


@dataclass(frozen=True)
class ClaimRow:
    """One claim: both parts of the run added up.

    Attributes:
        name: The claim's name.
        anchor: The same, fit for a link.
        kind: Proved or observed.
        sentence: The claim in plain words.
        statement: What exactly is checked.
        measure: What the margin measures.
        problems: Problems examined.
        holds: On how many it holds.
        broken: On how many it fails, counting what must be decided and is not.
        open: On how many it is unresolved.
        causes: Why, and on how many each time.
        second: What the second engine said; empty if it was never asked.
        margin: The smallest margin seen.
        steps: The latest step at which a certificate applied.
        smallest: The problem with the smallest margin.
        verdicts: How many problems ended in each verdict.
        counterexamples: Where it fails, at most a few.
    """

    name: str
    anchor: int
    kind: str
    sentence: str
    statement: str
    measure: str
    problems: int
    holds: int
    broken: int
    open: int
    causes: Counter[str]
    second: SecondCounts | None
    margin: float | None
    steps: int
    smallest: StoredProblem | None
    verdicts: Counter[str]
    counterexamples: tuple[Broken, ...] = ()


class ClaimsView(View[ClaimsRun]):
    """A run of the claims as properties."""

    shape = ClaimsRun
    name = "claims"
    title = "claims as properties"
    suite = "claims"

    def __init__(self, run: ClaimsRun) -> None:
        super().__init__(run)
        names = [name for name in run.about if name in run.claims or name in run.worst]
        self.rows = tuple(_row(i, name, run) for i, name in enumerate(names))
        self.broken = sum(row.broken for row in self.rows)

    @property
    def outcome(self) -> str:
        """Failed if a claim is broken, or too many draws were discarded."""
        return "failed" if self.broken or self.run.discard_rate > MOST_DISCARDS else "passed"

    def headline(self) -> str:
        """One sentence on the run."""
        problems = self.run.problems + self.run.problems_in_search
        ended = f"{self.broken} contradictions" if self.broken else "no claim failed"
        unresolved = sum(row.open for row in self.rows)
        left = f" {unresolved:,} problems are unresolved." if unresolved else ""
        return f"{len(self.rows)} claims, {problems:,} random problems: {ended}.{left}"

    def cautions(self) -> list[Caution]:
        """Return what could make a pass meaningless."""
        run = self.run
        resting = sum(row.open for row in self.rows)
        exceptional = sum(row.verdicts["exceptional"] for row in self.rows)
        many = run.discard_rate > MOST_DISCARDS
        seconds = [row.second for row in self.rows if row.second is not None]
        differ = any(c.differs for c in seconds)
        return [
            Caution("Claims broken", self.broken, "a claim fails on a problem", self.broken > 0),
            Caution("Claims unresolved", resting, "counted on neither side; each claim names the causes", False),
            Caution("Engines differ", sum(c.differs for c in seconds), "mpmath contradicts the enclosures", differ),
            Caution("mpmath not settled", sum(c.not_settled for c in seconds), "where it was asked; unresolved", False),
            Caution("Draws discarded", run.discarded, f"of {run.drawn:,} draws", many),
            Caution("Exceptional starts", exceptional, "on which the limits’ claims say little", False),
        ]

    def facts(self) -> list[tuple[str, object]]:
        """Seed and versions."""
        return [("seed", self.run.seed), *self.run.run.versions.items()]

    def again(self) -> Again:
        """How to repeat the run."""
        count = -(-self.run.problems // max(1, len(self.rows)))
        return Again("The claims on as many problems, of another draw:", f"gdcheck claim theorem --budget {count}")

    def charts(self) -> Iterator[tuple[str, str, alt.TopLevelMixin]]:
        """How the problems of each claim ended."""
        yield "claims", _NAME, claims_chart({row.name: row.verdicts for row in self.rows})

    def pictures(self) -> dict[str, str]:
        """How the problems ended, and the trajectory of each simplest counterexample."""
        found = super().pictures()
        for broken in (b for row in self.rows for b in row.counterexamples):
            drawing = problem_picture_of(broken.simplest.instance.problem, f"A counterexample to {broken.claim}")
            if drawing is not None:
                found[broken.simplest.file] = drawing
        return found

    def markdown(self) -> list[str]:
        """Return a table of the claims."""
        rows = (
            (r.name, r.kind, r.problems, r.holds, r.broken, r.open, r.second or "–", scientific(r.margin))
            for r in self.rows
        )
        mpmath = "mpmath agrees / differs / not settled"
        heads = ["claim", "kind", "problems", "holds", "broken", "unresolved", mpmath, "smallest margin"]
        lines = ["## Claims", "", plain(self.headline()), "", *table(heads, rows)]
        for row in self.rows:
            for broken in row.counterexamples[:1]:
                lines += ["", f"- **{plain(row.name)}**: {plain(broken.simplest.found)}"]
                lines += [f"  {code(line)}" for line in _lines(row, broken)[-2:]]
        return lines

    def cases(self) -> Iterator[Case]:
        """Every claim, and apart from it the problems on which it is unresolved."""
        for row in self.rows:
            failure = f"broken on {row.broken} of {row.problems} problems" if row.broken else None
            if failure and row.counterexamples:
                failure += "\n" + "\n".join(_lines(row, row.counterexamples[0]))
            if failure or row.holds:
                # What is unresolved throughout has not passed.
                yield Case(row.name, failure)
            if row.open:
                # A run of an earlier version names no causes.
                causes = "; ".join(f"{count}: {cause}" for cause, count in row.causes.items()) or "no cause was kept"
                yield Case(f"{row.name}: {row.open} of {row.problems} problems", skipped=f"unresolved: {causes}")


def _lines(row: ClaimRow, broken: Broken) -> list[str]:
    """Describe a counterexample for JUnit; the problem and the command that examines the claim again come last."""
    form = broken.simplest
    margin = "" if form.margin is None else f" (margin {scientific(form.margin)})"
    return [
        f"predicted: {row.statement}",
        f"found: {form.found}{margin}",
        shell(form.instance.problem),
        f"gdcheck replay {form.file}",
    ]


def _row(i: int, name: str, run: ClaimsRun) -> ClaimRow:
    about = run.about[name]
    parts = [part[name] for part in (run.claims, run.worst) if name in part]
    holds: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    causes: Counter[str] = Counter()
    second: Counter[str] = Counter()
    for part in parts:
        second.update(part.second)
        holds.update(part.holds)
        verdicts.update(part.verdict)
        causes.update(part.causes)
    margins = [part.smallest_margin for part in parts if part.smallest_margin is not None]
    smallest = min(margins, key=lambda seen: seen.margin, default=None)
    counterexamples = tuple(b for b in run.counterexamples if b.claim == name)
    # A claim fails too where it stays undecided though the start lies in the certified ball.
    broken = max(holds["fails"], len(counterexamples))
    return ClaimRow(
        name=name,
        anchor=i + 1,
        kind=about.kind,
        sentence=about.sentence,
        statement=about.statement,
        measure=about.margin,
        problems=sum(part.problems for part in parts),
        holds=holds["holds"],
        broken=broken,
        open=max(0, holds["unresolved"] - (broken - holds["fails"])),
        causes=causes,
        second=SecondCounts(*(second[outcome.value] for outcome in SecondOutcome)) if second else None,
        margin=smallest.margin if smallest else None,
        steps=max(part.most_steps for part in parts),
        smallest=smallest.instance.problem if smallest else None,
        verdicts=verdicts,
        counterexamples=counterexamples[:_MOST_SHOWN],
    )


def claims_chart(rows: Mapping[str, Mapping[str, int]]) -> alt.Chart:
    """How the problems of each claim ended, as shares, in the stand-in colours.

    Args:
        rows: How many problems of each claim ended in each verdict.

    Returns:
        The chart.
    """
    words = {"proved": "fixed", "exceptional": "two-cycle", "not-applicable": "faint", "unresolved": "alternating"}
    colours = {verdict: STAND_IN[name] for verdict, name in (words | {"refuted": "open"}).items()}
    values = [
        {"claim": name, "verdict": verdict, "share": counts.get(verdict, 0) / sum(counts.values()), "order": order}
        for name, counts in rows.items()
        for order, verdict in enumerate(colours)
    ]
    chart = drawn("bar", values, height=11, aria=False).encode(
        x=alt.X("share:Q", title="share of its problems", axis=alt.Axis(format="%", grid=True, tickCount=5)),
        y=alt.Y("claim:N", title=None, sort=None, axis=alt.Axis(ticks=False, domain=False, minExtent=96)),
        color=alt.Color(
            "verdict:N",
            scale=alt.Scale(domain=list(colours), range=list(colours.values())),
            legend=legend(),
        ),
        order="order:Q",
        tooltip=["claim:N", "verdict:N", alt.Tooltip("share:Q", format=".2%")],
    )
    whole: alt.Chart = chart.properties(width=560, height=alt.Step(20)).configure(**config())
    return whole
