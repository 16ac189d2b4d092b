"""Applications get a secret shown once; the auditor reads and proves the trail, and nobody else does."""

import re

import pytest
from sqlalchemy import text

from idp.roles.scopes import Role
from tests.admin.conftest import Console

NEW = "/console/clients/new"
APPLICATION = {
    "name": "办事大厅",
    "role": "agency",
    "grant_types": ["authorization_code", "client_credentials"],
    "redirect_uris": "https://hall.example.cn/callback",
    "scopes": ["openid", "licence:read"],
}


async def test_an_application_gets_its_secret_once(console: Console) -> None:
    console.sit(Role.SYSTEM_ADMIN)
    page = await console.post(NEW, NEW, **APPLICATION)
    secret = re.search(r'client_secret</span><br><code class="code">([^<]+)<', page.text).group(1)
    (client,) = await console.provider.services.clients.list()
    assert len(secret) >= 43
    assert secret not in (await console.get(f"/console/clients/{client.client_id}")).text
    again = await console.post(f"/console/clients/{client.client_id}", f"/console/clients/{client.client_id}/secret")
    assert "client_secret" in again.text
    assert secret not in again.text


async def test_an_application_without_address_is_refused_beside_the_field(console: Console) -> None:
    console.sit(Role.SYSTEM_ADMIN)
    page = await console.post(NEW, NEW, **APPLICATION | {"redirect_uris": "http://hall.example.cn/callback"})
    assert page.status_code == 400
    assert "must use https" in page.text
    assert "办事大厅" in page.text


async def test_a_disabled_application_is_out(console: Console) -> None:
    console.sit(Role.SYSTEM_ADMIN)
    await console.post(NEW, NEW, **APPLICATION)
    (client,) = await console.provider.services.clients.list()
    page = f"/console/clients/{client.client_id}"
    assert (await console.post(page, f"{page}/disable")).status_code == 303
    assert await console.provider.services.clients.find(client.client_id) is None


@pytest.mark.parametrize("role", [Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.OFFICER])
async def test_only_the_auditor_reads_the_trail(console: Console, role: Role) -> None:
    console.sit(role)
    assert (await console.get("/console/audit")).status_code == 403


async def test_the_auditor_finds_what_was_done(console: Console) -> None:
    console.sit(Role.SYSTEM_ADMIN, subject="system-1")
    await console.post(NEW, NEW, **APPLICATION)
    console.sit(Role.AUDIT_ADMIN, subject="auditor-1")
    found = (await console.get("/console/audit?action=idp.client&actor=system-1")).text
    assert "idp.client.create" in found
    assert "system-1" in found
    assert "Nothing matches" in (await console.get("/console/audit?action=nothing.")).text
    assert (await console.get("/console/audit?since=yesterday")).status_code == 400


async def test_the_trail_is_proven_and_a_change_is_found(console: Console) -> None:
    console.sit(Role.SYSTEM_ADMIN)
    await console.post(NEW, NEW, **APPLICATION)
    console.sit(Role.AUDIT_ADMIN)
    proof = await console.post("/console/audit", "/console/audit/verification")
    assert "events are as they were written" in proof.text
    async with console.provider.database.transaction() as session:
        await session.execute(text("UPDATE audit_event SET actor_id = 'somebody else' WHERE sequence = 1"))
    broken = await console.post("/console/audit", "/console/audit/verification")
    assert "does not hold at event 1" in broken.text


async def test_everybody_sees_their_own_part_of_the_first_page(console: Console) -> None:
    console.sit(Role.AUDIT_ADMIN)
    page = (await console.get("/console/overview")).text
    assert "Read the audit trail" in page
    assert "Register an application" not in page
    console.sit(Role.CITIZEN)
    assert (await console.get("/console/overview")).status_code == 403
