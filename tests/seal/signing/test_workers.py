"""Sealing here and in workers: the same promises, kept by the same tests; and what only workers can do."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kernel.crypto.keystore import KeyStore
from kernel.crypto.public_keys import load_public_key
from kernel.errors import Conflict, InvalidInput, NotFound, RateLimited, Unavailable
from seal.client import DocumentToSeal, SealManner
from seal.documents.positions import StampPosition
from seal.seals.records import find_seal
from seal.signing.pressing.here import PressHere
from seal.signing.pressing.order import Press, PressLost, PressOrder
from seal.signing.raising import LevelRaiser
from seal.signing.service import SealOrder, SigningParts, SigningService
from seal.signing.workers import pool as pools
from seal.signing.workers.child import KeyPlace
from seal.signing.workers.keystore import WorkerKeyStore
from seal.signing.workers.pool import PoolSettings, WorkerPool
from seal.validation.report import Indication
from seal.validation.service import validate_document
from seal.validation.trust import TrustStore
from tests.seal.pdf_samples import minimal_pdf
from tests.seal.world import MASTER_KEY, SealWorld

PLACE = StampPosition(1, 120, 200, 42, 42)
KINDS = ["here", "workers"]


@pytest.fixture
def pool(world: SealWorld, tmp_path: Path) -> Iterator[WorkerPool]:
    """One worker on the key store of the world."""
    (tmp_path / "master.key").write_text(MASTER_KEY.hex() + "\n")
    (tmp_path / "master.key").chmod(0o600)
    place = KeyPlace(f"file:{tmp_path / 'keys'}", tmp_path / "master.key", tmp_path / "key-state")
    opened = WorkerPool(PoolSettings(1, place, deadline_seconds=30))
    yield opened
    opened.close()


@pytest.fixture
def press(request: pytest.FixtureRequest, world: SealWorld) -> Press:
    """Where sealing is done."""
    if request.param == "here":
        return PressHere(world.foundations.keystore)
    pool: WorkerPool = request.getfixturevalue("pool")
    return pool


@pytest.fixture
def keystore(request: pytest.FixtureRequest, world: SealWorld) -> KeyStore:
    """Who makes keys."""
    if request.param == "here":
        return world.foundations.keystore
    return WorkerKeyStore(request.getfixturevalue("pool"))


def signing(world: SealWorld, press: Press) -> SigningService:
    """The service with this press."""
    parts = world.foundations
    return SigningService(
        SigningParts(
            press=press,
            database=parts.database,
            audit=parts.audit,
            clock=parts.clock,
            authority=world.services.authority,
            publication=world.services.publication,
            journal=world.services.intents,
            raiser=LevelRaiser(world.services.timestamps, parts.clock),
        )
    )


async def order(world: SealWorld, *documents: DocumentToSeal) -> PressOrder:
    """Ready to be pressed."""
    seal = await world.active_seal()
    async with world.database.reading() as session:
        row = await find_seal(session, seal["id"])
    assert row is not None
    stock = world.services.signing._stock(row)
    return PressOrder(documents, stock, world.clock(), await world.services.publication.trust_store())


def passes(data: bytes, order: PressOrder) -> bool:
    return validate_document(data, order.trust, at=order.at).indication is Indication.PASSED


@pytest.mark.parametrize("press", KINDS, indirect=True)
class TestEveryPress:
    """What `Press` promises."""

    async def test_seals_both_formats_in_order(self, world: SealWorld, press: Press, ofd: bytes) -> None:
        wanted = await order(world, DocumentToSeal("ofd", ofd, [PLACE]), DocumentToSeal("pdf", minimal_pdf(), [PLACE]))

        sealed = await press.press(wanted)

        assert [each[:2] for each in sealed] == [b"PK", b"%P"]
        assert all(passes(each, wanted) for each in sealed)

    async def test_seals_the_same_document_again_and_again(self, world: SealWorld, press: Press, ofd: bytes) -> None:
        first = await order(world, DocumentToSeal("ofd", ofd, [PLACE]))
        (once,) = await press.press(first)
        (twice,) = await press.press(replace(first, documents=[DocumentToSeal("ofd", once, [PLACE])]))

        report = validate_document(twice, first.trust, at=first.at)
        assert (report.indication, len(report.signatures)) == (Indication.PASSED, 2)

    async def test_refuses_as_the_format_does(self, world: SealWorld, press: Press, ofd: bytes) -> None:
        wanted = await order(world, DocumentToSeal("ofd", ofd, [StampPosition(9, 0, 0, 42, 42)]))
        with pytest.raises(InvalidInput, match="no page 9"):
            await press.press(wanted)
        closing = replace(wanted, documents=[DocumentToSeal("ofd", ofd, [PLACE])], manner=SealManner(closing=True))
        (closed,) = await press.press(closing)
        with pytest.raises(Conflict):
            await press.press(replace(closing, documents=[DocumentToSeal("ofd", closed, [PLACE])]))
        (closed,) = await press.press(replace(closing, documents=[DocumentToSeal("pdf", minimal_pdf(), [PLACE])]))
        with pytest.raises(Conflict):
            await press.press(replace(wanted, documents=[DocumentToSeal("pdf", closed, [PLACE])]))

    async def test_lets_out_nothing_that_does_not_hold(self, world: SealWorld, press: Press, ofd: bytes) -> None:
        wanted = await order(world, DocumentToSeal("ofd", ofd, [PLACE]))

        with pytest.raises(Exception, match="own check"):
            await press.press(replace(wanted, trust=TrustStore()))

    async def test_signs_with_the_keys_of_the_service(self, world: SealWorld, press: Press) -> None:
        key = await asyncio.to_thread(press.open_service_key, "receipt")
        signature = await asyncio.to_thread(key.sign, b"receipt")

        load_public_key(key.public_spki).verify(signature, b"receipt")
        assert (await asyncio.to_thread(press.open_service_key, "receipt")).public_spki == key.public_spki

    async def test_the_service_keeps_its_promises_on_it(self, world: SealWorld, press: Press, ofd: bytes) -> None:
        seal = await world.active_seal()

        sealed = await signing(world, press).seal(ofd, "ofd", SealOrder(seal["id"], [PLACE]))

        trust = await world.services.publication.trust_store()
        assert validate_document(sealed, trust, at=world.clock()).indication is Indication.PASSED


@pytest.mark.parametrize("keystore", KINDS, indirect=True)
async def test_a_key_store_in_workers_is_one_like_any_other(keystore: KeyStore) -> None:
    def work() -> None:
        made = keystore.generate("one", "SM2-SM3")
        load_public_key(made.public_spki).verify(made.sign(b"x"), b"x")
        assert (keystore.open("one").public_spki, keystore.exists("one"), "one" in keystore.names()) == (
            made.public_spki,
            True,
            True,
        )
        with pytest.raises(Conflict):
            keystore.generate("one", "ES256")
        keystore.destroy("one")
        with pytest.raises(NotFound):
            keystore.open("one")

    await asyncio.to_thread(work)


async def test_a_worker_that_was_killed_is_replaced(world: SealWorld, pool: WorkerPool, ofd: bytes) -> None:
    wanted = await order(world, DocumentToSeal("ofd", ofd, [PLACE]))
    await pool.press(wanted)
    (before,) = pool.pids

    os.kill(before, signal.SIGKILL)
    while pool.pids:
        await asyncio.sleep(0.01)
    await pool.press(wanted)

    assert pool.pids != [before]


async def test_a_worker_killed_at_work_is_replaced_and_its_job_done_under_a_new_fence(
    world: SealWorld, pool: WorkerPool, ofd: bytes
) -> None:
    seal = await world.active_seal()
    await pool.press(await order(world, DocumentToSeal("ofd", ofd, [PLACE])))
    (before,) = pool.pids
    os.kill(before, signal.SIGSTOP)  # so that it is at work when it dies
    working = asyncio.create_task(signing(world, pool).seal(ofd, "ofd", SealOrder(seal["id"], [PLACE])))
    await asyncio.sleep(0.3)

    os.kill(before, signal.SIGKILL)
    sealed = await working

    assert (
        validate_document(sealed, await world.services.publication.trust_store(), at=world.clock()).indication
        is Indication.PASSED
    )
    uses = (await world.client.get(f"/api/v1/seals/{seal['id']}/uses", headers=world.user)).json()["uses"]
    assert len(uses) == 1


async def test_a_worker_that_hangs_is_ended_at_its_deadline(world: SealWorld, tmp_path: Path, ofd: bytes) -> None:
    (tmp_path / "master.key").write_text(MASTER_KEY.hex() + "\n")
    (tmp_path / "master.key").chmod(0o600)
    place = KeyPlace(f"file:{tmp_path / 'keys'}", tmp_path / "master.key", tmp_path / "key-state")
    pool = WorkerPool(PoolSettings(1, place, deadline_seconds=1))
    try:
        wanted = await order(world, DocumentToSeal("ofd", ofd, [PLACE]))
        await pool.press(wanted)
        (hanging,) = pool.pids
        os.kill(hanging, signal.SIGSTOP)
        begun = time.monotonic()

        with pytest.raises(PressLost):
            await pool.press(wanted)

        assert time.monotonic() - begun < 10
        assert hanging not in pool.pids
    finally:
        pool.close()


async def test_too_much_waiting_is_refused_with_when_to_come_again(
    world: SealWorld, pool: WorkerPool, ofd: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = await order(world, DocumentToSeal("ofd", ofd, [PLACE]))
    await pool.press(wanted)
    (worker,) = pool.pids
    monkeypatch.setattr(pools, "WAITING_A_WORKER", 2)
    os.kill(worker, signal.SIGSTOP)
    waiting = [asyncio.create_task(pool.press(wanted))]
    await asyncio.sleep(0.3)  # the worker has it now
    waiting += [asyncio.create_task(pool.press(wanted)) for _ in range(2)]
    await asyncio.sleep(0.1)

    with pytest.raises(RateLimited) as refusal:
        await pool.press(wanted)

    assert refusal.value.retry_after_seconds > 0
    os.kill(worker, signal.SIGCONT)
    assert all(passes(sealed, wanted) for (sealed,) in await asyncio.gather(*waiting))


async def test_workers_that_cannot_open_the_keys_are_said_to_be_out_of_reach(tmp_path: Path) -> None:
    (tmp_path / "master.key").write_text("damaged")
    place = KeyPlace(f"file:{tmp_path / 'keys'}", tmp_path / "master.key", tmp_path / "key-state")
    pool = WorkerPool(PoolSettings(1, place))
    try:
        with pytest.raises(Unavailable, match="out of reach"):
            await asyncio.to_thread(pool.open_service_key, "receipt")
    finally:
        pool.close()


async def test_nothing_is_left_running(pool: WorkerPool) -> None:
    await asyncio.to_thread(pool.open_service_key, "claims")
    (worker,) = pool.pids

    pool.close()

    assert pool.pids == []
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)
    with pytest.raises(Unavailable):
        pool.ask({"task": "names"})


def test_a_worker_knows_no_web_and_no_database() -> None:
    command = "import sys, seal.signing.workers.worker; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True).stdout.split()

    assert {"sqlalchemy", "fastapi", "starlette", "uvicorn", "alembic"}.isdisjoint(loaded)
