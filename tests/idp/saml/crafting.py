"""Messages made by hand, so that they can be made wrong."""

import base64
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, SignatureConstructionMethod
from signxml.signer import XMLSigner

from tests.idp.saml.application import CONSUMER, ENTITY_ID, KeyFiles

SSO = "https://idp.test/saml/sso"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SAMLP, SAML = "urn:oasis:names:tc:SAML:2.0:protocol", "urn:oasis:names:tc:SAML:2.0:assertion"
DS = "http://www.w3.org/2000/09/xmldsig#"


@dataclass
class Crafted:
    """An AuthnRequest; the fields are text put into the XML as it is."""

    identity: str = "_request1"
    issuer: str = ENTITY_ID
    destination: str = SSO
    consumer: str = CONSUMER
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    more: str = ""
    inside: str = ""

    @property
    def xml(self) -> bytes:
        consumer = f' AssertionConsumerServiceURL="{self.consumer}"' if self.consumer else ""
        destination = f' Destination="{self.destination}"' if self.destination else ""
        return (
            f'<samlp:AuthnRequest xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="{self.identity}" Version="2.0" '
            f'IssueInstant="{self.at:%Y-%m-%dT%H:%M:%SZ}"{destination}{consumer}{self.more}>'
            f"<saml:Issuer>{self.issuer}</saml:Issuer>{self.inside}</samlp:AuthnRequest>"
        ).encode()


def load_key(keys: KeyFiles) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(Path(keys.key).read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def signed(xml: bytes, keys: KeyFiles) -> bytes:
    """The message with an enveloped signature behind its Issuer, as libraries make it."""
    root = etree.fromstring(xml)
    root.insert(1, etree.Element(etree.QName(DS, "Signature"), nsmap={"ds": DS}, Id="placeholder"))
    signer = XMLSigner(
        method=SignatureConstructionMethod.enveloped,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    certificate = Path(keys.certificate).read_text()
    made = signer.sign(root, key=load_key(keys), cert=certificate, reference_uri=root.get("ID"), id_attribute="ID")
    return etree.tostring(made)


def form(xml: bytes, relay_state: str = "back") -> dict[str, str]:
    """What the browser posts."""
    return {"SAMLRequest": base64.b64encode(xml).decode(), "RelayState": relay_state}


def deflated(xml: bytes) -> str:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return base64.b64encode(packer.compress(xml) + packer.flush()).decode()


def redirect(xml: bytes, keys: KeyFiles | None = None, algorithm: str = RSA_SHA256, path: str = "/saml/sso") -> str:
    """The path of a request by Redirect."""
    fields = {"SAMLRequest": deflated(xml), "RelayState": "back"}
    if keys is None:
        return f"{path}?{urlencode(fields)}"
    text = urlencode({**fields, "SigAlg": algorithm})
    signature = load_key(keys).sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{path}?{text}&Signature={quote(base64.b64encode(signature).decode(), safe='')}"


def metadata_of(keys: KeyFiles, more: str = "", consumer: str = CONSUMER, entity_id: str = ENTITY_ID) -> bytes:
    """An application's metadata with one key for everything; `more` stands behind the key."""
    certificate = "".join(Path(keys.certificate).read_text().splitlines()[1:-1])
    return (
        f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="{DS}" entityID="{entity_id}">'
        f'<md:SPSSODescriptor protocolSupportEnumeration="{SAMLP}"><md:KeyDescriptor><ds:KeyInfo><ds:X509Data>'
        f"<ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>{more}"
        f'<md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="{consumer}" '
        f'index="1"/></md:SPSSODescriptor></md:EntityDescriptor>'
    ).encode()
