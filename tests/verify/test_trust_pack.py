"""What verifiers without a network fetch: kept while it is unchanged, and never a minute behind a revocation."""

import json
from pathlib import Path

import httpx
import pytest

from tests.houses import AGENCY, food_order, opened
from verify.cli import verify_offline
from verify.standing import LicenceState
from verify.trust_list.directory import export_trust_list
from xinyin.house import House


@pytest.mark.parametrize("path", ["/api/v1/trust-list", "/api/v1/trust-pack"])
async def test_whoever_has_it_already_is_told_so(client: httpx.AsyncClient, path: str) -> None:
    first = await client.get(path)
    again = await client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["access-control-allow-origin"] == again.headers["access-control-allow-origin"] == "*"


async def test_a_revocation_is_online_at_once_and_in_the_pack_within_a_minute(tmp_path: Path) -> None:
    async with opened(tmp_path / "house", judging_workers=0) as world:
        house, folder = world.house, tmp_path / "trust"
        licence = await house.licence_vault.issuing.issue(food_order(), world.requester())
        world.clock.advance(seconds=60)
        export_trust_list(await house.trust.published(), folder, status_lists=await pack_tokens(house))
        assert verify_offline(licence.qr, folder, world.clock).to_dict()["indication"] == "TOTAL-PASSED"
        await house.licence_vault.changes.apply("revoke", licence.id, AGENCY.uscc, "查处", world.requester().actor)
        assert (await house.verify.qr.judge_code(licence.handle, address="t")).state is LicenceState.REVOKED
        world.clock.advance(seconds=60)
        export_trust_list(await house.trust.published(), folder, status_lists=await pack_tokens(house))
        report = verify_offline(licence.qr, folder, world.clock)
        assert report.to_dict()["sub_indication"] == "REVOKED"


async def test_the_tag_of_the_trust_list_changes_with_what_it_holds_and_not_with_time(tmp_path: Path) -> None:
    async with opened(tmp_path / "house", judging_workers=0) as world:
        published = world.house.verify.trust_list
        tags = []
        for _step in range(2):
            await published.current()
            tags.append(published.etag)
            world.clock.advance(seconds=10)
        await world.house.seal.signing.service_keys.rotate("claims")
        await published.current()
        assert tags[0] == tags[1] != published.etag


async def pack_tokens(house: House) -> list[str]:
    """The status lists of the pack that everybody may take now."""
    tokens: list[str] = json.loads((await house.verify.packs.current()).text)["status_lists"]
    return tokens
