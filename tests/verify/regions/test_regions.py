"""Two houses: one believes the other's licences once two persons have said so, and no more once one has."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from kernel.audit.chain import Actor
from kernel.errors import Conflict, Forbidden, InvalidInput
from licence_vault.licences.licence import Licence
from tests.houses import AGENCY, TestClock, TestHouse, food_order, house_settings, make_seal, opened
from verify.regions.service import Region, Regions
from xinyin.house import open_house

BRINGER, APPROVER = Actor("user", "bringer"), Actor("user", "approver")
WHERE = "U 盘，由西区政务局当面交付，指纹已电话核对"
pytestmark = pytest.mark.asyncio(loop_scope="module")
EAST, WEST = "https://east.example", "https://west.example"


@dataclass
class Two:
    """East checks what west issues."""

    east: TestHouse
    west: TestHouse

    @property
    def regions(self) -> Regions:
        found = self.east.house.verify.regions
        assert found is not None
        return found

    async def pack(self) -> bytes:
        """What west publishes now."""
        return (await self.west.house.verify.packs.current()).text.encode()

    async def trust(self) -> Region:
        """Both persons of east have done their part."""
        waiting = await self.regions.propose(await self.pack(), name="西区", provenance=WHERE, actor=BRINGER)
        return await self.regions.approve(waiting.id, APPROVER)

    async def issue(self) -> Licence:
        """A licence, a minute ago: west's list of now speaks of it."""
        licence = await self.west.house.licence_vault.issuing.issue(food_order(), self.west.requester())
        self.pass_time(seconds=61)
        return licence

    async def check(self, text_or_file: str | bytes) -> dict[str, Any]:
        upload = self.east.house.verify.upload
        if isinstance(text_or_file, bytes):
            report = await upload.judge_file(text_or_file, address="203.0.113.9")
        else:
            report = await upload.judge_text(text_or_file, address="203.0.113.9")
        return await upload.answer(report)

    async def file(self, licence: Licence, format: str) -> bytes:
        return await self.west.house.licence_vault.lookup.file(licence, format)

    def pass_time(self, **by: float) -> None:
        self.east.clock.advance(**by)
        self.west.clock.advance(**by)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houses(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Two]:
    """Opened once: a house takes seconds."""
    folder: Path = tmp_path_factory.mktemp("houses")
    clock = TestClock()
    settings = house_settings(folder / "east", public_url=EAST, judging_workers=0)
    async with (
        open_house(settings, clock=clock) as east,
        opened(folder / "west", public_url=WEST, judging_workers=0) as west,
    ):
        yield Two(TestHouse(east, clock), west)


@pytest_asyncio.fixture(loop_scope="module")
async def two(houses: Two) -> AsyncIterator[Two]:
    """Both with nobody trusted, and the same time, before and after."""
    yield houses
    houses.east.clock.offset = houses.west.clock.offset
    for each in await houses.regions.listed():
        if each.state in ("waiting", "trusted"):
            await houses.regions.revoke(each.id, "the test is over", BRINGER)


async def test_codes_and_files_of_a_trusted_region_pass_and_of_an_unknown_one_do_not(two: Two) -> None:
    licence = await two.issue()
    ofd, pdf = await two.file(licence, "ofd"), await two.file(licence, "pdf")
    for given in (licence.qr, ofd, pdf):
        assert (await two.check(given))["indication"] != "TOTAL-PASSED"
    await two.trust()
    for given in (licence.qr, ofd, pdf):
        report = await two.check(given)
        assert report["indication"] == "TOTAL-PASSED", report
        assert "西区" in json.dumps(report, ensure_ascii=False)
        assert WEST in json.dumps(report)


async def test_a_region_is_believed_no_more_at_once_when_one_person_says_so(two: Two) -> None:
    licence, region = await two.issue(), await two.trust()
    assert (await two.check(licence.qr))["indication"] == "TOTAL-PASSED"
    await two.regions.revoke(region.id, "私钥泄露", BRINGER)
    for given in (licence.qr, await two.file(licence, "ofd")):
        assert (await two.check(given))["indication"] != "TOTAL-PASSED"
    with pytest.raises(Conflict):
        await two.regions.approve(region.id, APPROVER)


async def test_what_the_region_revoked_is_refused_as_soon_as_its_new_list_is_here(two: Two) -> None:
    licence = await two.issue()
    await two.trust()
    vault = two.west.house.licence_vault
    await vault.changes.apply("revoke", licence.id, AGENCY.uscc, "查处", two.west.requester().actor)
    two.pass_time(seconds=61)
    newer = await two.regions.propose(await two.pack(), name="西区", provenance=WHERE, actor=BRINGER)
    assert newer.state == "trusted"  # signed by a key that the trusted list names
    for given in (licence.qr, await two.file(licence, "pdf")):
        assert (await two.check(given))["indication"] == "TOTAL-FAILED"


async def test_a_list_that_grew_old_leaves_the_verdict_open(two: Two) -> None:
    licence = await two.issue()
    await two.trust()
    two.east.clock.advance(hours=25)
    assert (await two.check(licence.qr))["indication"] == "INDETERMINATE"


async def test_of_a_licence_that_is_newer_than_the_list_nothing_is_known(two: Two) -> None:
    await two.issue()
    await two.trust()
    two.pass_time(seconds=5)
    newer = await two.issue()
    assert (await two.check(newer.qr))["indication"] == "INDETERMINATE"


async def test_whoever_brought_it_cannot_approve_it_and_programs_cannot_either(two: Two) -> None:
    waiting = await two.regions.propose(await two.pack(), name="西区", provenance=WHERE, actor=BRINGER)
    for actor in (BRINGER, Actor("system", "command-line")):
        with pytest.raises(Forbidden):
            await two.regions.approve(waiting.id, actor)
    assert await two.regions.trusted() == ()


async def test_a_list_never_goes_back(two: Two) -> None:
    old = await two.pack()
    two.pass_time(seconds=61)
    await two.trust()
    with pytest.raises(Conflict):
        await two.regions.propose(old, name="西区", provenance=WHERE, actor=BRINGER)


async def test_a_changed_list_is_refused(two: Two) -> None:
    document = json.loads(await two.pack())
    document["trust_list"]["qr_keys"][0]["issuer"] = EAST
    with pytest.raises(InvalidInput, match="digest"):
        await two.regions.propose(json.dumps(document).encode(), name="西区", provenance=WHERE, actor=BRINGER)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"null", b'{"trust_list": 1}', b"\xff", b"[" * 100_000])
async def test_nonsense_is_refused(two: Two, data: bytes) -> None:
    with pytest.raises(InvalidInput):
        await two.regions.propose(data, name="西区", provenance=WHERE, actor=BRINGER)


async def test_ones_own_list_is_refused(two: Two) -> None:
    own = (await two.east.house.verify.packs.current()).text.encode()
    with pytest.raises(InvalidInput, match="own"):
        await two.regions.propose(own, name="东区", provenance=WHERE, actor=BRINGER)


async def test_of_a_seal_code_that_we_gave_too_only_our_own_register_is_believed(two: Two) -> None:
    licence = await two.issue()
    await two.trust()
    ours = await make_seal(two.east.house, AGENCY)
    two.pass_time(seconds=2)
    (west_seal,) = await two.west.house.seal.publication.published_seals()
    assert (await two.east.house.seal.publication.standing(ours)).code == west_seal.code
    assert (await two.check(await two.file(licence, "ofd")))["indication"] == "TOTAL-FAILED"
    assert (await two.check(licence.qr))["indication"] == "TOTAL-PASSED"
