"""Removing files that nothing points to: what a crash between keeping a file and the transaction leaves behind."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from kernel.blobs.store import BlobStore
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.rekeying.files import sealed_file_columns
from licence_vault.schema import Base

GRACE = timedelta(hours=1)
STORE = "licences"
"""The store that is swept, as the columns that name its files declare it: whichever part of the vault keeps them."""


_AT_ONCE = 500


async def sweep_orphans(database: Database, blobs: BlobStore, clock: Clock, grace: timedelta = GRACE) -> int:
    """Delete blobs older than `grace` that no row names; say how many. Younger ones may be about to be named."""
    swept, old = 0, list[str]()
    async for reference, kept_at in blobs.references():
        if clock() - kept_at < grace:
            continue
        old.append(reference)
        if len(old) == _AT_ONCE:
            swept += await _sweep(database, blobs, old)
            old = []
    return swept + await _sweep(database, blobs, old)


async def _sweep(database: Database, blobs: BlobStore, references: Sequence[str]) -> int:
    if not references:
        return 0
    named = set[str]()
    columns = [each.column for each in sealed_file_columns([Base.metadata]) if each.store == STORE]
    async with database.reading() as session:
        for column in columns:
            named.update(await session.scalars(select(column).where(column.in_(references))))
    orphans = [reference for reference in references if reference not in named]
    for reference in orphans:
        await blobs.delete(reference)
    return len(orphans)
