"""Removing files that no licence points to: what a crash between keeping a file and the transaction leaves behind."""

from datetime import timedelta

from sqlalchemy import select

from kernel.blobs.store import BlobStore
from kernel.clock import Clock
from kernel.database.engine import Database
from licence_vault.licences.records import LicenceRow

GRACE = timedelta(hours=1)


async def sweep_orphans(database: Database, blobs: BlobStore, clock: Clock, grace: timedelta = GRACE) -> int:
    """Delete blobs older than `grace` that no licence names; say how many. Younger ones may be about to be named."""
    swept = 0
    async for reference, kept_at in blobs.references():
        if clock() - kept_at < grace:
            continue
        async with database.reading() as session:
            column = (LicenceRow.ofd_blob == reference) | (LicenceRow.pdf_blob == reference)
            named = (await session.scalars(select(LicenceRow.id).where(column).limit(1))).first()
        if named is None:
            await blobs.delete(reference)
            swept += 1
    return swept
