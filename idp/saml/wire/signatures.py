"""XML signatures (XML Signature 1.1, SAML Core §5): made by key handles, checked against keys known beforehand.

signxml does the canonicalization and the cryptography. What may be checked at all is narrowed here first, for the
attacks on XML signatures live in what the standard allows beyond what SAML needs: several references, foreign
transforms, signatures elsewhere, ids that occur twice. What a check gives back is read from the signed octets.
"""

import base64
from collections.abc import Iterable
from typing import Any, Protocol

from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureConstructionMethod, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, XMLVerifier

from idp.saml.wire.markup import DS, Node, UnreadableMessage, attribute, child, children, is_called, parse, text_of
from kernel.crypto.certificates import Certificate
from kernel.crypto.signatures import SigningKey

EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
METHODS = frozenset(
    {
        SignatureMethod.RSA_SHA256,
        SignatureMethod.RSA_SHA384,
        SignatureMethod.RSA_SHA512,
        SignatureMethod.ECDSA_SHA256,
        SignatureMethod.ECDSA_SHA384,
        SignatureMethod.ECDSA_SHA512,
    }
)
DIGESTS = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})
_IDS = ("ID", "Id", "id", "{http://www.w3.org/XML/1998/namespace}id")


class SamlKey(Protocol):
    """A key to sign with and its certificate."""

    @property
    def certificate(self) -> Certificate: ...

    @property
    def signing_key(self) -> SigningKey: ...


class BadSignature(UnreadableMessage):
    """The signature does not hold, or is not of a kind that is taken."""


def sign(root: Node, key: SamlKey) -> Node:
    """A copy of the element with an enveloped signature in its place: behind the Issuer, or first (Core §5.4, schema).

    May block: use a thread.
    """
    place = etree.Element(etree.QName(DS, "Signature"), nsmap={"ds": DS}, Id="placeholder")
    root.insert(1 if len(root) and etree.QName(root[0]).localname == "Issuer" else 0, place)
    signer = XMLSigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    handle: Any = _Handle(key.signing_key)
    identity = str(root.get("ID"))
    return signer.sign(root, key=handle, cert=[pem(key.certificate.der)], reference_uri=identity, id_attribute="ID")


class _Handle:
    """A key handle as signxml calls keys; the key itself stays where it is."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key

    def sign(self, data: bytes, padding: object, algorithm: object) -> bytes:
        """RSASSA-PKCS1-v1_5 with SHA-256, whatever is asked: `sign` above asks for nothing else."""
        return self._key.sign(data)


def is_signed(root: Node) -> bool:
    """Whether the element carries a signature of its own."""
    return child(root, "ds:Signature") is not None


def verify(root: Node, trusted: Iterable[Certificate]) -> Node:
    """The element as it was signed by one of these certificates' keys, read anew from the signed octets.

    The certificates' periods are not looked at: metadata says which keys count (SAML Metadata Interoperability 1.0
    §2.6.1). Raises `BadSignature`. May block: use a thread.
    """
    _check_profile(root)
    document = etree.tostring(root)
    for certificate in trusted:
        config = SignatureConfiguration(
            location="./",
            expect_references=1,
            signature_methods=METHODS,
            digest_algorithms=DIGESTS,
            ignore_ambiguous_key_info=True,
            verification_time=certificate.not_before,
        )
        try:
            result = XMLVerifier().verify(
                document, x509_cert=pem(certificate.der), expect_config=config, id_attribute="ID"
            )
        except (SignXMLException, etree.LxmlError, ValueError, TypeError, AttributeError, KeyError):
            continue  # signxml raises all of these for signatures that it cannot make sense of
        signed = parse(result.signed_data)  # type: ignore[union-attr]  # one reference gives one result
        if signed.tag != root.tag or signed.get("ID") != root.get("ID"):
            raise BadSignature("something else is signed")
        return signed
    raise BadSignature("no known key made the signature")


def _check_profile(root: Node) -> None:
    """What SAML allows of signatures (Core §5.4), and nothing beyond."""
    seen: set[str] = set()
    for node in root.iter():
        for value in (node.get(name) for name in _IDS):
            if value is not None and value in seen:
                raise BadSignature("an id occurs twice")
            seen.update([value] if value is not None else [])
    if sum(1 for _ in root.iter(f"{{{DS}}}Signature")) != 1:
        raise BadSignature("not exactly one signature")
    signature = child(root, "ds:Signature")
    info = child(signature, "ds:SignedInfo")
    if signature is None or info is None or child(signature, "ds:Object") is not None:
        raise BadSignature("the signature is not where it belongs")
    _check_method(info)
    (reference, *more) = list(children(info, "ds:Reference")) or [None]
    if reference is None or more or not root.get("ID") or reference.get("URI") != f"#{root.get('ID')}":
        raise BadSignature("the signature is not over the message")
    transforms = child(reference, "ds:Transforms")
    steps = list(transforms) if transforms is not None else []
    named = [attribute(each, "Algorithm") for each in steps if is_called(each, "ds:Transform")]
    if len(named) != len(steps) or named not in ([ENVELOPED], [ENVELOPED, EXCLUSIVE]):
        raise BadSignature("unusual transforms")
    digest = child(reference, "ds:DigestMethod")
    if digest is None or attribute(digest, "Algorithm") not in {each.value for each in DIGESTS}:
        raise BadSignature("a digest that is not taken")


def _check_method(info: Node) -> None:
    canonical, method = child(info, "ds:CanonicalizationMethod"), child(info, "ds:SignatureMethod")
    if canonical is None or attribute(canonical, "Algorithm") != EXCLUSIVE:
        raise BadSignature("unusual canonicalization")
    if method is None or attribute(method, "Algorithm") not in {each.value for each in METHODS}:
        raise BadSignature("a signature method that is not taken")


def pem(der: bytes) -> str:
    """A certificate as text."""
    body = base64.b64encode(der).decode()
    lines = "\n".join(body[at : at + 64] for at in range(0, len(body), 64))
    return f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"


def read_certificate(node: Node) -> Certificate:
    """The certificate in a `ds:X509Certificate`. Raises `UnreadableMessage`, `CertificateUnreadable`."""
    try:
        return Certificate.load(base64.b64decode("".join(text_of(node).split()), validate=True))
    except ValueError as failure:
        raise UnreadableMessage("a certificate that is not base64") from failure
