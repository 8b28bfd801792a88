"""The result of a sweep: counts and distributions, read back from its tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from msgspec import Meta, field, to_builtins

from gdcheck.properties.storage.files import as_json, write_text_atomically
from gdcheck.properties.storage.versions import versions
from gdcheck.properties.sweep.store import Store, UnwritableError
from gdcheck.properties.sweep.tables import UnsoundTableError, sound_tables
from gdcheck.properties.sweep.work import MOMENTUM_REGIMES, REGIMES, TIERS, VERDICTS, regimes_of
from gdcheck.theorem.certificate.shapes import Contradictions, Count, RunOutcome, StoredRun

SHOWN = 20
"""How many indices a summary names."""
_LIMITS = {
    ("small-step", 1): "fixed, +",
    ("small-step", -1): "fixed, −",
    ("large-step", 1): "alternating, +",
    ("large-step", -1): "alternating, −",
    ("rotating", 0): "rotating",
}
_QUANTILES = (0.5, 0.9, 0.99, 1.0)

Counts = dict[str, Count]
Bits = Annotated[str, Meta(pattern="^-?[0-9]{1,5}$")]


class Summary(StoredRun, frozen=True, tag="gdcheck-sweep-summary/1"):
    """The result of a sweep; a function of its tables alone, except for ``disagreements``.

    Attributes:
        outcome: ``failed`` if anything is refuted or disputed, ``incomplete`` if anything is missing or open.
        problems: How many problems were asked for.
        decided: How many of them are in the tables.
        seed: The seed.
        verdicts: How many ended in each verdict.
        tiers: How many were decided in float64, and how many in Arb.
        regimes: How many lie in each regime.
        steps: Quantiles of the step at which the inequality held, of the proved ones.
        step_histogram: How many proved problems were decided at step 0, 1, 2 to 3, 4 to 7, and so on.
        phases: By regime, and by k for a relative distance of 2^−k to 2^−(k−1) from the boundary: how many problems
            took which limit, or ended in which other verdict.
        margin_histogram: How many float64 proofs have an amplitude of 2^k to 2^(k+1) times the tail, by k.
        refuted: Indices of refuted problems, the first twenty.
        unresolved: Indices of unresolved problems, the first twenty.
        disagreements: Indices at which a second opinion differed.
        spec: The parameters of the problems; empty in summaries of earlier versions.
        versions: The versions of the programs that made the summary; empty in summaries of earlier versions.
    """

    outcome: RunOutcome
    problems: Count
    decided: Count
    seed: int
    verdicts: Counts
    tiers: Counts
    regimes: Counts
    steps: Counts
    step_histogram: Counts
    phases: dict[str, dict[Bits, Counts]]
    margin_histogram: Counts
    refuted: tuple[Count, ...]
    unresolved: tuple[Count, ...]
    disagreements: tuple[Count, ...]
    spec: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    def contradictions(self) -> Contradictions:
        """Compare a stored summary with its own counts."""
        regimes = REGIMES if len(self.regimes) <= len(REGIMES) else MOMENTUM_REGIMES
        groups = {"verdicts": VERDICTS, "tiers": TIERS, "regimes": regimes}
        for name, known in groups.items():
            yield f"the names in $.{name}", sorted(getattr(self, name)), sorted(known)
            yield "$.decided", self.decided, sum(getattr(self, name).values())
        if self.decided > self.problems:
            yield "$.problems", self.problems, self.decided
        in_phases: Counter[str] = Counter()
        in_regimes: Counter[str] = Counter()
        for regime, sides in self.phases.items():
            for limit, count in (pair for limits in sides.values() for pair in limits.items()):
                in_phases[limit if limit in VERDICTS else "proved"] += count
                in_regimes[regime] += count
        # Counters are equal if they differ by zeros alone.
        yield "$.verdicts", Counter(self.verdicts), in_phases
        yield "$.regimes", Counter(self.regimes), in_regimes
        yield "$.step_histogram", sum(self.step_histogram.values()), self.verdicts["proved"]
        margins = sum(self.margin_histogram.values())
        yield "$.margin_histogram", margins, min(margins, self.tiers["float64"])
        for name in ("refuted", "unresolved"):
            yield f"the number of indices in $.{name}", len(getattr(self, name)), min(SHOWN, self.verdicts[name])
        outcome = outcome_of(self.problems, self.decided, self.verdicts, self.disagreements)
        yield "$.outcome", self.outcome, outcome

    def to_markdown(self) -> str:
        """Return the human-readable summary."""
        lines = [
            f"# Sweep {self.outcome}",
            "",
            f"{self.decided:,} of {self.problems:,} problems decided (seed {self.seed}).",
            "",
            *_table("verdict", "problems", self.verdicts),
            *_table("decided in", "problems", self.tiers),
            *_table("regime", "problems", self.regimes),
            *_table("decided at step (proved), quantile", "step", self.steps),
            *_table("decided at step (proved)", "problems", self.step_histogram),
            *_table("relative distance to the boundary, from", "problems", self._distances()),
            *_table("amplitude / tail at the deciding step (float64)", "problems", self.margin_histogram),
        ]
        for name, indices in (
            ("refuted", self.refuted),
            ("unresolved", self.unresolved),
            ("second opinion differs", self.disagreements),
        ):
            if indices:
                lines += [f"First {name}: {', '.join(map(str, indices))}.", ""]
        return "\n".join(lines)

    def _distances(self) -> dict[str, int]:
        counts: dict[int, int] = {}
        for bits, limits in (pair for side in self.phases.values() for pair in side.items()):
            counts[int(bits)] = counts.get(int(bits), 0) + sum(limits.values())
        return {f"2^-{k}": count for k, count in sorted(counts.items())}


def outcome_of(problems: int, decided: int, verdicts: Mapping[str, int], disagreements: Sequence[int]) -> RunOutcome:
    """Judge the counts of a sweep; see ``Summary.outcome``."""
    if disagreements or verdicts["refuted"]:
        return "failed"
    if decided < problems or verdicts["unresolved"] or verdicts["not-applicable"]:
        return "incomplete"
    return "passed"


def _table(first: str, second: str, counts: dict[str, int]) -> list[str]:
    return [f"| {first} | {second} |", "|---|---:|", *(f"| {key} | {value:,} |" for key, value in counts.items()), ""]


def summarize(store: Store) -> Summary:
    """Read a sweep's tables, without holding them in memory together.

    Args:
        store: The sweep.

    Returns:
        Its summary. A table that is not that of its batch does not count.

    Raises:
        InputError: If something in the directory is in the way of a table.
    """
    import polars as pl  # noqa: PLC0415

    disputed = sorted(int(p.stem) for p in (store.root / "disagreements").glob("*.json") if p.stem.isdecimal())
    totals: dict[str, dict[Any, int]] = {}
    phases: dict[tuple[str, int, str], int] = {}
    named: dict[str, list[int]] = {"refuted": [], "unresolved": []}
    for _, table in sound_tables(store):
        if isinstance(table, UnsoundTableError):
            continue
        # |distance| lies in [2^(e−1), 2^e).
        exponents = pl.Series("bits", 1 - np.frexp(table["distance"].to_numpy())[1])
        proved = table.filter(pl.col("verdict") == "proved")
        for name, column in (
            ("verdict", table["verdict"]),
            ("tier", table["tier"]),
            ("regime", table["regime"]),
            ("step", proved["step"]),
            ("margin_bits", proved.filter(pl.col("tier") == "float64")["margin_bits"]),
        ):
            counts = totals.setdefault(name, {})
            for value, count in column.value_counts().iter_rows():
                counts[value] = counts.get(value, 0) + count
        grouped = table.with_columns(bits=exponents).group_by("regime", "bits", "verdict", "sign").len()
        for regime, bits, verdict, sign, count in grouped.iter_rows():
            limit = _LIMITS[regime, sign] if verdict == "proved" else verdict
            phases[regime, bits, limit] = phases.get((regime, bits, limit), 0) + count
        for verdict, indices in named.items():
            found = table.filter(pl.col("verdict") == verdict)["index"]
            indices.extend(found.head(SHOWN - len(indices)).to_list())

    def counted(name: str, order: list[str]) -> dict[str, int]:
        return {key: totals.get(name, {}).get(key, 0) for key in order}

    steps = sorted(totals.get("step", {}).items())
    decided, verdicts = sum(totals.get("verdict", {}).values()), counted("verdict", VERDICTS)
    return Summary(
        outcome=outcome_of(store.problems, decided, verdicts, disputed),
        problems=store.problems,
        decided=decided,
        seed=store.generator.seed,
        verdicts=verdicts,
        tiers=counted("tier", TIERS),
        regimes=counted("regime", regimes_of(store.generator.spec)),
        steps=_quantiles(steps),
        step_histogram=_octaves(steps),
        phases=_nested(phases),
        margin_histogram={f"2^{k}": count for k, count in sorted(totals.get("margin_bits", {}).items())},
        refuted=tuple(named["refuted"]),
        unresolved=tuple(named["unresolved"]),
        disagreements=tuple(disputed),
        spec=to_builtins(store.generator.spec),
        versions=versions(),
    )


def _nested(phases: dict[tuple[str, int, str], int]) -> dict[str, dict[str, dict[str, int]]]:
    found: dict[str, dict[str, dict[str, int]]] = {}
    for (regime, bits, limit), count in sorted(phases.items()):
        found.setdefault(regime, {}).setdefault(str(bits), {})[limit] = count
    return found


def _quantiles(steps: list[tuple[int, int]]) -> dict[str, int]:
    total = sum(count for _, count in steps)
    found = {}
    for q in _QUANTILES if total else ():
        seen = 0
        for step, count in steps:
            seen += count
            if seen >= q * total:
                found[f"{q:g}"] = step
                break
    return found


def _octaves(steps: list[tuple[int, int]]) -> dict[str, int]:
    counts: dict[int, int] = {}
    for step, count in steps:
        counts[step.bit_length()] = counts.get(step.bit_length(), 0) + count
    return {_span(k): count for k, count in sorted(counts.items())}


def _span(bits: int) -> str:
    return str(bits) if bits < 2 else f"{2 ** (bits - 1)} to {2**bits - 1}"


def write_summary(store: Store, summary: Summary) -> None:
    """Write summary.json and summary.md into the sweep's directory.

    Args:
        store: The sweep.
        summary: Its summary.

    Raises:
        InputError: If they cannot be written.
    """
    try:
        write_text_atomically(store.root / "summary.json", as_json(summary))
        write_text_atomically(store.root / "summary.md", summary.to_markdown())
    except OSError as error:
        raise UnwritableError(str(store.root), str(error.strerror)) from None
