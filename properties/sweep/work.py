"""One batch of a sweep, from its number to a table: a pure function, so that any process of any machine may run it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from gdcheck.properties.sweep.generator import Generator, namespace_of
from gdcheck.properties.sweep.spec import Spec
from gdcheck.theorem.batch.batch import BLOCK, DEVICE_BLOCK, certify_batch
from gdcheck.theorem.batch.columns import Batch, Outcome, State
from gdcheck.theorem.batch.second_opinion import SecondOpinion, component, problem_of, second_opinion
from gdcheck.theorem.certificate.answer import answer
from gdcheck.theorem.decision.decide import Decision, Verdict, decide
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.methods.statement import LimitKind

if TYPE_CHECKING:
    import polars as pl

VERDICTS = [verdict.value for verdict in Verdict]
REGIMES = ["small-step", "large-step"]
MOMENTUM_REGIMES = [*REGIMES, "rotating", "boundary", "unstable"]
TIERS = ["float64", "arb"]


def regimes_of(spec: Spec) -> list[str]:
    """Return the regimes that a sweep distinguishes."""
    return REGIMES if spec.is_plain else MOMENTUM_REGIMES


def columns(spec: Spec) -> dict[str, Any]:
    """Return the columns of a batch's table and their types."""
    import polars as pl  # noqa: PLC0415

    return {
        "index": pl.UInt64(),
        "verdict": pl.Enum(VERDICTS),
        "tier": pl.Enum(TIERS),
        "regime": pl.Enum(regimes_of(spec)),
        "distance": pl.Float32(),
        "step": pl.Int32(),
        "sign": pl.Int8(),
        "margin_bits": pl.Int16(),
    }


_STRAGGLERS = 8
"""The last rows of a batch that float64 gives up together, if no more are left: they go to Arb."""


@dataclass(frozen=True)
class Task:
    """A batch of a run.

    Attributes:
        generator: The problems of the run.
        number: Which batch.
        count: How many problems it has: the last one may be cut short.
        device: ``cpu``, or torch's name of a device.
    """

    generator: Generator
    number: int
    count: int
    device: str = "cpu"

    @property
    def first(self) -> int:
        """The index of its first problem."""
        return self.number * self.generator.spec.batch


@dataclass(frozen=True)
class BatchResult:
    """A finished batch.

    Attributes:
        number: Which batch.
        problems: How many problems it had.
        table: Its Parquet file.
        sampled: How many problems were decided a second time, their certificates given to the independent checker.
        not_checked: At how many of these it gave up, which says nothing about them.
        objections: Both answers of every disagreement.
        refuted: The refuted problems, with their answers.
    """

    number: int
    problems: int
    table: bytes
    sampled: int
    not_checked: int
    objections: tuple[dict[str, Any], ...]
    refuted: tuple[dict[str, Any], ...]


def work(task: Task) -> BatchResult:
    """Decide all problems of a batch.

    Args:
        task: The batch.

    Returns:
        Its table and the results of the second opinions.

    Raises:
        InputError: If the memory of the device does not suffice.
    """
    try:
        return _work(task)
    except RuntimeError as error:
        # torch's own kind of RuntimeError, named here where torch may be missing.
        if type(error).__name__ != "OutOfMemoryError":
            raise
        said = f"the processes together need more memory than {task.device} has; give fewer, and --resume"
        raise InputError("jobs", said) from None


def _work(task: Task) -> BatchResult:
    spec = task.generator.spec
    xp, device = namespace_of(task.device)
    block = BLOCK if device is None else DEVICE_BLOCK
    batch = task.generator.batch(task.number, slice(0, task.count), task.device)
    least = min(_STRAGGLERS, task.count // 16)
    outcome = certify_batch(batch, xp, device=device, max_steps=spec.max_steps, block=block, least=least)
    frame = _Frame(batch, outcome, regimes_of(spec))
    left = set(np.flatnonzero(outcome.state != State.PROVED).tolist())
    # Where float64 decides nothing, every problem is checked.
    sample = range(task.count) if spec.is_adaptive else _sample(task)
    refuted, objections = [], []
    not_checked = 0
    for row in sorted(left.union(sample)):
        if row in sample:
            opinion = second_opinion(batch, outcome, row, max_steps=spec.exact_steps)
            decision, unchecked = opinion.decision, opinion.not_checked is not None
            not_checked += unchecked
            if opinion.objection is not None:
                objections.append({"index": task.first + row} | _dispute(outcome, row, opinion))
        else:
            decision, unchecked = decide(problem_of(batch, row), max_steps=spec.exact_steps), False
        if row in left:
            frame.take(row, decision, counts=not unchecked)
            if decision.verdict is Verdict.REFUTED:
                refuted.append({"index": task.first + row, "answer": answer(decision)})
    return BatchResult(
        number=task.number,
        problems=task.count,
        table=_parquet(frame.table(task.first)),
        sampled=len(sample),
        not_checked=not_checked,
        objections=tuple(objections),
        refuted=tuple(refuted),
    )


def _sample(task: Task) -> list[int]:
    """Return the rows that are decided again: evenly spread, from an offset that differs from batch to batch."""
    size = min(task.generator.spec.sample, task.count)
    offset = int(np.random.Philox(key=np.array([task.generator.seed, 2 * task.number + 1], np.uint64)).random_raw(1)[0])
    return sorted((offset + k * task.count // size) % task.count for k in range(size))


def _dispute(outcome: Outcome, row: int, opinion: SecondOpinion) -> dict[str, Any]:
    return {
        "objection": opinion.objection,
        "float64": {
            "state": State(outcome.state[row]).name.lower(),
            "step": int(outcome.step[row]),
            "regime": MOMENTUM_REGIMES[2 if outcome.turning[row] else int(outcome.large[row])],
            "sign": int(outcome.sign[row]),
            "radius": float(outcome.radius[row]),
            "error": float(outcome.error[row]),
            "ratio": float(outcome.ratio[row]),
        },
        "arb": answer(opinion.decision),
        "problem": opinion.problem.to_json(),
    }


def distances(batch: Batch) -> npt.NDArray[np.float32]:
    """Return η divided by the boundary, minus one; few digits are kept, because the index gives all of them.

    With momentum the boundary is 2(1 + β)/(λ₁ + λₙ) for heavy ball, whether a window surrounds it or not, and the limit
    of stability for Nesterov; for Adam and RMSprop that of heavy ball with the step size η(1 − β₁)/ε.
    """
    shares, beta = batch.step_size * _ends(batch) / 2, batch.beta
    if beta is not None:
        shares = shares / (1 + beta)
        if batch.averages is not None:
            shares = shares * (1 - beta) / batch.averages.epsilon
        elif batch.momentum is not None and batch.momentum.looks_ahead:
            shares = batch.step_size * batch.spectrum[-1] * (1 + 2 * beta) / (2 + 2 * beta)
    found: npt.NDArray[np.float32] = (shares - 1).astype(np.float32)
    return found


def large(batch: Batch) -> npt.NDArray[np.bool_]:
    """Return whether the step size is beyond the boundary."""
    found: npt.NDArray[np.bool_] = batch.step_size * _ends(batch) > 2
    return found


def _ends(batch: Batch) -> npt.NDArray[np.float64]:
    ends: npt.NDArray[np.float64] = batch.spectrum[0] + batch.spectrum[-1]
    return ends


class _Frame:
    """The columns of a batch's table; Arb's decisions replace rows that float64 left open."""

    def __init__(self, batch: Batch, outcome: Outcome, regimes: list[str]) -> None:
        self._batch, self._regimes = batch, regimes
        self._distance = distances(batch)
        self._verdict = np.full(batch.rows, VERDICTS.index("proved"), np.uint8)
        self._tier = np.zeros(batch.rows, np.uint8)
        self._regime = large(batch).astype(np.uint8)
        if batch.momentum is not None:
            self._regime = np.where(outcome.turning, 2, outcome.large).astype(np.uint8)
        self._step, self._sign = outcome.step.copy(), outcome.sign.copy()
        # The ratio lies in [2^(e−1), 2^e) and is above one.
        self._bits = (np.frexp(np.maximum(outcome.ratio, 1))[1] - 1).astype(np.int16)

    def take(self, row: int, decision: Decision, *, counts: bool = True) -> None:
        """Replace a row by Arb's decision; unless it counts (the checker gave up on it), the row is unresolved."""
        amplitude, limit = (decision.amplitude, decision.limit) if counts else (None, None)
        self._verdict[row] = VERDICTS.index((decision.verdict if counts else Verdict.UNRESOLVED).value)
        self._tier[row] = TIERS.index("arb")
        self._step[row] = amplitude.step if amplitude else -1
        self._bits[row] = -1
        self._sign[row] = 0
        known = decision.classification
        if len(self._regimes) > len(REGIMES) and known is not None and known.regime is not None:
            self._regime[row] = self._regimes.index(known.regime.value)
        if limit is not None and limit.vectors and decision.verdict is Verdict.PROVED:
            along = component(self._batch, row, limit.vectors[0], -1 if limit.kind is LimitKind.ALTERNATING else 0)
            self._sign[row] = 1 if along > 0 else -1

    def table(self, first: int) -> pl.DataFrame:
        import polars as pl  # noqa: PLC0415

        def named(codes: npt.NDArray[Any], names: list[str]) -> pl.Series:
            kind = pl.Enum(names)
            return pl.Series(codes.astype(np.uint32)).replace_strict(dict(enumerate(names)), return_dtype=kind)

        return pl.DataFrame(
            {
                "index": np.arange(first, first + self._step.size, dtype=np.uint64),
                "verdict": named(self._verdict, VERDICTS),
                "tier": named(self._tier, TIERS),
                "regime": named(self._regime, self._regimes),
                "distance": self._distance,
                "step": self._step,
                "sign": self._sign,
                "margin_bits": self._bits,
            }
        ).with_columns(pl.col("step", "margin_bits").replace(-1, None))


def _parquet(table: pl.DataFrame) -> bytes:
    stream = io.BytesIO()
    table.write_parquet(stream, compression="zstd", statistics=False)
    return stream.getvalue()
