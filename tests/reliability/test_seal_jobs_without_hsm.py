"""The queue of seal jobs when the module with the seals' P-256 keys dies: it pauses, goes on, seals each file once."""

import asyncio
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from kernel.audit.chain import Actor
from kernel.crypto.custody.counting import KeyUses
from seal.documents.placement.request import LowerRight
from seal.seals.records import SealUseRow
from seal.seals.use_policy import IntendedUse
from seal.signing.intents.records import SealIntentRow
from seal.signing.jobs.job import JobRequest, SealJob, SentFile, Wish
from seal.validation.report import Indication
from seal.validation.service import validate_document
from tests.houses import AGENCY, TestHouse, opened
from tests.reliability.test_hsm_loss import ALLOWED_SECONDS, AWAY_SECONDS, pin_flags
from tests.seal.pdf_samples import minimal_pdf
from tests.softhsm import CLIENT

pytestmark = pytest.mark.slow

FILES = 60
OFFICER = Actor("user", "officer")


async def start_job(test: TestHouse) -> SealJob:
    (seal,) = await test.house.seal.register.seals(owner_uscc=AGENCY.uscc)
    files = [
        SentFile(f"{number}.pdf", "pdf", minimal_pdf(before_text=f"% notice {number}\n")) for number in range(FILES)
    ]
    wish = Wish([LowerRight()], use=IntendedUse("person", uscc=AGENCY.uscc))
    return await test.house.seal.jobs.create(JobRequest(seal.id, files, wish, OFFICER))


async def done(test: TestHouse, job: SealJob) -> int:
    items = (await test.house.seal.jobs.get(job.id, OFFICER)).items
    assert not [item.fault for item in items if item.fault]
    return sum(item.state == "done" for item in items)


async def until_done(test: TestHouse, job: SealJob, count: int, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while await done(test, job) < count:
        assert time.monotonic() < end, f"{await done(test, job)} of {count}"
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("sealing_workers", [0, 2], ids=["in-process", "workers"])
async def test_seal_jobs_outlive_the_death_of_the_module(tmp_path: Path, server, sealing_workers, record_property):
    token = server.hsm.address(f"seals-{sealing_workers}", module=str(CLIENT), more="&x-reload-seconds=1")
    keys = f"SM2-SM3,Ed25519=file:{tmp_path}/keys ES256,RS256={token}"
    async with opened(tmp_path, keys=keys, sealing_workers=sealing_workers) as test:
        job = await start_job(test)
        async with test.house.seal.jobs.runner.running():
            await until_done(test, job, 5)
            server.kill()
            await asyncio.sleep(AWAY_SECONDS)
            paused_at = await done(test, job)
            assert paused_at < FILES
            server.start()
            back_at = time.monotonic()
            await until_done(test, job, paused_at + 1)
            recovery = time.monotonic() - back_at
            await until_done(test, job, FILES)
        record_property("recovery_seconds", round(recovery, 2))
        print(f"sealing went on {recovery:.2f} s after the module was back")
        assert recovery < ALLOWED_SECONDS
        await each_file_was_sealed_once(test, job)
    flags = pin_flags(server.hsm)
    assert "user PIN count low" not in flags
    assert "user PIN locked" not in flags


async def each_file_was_sealed_once(test: TestHouse, job: SealJob) -> None:
    """Every file passes, every use is of a file that was handed out, every intent is done."""
    trust = await test.house.seal.publication.trust_store()
    job = await test.house.seal.jobs.get(job.id, OFFICER)
    sealed = [data async for _, data in test.house.seal.jobs.files(job)]
    assert len(set(sealed)) == FILES
    for data in sealed[:5]:
        assert validate_document(data, trust, at=test.clock()).indication is Indication.PASSED
    async with test.house.foundation.database.reading() as session:
        uses = Counter(use.digest for use in await session.scalars(select(SealUseRow)))
        intents = Counter(intent.state for intent in await session.scalars(select(SealIntentRow)))
    assert uses == Counter(item.digest for item in job.items) == Counter(uses.keys())
    assert intents == {"done": FILES}
    counted = {use.name: use.uses for use in KeyUses(test.house.settings.key_state).totals()}
    (seal_uses,) = (count for name, count in counted.items() if name.startswith("seal-") and name.endswith("-p256"))
    assert seal_uses >= FILES  # those that the module did not answer are counted too
