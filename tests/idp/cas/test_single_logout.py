"""Who signs out here is signed out at the CAS applications that were entered (CAS 3.0.3 §2.3.3)."""

from typing import Any
from urllib.parse import parse_qs

import cas
from lxml import etree

from tests.idp.cas.application import Callbacks
from tests.idp.cas.test_protocol import ask, register, ticket_for
from tests.idp.conftest import Provider
from tests.idp.people import enter_person, signed_in_browser

NAMES = {"samlp": "urn:oasis:names:tc:SAML:2.0:protocol", "saml": "urn:oasis:names:tc:SAML:2.0:assertion"}


async def enter(provider: Provider, callbacks: Callbacks, path: str = "/home") -> str:
    browser = await signed_in_browser(provider)
    service = f"{callbacks.address}{path}"
    ticket = await ticket_for(browser, service)
    await ask(provider, "/cas/serviceValidate", service=service, ticket=ticket)
    await browser.get("/cas/logout")
    return ticket


async def test_the_application_is_told_which_ticket_ended(proxied: Provider, callbacks: Callbacks) -> None:
    person = await enter_person(proxied)
    await register(proxied, callbacks.address)
    ticket = await enter(proxied, callbacks)
    await proxied.services.single_logout.deliver_due()
    (body,) = callbacks.bodies
    assert body.startswith(b"logoutRequest=")  # mod_auth_cas looks at the first bytes alone
    message = etree.fromstring(parse_qs(body.decode())["logoutRequest"][0].encode())
    assert message.findtext("samlp:SessionIndex", namespaces=NAMES) == ticket
    assert message.findtext("saml:NameID", namespaces=NAMES) == person
    assert callbacks.received[-1][0] == "/portal/home"
    client: Any = cas.CASClient(version=3, service_url=callbacks.address, server_url="https://idp.test/cas/")
    assert client.get_saml_slos(parse_qs(body.decode())["logoutRequest"][0])[0].text == ticket


async def test_a_message_that_is_not_taken_is_tried_again(proxied: Provider, callbacks: Callbacks) -> None:
    await enter_person(proxied)
    await register(proxied, callbacks.address)
    callbacks.status = 503
    await enter(proxied, callbacks)
    logout = proxied.services.single_logout
    await logout.deliver_due()
    (notice,) = await logout.list_notices()
    assert (notice.last_outcome, notice.delivered_at) == ("status 503", None)
    callbacks.status = 302
    proxied.clock.advance(minutes=1)
    await logout.deliver_due()
    (notice,) = await logout.list_notices()
    assert notice.last_outcome == "delivered"
    assert len(callbacks.bodies) == 2


async def test_an_application_that_does_not_want_to_know_is_not_told(proxied: Provider, callbacks: Callbacks) -> None:
    await enter_person(proxied)
    await register(proxied, callbacks.address, wants_logout=False)
    await enter(proxied, callbacks)
    assert await proxied.services.single_logout.list_notices() == []


async def test_a_ticket_that_was_never_redeemed_is_nobodys(proxied: Provider, callbacks: Callbacks) -> None:
    await enter_person(proxied)
    await register(proxied, callbacks.address)
    browser = await signed_in_browser(proxied)
    await ticket_for(browser, f"{callbacks.address}/home")
    await browser.get("/cas/logout")
    assert await proxied.services.single_logout.list_notices() == []
