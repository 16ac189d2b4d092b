"""CAS 3.0.3, clause by clause, over HTTP alone."""

import re
from urllib.parse import quote, urlencode

import httpx
import pytest
from lxml import etree

from idp.cas.applications import CasApplication, CasRegistration
from idp.persons.records import load_person
from kernel.audit.chain import SYSTEM
from tests.idp.browser import Browser, query_of
from tests.idp.conftest import Provider
from tests.idp.people import PASSWORD, enter_person, signed_in_browser

APP = "https://app.test/portal"
SERVICE = "https://app.test/portal/home?tab=1"
CAS = {"cas": "http://www.yale.edu/tp/cas"}


async def register(provider: Provider, address: str = APP, **changes: object) -> CasApplication:
    registration = CasRegistration(**{"name": "Portal", "address": address, **changes})  # type: ignore[arg-type]
    return await provider.services.cas_applications.register(registration, SYSTEM)


def login_url(service: str = SERVICE, **parameters: str) -> str:
    return "/cas/login?" + urlencode({"service": service, **parameters})


async def ticket_for(browser: Browser, service: str = SERVICE, **parameters: str) -> str:
    answer = await browser.get(login_url(service, **parameters))
    assert answer.is_redirect, answer.text
    assert answer.headers["location"].startswith(service.partition("?")[0])
    return query_of(answer.headers["location"])["ticket"]


async def ask(provider: Provider, path: str, **parameters: str) -> httpx.Response:
    """What the application's server asks."""
    answer = await provider.browser().client.get(path, params=parameters)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    return answer


def user_in(answer: httpx.Response) -> str:
    return str(etree.fromstring(answer.content).findtext("cas:authenticationSuccess/cas:user", namespaces=CAS))


def failure_in(answer: httpx.Response) -> str | None:
    failure = etree.fromstring(answer.content).find("cas:authenticationFailure", namespaces=CAS)
    return None if failure is None else failure.get("code")


async def test_a_person_signs_in_and_the_application_learns_who_it_is(provider: Provider) -> None:
    person = await enter_person(provider)
    await register(provider)
    browser = provider.browser()
    page = await browser.get(login_url())
    assert page.url.path == "/login"
    back = await browser.sign_in("ming", PASSWORD, page)
    assert back.headers["location"].startswith("https://app.test/portal/home?tab=1&ticket=ST-")
    answer = await ask(
        provider, "/cas/serviceValidate", service=SERVICE, ticket=query_of(back.headers["location"])["ticket"]
    )
    assert answer.headers["content-type"].startswith("application/xml")
    assert user_in(answer) == person


async def test_a_live_session_needs_no_second_sign_in(provider: Provider) -> None:
    await enter_person(provider)
    await register(provider)
    browser = await signed_in_browser(provider)
    assert re.fullmatch(r"ST-[A-Za-z0-9.-]{32,253}", await ticket_for(browser))


async def test_a_ticket_opens_once(provider: Provider) -> None:
    await enter_person(provider)
    await register(provider)
    ticket = await ticket_for(await signed_in_browser(provider))
    assert failure_in(await ask(provider, "/cas/serviceValidate", service=SERVICE, ticket=ticket)) is None
    again = await ask(provider, "/cas/serviceValidate", service=SERVICE, ticket=ticket)
    assert failure_in(again) == "INVALID_TICKET"


async def test_a_ticket_is_used_up_by_a_wrong_question_too(provider: Provider) -> None:
    await enter_person(provider)
    await register(provider)
    ticket = await ticket_for(await signed_in_browser(provider))
    wrong = await ask(provider, "/cas/serviceValidate", service="https://app.test/portal/other", ticket=ticket)
    assert failure_in(wrong) == "INVALID_SERVICE"
    right = await ask(provider, "/cas/serviceValidate", service=SERVICE, ticket=ticket)
    assert failure_in(right) == "INVALID_TICKET"


async def test_a_ticket_lasts_a_minute(provider: Provider) -> None:
    await enter_person(provider)
    await register(provider)
    ticket = await ticket_for(await signed_in_browser(provider))
    provider.clock.advance(seconds=61)
    assert failure_in(await ask(provider, "/cas/serviceValidate", service=SERVICE, ticket=ticket)) == "INVALID_TICKET"


async def test_version_one_answers_in_two_lines(provider: Provider) -> None:
    person = await enter_person(provider)
    await register(provider)
    ticket = await ticket_for(await signed_in_browser(provider))
    assert (await ask(provider, "/cas/validate", service=SERVICE, ticket=ticket)).text == f"yes\n{person}\n"
    assert (await ask(provider, "/cas/validate", service=SERVICE, ticket=ticket)).text == "no\n\n"


async def test_version_three_tells_what_the_operator_allows(provider: Provider) -> None:
    await enter_person(provider, "lan", "officer")
    await register(provider, user="username", attributes=("name", "roles", "amr"))
    browser = await signed_in_browser(provider, "lan")
    second = await ask(provider, "/cas/serviceValidate", service=SERVICE, ticket=await ticket_for(browser))
    assert b"cas:attributes" not in second.content
    third = await ask(provider, "/cas/p3/serviceValidate", service=SERVICE, ticket=await ticket_for(browser))
    success = etree.fromstring(third.content).find("cas:authenticationSuccess", namespaces=CAS)
    assert success is not None
    assert success.findtext("cas:user", namespaces=CAS) == "lan"
    told = [(each.tag.rpartition("}")[2], each.text) for each in success.find("cas:attributes", namespaces=CAS)]
    assert ("isFromNewLogin", "false") in told
    assert ("longTermAuthenticationRequestTokenUsed", "false") in told
    assert ("name", "小明") in told
    assert ("roles", "officer") in told
    assert {value for name, value in told if name == "amr"} == {"pwd", "otp"}
    assert not [name for name, _value in told if name in ("acr", "organisation")]
    assert any(name == "authenticationDate" and value and value.endswith("Z") for name, value in told)


async def test_answers_come_as_json_where_it_is_asked_for(provider: Provider) -> None:
    person = await enter_person(provider)
    await register(provider)
    ticket = await ticket_for(await signed_in_browser(provider))
    asked = {"service": SERVICE, "ticket": ticket, "format": "JSON"}
    told = (await ask(provider, "/cas/p3/serviceValidate", **asked)).json()
    assert told["serviceResponse"]["authenticationSuccess"]["user"] == person
    told = (await ask(provider, "/cas/p3/serviceValidate", **asked)).json()
    assert told["serviceResponse"]["authenticationFailure"]["code"] == "INVALID_TICKET"


async def test_renew_asks_for_a_new_sign_in_and_proves_it(provider: Provider) -> None:
    await enter_person(provider)
    await register(provider)
    browser = await signed_in_browser(provider)
    old = await ticket_for(browser)
    assert (
        failure_in(await ask(provider, "/cas/serviceValidate", service=SERVICE, ticket=old, renew="true"))
        == "INVALID_TICKET"
    )
    provider.clock.advance(minutes=1)
    page = await browser.get(login_url(renew="true"))
    assert page.url.path == "/login"
    back = await browser.sign_in("ming", PASSWORD, page)
    new = query_of(back.headers["location"])["ticket"]
    assert failure_in(await ask(provider, "/cas/serviceValidate", service=SERVICE, ticket=new, renew="true")) is None


async def test_gateway_never_asks(provider: Provider) -> None:
    await enter_person(provider)
    await register(provider)
    stranger = await provider.browser().get(login_url(gateway="true"))
    assert stranger.headers["location"] == SERVICE
    assert (await ticket_for(await signed_in_browser(provider), gateway="true")).startswith("ST-")


async def test_the_ticket_may_be_posted(provider: Provider) -> None:
    await enter_person(provider)
    await register(provider)
    page = await (await signed_in_browser(provider)).get(login_url(method="POST"))
    assert page.status_code == 200
    assert re.search(r'<form method="post" action="https://app\.test/portal/home\?tab=1"', page.text)
    assert re.search(r'name="ticket" value="ST-[0-9a-f]{48}"', page.text)
    assert "form-action 'self' https://app.test" in page.headers["content-security-policy"]


async def test_addresses_are_compared_decoded(provider: Provider) -> None:
    """mod_auth_cas writes %3a for a colon, others %3A."""
    await enter_person(provider)
    await register(provider)
    browser = await signed_in_browser(provider)
    answer = await browser.get("/cas/login?service=" + quote(SERVICE, safe="").lower())
    ticket = query_of(answer.headers["location"])["ticket"]
    told = await provider.browser().client.get(
        f"/cas/serviceValidate?ticket={ticket}&service=" + quote(SERVICE, safe="")
    )
    assert failure_in(told) is None


async def test_an_ended_session_is_behind_no_ticket(provider: Provider) -> None:
    await enter_person(provider)
    await register(provider)
    browser = await signed_in_browser(provider)
    ticket = await ticket_for(browser)
    left = await browser.get("/cas/logout")
    assert left.url.path == "/logout/done"
    assert failure_in(await ask(provider, "/cas/serviceValidate", service=SERVICE, ticket=ticket)) == "INVALID_TICKET"
    assert (await browser.get(login_url())).url.path == "/login"


async def test_leaving_goes_on_at_a_registered_address_alone(provider: Provider) -> None:
    await register(provider)
    browser = provider.browser()
    known = await browser.get("/cas/logout?" + urlencode({"service": SERVICE}))
    assert known.headers["location"] == SERVICE
    unknown = await browser.get("/cas/logout?" + urlencode({"service": "https://evil.test/"}))
    assert unknown.url.path == "/logout/done"


async def test_an_application_by_user_name_takes_nobody_without_one(provider: Provider) -> None:
    person = await enter_person(provider)
    await register(provider, user="username")
    async with provider.database.transaction() as session:
        row = await load_person(session, person)
        row.username = "ming"
    browser = await signed_in_browser(provider)
    async with provider.database.transaction() as session:
        (await load_person(session, person)).username = None
    page = await browser.get(login_url())
    assert page.status_code == 403
    assert "user name" in page.text


@pytest.mark.parametrize("path", ["/cas/serviceValidate", "/cas/proxyValidate", "/cas/p3/serviceValidate"])
@pytest.mark.parametrize("parameters", [{}, {"service": SERVICE}, {"ticket": "ST-1"}])
async def test_missing_parameters_are_named(provider: Provider, path: str, parameters: dict[str, str]) -> None:
    assert failure_in(await ask(provider, path, **parameters)) == "INVALID_REQUEST"


async def test_a_doubled_parameter_is_refused(provider: Provider) -> None:
    answer = await provider.browser().client.get("/cas/serviceValidate?ticket=a&ticket=b&service=c")
    assert failure_in(answer) == "INVALID_REQUEST"
    assert (await provider.browser().client.get("/cas/proxy?pgt=a&pgt=b")).status_code == 200


async def test_without_a_service_one_signs_in_to_ones_own_pages(provider: Provider) -> None:
    assert (await provider.browser().get("/cas/login")).url.path == "/login"
