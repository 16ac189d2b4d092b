"""What the service does beside answering: batches, collections, notices, neighbours at once; chores once an hour."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from licence_vault.issuing.sweeping import GRACE, sweep_orphans
from licence_vault.licences.partitions import prepare_access_partitions
from verify.trust_list.directory import export_trust_list
from xinyin.house import House

HOUR = 3600
_log = structlog.get_logger()


@asynccontextmanager
async def chores_running(house: House, seconds: float = HOUR) -> AsyncIterator[None]:
    """Have chores, seal jobs, batches, collections and notices done in the block; several processes do no harm."""
    await asyncio.to_thread(house.verify.judges.start)  # so that the first file need not wait for them
    task = asyncio.create_task(_repeat(house, seconds))
    try:
        vault = house.licence_vault
        async with (
            house.seal.jobs.runner.running(),
            vault.batch_runner.work.running(),
            vault.collector.work.running(),
            vault.notice_runner.work.running(),
            vault.neighbour_runner.work.running(),
        ):
            yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def do_chores(house: House) -> None:
    """Everything once."""
    foundation = house.foundation
    await house.idp.purge()
    await house.idp.mandates.end_lapsed()
    await house.seal.intents.abandon_expired()
    await house.seal.jobs.purge()
    await house.seal.outside_lists.fetch()
    await prepare_access_partitions(foundation.database, foundation.clock)
    for blobs in (foundation.blobs, foundation.seal_job_blobs):
        await blobs.sweep_aside(foundation.clock() - GRACE)
    swept = await sweep_orphans(foundation.database, foundation.blobs, foundation.clock)
    if swept:
        _log.info("orphan files removed", count=swept)
    await house.licence_vault.notice_runner.chores()
    await house.licence_vault.neighbour_runner.chores()
    await house.seal.authority.bootstrap()  # renews what has been used for long enough
    if house.settings.trust_directory.is_dir():
        await renew_trust_folder(house)


async def renew_trust_folder(house: House) -> None:
    """Write what verifying with no server needs: anchors, revocation lists, keys, and status lists good for a day."""
    trust, lists = await house.trust.published(), await house.licence_vault.statuses.tokens()
    folder, sealing = house.settings.trust_directory, house.seal
    seals = await sealing.publication.status_list(sealing.signing.sign_seal_status, sealing.public_url)
    await asyncio.to_thread(export_trust_list, trust, folder, status_lists=lists, seal_status=seals)
    await asyncio.to_thread(sealing.timestamps.export_anchors, folder / "timestamp-anchors")


async def _repeat(house: House, seconds: float) -> None:
    while True:
        try:
            await do_chores(house)
        except Exception as failure:  # noqa: BLE001 - whatever went wrong this hour, the next hour must come
            _log.warning("chores put off", reason=type(failure).__name__)
        await asyncio.sleep(seconds)
