"""Work beside answering: at once while there is something, again after a fault, and gone when the block ends."""

import asyncio

from kernel.repeating import Repeating


class Work:
    """Has so many things to do, and fails where it is told to."""

    def __init__(self, things: int = 0, fails_first: bool = False) -> None:
        self.things, self.done, self.looks, self._fails = things, 0, 0, fails_first
        self.looked = asyncio.Event()

    async def step(self) -> bool:
        self.looks += 1
        self.looked.set()
        if self._fails:
            self._fails = False
            raise OSError("away")
        if self.done == self.things:
            return False
        self.done += 1
        return True


async def until(condition) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0)


async def test_everything_there_is_is_done_without_a_pause():
    work = Work(things=100)
    async with Repeating("work", work.step, idle_seconds=3600).running():
        await until(lambda: work.done == 100)


async def test_a_fault_puts_it_off_and_does_not_end_it():
    work = Work(things=1, fails_first=True)
    async with Repeating("work", work.step, idle_seconds=0.01).running():
        await until(lambda: work.done == 1)


async def test_whoever_knows_of_work_need_not_wait_for_the_next_look():
    work = Work()
    repeating = Repeating("work", work.step, idle_seconds=3600)
    async with repeating.running():
        await until(lambda: work.looks == 1)
        work.things = 1
        repeating.wake()
        await until(lambda: work.done == 1)


async def test_it_ends_with_the_block():
    work = Work()
    async with Repeating("work", work.step, idle_seconds=0).running():
        await work.looked.wait()
    looks = work.looks
    for _ in range(10):
        await asyncio.sleep(0)
    assert work.looks == looks
