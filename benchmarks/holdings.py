"""The store at 10^4, 10^5 and 10^6 licences on PostgreSQL: a holder's licences found, a page of the console's list.

"peer" is ourselves with 10^4 licences: what is asked is that cost does not grow with the number.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

from sqlalchemy import text

from benchmarks.measuring import Result
from kernel.database.engine import Database
from kernel.database.migrations import migrate
from licence_vault.licences.records import of_holders, of_issuer
from tests import servers
from tests.licence_vault.licences.rows import ISSUER, copy_licences, holder, licence_values
from xinyin.tables import METADATA, MIGRATIONS, load_rows

SIZES = (10_000, 100_000, 1_000_000)
GOAL = 1.5
ROUNDS, LOOKUPS, PAGES, PAGE = 9, 150, 40, 50
THE_1000TH = 1000
HOLDERS, FIRST, DEEP = "holder's licences found", "first page of the list", "1,000th page of the list"

Work = Callable[[], Awaitable[None]]


def run() -> Iterator[Result]:
    """All sizes in one server, smallest first."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # the server may run as another user
        with servers.postgresql(Path(folder) / "postgresql") as address:
            found = asyncio.run(_measured(address))
    for what, unit in ((HOLDERS, "lookup"), (FIRST, "page")):
        for size in SIZES[1:]:
            yield _result(f"{what}: {size:,} licences", found[what, size], found[what, SIZES[0]], unit, SIZES[0])
    name = f"{DEEP}: {SIZES[-1]:,} licences, against the first page of {SIZES[0]:,}"
    yield _result(name, found[DEEP, SIZES[-1]], found[FIRST, SIZES[0]], "page", SIZES[0])


async def _measured(address: str) -> dict[tuple[str, int], list[float]]:
    """Databases of all sizes first; then each is asked in turns, so that what else the machine does meets all alike."""
    load_rows()
    databases = {size: await _loaded(address, size) for size in SIZES}
    works: dict[tuple[str, int], tuple[Work, int]] = {}
    for size, database in databases.items():
        works[HOLDERS, size] = _holders(database, size), LOOKUPS
        works[FIRST, size] = _page(database, None), PAGES
    before = licence_values(SIZES[-1] - THE_1000TH * PAGE)[0]
    works[DEEP, SIZES[-1]] = _page(databases[SIZES[-1]], before), PAGES
    found: dict[tuple[str, int], list[float]] = {what: [] for what in works}
    for number in range(ROUNDS + 1):
        for what, (work, count) in works.items():
            took = await _time(work, count)
            if number:  # the first round fills caches
                found[what].append(took)
    for database in databases.values():
        await database.dispose()
    return found


async def _loaded(address: str, size: int) -> Database:
    name = f"licences_{size}"
    postgres = Database(f"{address}/postgres")
    async with postgres.engine.connect() as connection:
        alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await alone.execute(text(f"CREATE DATABASE {name}"))
    await postgres.dispose()
    database = Database(f"{address}/{name}")
    await migrate(database, {"vault": MIGRATIONS["vault"]}, METADATA)
    await copy_licences(database, 0, size)
    return database


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


async def _time(work: Work, count: int) -> float:
    """Microseconds for one, the median of `count`."""
    taken = []
    for _ in range(count):
        start = time.perf_counter()
        await work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken) * 1e6


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
