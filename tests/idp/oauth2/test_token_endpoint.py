"""The token endpoint: codes and refresh tokens count once, clients prove themselves, errors are OAuth's."""

import pytest
from sqlalchemy import select

from idp.clients.service import ClientService
from idp.tokens.records import RefreshTokenRow, TokenGrantRow
from kernel.audit.records import AuditEventRow
from tests.idp.conftest import ISSUER, Provider
from tests.idp.people import enter_person, register_client, signed_in_browser
from tests.idp.relying_party import RelyingParty

OFFLINE = "openid profile offline_access"


@pytest.fixture
async def party(provider: Provider) -> RelyingParty:
    await enter_person(provider)
    return RelyingParty(provider, *await register_client(provider))


async def test_a_code_used_twice_ends_the_tokens_of_its_first_use(provider: Provider, party: RelyingParty) -> None:
    code = await party.obtain_code(await signed_in_browser(provider), OFFLINE)
    tokens = (await party.exchange(code)).json()
    assert (await party.userinfo(tokens["access_token"])).status_code == 200
    again = await party.exchange(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert (await party.userinfo(tokens["access_token"])).status_code == 401
    assert (await party.introspect(tokens["access_token"])) == {"active": False}
    assert (await party.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    async with provider.database.reading() as session:
        events = list(await session.scalars(select(AuditEventRow.action)))
    assert "idp.token-family.revoke" in events


async def test_another_client_cannot_use_or_spoil_a_code(provider: Provider, party: RelyingParty) -> None:
    code = await party.obtain_code(await signed_in_browser(provider))
    thief = RelyingParty(provider, *await register_client(provider))
    assert (await thief.exchange(code, code_verifier=party.verifier)).json()["error"] == "invalid_grant"
    tokens = await party.exchange(code)
    assert tokens.status_code == 200
    assert (await thief.exchange(code)).json()["error"] == "invalid_grant"
    assert (await party.userinfo(tokens.json()["access_token"])).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"code_verifier": "v" * 43},
        {"code_verifier": "short"},
        {"code_verifier": ""},
        {"redirect_uri": "https://rp.test/other"},
        {"redirect_uri": ""},
    ],
)
async def test_a_code_goes_with_its_verifier_and_address(
    provider: Provider, party: RelyingParty, change: dict[str, str]
) -> None:
    code = await party.obtain_code(await signed_in_browser(provider))
    refused = await party.exchange(code, **change)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert (await party.exchange(code)).json()["error"] == "invalid_grant"


async def test_a_code_ends_after_a_minute(provider: Provider, party: RelyingParty) -> None:
    code = await party.obtain_code(await signed_in_browser(provider))
    provider.clock.advance(seconds=61)
    assert (await party.exchange(code)).json()["error"] == "invalid_grant"


async def test_a_code_is_nothing_once_the_person_is_disabled(provider: Provider, party: RelyingParty) -> None:
    code = await party.obtain_code(await signed_in_browser(provider))
    person = await provider.services.persons.load_by_username("ming")
    await provider.services.persons.disable(person.id)
    assert (await party.exchange(code)).json()["error"] == "invalid_grant"


async def test_every_refresh_gives_a_new_token(provider: Provider, party: RelyingParty) -> None:
    tokens = await party.tokens(await signed_in_browser(provider), OFFLINE)
    renewed = (await party.refresh(tokens["refresh_token"])).json()
    assert renewed["refresh_token"] != tokens["refresh_token"]
    assert renewed["scope"] == OFFLINE
    assert (await party.userinfo(renewed["access_token"])).status_code == 200
    identity = await party.judge(renewed["id_token"], party.client.client_id, renewed["access_token"])
    assert "nonce" not in identity


async def test_a_refresh_token_used_twice_ends_its_family(provider: Provider, party: RelyingParty) -> None:
    tokens = await party.tokens(await signed_in_browser(provider), OFFLINE)
    renewed = (await party.refresh(tokens["refresh_token"])).json()
    replayed = await party.refresh(tokens["refresh_token"])
    assert (replayed.status_code, replayed.json()["error"]) == (400, "invalid_grant")
    assert (await party.refresh(renewed["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await party.userinfo(renewed["access_token"])).status_code == 401


async def test_a_refresh_narrows_and_never_widens(provider: Provider, party: RelyingParty) -> None:
    tokens = await party.tokens(await signed_in_browser(provider), OFFLINE)
    wider = await party.refresh(tokens["refresh_token"], scope="openid email")
    assert wider.json()["error"] == "invalid_scope"
    narrower = await party.refresh(tokens["refresh_token"], scope="openid")
    assert narrower.json()["scope"] == "openid"


async def test_roles_taken_away_are_gone_at_the_next_refresh(provider: Provider) -> None:
    person_id = await enter_person(provider, "officer", "officer")
    scopes = ("openid", "licence:issue", "offline_access")
    party = RelyingParty(provider, *await register_client(provider, scopes=scopes))
    tokens = await party.tokens(await signed_in_browser(provider, "officer"), " ".join(scopes))
    await provider.services.roles.assign(person_id, [])
    renewed = (await party.refresh(tokens["refresh_token"])).json()
    assert renewed["scope"] == "openid offline_access"


async def test_a_refresh_token_of_another_client_is_unknown_and_unharmed(
    provider: Provider, party: RelyingParty
) -> None:
    tokens = await party.tokens(await signed_in_browser(provider), OFFLINE)
    thief = RelyingParty(provider, *await register_client(provider))
    assert (await thief.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await party.refresh(tokens["refresh_token"])).status_code == 200


async def test_a_refresh_token_ends_after_thirty_days(provider: Provider, party: RelyingParty) -> None:
    tokens = await party.tokens(await signed_in_browser(provider), OFFLINE)
    provider.clock.advance(days=30)
    assert (await party.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_third_parties_get_a_refresh_token_for_offline_access_alone(provider: Provider) -> None:
    await enter_person(provider)
    client, secret = await register_client(provider, first_party=False)
    party = RelyingParty(provider, client, secret)
    browser = await signed_in_browser(provider)
    page = await browser.get(party.authorization_address("openid"))
    back = await browser.submit(page, answer="allow")
    code = back.headers["location"].partition("code=")[2].partition("&")[0]
    assert "refresh_token" not in (await party.exchange(code)).json()


async def test_the_database_holds_hashes_of_refresh_tokens(provider: Provider, party: RelyingParty) -> None:
    tokens = await party.tokens(await signed_in_browser(provider), OFFLINE)
    async with provider.database.reading() as session:
        row = (await session.scalars(select(RefreshTokenRow))).one()
        family = (await session.scalars(select(TokenGrantRow))).one()
    assert len(row.token_hash) == 32
    assert tokens["refresh_token"].encode() not in row.token_hash
    assert family.id == row.grant_id


async def test_a_wrong_secret_is_401_and_says_how_to_do_it(party: RelyingParty) -> None:
    party.secret = "wrong"
    refused = await party.token_request({"grant_type": "authorization_code", "code": "x"})
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert refused.headers["www-authenticate"].startswith("Basic ")
    assert refused.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("header", ["Basic !!!", "Basic bm9jb2xvbg==", "Bearer x", "Basic"])
async def test_a_header_that_cannot_be_read_is_invalid_client(party: RelyingParty, header: str) -> None:
    refused = await party.http.post(
        "/oauth2/token", data={"grant_type": "client_credentials"}, headers={"Authorization": header}
    )
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


async def test_two_ways_of_authenticating_at_once_are_refused(party: RelyingParty) -> None:
    refused = await party.token_request({"grant_type": "client_credentials", "client_secret": party.secret})
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")


async def test_a_confidential_client_does_not_pass_as_public(provider: Provider, party: RelyingParty) -> None:
    code = await party.obtain_code(await signed_in_browser(provider))
    body = {"grant_type": "authorization_code", "code": code, "client_id": party.client.client_id}
    refused = await party.http.post("/oauth2/token", data=body)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unauthorized_client"),
        ({"grant_type": "authorization_code"}, "invalid_request"),
        ({"grant_type": "authorization_code", "code": "made up"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "made up"}, "invalid_grant"),
    ],
)
async def test_what_is_wrong_is_said_in_oauths_words(party: RelyingParty, body: dict[str, str], error: str) -> None:
    refused = await party.token_request(body)
    assert (refused.status_code, refused.json()["error"]) == (400, error)


async def test_a_repeated_parameter_is_refused(party: RelyingParty) -> None:
    refused = await party.http.post(
        "/oauth2/token",
        content="grant_type=client_credentials&grant_type=authorization_code",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        auth=(party.client.client_id, party.secret),
    )
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")


async def test_json_is_not_a_form(party: RelyingParty) -> None:
    refused = await party.http.post("/oauth2/token", json={"grant_type": "client_credentials"})
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")


async def test_the_endpoint_takes_post_alone(party: RelyingParty) -> None:
    assert (await party.http.get("/oauth2/token")).status_code == 405


async def test_an_agency_gets_a_token_for_itself(provider: Provider) -> None:
    client, secret = await register_client(
        provider,
        role="agency",
        grant_types=("client_credentials",),
        redirect_uris=(),
        scopes=("licence:issue", "licence:read", "openid"),
        organisation_uscc="11990000MB0000001M",
        organisation_name="市场监督管理局",
    )
    party = RelyingParty(provider, client, secret)
    tokens = (await party.token_request({"grant_type": "client_credentials"})).json()
    assert tokens["scope"] == "licence:issue licence:read"
    assert not {"refresh_token", "id_token"} & set(tokens)
    claims = await party.judge(tokens["access_token"], ISSUER)
    assert claims["sub"] == claims["client_id"] == client.client_id
    assert claims["organisation"] == {"uscc": "11990000MB0000001M", "name": "市场监督管理局"}
    narrow = await party.token_request({"grant_type": "client_credentials", "scope": "licence:read seal:use"})
    assert narrow.json()["scope"] == "licence:read"
    none = await party.token_request({"grant_type": "client_credentials", "scope": "seal:use"})
    assert none.json()["error"] == "invalid_scope"


async def test_a_rotated_secret_replaces_the_old_one(provider: Provider) -> None:
    client, old = await register_client(provider, grant_types=("client_credentials",), redirect_uris=(), scopes=())
    new = await provider.services.clients.rotate_secret(client.client_id)
    body = {"grant_type": "client_credentials"}
    assert (await RelyingParty(provider, client, old).token_request(body)).status_code == 401
    assert (await RelyingParty(provider, client, new).token_request(body)).status_code == 200


async def test_a_disabled_client_is_out_at_once_here_and_within_a_second_elsewhere(provider: Provider) -> None:
    client, secret = await register_client(provider, grant_types=("client_credentials",), redirect_uris=(), scopes=())
    party, body = RelyingParty(provider, client, secret), {"grant_type": "client_credentials"}
    elsewhere = ClientService(provider.database, provider.services.audit, provider.clock)
    assert await elsewhere.find(client.client_id) is not None
    await provider.services.clients.disable(client.client_id)
    assert (await party.token_request(body)).status_code == 401
    provider.clock.advance(seconds=1)
    assert await elsewhere.find(client.client_id) is None
