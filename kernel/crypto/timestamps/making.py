"""Making tokens (RFC 3161 §2.4.2). The caller answers for the time and for serial numbers that never come twice."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from kernel.crypto.certificates import Certificate
from kernel.crypto.der import reader, writer
from kernel.crypto.signatures import SigningKey
from kernel.crypto.timestamps.cms import write_signed_content
from kernel.crypto.timestamps.messages import TimestampRequest, message_imprint

_MILLISECOND: Final = timedelta(milliseconds=1)


@dataclass(frozen=True)
class TokenTerms:
    """What the authority states besides what was asked: when, how exactly, under which number and policy (dotted)."""

    time: datetime
    accuracy: timedelta
    serial: int
    policy: str
    ordering: bool = False


@dataclass(frozen=True)
class Stamping:
    """A stamping key, its certificate, and the certificates (DER) a token carries when they are wanted."""

    key: SigningKey
    certificate: Certificate
    chain: tuple[bytes, ...]


def make_token(request: TimestampRequest, terms: TokenTerms, stamping: Stamping) -> bytes:
    """DER TimeStampToken answering `request`, signed with the digest of the key's family."""
    content = writer.sequence(
        writer.integer(1),
        writer.oid(terms.policy),
        message_imprint(request.digest_name, request.imprint),
        writer.integer(terms.serial),
        _time(terms.time),
        _accuracy(terms.accuracy),
        *([writer.boolean(True)] if terms.ordering else []),
        *([writer.integer(request.nonce)] if request.nonce is not None else []),
    )
    included = stamping.chain if request.certificate_wanted else ()
    return write_signed_content(content, stamping.key, stamping.certificate, included)


def _time(moment: datetime) -> bytes:
    """GeneralizedTime with milliseconds, no trailing zeros (§2.4.2)."""
    utc = moment.astimezone(UTC)
    millis = f"{utc.microsecond // 1000:03}".rstrip("0")
    text = f"{utc.year:04}{utc:%m%d%H%M%S}{'.' + millis if millis else ''}Z"
    return writer.element(reader.GENERALIZED_TIME, text.encode())


def _accuracy(accuracy: timedelta) -> bytes:
    seconds, rest = divmod(accuracy, timedelta(seconds=1))
    millis, rest = divmod(rest, _MILLISECOND)
    parts = [writer.integer(seconds)] if seconds else []
    for number, value in enumerate((millis, rest // timedelta(microseconds=1))):
        if value:
            parts.append(writer.implicit(number, writer.integer(value)[2:]))
    return writer.sequence(*parts)
