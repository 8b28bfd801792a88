"""The part of a report about a run of ``gdcheck claim``: a verdict on each claim, and its counterexample."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from shlex import join

import altair as alt

from gdcheck.properties.claims.claim import SecondOutcome
from gdcheck.properties.lemmas.verdict import ClaimRow, Counterexample, Form, OwnClaimsRun
from gdcheck.reports.charts import STAND_IN, config, drawn, legend
from gdcheck.reports.latex import fragment
from gdcheck.reports.page import render_page
from gdcheck.reports.problem_charts import problem_picture_of
from gdcheck.reports.text import DASH, code, own_file, plain, scientific, table
from gdcheck.reports.view import Again, Case, Caution, View
from gdcheck.theorem.loss.errors import InputError

_FILES = "claims"

VERDICTS = "claim-verdicts"
"""The stem of the chart of verdicts."""
MOST_DISCARDS = 0.02
"""The largest share of draws that may be discarded without a caution."""


SOURCED = ("statement", "source", "verdict", "problems examined", "counterexample")
"""The heads of a table of claims that say where they come from."""


def sourced(row: ClaimRow) -> tuple[str, str, str, str]:
    """Return a claim's row in the table ``SOURCED``, without its last cell."""
    return f"{row.name}: {row.sentence}", row.source, row.words(), f"{row.examined:,}"


def record_file(row: ClaimRow) -> str:
    """Return the path of a counterexample's record, relative to the directory of the run."""
    return f"counterexamples/{row.name}.json"


def page_file(row: ClaimRow) -> str:
    """Return the path of a counterexample's page, relative to the directory of the run; a dash if there is none."""
    return DASH if row.counterexample is None else f"counterexamples/{row.name}.html"


def has_sources(run: OwnClaimsRun) -> bool:
    """Return whether any claim says where it comes from; a table of statements is then shown."""
    return any(row.source for row in run.rows)


def python_line(form: Form) -> str:
    """Return the Python expression that makes a form's problem."""
    p = form.problem
    if p.residuals:
        rest = f"scale={p.scale!r}, step_size={p.step_size!r}, start={list(p.start)!r}, variables={list(p.variables)!r}"
        return f"gdcheck.Problem.residuals({list(p.residuals)!r}, {rest})"
    rest = f"step_size={p.step_size!r}, start={list(p.start)!r}"
    if p.minimizer:
        rest += f", minimizer={list(p.minimizer)!r}"
    return f"gdcheck.Problem({p.loss!r}, {rest}, variables={list(p.variables)!r})"


def reproduce_line(form: Form) -> str:
    """Return the decorator that adds a problem to every later run of a claim."""
    line = python_line(form)
    return line.replace("gdcheck.Problem.residuals(", "@gdcheck.reproduce(residuals=", 1).replace(
        "gdcheck.Problem(", "@gdcheck.reproduce(", 1
    )


def margin(row: ClaimRow) -> str:
    """Return the smallest margin with which a claim holds on a problem."""
    return scientific(None if row.closest is None else row.closest.margin)


def second(row: ClaimRow) -> str:
    """Return how often the second engine agrees, differs and leaves open; a dash if it was never asked."""
    counts = row.kinds.get("second")
    return "–" if counts is None else " / ".join(str(counts.get(outcome.value, 0)) for outcome in SecondOutcome)


class OwnClaimsView(View[OwnClaimsRun]):
    """A run of ``gdcheck claim``."""

    shape = OwnClaimsRun
    file = "claim.json"
    name = "claim"
    title = "claims of one’s own"
    suite = "claim"
    has_sources = staticmethod(has_sources)
    python = staticmethod(python_line)
    reproduce = staticmethod(reproduce_line)
    margin = staticmethod(margin)
    second = staticmethod(second)
    chart = VERDICTS

    def record(self, row: ClaimRow) -> str:
        """Return the path of a counterexample's record, relative to the page."""
        return self.under + record_file(row)

    def page(self, row: ClaimRow) -> str:
        """Return the path of a counterexample's page, relative to the page of the run; a dash if there is none."""
        return DASH if row.counterexample is None else self.under + page_file(row)

    @property
    def outcome(self) -> str:
        """``failed`` if a claim does not hold or cannot be used, ``incomplete`` if one is undecided."""
        words = {row.verdict for row in self.run.rows}
        if words - {"held", "undecided"}:
            return "failed"
        return "incomplete" if self.run.interrupted or "undecided" in words or not words else "passed"

    def headline(self) -> str:
        """Return one sentence on the run."""
        if len(self.run.rows) > 1:
            counts = Counter(row.verdict for row in self.run.rows)
            return (
                f"{len(self.run.rows)} claims examined: {'; '.join(f'{n} {word}' for word, n in counts.most_common())}."
            )
        said = "".join(f"{row.name}: {row.words()}" for row in self.run.rows)
        return f"Claims examined: {said or 'none'}."

    def notes(self) -> list[str]:
        """Return a note if the run was ended early."""
        return ["The run was ended early: the counts are of what was done by then."] if self.run.interrupted else []

    def cautions(self) -> list[Caution]:
        """Return what could make a verdict meaningless."""
        rows = self.run.rows
        undecided, aside = sum(r.undecided for r in rows), sum(r.aside for r in rows)
        observed = sum(r.observed for r in rows)
        drawn, discarded = sum(r.drawn for r in rows), sum(r.discarded for r in rows)
        return [
            Caution("Undecided", undecided, "problems on which a claim is neither true nor false", undecided > 0),
            Caution("Set aside", aside, "problems that do not meet what a claim assumes", False),
            Caution("Only observed", observed, "findings that rest on floats or on a finite stretch of steps", False),
            Caution(
                "Draws discarded", discarded, f"of {drawn:,} draws of Hypothesis", discarded > MOST_DISCARDS * drawn
            ),
        ]

    def facts(self) -> list[tuple[str, object]]:
        """Return seed and versions."""
        return [("seed", self.run.seed), *self.run.versions.items()]

    def again(self) -> Again:
        """Return the command that repeats the run."""
        run = self.run
        words = ["gdcheck", "claim", *map(self._beside, run.targets), "--budget", str(run.budget)]
        words += ["--seed", str(run.seed), "--time-limit", f"{run.time_limit:g}"]
        words += ["--until-false"] if run.until_false else []
        return Again("The claims again:", join(words), "The claims’ files lie beside this page." if run.files else "")

    def _beside(self, target: str) -> str:
        """Return a target for a command run beside the page, where the claims' files have copies."""
        path, colon, name = target.rpartition(":") if target.rpartition(":")[0].endswith(".py") else (target, "", "")
        file = Path(path).name
        return (
            f"{self.under}{_FILES}/{file}{colon}{name}" if path.endswith(".py") and file in self.run.files else target
        )

    def pictures(self) -> dict[str, str]:
        """Return the trajectory of each simplest counterexample."""
        records = (row.counterexample for row in self.run.rows)
        drawn = {name: svg for record in records if record for name, svg in _picture(record).items()}
        return super().pictures() | drawn

    def charts(self) -> Iterator[tuple[str, str, alt.TopLevelMixin]]:
        """Yield the chart of how the problems of each claim of the theorem ended, if there are any."""
        verdicts = {row.name: row.kinds["verdict"] for row in self.run.rows if "verdict" in row.kinds}
        if verdicts:
            yield VERDICTS, "How the problems of each claim ended", claims_chart(verdicts)

    def files(self, pictures: Mapping[str, str]) -> Iterator[tuple[str, object]]:
        """Yield the claims' files, the records of the counterexamples, and each as LaTeX and as a page of its own.

        Args:
            pictures: All pictures of the page.

        Yields:
            A path from the page's directory, and its content.

        Raises:
            InputError: If a name would lead out of the directory.
        """
        for name, text in self.run.files.items():
            yield f"{_FILES}/{own_file(name)}", text
        for row in self.run.rows:
            if row.counterexample is None:
                continue
            if not row.name.replace("-", "").replace("_", "").isalnum():
                raise InputError("run", f"the claim {row.name[:80]!r} must be named by letters, digits, _ and hyphens")
            yield record_file(row), row.counterexample
            yield f"counterexamples/{row.name}.tex", fragment(row.counterexample)
            alone = CounterexampleView(row.counterexample, f"{row.name}.json")
            yield page_file(row), render_page([alone], {alone.key: pictures})

    def markdown(self) -> list[str]:
        """Return a table of the verdicts, and each simplest counterexample."""
        lines = ["## Claims of one’s own", ""]
        if has_sources(self.run):
            lines += table(SOURCED, ([*sourced(row), self.page(row)] for row in self.run.rows))
        heads = ["claim", "verdict", "examined", "held", "violated", "undecided", "aside"]
        heads += ["smallest margin", "mpmath agrees / differs / not settled"]
        cells = (
            (r.name, r.words(), r.examined, r.held, r.violated, r.undecided, r.aside, margin(r), second(r))
            for r in self.run.rows
        )
        lines += table(heads, cells)
        for row in self.run.rows:
            if row.counterexample is not None:
                form = row.counterexample.simplest
                lines.append(f"- **{plain(row.name)}** ({plain(form.evidence)}): {plain(form.found)}")
                if row.counterexample.not_simplified:
                    lines.append(f"  Not simplified: {plain(row.counterexample.not_simplified)}.")
                lines += ["  " + code(python_line(form)), "  " + code(f"gdcheck replay {self.record(row)}")]
        return [*lines, ""]

    def cases(self) -> Iterator[Case]:
        """Yield a case for every claim: it fails where it does not hold, is undecided or cannot be used."""
        for row in self.run.rows:
            if row.aside:
                said = "; ".join(f"{count}: {cause}" for cause, count in row.causes.get("aside", {}).items())
                yield Case(f"{row.name}: {row.aside} of {row.examined} problems", skipped=f"set aside: {said}")
            if row.verdict == "held":
                yield Case(row.name, skipped="ended early" if self.run.interrupted else None)
                continue
            said = row.words()
            if row.counterexample is not None:
                said += "\n" + _failure(row.counterexample, self.record(row))
            elif row.verdict == "undecided":
                causes = row.causes.get("undecided", {})
                said += "".join(f"\n{count}: {cause}" for cause, count in causes.items())
            yield Case(row.name, failure=said)


class CounterexampleView(View[Counterexample]):
    """A stored counterexample to a claim of one's own.

    Args:
        run: The counterexample.
        stored: The file that holds it, beside the page.
    """

    shape = Counterexample
    file = "counterexample.json"
    name = "counterexample"
    title = "a counterexample"
    suite = "counterexample"
    python = staticmethod(python_line)
    reproduce = staticmethod(reproduce_line)

    def __init__(self, run: Counterexample, stored: str = "counterexample.json") -> None:
        super().__init__(run)
        self.stored = stored

    @property
    def outcome(self) -> str:
        """``failed``: the claim does not hold."""
        return "failed"

    def headline(self) -> str:
        """Return one sentence on the counterexample."""
        form = self.run.simplest
        said = "ought to be decided and is not" if form.evidence == "undecided" else "does not hold"
        return f"{self.run.claim} {said}: {form.found}."

    def facts(self) -> list[tuple[str, object]]:
        """Return the seed."""
        return [("seed", self.run.seed)]

    def pictures(self) -> dict[str, str]:
        """Return the trajectory of its simplest form."""
        return _picture(self.run)

    def files(self, pictures: Mapping[str, str]) -> Iterator[tuple[str, object]]:
        """Yield the record, so that the page's command finds it.

        Args:
            pictures: All pictures of the page.

        Yields:
            A path from the page's directory, and its content.
        """
        yield self.stored, self.run

    def markdown(self) -> list[str]:
        """Return the problem, and the command that examines the claim again."""
        form = self.run.simplest
        return [
            "## A counterexample",
            "",
            f"**{plain(self.run.claim)}** ({plain(form.evidence)}): {plain(form.found)}",
            "",
            code(python_line(form)),
            "",
        ]

    def cases(self) -> Iterator[Case]:
        """Yield the claim, which fails."""
        yield Case(self.run.claim, failure=_failure(self.run, self.stored))


def _picture(record: Counterexample) -> dict[str, str]:
    """Return the trajectory of the simplest form; none where it cannot be drawn in floats."""
    name = f"The trajectory of the counterexample to {record.claim}"
    drawing = problem_picture_of(record.simplest.problem, name)
    return {} if drawing is None else {f"claim/{record.claim}": drawing}


def _failure(record: Counterexample, file: str) -> str:
    """Return the failure that JUnit shows for a counterexample: the problem, and the command that examines it again."""
    form = record.simplest
    margin = "" if form.margin is None else f" (margin {scientific(form.margin)})"
    return (
        f"predicted: {record.predicted}\nfound: {form.found}{margin} ({form.evidence})\n"
        f"{python_line(form)}\ngdcheck replay {file}"
    )


def claims_chart(rows: Mapping[str, Mapping[str, int]]) -> alt.Chart:
    """Draw how the problems of each claim ended, as shares, in the stand-in colours.

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
        y=alt.Y("claim:N", title=None, sort=None, axis=alt.Axis(ticks=False, domain=False, minExtent=150)),
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
