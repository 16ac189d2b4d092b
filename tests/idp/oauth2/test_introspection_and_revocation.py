"""Asking whether a token counts, and giving one back."""

import pytest

from tests.idp.conftest import ISSUER, Provider
from tests.idp.people import enter_person, register_client, signed_in_browser
from tests.idp.relying_party import RelyingParty

OFFLINE = "openid profile offline_access"


@pytest.fixture
async def party(provider: Provider) -> RelyingParty:
    await enter_person(provider)
    return RelyingParty(provider, *await register_client(provider))


async def revoke(party: RelyingParty, token: str, **extra: str) -> int:
    response = await party.http.post(
        "/oauth2/revoke", data={"token": token, **extra}, auth=(party.client.client_id, party.secret)
    )
    return response.status_code


async def test_a_token_that_counts_is_described(provider: Provider, party: RelyingParty) -> None:
    tokens = await party.tokens(await signed_in_browser(provider), OFFLINE)
    about = await party.introspect(tokens["access_token"])
    assert about["active"] is True
    assert about["iss"] == about["aud"] == ISSUER
    assert about["scope"] == OFFLINE
    assert about["client_id"] == party.client.client_id
    assert about["token_type"] == "Bearer"
    assert "grant" not in about
    refresh = await party.introspect(tokens["refresh_token"])
    assert (refresh["active"], refresh["sub"]) == (True, about["sub"])


async def test_what_does_not_count_is_only_inactive(provider: Provider, party: RelyingParty) -> None:
    tokens = await party.tokens(await signed_in_browser(provider))
    head, payload, signature = tokens["access_token"].split(".")
    forged = f"{head}.{payload}.{signature[:-4]}AAAA"
    for token in (forged, tokens["id_token"], "x", "a.b.c", f"{head}.{payload}.", "." * 2):
        assert await party.introspect(token) == {"active": False}
    provider.clock.advance(seconds=600)
    assert await party.introspect(tokens["access_token"]) == {"active": False}


async def test_a_token_counts_no_longer_once_the_person_is_disabled(provider: Provider, party: RelyingParty) -> None:
    tokens = await party.tokens(await signed_in_browser(provider))
    person = await provider.services.persons.load_by_username("ming")
    await provider.services.persons.disable(person.id)
    assert await party.introspect(tokens["access_token"]) == {"active": False}


async def test_a_foreign_web_client_learns_nothing_and_a_resource_server_does(
    provider: Provider, party: RelyingParty
) -> None:
    tokens = await party.tokens(await signed_in_browser(provider))
    stranger = RelyingParty(provider, *await register_client(provider, first_party=False))
    assert await stranger.introspect(tokens["access_token"]) == {"active": False}
    agency = RelyingParty(provider, *await register_client(provider, first_party=False, role="agency"))
    assert (await agency.introspect(tokens["access_token"]))["active"] is True


async def test_introspection_needs_a_secret(provider: Provider, party: RelyingParty) -> None:
    anonymous = await party.http.post("/oauth2/introspect", data={"token": "x"})
    assert anonymous.status_code == 401
    client, _ = await register_client(provider, is_public=True)
    public = await party.http.post("/oauth2/introspect", data={"token": "x", "client_id": client.client_id})
    assert public.status_code == 401


async def test_a_refresh_token_given_back_ends_its_family(provider: Provider, party: RelyingParty) -> None:
    tokens = await party.tokens(await signed_in_browser(provider), OFFLINE)
    assert await revoke(party, tokens["refresh_token"], token_type_hint="refresh_token") == 200
    assert await party.introspect(tokens["access_token"]) == {"active": False}
    assert (await party.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_an_access_token_given_back_ends_alone(provider: Provider, party: RelyingParty) -> None:
    tokens = await party.tokens(await signed_in_browser(provider), OFFLINE)
    assert await revoke(party, tokens["access_token"]) == 200
    assert await party.introspect(tokens["access_token"]) == {"active": False}
    assert (await party.userinfo(tokens["access_token"])).status_code == 401
    assert (await party.refresh(tokens["refresh_token"])).status_code == 200


async def test_giving_back_what_does_not_count_is_no_error(party: RelyingParty) -> None:
    assert await revoke(party, "never was one") == 200


async def test_nobody_gives_back_the_tokens_of_another(provider: Provider, party: RelyingParty) -> None:
    tokens = await party.tokens(await signed_in_browser(provider), OFFLINE)
    thief = RelyingParty(provider, *await register_client(provider))
    assert await revoke(thief, tokens["refresh_token"]) == 400
    assert await revoke(thief, tokens["access_token"]) == 400
    assert (await party.introspect(tokens["access_token"]))["active"] is True


async def test_tokens_count_no_longer_once_their_client_is_disabled(provider: Provider, party: RelyingParty) -> None:
    tokens = await party.tokens(await signed_in_browser(provider))
    machine, secret = await register_client(
        provider, grant_types=("client_credentials",), redirect_uris=(), scopes=("licence:read",), role="machine"
    )
    form = {"grant_type": "client_credentials"}
    own = (await party.http.post("/oauth2/token", data=form, auth=(machine.client_id, secret))).json()["access_token"]
    for token, client_id in ((own, machine.client_id), (tokens["access_token"], party.client.client_id)):
        assert await provider.services.tokens.find_access_token(token) is not None
        await provider.services.clients.disable(client_id)
        assert await provider.services.tokens.find_access_token(token) is None


async def test_a_client_never_acts_as_an_administrator_in_its_own_name(provider: Provider, party: RelyingParty) -> None:
    scopes = ("licence:read", "admin:users", "admin:security", "admin:audit")
    machine, secret = await register_client(
        provider, grant_types=("client_credentials",), redirect_uris=(), scopes=scopes, role="machine"
    )
    form = {"grant_type": "client_credentials"}
    answer = await party.http.post("/oauth2/token", data=form, auth=(machine.client_id, secret))
    assert answer.json()["scope"] == "licence:read"


async def test_a_role_that_is_taken_away_is_gone_at_once(provider: Provider, party: RelyingParty) -> None:
    await enter_person(provider, "officer", "officer")
    tokens = await party.tokens(await signed_in_browser(provider, "officer"))
    person = await provider.services.persons.load_by_username("officer")
    provider.clock.advance(seconds=1)
    await provider.services.roles.assign(person.id, ["officer", "approver"])
    assert await provider.services.tokens.find_access_token(tokens["access_token"]) is not None
    await provider.services.roles.assign(person.id, ["approver"])
    assert await provider.services.tokens.find_access_token(tokens["access_token"]) is None
