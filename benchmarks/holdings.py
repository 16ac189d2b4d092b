"""The store at 10^4, 10^5 and 10^6 licences on PostgreSQL: a holder's licences found, a page of the console's list.

"peer" is ourselves with 10^4 licences: what is asked is that cost does not grow with the number.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

from benchmarks.measuring import Result
from kernel.database.engine import Database
from kernel.database.migrations import migrate
from licence_vault.licences.records import of_holders, of_issuer
from tests import servers
from tests.licence_vault.licences.rows import ISSUER, copy_licences, holder, licence_values
from xinyin.tables import METADATA, MIGRATIONS, load_rows

SIZES = (10_000, 100_000, 1_000_000)
GOAL = 1.5
ROUNDS, LOOKUPS, PAGES, PAGE = 7, 300, 60, 50
THE_1000TH = 1000

Work = Callable[[], Awaitable[None]]


def run() -> Iterator[Result]:
    """All sizes in one server, smallest first."""
    found = asyncio.run(_measured())
    for what, unit in (("holder's licences found", "lookup"), ("first page of the list", "page")):
        for size in SIZES[1:]:
            yield _result(f"{what}: {size:,} licences", found[what, size], found[what, SIZES[0]], unit, SIZES[0])
    deep = "1,000th page of the list"
    name = f"{deep}: {SIZES[-1]:,} licences, against the first page of {SIZES[0]:,}"
    yield _result(name, found[deep, SIZES[-1]], found["first page of the list", SIZES[0]], "page", SIZES[0])


async def _measured() -> dict[tuple[str, int], list[float]]:
    load_rows()
    found: dict[tuple[str, int], list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        with servers.postgresql(Path(folder) / "postgresql") as address:
            database, loaded = Database(f"{address}/postgres"), 0
            await migrate(database, {"vault": MIGRATIONS["vault"]}, METADATA)
            for size in SIZES:
                await copy_licences(database, loaded, size)
                loaded = size
                found["holder's licences found", size] = await _times(_holders(database, size), LOOKUPS)
                found["first page of the list", size] = await _times(_page(database, None), PAGES)
            before = licence_values(SIZES[-1] - THE_1000TH * PAGE)[0]
            found["1,000th page of the list", SIZES[-1]] = await _times(_page(database, before), PAGES)
            await database.dispose()
    return found


def _holders(database: Database, size: int) -> Work:
    count, steps = size // 4, iter(range(10**9))

    async def ask() -> None:
        who = holder(next(steps) * 7919 % count)
        async with database.reading() as session:
            assert len(await of_holders(session, [who])) == 4

    return ask


def _page(database: Database, before: str | None) -> Work:
    async def ask() -> None:
        async with database.reading() as session:
            assert len(await of_issuer(session, ISSUER, before, PAGE)) == PAGE

    return ask


async def _times(work: Work, count: int) -> list[float]:
    """Microseconds for one, in several rounds, after a round that nobody counts."""
    rounds = []
    for _ in range(ROUNDS + 1):
        start = time.perf_counter()
        for _ in range(count):
            await work()
        rounds.append((time.perf_counter() - start) / count * 1e6)
    return rounds[1:]


def _result(name: str, ours: list[float], peer: list[float], unit: str, size: int) -> Result:
    """The quickest round of each: what else the machine does only ever adds."""
    mine, theirs = min(ours), min(peer)
    return Result(
        name=name,
        ours=round(mine, 1),
        peer=round(theirs, 1),
        peer_name=f"ourselves with {size:,} licences",
        ratio=round(mine / theirs, 2),
        better="lower",
        unit=f"microseconds a {unit}",
        runs=len(ours),
        spread=round((max(ours) - min(ours)) / statistics.median(ours), 3),
        goal=GOAL,
    )
