"""While no time stamps can be had: sealing goes on for a set time, what is missing is fetched later."""

import asyncio
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from pyhanko.sign.timestamps.requests_client import HTTPTimeStamper

from kernel.crypto.sm3 import sm3
from kernel.crypto.timestamps.token import TimestampToken
from kernel.crypto.timestamps.verification import verify_timestamp
from kernel.errors import Unavailable
from seal.app import SealServices
from seal.timestamp import outside
from seal.timestamp.pending import MissingTimestamp
from seal.timestamp.settings import BUILT_IN
from tests.seal.timestamp.elsewhere import PKI, Elsewhere, outside_authority, services_with
from tests.seal.timestamp.http_authority import Answer, serving
from tests.seal.world import SealWorld

DIGEST = hashlib.sha256(b"signature value").digest()


@pytest.fixture
def elsewhere(world: SealWorld, monkeypatch: pytest.MonkeyPatch) -> Iterator[Elsewhere]:
    monkeypatch.setattr(outside, "RESTS_SECONDS", 0.0)
    with outside_authority(world) as authority:
        yield authority


async def defer(world: SealWorld, built: SealServices, ref: str = "document-1", digest: bytes = DIGEST) -> str:
    async with world.database.transaction() as session:
        missing = MissingTimestamp("sha256", digest, ref, world.clock())
        return await built.timestamps.pending.defer(session, missing)


async def test_stamps_come_from_elsewhere_and_are_believed_for_stamps_alone(
    world: SealWorld, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    async with services_with(world, elsewhere, tmp_path) as built:
        token = TimestampToken.load(await asyncio.to_thread(built.timestamps.stamper, DIGEST, "sha256"))
        trust = await built.publication.trust_store()

    assert verify_timestamp(token, DIGEST, trust.for_timestamps(), world.clock())[-1] == PKI.root
    assert PKI.root not in trust.anchors


async def test_sm3_may_stay_with_the_built_in_authority(world: SealWorld, elsewhere: Elsewhere, tmp_path: Path) -> None:
    async with services_with(world, elsewhere, tmp_path, sm3_url=BUILT_IN) as built:
        digest = sm3(b"signature value")
        token = TimestampToken.load(await asyncio.to_thread(built.timestamps.stamper, digest, "sm3"))

    assert token.find_signer() == built.authority.certificate("sm2-tsa")
    assert elsewhere.served.queries == []


async def test_what_is_missing_is_fetched_and_taken_once(
    world: SealWorld, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    async with services_with(world, elsewhere, tmp_path) as built:
        pending = built.timestamps.pending
        elsewhere.is_away = True
        with pytest.raises(Unavailable):
            await asyncio.to_thread(built.timestamps.stamper, DIGEST, "sha256")
        await pending.check()
        identifier = await defer(world, built)
        assert await pending.fetch() == 0
        assert (await pending.count(), await pending.fetched()) == (1, [])

        elsewhere.is_away = False
        assert await pending.fetch() == 1
        (fetched,) = await pending.fetched()
        assert (fetched.id, fetched.missing.document_ref, fetched.missing.digest) == (identifier, "document-1", DIGEST)
        assert TimestampToken.load(fetched.token).imprint == DIGEST

        async with world.database.transaction() as session:
            await pending.settle(session, identifier)
        assert (await pending.count(), await pending.fetched()) == (0, [])
    assert [event for event in await world.events() if event[0].startswith("timestamp.")] == [
        ("timestamp.defer", "success"),
        ("timestamp.fetch", "success"),
    ]


async def test_sealing_stops_after_the_set_time_and_goes_on_with_the_authority(
    world: SealWorld, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    async with services_with(world, elsewhere, tmp_path, hard_stop=timedelta(hours=4)) as built:
        pending = built.timestamps.pending
        elsewhere.is_away = True
        await defer(world, built)
        world.clock.advance(hours=3, minutes=59)
        await pending.check()
        assert await pending.may_go_without()

        world.clock.advance(minutes=1)
        assert not await pending.may_go_without()
        with pytest.raises(Unavailable, match="2026-11-21 10:00"):
            await pending.check()

        elsewhere.is_away = False
        await pending.check()
        assert await pending.count() == 0


async def test_with_no_time_allowed_nothing_is_sealed_without_a_stamp(
    world: SealWorld, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    async with services_with(world, elsewhere, tmp_path, hard_stop=timedelta(0)) as built:
        assert not await built.timestamps.pending.may_go_without()


async def test_a_backlog_is_fetched_whole_and_by_two_processes_without_harm(
    world: SealWorld, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    async with services_with(world, elsewhere, tmp_path) as built:
        for number in range(101):
            await defer(world, built, f"document-{number}", hashlib.sha256(bytes([number])).digest())
        await asyncio.gather(built.timestamps.pending.fetch(), built.timestamps.pending.fetch())
        fetched = await built.timestamps.pending.fetched(200)

    assert len({each.missing.document_ref for each in fetched}) == 101
    assert all(TimestampToken.load(each.token).imprint == each.missing.digest for each in fetched)


async def test_a_missing_stamp_of_a_transaction_that_failed_is_not_missed(
    world: SealWorld, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    async with services_with(world, elsewhere, tmp_path) as built:
        with pytest.raises(RuntimeError):
            async with world.database.transaction() as session:
                await built.timestamps.pending.defer(session, MissingTimestamp("sha256", DIGEST, "x", world.clock()))
                raise RuntimeError
        assert await built.timestamps.pending.count() == 0


async def test_pyhanko_takes_stamps_from_our_address(world: SealWorld) -> None:
    """A real HTTP server in front of the application; pyHanko checks status, nonce and imprint."""
    loop = asyncio.get_running_loop()

    def forward(query: bytes) -> Answer:
        sent: httpx.Response = asyncio.run_coroutine_threadsafe(world.client.post("/tsa", content=query), loop).result(
            10
        )
        return sent.status_code, sent.content

    with serving(forward) as served:
        stamper = HTTPTimeStamper(served.url)
        signed = await stamper.async_timestamp(DIGEST, "sha256")

    token = TimestampToken.load(signed.dump())
    trust = await world.services.publication.trust_store()
    assert verify_timestamp(token, DIGEST, trust.for_timestamps(), world.clock())
