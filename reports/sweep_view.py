"""The part of a report about a sweep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import altair as alt

from gdcheck.properties.sweep.summary import Summary
from gdcheck.reports.charts import picture
from gdcheck.reports.sweep_charts import TITLES, sweep_charts
from gdcheck.reports.text import plain, table
from gdcheck.reports.view import Again, Case, Caution, View

_SPEC, NARROW = "spec.json", "-narrow"


class SweepView(View[Summary]):
    """The summary of a run of ``gdcheck sweep``."""

    shape = Summary
    file = "summary.json"
    name = "sweep"
    title = "sweep in batches"
    suite = "sweep"
    titles = TITLES

    @property
    def outcome(self) -> str:
        """The result of the sweep."""
        return self.run.outcome

    def cautions(self) -> list[Caution]:
        """Return what could make a pass meaningless."""
        run = self.run
        numbers = (
            ("Swept problems refuted", run.verdicts["refuted"], "the assumptions hold and another limit is proved"),
            ("Swept problems unresolved", run.verdicts["unresolved"], "neither float64 nor Arb decided"),
            ("Second opinions that differ", len(run.disagreements), "float64 against Arb and the checker"),
            ("Swept problems missing", run.problems - run.decided, "the sweep was not finished"),
        )
        return [Caution(label, count, meaning, count > 0) for label, count, meaning in numbers]

    def facts(self) -> list[tuple[str, object]]:
        """Return the seed, the method, where the problems were decided, and the versions."""
        run = self.run
        method = [("method of the sweep", run.spec["method"])] if "method" in run.spec else []
        tiers = [
            ("swept problems decided in float64", f"{run.tiers['float64']:,}"),
            ("in Arb", f"{run.tiers['arb']:,}"),
        ]
        return [("seed of the sweep", run.seed), *method, *tiers, *run.versions.items()]

    def again(self) -> Again:
        """Return the command that repeats the sweep."""
        command = f"gdcheck sweep --problems {self.run.problems} --seed {self.run.seed}"
        if not self.run.spec:
            return Again("The sweep again, with the same spec:", command)
        return Again("The sweep again:", f"{command} --spec {self.under}{_SPEC}", "The spec lies beside this page.")

    def files(self, pictures: Mapping[str, str]) -> Iterator[tuple[str, object]]:
        """Yield the spec of the problems, so that the page's command finds it.

        Args:
            pictures: All pictures of the page.

        Yields:
            A path from the page's directory, and its content.
        """
        if self.run.spec:
            yield _SPEC, self.run.spec

    same_as_charts = frozenset(f"{name}{NARROW}" for name in TITLES)

    def pictures(self) -> dict[str, str]:
        """Return the charts, each for wide and for narrow screens."""
        narrow = {
            f"{name}{NARROW}": picture(chart, title) for name, title, chart in sweep_charts(self.run, narrow=True)
        }
        return super().pictures() | narrow

    def charts(self) -> Iterator[tuple[str, str, alt.TopLevelMixin]]:
        """Return the charts: limits by distance from the boundary, and two distributions."""
        return sweep_charts(self.run)

    def markdown(self) -> list[str]:
        """Return the counts."""
        run = self.run
        counts = {**run.verdicts, **run.tiers, "second opinions that differ": len(run.disagreements)}
        heading = f"{run.decided:,} of {run.problems:,} problems decided (seed {run.seed})."
        return ["## Sweep", "", plain(heading), "", *table(["problems", "count"], counts.items())]

    def cases(self) -> Iterator[Case]:
        """Yield a case each for refuted, unresolved and disputed problems, and one for missing ones."""
        for name in ("refuted", "unresolved", "disagreements"):
            first = ", ".join(map(str, getattr(self.run, name)))
            yield Case(name, f"first ones: {first}" if first else None)
        missing = self.run.problems - self.run.decided
        yield Case("every problem", skipped=f"{missing} problems were not decided yet" if missing else None)
