"""A time stamp token: SignedData over `TSTInfo` (RFC 3161 §2.4.2)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from kernel.crypto.certificates import Certificate, CertificateUnreadable
from kernel.crypto.der import reader
from kernel.crypto.der.reader import Element
from kernel.crypto.der.times import read_time
from kernel.crypto.timestamps.cms import SignedContent, read_signed_content
from kernel.crypto.timestamps.digests import DigestName, digest_name, read_algorithm
from kernel.crypto.timestamps.messages import MAX_RESPONSE_BYTES, TimestampUnreadable

_MOST_CERTIFICATES = 16


@dataclass(frozen=True)
class TimestampToken:
    """What a token says, nothing of it checked; see `verification.verify_timestamp`.

    `time` is UTC-aware; `accuracy` None when not given; `digest_name` and `imprint` say over what it was made;
    `certificates` are those inside that can be read. Equal to another when the bytes are.
    """

    der: bytes
    time: datetime = field(compare=False)
    accuracy: timedelta | None = field(compare=False)
    serial: int = field(compare=False)
    policy: str = field(compare=False)
    digest_name: DigestName = field(compare=False)
    imprint: bytes = field(compare=False)
    nonce: int | None = field(compare=False)
    ordering: bool = field(compare=False)
    signed: SignedContent = field(compare=False, repr=False)

    @classmethod
    def load(cls, der: bytes) -> "TimestampToken":
        """Read a DER ContentInfo; raises TimestampUnreadable. Zeros after it, as PDF fills its place, are not taken."""
        if len(der) > MAX_RESPONSE_BYTES:
            raise TimestampUnreadable(reason="too large")
        try:
            return _read(bytes(der))
        except (ValueError, IndexError) as error:
            raise TimestampUnreadable(reason=str(error)) from error

    @cached_property
    def certificates(self) -> tuple[Certificate, ...]:
        loaded = []
        for encoded in self.signed.certificates[:_MOST_CERTIFICATES]:
            try:
                loaded.append(Certificate.load(encoded))
            except CertificateUnreadable:
                continue
        return tuple(loaded)

    def find_signer(self, known: Sequence[Certificate] = ()) -> Certificate | None:
        """The certificate that the signer names, from inside or from `known`."""
        try:
            return next((each for each in (*self.certificates, *known) if self.signed.names(each)), None)
        except ValueError:
            return None

    @property
    def authority_name(self) -> str:
        """Who stamped, by the common name of its certificate; empty when that is not inside."""
        signer = self.find_signer()
        return (signer.subject_value("CN") or str(signer.subject)) if signer else ""


def _read(der: bytes) -> TimestampToken:
    signed = read_signed_content(der)
    version, policy, imprint, serial, moment, *rest = reader.read_element(signed.content).children(reader.SEQUENCE)
    if reader.integer(version) != 1:
        raise ValueError("unknown version")
    kind, hashed = imprint.children(reader.SEQUENCE)
    accuracy = _accuracy(rest.pop(0)) if rest and rest[0].tag == reader.SEQUENCE else None
    ordering = reader.boolean(rest.pop(0)) if rest and rest[0].tag == reader.BOOLEAN else False
    nonce = reader.integer(rest.pop(0)) if rest and rest[0].tag == reader.INTEGER else None
    return TimestampToken(
        der=der,
        time=read_time(reader.expect(moment, reader.GENERALIZED_TIME)),
        accuracy=accuracy,
        serial=reader.integer(serial),
        policy=reader.oid(policy),
        digest_name=digest_name(read_algorithm(kind)),
        imprint=reader.expect(hashed, reader.OCTET_STRING).content,
        nonce=nonce,
        ordering=ordering,
        signed=signed,
    )


def _accuracy(element: Element) -> timedelta:
    """Seconds, [0] milliseconds, [1] microseconds, each optional."""
    seconds = millis = micros = 0
    for part in element.children():
        number = int.from_bytes(part.content[:8], "big", signed=True)
        if part.tag == reader.INTEGER:
            seconds = number
        elif part.tag == reader.context(0, constructed=False):
            millis = number
        elif part.tag == reader.context(1, constructed=False):
            micros = number
    if not (0 <= seconds < 1 << 31 and 0 <= millis < 1000 and 0 <= micros < 1000):
        raise ValueError("bad accuracy")
    return timedelta(seconds=seconds, milliseconds=millis, microseconds=micros)
