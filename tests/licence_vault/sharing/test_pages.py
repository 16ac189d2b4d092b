"""The holder's pages: who looked and why, giving a grant, taking it back."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.houses import OTHER_AGENCY
from tests.licence_vault.sharing.conftest import GRANT, LEGAL, MATTER, PURPOSE, Sharers, call

pytestmark = pytest.mark.asyncio(loop_scope="module")
FETCH = "/api/v1/sharing/fetch"


async def page(sharers: Sharers, path: str) -> str:
    answer = await sharers.holder.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 200, answer.text
    return answer.text


async def send(sharers: Sharers, path: str, source: str, data: dict[str, Any]) -> httpx.Response:
    """Send the form of a page back with its token."""
    token = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', source)[0]
    form = data | {"csrf_token": token}
    return await sharers.holder.post(path, data=form, headers={"Accept": "text/html"})


def order(**changes: Any) -> dict[str, Any]:
    return {
        "grantee": OTHER_AGENCY.uscc,
        "purpose": PURPOSE,
        "fields": ["premises", "holder_name"],
        "hours": "24",
        "covers": "licence",
    } | changes


def revocations(listed: str) -> set[str]:
    """Where the grants of a page are taken back; the holder may have given others."""
    return set(re.findall(r'href="(/me/grants/[^"]+/revoke)"', listed))


async def test_a_grant_is_confirmed_before_it_is_given_and_taken_back_at_once(sharers: Sharers) -> None:
    licence = await sharers.issue()
    path = f"/me/licences/{licence['id']}/grant"
    asked = await page(sharers, path)
    assert OTHER_AGENCY.name in asked
    summary = await send(sharers, path, asked, order())
    assert "Check before you give it" in summary.text
    before = revocations(await page(sharers, "/me/grants"))
    body = call(GRANT, identifier=licence["identifier"], fields=["premises"])
    assert (await sharers.asker.post(FETCH, json=body)).status_code == 404
    given = await send(sharers, path, summary.text, order(confirmed="yes"))
    assert (given.status_code, given.headers["location"]) == (303, "/me/grants?done=given")
    assert (await sharers.asker.post(FETCH, json=body)).status_code == 200
    listed = await page(sharers, "/me/grants")
    (address,) = revocations(listed) - before
    taken = await send(sharers, address, await page(sharers, address), {})
    assert taken.headers["location"] == "/me/grants?done=revoked"
    assert (await sharers.asker.post(FETCH, json=body)).status_code == 404


async def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(sharers: Sharers) -> None:
    licence = await sharers.issue()
    path = f"/me/licences/{licence['id']}/grant"
    answer = await send(sharers, path, await page(sharers, path), order(grantee="", fields=[]))
    assert answer.status_code == 400
    assert 'href="#field-grantee"' in answer.text
    assert 'href="#field-fields"' in answer.text
    assert f'value="{PURPOSE}"' in answer.text


async def test_without_the_forms_token_nothing_is_given_or_taken(sharers: Sharers) -> None:
    licence = await sharers.issue()
    answer = await sharers.holder.post(f"/me/licences/{licence['id']}/grant", data=order(confirmed="yes"))
    assert answer.status_code == 403


async def test_a_stranger_finds_neither_licence_nor_grant(sharers: Sharers) -> None:
    licence = await sharers.issue()
    grant = await sharers.grant(licence)
    for path in (f"/me/licences/{licence['id']}/grant", f"/me/grants/{grant['id']}/revoke"):
        assert (await sharers.stranger.get(path)).status_code == 404


async def test_the_holder_reads_who_looked_when_and_why(sharers: Sharers) -> None:
    licence = await sharers.issue()
    await sharers.asker.post(FETCH, json=call(identifier=licence["identifier"], fields=["premises"]))
    await sharers.issuer.get(f"/api/v1/licences/{licence['id']}")
    seen = await page(sharers, f"/me/licences/{licence['id']}")
    assert f"{OTHER_AGENCY.name} got data of it" in seen
    assert f"For: {PURPOSE}" in seen
    assert f"Matter: {MATTER['name']}, case {MATTER['number']}" in seen
    assert f"By law: {LEGAL['reference']}" in seen
    assert "It saw: Place of business" in seen
    assert "opened it" in seen
    assert "王明远" not in seen


async def test_no_purpose_officer_or_case_stands_in_plain_in_the_database(sharers: Sharers) -> None:
    licence = await sharers.issue()
    await sharers.grant(licence)
    await sharers.asker.post(FETCH, json=call(identifier=licence["identifier"], fields=["premises"]))
    url = sharers.world.house.settings.database_url
    stem = url.removeprefix("sqlite+aiosqlite:///")
    for file in Path(stem).parent.glob(Path(stem).name + "*"):
        data = file.read_bytes()
        for secret in (PURPOSE, "王明远", MATTER["number"]):
            assert secret.encode() not in data, (file.name, secret)


async def test_ones_own_looks_are_noted_once_an_hour(sharers: Sharers) -> None:
    licence = await sharers.issue()
    for _turn in range(3):
        seen = await page(sharers, f"/me/licences/{licence['id']}")
    assert seen.count("You, or somebody who acts for the holder, opened it") == 1
