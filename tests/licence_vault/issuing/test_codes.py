"""What the code printed on a licence holds is its type's choice: an address, signed claims, or both."""

import asyncio
import json
from typing import Any

import pytest
import zxingcpp

from licence_vault.catalogue.service import SHIPPED
from licence_vault.licences.licence import Licence
from tests.houses import CITIZEN_NAME, FOOD, TestHouse, food_order
from tests.licence_vault.layout.reading import rendered

BASE32 = set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")


async def issue(world: TestHouse, **qr: str) -> Licence:
    """A licence of a type that wants this of its codes."""
    document = json.loads((SHIPPED / "food-business.json").read_text(encoding="utf-8"))
    newest = await world.house.licence_vault.catalogue.load(FOOD)
    document |= {"version": newest.version + 1, "qr": qr}
    await world.house.licence_vault.catalogue.publish(document)
    return await world.house.licence_vault.issuing.issue(food_order(), world.requester())


async def printed(world: TestHouse, licence: Licence) -> list[str]:
    """What an independent reader sees on the page."""
    pdf = await world.house.licence_vault.lookup.file(licence, "pdf")
    page = await asyncio.to_thread(rendered, pdf, dpi=150)
    return [code.text for code in zxingcpp.read_barcodes(page)]


async def test_both_is_the_default(world: TestHouse) -> None:
    licence = await issue(world)
    address, _hash, claims = licence.qr.partition("#")
    assert address.endswith(f"/V/{licence.handle}")
    assert set(claims) <= BASE32
    assert await printed(world, licence) == [licence.qr]


async def test_an_address_alone_is_short_and_opens_the_licence(world: TestHouse) -> None:
    licence = await issue(world, content="handle")
    assert licence.qr.endswith(f"/V/{licence.handle}")
    assert await printed(world, licence) == [licence.qr]


@pytest.mark.parametrize("algorithm", ["ES256", "SM2-SM3"])
async def test_claims_alone_name_no_address_of_the_licence_and_verify(world: TestHouse, algorithm: str) -> None:
    licence = await issue(world, content="signed", algorithm=algorithm)
    assert licence.handle not in licence.qr
    assert "/V#" in licence.qr
    assert await printed(world, licence) == [licence.qr]
    report = (await world.house.verify.upload.judge_text(licence.qr, address="t")).to_dict()
    assert report["indication"] == "TOTAL-PASSED", report
    changed = licence.qr[:-30] + "A" * 30
    report = (await world.house.verify.upload.judge_text(changed, address="t")).to_dict()
    assert report["indication"] != "TOTAL-PASSED"
    assert CITIZEN_NAME not in json.dumps(report, ensure_ascii=False)


async def test_the_key_of_a_code_is_on_the_trust_list_under_its_algorithm(world: TestHouse) -> None:
    listed: list[dict[str, Any]] = (await world.house.verify.trust_list.current())["qr_keys"]
    assert {key["alg"] for key in listed} == {"ES256", "SM2-SM3"}
