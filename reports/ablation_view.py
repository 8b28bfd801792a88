"""The part of a report about a run of ``gdcheck ablate``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from shlex import join

from gdcheck.properties.ablation.result import AblationRow, AblationRun, Exhibit
from gdcheck.properties.ablation.run import known
from gdcheck.reports.problem_charts import problem_picture_of
from gdcheck.reports.text import code, own_file, plain, shell, table
from gdcheck.reports.view import Again, Case, Caution, View
from gdcheck.theorem.loss.errors import InputError

_FEW = 20
_SEARCH = "as far as the search shows"


def verdict_words(row: AblationRow) -> str:
    """Return the verdict of a row in words; where it rests on fewer than 20 problems, they say on how many.

    Args:
        row: The row.

    Returns:
        The words.
    """
    verdict, held = row.verdict, row.held
    if verdict.endswith(_SEARCH) and held < _FEW:
        return verdict.replace(_SEARCH, f"as far as only {held} problem{'s show' if held != 1 else ' shows'}")
    return verdict


def evidence_words(row: AblationRow) -> str:
    """Return the evidence of a row in words: a search proves nothing, even where each problem examined is proved.

    Args:
        row: The row.

    Returns:
        The words.
    """
    if row.verdict == "open":
        return "–"
    if not row.verdict.endswith(_SEARCH):
        return row.evidence
    return f"search, each {row.evidence}" if row.evidence == "proved" else f"search, {row.evidence}"


def certificate_files(name: str, role: str, exhibit: Exhibit | None) -> list[str]:
    """Return the paths of an exhibit's certificates, relative to the directory of the run.

    Args:
        name: The ablation's name.
        role: simplest, worst or shown; the last has no files.
        exhibit: The exhibit.

    Returns:
        The paths.
    """
    count = len(exhibit.certificates) if exhibit and role != "shown" else 0
    numbers = [""] if count == 1 else [f"-{i + 1}" for i in range(count)]
    return [f"counterexamples/{name}-{role}{number}.json" for number in numbers]


class AblationView(View[AblationRun]):
    """A run of ``gdcheck ablate``."""

    shape = AblationRun
    file = "ablation.json"
    name = "ablation"
    title = "assumptions dropped"
    suite = "ablate"
    verdict = staticmethod(verdict_words)
    evidence = staticmethod(evidence_words)

    def certificates(self, name: str, role: str, exhibit: Exhibit | None) -> list[str]:
        """Return the paths of an exhibit's certificates, relative to the page."""
        return [self.under + file for file in certificate_files(name, role, exhibit)]

    @property
    def outcome(self) -> str:
        """``incomplete`` if the run was interrupted or a row is open, else ``passed``."""
        return "incomplete" if self.run.interrupted or any(r.verdict == "open" for r in self.run.rows) else "passed"

    def headline(self) -> str:
        """Return one sentence on the run."""
        found = Counter(verdict_words(row) for row in self.run.rows)
        words = {"needed": "needed, with proof"}
        parts = [f"{count} {words.get(verdict, verdict)}" for verdict, count in found.items()]
        ways = f"{len(self.run.rows)} way" + ("" if len(self.run.rows) == 1 else "s")
        return f"Assumptions dropped in {ways}: {'; '.join(parts) or 'none finished'}."

    def cautions(self) -> list[Caution]:
        """Return what could make the run meaningless."""
        rows = self.run.rows
        unanswered = sum(row.verdict == "open" for row in rows) + len(self.run.asked) - len(rows)
        aside, examined = sum(row.aside for row in rows), sum(row.examined for row in rows)
        meaning = f"of {examined:,} problems of ablations: nothing was proved there, or the start is exceptional"
        said = "neither a violation nor a problem on which the claim holds was found, or a fault ended the search"
        return [
            Caution("Ablations open", unanswered, said, unanswered > 0),
            Caution("Set aside", aside, meaning, False),
        ]

    def facts(self) -> list[tuple[str, object]]:
        """Return seed and versions."""
        return [("seed", self.run.seed), *self.run.versions.items()]

    def again(self) -> Again:
        """Return the command that repeats the run."""
        words = ["gdcheck", "ablate", "--budget", str(self.run.budget), "--seed", str(self.run.seed)]
        words += ["--time-limit", f"{self.run.time_limit:g}"]
        words += ["--load", f"{self.under}{self._own}" if self.run.text else self.run.load] if self.run.load else []
        if self.run.load or set(self.run.asked) != set(known()):
            words += [word for name in self.run.asked for word in ("--assumption", name)]
        own = f"{Path(self.run.load).name} lies beside this page." if self.run.text else ""
        return Again("The ablations again:", join(words), own)

    @property
    def _own(self) -> str:
        """The path of the user's own file, relative to the folder of the run's files."""
        return f"own/{own_file(Path(self.run.load).name)}"

    def pictures(self) -> dict[str, str]:
        """Return the picture of one exhibit of each ablation, by ``name/role``: the simplest, else the one shown."""
        found = {}
        for row in self.run.rows:
            role, exhibit = ("simplest", row.simplest) if row.simplest else ("shown", row.shown)
            name = f"The trajectory of the counterexample {row.name}"
            drawing = None if exhibit is None else problem_picture_of(exhibit.problem, name)
            if drawing is not None:
                found[f"{row.name}/{role}"] = drawing
        return found

    def files(self, pictures: Mapping[str, str]) -> Iterator[tuple[str, object]]:
        """Yield the user's own file, and the certificates of the counterexamples.

        Args:
            pictures: All pictures of the page.

        Yields:
            A path from the page's directory, and its content.

        Raises:
            InputError: If a name would lead out of the directory.
        """
        if self.run.text:
            yield self._own, self.run.text
        for row in self.run.rows:
            if not row.name.replace("-", "").isalnum():
                raise InputError("run", f"the ablation {row.name[:80]!r} must be named by letters, digits and hyphens")
            for role, exhibit in (("simplest", row.simplest), ("worst", row.worst)):
                names = certificate_files(row.name, role, exhibit)
                yield from zip(names, exhibit.certificates if exhibit else (), strict=True)

    def markdown(self) -> list[str]:
        """Return a table of the rows, and each simplest counterexample."""
        heads = ["ablation", "dropped", "the assumption is", "by", "problems", "violated", "held", "aside"]
        cells = (
            (r.name, r.dropped, verdict_words(r), evidence_words(r), r.examined, r.violated, r.held, r.aside)
            for r in self.run.rows
        )
        lines = ["## Assumptions dropped", "", plain(self.headline()), "", *table(heads, cells)]
        for row in self.run.rows:
            if row.fault:
                lines.append(f"- **{plain(row.name)}** was not examined to the end: {plain(row.fault)}")
            if exhibit := row.simplest:
                said = f"claimed {plain(exhibit.predicted)}; instead {plain(exhibit.happens)}"
                lines.append(f"- **{plain(row.name)}** ({plain(exhibit.evidence)}): {said}")
                lines.append("  " + code(shell(exhibit.problem)))
        return [*lines, ""]

    def cases(self) -> Iterator[Case]:
        """Yield a case for every ablation that was asked for."""
        for row in self.run.rows:
            reason = "open: " + (row.fault or f"all {row.aside} problems were set aside")
            yield Case(row.name, skipped=reason if row.verdict == "open" else None)
        finished = {row.name for row in self.run.rows}
        for name in self.run.asked:
            if name not in finished:
                yield Case(name, skipped="interrupted before it was finished")
