"""Web browser SSO (SAML Profiles §4.1), judged by an application that uses pysaml2."""

import subprocess
from pathlib import Path

import pytest
from lxml import etree
from saml2.response import StatusNoAuthnContext, StatusNoPassive
from saml2.saml import AuthnContextClassRef
from saml2.samlp import RequestedAuthnContext

from idp.persons.person import RealName
from idp.saml.contexts import MFA, PASSWORD
from idp.saml.own_metadata import EMAIL, PERSISTENT, TRANSIENT
from idp.saml.wire.markup import NAMES
from tests.idp.conftest import Provider
from tests.idp.people import PASSWORD as SECRET
from tests.idp.people import enter_person, signed_in_browser
from tests.idp.saml.application import CONSUMER, ENTITY_ID, ForeignApplication, Posted, register
from tests.idp.saml.crafting import Crafted, redirect
from tests.idp.saml.schemas import check_schema

REALNAME = ("张小明", "990101199003078033")


def asking_for(*classes: str, comparison: str = "exact") -> RequestedAuthnContext:
    refs = [AuthnContextClassRef(text=each) for each in classes]
    return RequestedAuthnContext(authn_context_class_ref=refs, comparison=comparison)


async def test_a_person_signs_in_by_a_redirected_request(saml_provider: Provider, foreign: ForeignApplication) -> None:
    await enter_person(saml_provider)
    await register(saml_provider, foreign)
    browser = saml_provider.browser()
    page = await browser.get(foreign.login_url())
    assert page.url.path == "/login"
    posted = Posted.of(await browser.sign_in("ming", SECRET, page))
    assert (posted.address, posted.fields["RelayState"]) == (CONSUMER, "back here")
    answer = foreign.read(posted)
    assert answer.ava == {"displayName": ["小明"]}
    assert answer.name_id.format == PERSISTENT


async def test_a_live_session_answers_a_posted_request(saml_provider: Provider, foreign: ForeignApplication) -> None:
    await enter_person(saml_provider)
    await register(saml_provider, foreign)
    browser = await signed_in_browser(saml_provider)
    answer = foreign.read(Posted.of(await browser.post("/saml/sso", foreign.login_form())))
    assert answer.ava == {"displayName": ["小明"]}


async def test_everything_we_send_fits_the_schemas_and_holds_for_xmlsec(
    saml_provider: Provider, foreign: ForeignApplication, tmp_path: Path
) -> None:
    await enter_person(saml_provider)
    await register(saml_provider, foreign, attributes={"name": "", "roles": "groups", "acr": "", "amr": ""})
    browser = await signed_in_browser(saml_provider)
    message = Posted.of(await browser.get(foreign.login_url())).message
    check_schema(message)
    (tmp_path / "answer.xml").write_bytes(message)
    metadata = (await browser.client.get("/saml/metadata")).content
    certificate = etree.fromstring(metadata).findtext(".//md:KeyDescriptor//ds:X509Certificate", namespaces=NAMES)
    (tmp_path / "idp.pem").write_text(f"-----BEGIN CERTIFICATE-----\n{certificate}\n-----END CERTIFICATE-----\n")
    for name in ("urn:oasis:names:tc:SAML:2.0:protocol:Response", "urn:oasis:names:tc:SAML:2.0:assertion:Assertion"):
        node = name.rpartition(":")[2]
        signature = f"//*[local-name()='{node}']/*[local-name()='Signature']"
        command = ["xmlsec1", "--verify", "--id-attr:ID", name, "--pubkey-cert-pem", str(tmp_path / "idp.pem")]
        command += ["--enabled-key-data", "rsa", "--node-xpath", signature, str(tmp_path / "answer.xml")]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        assert "OK" in done.stdout + done.stderr


async def test_an_encrypted_assertion_is_opened_by_its_owner_alone(
    saml_provider: Provider, foreign: ForeignApplication
) -> None:
    await enter_person(saml_provider)
    await register(saml_provider, foreign, encrypts=True)
    browser = await signed_in_browser(saml_provider)
    posted = Posted.of(await browser.get(foreign.login_url()))
    root = check_schema(posted.message)
    assert root.find("saml:Assertion", NAMES) is None
    assert "小明" not in posted.message.decode()
    methods = [each.get("Algorithm") for each in root.iter(f"{{{NAMES['xenc']}}}EncryptionMethod")]
    assert methods == [
        "http://www.w3.org/2009/xmlenc11#aes256-gcm",
        "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
    ]
    assert foreign.read(posted).ava == {"displayName": ["小明"]}


async def test_applications_know_a_person_by_names_that_have_nothing_in_common(
    saml_provider: Provider, foreign: ForeignApplication
) -> None:
    person = await enter_person(saml_provider)
    await register(saml_provider, foreign)
    browser = await signed_in_browser(saml_provider)

    async def name(wanted: str) -> str:
        return str(foreign.read(Posted.of(await browser.get(foreign.login_url(nameid_format=wanted)))).name_id.text)

    persistent = await name(PERSISTENT)
    assert persistent == await name(PERSISTENT)
    assert person not in persistent
    assert await name(TRANSIENT) != await name(TRANSIENT)


async def test_a_name_that_cannot_be_given_is_refused(saml_provider: Provider, foreign: ForeignApplication) -> None:
    await enter_person(saml_provider)
    await register(saml_provider, foreign)
    browser = await signed_in_browser(saml_provider)
    root = check_schema(Posted.of(await browser.get(foreign.login_url(nameid_format=EMAIL))).message)
    assert second_status(root) == "InvalidNameIDPolicy"


def second_status(root: etree._Element) -> str:
    codes = [str(each.get("Value")) for each in root.iter(f"{{{NAMES['samlp']}}}StatusCode")]
    return codes[-1].rpartition(":")[2]


async def test_is_passive_asks_nobody(saml_provider: Provider, foreign: ForeignApplication) -> None:
    await register(saml_provider, foreign)
    posted = Posted.of(await saml_provider.browser().get(foreign.login_url(is_passive="true")))
    check_schema(posted.message)
    with pytest.raises(StatusNoPassive):
        foreign.read(posted)


async def test_force_authn_asks_although_there_is_a_session(
    saml_provider: Provider, foreign: ForeignApplication
) -> None:
    await enter_person(saml_provider)
    await register(saml_provider, foreign)
    browser = await signed_in_browser(saml_provider)
    page = await browser.get(foreign.login_url(force_authn="true"))
    assert page.url.path == "/login"
    assert foreign.read(Posted.of(await browser.sign_in("ming", SECRET, page))).ava


async def test_a_context_that_was_asked_for_is_named(saml_provider: Provider, foreign: ForeignApplication) -> None:
    await enter_person(saml_provider)
    await register(saml_provider, foreign)
    browser = await signed_in_browser(saml_provider)
    url = foreign.login_url(requested_authn_context=asking_for(PASSWORD))
    assert foreign.read(Posted.of(await browser.get(url))).authn_info()[0][0] == PASSWORD


async def test_a_level_that_is_not_reached_is_stepped_up_to(
    saml_provider: Provider, foreign: ForeignApplication
) -> None:
    await enter_person(saml_provider)
    await register(saml_provider, foreign)
    browser = await signed_in_browser(saml_provider)
    wish = asking_for("urn:xinyin:acr:l3", comparison="minimum")
    page = await browser.get(foreign.login_url(requested_authn_context=wish))
    assert page.url.path == "/account/realname"
    page = await browser.submit(page, name=REALNAME[0], id_number=REALNAME[1])
    assert foreign.read(Posted.of(page)).authn_info()[0][0] == "urn:xinyin:acr:l3"


async def test_two_factors_are_asked_for_and_named(saml_provider: Provider, foreign: ForeignApplication) -> None:
    await enter_person(saml_provider, "officer", "officer")
    await register(saml_provider, foreign)
    browser = await signed_in_browser(saml_provider, "officer")
    url = foreign.login_url(requested_authn_context=asking_for(MFA))
    assert foreign.read(Posted.of(await browser.get(url))).authn_info()[0][0] == MFA


@pytest.mark.parametrize("wish", [MFA, "urn:xinyin:acr:l4", "urn:nobody:knows"])
async def test_a_context_that_cannot_be_had_is_refused(
    saml_provider: Provider, foreign: ForeignApplication, wish: str
) -> None:
    await enter_person(saml_provider)
    await register(saml_provider, foreign)
    browser = await signed_in_browser(saml_provider)
    page = await browser.get(foreign.login_url(requested_authn_context=asking_for(wish)))
    if page.url.path == "/login":  # a new sign-in might have brought the second factor
        page = await browser.sign_in("ming", SECRET, page)
    elif page.url.path == "/account/realname":
        page = await browser.submit(page, name=REALNAME[0], id_number=REALNAME[1])
    with pytest.raises(StatusNoAuthnContext):
        foreign.read(Posted.of(page))


async def test_a_person_agrees_before_anything_is_told(saml_provider: Provider, foreign: ForeignApplication) -> None:
    await enter_person(saml_provider)
    await register(saml_provider, foreign, first_party=False)
    browser = await signed_in_browser(saml_provider)
    page = await browser.get(foreign.login_url())
    assert page.url.path == "/login/consent"
    assert "Tax desk" in page.text
    assert foreign.read(Posted.of(await browser.submit(page, answer="allow"))).ava == {"displayName": ["小明"]}
    assert foreign.read(Posted.of(await browser.get(foreign.login_url()))).ava  # remembered
    assert "Tax desk" in (await browser.get("/account")).text


async def test_who_does_not_agree_is_not_told_about(saml_provider: Provider, foreign: ForeignApplication) -> None:
    await enter_person(saml_provider)
    await register(saml_provider, foreign, first_party=False)
    browser = await signed_in_browser(saml_provider)
    page = await browser.submit(await browser.get(foreign.login_url()), answer="refuse")
    assert second_status(check_schema(Posted.of(page).message)) == "RequestDenied"


async def test_id_numbers_go_to_those_who_may_know_them_and_were_allowed(
    saml_provider: Provider, foreign: ForeignApplication
) -> None:
    person = await enter_person(saml_provider)
    await saml_provider.services.persons.bind_real_name(person, RealName("111", REALNAME[1], REALNAME[0]), 3)
    attributes = {"real_name": "", "id_number": "idNumber"}
    await register(saml_provider, foreign, attributes=attributes, may_realname=True, first_party=False)
    browser = await signed_in_browser(saml_provider)
    page = await browser.submit(await browser.get(foreign.login_url()), answer="allow")
    assert foreign.read(Posted.of(page)).ava == {"cn": [REALNAME[0]], "idNumber": [REALNAME[1]]}


async def test_a_person_goes_there_from_here(saml_provider: Provider, foreign: ForeignApplication) -> None:
    await enter_person(saml_provider)
    application = await register(saml_provider, foreign, from_here=True)
    browser = await signed_in_browser(saml_provider)
    posted = Posted.of(await browser.get(f"/saml/sso/{application.id}?RelayState=%2Fdesk"))
    root = check_schema(posted.message)
    assert root.get("InResponseTo") is None
    assert posted.fields["RelayState"] == "/desk"
    assert root.findtext(".//saml:Audience", namespaces=NAMES) == ENTITY_ID


async def test_nobody_goes_there_from_here_unless_the_operator_says_so(
    saml_provider: Provider, foreign: ForeignApplication
) -> None:
    await enter_person(saml_provider)
    application = await register(saml_provider, foreign)
    browser = await signed_in_browser(saml_provider)
    assert (await browser.get(f"/saml/sso/{application.id}")).status_code == 403


async def test_the_way_back_before_an_answer_begins_again(saml_provider: Provider, foreign: ForeignApplication) -> None:
    await enter_person(saml_provider)
    await register(saml_provider, foreign)
    browser = saml_provider.browser()
    url = foreign.login_url()
    await browser.get(url)
    page = await browser.get(url)
    assert foreign.read(Posted.of(await browser.sign_in("ming", SECRET, page))).ava


async def test_an_unsigned_request_is_taken_where_the_operator_says_so(
    saml_provider: Provider, foreign: ForeignApplication
) -> None:
    await enter_person(saml_provider)
    await register(saml_provider, foreign, must_sign=False)
    browser = await signed_in_browser(saml_provider)
    posted = Posted.of(await browser.get(redirect(Crafted(more=' AssertionConsumerServiceIndex="1"', consumer="").xml)))
    assert posted.address == CONSUMER
