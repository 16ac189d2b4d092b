"""XML signatures over reports (XML Signature 1.1): one enveloped reference to the whole, one to the key's certificates.

Checked as strictly as they are made: what is not of exactly this shape does not hold, so that none of what the standard
allows beyond it (other references, transforms, places) has to be judged.
"""

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any, Final

from lxml import etree

from kernel.crypto.certificates import Certificate, CertificateUnreadable
from kernel.crypto.public_keys import load_public_key
from kernel.crypto.signatures import InvalidSignature, raw_to_der
from kernel.errors import InvalidInput
from seal.client import ReportSealer
from verify.signed_reports.etsi import DS, SHA256, Node

_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
_ENVELOPED: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
_ECDSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
_KEY_ID: Final = "report-key"
_SIZE: Final = 4 << 20


async def sign_report(root: Node, sealer: ReportSealer) -> bytes:
    """The report with its signature as last child, UTF-8, declaration included. `root` is changed."""
    certificates = await sealer.report_certificates()
    body = _digest(root)
    signature = etree.SubElement(root, etree.QName(DS, "Signature"), nsmap={"ds": DS})
    info = _signed_info(signature, body)
    value = _add(signature, "SignatureValue")
    key = _add(signature, "KeyInfo")
    key.set("Id", _KEY_ID)
    listed = _add(key, "X509Data")
    for der in certificates:
        _add(listed, "X509Certificate").text = b64encode(der).decode()
    _reference(info, f"#{_KEY_ID}", (_C14N,), _digest(key))
    value.text = b64encode(await sealer.sign_report_xml(_canonical(info))).decode()
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def verify_report(data: bytes, keys: Sequence[bytes]) -> Node:
    """The report that one of `keys` (SubjectPublicKeyInfo, DER) signed, without its signature.

    Raises `InvalidSignature` when it does not hold or is by none of them, `InvalidInput` for what is no such XML.
    """
    root = parse(data)
    signature = root[-1] if len(root) else None
    found = list(root.iter(etree.QName(DS, "Signature").text))
    if signature is None or found != [signature]:
        raise InvalidSignature(reason="not one signature at the end")
    info, value, key = _parts(signature)
    spki = _spki(key)
    if spki not in keys:
        raise InvalidSignature(reason="by a key that is not on the list")
    signed, key_digest = _canonical(info), _digest(key)
    root.remove(signature)
    expected = etree.Element(etree.QName(DS, "Signature"), nsmap={"ds": DS})
    again = _signed_info(expected, _digest(root))
    _reference(again, f"#{_KEY_ID}", (_C14N,), key_digest)
    if _canonical(again) != signed:
        raise InvalidSignature(reason="the report is not what was signed")
    try:
        raw = b64decode(value.text or "", validate=True)
        load_public_key(spki).verify(raw_to_der(raw), signed)
    except ValueError as failure:
        raise InvalidSignature(reason="not a signature") from failure
    return root


def parse(data: bytes) -> Node:
    """The XML's root; no entity, no document type, nothing fetched. Raises `InvalidInput`."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        if len(data) > _SIZE:
            raise ValueError("too large")
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as failure:
        raise InvalidInput("This XML cannot be read.", reason=str(failure)[:200]) from failure
    document: Any = root.getroottree().docinfo
    if document.doctype:
        raise InvalidInput("This XML cannot be read.", reason="a document type")
    return root


def _signed_info(signature: Node, body: bytes) -> Node:
    info = _add(signature, "SignedInfo")
    _add(info, "CanonicalizationMethod").set("Algorithm", _C14N)
    _add(info, "SignatureMethod").set("Algorithm", _ECDSA_SHA256)
    _reference(info, "", (_ENVELOPED, _C14N), body)
    return info


def _reference(info: Node, uri: str, transforms: Sequence[str], digest: bytes) -> None:
    reference = _add(info, "Reference")
    reference.set("URI", uri)
    listed = _add(reference, "Transforms")
    for transform in transforms:
        _add(listed, "Transform").set("Algorithm", transform)
    _add(reference, "DigestMethod").set("Algorithm", SHA256)
    _add(reference, "DigestValue").text = b64encode(digest).decode()


def _parts(signature: Node) -> tuple[Node, Node, Node]:
    names = [etree.QName(each).localname if isinstance(each.tag, str) else "" for each in signature]
    if names != ["SignedInfo", "SignatureValue", "KeyInfo"]:
        raise InvalidSignature(reason="another shape of signature")
    return signature[0], signature[1], signature[2]


def _spki(key: Node) -> bytes:
    first = key.findtext(f"{{{DS}}}X509Data/{{{DS}}}X509Certificate") or ""
    try:
        return Certificate.load(b64decode(first, validate=True)).public_key().spki
    except (ValueError, CertificateUnreadable) as failure:
        raise InvalidSignature(reason="no certificate") from failure


def _canonical(node: Node) -> bytes:
    return etree.tostring(node, method="c14n", exclusive=True, with_comments=False)


def _digest(node: Node) -> bytes:
    return hashlib.sha256(_canonical(node)).digest()


def _add(node: Node, name: str) -> Node:
    return etree.SubElement(node, etree.QName(DS, name))
