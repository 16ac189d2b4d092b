"""Certification requests (PKCS#10, RFC 2986; SM2 ones as GM/T 0015's certificates are signed): read, proven, made."""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass, field
from textwrap import wrap
from typing import Final

from kernel.crypto.der import reader, writer
from kernel.crypto.der.algorithms import SIGNATURES
from kernel.crypto.der.names import Name
from kernel.crypto.public_keys import load_public_key, verify_with_ids
from kernel.crypto.signatures import PublicKey, SigningKey
from kernel.crypto.sm2 import DEFAULT_ID, EMPTY_ID
from kernel.errors import InvalidInput

MAX_REQUEST_BYTES: Final = 16 * 1024
_PEM = re.compile(rb"-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----(.+?)-----END (?:NEW )?CERTIFICATE REQUEST-----", re.S)


class RequestUnreadable(InvalidInput):
    """These bytes are not a certification request we can read."""

    code = "request-unreadable"

    def __init__(self, *, reason: str | None = None) -> None:
        super().__init__("The certification request cannot be read.", reason=reason)


@dataclass(frozen=True)
class CertificateRequest:
    """Who asks and for which key. What else it wishes for is not looked at: profiles are the issuer's to set."""

    der: bytes
    tbs: bytes = field(repr=False)
    subject: Name
    spki: bytes = field(repr=False)
    signature_identifier: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @classmethod
    def load(cls, data: bytes) -> "CertificateRequest":
        """Read DER or PEM; raises RequestUnreadable."""
        if len(data) > MAX_REQUEST_BYTES:
            raise RequestUnreadable(reason="too large")
        try:
            return _read(_der(data))
        except (ValueError, IndexError) as error:
            raise RequestUnreadable(reason=str(error)) from error

    def verify_possession(self) -> PublicKey:
        """Check that whoever asks holds the key; returns it. Raises InvalidSignature, InvalidInput for a strange key.

        SM2 requests are made with the standard's signer ID, or, by OpenSSL 3.0 as it comes, with an empty one. Either
        proves the same, so both are taken.
        """
        key = load_public_key(self.spki)
        verify_with_ids(key, self.signature_identifier, (self.signature, self.tbs), (DEFAULT_ID, EMPTY_ID))
        return key

    def to_pem(self) -> str:
        """As authorities like to be sent it."""
        lines = "\n".join(wrap(b64encode(self.der).decode(), 64))
        return f"-----BEGIN CERTIFICATE REQUEST-----\n{lines}\n-----END CERTIFICATE REQUEST-----\n"


def make_request(subject: Mapping[str, str], key: SigningKey) -> CertificateRequest:
    """A request for `key`; `subject`: labels (`C`, `O`, `CN`, …) to text, in order. Raises InvalidInput."""
    try:
        name = Name.build(subject)
    except (ValueError, UnicodeEncodeError) as error:
        raise InvalidInput("The certificate profile is not valid.", reason=str(error)) from error
    tbs = writer.sequence(writer.integer(0), name.der, key.public_spki, writer.element(reader.context(0), b""))
    signature = writer.bit_string(key.sign(tbs))
    request = CertificateRequest.load(writer.sequence(tbs, SIGNATURES[key.algorithm], signature))
    request.verify_possession()
    return request


def _der(data: bytes) -> bytes:
    match = _PEM.search(data)
    if match is None:
        return bytes(data)
    try:
        return b64decode(match[1])
    except Base64Error as error:
        raise ValueError("bad base64") from error


def _read(der: bytes) -> CertificateRequest:
    tbs, algorithm, signature = reader.read_element(der).children(reader.SEQUENCE)
    version, subject, spki, *_attributes = tbs.children(reader.SEQUENCE)
    if reader.integer(version) != 0:
        raise ValueError("unknown version")
    return CertificateRequest(
        der=der,
        tbs=tbs.encoded,
        subject=Name.read(subject),
        spki=reader.expect(spki, reader.SEQUENCE).encoded,
        signature_identifier=reader.expect(algorithm, reader.SEQUENCE).encoded,
        signature=reader.bit_string(signature),
    )
