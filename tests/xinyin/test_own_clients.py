"""The service's own clients follow its settings and its master key."""

from pathlib import Path

from kernel.audit.search import AuditQuery, search_events
from tests.houses import house_settings
from xinyin.house import House, open_house
from xinyin.own_clients import GATEWAY_CLIENT_ID, PAGES_CLIENT_ID


async def updates(house: House) -> list[str]:
    """What was changed of our own clients, the latest first."""
    async with house.foundation.database.reading() as session:
        rows = await search_events(session, AuditQuery(action="idp.client."))
    return [f"{row.action} {row.subject_ref}" for row in rows]


async def test_a_new_address_of_the_service_becomes_the_address_to_come_back_to(tmp_path: Path) -> None:
    async with open_house(house_settings(tmp_path)):
        pass
    moved = {"public_url": "http://localhost:9000", "gateway_url": "http://localhost:9080"}
    async with open_house(house_settings(tmp_path, **moved)) as house:
        pages, gateway = [await house.idp.clients.find(each) for each in (PAGES_CLIENT_ID, GATEWAY_CLIENT_ID)]
        assert pages is not None
        assert gateway is not None
        assert pages.redirect_uris == ("http://localhost:9000/session/callback",)
        assert pages.post_logout_redirect_uris == ("http://localhost:9000/",)
        assert gateway.redirect_uris == ("http://localhost:9080/.xinyin/callback",)
        assert (await updates(house))[:2] == [
            "idp.client.update client:xinyin-gateway",
            "idp.client.update client:xinyin-pages",
        ]


async def test_a_start_that_changes_nothing_leaves_no_trace(tmp_path: Path) -> None:
    async with open_house(house_settings(tmp_path)) as house:
        before = await updates(house)
    async with open_house(house_settings(tmp_path)) as house:
        assert await updates(house) == before


async def test_a_disabled_client_of_ours_does_not_keep_the_service_from_starting(tmp_path: Path) -> None:
    async with open_house(house_settings(tmp_path)) as house:
        await house.idp.clients.disable(GATEWAY_CLIENT_ID)
    async with open_house(house_settings(tmp_path)) as house:
        assert await house.idp.clients.find(GATEWAY_CLIENT_ID) is None
