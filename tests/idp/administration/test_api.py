"""`/api/v1/admin`: which scope opens which address, and to whom."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from idp.app import api_router
from idp.assignments.service import NewAssignment
from idp.clients.metadata import ClientMetadata
from idp.roles.scopes import ALL_SCOPES
from idp.units.service import NewUnit
from kernel.web import problems
from kernel.web.bearer import BearerAuthenticator, JwksSource, TokenRules, TokenVerifier
from tests.idp.conftest import ISSUER, HandClock, Provider, run_provider
from tests.idp.people import TOTP_SECRET, enter_person, register_client, signed_in_browser
from tests.idp.relying_party import RelyingParty

BUREAU = "11990000MB0000001M"
ADDRESS = "/api/v1/admin"


@dataclass
class Desk:
    """The API over a provider, and who calls it."""

    provider: Provider
    http: httpx.AsyncClient
    people: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    async def enter(self, name: str, *roles: str) -> None:
        self.people[name] = await enter_person(self.provider, name, *roles)

    async def call(self, name: str, method: str, path: str, /, **body: object) -> httpx.Response:
        if name not in self.tokens:
            self.tokens[name] = await self.token(name)
        headers = {"Authorization": f"Bearer {self.tokens[name]}"}
        content: dict[str, Any] = {"json": body} if body else {}
        return await self.http.request(method, ADDRESS + path, headers=headers, **content)

    async def token(self, name: str, **client: object) -> str:
        party = RelyingParty(self.provider, *await register_client(self.provider, scopes=tuple(ALL_SCOPES), **client))
        browser = await signed_in_browser(self.provider, name)
        # A one-time code counts once: the next person's comes from the next half minute.
        self.provider.clock.advance(seconds=30)
        return str((await party.tokens(browser, "openid admin:users admin:security admin:unit"))["access_token"])


@pytest.fixture
async def desk(tmp_path: Path, clock: HandClock) -> AsyncIterator[Desk]:
    async for provider in run_provider(tmp_path, clock):
        app = FastAPI()
        problems.install(app)
        app.include_router(api_router(provider.services))
        inner = httpx.AsyncClient(transport=httpx.ASGITransport(provider.app), base_url=ISSUER)

        async def jwks(http: httpx.AsyncClient = inner) -> Any:
            return (await http.get("/oauth2/jwks")).json()

        verifier = TokenVerifier(JwksSource(jwks), TokenRules(ISSUER, frozenset({ISSUER})), clock)
        app.state.bearer = BearerAuthenticator(verifier, is_revoked=provider.services.tokens.is_revoked)
        yield Desk(provider, httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ISSUER))


@pytest.fixture
async def town(desk: Desk) -> Desk:
    """A city with a bureau; `local` administers the city, `clerk` works at the bureau."""
    services = desk.provider.services
    await desk.enter("system", "system_admin")
    await desk.enter("security", "security_admin")
    for name in ("local", "clerk", "citizen"):
        await desk.enter(name)
    await services.organisations.create(BUREAU, "市场监督管理局", "agency")
    await services.organisations.add_member(BUREAU, desk.people["clerk"], "clerk")
    city = await services.units.create(NewUnit("city", "region"))
    await services.units.create(NewUnit("bureau", "agency", city.id, BUREAU))
    desk.people["city"] = city.id
    await services.totp.enrol(desk.people["local"], TOTP_SECRET)
    await services.assignments.give(NewAssignment("unit_admin", person_id=desk.people["local"], unit_id=city.id))
    return desk


@pytest.mark.parametrize(
    ("method", "path", "body", "allowed"),
    [
        ("POST", "/units", {"name": "new", "kind": "region"}, {"system"}),
        ("POST", "/units/{city}/move", {"parent": None}, {"system"}),
        ("GET", "/units", {}, {"system", "security"}),
        ("GET", "/units?under={city}", {}, {"system", "security", "local"}),
        ("GET", "/users", {}, {"system", "security"}),
        ("GET", "/users/{clerk}", {}, {"system", "security"}),
        ("POST", "/users/{clerk}/disable", {}, {"system"}),
        ("POST", "/users/{clerk}/enable", {}, {"system"}),
        ("POST", "/users/{clerk}/reset-factors", {}, {"security"}),
        ("GET", "/organisations", {}, {"system", "security"}),
        ("GET", "/clients", {}, {"system"}),
        ("GET", "/keys", {}, {"security"}),
        ("GET", "/assignments", {}, {"security"}),
        ("GET", "/assignments?unit={city}", {}, {"security", "local"}),
        ("POST", "/groups", {"name": "inspectors"}, {"security"}),
        ("POST", "/assignments", {"role": "verifier", "person": "{clerk}"}, {"security"}),
        ("POST", "/assignments", {"role": "verifier", "person": "{clerk}", "unit": "{city}"}, {"security", "local"}),
        ("POST", "/assignments", {"role": "audit_admin", "person": "{clerk}"}, {"security"}),
    ],
)
async def test_each_address_is_open_to_some_and_closed_to_all_others(
    town: Desk, method: str, path: str, body: dict[str, Any], allowed: set[str]
) -> None:
    fill = {key: value.format(**town.people) if isinstance(value, str) else value for key, value in body.items()}
    for name in ("system", "security", "local", "citizen"):
        if "name" in fill:
            fill["name"] = f"new by {name}"
        answer = await town.call(name, method, path.format(**town.people), **fill)
        is_refused_as_twice = answer.status_code == 409 and name in allowed
        assert (answer.status_code < 300 or is_refused_as_twice) is (name in allowed), (name, answer.text)
        assert name in allowed or answer.status_code == 403


async def test_a_role_is_given_listed_and_taken_back(town: Desk) -> None:
    people = town.people
    order = {"role": "officer", "person": people["clerk"], "unit": people["city"], "until": "2027-01-01T00:00:00+08:00"}
    given = await town.call("local", "POST", "/assignments", **order)
    assert (given.status_code, given.json()["until"]) == (201, "2027-01-01T00:00:00+08:00")
    listed = (await town.call("local", "GET", f"/assignments?unit={people['city']}&person={people['clerk']}")).json()
    assert [each["role"] for each in listed["assignments"]] == ["officer"]
    assert (await town.call("local", "DELETE", f"/assignments/{given.json()['id']}")).status_code == 204
    group = (await town.call("local", "POST", "/groups", name="own", unit=people["city"])).json()["id"]
    member = f"/groups/{group}/members/{people['clerk']}"
    assert [(await town.call("local", method, member)).status_code for method in ("PUT", "PUT", "DELETE")] == [204] * 3


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/assignments", {"role": 5}, "role"),
        ("/assignments", {"role": "officer", "person": "x", "until": "tomorrow"}, "until"),
        ("/assignments", {"role": "officer", "person": "x", "until": "2027-01-01T00:00:00"}, "until"),
        ("/assignments", {"role": "officer", "person": "x", "from": ""}, "from"),
        ("/groups", {"unit": "x"}, "name"),
    ],
)
async def test_what_is_wrong_names_its_field(town: Desk, path: str, body: dict[str, Any], field: str) -> None:
    answer = await town.call("security", "POST", path, **body)
    assert answer.status_code == 400
    assert field in answer.text


async def test_a_client_that_knows_people_by_other_numbers_manages_no_roles(town: Desk) -> None:
    """Otherwise somebody could give themselves a role without being recognised."""
    town.tokens["security"] = await town.token("security", metadata=ClientMetadata(subject_type="pairwise"))
    own = {"role": "system_admin", "person": town.people["security"]}
    assert (await town.call("security", "POST", "/assignments", **own)).status_code == 403
    town.tokens["security"] = await town.token("security")
    assert (await town.call("security", "POST", "/assignments", **own)).status_code == 403


async def test_people_are_entered_kept_out_and_let_in_again(town: Desk) -> None:
    made = await town.call("system", "POST", "/users", username="new", password="amber birch 12", display_name="新")
    assert (made.status_code, made.json()["username"]) == (201, "new")
    path = f"/users/{made.json()['id']}"
    assert (await town.call("system", "POST", path + "/disable")).status_code == 204
    assert (await town.call("system", "GET", path)).json()["state"] == "disabled"
    assert (await town.call("system", "POST", path + "/enable")).status_code == 204
    assert (await town.call("system", "POST", f"/users/{town.people['system']}/disable")).status_code == 403
    assert (await town.call("security", "POST", f"/users/{town.people['security']}/reset-factors")).status_code == 403


async def test_a_lost_second_factor_is_taken_away(town: Desk) -> None:
    assert await town.provider.services.totp.is_enrolled(town.people["local"])
    assert (await town.call("security", "POST", f"/users/{town.people['local']}/reset-factors")).status_code == 204
    assert not await town.provider.services.totp.is_enrolled(town.people["local"])


async def test_an_application_gets_a_new_secret_and_is_kept_out(town: Desk) -> None:
    client, secret = await register_client(town.provider)
    path = f"/clients/{client.client_id}"
    new = (await town.call("system", "POST", path + "/rotate-secret")).json()["client_secret"]
    assert new != secret
    assert (await town.call("system", "POST", path + "/disable")).status_code == 204
    listed = (await town.call("system", "GET", "/clients")).json()["clients"]
    assert [each["disabled"] for each in listed if each["client_id"] == client.client_id] == [True]
    assert new not in str(listed)


async def test_lists_go_on_where_the_page_before_ended(town: Desk) -> None:
    for number in range(101):
        await town.provider.services.persons.create_unnamed(f"person {number}", "en")
    first = (await town.call("system", "GET", "/users")).json()
    second = (await town.call("system", "GET", f"/users?after={first['next']}")).json()
    assert (len(first["users"]), second["next"]) == (100, None)
    ids = [each["id"] for each in first["users"] + second["users"]]
    assert len(set(ids)) == len(ids) == 101 + 5


async def test_keys_are_rotated_by_the_security_administrator_alone(town: Desk) -> None:
    assert (await town.call("system", "POST", "/keys/rotate")).status_code == 403
    before = (await town.call("security", "GET", "/keys")).json()
    made = await town.call("security", "POST", "/keys/rotate")
    assert made.status_code == 200
    after = (await town.call("security", "GET", "/keys")).json()
    assert after["signing"] == made.json()["kid"] != before["signing"]
    assert {each["kid"] for each in before["keys"]} <= {each["kid"] for each in after["keys"]}
