"""Single logout (SAML Profiles §4.4) both ways, judged by an application that uses pysaml2."""

import base64
import html
import re
import zlib
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from lxml import etree
from saml2 import BINDING_HTTP_REDIRECT

from idp.saml.applications.application import SamlSettings
from idp.saml.applications.registry import SamlRegistration
from idp.saml.wire.markup import NAMES
from kernel.audit.chain import SYSTEM
from tests.idp.browser import Browser
from tests.idp.conftest import Provider, run_provider
from tests.idp.people import enter_person, signed_in_browser
from tests.idp.saml.application import ENTITY_ID, LOGOUT, ForeignApplication, KeyFiles, Posted, register
from tests.idp.saml.conftest import WorldClock
from tests.idp.saml.crafting import RSA_SHA256, SAML, SAMLP, metadata_of, redirect, signed
from tests.idp.saml.schemas import check_schema
from tests.idp.saml.test_attacks import VARIANTS, Forge, assert_refused

SLO = "https://idp.test/saml/slo"


async def enter(browser: Browser, foreign: ForeignApplication) -> Any:
    """Sign in at the application; what it knows of the session."""
    answer = foreign.read(Posted.of(await browser.get(foreign.login_url())))
    return answer.session_info()


def logout_request(session: Any, identity: str = "_logout1", more: str = "") -> bytes:
    index = session["session_index"]
    return (
        f'<samlp:LogoutRequest xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="{identity}" Version="2.0" '
        f'IssueInstant="{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}" Destination="{SLO}"{more}>'
        f"<saml:Issuer>{ENTITY_ID}</saml:Issuer>"
        f'<saml:NameID Format="{session["name_id"].format}">{session["name_id"].text}</saml:NameID>'
        f"<samlp:SessionIndex>{index}</samlp:SessionIndex></samlp:LogoutRequest>"
    ).encode()


async def signed_in(browser: Browser) -> bool:
    return (await browser.client.get("/account")).status_code == 200


def message_in(response: httpx.Response) -> tuple[str, str, str]:
    """The address, the kind and the packed message that a redirect brings."""
    parts = urlsplit(response.headers["location"])
    query = parse_qs(parts.query)
    kind = "SAMLRequest" if "SAMLRequest" in query else "SAMLResponse"
    return f"{parts.scheme}://{parts.netloc}{parts.path}", kind, query[kind][0]


async def test_an_application_ends_the_session_by_redirect(
    saml_provider: Provider, foreign: ForeignApplication, keys: KeyFiles
) -> None:
    await enter_person(saml_provider)
    await register(saml_provider, foreign)
    browser = await signed_in_browser(saml_provider)
    session = await enter(browser, foreign)
    answer = await browser.get(redirect(logout_request(session), keys, path="/saml/slo"))
    address, kind, packed = message_in(answer)
    assert (address, kind) == (LOGOUT, "SAMLResponse")
    parsed = foreign.client.parse_logout_request_response(packed, BINDING_HTTP_REDIRECT)
    assert parsed.status_ok()
    assert not await signed_in(browser)


async def test_an_application_ends_the_session_by_post(
    saml_provider: Provider, foreign: ForeignApplication, keys: KeyFiles
) -> None:
    await enter_person(saml_provider)
    await register(saml_provider, foreign)
    browser = await signed_in_browser(saml_provider)
    message = signed(logout_request(await enter(browser, foreign)), keys)
    answer = await browser.post("/saml/slo", {"SAMLRequest": base64.b64encode(message).decode()})
    assert message_in(answer)[1] == "SAMLResponse"
    assert not await signed_in(browser)


async def test_who_signs_out_here_is_led_through_the_applications(
    saml_provider: Provider, foreign: ForeignApplication
) -> None:
    await enter_person(saml_provider)
    await register(saml_provider, foreign)
    browser = await signed_in_browser(saml_provider)
    session = await enter(browser, foreign)
    page = await browser.submit(await browser.get("/logout"))
    assert not await signed_in(browser)  # before anybody else is asked
    step = html.unescape(re.findall(r'href="([^"]+)" data-go-on', page.text)[0])
    asked = await browser.get(step)
    address, kind, packed = message_in(asked)
    assert (address, kind) == (LOGOUT, "SAMLRequest")
    foreign.client.users.add_information_about_person({**session, "issuer": session["issuer"]})
    raw = dict(parse_qs(urlsplit(asked.headers["location"]).query))
    answer = foreign.client.handle_logout_request(
        packed, session["name_id"], BINDING_HTTP_REDIRECT, sign=True, sign_alg=RSA_SHA256,
        signature=raw["Signature"][0], sigalg=raw["SigAlg"][0], relay_state="",
    )  # fmt: skip
    location = urlsplit(dict(answer["headers"])["Location"])
    end = await browser.get(f"{location.path}?{location.query}")
    assert (end.status_code, end.url.path) == (200, "/logout/done")


async def test_the_message_to_an_application_fits_the_schema_and_names_the_session(
    saml_provider: Provider, foreign: ForeignApplication
) -> None:
    await enter_person(saml_provider)
    await register(saml_provider, foreign)
    browser = await signed_in_browser(saml_provider)
    session = await enter(browser, foreign)
    page = await browser.submit(await browser.get("/logout"))
    asked = await browser.get(html.unescape(re.findall(r'href="([^"]+)" data-go-on', page.text)[0]))
    root = check_schema(zlib.decompress(base64.b64decode(message_in(asked)[2]), -15))
    assert root.findtext("saml:NameID", namespaces=NAMES) == session["name_id"].text
    assert root.findtext("samlp:SessionIndex", namespaces=NAMES) == session["session_index"]


async def test_an_application_with_a_soap_address_is_told_through_the_outbox(tmp_path: Any, keys: KeyFiles) -> None:
    received: list[bytes] = []

    def take(request: httpx.Request) -> httpx.Response:
        received.append(request.read())
        asked = etree.fromstring(received[-1]).find(".//samlp:LogoutRequest", NAMES)
        assert asked is not None
        status = "urn:oasis:names:tc:SAML:2.0:status:Success"
        answer = (
            f'<s:Envelope xmlns:s="{NAMES["soap"]}"><s:Body><p:LogoutResponse xmlns:p="{SAMLP}" ID="_a" Version="2.0" '
            f'IssueInstant="2026-01-01T00:00:00Z" InResponseTo="{asked.get("ID")}"><p:Status>'
            f'<p:StatusCode Value="{status}"/></p:Status></p:LogoutResponse></s:Body></s:Envelope>'
        )
        return httpx.Response(200, text=answer, headers={"Content-Type": "text/xml"})

    more = (
        '<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:SOAP" '
        'Location="https://app.test/saml/soap"/>'
    )
    async for provider in run_provider(tmp_path, WorldClock(), outside=httpx.MockTransport(take)):
        await provider.services.single_logout.stop()
        await enter_person(provider)
        settings = SamlSettings(first_party=True, encrypts=False, must_sign=False, from_here=True)
        made = await provider.services.saml.applications.register(
            SamlRegistration(metadata_of(keys, more), settings=settings), SYSTEM
        )
        browser = await signed_in_browser(provider)
        await browser.get(f"/saml/sso/{made.id}")
        end = await browser.submit(await browser.get("/logout"))
        assert end.url.path == "/logout/done"
        await provider.services.single_logout.deliver_due()
        (notice,) = await provider.services.single_logout.list_notices()
        assert (notice.client_id, notice.last_outcome) == (made.client_id, "delivered")
        (envelope,) = [etree.fromstring(each) for each in received]
        message = envelope.find(".//samlp:LogoutRequest", NAMES)
        assert message is not None
        check_schema(etree.tostring(message))
        assert message.find("ds:Signature", NAMES) is not None


async def test_an_applications_server_ends_a_session_by_soap(
    saml_provider: Provider, foreign: ForeignApplication, keys: KeyFiles
) -> None:
    await enter_person(saml_provider)
    await register(saml_provider, foreign)
    browser = await signed_in_browser(saml_provider)
    message = logout_request(await enter(browser, foreign)).replace(SLO.encode(), f"{SLO}/soap".encode())
    body = b'<s:Envelope xmlns:s="%s"><s:Body>%s</s:Body></s:Envelope>' % (
        NAMES["soap"].encode(),
        signed(message, keys),
    )
    client = saml_provider.browser().client
    answer = await client.post("/saml/slo/soap", content=body, headers={"Content-Type": "text/xml"})
    assert answer.status_code == 200, answer.text
    inner = etree.fromstring(answer.content).find(".//samlp:LogoutResponse", NAMES)
    assert inner is not None
    check_schema(etree.tostring(inner))
    assert not await signed_in(browser)
    again = await client.post("/saml/slo/soap", content=body, headers={"Content-Type": "text/xml"})
    assert again.status_code == 410


@pytest.mark.parametrize("forge", VARIANTS)
async def test_xml_signature_wrapping_of_logout_requests(
    saml_provider: Provider, foreign: ForeignApplication, keys: KeyFiles, forge: Forge
) -> None:
    await enter_person(saml_provider)
    await register(saml_provider, foreign)
    browser = await signed_in_browser(saml_provider)
    root = etree.fromstring(signed(logout_request(await enter(browser, foreign)), keys))
    forged = etree.tostring(forge(root))
    assert_refused(await browser.post("/saml/slo", {"SAMLRequest": base64.b64encode(forged).decode()}))
    assert await signed_in(browser)


async def test_unsigned_replayed_and_foreign_logout_requests(
    saml_provider: Provider, foreign: ForeignApplication, keys: KeyFiles, other_keys: KeyFiles
) -> None:
    await enter_person(saml_provider)
    await register(saml_provider, foreign)
    browser = await signed_in_browser(saml_provider)
    session = await enter(browser, foreign)
    message = logout_request(session)
    assert_refused(await browser.get(redirect(message, path="/saml/slo")))
    assert_refused(await browser.get(redirect(message, other_keys, path="/saml/slo")))
    assert await signed_in(browser)
    await browser.get(redirect(message, keys, path="/saml/slo"))
    assert_refused(await browser.get(redirect(message, keys, path="/saml/slo")), 410)


async def test_comment_injection_in_the_name_id(
    saml_provider: Provider, foreign: ForeignApplication, keys: KeyFiles
) -> None:
    await enter_person(saml_provider)
    await register(saml_provider, foreign)
    browser = await signed_in_browser(saml_provider)
    session = await enter(browser, foreign)
    message = signed(logout_request(session), keys)
    name = session["name_id"].text.encode()
    split = message.replace(name, name[:8] + b"<!-- -->" + name[8:])
    assert_refused(await browser.post("/saml/slo", {"SAMLRequest": base64.b64encode(split).decode()}))
    assert await signed_in(browser)


async def test_the_name_of_somebody_else_ends_nothing(
    saml_provider: Provider, foreign: ForeignApplication, keys: KeyFiles
) -> None:
    await enter_person(saml_provider)
    await register(saml_provider, foreign)
    browser = await signed_in_browser(saml_provider)
    session = await enter(browser, foreign)
    session["name_id"].text = "0" * 64
    answer = await browser.get(redirect(logout_request(session), keys, path="/saml/slo"))
    assert message_in(answer)[1] == "SAMLResponse"
    assert await signed_in(browser)


async def test_an_answer_to_nothing_is_refused(saml_provider: Provider, foreign: ForeignApplication) -> None:
    await register(saml_provider, foreign)
    page = await saml_provider.browser().get("/saml/slo/next?flow=made-up")
    assert page.status_code == 410
