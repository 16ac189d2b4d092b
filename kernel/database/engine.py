"""Transactions on SQLite (WAL, synchronous=FULL) and PostgreSQL through one small door."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from kernel.errors import ConfigurationError, Unavailable

_BEFORE_COMMIT = "before_commit"
_SQLITE_PASSING = frozenset({5, 6, 7, 9, 10, 13, 14, 15})
"""BUSY, LOCKED, NOMEM, INTERRUPT, IOERR, FULL, CANTOPEN, PROTOCOL (sqlite.org/rescode.html)."""
_SQLSTATE_PASSING_CLASSES = frozenset({"08", "40", "53", "57", "58"})
"""Connection, rollback (deadlock, serialization), resources, operator's intervention, system (PostgreSQL, app. A)."""
_SQLSTATE_PASSING = frozenset({"25006", "55P03"})
"""A standby that takes no writes; a lock that was not to be had."""
DRIVERS = ("sqlite+aiosqlite", "postgresql+asyncpg")


class Database:
    """A database that hands out transactions.

    `transaction()` is for writing: it commits at the end of the block or leaves nothing. `reading()` is for reading
    alone and never commits.
    """

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        """Take `url` as SQLAlchemy writes it; raises `ConfigurationError` for a driver that we do not know."""
        self.url = url
        self._engine = _create_engine(url, pool_size)

    @property
    def engine(self) -> AsyncEngine:
        """The engine itself, for migrations and the fast paths."""
        return self._engine

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded default."""
        return self._engine.dialect.name == "sqlite"

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session whose changes become durable together when the block ends without an error."""
        async with AsyncSession(self._engine, expire_on_commit=False) as session:
            try:
                if self.is_sqlite:
                    # Taking the write lock at once keeps two writers from meeting half-way (SQLITE_BUSY).
                    await session.execute(text("BEGIN IMMEDIATE"))
                yield session
                await _run_before_commit(session)
                await session.commit()
            except (DBAPIError, PoolTimeout, OSError) as failure:
                if not will_pass(failure):
                    raise
                raise _unavailable(failure) from failure

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session for reading; whatever is changed in it is thrown away."""
        async with AsyncSession(self._engine, expire_on_commit=False, autoflush=False) as session:
            try:
                if self.is_sqlite:
                    await session.execute(text("BEGIN"))
                yield session
            except (DBAPIError, PoolTimeout, OSError) as failure:
                if not will_pass(failure):
                    raise
                raise _unavailable(failure) from failure

    async def ping(self) -> None:
        """Raises `Unavailable` when the database does not answer."""
        async with self.reading() as session:
            await session.execute(text("SELECT 1"))

    async def dispose(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


def before_commit(session: AsyncSession, key: str, work: Callable[[], Awaitable[None]]) -> None:
    """Have `work` run as the last step of the transaction of `session`; a second call with `key` is ignored.

    What takes a lock that all writers want (the audit chain) belongs here: the lock is then held for the shortest time
    and always taken last, so that no two transactions wait for each other.
    """
    session.info.setdefault(_BEFORE_COMMIT, {}).setdefault(key, work)


async def _run_before_commit(session: AsyncSession) -> None:
    for work in list(session.info.get(_BEFORE_COMMIT, {}).values()):
        await work()


def _create_engine(url: str, pool_size: int) -> AsyncEngine:
    try:
        parsed = make_url(url)
    except ArgumentError as failure:
        raise ConfigurationError("XINYIN_DATABASE_URL is not a database address.", reason=str(failure)) from failure
    if parsed.drivername not in DRIVERS:
        raise ConfigurationError(
            "XINYIN_DATABASE_URL must begin with one of {drivers}.",
            drivers=", ".join(f"{d}://" for d in DRIVERS),
        )
    if parsed.drivername.startswith("postgresql"):
        return create_async_engine(parsed, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(parsed, connect_args={"timeout": 30})
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not open transactions by itself: we say BEGIN or BEGIN IMMEDIATE.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def will_pass(failure: BaseException) -> bool:
    """Whether the same may succeed in a moment: the database is away, busy, or undid us in favour of others.

    A fault of our own (a table that is not there, a wrong statement) must not look like an outage.
    """
    if not isinstance(failure, DBAPIError):
        return isinstance(failure, PoolTimeout | OSError)
    if isinstance(failure, IntegrityError):
        return False
    code = getattr(failure.orig, "sqlite_errorcode", None)
    if isinstance(code, int):
        return code & 0xFF in _SQLITE_PASSING
    state = getattr(failure.orig, "sqlstate", None)
    if isinstance(state, str):
        return state[:2] in _SQLSTATE_PASSING_CLASSES or state in _SQLSTATE_PASSING
    return failure.connection_invalidated or isinstance(failure, InterfaceError)


def _unavailable(failure: BaseException) -> Unavailable:
    reason = type(failure).__name__
    if isinstance(failure, DBAPIError):
        reason = f"{reason}: {type(failure.orig).__name__}"
    return Unavailable("The database does not answer. Please try again in a moment.", reason=reason)
