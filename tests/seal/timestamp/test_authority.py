"""The built-in time-stamping authority: numbers that never come twice, one clock, and answers in the protocol."""

import asyncio
import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from kernel.audit.records import AuditEventRow
from kernel.crypto.sm3 import sm3
from kernel.crypto.timestamps.messages import Failure, TimestampRequest, TimestampResponse
from kernel.crypto.timestamps.token import TimestampToken
from kernel.crypto.timestamps.verification import verify_timestamp
from kernel.errors import InvalidInput, Unavailable
from seal.app import build_services
from seal.timestamp.records import StampRunRow
from seal.timestamp.settings import DEFAULT_POLICY, TimestampSettings
from tests.kernel.crypto.timestamps.stamps import openssl
from tests.kernel.crypto.timestamps.test_tokens import pem
from tests.seal.world import SealWorld

DATA = "证照".encode()
SHA256, SM3 = hashlib.sha256(DATA).digest(), sm3(DATA)


async def ask(world: SealWorld, query: bytes) -> TimestampResponse:
    answer = await world.client.post("/tsa", content=query, headers={"Content-Type": "application/timestamp-query"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/timestamp-reply"
    return TimestampResponse.load(answer.content)


def token_of(response: TimestampResponse) -> TimestampToken:
    assert response.granted, response.text
    return TimestampToken.load(response.token or b"")


@pytest.mark.parametrize(("name", "imprint", "family"), [("sm3", SM3, "sm2"), ("sha256", SHA256, "p256")])
async def test_the_digest_chooses_the_family(world: SealWorld, name: str, imprint: bytes, family: str) -> None:
    token = token_of(await ask(world, TimestampRequest(name, imprint, 77).encode()))

    assert (token.imprint, token.nonce, token.policy) == (imprint, 77, DEFAULT_POLICY)
    assert (token.time, token.accuracy, token.ordering) == (world.clock(), timedelta(seconds=1), False)
    trust = await world.services.publication.trust_store()
    chain = verify_timestamp(token, imprint, trust.for_timestamps(), world.clock())
    assert chain[0] == world.services.authority.certificate(f"{family}-tsa")
    assert chain[-1] == world.services.authority.certificate(f"{family}-root")


async def test_certificates_are_carried_when_they_are_asked_for(world: SealWorld) -> None:
    without = token_of(await ask(world, TimestampRequest("sha256", SHA256, certificate_wanted=False).encode()))
    assert without.certificates == ()
    wanted = token_of(await ask(world, TimestampRequest("sha256", SHA256).encode()))
    assert len(wanted.certificates) == 2


@pytest.mark.parametrize(
    ("query", "failure"),
    [
        (b"", Failure.BAD_DATA_FORMAT),
        (b"<html>", Failure.BAD_DATA_FORMAT),
        (b"0" * 100_000, Failure.BAD_DATA_FORMAT),
        (TimestampRequest("sha256", SHA256, policy="1.2.3").encode(), Failure.UNACCEPTED_POLICY),
    ],
)
async def test_faults_are_answered_in_the_protocol(world: SealWorld, query: bytes, failure: Failure) -> None:
    response = await ask(world, query)
    assert (response.granted, response.failures) == (False, {failure})


async def test_numbers_never_come_twice_in_threads_processes_and_after_a_restart(any_world: SealWorld) -> None:
    world = any_world
    second, third = build_services(world.foundations), build_services(world.foundations)
    await second.start()
    stampers = [world.services.timestamps.stamper, second.timestamps.stamper]

    def stamp(number: int) -> int:
        return TimestampToken.load(stampers[number % 2](SHA256, "sha256")).serial

    with ThreadPoolExecutor(8) as pool:
        serials = list(pool.map(stamp, range(64)))
    await third.start()  # a crash: the first two never stopped
    serials.append(TimestampToken.load(third.timestamps.stamper(SHA256, "sha256")).serial)

    assert len(set(serials)) == 65
    assert all(0 < serial < 1 << 159 for serial in serials)
    for services in (second, third):
        await services.stop()


async def test_numbers_differ_even_when_an_old_database_was_put_back(world: SealWorld, tmp_path: Path) -> None:
    """The run then gets a number that was used before."""
    first = TimestampToken.load(world.services.timestamps.stamper(SHA256, "sha256")).serial
    async with world.database.transaction() as session:
        await session.execute(delete(StampRunRow))
    again = build_services(world.foundations)
    await again.start()

    assert TimestampToken.load(again.timestamps.stamper(SHA256, "sha256")).serial != first
    await again.stop()


async def test_a_clock_that_was_set_back_gives_no_stamps_until_it_has_caught_up(world: SealWorld) -> None:
    await ask(world, TimestampRequest("sha256", SHA256).encode())
    last = world.clock()

    world.clock.advance(seconds=-0.5)
    assert token_of(await ask(world, TimestampRequest("sha256", SHA256).encode())).time == last
    world.clock.advance(seconds=-60)
    assert (await ask(world, TimestampRequest("sha256", SHA256).encode())).failures == {Failure.TIME_NOT_AVAILABLE}
    with pytest.raises(Unavailable):
        world.services.timestamps.stamper(SHA256, "sha256")
    world.clock.advance(seconds=61)
    assert token_of(await ask(world, TimestampRequest("sha256", SHA256).encode())).time == world.clock()


async def test_a_clock_set_back_is_noticed_after_a_restart_too(world: SealWorld) -> None:
    world.services.timestamps.stamper(SHA256, "sha256")
    await world.services.timestamps.authority.note()
    world.clock.advance(hours=-1)

    again = build_services(world.foundations)
    await again.start()
    with pytest.raises(Unavailable):
        again.timestamps.stamper(SHA256, "sha256")
    await again.stop()


async def test_what_was_stamped_is_told_to_the_audit_trail_as_a_count(world: SealWorld) -> None:
    for _each in range(3):
        world.services.timestamps.stamper(SHA256, "sha256")
    await world.services.timestamps.authority.note()
    assert await counts(world) == []

    world.services.timestamps.stamper(SHA256, "sha256")
    world.clock.advance(hours=1)
    await world.services.timestamps.authority.note()
    world.services.timestamps.stamper(SHA256, "sha256")
    await world.services.stop()
    await world.services.timestamps.authority.stop()

    assert await counts(world) == [4, 1]


async def test_idle_runs_are_forgotten_and_one_that_wakes_up_writes_itself_down_again(any_world: SealWorld) -> None:
    world = any_world
    second, other = build_services(world.foundations), build_services(world.foundations)
    await second.start()
    world.clock.advance(days=2)
    await other.start()
    async with world.database.reading() as session:
        assert len((await session.scalars(select(StampRunRow))).all()) == 2  # the second's and the other's

    world.services.timestamps.stamper(SHA256, "sha256")
    await world.services.timestamps.authority.note()

    async with world.database.reading() as session:
        rows = (await session.scalars(select(StampRunRow).order_by(StampRunRow.id))).all()
    assert [row.tokens for row in rows] == [1, 0, 0]
    await second.stop()
    await other.stop()


async def counts(world: SealWorld) -> list[int]:
    async with world.database.reading() as session:
        statement = select(AuditEventRow).where(AuditEventRow.action == "timestamp.issue")
        rows = (await session.scalars(statement.order_by(AuditEventRow.sequence))).all()
    return [row.detail["count"] for row in rows]


async def test_a_digest_of_the_wrong_length_is_refused(world: SealWorld) -> None:
    with pytest.raises(InvalidInput):
        world.services.timestamps.stamper(b"short", "sm3")


async def test_who_asks_too_often_waits(world: SealWorld) -> None:
    limited = replace(world.foundations, timestamps=TimestampSettings(requests_per_minute=2))
    services = build_services(limited)
    await services.start()
    world.client._transport.app.state.seal = services  # type: ignore[attr-defined]  # the world's own application
    query = TimestampRequest("sha256", SHA256).encode()
    assert [(await world.client.post("/tsa", content=query)).status_code for _each in range(3)] == [200, 200, 429]
    await services.stop()


async def test_a_new_stamping_key_takes_over_after_a_year_and_old_stamps_stay_good(world: SealWorld) -> None:
    old = TimestampToken.load(world.services.timestamps.stamper(SHA256, "sha256"))
    before = world.services.authority.certificate("p256-tsa")
    world.clock.advance(days=400)
    await world.services.authority.bootstrap()

    new = TimestampToken.load(world.services.timestamps.stamper(SHA256, "sha256"))
    after = world.services.authority.certificate("p256-tsa")
    trust = (await world.services.publication.trust_store()).for_timestamps()
    assert before.spki != after.spki
    assert verify_timestamp(new, SHA256, trust, world.clock())[0] == after
    assert verify_timestamp(old, SHA256, trust, world.clock())[0] == before


async def test_the_service_checks_itself_by_real_stamps(world: SealWorld) -> None:
    await world.services.timestamps.check_health()


async def test_openssl_asks_and_believes(world: SealWorld, tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(DATA)
    (tmp_path / "root.pem").write_text(pem(world.services.authority.certificate("p256-root").der))
    openssl(tmp_path, "ts", "-query", "-data", "data", "-sha256", "-cert", "-out", "query")
    answer = await world.client.post("/tsa", content=(tmp_path / "query").read_bytes())
    (tmp_path / "reply").write_bytes(answer.content)

    said = await asyncio.to_thread(
        openssl, tmp_path, "ts", "-verify", "-in", "reply", "-queryfile", "query", "-CAfile", "root.pem",
        "-attime", str(int(world.clock().timestamp())),
    )  # fmt: skip

    assert "Verification: OK" in said
    assert "Time stamp:" in openssl(tmp_path, "ts", "-reply", "-in", "reply", "-text")
