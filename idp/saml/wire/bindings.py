"""The bindings: HTTP-Redirect (SAML Bindings §3.4), HTTP-POST (§3.5) and SOAP (§3.2)."""

import base64
import binascii
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from idp.saml.wire.markup import MOST_BYTES, SOAP, Node, UnreadableMessage, children, element, is_called, parse
from idp.saml.wire.markup import serialise as serialise_node
from idp.saml.wire.signatures import RSA_SHA256, BadSignature, SamlKey, is_signed, verify
from kernel.crypto.certificates import Certificate
from kernel.crypto.public_keys import verify_by_oid
from kernel.crypto.signatures import InvalidSignature, raw_to_der
from kernel.errors import InvalidInput

REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
SOAP_BINDING = "urn:oasis:names:tc:SAML:2.0:bindings:SOAP"
DEFLATE = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"
LONGEST_RELAY_STATE = 2048
"""Bytes. The standard says 80 (§3.4.3), and hardly any application keeps to it."""

_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_OIDS: Mapping[str, str] = {
    _MORE + "rsa-sha256": "1.2.840.113549.1.1.11",
    _MORE + "rsa-sha384": "1.2.840.113549.1.1.12",
    _MORE + "rsa-sha512": "1.2.840.113549.1.1.13",
    _MORE + "ecdsa-sha256": "1.2.840.10045.4.3.2",
    _MORE + "ecdsa-sha384": "1.2.840.10045.4.3.3",
    _MORE + "ecdsa-sha512": "1.2.840.10045.4.3.4",
}


@dataclass(frozen=True)
class Received:
    """A message as it came: its root, the field it was in, and, by Redirect, what its signature is over."""

    root: Node
    kind: str
    binding: str
    relay_state: str | None = None
    signed_text: bytes = b""
    algorithm: str = ""
    signature: bytes = b""

    @property
    def is_signed(self) -> bool:
        """Whether there is a signature to check."""
        return bool(self.signature) if self.binding == REDIRECT else is_signed(self.root)

    def verified(self, trusted: Iterable[Certificate]) -> Node:
        """The message as one of these keys signed it. Raises `BadSignature`. May block: use a thread."""
        if self.binding != REDIRECT:
            return verify(self.root, trusted)
        _verify_query(self, trusted)
        return self.root


def receive_redirect(query: bytes) -> Received:
    """A message in a query string, as it was written: the signature is over the very octets (§3.4.4.1).

    Raises `UnreadableMessage`.
    """
    raw = _raw_parameters(query)
    kind = _kind(raw)
    if unquote_to_bytes(raw.get("SAMLEncoding", "")).decode("ascii", "replace") not in {"", DEFLATE}:
        raise UnreadableMessage("an unknown encoding")
    root = parse(_inflate(_decode(raw[kind])))
    signed = "&".join(f"{name}={raw[name]}" for name in (kind, "RelayState", "SigAlg") if name in raw)
    return Received(
        root=root,
        kind=kind,
        binding=REDIRECT,
        relay_state=_relay_state(raw),
        signed_text=signed.encode(),
        algorithm=unquote_to_bytes(raw.get("SigAlg", "")).decode("ascii", "replace"),
        signature=_decode(raw["Signature"]) if "Signature" in raw else b"",
    )


def receive_post(kind: str, encoded: str, relay_state: str | None) -> Received:
    """A message in a form field. Raises `UnreadableMessage`."""
    try:
        data = base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError) as failure:
        raise UnreadableMessage("not base64") from failure
    if relay_state is not None and len(relay_state.encode()) > LONGEST_RELAY_STATE:
        raise UnreadableMessage("a RelayState that is too long")
    return Received(parse(data), kind, POST, relay_state)


def redirect_query(kind: str, message: bytes, relay_state: str | None, key: SamlKey) -> str:
    """The signed query string that carries a message. May block: use a thread."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    fields = {kind: base64.b64encode(packer.compress(message) + packer.flush()).decode()}
    if relay_state is not None:
        fields["RelayState"] = relay_state
    fields["SigAlg"] = RSA_SHA256
    text = "&".join(f"{name}={quote(value, safe='')}" for name, value in fields.items())
    signature = base64.b64encode(key.signing_key.sign(text.encode())).decode()
    return f"{text}&Signature={quote(signature, safe='')}"


def in_envelope(message: Node) -> bytes:
    """The message as SOAP carries it."""
    return serialise_node(element("soap:Envelope", element("soap:Body", message)), declared=True)


def out_of_envelope(data: bytes) -> Node:
    """The message in a SOAP body. Raises `UnreadableMessage`."""
    envelope = parse(data)
    bodies = list(children(envelope, "soap:Body")) if is_called(envelope, "soap:Envelope") else []
    if len(bodies) != 1 or len(bodies[0]) != 1 or bodies[0][0].tag.startswith(f"{{{SOAP}}}"):
        raise UnreadableMessage("not a SOAP envelope with a message")
    return parse(serialise_node(bodies[0][0]))


def _raw_parameters(query: bytes) -> dict[str, str]:
    try:
        text = query.decode("ascii")
    except UnicodeDecodeError as failure:
        raise UnreadableMessage("a query that is not ASCII") from failure
    found: dict[str, str] = {}
    for part in filter(None, text.split("&")):
        name, _, value = part.partition("=")
        if name in found:
            raise UnreadableMessage("a parameter is there twice")
        found[name] = value
    return found


def _kind(raw: Mapping[str, str]) -> str:
    kinds = [name for name in ("SAMLRequest", "SAMLResponse") if name in raw]
    if len(kinds) != 1:
        raise UnreadableMessage("not exactly one message")
    return kinds[0]


def _relay_state(raw: Mapping[str, str]) -> str | None:
    if "RelayState" not in raw:
        return None
    data = unquote_to_bytes(raw["RelayState"].replace("+", "%20"))
    if len(data) > LONGEST_RELAY_STATE:
        raise UnreadableMessage("a RelayState that is too long")
    try:
        return data.decode()
    except UnicodeDecodeError as failure:
        raise UnreadableMessage("a RelayState that is not UTF-8") from failure


def _decode(raw: str) -> bytes:
    """Base64 inside a query; a plus sign that was not escaped is meant as one."""
    try:
        return base64.b64decode(b"".join(unquote_to_bytes(raw).replace(b" ", b"+").split()), validate=True)
    except (binascii.Error, ValueError) as failure:
        raise UnreadableMessage("not base64") from failure


def _inflate(packed: bytes) -> bytes:
    """Unpack raw DEFLATE (RFC 1951), no further than a message may be long."""
    unpacker = zlib.decompressobj(-15)
    try:
        data = unpacker.decompress(packed, MOST_BYTES + 1)
    except zlib.error as failure:
        raise UnreadableMessage("not deflated") from failure
    if len(data) > MOST_BYTES or unpacker.unconsumed_tail:
        raise UnreadableMessage("too large")
    return data


def _verify_query(received: Received, trusted: Iterable[Certificate]) -> None:
    oid = _OIDS.get(received.algorithm)
    if oid is None or not received.signature:
        raise BadSignature("a signature method that is not taken")
    for certificate in trusted:
        try:
            signature = raw_to_der(received.signature) if "ecdsa" in received.algorithm else received.signature
            verify_by_oid(certificate.public_key(), oid, signature, received.signed_text)
        except InvalidInput as failure:
            if not isinstance(failure, InvalidSignature):
                continue
        else:
            return
    raise BadSignature("no known key made the signature")
