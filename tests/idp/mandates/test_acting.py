"""Acting for a company: chosen by the person, said by every token, over as soon as the mandate is."""

from datetime import timedelta

import pytest

from idp.clients.metadata import ClientMetadata
from idp.mandates.mandate import Mandate, Term
from idp.mandates.service import Offer
from tests.idp.browser import Browser, hidden_fields, query_of
from tests.idp.conftest import Provider
from tests.idp.mandates.conftest import NAME, USCC, Company
from tests.idp.people import PASSWORD, register_client, signed_in_browser
from tests.idp.relying_party import RelyingParty

SCOPE = "openid profile organisation realname"
ORGANISATION = {"uscc": USCC, "name": NAME}


async def appoint(company: Company, *powers: str, until: timedelta = timedelta(days=30)) -> Mandate:
    mandates, now = company.provider.services.mandates, company.provider.clock()
    order = Offer(USCC, "hong", powers or ("see", "applications"), Term(now, now + until))
    given = await mandates.offer(company.representative, order)
    await mandates.accept(company.agent, given.id)
    return given


async def acting_browser(company: Company, mandate: Mandate, username: str = "hong") -> Browser:
    """A browser in which somebody signed in for the company."""
    browser = company.provider.browser()
    page = await browser.get("/login")
    page = await browser.submit(page, username=username, password=PASSWORD, organisation="yes")
    assert page.url.path == "/login/acting"
    assert NAME in page.text
    await browser.submit(page, acts_for=mandate.id)
    return browser


async def party_of(provider: Provider, **changes: object) -> RelyingParty:
    return RelyingParty(provider, *await register_client(provider, may_realname=True, **changes))


async def test_every_token_says_who_acts_for_whom(company: Company) -> None:
    party = await party_of(company.provider)
    tokens = await party.tokens(await acting_browser(company, await appoint(company)), SCOPE)
    act = {"sub": company.agent, "capacity": "agent"}
    identity = await party.judge(tokens["id_token"], party.client.client_id, tokens["access_token"])
    introspected = await party.introspect(tokens["access_token"])
    for told in (identity, introspected, (await party.userinfo(tokens["access_token"])).json()):
        assert (told["sub"], told["subject_type"]) == (company.agent, "legal")
        assert (told["organisation"], told["act"]) == (ORGANISATION, act)


async def test_under_a_mandate_the_persons_own_number_stays_at_home(company: Company) -> None:
    party = await party_of(company.provider)
    tokens = await party.tokens(await acting_browser(company, await appoint(company)), SCOPE)
    told = (await party.userinfo(tokens["access_token"])).json()
    assert [each["uscc"] for each in told["organisations"]] == [USCC]
    assert told["organisations"][0]["powers"] == ["applications", "see"]
    assert not {"id_number", "id_type"} & set(told)


async def test_pairwise_clients_meet_the_same_stranger_as_actor(company: Company) -> None:
    party = await party_of(company.provider, metadata=ClientMetadata(subject_type="pairwise"))
    tokens = await party.tokens(await acting_browser(company, await appoint(company)), SCOPE)
    told = await party.introspect(tokens["access_token"])
    assert told["act"]["sub"] == told["sub"] != company.agent


async def test_nobody_is_asked_who_did_not_say_so(company: Company) -> None:
    await appoint(company)
    party = await party_of(company.provider)
    tokens = await party.tokens(await signed_in_browser(company.provider, "hong"), SCOPE)
    told = await party.introspect(tokens["access_token"])
    assert told["subject_type"] == "natural"
    assert not {"organisation", "act"} & set(told)


async def test_a_client_may_ask_for_an_organisation(company: Company) -> None:
    mandate = await appoint(company)
    party = await party_of(company.provider)
    browser = await signed_in_browser(company.provider, "hong")
    signed_in_at = int(company.provider.clock().timestamp())
    company.provider.clock.advance(minutes=5)
    page = await browser.get(party.authorization_address(SCOPE, subject_type="legal"))
    assert page.url.path == "/login/acting"
    assert "For myself" not in page.text
    assert (await browser.submit(page, acts_for="")).status_code == 400
    back = await browser.submit(page, acts_for=mandate.id)
    answer = await party.exchange(query_of(back.headers["location"])["code"])
    told = await party.introspect(answer.json()["access_token"])
    assert told["subject_type"] == "legal"
    # Choosing is no proof of being there.
    assert told["auth_time"] == signed_in_at


async def test_a_client_that_asks_for_a_natural_person_gets_one(company: Company) -> None:
    party = await party_of(company.provider)
    browser = await acting_browser(company, await appoint(company))
    tokens = await party.tokens(browser, SCOPE, subject_type="natural")
    assert (await party.introspect(tokens["access_token"]))["subject_type"] == "natural"


async def test_who_has_no_mandate_is_refused_where_one_is_asked_for(company: Company) -> None:
    party = await party_of(company.provider)
    browser = await signed_in_browser(company.provider, "wei")
    back = await browser.get(party.authorization_address(SCOPE, subject_type="legal"))
    assert query_of(back.headers["location"])["error"] == "access_denied"
    silent = await browser.get(party.authorization_address(SCOPE, subject_type="legal", prompt="none"))
    assert query_of(silent.headers["location"])["error"] == "interaction_required"
    odd = await browser.get(party.authorization_address(SCOPE, subject_type="robot"))
    assert query_of(odd.headers["location"])["error"] == "invalid_request"


async def test_somebody_elses_mandate_cannot_be_chosen(company: Company) -> None:
    mandate = await appoint(company)
    browser = await signed_in_browser(company.provider, "wei")
    form = hidden_fields((await browser.get("/account")).text)
    assert (await browser.post("/account/acting", {**form, "acts_for": mandate.id})).status_code == 400


@pytest.mark.parametrize("way", ["revoked", "given up", "term over", "replaced"])
async def test_with_the_mandate_everything_under_it_ends(company: Company, way: str) -> None:
    provider, mandates = company.provider, company.provider.services.mandates
    mandate = await appoint(company, until=timedelta(hours=1))
    acting, person = mandate, "hong"
    if way == "replaced":
        acting, person = (await mandates.in_force(company.representative))[0], "ming"
    party = await party_of(provider)
    browser = await acting_browser(company, acting, person)
    tokens = await party.tokens(browser, f"{SCOPE} offline_access")
    if way == "revoked":
        await mandates.end(company.representative, mandate.id)
    elif way == "given up":
        await mandates.end(company.agent, mandate.id)
    elif way == "replaced":
        await mandates.enter_representative(USCC, company.stranger)
    else:
        provider.clock.advance(hours=1)
    assert (await party.introspect(tokens["access_token"])) == {"active": False}
    assert (await party.refresh(tokens["refresh_token"])).status_code == 400
    assert (await browser.get("/account")).url.path == "/login"


async def test_a_lapse_is_told_to_applications(company: Company) -> None:
    provider = company.provider
    mandate = await appoint(company, until=timedelta(hours=1))
    party = await party_of(provider)
    await party.tokens(await acting_browser(company, mandate), SCOPE)
    provider.clock.advance(hours=1)
    assert await provider.services.mandates.end_lapsed() == 1
    assert await provider.services.sessions.list_open(company.agent) == []


async def test_acting_for_somebody_else_is_a_new_session(company: Company) -> None:
    """Session fixation across hats: tokens of the old session end, and its cookie opens nothing."""
    mandate = await appoint(company)
    party = await party_of(company.provider)
    browser = await signed_in_browser(company.provider, "hong")
    before = await party.tokens(browser, SCOPE)
    old_cookie = browser.client.cookies["__Host-xinyin_session"]
    form = hidden_fields((await browser.get("/account")).text)
    page = await browser.post("/account/acting", {**form, "acts_for": mandate.id})
    assert page.url.path == "/account"
    assert browser.client.cookies["__Host-xinyin_session"] != old_cookie
    assert (await party.introspect(before["access_token"])) == {"active": False}
    after = await party.introspect((await party.tokens(browser, SCOPE))["access_token"])
    assert after["subject_type"] == "legal"
    form = hidden_fields((await browser.get("/account")).text)
    await browser.post("/account/acting", {**form, "acts_for": ""})
    again = await party.introspect((await party.tokens(browser, SCOPE))["access_token"])
    assert again["subject_type"] == "natural"


async def test_without_the_power_other_applications_stay_closed(company: Company) -> None:
    mandate = await appoint(company, "see")
    other = await party_of(company.provider, first_party=False)
    browser = await acting_browser(company, mandate)
    back = await browser.get(other.authorization_address(SCOPE))
    assert query_of(back.headers["location"])["error"] == "access_denied"
    own = await party_of(company.provider)
    assert (await own.tokens(browser, SCOPE))["access_token"]


async def test_an_officer_who_acts_for_a_company_is_no_officer_meanwhile(company: Company) -> None:
    mandate = await appoint(company)
    await company.provider.services.roles.assign(company.agent, ["verifier"])
    party = await party_of(company.provider, scopes=("openid", "organisation", "realname", "verify:batch"))
    tokens = await party.tokens(await acting_browser(company, mandate), "openid organisation verify:batch")
    assert tokens["scope"] == "openid organisation"
    assert (await party.introspect(tokens["access_token"])).get("roles", ["citizen"]) == ["citizen"]


async def test_the_pages_lead_from_offer_to_end(company: Company) -> None:
    provider = company.provider
    ming, hong = await signed_in_browser(provider, "ming"), await signed_in_browser(provider, "hong")
    page = await ming.get("/account/mandates")
    assert NAME in page.text
    bad = await ming.submit(page, username="nobody", powers="see", until="")
    assert (bad.status_code, "There is no person with this user name." in bad.text) == (400, True)
    assert (await ming.submit(page, username="hong", powers="see", until="soon")).status_code == 400
    offered = await ming.submit(page, username="hong", powers="see", until="2026-12-31")
    assert "It counts once the agent accepts it." in offered.text
    mine = await hong.get("/account/mandates")
    token = hidden_fields(mine.text)["csrf_token"]
    (given,) = await provider.services.mandates.of_person(company.agent)
    assert given.term.until is not None
    assert given.term.until.isoformat() == "2026-12-31T16:00:00+00:00"
    await hong.post(f"/account/mandates/{given.id}/accept", {"csrf_token": token})
    assert "In force" in (await hong.get("/account/mandates")).text
    token = hidden_fields((await ming.get("/account/mandates")).text)["csrf_token"]
    assert (await ming.post(f"/account/mandates/{given.id}/eat", {"csrf_token": token})).status_code == 400
    ended = await ming.post(f"/account/mandates/{given.id}/end", {"csrf_token": token})
    assert "Taken back" in ended.text
