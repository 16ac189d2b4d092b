"""Sealing an uploaded file asks the seal's policy first."""

from typing import Any

import httpx
import pytest

from kernel.errors import Forbidden
from seal.documents.positions import StampPosition
from seal.seals.pins import SealPins
from seal.seals.records import SealPinRow, find_seal
from seal.seals.use_policy import UsePolicy
from tests.seal.world import SealWorld

PLACE = [StampPosition(1, 20, 20, 42, 42)]


async def policed(world: SealWorld, pin: str = "", **policy: Any) -> str:
    """The id of a seal in use with this policy."""
    seal = await world.active_seal()
    hashed = await SealPins(world.database, world.foundations.audit, world.clock).hash(pin) if pin else None
    async with world.database.transaction() as session:
        row = await find_seal(session, seal["id"])
        assert row is not None
        row.use_policy = UsePolicy(pin=bool(pin), **policy).to_dict()
        if hashed:
            session.add(SealPinRow(seal_id=row.id, hash=hashed, failures=0))
    return str(seal["id"])


async def seal_file(world: SealWorld, ofd: bytes, seal_id: str, pin: str = "") -> httpx.Response:
    data = {"seal": seal_id} | ({"pin": pin} if pin else {})
    return await world.client.post("/api/v1/seal-jobs", data=data, files={"file": ofd}, headers=world.user)


async def test_a_person_gives_the_pin_of_the_seal(world: SealWorld, ofd: bytes) -> None:
    seal_id = await policed(world, pin="839201")

    without, wrong = await seal_file(world, ofd, seal_id), await seal_file(world, ofd, seal_id, "839202")
    right = await seal_file(world, ofd, seal_id, "839201")

    assert (without.json()["type"], wrong.json()["type"]) == (
        "urn:xinyin:problem:seal-pin-required",
        "urn:xinyin:problem:seal-pin-wrong",
    )
    assert (without.status_code, wrong.status_code) == (403, 403)
    assert right.status_code < 300


async def test_who_is_not_named_learns_nothing_about_the_pin(world: SealWorld, ofd: bytes) -> None:
    seal_id = await policed(world, pin="839201", persons=("somebody-else",))

    refused = [await seal_file(world, ofd, seal_id, pin) for pin in ("839201", "839202")]

    assert {answer.json()["type"] for answer in refused} == {"urn:xinyin:problem:seal-use-refused"}
    assert (await world.events())[-1] == ("seal.use", "refused")


async def test_a_stronger_proof_is_asked_for_as_rfc_9470_says(world: SealWorld, ofd: bytes) -> None:
    refused = await seal_file(world, ofd, await policed(world, acr_level=3))

    assert refused.status_code == 403
    assert 'acr_values="urn:xinyin:acr:l3"' in refused.headers["www-authenticate"]


async def test_the_vault_seals_only_what_the_policy_names(world: SealWorld, ofd: bytes) -> None:
    seal_id = await policed(world, licence_types=("T1",))

    sealed = await world.services.signing.seal_ofd(ofd, seal_id, PLACE, purpose="licence:1", licence_type="T1")
    with pytest.raises(Forbidden):
        await world.services.signing.seal_ofd(ofd, seal_id, PLACE, purpose="licence:1", licence_type="T2")

    assert len(sealed) > len(ofd)
