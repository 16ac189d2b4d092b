"""Asking and answering: OCSP requests read and written, responses written (RFC 6960 §4, nonces by RFC 9654)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Final

from kernel.crypto.certificates import Certificate
from kernel.crypto.der import extensions as ext
from kernel.crypto.der import reader, writer
from kernel.crypto.der.algorithms import SIGNATURES
from kernel.crypto.der.extensions import Extension
from kernel.crypto.revocation.ocsp import (
    BASIC_RESPONSE,
    HASHES,
    NONCE,
    SHA1,
    CertificateId,
    OcspResponse,
    SingleStatus,
    key_bits,
)
from kernel.crypto.signatures import SigningKey

MAX_REQUEST_BYTES: Final = 8192
_MOST_REQUESTS: Final = 32
_NONCE_BYTES: Final = range(1, 129)


class OcspError(IntEnum):
    """OCSPResponseStatus, but for `successful` (§4.2.1)."""

    MALFORMED_REQUEST = 1
    INTERNAL_ERROR = 2
    TRY_LATER = 3
    UNAUTHORIZED = 6


class OcspRequestRefused(Exception):
    """A request that must be answered with `error`."""

    def __init__(self, error: OcspError) -> None:
        self.error = error
        super().__init__(error.name)


@dataclass(frozen=True)
class OcspRequest:
    """Which certificates are asked about. `nonce` is to be repeated."""

    certificates: tuple[CertificateId, ...]
    nonce: bytes | None = None

    def encode(self) -> bytes:
        """DER OCSPRequest, unsigned."""
        listed = writer.sequence(*(writer.sequence(each.encode()) for each in self.certificates))
        parts = [listed]
        if self.nonce is not None:
            parts.append(writer.explicit(2, writer.sequence(_nonce(self.nonce).encoded())))
        return writer.sequence(writer.sequence(*parts))

    @classmethod
    def load(cls, der: bytes) -> "OcspRequest":
        """Read a request as a responder does; raises OcspRequestRefused. Signatures of requests are not looked at."""
        try:
            if len(der) > MAX_REQUEST_BYTES:
                raise ValueError("too large")
            tbs, *_signature = reader.read_element(der).children(reader.SEQUENCE)
            parts = [part for part in tbs.children(reader.SEQUENCE) if part.tag not in _SKIPPED]
            listed, *rest = parts
            requests = listed.children(reader.SEQUENCE)
            if not 0 < len(requests) <= _MOST_REQUESTS:
                raise ValueError("no or too many requests")
            identities = tuple(CertificateId.read(each.children(reader.SEQUENCE)[0]) for each in requests)
            return cls(identities, _read_nonce(rest))
        except (ValueError, IndexError) as error:
            raise OcspRequestRefused(OcspError.MALFORMED_REQUEST) from error


_SKIPPED: Final = (reader.context(0), reader.context(1))  # version, requestor


def error_response(error: OcspError) -> bytes:
    """DER OCSPResponse without an answer; unsigned, as the protocol has it."""
    return writer.sequence(writer.enumerated(error))


@dataclass(frozen=True)
class Responder:
    """A responder's key and certificate; the certificate travels along when it is not the issuer's own."""

    key: SigningKey
    certificate: Certificate


def make_response(
    statuses: Sequence[SingleStatus], responder: Responder, produced_at: datetime, nonce: bytes | None
) -> OcspResponse:
    """A signed response, read back before it is returned."""
    extensions = [writer.explicit(1, writer.sequence(_nonce(nonce).encoded()))] if nonce is not None else []
    data = writer.sequence(
        writer.explicit(2, writer.octets(HASHES[SHA1](key_bits(responder.certificate.spki)))),
        writer.generalized_time(produced_at),
        writer.sequence(*map(_single, statuses)),
        *extensions,
    )
    basic = writer.sequence(
        data,
        SIGNATURES[responder.key.algorithm],
        writer.bit_string(responder.key.sign(data)),
        writer.explicit(0, writer.sequence(responder.certificate.der)),
    )
    wrapped = writer.sequence(writer.oid(BASIC_RESPONSE), writer.octets(basic))
    return OcspResponse.load(writer.sequence(writer.enumerated(0), writer.explicit(0, wrapped)))


def _single(status: SingleStatus) -> bytes:
    if status.revocation is not None:
        reason = status.revocation.reason
        parts = [writer.generalized_time(status.revocation.revoked_at)]
        if reason is not None:
            parts.append(writer.explicit(0, writer.enumerated(reason)))
        standing = writer.element(reader.context(1), b"".join(parts))
    else:
        standing = writer.implicit(0 if status.standing == "good" else 2, b"")
    ends = [writer.explicit(0, writer.generalized_time(status.next_update))] if status.next_update else []
    return writer.sequence(status.certificate.encode(), standing, writer.generalized_time(status.this_update), *ends)


def _nonce(value: bytes) -> Extension:
    return Extension(NONCE, False, writer.octets(value))


def _read_nonce(rest: list[reader.Element]) -> bytes | None:
    """RFC 9654 §2.1: 1 to 128 octets, or the request is malformed; other extensions are ignored unless critical."""
    found = ext.read_extensions(reader.read_element(rest[0].content)) if rest else {}
    if any(each.critical and each.oid != NONCE for each in found.values()):
        raise ValueError("critical extension")
    if NONCE not in found:
        return None
    nonce = reader.expect(reader.read_element(found[NONCE].value), reader.OCTET_STRING).content
    if len(nonce) not in _NONCE_BYTES:
        raise ValueError("nonce of a forbidden length")
    return nonce
