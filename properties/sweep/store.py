"""The directory of a sweep: run.json says what it is, batches/ holds one Parquet file for each finished batch.

A file is written in full or not at all, and its name is the number of its batch. ``properties.sweep.tables`` finds
files that were changed since: a batch is finished exactly if its file is there and holds the rows of this batch.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec import to_builtins

from gdcheck.properties.storage.files import as_json, write_bytes_atomically, write_text_atomically
from gdcheck.properties.sweep.generator import Generator
from gdcheck.properties.sweep.spec import Spec
from gdcheck.properties.sweep.work import BatchResult, Task
from gdcheck.theorem.batch.second_opinion import problem_of
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import InputError

FORMAT = "gdcheck-sweep/2"
MOST = 10**12

_NAME = re.compile(r"([0-9]{6,})\.parquet")


class UnwritableError(InputError):
    """A directory of a sweep that cannot be written.

    Args:
        root: The directory.
        reason: Why not.
    """

    def __init__(self, root: str, reason: str) -> None:
        super().__init__("out", f"cannot write in {root[:200]!r} ({reason}); make it writable and go on with --resume")
        self._made_of = root, reason

    def __reduce__(self) -> tuple[type[UnwritableError], tuple[str, str]]:
        # Worker processes send it back pickled.
        return UnwritableError, self._made_of


@dataclass(frozen=True)
class Store:
    """A sweep on disk.

    Attributes:
        root: Its directory.
        generator: Its problems.
        problems: How many there are.
    """

    root: Path
    generator: Generator
    problems: int

    @classmethod
    def create(cls, root: Path, generator: Generator, problems: int) -> Store:
        """Make the directory of a new sweep.

        Args:
            root: The directory.
            generator: The problems.
            problems: How many.

        Returns:
            The store.

        Raises:
            InputError: If the directory holds a sweep already, or cannot be written.
        """
        file = root / "run.json"
        if file.exists():
            raise InputError(
                "out", f"{str(root)[:200]!r} holds a sweep already; go on with --resume, or name another place"
            )
        store = cls(root, generator, problems)
        data = {
            "schema": FORMAT,
            "seed": generator.seed,
            "problems": problems,
            "spec": generator.spec,
            "fingerprint": store.fingerprint(to_builtins(generator.spec)),
        }
        try:
            (root / "batches").mkdir(parents=True, exist_ok=True)
            write_text_atomically(file, as_json(data))
        except OSError as error:
            raise InputError("out", f"cannot write in {str(root)[:200]!r} ({error.strerror})") from None
        return store

    @classmethod
    def open(cls, root: Path) -> Store:
        """Open the directory of a sweep.

        Args:
            root: The directory.

        Returns:
            The store.

        Raises:
            InputError: If it is not one, or its problems would be drawn otherwise here.
        """
        from gdcheck.properties.storage.reading import parse_json, read_text  # noqa: PLC0415

        data = parse_json(read_text(root / "run.json"), "run.json")
        known = {"schema", "seed", "problems", "spec", "fingerprint"}
        if not isinstance(data, dict) or set(data) != known or data["schema"] != FORMAT:
            raise InputError("run.json", f"is not of the format {FORMAT}; name a directory that sweep made")
        store = cls(root, Generator(check_seed(data["seed"]), Spec.from_json(data["spec"])), data["problems"])
        check_count(store.problems)
        if data["fingerprint"] != store.fingerprint(data["spec"]):
            raise InputError(
                "run.json",
                "was changed, or this version draws other problems; use the file and version of the sweep's start",
            )
        return store

    def fingerprint(self, spec: Any) -> str:
        """Return a digest of what was asked for and of the first problem.

        It changes if run.json was edited, and if the problems are drawn in another way.

        Args:
            spec: The spec as run.json holds it.

        Returns:
            The digest.
        """
        asked = [self.generator.seed, self.problems, spec, self.problem(0).to_json()]
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()

    def problem(self, index: int) -> Problem:
        """Return the problem of an index.

        Args:
            index: The index, from 0.

        Returns:
            The problem, exactly.

        Raises:
            InputError: If the sweep has no such problem.
        """
        if not 0 <= index < self.problems:
            raise InputError("index", f"{index} is out of range; the problems run from 0 to {self.problems - 1}")
        number, row = divmod(index, self.generator.spec.batch)
        return problem_of(self.generator.batch(number, slice(row, row + 1)), 0)

    def batches(self) -> int:
        """Return the number of batches of the sweep."""
        return -(-self.problems // self.generator.spec.batch)

    def task(self, number: int, device: str) -> Task:
        """Return a batch as a task for a device."""
        size = self.generator.spec.batch
        return Task(self.generator, number, min(size, self.problems - number * size), device)

    def finished(self) -> set[int]:
        """List the batches whose files are there; ``properties.sweep.tables`` checks what they hold.

        Raises:
            InputError: If something is in the way of a table, or belongs to no batch.
        """
        found: set[int] = set()
        try:
            paths = sorted((self.root / "batches").iterdir())
        except OSError:
            return found
        for path in paths:
            match = _NAME.fullmatch(path.name)
            if match is None:
                continue
            number = int(match[1])
            if number >= self.batches() or path != self.file(number) or not path.is_file():
                raise InputError("batches", f"{str(path)[:200]!r} does not belong to any batch; move it away")
            found.add(number)
        return found

    def file(self, number: int) -> Path:
        """Return the path of a batch's table."""
        return self.root / "batches" / f"{number:06d}.parquet"

    def keep(self, done: BatchResult) -> None:
        """Store a finished batch; contradictions and refutations are stored first.

        Args:
            done: The batch.

        Raises:
            UnwritableError: If it cannot be written.
        """
        try:
            self._keep(done)
        except OSError as error:
            raise UnwritableError(str(self.root), str(error.strerror)) from None

    def _keep(self, done: BatchResult) -> None:
        for folder, records in (("disagreements", done.objections), ("refuted", done.refuted)):
            for record in records:
                self.note(folder, record)
        if not done.objections:
            write_bytes_atomically(self.file(done.number), done.table)

    def note(self, folder: str, record: dict[str, Any]) -> None:
        """Store a record that a reader should examine, under its problem's index."""
        path = self.root / folder / f"{record['index']}.json"
        path.parent.mkdir(exist_ok=True)
        write_text_atomically(path, as_json(record))

    def tidy(self) -> None:
        """Make the folder for tables if it is missing, and remove files that a killed process left half-written.

        Raises:
            UnwritableError: If that cannot be done.
        """
        try:
            (self.root / "batches").mkdir(exist_ok=True)
            for path in (self.root / "batches").glob(".gdcheck-*.tmp"):
                path.unlink(missing_ok=True)
        except OSError as error:
            raise UnwritableError(str(self.root), str(error.strerror)) from None


def check_seed(seed: object) -> int:
    """Return the seed, after checking it.

    Args:
        seed: The value given as the seed.

    Returns:
        The seed.

    Raises:
        InputError: If it is not a whole number of 64 bits.
    """
    if type(seed) is not int or not 0 <= seed < 2**64:
        raise InputError("seed", "give a whole number from 0 to 2^64 - 1")
    return seed


def check_count(problems: object) -> int:
    """Return the number of problems, after checking it.

    Args:
        problems: The value given as the number of problems.

    Returns:
        The number.

    Raises:
        InputError: If it is not a whole number in range.
    """
    if type(problems) is not int or not 1 <= problems <= MOST:
        raise InputError("problems", "give a whole number from 1 to 1e12, such as 1e7")
    return problems
