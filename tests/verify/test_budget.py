"""Whoever sends files that take long pays for it, and nobody else does."""

import asyncio
import threading

import pytest

from kernel.ephemeral.memory import InProcessStore
from kernel.ephemeral.redis import RedisStore
from kernel.errors import RateLimited, Unavailable
from tests import servers
from verify.upload.budget import AT_A_TIME, SECONDS_PER_WINDOW, WAITING, WorkBudget

SLOW, OTHER = "2001:db8::1", "198.51.100.7"


class Stopwatch:
    """Seconds pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def take(self, seconds: float) -> str:
        self.now += seconds
        return "done"


async def test_ordinary_files_cost_nothing() -> None:
    watch = Stopwatch()
    budget = WorkBudget(InProcessStore(), clock=watch)
    for _file in range(100):
        assert await budget.run(SLOW, lambda: watch.take(0.3)) == "done"


async def test_a_network_whose_files_took_long_waits_and_others_do_not() -> None:
    watch = Stopwatch()
    budget = WorkBudget(InProcessStore(), clock=watch)
    await budget.run(SLOW, lambda: watch.take(SECONDS_PER_WINDOW - 1))
    await budget.run(SLOW, lambda: watch.take(80))
    for address in (SLOW, "2001:db8::ffff"):
        with pytest.raises(RateLimited):
            await budget.run(address, lambda: watch.take(0))
    assert await budget.run(OTHER, lambda: watch.take(0)) == "done"


async def test_the_budget_holds_while_redis_is_away() -> None:
    watch, store = Stopwatch(), RedisStore(f"redis://127.0.0.1:{servers.spare_port()}/0")
    budget = WorkBudget(store, clock=watch)
    await budget.run(SLOW, lambda: watch.take(SECONDS_PER_WINDOW))
    with pytest.raises(RateLimited):
        await budget.run(SLOW, lambda: watch.take(0))
    assert await budget.run(OTHER, lambda: watch.take(0)) == "done"
    await store.close()


async def test_work_that_fails_is_paid_for_too() -> None:
    watch = Stopwatch()
    budget = WorkBudget(InProcessStore(), clock=watch)

    def fail() -> None:
        watch.take(SECONDS_PER_WINDOW)
        raise ValueError

    with pytest.raises(ValueError):
        await budget.run(SLOW, fail)
    with pytest.raises(RateLimited):
        await budget.run(SLOW, fail)


async def test_a_few_run_at_a_time_and_a_long_queue_turns_people_away() -> None:
    budget, go = WorkBudget(InProcessStore()), threading.Event()
    running, most, lock = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        go.wait(10)
        with lock:
            running -= 1

    waiting = [asyncio.create_task(budget.run(OTHER, work)) for _file in range(WAITING)]
    await asyncio.sleep(0.1)
    with pytest.raises(Unavailable):
        await budget.run(SLOW, work)
    go.set()
    await asyncio.gather(*waiting)
    assert most == AT_A_TIME
