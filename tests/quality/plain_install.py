"""Run what the README and the help texts show, where only the runtime dependencies are installed: `tox -e plain`.

The commands are read from the README and from `--help`, and run two at a time in an empty directory, to which only what
a user would bring is added: a problem, and a claim of one's own. Those that make what others read run in turn, beside
those that read nothing, the mini-papers of docs/examples among them; the rest follows. Commands that need torch must
say in one sentence what to install. Those that are left out are named below, each with its reason. Standard library
only.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from time import perf_counter

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
# What would hide a missing dependency.
SURPLUS = ("pytest", "torch", "sympy", "distributed")
NEED_TORCH = ("train", "network")
LEFT_OUT = {
    "gdcheck ablate --load": "is named in prose, without its file; the example of the help text is run",
    "gdcheck verify --problems 300": "is gdcheck verify, which is run",
    "gdcheck verify --problems 2000 --seed 7 --jobs 4 --out reports/out/seed7": "takes a minute; 300 problems are run",
    "gdcheck ablate": "all ablations take minutes; one of them is run",
    "gdcheck ablate --assumption off-boundary --budget 1000": "takes a minute; a budget of 200 is run",
    "gdcheck claim my_lemma.py --budget 1e5 --jobs 4 --out run": "takes minutes; 2000 problems are run",
    "gdcheck claim theorem --budget 1e4": "takes minutes; claims of the theorem are run by their names",
    "gdcheck claim --resume run": "goes on with the run that is left out",
    "gdcheck sweep --problems 1e7 --out reports/out/run": "takes minutes; 1e6 problems are run",
}
# Commands that make what others read; the rest follow in the order in which they are shown.
FIRST = ("check", "verify", "sweep", "ablate", "claim")
# Commands that read nothing that another one makes.
ALONE = ("steps", "direction", "crossings", "train", "network")
# A false claim, and its counterexample examined again, are no success.
ENDS = {
    "gdcheck claim my_lemma.py": 1,
    "gdcheck replay reports/out/claim/counterexamples/loss_falls.json": 1,
}
VALLEY = '{"residuals": ["x*y - 1"], "step_size": "0.5", "start": ["2.2", "0.4"]}'
PROBLEM = '{"loss": "x**2 + y**2/2 + x**2*y + x**3", "step_size": "0.95", "start": ["0.1", "0.1"]}'
SECONDS = 600


def shown(environment: dict[str, str]) -> Iterator[str]:
    """Yield the commands of the README, then those of each help text.

    In the README's prose a command without options is only named; an ellipsis stands for the options shown first.
    """
    table = re.findall(r"^\| `(gdcheck [^`]+)` \|", README, flags=re.MULTILINE)
    worked = next(command for command in table if command.startswith("gdcheck check "))
    yield from table
    for command in re.findall(r"`(gdcheck [^`\s]+ [^`\n]+)`", README):
        yield command.replace("gdcheck check …", worked)
    listed = help_of("", environment)
    for name in re.findall(r"^  ([a-z]+) ", listed[listed.index("Options:") :], flags=re.MULTILINE):
        text = help_of(name, environment)
        examples = re.findall(r"^ +(gdcheck .+)$", text[text.index("Example") :], flags=re.MULTILINE)
        if not examples:
            raise SystemExit(f"gdcheck {name} --help shows no example")
        yield from examples


def help_of(name: str, environment: dict[str, str]) -> str:
    """Read a help text."""
    command = ["gdcheck", *name.split(), "--help"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def failure(command: str, folder: Path, environment: dict[str, str]) -> str | None:
    """Run a command; say what is wrong with its end, or None."""
    words = ["bash", "-o", "pipefail", "-c", command]
    try:
        done = subprocess.run(
            words,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"more than {SECONDS} s"
    if command.split()[1] in NEED_TORCH:
        told = done.stderr.count("\n") == 1 and "pip install 'gdcheck[torch]'" in done.stderr
        return (
            None if (done.returncode, done.stdout, told) == (2, "", True) else f"exit {done.returncode}: {done.stderr}"
        )
    return (
        None
        if done.returncode == ENDS.get(command, 0)
        else f"exit {done.returncode}: {done.stdout[-500:]}{done.stderr[-1500:]}"
    )


def main() -> int:
    """Run everything; the exit code is 1 if anything fails."""
    if surplus := [name for name in SURPLUS if find_spec(name)]:
        raise SystemExit(f"this environment has more than the runtime dependencies: {', '.join(surplus)}")
    environment = os.environ | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        "BROWSER": "true",
        "PYTHONUTF8": "1",
    }
    commands = list(dict.fromkeys(shown(environment)))
    if stale := LEFT_OUT.keys() - set(commands):
        raise SystemExit(f"left out, but shown nowhere any more: {', '.join(sorted(stale))}")
    commands = [command for command in commands if command not in LEFT_OUT]
    makers = sorted((c for c in commands if c.split()[1] in FIRST), key=lambda c: FIRST.index(c.split()[1]))
    # A script finds its neighbours in its own folder.
    papers = sorted((ROOT / "docs" / "examples").glob("[a-z]*.py"))
    scripts = ["python readme.py", *(f"env -u PYTHONSAFEPATH python {shlex.quote(str(paper))}" for paper in papers)]
    alone = [*(c for c in commands if c.split()[1] in ALONE), *scripts]
    readers = [c for c in commands if c.split()[1] not in (*FIRST, *ALONE)]
    blocks = "\n".join(re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL))
    claim = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "ablation.md").read_text(encoding="utf-8"), re.DOTALL)
    assert claim is not None
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        (folder / "problem.json").write_text(PROBLEM, encoding="utf-8")
        (folder / "valley.json").write_text(VALLEY, encoding="utf-8")
        (folder / "my_claim.py").write_text(claim[1], encoding="utf-8")
        (folder / "readme.py").write_text(blocks, encoding="utf-8")
        start = perf_counter()

        def in_turn(queue: Iterable[str]) -> int:
            failed = 0
            for command in queue:
                before = perf_counter()
                wrong = failure(command, folder, environment)
                failed += wrong is not None
                said = f"{perf_counter() - before:6.1f} s  {command}\n"
                sys.stdout.write(said + (f"FAILED: {wrong}\n" if wrong else ""))
                sys.stdout.flush()
            return failed

        with ThreadPoolExecutor(2) as lanes:
            failed = sum(lanes.map(in_turn, (makers, alone)))
            failed += sum(lanes.map(in_turn, ([reader] for reader in readers)))
    for command, reason in LEFT_OUT.items():
        sys.stdout.write(f"left out  {command}: {reason}\n")
    used = getrusage(RUSAGE_CHILDREN)
    worked = f"{used.ru_utime + used.ru_stime:.0f} s of processor time"
    sys.stdout.write(f"{failed} failed; {perf_counter() - start:.0f} s, {worked}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
