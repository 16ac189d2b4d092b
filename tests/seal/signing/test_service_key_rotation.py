"""A new key for claims, checkpoints, receipts or status lists: announced, then signing; what the old signed holds."""

import json
from datetime import timedelta

import pytest

from kernel.crypto.cose import verify_cose
from kernel.crypto.custody.files import FileKeyStore
from kernel.crypto.jose import JwkSet, verify_jws
from kernel.crypto.public_keys import load_public_key
from kernel.errors import Conflict, IntegrityError, NotFound
from seal.client import SignedClaims
from seal.signing.rotation.service import ServiceKeyRing
from tests.seal.world import SealWorld


async def published(world: SealWorld, purpose: str) -> list[bytes]:
    return [key.spki for key in await world.services.signing.public_keys() if key.purpose == purpose]


async def verifies(world: SealWorld, signed: SignedClaims) -> bool:
    """As a verifier does it who has the published keys."""
    keys = [load_public_key(spki) for spki in await published(world, "claims")]
    try:
        return verify_cose(signed.message, lambda kid: keys) == {1: "licence"}
    except Exception:
        return False


async def test_an_old_code_verifies_before_during_and_after_the_change(any_world: SealWorld) -> None:
    world = any_world
    signing = world.services.signing
    old = await signing.sign_claims({1: "licence"})
    (first,) = await published(world, "claims")

    made = await signing.service_keys.rotate("claims", announced_for=timedelta(hours=24))
    assert (made.name, made.state) == ("claims-0002", "announced")
    assert await published(world, "claims") == [first, made.public_key]
    still = await signing.sign_claims({1: "licence"})
    assert still.key_id == old.key_id

    world.clock.advance(hours=24)
    new = await signing.sign_claims({1: "licence"})
    assert new.key_id != old.key_id
    assert await published(world, "claims") == [made.public_key, first]
    assert [await verifies(world, each) for each in (old, still, new)] == [True, True, True]

    await signing.service_keys.retire("claims")
    assert await published(world, "claims") == [made.public_key]
    assert [await verifies(world, each) for each in (old, new)] == [False, True]
    assert [event for event in await world.events() if event[0].startswith("service_key.")] == [
        ("service_key.rotate", "success"),
        ("service_key.retire", "success"),
    ]


@pytest.mark.parametrize("purpose", ["receipt", "status"])
async def test_json_signatures_name_the_key_that_made_them(world: SealWorld, purpose: str) -> None:
    signing = world.services.signing
    sign = signing.sign_receipt if purpose == "receipt" else signing.sign_status_list
    old = await sign({"a": 1})
    await signing.service_keys.rotate(purpose, announced_for=timedelta())
    new = await sign({"a": 1})
    keys = JwkSet.of(await published(world, purpose))
    headers = []
    for token in (old, new):
        header, payload = verify_jws(token, keys, ["ES256"])
        assert json.loads(payload) == {"a": 1}
        headers.append(header["kid"])
    assert headers[0] != headers[1]


async def test_checkpoints_are_signed_by_the_new_key_once_it_signs(world: SealWorld) -> None:
    signing = world.services.signing
    await signing.service_keys.rotate("checkpoint", announced_for=timedelta())
    signature = await signing.sign_checkpoint(b"log\n1\nroot\n")
    load_public_key((await published(world, "checkpoint"))[0]).verify(signature, b"log\n1\nroot\n")


async def test_one_change_at_a_time_and_the_key_in_use_stays(world: SealWorld) -> None:
    ring = world.services.signing.service_keys
    with pytest.raises(NotFound, match="no purpose tokens"):
        await ring.rotate("tokens")
    await ring.rotate("claims")
    with pytest.raises(Conflict, match="announced already"):
        await ring.rotate("claims")
    for name in ("claims", "claims-0002", "receipt"):
        with pytest.raises(Conflict, match="in use"):
            await ring.retire(name)
    with pytest.raises(NotFound):
        await ring.retire("claims-0003")


async def test_another_process_notices(world: SealWorld) -> None:
    signing = world.services.signing
    now = [0.0]
    other = ServiceKeyRing(
        world.database, world.foundations.audit, world.clock, signing._press, monotonic=lambda: now[0]
    )
    before = (await other.open("claims")).public_spki
    made = await signing.service_keys.rotate("claims", announced_for=timedelta())
    assert (await other.open("claims")).public_spki == before
    now[0] += 2.1
    assert (await other.open("claims")).public_spki == made.public_key


async def test_a_key_that_is_another_than_was_made_does_not_sign(world: SealWorld) -> None:
    signing = world.services.signing
    await signing.service_keys.rotate("claims", announced_for=timedelta())
    keystore = world.foundations.keystore
    assert isinstance(keystore, FileKeyStore)
    keystore.destroy("service-claims-0002")
    with pytest.raises(IntegrityError, match="another key claims-0002"):
        await signing.sign_claims({1: "licence"})


async def test_the_private_half_of_an_old_key_may_be_destroyed_and_its_public_half_stays(world: SealWorld) -> None:
    signing = world.services.signing
    old = await signing.sign_claims({1: "licence"})
    await signing.service_keys.rotate("claims", announced_for=timedelta())
    world.foundations.keystore.destroy("service-claims")
    assert await verifies(world, old)
    assert await verifies(world, await signing.sign_claims({1: "licence"}))
