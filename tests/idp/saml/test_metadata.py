"""Our metadata, the keys in it, and the metadata of applications."""

import subprocess
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from lxml import etree

from idp.saml.applications.application import SamlSettings
from idp.saml.applications.metadata import read_metadata
from idp.saml.applications.registry import SamlRegistration
from idp.saml.wire.markup import NAMES
from kernel.audit.chain import SYSTEM
from kernel.errors import Conflict, Forbidden, InvalidInput
from tests.idp.conftest import HandClock, Provider, run_provider
from tests.idp.saml.application import CONSUMER, ENTITY_ID, KeyFiles
from tests.idp.saml.crafting import metadata_of
from tests.idp.saml.schemas import check_schema


async def fetch(provider: Provider) -> etree._Element:
    answer = await provider.browser().client.get("/saml/metadata")
    assert answer.headers["content-type"] == "application/samlmetadata+xml"
    return check_schema(answer.content)


def certificates(root: etree._Element) -> list[str]:
    return [str(node.text) for node in root.findall(".//md:KeyDescriptor//ds:X509Certificate", NAMES)]


def signer(root: etree._Element) -> str:
    return "".join(str(root.findtext("ds:Signature//ds:X509Certificate", namespaces=NAMES)).split())


async def test_it_says_who_we_are_in_two_languages_and_until_when(provider: Provider) -> None:
    root = await fetch(provider)
    assert root.get("entityID") == "https://idp.test/saml/metadata"
    assert root.get("validUntil") == "2026-11-28T02:00:07Z"
    names = {
        node.get("{http://www.w3.org/XML/1998/namespace}lang"): node.text
        for node in root.iter(f"{{{NAMES['mdui']}}}DisplayName")
    }
    assert names == {"en": "Xinyin", "zh-CN": "信印"}
    places = {node.get("Location") for node in root.findall(".//md:SingleSignOnService", NAMES)}
    assert places == {"https://idp.test/saml/sso"}


async def test_its_signature_holds_for_xmlsec(provider: Provider, tmp_path: Path) -> None:
    answer = await provider.browser().client.get("/saml/metadata")
    (tmp_path / "metadata.xml").write_bytes(answer.content)
    body = signer(etree.fromstring(answer.content))
    (tmp_path / "idp.pem").write_text(f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
    command = ["xmlsec1", "--verify", "--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:metadata:EntityDescriptor"]
    command += ["--enabled-key-data", "rsa", "--pubkey-cert-pem", str(tmp_path / "idp.pem")]
    done = subprocess.run(
        [*command, str(tmp_path / "metadata.xml")], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr


async def test_a_new_key_is_published_long_before_it_signs_and_the_old_one_after(
    provider: Provider, clock: HandClock
) -> None:
    keys = provider.services.saml.keys
    (first,) = certificates(await fetch(provider))
    made = await keys.rotate(timedelta(days=14), SYSTEM)
    root = await fetch(provider)
    assert len(certificates(root)) == 2
    assert signer(root) == first
    with pytest.raises(Conflict):
        await keys.rotate(timedelta(days=14), SYSTEM)
    clock.advance(days=14)
    root = await fetch(provider)
    assert len(certificates(root)) == 2
    assert signer(root) != first
    clock.advance(days=7)
    assert len(certificates(await fetch(provider))) == 1
    assert (await keys.current()).certificate == made.certificate
    await keys.rotate(timedelta(days=1), SYSTEM)
    assert [each.name for each in await keys.published()] == ["idp-saml-0002", "idp-saml-0003"]


async def test_two_processes_make_one_first_key(provider: Provider) -> None:
    rooms = provider.services.saml
    other = type(rooms).build(rooms.foundations)
    assert await rooms.keys.current() == await other.keys.current()


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (b"<a/>", "there is no EntityDescriptor"),
        (b"nonsense", "not well-formed"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "a DOCTYPE"),
        (b'<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"/>', "describes several applications"),
        (b'<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"/>', "there is no entityID"),
        (b'<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="a"/>', "SPSSODescriptor"),
    ],
)
def test_what_is_no_metadata_is_refused_with_the_reason(document: bytes, problem: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_metadata(document)
    assert problem in refusal.value.text


@pytest.mark.parametrize(
    "consumer",
    [
        "http://app.test/acs",
        "javascript:alert(1)",
        "https://u:p@app.test/acs",
        "data:text/html,x",
        "https://app.test/a#b",
    ],
)
def test_an_address_that_nobody_should_post_to_is_refused(keys: KeyFiles, consumer: str) -> None:
    with pytest.raises(InvalidInput):
        read_metadata(metadata_of(keys, consumer=consumer))


def test_comments_in_metadata_do_no_harm(keys: KeyFiles) -> None:
    found = read_metadata(b"<!-- made by hand -->" + metadata_of(keys, "<!-- nothing -->"))
    assert (found.entity_id, found.consumers[0].location) == (ENTITY_ID, CONSUMER)


async def register(provider: Provider, document: bytes, **changes: object) -> None:
    settings = SamlSettings(**changes)  # type: ignore[arg-type]
    await provider.services.saml.applications.register(SamlRegistration(document, settings=settings), SYSTEM)


async def test_an_application_is_registered_once(provider: Provider, keys: KeyFiles) -> None:
    await register(provider, metadata_of(keys))
    with pytest.raises(Conflict):
        await register(provider, metadata_of(keys))
    (application,) = await provider.services.saml.applications.list()
    assert (application.must_sign, application.recipient is not None) == (True, True)
    await provider.services.saml.applications.remove(application.id, SYSTEM)
    assert await provider.services.saml.applications.find(ENTITY_ID) is None


CBC_ONLY = "http://www.w3.org/2001/04/xmlenc#aes256-cbc"


async def test_cbc_is_refused_unless_the_operator_allows_it(provider: Provider, keys: KeyFiles) -> None:
    listed = metadata_of(keys).replace(
        b"</ds:KeyInfo>", f'</ds:KeyInfo><md:EncryptionMethod Algorithm="{CBC_ONLY}"/>'.encode()
    )
    with pytest.raises(InvalidInput) as refusal:
        await register(provider, listed)
    assert [each.field for each in refusal.value.fields] == ["encrypts"]
    await register(provider, listed, allows_cbc=True)
    (application,) = await provider.services.saml.applications.list()
    assert application.recipient is not None
    assert application.recipient.data == CBC_ONLY


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"attributes": {"blood_type": ""}}, "attributes"),
        ({"attributes": {"id_number": ""}}, "attributes"),
        ({"name_id": "id_number"}, "name_id"),
    ],
)
async def test_wrong_settings_are_refused_by_field(
    provider: Provider, keys: KeyFiles, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        await register(provider, metadata_of(keys), **changes)
    assert [each.field for each in refusal.value.fields] == [field]


async def test_metadata_is_fetched_by_the_guarded_way(tmp_path: Path, clock: HandClock, keys: KeyFiles) -> None:
    answers = {"/sp": metadata_of(keys)}

    def answer(request: httpx.Request) -> httpx.Response:
        body = answers.get(request.url.path)
        return httpx.Response(200, content=body) if body else httpx.Response(404)

    async for provider in run_provider(tmp_path, clock, outside=httpx.MockTransport(answer)):
        applications = provider.services.saml.applications
        made = await applications.register(SamlRegistration(url="https://app.test/sp", name="Portal"), SYSTEM)
        answers["/sp"] = metadata_of(keys, consumer="https://app.test/new")
        assert (await applications.refresh(made.id, SYSTEM)).metadata.consumers[0].location == "https://app.test/new"
        answers["/sp"] = metadata_of(keys, entity_id="https://mallory.test/")
        with pytest.raises(InvalidInput):
            await applications.refresh(made.id, SYSTEM)
        with pytest.raises(Forbidden):
            await applications.register(SamlRegistration(url="https://inside.test/sp"), SYSTEM)
        with pytest.raises(InvalidInput):
            await applications.register(SamlRegistration(url="https://app.test/none"), SYSTEM)
