"""The part of a report about a run. Each kind of run has its own view, a subclass registered in ``reports.kinds``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

import altair as alt

from gdcheck.reports.charts import picture
from gdcheck.theorem.certificate.shapes import StoredRun

Run = TypeVar("Run", bound=StoredRun)


@dataclass(frozen=True)
class Caution:
    """A number that could make a pass meaningless; such numbers come first, whatever the run.

    Attributes:
        label: What is counted.
        count: How many.
        meaning: One sentence.
        serious: Whether it should catch the eye.
    """

    label: str
    count: int
    meaning: str
    serious: bool


@dataclass(frozen=True)
class Case:
    """A test case of a JUnit report.

    Attributes:
        name: Its name.
        failure: Why it fails, if it does.
        skipped: Why it was skipped, if it was.
    """

    name: str
    failure: str | None = None
    skipped: str | None = None


@dataclass(frozen=True)
class Again:
    """The command that repeats a run.

    Attributes:
        before: What the command does, or why there is none.
        command: The command; empty if the stored run does not hold all that it needs.
        after: What else to know.
    """

    before: str
    command: str = ""
    after: str = ""


class View(Generic[Run]):
    """The part of a report about one run; what a subclass does not override stays empty.

    Attributes:
        shape: The kind of run.
        file: The name under which its command stores it; None if the user chooses it.
        name: The name of the part, of its template and of its place on the page.
        title: The part's title.
        suite: The name of its suite of test cases: that of the command.
        same_as_charts: Pictures of the page that only repeat a chart, at another width.
        run: The run.
        key: What the part is called on its page: the name, with a number where there are several of one kind.
    """

    shape: ClassVar[type[StoredRun]]
    file: ClassVar[str | None] = None
    name: ClassVar[str]
    title: ClassVar[str]
    suite: ClassVar[str] = ""
    same_as_charts: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, run: Run) -> None:
        self.run = run
        self.key = self.name

    @property
    def number(self) -> str:
        """What tells the run from others of its kind on the page: `` 2`` and so on; nothing for the first."""
        return self.key[len(self.name) :].replace("-", " ")

    @property
    def under(self) -> str:
        """The folder of its files, from the page: a second run of a kind has one of its own."""
        return "" if self.key == self.name else f"{self.key}/"

    @property
    def outcome(self) -> str:
        """``failed``, ``incomplete`` or ``passed``. What is measured proves nothing, and fails nothing."""
        return "passed"

    def notes(self) -> list[str]:
        """Return what is missing from the run."""
        return []

    def cautions(self) -> list[Caution]:
        """Return what could make a pass meaningless."""
        return []

    def facts(self) -> list[tuple[str, object]]:
        """Return seed and versions, or the like."""
        return []

    def again(self) -> Again | None:
        """Return the command that repeats the run; None if there is none."""
        return None

    def pictures(self) -> dict[str, str]:
        """Return the SVGs that the template shows, by name: by default the charts, by their stems."""
        return {stem: picture(chart, name) for stem, name, chart in self.charts()}

    def charts(self) -> Iterator[tuple[str, str, alt.TopLevelMixin]]:
        """Yield the charts that can be had as files.

        Yields:
            The file's stem, what it shows, and the chart.
        """
        yield from ()

    def files(self, pictures: Mapping[str, str]) -> Iterator[tuple[str, object]]:
        """Yield what lies beside the page, so that its commands find it.

        Args:
            pictures: All pictures of the page.

        Yields:
            A path from the page's directory, and a text or data.
        """
        yield from ()

    def markdown(self) -> list[str]:
        """Return the run in Markdown, short enough for a comment on a pull request, by lines."""
        return []

    def cases(self) -> Iterator[Case]:
        """Yield test cases: what contradicts a claim or is unresolved fails, what was not finished is skipped."""
        yield from ()
