"""Attacks on SAML, each by its name. None of them signs anybody in, and none of them is answered."""

import base64
import copy
import re
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from idp.saml.applications.application import SamlSettings
from idp.saml.applications.registry import SamlRegistration
from idp.saml.wire.bindings import receive_post, receive_redirect
from idp.saml.wire.markup import MOST_BYTES, UnreadableMessage, parse
from idp.saml.wire.signatures import BadSignature, verify
from kernel.audit.chain import SYSTEM
from kernel.crypto.certificates import Certificate
from tests.idp.browser import Browser
from tests.idp.conftest import Provider
from tests.idp.people import enter_person, signed_in_browser
from tests.idp.saml.application import CONSUMER, ForeignApplication, KeyFiles, Posted
from tests.idp.saml.crafting import DS, RSA_SHA256, Crafted, deflated, form, metadata_of, redirect, signed

MALLORY = "https://mallory.test/acs"
Forge = Callable[[etree._Element], etree._Element]


@pytest.fixture
async def browser(saml_provider: Provider, keys: KeyFiles) -> Browser:
    """Somebody who is signed in, so that whatever is believed is answered at once."""
    await enter_person(saml_provider)
    settings = SamlSettings(first_party=True, encrypts=False)
    registration = SamlRegistration(metadata_of(keys), name="Tax desk", settings=settings)
    await saml_provider.services.saml.applications.register(registration, SYSTEM)
    return await signed_in_browser(saml_provider)


def assert_refused(page: httpx.Response, status: int = 400) -> None:
    assert page.status_code == status, page.text
    assert "SAMLResponse" not in page.text
    assert page.headers["cache-control"] == "no-store"


def certificate_of(keys: KeyFiles) -> Certificate:
    text = re.sub(r"-----[^-]+-----|\s", "", Path(keys.certificate).read_text())
    return Certificate.load(base64.b64decode(text))


def evil(root: etree._Element) -> etree._Element:
    """The same message without its signature, answered to somebody else, under another ID."""
    made = copy.deepcopy(root)
    signature = made.find(f"{{{DS}}}Signature")
    if signature is not None:
        made.remove(signature)
    made.set("ID", "_evil")
    made.set("AssertionConsumerServiceURL", MALLORY)
    return made


def xsw1(root: etree._Element) -> etree._Element:
    """The original message inside the signature of the forged one."""
    forged, signature = evil(root), copy.deepcopy(root.find(f"{{{DS}}}Signature"))
    original = copy.deepcopy(root)
    original.remove(original.find(f"{{{DS}}}Signature"))
    signature.append(original)
    forged.insert(1, signature)
    return forged


def xsw2(root: etree._Element) -> etree._Element:
    """The original message beside a detached signature, before it, in the forged one."""
    forged, signature = evil(root), copy.deepcopy(root.find(f"{{{DS}}}Signature"))
    original = copy.deepcopy(root)
    original.remove(original.find(f"{{{DS}}}Signature"))
    forged.insert(1, original)
    forged.insert(1, signature)
    return forged


def xsw3(root: etree._Element) -> etree._Element:
    """The whole signed message as the first child of the forged one."""
    forged = evil(root)
    forged.insert(0, copy.deepcopy(root))
    return forged


def xsw4(root: etree._Element) -> etree._Element:
    """The whole signed message as the last child of the forged one."""
    forged = evil(root)
    forged.append(copy.deepcopy(root))
    return forged


def xsw5(root: etree._Element) -> etree._Element:
    """The forged message keeps the signature, and the original moves behind it, without."""
    forged = copy.deepcopy(root)
    original = copy.deepcopy(root)
    original.remove(original.find(f"{{{DS}}}Signature"))
    forged.set("ID", "_evil")
    forged.set("AssertionConsumerServiceURL", MALLORY)
    forged.append(original)
    return forged


def xsw6(root: etree._Element) -> etree._Element:
    """As before, the original inside the signature."""
    forged = copy.deepcopy(root)
    original = copy.deepcopy(root)
    original.remove(original.find(f"{{{DS}}}Signature"))
    forged.set("ID", "_evil")
    forged.set("AssertionConsumerServiceURL", MALLORY)
    forged.find(f"{{{DS}}}Signature").append(original)
    return forged


def xsw7(root: etree._Element) -> etree._Element:
    """The original hides in Extensions, where the schema lets anything be."""
    forged = evil(root)
    extensions = etree.SubElement(forged, f"{{{etree.QName(root).namespace}}}Extensions")
    extensions.append(copy.deepcopy(root))
    return forged


def xsw8(root: etree._Element) -> etree._Element:
    """The original hides in a ds:Object of the forged message's own signature."""
    forged, signature = evil(root), copy.deepcopy(root.find(f"{{{DS}}}Signature"))
    original = copy.deepcopy(root)
    original.remove(original.find(f"{{{DS}}}Signature"))
    etree.SubElement(signature, f"{{{DS}}}Object").append(original)
    forged.insert(1, signature)
    return forged


def same_id(root: etree._Element) -> etree._Element:
    """Two elements of one ID: which one is signed?"""
    forged = xsw2(root)
    forged.set("ID", root.get("ID"))
    return forged


VARIANTS = [xsw1, xsw2, xsw3, xsw4, xsw5, xsw6, xsw7, xsw8, same_id]


@pytest.mark.parametrize("forge", VARIANTS)
async def test_xml_signature_wrapping(browser: Browser, keys: KeyFiles, forge: Forge) -> None:
    root = etree.fromstring(signed(Crafted().xml, keys))
    forged = forge(root)
    assert_refused(await browser.post("/saml/sso", form(etree.tostring(forged))))
    with pytest.raises(UnreadableMessage):
        verify(parse(etree.tostring(forged)), [certificate_of(keys)])


async def test_the_message_that_is_wrapped_would_have_been_taken(browser: Browser, keys: KeyFiles) -> None:
    """So that the tests above refuse the forgery, not the form."""
    page = await browser.post("/saml/sso", form(signed(Crafted().xml, keys)))
    assert Posted.of(page).address == CONSUMER


async def test_a_changed_message(browser: Browser, keys: KeyFiles) -> None:
    changed = signed(Crafted().xml, keys).replace(b'ID="_request1"', b'ID="_request1" ForceAuthn="false"')
    assert_refused(await browser.post("/saml/sso", form(changed)))


async def test_a_signature_of_somebody_else(browser: Browser, other_keys: KeyFiles) -> None:
    assert_refused(await browser.post("/saml/sso", form(signed(Crafted().xml, other_keys))))
    assert_refused(await browser.get(redirect(Crafted().xml, other_keys)))


async def test_unsigned_where_signed_is_required(browser: Browser) -> None:
    assert_refused(await browser.post("/saml/sso", form(Crafted().xml)))
    assert_refused(await browser.get(redirect(Crafted().xml)))


async def test_an_embedded_signature_does_not_count_in_a_redirect(browser: Browser, keys: KeyFiles) -> None:
    assert_refused(await browser.get(redirect(signed(Crafted().xml, keys))))


async def test_sha1_downgrade(browser: Browser, keys: KeyFiles) -> None:
    message = signed(Crafted().xml, keys)
    weak = message.replace(RSA_SHA256.encode(), b"http://www.w3.org/2000/09/xmldsig#rsa-sha1")
    assert_refused(await browser.post("/saml/sso", form(weak)))
    weak = message.replace(b"http://www.w3.org/2001/04/xmlenc#sha256", b"http://www.w3.org/2000/09/xmldsig#sha1")
    assert_refused(await browser.post("/saml/sso", form(weak)))
    assert_refused(
        await browser.get(redirect(Crafted().xml, keys, algorithm="http://www.w3.org/2000/09/xmldsig#rsa-sha1"))
    )


async def test_hmac_confusion(browser: Browser, keys: KeyFiles) -> None:
    """The application's public key as the secret of an HMAC."""
    message = signed(Crafted().xml, keys)
    hmac = b"http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
    assert_refused(await browser.post("/saml/sso", form(message.replace(RSA_SHA256.encode(), hmac))))
    assert_refused(await browser.get(redirect(Crafted().xml, keys, algorithm=hmac.decode())))


async def test_a_key_in_the_message_is_not_believed(browser: Browser, keys: KeyFiles, other_keys: KeyFiles) -> None:
    """Mallory signs and brings her certificate; the application's is in the metadata."""
    root = etree.fromstring(signed(Crafted().xml, other_keys))
    node = root.find(f".//{{{DS}}}X509Certificate")
    assert node is not None
    assert_refused(await browser.post("/saml/sso", form(etree.tostring(root))))
    node.text = base64.b64encode(certificate_of(keys).der).decode()
    assert_refused(await browser.post("/saml/sso", form(etree.tostring(root))))


@pytest.mark.parametrize(
    "transform",
    [
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        "http://www.w3.org/TR/1999/REC-xpath-19991116",
        "http://www.w3.org/2002/06/xmldsig-filter2",
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
    ],
)
async def test_strange_transforms(browser: Browser, keys: KeyFiles, transform: str) -> None:
    message = signed(Crafted().xml, keys)
    where = b'<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"'
    assert where in message
    strange = message.replace(where, f'<ds:Transform Algorithm="{transform}"'.encode())
    assert_refused(await browser.post("/saml/sso", form(strange)))


@pytest.mark.parametrize("added", ["<!-- .mallory.test -->", "<?a b?>"])
async def test_comment_injection(browser: Browser, keys: KeyFiles, added: str) -> None:
    """Canonicalization leaves comments out, so a signature holds whatever they say; readers see half the text."""
    message = signed(Crafted().xml, keys)
    text = b"https://app.test/saml/metadata</saml:Issuer>"
    assert text in message
    for split in (
        message.replace(text, f"https://app.test/saml/metadata{added}</saml:Issuer>".encode()),
        message.replace(text, f"https://app.test/saml/{added}metadata</saml:Issuer>".encode()),
        added.encode() + message,
        message + added.encode(),
    ):
        assert_refused(await browser.post("/saml/sso", form(split)))


async def test_xxe(browser: Browser, tmp_path: object) -> None:
    for subset in (
        '<!ENTITY x SYSTEM "file:///etc/passwd">',
        '<!ENTITY x SYSTEM "http://127.0.0.1:1/">',
        '<!ENTITY % x SYSTEM "http://127.0.0.1:1/"> %x;',
    ):
        message = f"<!DOCTYPE a [{subset}]>".encode() + Crafted(issuer="&x;").xml
        assert_refused(await browser.post("/saml/sso", form(message)))
        assert_refused(await browser.get(redirect(message)))
        assert_refused(await browser.post("/saml/sso", form(message.decode().encode("utf-16"))))


async def test_entity_bombs(browser: Browser) -> None:
    levels = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE a [<!ENTITY a0 "ha">{levels}]>'.encode() + Crafted(issuer="&a11;").xml
    assert_refused(await browser.post("/saml/sso", form(bomb)))


async def test_deflate_bombs(browser: Browser) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = packer.compress(b" " * (MOST_BYTES * 40)) + packer.flush()
    query = urlencode({"SAMLRequest": base64.b64encode(bomb).decode()})
    assert_refused(await browser.get(f"/saml/sso?{query}"))


async def test_a_tree_of_too_many_elements(browser: Browser) -> None:
    assert_refused(await browser.post("/saml/sso", form(Crafted(inside="<a/>" * 6000).xml)))
    assert_refused(await browser.post("/saml/sso", form(Crafted(inside="<a>" * 600 + "</a>" * 600).xml)))


async def test_replay_of_an_answered_request(browser: Browser, foreign: ForeignApplication) -> None:
    url = foreign.login_url()
    foreign.read(Posted.of(await browser.get(url)))
    assert_refused(await browser.get(url), 410)


@pytest.mark.parametrize("minutes", [-30, 30])
async def test_a_request_of_another_time(browser: Browser, keys: KeyFiles, minutes: int) -> None:
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    assert_refused(await browser.get(redirect(Crafted(at=at).xml, keys)))


@pytest.mark.parametrize("destination", ["https://other-idp.test/saml/sso", "", "https://idp.test/saml/slo"])
async def test_wrong_destination(browser: Browser, keys: KeyFiles, destination: str) -> None:
    assert_refused(await browser.get(redirect(Crafted(destination=destination).xml, keys)))


@pytest.mark.parametrize(
    "more",
    [
        f' AssertionConsumerServiceURL="{MALLORY}"',
        ' AssertionConsumerServiceURL="https://app.test/saml/acs/../../mallory"',
        ' AssertionConsumerServiceURL="javascript:alert(1)"',
        ' AssertionConsumerServiceIndex="77"',
        ' AssertionConsumerServiceIndex="-1"',
        f' AssertionConsumerServiceIndex="1" AssertionConsumerServiceURL="{CONSUMER}"',
        ' ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact"',
    ],
)
async def test_acs_injection(browser: Browser, keys: KeyFiles, more: str) -> None:
    """Even with the application's own signature, answers go where its metadata says."""
    assert_refused(await browser.get(redirect(Crafted(consumer="", more=more).xml, keys)))


async def test_an_application_that_nobody_registered(browser: Browser, keys: KeyFiles) -> None:
    assert_refused(await browser.get(redirect(Crafted(issuer="https://mallory.test/").xml, keys)), 403)


async def test_relay_state_is_text_not_markup(browser: Browser, foreign: ForeignApplication) -> None:
    wicked = '"><script>alert(1)</script>'
    page = await browser.get(foreign.login_url(relay_state=wicked))
    assert "<script>alert" not in page.text
    assert Posted.of(page).fields["RelayState"] == wicked


async def test_relay_state_opens_no_redirect(saml_provider: Provider, browser: Browser) -> None:
    (application,) = await saml_provider.services.saml.applications.list()
    assert not application.settings.from_here
    page = await browser.client.get(f"/saml/sso/{application.id}?RelayState=https%3A%2F%2Fmallory.test%2F")
    assert page.status_code == 403
    page = await browser.client.get("/saml/enter?request=x&RelayState=https%3A%2F%2Fmallory.test%2F")
    assert (page.status_code, page.headers.get("location")) == (410, None)


async def test_relay_state_swapped_in_a_signed_redirect(browser: Browser, foreign: ForeignApplication) -> None:
    assert_refused(await browser.get(foreign.login_url().replace("RelayState=back", "RelayState=away")))


async def test_a_parameter_twice(browser: Browser, foreign: ForeignApplication) -> None:
    url = foreign.login_url()
    assert_refused(await browser.get(f"{url}&SAMLRequest={deflated(Crafted(identity='_b').xml)}"))
    assert_refused(await browser.get(f"{url}&RelayState=away"))


async def test_another_persons_browser_does_not_take_over_a_sign_in(
    saml_provider: Provider, browser: Browser, foreign: ForeignApplication
) -> None:
    """Login fixation: the sign-in that one browser began is not gone on with in another."""
    page = await saml_provider.browser().get(foreign.login_url())
    begun = re.findall(r'name="request" value="([^"]+)"', page.text)[0]
    assert (await browser.client.get(f"/saml/continue?request={begun}")).status_code == 410


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400))
def test_any_bytes_are_a_message_or_refused(data: bytes) -> None:
    for take in (
        lambda: receive_post("SAMLRequest", base64.b64encode(data).decode(), None),
        lambda: receive_redirect(data),
        lambda: receive_redirect(b"SAMLRequest=" + urlencode({"": deflated(data)}).encode()[1:]),
    ):
        try:
            take()
        except UnreadableMessage:
            continue


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_no_bit_of_a_signed_message_can_be_changed(keys: KeyFiles, position: int, bit: int) -> None:
    message = bytearray(_SIGNED.setdefault("one", signed(Crafted().xml, keys)))
    message[position % len(message)] ^= 1 << bit
    try:
        seen = verify(parse(bytes(message)), [certificate_of(keys)])
    except UnreadableMessage:
        return
    assert etree.tostring(seen, method="c14n", exclusive=True) == _canonical(_SIGNED["one"])


_SIGNED: dict[str, bytes] = {}


def _canonical(message: bytes) -> bytes:
    root = etree.fromstring(message)
    signature = root.find(f"{{{DS}}}Signature")
    assert signature is not None
    root.remove(signature)
    return etree.tostring(root, method="c14n", exclusive=True)


def test_bad_signature_is_an_unreadable_message() -> None:
    """So that pages tell everybody the same."""
    assert issubclass(BadSignature, UnreadableMessage)
