"""Tasks over processes: each once, in order where there is one, and an end that says how it came."""

import os
import signal

import pytest

from gdcheck.properties.storage.workers import Ending, run_tasks


def square(x: int) -> int:
    if x < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return x * x


@pytest.mark.parametrize(("jobs", "apart"), [(1, False), (1, True), (2, False)])
def test_each_task_is_done_once(jobs: int, apart: bool) -> None:
    found: list[int] = []
    assert run_tasks(square, range(12), found.append, jobs, apart=apart) is Ending.COMPLETE
    assert sorted(found) == [x * x for x in range(12)]
    if not apart and jobs == 1:
        assert found == sorted(found)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_receiver_that_has_enough_ends_the_run(jobs: int) -> None:
    found: list[int] = []

    def take(value: int) -> bool:
        found.append(value)
        return len(found) == 3

    assert run_tasks(square, iter(range(10**9)), take, jobs) is Ending.COMPLETE
    assert len(found) == 3


def test_the_loss_of_a_process_is_told() -> None:
    found: list[int] = []
    assert run_tasks(square, [1, 2, -1, 3], found.append, 1, apart=True) is Ending.WORKER_LOST
    assert {1, 4} >= set(found)


def test_an_interrupt_keeps_what_was_done() -> None:
    found: list[int] = []

    def take(value: int) -> None:
        found.append(value)
        if value == 4:
            raise KeyboardInterrupt

    assert run_tasks(square, range(10), take, 1) is Ending.INTERRUPTED
    assert found == [0, 1, 4]
