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

_WITHOUT = (
    "There is no command to repeat the measured run: it was stored without one, and its file does not hold all options "
    "on which it depends."
)
_UNDRAWN = (
    "Growth and angle per step are not drawn: all minima at which they were measured lie on a boundary of η, or beyond "
    "the stability limit, where no direction is predicted."
)
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

    def again(self) -> Again:
        """How to repeat the run: by its command as it was given, or by one that its parameters suffice for."""
        data = self.run.data
        images = "" if data.synthetic else f"The SHA-256 of the images is {data.sha256}."
        if self.run.command:
            return Again("The same run again, with the same images:", self.run.command, images)
        command = self.derived()
        if not command:
            return Again(_WITHOUT)
        where = "" if data.synthetic else f"DIR is where they lie: {data.name}. {images}"
        return Again("The same run again, from its stored parameters, with the same images:", command, where)

    def derived(self) -> str:
        """Return the command that the stored parameters give; empty if they do not suffice."""
        return ""

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

    def derived(self) -> str:
        """Return the command of these parameters: together with the images they determine the run."""
        run, data = self.run, self.run.data
        known = {name: run.options.get(name) for name in ("steps", "scan_steps", "distance", "seed")}
        if None in known.values():
            return ""
        words = [] if data.synthetic else ["--root" if data.name == "CIFAR-10" else "--data", "DIR"]
        given = {"subset": data.images, "width": run.network.width, "weight_decay": run.weight_decay, **known}
        words += [word for name, value in given.items() for word in (f"--{name.replace('_', '-')}", str(value))]
        return " ".join(["gdcheck network", *words])

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
        minima = minima_chart(self.run)
        if minima is not None:
            yield "minima", "Growth and angle per step at the minima ahead, measured and predicted", minima

    def undrawn(self) -> str:
        """Say why what was measured at minima is not drawn; nothing where it is, or where nothing was measured."""
        measured = any(one.along_lowest or one.along_highest for one in self.run.minima)
        return _UNDRAWN if measured and minima_chart(self.run) is None else ""

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
        if undrawn := self.undrawn():
            lines += ["", plain(undrawn)]
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
