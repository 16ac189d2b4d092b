"""Applications that act for people at other applications (CAS 3.0.3 §2.5.4, §2.6, §2.7), and how to abuse that."""

import httpx
import pytest
from lxml import etree

from idp.persons.records import load_person
from tests.idp.cas.application import Callbacks
from tests.idp.cas.test_protocol import CAS, ask, failure_in, register, ticket_for, user_in
from tests.idp.conftest import Provider
from tests.idp.people import enter_person, signed_in_browser

MAIL = "https://mail.test/inbox"


async def granted(provider: Provider, callbacks: Callbacks, callback: str = "") -> tuple[str, httpx.Response]:
    """The proxy-granting ticket that a validation brought to the application."""
    browser, service = await signed_in_browser(provider), f"{callbacks.address}/home"
    answer = await ask(
        provider,
        "/cas/serviceValidate",
        service=service,
        ticket=await ticket_for(browser, service),
        pgtUrl=callback or f"{callbacks.address}/pgt",
    )
    return (callbacks.received[-1][1]["pgtId"] if callbacks.received else ""), answer


async def proxy_ticket(provider: Provider, grant: str, target: str = MAIL) -> str:
    answer = await ask(provider, "/cas/proxy", pgt=grant, targetService=target)
    return str(etree.fromstring(answer.content).findtext("cas:proxySuccess/cas:proxyTicket", namespaces=CAS))


def proxy_failure(answer: httpx.Response) -> str | None:
    found = etree.fromstring(answer.content).find("cas:proxyFailure", namespaces=CAS)
    return None if found is None else found.get("code")


async def test_an_application_acts_for_a_person_at_another(proxied: Provider, callbacks: Callbacks) -> None:
    person = await enter_person(proxied)
    await register(proxied, callbacks.address, may_proxy=True)
    await register(proxied, MAIL)
    grant, answer = await granted(proxied, callbacks)
    note = etree.fromstring(answer.content).findtext(
        "cas:authenticationSuccess/cas:proxyGrantingTicket", namespaces=CAS
    )
    assert callbacks.received == [("/portal/pgt", {"pgtId": grant, "pgtIou": note})]
    ticket = await proxy_ticket(proxied, grant)
    assert ticket.startswith("PT-")
    told = await ask(proxied, "/cas/proxyValidate", service=MAIL, ticket=ticket)
    assert user_in(told) == person
    proxies = etree.fromstring(told.content).findall("cas:authenticationSuccess/cas:proxies/cas:proxy", namespaces=CAS)
    assert [each.text for each in proxies] == [f"{callbacks.address}/pgt"]


async def test_a_proxy_ticket_is_no_service_ticket(proxied: Provider, callbacks: Callbacks) -> None:
    """Who calls serviceValidate trusts that no proxy stands between (§2.5)."""
    await enter_person(proxied)
    await register(proxied, callbacks.address, may_proxy=True)
    await register(proxied, MAIL)
    grant, _answer = await granted(proxied, callbacks)
    told = await ask(proxied, "/cas/serviceValidate", service=MAIL, ticket=await proxy_ticket(proxied, grant))
    assert failure_in(told) == "INVALID_TICKET"


async def test_chains_name_every_proxy_nearest_first(proxied: Provider, callbacks: Callbacks) -> None:
    await enter_person(proxied)
    await register(proxied, callbacks.address, may_proxy=True)
    mail = f"{callbacks.address}/mail"
    await register(proxied, mail, may_proxy=True)
    await register(proxied, "https://store.test/")
    grant, _answer = await granted(proxied, callbacks)
    inner = await ask(
        proxied,
        "/cas/proxyValidate",
        service=mail,
        ticket=await proxy_ticket(proxied, grant, mail),
        pgtUrl=f"{mail}/pgt",
    )
    assert failure_in(inner) is None
    ticket = await proxy_ticket(proxied, callbacks.received[-1][1]["pgtId"], "https://store.test/box")
    told = await ask(proxied, "/cas/proxyValidate", service="https://store.test/box", ticket=ticket)
    proxies = etree.fromstring(told.content).findall("cas:authenticationSuccess/cas:proxies/cas:proxy", namespaces=CAS)
    assert [each.text for each in proxies] == [f"{callbacks.address}/mail/pgt", f"{callbacks.address}/pgt"]


@pytest.mark.parametrize(
    "callback",
    [
        "http://app.test/portal/pgt",
        "https://evil.test/pgt",
        "{origin}/elsewhere",
        "{address}/../pgt",
        "https://app.test@evil.test/portal/pgt",
        "file:///etc/passwd",
        "not an address",
    ],
)
async def test_proxy_granting_tickets_go_to_their_owner_alone(
    proxied: Provider, callbacks: Callbacks, callback: str
) -> None:
    await enter_person(proxied)
    await register(proxied, callbacks.address, may_proxy=True)
    _grant, answer = await granted(
        proxied, callbacks, callback.format(address=callbacks.address, origin=callbacks.origin)
    )
    assert failure_in(answer) == "INVALID_PROXY_CALLBACK"
    assert callbacks.received == []


async def test_an_application_must_be_allowed_to_act_for_people(proxied: Provider, callbacks: Callbacks) -> None:
    await enter_person(proxied)
    await register(proxied, callbacks.address)
    _grant, answer = await granted(proxied, callbacks)
    assert failure_in(answer) == "INVALID_PROXY_CALLBACK"
    assert callbacks.received == []


async def test_a_callback_that_is_not_taken_leaves_the_sign_in_good(proxied: Provider, callbacks: Callbacks) -> None:
    await enter_person(proxied)
    await register(proxied, callbacks.address, may_proxy=True)
    await register(proxied, MAIL)
    callbacks.status = 500
    grant, answer = await granted(proxied, callbacks)
    assert failure_in(answer) is None
    assert b"proxyGrantingTicket" not in answer.content
    assert proxy_failure(await ask(proxied, "/cas/proxy", pgt=grant, targetService=MAIL)) == "INVALID_TICKET"


async def test_a_logout_ends_what_was_granted(proxied: Provider, callbacks: Callbacks) -> None:
    person = await enter_person(proxied)
    await register(proxied, callbacks.address, may_proxy=True)
    await register(proxied, MAIL)
    grant, _answer = await granted(proxied, callbacks)
    for session in await proxied.services.sessions.list_open(person):
        await proxied.services.sessions.end(session.id, "test")
    assert proxy_failure(await ask(proxied, "/cas/proxy", pgt=grant, targetService=MAIL)) == "INVALID_TICKET"


@pytest.mark.parametrize("target", ["https://unknown.test/", "", "https://mail.test.evil.test/inbox"])
async def test_nobody_acts_at_an_unknown_application(proxied: Provider, callbacks: Callbacks, target: str) -> None:
    await enter_person(proxied)
    await register(proxied, callbacks.address, may_proxy=True)
    await register(proxied, MAIL)
    grant, _answer = await granted(proxied, callbacks)
    answer = await ask(proxied, "/cas/proxy", pgt=grant, targetService=target)
    assert proxy_failure(answer) == ("UNAUTHORIZED_SERVICE" if target else "INVALID_REQUEST")


async def test_guessed_grants_open_nothing(proxied: Provider) -> None:
    for guess in ("", "PGT-", "PGT-" + "0" * 48, "x" * 5000):
        answer = await ask(proxied, "/cas/proxy", pgt=guess, targetService=MAIL)
        assert proxy_failure(answer) in {"INVALID_REQUEST", "INVALID_TICKET"}


async def test_a_user_without_a_name_is_not_proxied_to_where_names_are_asked(
    proxied: Provider, callbacks: Callbacks
) -> None:
    person = await enter_person(proxied)
    await register(proxied, callbacks.address, may_proxy=True)
    await register(proxied, MAIL, user="username")
    grant, _answer = await granted(proxied, callbacks)
    async with proxied.database.transaction() as session:
        (await load_person(session, person)).username = None
    answer = await ask(proxied, "/cas/proxy", pgt=grant, targetService=MAIL)
    assert proxy_failure(answer) == "UNAUTHORIZED_SERVICE"
