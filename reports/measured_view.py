"""The part of a report about measurements in networks; it proves nothing, and nothing in it fails."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar, TypeVar

import altair as alt

from gdcheck.networks.shapes import NetworkResult, Surroundings, TrainingResult
from gdcheck.reports.measured_charts import network_chart, seed_words, training_chart
from gdcheck.reports.method_runs_chart import method_runs_chart, minima_chart
from gdcheck.reports.text import DASH, plain, table
from gdcheck.reports.view import Again, Caution, View

_Measured = TypeVar("_Measured", NetworkResult, TrainingResult)


class _MeasuredView(View[_Measured]):
    """What the two kinds of measurement share."""

    what: ClassVar[str]

    def cautions(self) -> list[Caution]:
        """Return a caution if the images are synthetic."""
        meaning = f"the images of the {self.what} are made up, not photographs"
        return [Caution("Synthetic data", 1, meaning, True)] if self.run.data.synthetic else []

    def facts(self) -> list[tuple[str, object]]:
        """Return the seeds, the device and the versions."""
        surroundings: Surroundings = self.run.surroundings
        names: tuple[str, ...] = surroundings.__struct_fields__
        return [self.seed(), *((name, getattr(surroundings, name)) for name in names)]

    @abstractmethod
    def seed(self) -> tuple[str, object]:
        """Return the seed or the seeds, with what they are called."""

    def again(self) -> Again | None:
        """How to repeat the run; None for runs that were stored without their command."""
        return Again("The same run again, with the same images:", self.run.command) if self.run.command else None

    def heading(self) -> str:
        """Return the images, in Markdown."""
        data = self.run.data
        return plain(f"{data.name}{' (synthetic)' if data.synthetic else ''}: {data.images} images.")


class NetworkView(_MeasuredView[NetworkResult]):
    """The result of ``gdcheck network``."""

    shape = NetworkResult
    file = "network.json"
    name = "network"
    title = "a network’s minimum"
    what = "network"

    def seed(self) -> tuple[str, object]:
        """Return the seed of the images and of the first weights."""
        return "seed", self.run.options.get("seed", DASH)

    def charts(self) -> Iterator[tuple[str, str, alt.TopLevelMixin]]:
        """Yield the two regimes around the minimum."""
        name = "Both regimes of gradient descent around a network's minimum, measured"
        yield "network", name, network_chart(self.run)
        if self.run.methods:
            yield (
                "methods",
                "Momentum and Adam near the minimum, measured and predicted",
                method_runs_chart(self.run),
            )

    def markdown(self) -> list[str]:
        """Return the findings."""
        rows = (
            (
                sentence,
                "measured" if found.holds else "not measured",
                "" if found.value is None else f"{found.value:.7g}",
                f"{found.least:.7g}",
            )
            for sentence, found in self.run.findings.items()
        )
        signals = list(self.run.signals.items())
        shown = ["", *table(["run", "what signals a locked direction"], signals)] if signals else []
        head = ["## A network’s minimum", "", self.heading(), ""]
        return [*head, *table(["finding", "", "value", "least"], rows), *shown]


class TrainingView(_MeasuredView[TrainingResult]):
    """The result of ``gdcheck train``."""

    shape = TrainingResult
    file = "result.json"
    name = "training"
    title = "optimizers"
    what = "optimizers"

    def seed(self) -> tuple[str, object]:
        """Return the seeds of the runs."""
        word, _, numbers = seed_words(sorted({run.seed for run in self.run.runs})).partition(" ")
        return word, numbers

    def charts(self) -> Iterator[tuple[str, str, alt.TopLevelMixin]]:
        """Yield the optimizers by cosine, sharpness and where each run ended; then how they move at minima."""
        yield "training", "Optimizers by cosine and sharpness, measured", training_chart(self.run)
        if any(one.along_lowest or one.along_highest for one in self.run.minima):
            name = "Growth and angle per step at the minima ahead, measured and predicted"
            yield "minima", name, minima_chart(self.run)

    def markdown(self) -> list[str]:
        """Return the judgements."""
        rows = (
            (one.optimizer, f"{one.step_size:g}", _VERDICTS[one.approach.verdict], one.approach.reason)
            for one in self.run.optimizers
        )
        edge = [
            plain(
                f"At the edge of stability: {run.optimizer}, seed {run.seed}, ends at sharpness {run.sharpness:.4g} "
                f"above its threshold {run.threshold:.4g}, with cos {run.cosine:+.3f}."
            )
            for run in self.run.runs
            if run.edge
        ]
        listed = table(["optimizer", "η", "cos → 1 was", ""], rows)
        lines = ["## Optimizers", "", self.heading(), "", *listed, *(x for line in edge for x in ("", line))]
        if self.run.minima:
            lines += ["", *table(["at the minimum ahead", "", "regime, or why not compared"], _ahead(self.run))]
        return lines


_VERDICTS = {"approaching": "measured", "level": "not measured; cos ≥ 0.99 at the end", "below": "not measured"}


def _ahead(run: TrainingResult) -> Iterator[tuple[str, str, str]]:
    """Yield what was compared at the minima that the runs approach."""
    for one in run.minima:
        name = f"{one.optimizer} seed {one.seed}"
        yield name, "", str(one.reason) if one.predicted is None else one.predicted.regime
        for finding, holds in one.findings.items():
            yield name, "measured" if holds else "not measured", finding
