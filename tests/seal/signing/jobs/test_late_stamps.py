"""While no time stamps can be had: files are sealed without, and the same files get their stamps later, once."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from kernel.audit.records import AuditEventRow
from kernel.errors import Unavailable
from seal.app import SealServices
from seal.client import DocumentToSeal, SealManner
from seal.documents.positions import StampPosition
from seal.seals.records import SealUseRow
from seal.seals.use_policy import IntendedUse
from seal.signing.service import SealOrder
from seal.timestamp import outside
from seal.validation.report import Indication, SignatureReport
from seal.validation.service import validate_document
from tests.seal.ofd_samples import minimal_ofd
from tests.seal.pdf_samples import minimal_pdf
from tests.seal.signing.jobs.test_seal_jobs import fetched, send, shown, uses
from tests.seal.timestamp.elsewhere import Elsewhere, outside_authority, services_with
from tests.seal.world import SealWorld

SAMPLES = {"pdf": minimal_pdf(), "ofd": minimal_ofd()}


@pytest.fixture
def elsewhere(any_world: SealWorld, monkeypatch: pytest.MonkeyPatch) -> Iterator[Elsewhere]:
    monkeypatch.setattr(outside, "RESTS_SECONDS", 0.0)
    with outside_authority(any_world) as authority:
        yield authority


@pytest.fixture
async def stamped(any_world: SealWorld, elsewhere: Elsewhere, tmp_path: Path) -> AsyncIterator[SealServices]:
    """The service behind the world's addresses, stamped from elsewhere, and a seal in use."""
    async with services_with(any_world, elsewhere, tmp_path, hard_stop=timedelta(hours=4)) as built:
        any_world.app.state.seal = built
        yield built


async def sealed(world: SealWorld, format: str, level: str) -> dict[str, Any]:
    """A job whose one file was sealed while its sender waited."""
    seal = await world.active_seal()
    response = await send(world, [(f"notice.{format}", SAMPLES[format])], seal=seal["code"], level=level)
    assert response.status_code == 201, response.text
    job: dict[str, Any] = response.json()
    return job


async def judged(world: SealWorld, services: SealServices, data: bytes) -> SignatureReport:
    report = validate_document(data, await services.publication.trust_store(), at=world.clock())
    assert report.indication is Indication.PASSED
    return report.signatures[-1]


@pytest.mark.parametrize(("format", "level"), [("ofd", "B-T"), ("pdf", "B-LTA")])
async def test_with_the_authority_there_a_file_is_stamped_at_once(
    any_world: SealWorld, elsewhere: Elsewhere, stamped: SealServices, format: str, level: str
) -> None:
    job = await sealed(any_world, format, level)

    assert job["items"][0]["time_stamp"] == "done"
    assert (await judged(any_world, stamped, await fetched(any_world, job["file"]))).time.source == "timestamp"
    assert await stamped.timestamps.pending.count() == 0


async def test_a_file_that_wants_no_stamp_says_nothing_of_one(
    any_world: SealWorld, elsewhere: Elsewhere, stamped: SealServices
) -> None:
    elsewhere.is_away = True
    assert "time_stamp" not in (await sealed(any_world, "ofd", "B-B"))["items"][0]


@pytest.mark.parametrize(("format", "level"), [("ofd", "B-T"), ("pdf", "B-T"), ("pdf", "B-LTA")])
async def test_what_was_sealed_without_a_stamp_gets_it_when_the_authority_is_back(
    any_world: SealWorld, elsewhere: Elsewhere, stamped: SealServices, format: str, level: str
) -> None:
    world = any_world
    elsewhere.is_away = True
    job = await sealed(world, format, level)
    before = await fetched(world, job["file"])
    assert (job["state"], job["items"][0]["time_stamp"]) == ("done", "pending")
    assert (await judged(world, stamped, before)).time.source == "signer"

    world.clock.advance(minutes=30)
    assert (await stamped.timestamps.pending.fetch(), await stamped.jobs.runner.add_late_stamps()) == (0, 0)
    elsewhere.is_away = False
    assert (await stamped.timestamps.pending.fetch(), await stamped.jobs.runner.add_late_stamps()) == (1, 1)

    item = (await shown(world, job))["items"][0]
    after = await fetched(world, job["file"])
    digest = hashlib.sha256(after).hexdigest()
    assert (item["time_stamp"], item["digest"]) == ("done", f"sha256:{digest}")
    last = await judged(world, stamped, after)
    assert (last.time.source, last.time.value) == ("timestamp", world.clock())
    assert (b"/DSS" in after, b"/DocTimeStamp" in after) == (level == "B-LTA", level == "B-LTA")
    assert [use.digest for use in await uses(world)] == [digest]
    assert await stamped.timestamps.pending.fetched() == []


async def test_the_runner_of_jobs_does_it_by_itself(
    any_world: SealWorld, elsewhere: Elsewhere, stamped: SealServices
) -> None:
    elsewhere.is_away = True
    job = await sealed(any_world, "ofd", "B-T")
    elsewhere.is_away = False
    await stamped.timestamps.pending.fetch()

    async with stamped.jobs.runner.running(), asyncio.timeout(10):
        while (await shown(any_world, job))["items"][0]["time_stamp"] == "pending":
            await asyncio.sleep(0.02)
    assert (await shown(any_world, job))["items"][0]["time_stamp"] == "done"


async def test_with_no_time_allowed_a_file_waits_to_be_sealed(
    any_world: SealWorld, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    world = any_world
    seal = await world.active_seal()
    async with services_with(world, elsewhere, tmp_path, hard_stop=timedelta(0)) as built:
        world.app.state.seal = built
        elsewhere.is_away = True
        sent = await send(world, [("notice.ofd", SAMPLES["ofd"])], seal=seal["code"], level="B-T")
        assert (sent.status_code, sent.json()["state"], await uses(world)) == (202, "waiting", [])

        elsewhere.is_away = False
        await built.jobs.runner.run_waiting()
        assert (await shown(world, sent.json()))["items"][0]["time_stamp"] == "done"


async def test_two_processes_complete_a_file_once(
    any_world: SealWorld, elsewhere: Elsewhere, stamped: SealServices, tmp_path: Path
) -> None:
    world = any_world
    elsewhere.is_away = True
    jobs = [await sealed(world, format, "B-T") for format in ("ofd", "pdf")]
    elsewhere.is_away = False
    await stamped.timestamps.pending.fetch()

    async with services_with(world, elsewhere, tmp_path) as other:
        counts = await asyncio.gather(stamped.jobs.runner.add_late_stamps(), other.jobs.runner.add_late_stamps())

    assert sum(counts) == 2
    for job in jobs:
        data, item = await fetched(world, job["file"]), (await shown(world, job))["items"][0]
        assert item["digest"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
        assert (await judged(world, stamped, data)).time.source == "timestamp"
    assert [event for event in await world.events() if event[0] == "timestamp.complete"] == [
        ("timestamp.complete", "success")
    ] * 2


async def test_a_process_that_dies_before_it_records_leaves_the_work_to_the_next(
    any_world: SealWorld, elsewhere: Elsewhere, stamped: SealServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = any_world
    elsewhere.is_away = True
    job = await sealed(world, "pdf", "B-T")
    elsewhere.is_away = False
    await stamped.timestamps.pending.fetch()

    class EndOfProcess(BaseException):
        pass

    async def dying(*_arguments: object) -> bool:
        raise EndOfProcess

    monkeypatch.setattr(stamped.timestamps.pending, "settle", dying)
    with pytest.raises(EndOfProcess):
        await stamped.jobs.runner.add_late_stamps()
    monkeypatch.undo()
    assert (await shown(world, job))["items"][0]["time_stamp"] == "pending"

    assert await stamped.jobs.runner.add_late_stamps() == 1
    assert (await judged(world, stamped, await fetched(world, job["file"]))).time.source == "timestamp"


async def test_the_document_stamp_may_be_late_too(
    any_world: SealWorld, elsewhere: Elsewhere, stamped: SealServices
) -> None:
    world = any_world
    elsewhere.answers = 1  # for the signature, not for the document
    job = await sealed(world, "pdf", "B-LTA")
    assert job["items"][0]["time_stamp"] == "pending"

    elsewhere.is_away = True
    other = await sealed(world, "ofd", "B-T")
    elsewhere.is_away, elsewhere.answers = False, 2
    assert await stamped.timestamps.pending.fetch() == 2
    assert await stamped.jobs.runner.add_late_stamps() == 1
    states = [(await shown(world, each))["items"][0]["time_stamp"] for each in (job, other)]
    assert states == ["pending", "done"], "the OFD needs no stamp over the document"

    elsewhere.answers = None
    assert await stamped.jobs.runner.add_late_stamps() == 1
    assert b"/DocTimeStamp" in await fetched(world, job["file"])


async def test_after_the_set_time_sealing_is_refused_in_words_until_the_authority_is_back(
    any_world: SealWorld, elsewhere: Elsewhere, stamped: SealServices
) -> None:
    world = any_world
    elsewhere.is_away = True
    seal = await world.active_seal()
    notice = [("notice.pdf", SAMPLES["pdf"])]
    assert (await send(world, notice, seal=seal["code"], level="B-T")).status_code == 201
    world.clock.advance(hours=4)

    refused = await send(world, notice, seal=seal["code"], level="B-T")
    assert refused.status_code == 503
    assert "Sealing waits for the time-stamp authority." in refused.json()["detail"]
    assert len(await uses(world)) == 1
    assert (await send(world, notice, seal=seal["code"])).status_code == 201, "no stamp is wanted"

    elsewhere.is_away = False
    again = await send(world, notice, seal=seal["code"], level="B-T")
    assert (again.status_code, again.json()["items"][0]["time_stamp"]) == (201, "done")
    assert await stamped.jobs.runner.add_late_stamps() == 1


async def test_a_seal_revoked_meanwhile_leaves_the_file_as_it_was_and_says_so(
    any_world: SealWorld, elsewhere: Elsewhere, stamped: SealServices
) -> None:
    world = any_world
    elsewhere.is_away = True
    job = await sealed(world, "ofd", "B-T")
    before = await fetched(world, job["file"])
    world.clock.advance(hours=1)
    response = await world.client.post(
        f"/api/v1/seals/{job['seal']}/revoke", json={"reason": "key-compromise"}, headers=world.approver
    )
    assert response.status_code == 200, response.text
    world.clock.advance(hours=1)
    elsewhere.is_away = False
    await stamped.timestamps.pending.fetch()

    assert await stamped.jobs.runner.add_late_stamps() == 0

    assert (await shown(world, job))["items"][0]["time_stamp"] == "failed"
    assert await fetched(world, job["file"]) == before
    assert ("timestamp.complete", "failure") in await world.events()
    assert await stamped.timestamps.pending.fetched() == []


async def test_stamps_for_files_that_are_not_kept_any_longer_are_forgotten(
    any_world: SealWorld, elsewhere: Elsewhere, stamped: SealServices
) -> None:
    elsewhere.is_away = True
    await sealed(any_world, "ofd", "B-T")
    any_world.clock.advance(days=8)
    await stamped.jobs.purge()
    elsewhere.is_away = False
    await stamped.timestamps.pending.fetch()

    assert await stamped.jobs.runner.add_late_stamps() == 0
    assert await stamped.timestamps.pending.fetched() == []


async def test_what_nobody_keeps_is_not_sealed_without_its_stamp(
    any_world: SealWorld, elsewhere: Elsewhere, stamped: SealServices
) -> None:
    elsewhere.is_away = True
    seal = await any_world.active_seal()
    document = DocumentToSeal("pdf", SAMPLES["pdf"], [StampPosition(1, 100, 200, 42, 42)])
    order = SealOrder(seal["id"], use=IntendedUse("vault"), manner=SealManner(level="B-T"))

    with pytest.raises(Unavailable, match="gives no time stamps"):
        await stamped.signing.seal_all([document], order)

    async with any_world.database.reading() as session:
        assert (await session.scalars(select(SealUseRow))).all() == []
        rows = (await session.scalars(select(AuditEventRow.action))).all()
    assert "timestamp.defer" not in rows
