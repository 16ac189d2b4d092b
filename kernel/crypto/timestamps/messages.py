"""The messages of the protocol: `TimeStampReq` and `TimeStampResp` (RFC 3161 §2.4)."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from kernel.crypto.der import reader, writer
from kernel.crypto.der.reader import Element
from kernel.crypto.timestamps.digests import SIZES, DigestName, algorithm, digest_name, read_algorithm
from kernel.errors import InvalidInput

MAX_REQUEST_BYTES: Final = 4096
MAX_RESPONSE_BYTES: Final = 64 * 1024
_GRANTED, _GRANTED_WITH_MODS = 0, 1


class TimestampUnreadable(InvalidInput):
    """These bytes are not the message or the token they should be."""

    code = "timestamp-unreadable"

    def __init__(self, *, reason: str | None = None) -> None:
        super().__init__("The time stamp cannot be read.", reason=reason)


class Failure(IntEnum):
    """PKIFailureInfo: why an authority gave no token (§2.4.2)."""

    BAD_ALGORITHM = 0
    BAD_REQUEST = 2
    BAD_DATA_FORMAT = 5
    TIME_NOT_AVAILABLE = 14
    UNACCEPTED_POLICY = 15
    UNACCEPTED_EXTENSION = 16
    ADDITIONAL_INFORMATION_NOT_AVAILABLE = 17
    SYSTEM_FAILURE = 25


class RequestRefused(Exception):
    """A request that its authority must answer with `failure`; `reason` in plain English."""

    def __init__(self, failure: Failure, reason: str) -> None:
        self.failure = failure
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True)
class TimestampRequest:
    """What is asked: a time stamp over `imprint`, a digest of the kind `digest_name`.

    `nonce`: to be repeated in the token. `policy`: dotted, None for the authority's own choice.
    """

    digest_name: DigestName
    imprint: bytes
    nonce: int | None = None
    policy: str | None = None
    certificate_wanted: bool = True

    def encode(self) -> bytes:
        """DER TimeStampReq; raises InvalidInput for a digest of the wrong length."""
        if len(self.imprint) != SIZES[self.digest_name]:
            raise InvalidInput("The digest has the wrong length.")
        parts = [writer.integer(1), message_imprint(self.digest_name, self.imprint)]
        if self.policy is not None:
            parts.append(writer.oid(self.policy))
        if self.nonce is not None:
            parts.append(writer.integer(self.nonce))
        if self.certificate_wanted:
            parts.append(writer.boolean(True))
        return writer.sequence(*parts)

    @classmethod
    def load(cls, der: bytes) -> "TimestampRequest":
        """Read a request as an authority does; raises RequestRefused with what to answer."""
        try:
            if len(der) > MAX_REQUEST_BYTES:
                raise ValueError("too large")
            version, imprint, *rest = reader.read_element(der).children(reader.SEQUENCE)
            if reader.integer(version) != 1:
                raise ValueError("unknown version")
            kind, hashed = imprint.children(reader.SEQUENCE)
            oid = read_algorithm(kind)
            digest = reader.expect(hashed, reader.OCTET_STRING).content
            policy, nonce, wanted = _read_options(rest)
        except (ValueError, IndexError) as error:
            raise RequestRefused(Failure.BAD_DATA_FORMAT, "The request cannot be read.") from error
        return cls(_accepted_digest(oid, digest), digest, nonce, policy, wanted)


@dataclass(frozen=True)
class TimestampResponse:
    """What an authority answered: `token` (DER ContentInfo), or None and the reasons given."""

    status: int
    token: bytes | None
    text: str = ""
    failures: frozenset[int] = frozenset()

    @classmethod
    def load(cls, der: bytes) -> "TimestampResponse":
        """Read a response; raises TimestampUnreadable."""
        try:
            if len(der) > MAX_RESPONSE_BYTES:
                raise ValueError("too large")
            info, *rest = reader.read_element(der).children(reader.SEQUENCE)
            status, *details = info.children(reader.SEQUENCE)
            texts = [each for part in details if part.tag == reader.SEQUENCE for each in part.children(reader.SEQUENCE)]
            failures = [reader.named_bits(part) for part in details if part.tag == reader.BIT_STRING]
            return cls(
                status=reader.integer(status),
                token=reader.expect(rest[0], reader.SEQUENCE).encoded if rest else None,
                text="; ".join(each.content.decode("utf-8", "replace") for each in texts)[:200],
                failures=frozenset(failures[0]) if failures else frozenset(),
            )
        except (ValueError, IndexError) as error:
            raise TimestampUnreadable(reason=str(error)) from error

    @property
    def granted(self) -> bool:
        """Whether there is a token."""
        return self.status in (_GRANTED, _GRANTED_WITH_MODS) and self.token is not None


def granted_response(token: bytes) -> bytes:
    """DER TimeStampResp with a token."""
    return writer.sequence(writer.sequence(writer.integer(_GRANTED)), token)


def refused_response(failure: Failure, text: str) -> bytes:
    """DER TimeStampResp with status `rejection` and no token."""
    status = writer.sequence(writer.integer(2), writer.sequence(writer.utf8(text)), writer.named_bits([failure]))
    return writer.sequence(status)


def message_imprint(name: DigestName, imprint: bytes) -> bytes:
    """DER MessageImprint."""
    return writer.sequence(algorithm(name), writer.octets(imprint))


def _accepted_digest(oid: str, imprint: bytes) -> DigestName:
    try:
        name = digest_name(oid)
    except ValueError as error:
        raise RequestRefused(Failure.BAD_ALGORITHM, "Stamps are made over SHA-256, SHA-384, SHA-512, SM3.") from error
    if len(imprint) != SIZES[name]:
        raise RequestRefused(Failure.BAD_DATA_FORMAT, "The digest has the wrong length.")
    return name


def _read_options(rest: list[Element]) -> tuple[str | None, int | None, bool]:
    """(policy, nonce, whether the certificate is wanted), each at most once and in this order."""
    policy = reader.oid(rest.pop(0)) if rest and rest[0].tag == reader.OID else None
    nonce = reader.integer(rest.pop(0)) if rest and rest[0].tag == reader.INTEGER else None
    wanted = reader.boolean(rest.pop(0)) if rest and rest[0].tag == reader.BOOLEAN else False
    if rest and rest[0].tag == reader.context(0):
        raise RequestRefused(Failure.UNACCEPTED_EXTENSION, "No extensions are known here.")
    if rest:
        raise ValueError("something follows")
    return policy, nonce, wanted
