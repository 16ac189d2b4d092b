"""`xinyin config` with whole houses: exported from one, applied to an empty one."""

from pathlib import Path

import pytest

from idp.assignments.service import NewAssignment
from idp.clients.client import ClientRegistration
from idp.sessions.service import hash_token
from idp.units.service import NewUnit
from kernel.errors import InvalidInput
from sso_proxy.sites.site import Site
from tests.houses import AGENCY, OTHER_AGENCY, house_settings
from xinyin.cli.config.document import read_document, write_document
from xinyin.cli.config.plan import Change, compare
from xinyin.cli.config.state import exported, read_state
from xinyin.cli.config.writing import Writer, with_secrets
from xinyin.house import House, open_house

SECRET = "a secret of at least thirty-two characters"


async def export(house: House) -> str:
    return write_document(exported((await read_state(house)).entries, with_people=False))


async def apply(house: House, text: str) -> list[Change]:
    state = await read_state(house)
    changes = compare(with_secrets(read_document(text)), state.entries)
    writer = Writer(house, state)
    for change in changes:
        await writer.make(change)
    return changes


async def furnish(house: House) -> None:
    services = house.idp
    for agency in (AGENCY, OTHER_AGENCY):
        await services.organisations.create(agency.uscc, agency.name, "agency")
    city = await services.units.create(NewUnit("虚构市", "region"))
    bureau = await services.units.create(NewUnit("局", "agency", city.id, AGENCY.uscc))
    group = await services.assignments.create_group("clerks", bureau.id)
    await services.assignments.give(NewAssignment("officer", group_id=group, unit_id=bureau.id))
    ended = await services.assignments.give(NewAssignment("verifier", group_id=group))
    await services.assignments.end(ended.id)
    await services.clients.create(
        ClientRegistration(
            name="Hall",
            role="agency",
            scopes=("licence:read", "scim"),
            grant_types=("client_credentials",),
            organisation_uscc=AGENCY.uscc,
            organisation_name=AGENCY.name,
            client_id="hall",
        ),
        secret=SECRET,
    )
    await services.clients.create(
        ClientRegistration(name="Phone", redirect_uris=("com.example:/back",), is_public=True, client_id="phone")
    )
    await services.clients.disable("phone")
    await house.sso_proxy.sites.add(Site("library", "图书馆", "http://10.0.0.8:8080", login_path="/login"))


async def test_an_export_applied_to_an_empty_house_exports_the_same(tmp_path: Path) -> None:
    async with open_house(house_settings(tmp_path / "one")) as house:
        await furnish(house)
        text = await export(house)
        assert SECRET not in text
        assert hash_token(SECRET).hex() not in text
        assert await apply(house, text) == []
    async with open_house(house_settings(tmp_path / "two")) as house:
        made = await apply(house, text)
        assert {each.entry.kind.name for each in made} == {
            "organisations", "units", "groups", "clients", "assignments", "sites",
        }  # fmt: skip
        assert await export(house) == text
        assert await apply(house, text) == []


async def test_what_a_file_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_house(house_settings(tmp_path / "one")) as house:
        await furnish(house)
        monkeypatch.setenv("HALL_SECRET", SECRET + SECRET)
        text = f"""\
xinyin: 1
organisations: [{{uscc: {AGENCY.uscc}, name: 新名, kind: agency}}]
clients:
  - client_id: hall
    name: Hall
    role: agency
    organisation: {AGENCY.uscc}
    scopes: [licence:read]
    grant_types: [client_credentials]
    secret: {{env: HALL_SECRET}}
sites: [{{slug: library, name: 图书馆, upstream_url: "http://10.0.0.9:8080", mode: basic}}]
"""
        changes = {each.entry.key: [one.field for one in each.differences] for each in await apply(house, text)}
        assert changes == {
            AGENCY.uscc: ["name"],
            "hall": ["scopes", "secret"],
            "library": ["upstream_url", "mode", "login_path"],
        }
        assert await apply(house, text) == []
        client = await house.idp.clients.find("hall")
        assert client is not None
        assert client.secret_hash == hash_token(SECRET + SECRET)
        site = await house.sso_proxy.sites.find("library")
        assert site is not None
        assert site.mode == "basic"


REFUSED = (
    ("clients: [{client_id: xinyin-pages, name: x}]", "set up by the settings"),
    ("clients: [{client_id: a, name: x, secret: {env: NOT_THERE}}]", "there is no secret at env NOT_THERE"),
    ("clients: [{client_id: a, name: x, secret: {env: SHORT}}]", "at least 32 characters"),
    ("clients: [{client_id: a, name: x}]", "redirect_uris"),
    ("clients: [{client_id: a, name: x, metadata: {jwks_url: x}}]", "jwks_url"),
    ("units: [{path: [nowhere, x], kind: agency}]", "There is no unit nowhere"),
    ("groups: [{name: g, unit: [nowhere]}]", "There is no unit nowhere"),
    ("assignments: [{role: officer, group: {name: g}}]", "There is no such group"),
    ("assignments: [{role: officer, person: nobody}]", "no person with this user name"),
    ("organisations: [{uscc: 11990000MB0000001X, name: x, kind: agency}]", "last character"),
    ("licence_types: [{code: x, version: 1, document: {code: y, version: 1}}]", "another type"),
)


async def test_what_is_refused_is_told_with_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHORT", "too-short")
    async with open_house(house_settings(tmp_path)) as house:
        for text, complaint in REFUSED:
            with pytest.raises(InvalidInput) as refused:
                await apply(house, f"xinyin: 1\n{text}\n")
            assert "Line 2:" in refused.value.text, text
            assert complaint in refused.value.text
            assert "too-short" not in refused.value.text
