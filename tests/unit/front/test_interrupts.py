"""Real signals to real processes: what is finished is kept, no worker stays behind, no sentence contradicts another."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are found through /proc")

# Long enough to be hit, whatever the machine.
COMMANDS = {
    "verify": ["verify", "--problems", "100000"],
    "ablate": ["ablate", "--budget", "100000"],
    "sweep": ["sweep", "--problems", "1e8"],
}
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}


def workers(pid: int) -> list[int]:
    """The worker processes of a command; the first child may be Python's own tracker of resources."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]
    except OSError:
        return []


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    except OSError:
        return False


def wait_for(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)


# Tests that run in the background of a shell ignore Ctrl-C, and would bequeath that.
LISTENING = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from gdcheck.cli import main
main()
"""


def started(words, cwd) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", LISTENING, *words],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def at_work(process) -> list[int]:
    """Wait until both workers have been at work for a while; their processes."""
    wait_for(lambda: len(workers(process.pid)) == 2)
    found = workers(process.pid)
    ticks = os.sysconf("SC_CLK_TCK")

    def used(pid):
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / ticks

    wait_for(lambda: all(used(pid) > 1.5 for pid in found))
    assert process.poll() is None, process.communicate()
    return found


# SIGTERM takes the way of SIGINT: one command shows it, and the group below another.
SIGNALLED = [(command, number) for command in COMMANDS for number in (signal.SIGINT, signal.SIGKILL)]
SIGNALLED.append(("sweep", signal.SIGTERM))


@pytest.mark.parametrize(("command", "number"), SIGNALLED, ids=lambda x: x if isinstance(x, str) else x.name)
def test_a_signal_to_the_command_ends_it_and_its_workers(command, number, tmp_path):
    words = [*COMMANDS[command], "--jobs", "2", "--out", "out"]
    with started(words, tmp_path) as process:
        found = at_work(process)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == CODES[number], out + err
    wait_for(lambda: not any(map(is_alive, found)), seconds=5)
    assert "Traceback" not in err
    assert "passed" not in out
    if number is signal.SIGKILL:
        return
    told = {
        "verify": "interrupted: the report holds what was finished",
        "ablate": "ended early: the report holds what was finished",
        "sweep": "unfinished: go on with gdcheck sweep --resume out",
    }
    assert told[command] in " ".join(out.split())
    assert (tmp_path / "out" / "index.html").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda s: s.name)
def test_a_signal_to_the_whole_group_is_that_of_the_command(number, tmp_path):
    """Ctrl-C in a terminal and ``timeout`` signal every process of the group."""
    with started([*COMMANDS["verify"], "--jobs", "2", "--out", "out"], tmp_path) as process:
        found = at_work(process)
        for pid in (*found, process.pid):
            os.kill(pid, number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == CODES[number], out + err
    assert "verification incomplete" in out
    assert "its process ended" not in (tmp_path / "out" / "report.json").read_text()
    assert not any(map(is_alive, found))


CLAIMS = """
from gdcheck import claim, holds

@claim("the distance falls at every step", quadratic=True, dimensions=(2, 2), steps=1)
def distance_falls(problem, decision, trajectory):
    return holds(trajectory.distance[1:] < trajectory.distance[:-1])
"""


def test_claims_that_were_ended_go_on_to_the_same_bytes(tmp_path):
    (tmp_path / "lemma.py").write_text(CLAIMS, encoding="utf-8")
    new = ["claim", "lemma.py", "--budget", "3000"]
    with started([*new, "--jobs", "1", "--out", "whole"], tmp_path) as process:
        assert process.wait(timeout=300) == 0
    shards = tmp_path / "cut" / "shards"

    def written() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in shards.glob("*.json")}

    def ended_by(number, words, before) -> str:
        with started([*words, "--jobs", "2"], tmp_path) as process:
            wait_for(lambda: len(written()) > len(before))
            found = workers(process.pid)
            process.send_signal(number)
            out, _ = process.communicate(timeout=60)
        wait_for(lambda: not any(map(is_alive, found)), seconds=5)
        assert process.returncode == CODES[number]
        return out

    assert "ended early: go on with gdcheck claim --resume cut" in ended_by(signal.SIGINT, [*new, "--out", "cut"], {})
    once = written()
    ended_by(signal.SIGKILL, ["claim", "--resume", "cut"], once)
    twice = written()
    with started(["claim", "--resume", "cut", "--jobs", "2"], tmp_path) as process:
        assert process.wait(timeout=300) == 0
    # What was done is not done again.
    assert 0 < len(once) < len(twice) < len(written()) == 12
    assert once.items() <= twice.items() <= written().items()
    assert (tmp_path / "cut" / "claim.json").read_bytes() == (tmp_path / "whole" / "claim.json").read_bytes()
