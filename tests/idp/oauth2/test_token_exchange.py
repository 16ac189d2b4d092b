"""Tokens in exchange for tokens (RFC 8693): nothing without leave, never more than before."""

from typing import Any

import pytest

from idp.clients.client import TOKEN_EXCHANGE, ClientRegistration
from idp.clients.metadata import ClientMetadata
from tests.idp.conftest import Provider
from tests.idp.people import enter_person, register_client, signed_in_browser
from tests.idp.relying_party import RelyingParty

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
LEDGER = "https://ledger.test/"
SERVICE = "https://service.test/"


async def service(provider: Provider, **members: Any) -> RelyingParty:
    registration = ClientRegistration(
        name="Service",
        role="machine",
        scopes=("openid", "profile", "phone", "licence:read"),
        grant_types=(TOKEN_EXCHANGE, "client_credentials"),
        metadata=ClientMetadata(**{"resources": (SERVICE,), **members}),
    )
    client, secret = await provider.services.clients.create(registration)
    return RelyingParty(provider, client, secret or "")


@pytest.fixture
async def token(provider: Provider) -> str:
    """A person's token that is meant for the service."""
    await enter_person(provider)
    metadata = ClientMetadata(resources=(SERVICE,))
    party = RelyingParty(provider, *await register_client(provider, metadata=metadata))
    tokens = await party.tokens(await signed_in_browser(provider), "openid profile", resource=SERVICE)
    return str(tokens["access_token"])


async def exchange(party: RelyingParty, token: str, **changes: str) -> dict[str, Any]:
    body = {"grant_type": TOKEN_EXCHANGE, "subject_token": token, "subject_token_type": ACCESS_TOKEN, **changes}
    answer: dict[str, Any] = (await party.token_request(body)).json()
    return answer


async def test_without_leave_nothing_is_exchanged(provider: Provider, token: str) -> None:
    assert (await exchange(await service(provider), token))["error"] == "unauthorized_client"


async def test_impersonation_narrows_scope_and_audience(provider: Provider, token: str) -> None:
    party = await service(provider, token_exchange_modes=("impersonation",), token_exchange_audiences=(LEDGER,))
    answer = await exchange(party, token, scope="profile", audience=LEDGER)
    assert (answer["issued_token_type"], answer["scope"]) == (ACCESS_TOKEN, "profile")
    told = await party.introspect(answer["access_token"])
    assert (told["aud"], told["client_id"]) == (LEDGER, party.client.client_id)
    assert "act" not in told


async def test_delegation_names_who_acts(provider: Provider, token: str) -> None:
    party = await service(provider, token_exchange_modes=("delegation",))
    own = (await party.token_request({"grant_type": "client_credentials", "scope": "licence:read"})).json()
    answer = await exchange(party, token, actor_token=own["access_token"], actor_token_type=ACCESS_TOKEN)
    told = await party.introspect(answer["access_token"])
    assert told["act"] == {"sub": party.client.client_id, "client_id": party.client.client_id}
    assert told["sub"] != party.client.client_id


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"scope": "openid phone"}, "invalid_scope"),
        ({"scope": "licence:read"}, "invalid_scope"),
        ({"audience": "https://elsewhere.test/"}, "invalid_target"),
        ({"resource": "https://elsewhere.test/"}, "invalid_target"),
        ({"subject_token": "nonsense"}, "invalid_request"),
        ({"subject_token_type": "urn:ietf:params:oauth:token-type:saml2"}, "invalid_request"),
        ({"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"}, "invalid_request"),
        ({"actor_token_type": ACCESS_TOKEN}, "invalid_request"),
    ],
)
async def test_more_than_before_is_refused(provider: Provider, token: str, change: dict[str, str], error: str) -> None:
    party = await service(provider, token_exchange_modes=("impersonation",))
    assert (await exchange(party, token, **change))["error"] == error


async def test_a_token_that_is_not_meant_for_the_service_is_refused(provider: Provider) -> None:
    await enter_person(provider)
    party = await service(provider, token_exchange_modes=("impersonation",))
    web = RelyingParty(provider, *await register_client(provider))
    stranger = (await web.tokens(await signed_in_browser(provider)))["access_token"]
    assert (await exchange(party, stranger))["error"] == "invalid_request"


async def test_the_new_token_ends_with_the_family_of_the_old_one(provider: Provider, token: str) -> None:
    party = await service(provider, token_exchange_modes=("impersonation",))
    answer = await exchange(party, token)
    live = await provider.services.tokens.find_access_token(token)
    assert live is not None
    await provider.services.tokens.revoke_grant(live.claims["grant"], "test")
    assert await party.introspect(answer["access_token"]) == {"active": False}


async def test_the_new_token_does_not_outlive_the_old_one(provider: Provider, token: str) -> None:
    party = await service(provider, token_exchange_modes=("impersonation",))
    provider.clock.advance(seconds=400)
    answer = await exchange(party, token)
    assert answer["expires_in"] == 200
