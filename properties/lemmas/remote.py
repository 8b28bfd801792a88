"""A shard on a worker of a cluster: in a process of its own there, which may be killed, and without a shared disk."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec.json import decode, encode

from gdcheck.properties.lemmas.drawing import Shard
from gdcheck.properties.lemmas.loading import Source
from gdcheck.properties.lemmas.outcome import ClaimError
from gdcheck.properties.lemmas.results import ShardResult
from gdcheck.properties.lemmas.shards import MOST_ENDLESS, Task, ended_at, stored, with_endless, work

_TASK = "task.json"


def work_apart(task: Task) -> ShardResult:
    """Work on a shard in another process, again and again until all problems that do not end are known.

    Workers of a cluster may have no children of their own by ``multiprocessing``, and must not be killed themselves.

    Args:
        task: The shard. The text of its claim's file goes with it.

    Returns:
        The result.

    Raises:
        RuntimeError: If the process was killed from outside.
    """
    source = task.source
    with TemporaryDirectory(prefix="gdcheck-") as folder:
        root = Path(folder)
        (root / "shards").mkdir()
        if ".py" in source.target:
            file = root / source.file
            file.write_text(source.text, encoding="utf-8")
            source = replace(source, target=str(file))
        here = replace(task, source=source, root=root)
        while len(here.endless) < MOST_ENDLESS:
            (root / _TASK).write_bytes(encode((source, here.shard, here.time_limit, here.endless)))
            done = subprocess.run([sys.executable, "-m", __name__, folder], capture_output=True, text=True, check=False)
            if (found := stored(here)) is not None:
                return found
            at = ended_at(here)
            if at is None:
                raise RuntimeError(f"the process of a shard ended with {done.returncode}: {done.stderr[-500:]}")
            try:
                here = with_endless(here, *at)
            except ClaimError as error:
                return ShardResult(source.name, here.shard.number, endless=here.endless, fault=error.message)
        return ShardResult(source.name, here.shard.number, endless=here.endless)


def main(folder: Path) -> None:
    """Work on the shard whose task lies in a folder.

    Args:
        folder: The folder.
    """
    source, shard, time_limit, endless = decode(
        (folder / _TASK).read_bytes(), type=tuple[Source, Shard, float, dict[int, str]]
    )
    work(Task(source, shard, folder, time_limit, endless=endless))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
