"""What a run of the fuzzer has found so far, kept in a folder: counts by shape, causes, and a file a disagreement."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from gdcheck.properties.storage.files import as_json, write_text_atomically
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import InputError
from tests.fuzz.examining import Finding

FORMAT, CASE = "gdcheck-fuzz/1", "gdcheck-fuzz-case/1"
_EXAMPLES = 5
_COLUMNS = ("proved", "exceptional", "not-applicable", "unresolved", "converges, unresolved", "not checked", "disagree")


@dataclass
class Record:
    """The counts of a run.

    Attributes:
        seed: The seed.
        shape: The shape of all problems; None where they take turns.
        mutants: How many changed certificates each one gives.
        share: The share of the decided problems that go through everything.
        done: How many problems are done: those of the indices below.
        seconds: How long they took together.
        shapes: For each shape, how many problems came to what.
        causes: For each shape, how many of the unresolved whose trajectory converges in simulation have which cause.
        examples: Indices of some of them, for each cause.
        disagreements: The indices of problems with a disagreement.
    """

    seed: int
    shape: str | None
    mutants: int
    share: float = 1.0
    done: int = 0
    seconds: float = 0.0
    shapes: dict[str, dict[str, int]] = field(default_factory=dict)
    causes: dict[str, dict[str, int]] = field(default_factory=dict)
    examples: dict[str, list[int]] = field(default_factory=dict)
    disagreements: list[int] = field(default_factory=list)

    @classmethod
    def begun(cls, folder: Path, asked: Record) -> Record:
        """Read the record of a folder.

        Args:
            folder: The folder.
            asked: A new record, which is the answer if the folder has none.

        Raises:
            InputError: If the folder holds another run.
        """
        place = folder / "record.json"
        if not place.exists():
            return asked
        try:
            data = json.loads(place.read_text(encoding="utf-8"))
            found = cls(**{key: value for key, value in data.items() if key != "schema"})
            right = data["schema"] == FORMAT
        except (OSError, ValueError, TypeError, KeyError):
            raise InputError("out", f"{place} is no record of a fuzzing run; name another folder") from None
        if not right or found.asked != asked.asked:
            raise InputError("out", f"{place} belongs to another run; name another folder, or ask for {found.asked}")
        return found

    @property
    def asked(self) -> dict[str, object]:
        """What the run was asked for."""
        return {"seed": self.seed, "shape": self.shape, "mutants": self.mutants, "share": self.share}

    def add(self, name: str, finding: Finding) -> None:
        """Count the finding of the next index."""
        counts, index = Counter(self.shapes.get(name, {})), self.done
        counts["problems"] += 1
        counts[finding.verdict] += 1
        counts["converges"] += finding.converges
        if finding.simulated:
            counts[f"simulation: {finding.simulated}"] += 1
        counts["mutants"] += finding.mutants[0]
        counts["mutants accepted"] += finding.mutants[1]
        if finding.batched is not None:
            counts[f"float64: {finding.batched}"] += 1
        if finding.unchecked is not None:
            counts["not checked"] += 1
            self._note(name, finding.unchecked, index)
        if finding.cause is not None and finding.converges:
            counts["converges, unresolved"] += 1
            self._note(name, finding.cause, index)
        if finding.disagreements:
            counts["disagree"] += 1
            self.disagreements.append(index)
        self.shapes[name] = dict(counts)
        self.done += 1
        self.seconds += finding.seconds

    def _note(self, name: str, cause: str, index: int) -> None:
        causes = self.causes.setdefault(name, {})
        causes[cause] = causes.get(cause, 0) + 1
        known = self.examples.setdefault(cause, [])
        if len(known) < _EXAMPLES:
            known.append(index)

    def keep(self, folder: Path) -> None:
        """Write the record."""
        write_text_atomically(folder / "record.json", as_json({"schema": FORMAT, **vars(self)}))

    def show(self, console: Console) -> None:
        """Print what was found, shape by shape."""
        table = Table(box=None, header_style="")
        for heading in ("shape", "problems", *_COLUMNS):
            table.add_column(heading, justify="left" if heading == "shape" else "right")
        total: Counter[str] = Counter()
        for name, counts in self.shapes.items():
            total.update(counts)
            table.add_row(name, *(f"{counts.get(key, 0):,}" for key in ("problems", *_COLUMNS)))
        table.add_row("together", *(f"{total[key]:,}" for key in ("problems", *_COLUMNS)))
        console.print(f"seed {self.seed}, {self.done:,} problems in {self.seconds / 60:.1f} minutes")
        console.print(table)
        for kind in ("simulation: ", "float64: "):
            seen = ", ".join(f"{k.removeprefix(kind)} {v:,}" for k, v in sorted(total.items()) if k.startswith(kind))
            console.print(f"{kind}{seen}")
        console.print(
            f"changed certificates: {total['mutants']:,}, of which {total['mutants accepted']:,} are accepted"
        )
        rate = total["converges, unresolved"] / total["converges"] if total["converges"] else 0.0
        said = f"unresolved, of {total['converges']:,} with a limit that is proved or seen in simulation"
        console.print(f"{said}: {total['converges, unresolved']:,}, {100 * rate:.3f} %")
        for name, causes in self.causes.items():
            for cause, count in sorted(causes.items(), key=lambda item: -item[1]):
                shown = ", ".join(map(str, self.examples.get(cause, ())))
                console.print(f"  {name}: {count:,} × {cause} (such as {shown})")
        console.print(f"disagreements: {len(self.disagreements)}")


def keep_case(folder: Path, record: Record, name: str, problem: Problem, finding: Finding) -> None:
    """Write a disagreement as a file that replays."""
    case: dict[str, Any] = {
        "schema": CASE,
        "seed": record.seed,
        "index": record.done,
        "shape": name,
        "disagreements": finding.disagreements,
        "problem": problem.to_json(),
        "changed_certificate": finding.mutant,
    }
    place = folder / "disagreements"
    place.mkdir(exist_ok=True)
    write_text_atomically(place / f"{record.done:07d}.json", as_json(case))
