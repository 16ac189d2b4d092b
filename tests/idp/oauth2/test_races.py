"""What counts once counts once, also when many come at once: on SQLite and PostgreSQL, in-process and Redis."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from idp.persons.person import RealName
from kernel.ephemeral.store import EphemeralStore
from kernel.errors import Conflict
from tests.idp.conftest import HandClock, Provider, run_provider
from tests.idp.people import PASSWORD, code_now, enter_person, register_client, signed_in_browser
from tests.idp.relying_party import RelyingParty

AT_ONCE = 8


@pytest.fixture
async def provider(
    tmp_path: Path, clock: HandClock, any_database_url: str, any_store: EphemeralStore
) -> AsyncIterator[Provider]:
    async for built in run_provider(tmp_path, clock, database_url=any_database_url, store=any_store):
        yield built


async def test_a_code_that_many_bring_is_given_to_one_and_then_taken_back(provider: Provider) -> None:
    await enter_person(provider)
    party = RelyingParty(provider, *await register_client(provider))
    code = await party.obtain_code(await signed_in_browser(provider))
    answers = await asyncio.gather(*(party.exchange(code) for _ in range(AT_ONCE)))
    won = [answer.json() for answer in answers if answer.status_code == 200]
    assert len(won) <= 1
    assert Counter(answer.status_code for answer in answers)[400] == AT_ONCE - len(won)
    for tokens in won:
        assert await party.introspect(tokens["access_token"]) == {"active": False}


async def test_a_refresh_token_that_many_bring_is_renewed_once_and_ends_its_family(provider: Provider) -> None:
    await enter_person(provider)
    party = RelyingParty(provider, *await register_client(provider))
    tokens = await party.tokens(await signed_in_browser(provider), "openid offline_access")
    answers = await asyncio.gather(*(party.refresh(tokens["refresh_token"]) for _ in range(AT_ONCE)))
    won = [answer.json() for answer in answers if answer.status_code == 200]
    assert len(won) == 1
    assert (await party.refresh(won[0]["refresh_token"])).json()["error"] == "invalid_grant"


async def test_one_totp_code_opens_one_door(provider: Provider) -> None:
    await enter_person(provider, "officer", "officer")
    browsers = [provider.browser() for _ in range(4)]
    pages = [await browser.sign_in("officer", PASSWORD) for browser in browsers]
    code = code_now(provider)
    ends = await asyncio.gather(
        *(browser.submit(page, code=code) for browser, page in zip(browsers, pages, strict=True))
    )
    assert sorted(end.status_code for end in ends) == [400, 400, 400, 404]


async def test_guesses_sent_all_at_once_are_all_counted(provider: Provider) -> None:
    await enter_person(provider)
    browsers = [provider.browser() for _ in range(AT_ONCE)]
    ends = await asyncio.gather(*(browser.sign_in("ming", "guess") for browser in browsers))
    assert Counter(end.status_code for end in ends) == {400: 5, 429: AT_ONCE - 5}


async def test_one_user_name_is_entered_once(provider: Provider) -> None:
    entered = await asyncio.gather(*(enter_person(provider) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(each, str) for each in entered) == 1
    assert sum(isinstance(each, Conflict) for each in entered) == 3


async def test_one_id_number_is_bound_once(provider: Provider) -> None:
    people = [await enter_person(provider, f"person{number}") for number in range(4)]
    card = RealName("111", "990101199003078033", "张小明")
    bindings = (provider.services.persons.bind_real_name(person_id, card, 3) for person_id in people)
    outcomes = await asyncio.gather(*bindings, return_exceptions=True)
    assert sum(outcome is None for outcome in outcomes) == 1
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 3


async def test_consent_given_in_two_tabs_at_once_is_given(provider: Provider) -> None:
    person_id = await enter_person(provider)
    client, _ = await register_client(provider)
    consents = provider.services.consents
    await asyncio.gather(*(consents.imply(person_id, client.client_id, (scope,)) for scope in ("openid", "email")))
    assert await consents.covers(person_id, client.client_id, ["openid", "email"])


async def test_a_token_given_back_twice_at_once_is_given_back(provider: Provider) -> None:
    await enter_person(provider)
    party = RelyingParty(provider, *await register_client(provider))
    token = (await party.tokens(await signed_in_browser(provider)))["access_token"]
    auth = (party.client.client_id, party.secret)
    answers = await asyncio.gather(
        *(party.http.post("/oauth2/revoke", data={"token": token}, auth=auth) for _ in range(4))
    )
    assert [answer.status_code for answer in answers] == [200] * 4
    assert await party.introspect(token) == {"active": False}
