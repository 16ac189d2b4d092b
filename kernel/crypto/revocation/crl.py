"""Certificate revocation lists (RFC 5280 §5), SM2 and international."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from kernel.crypto.certificates import Certificate
from kernel.crypto.der import extensions as ext
from kernel.crypto.der import reader
from kernel.crypto.der.names import Name
from kernel.crypto.der.reader import Element
from kernel.crypto.der.times import read_time
from kernel.crypto.public_keys import verify_with_ids
from kernel.crypto.signatures import InvalidSignature
from kernel.crypto.sm2 import DEFAULT_ID
from kernel.errors import InvalidInput

MAX_CRL_BYTES = 16 * 1024 * 1024
_TIMES = (reader.UTC_TIME, reader.GENERALIZED_TIME)


class CrlUnreadable(InvalidInput):
    """These bytes are not a CRL we can read."""

    code = "crl-unreadable"

    def __init__(self, *, reason: str | None = None) -> None:
        super().__init__("The revocation list cannot be read.", reason=reason)


@dataclass(frozen=True)
class Revocation:
    """One entry. `reason` is the CRLReason number (§5.3.1), None when not given."""

    serial: int
    revoked_at: datetime
    reason: int | None = None


@dataclass(frozen=True)
class Crl:
    """One list; equal to another when the bytes are."""

    der: bytes
    tbs: bytes = field(compare=False, repr=False)
    issuer: Name = field(compare=False)
    this_update: datetime = field(compare=False)
    next_update: datetime | None = field(compare=False)
    number: int | None = field(compare=False)
    entries: dict[int, Revocation] = field(compare=False, repr=False)
    signature_identifier: bytes = field(compare=False, repr=False)
    signature: bytes = field(compare=False, repr=False)
    keeps_expired_since: datetime | None = field(compare=False, default=None)
    """Certificates that expired at this moment or later stay listed (X.509 §9.5.2.8, expiredCertsOnCRL)."""

    @classmethod
    def load(cls, der: bytes) -> "Crl":
        """Read one DER list; raises CrlUnreadable. Delta and indirect lists are refused: they would read as whole."""
        if len(der) > MAX_CRL_BYTES:
            raise CrlUnreadable(reason="too large")
        try:
            return _read(bytes(der))
        except (ValueError, IndexError) as error:
            raise CrlUnreadable(reason=str(error)) from error

    def verify(self, issuer: Certificate, *, sm2_ids: Sequence[bytes] = (DEFAULT_ID,)) -> None:
        """Check that `issuer` signed this list and may; raises InvalidSignature. Says nothing of its age."""
        if not self.issuer.matches(issuer.subject) or not issuer.allows("crl_sign"):
            raise InvalidSignature(reason="not the issuer of this list")
        verify_with_ids(issuer.public_key(), self.signature_identifier, (self.signature, self.tbs), sm2_ids)

    def revoked_at(self, serial: int) -> datetime | None:
        """When the certificate with this serial number was revoked, None when it is not listed."""
        entry = self.entries.get(serial)
        return entry.revoked_at if entry else None


def _read(der: bytes) -> Crl:
    tbs, algorithm, signature = reader.read_element(der).children(reader.SEQUENCE)
    fields = tbs.children(reader.SEQUENCE)
    if fields[0].tag == reader.INTEGER:
        fields = fields[1:]
    inner_algorithm, issuer, this_update, *rest = fields
    if reader.oid(algorithm.children(reader.SEQUENCE)[0]) != reader.oid(inner_algorithm.children(reader.SEQUENCE)[0]):
        raise ValueError("inner and outer signature algorithms differ")
    next_update = read_time(rest.pop(0)) if rest and rest[0].tag in _TIMES else None
    revoked = rest.pop(0).children() if rest and rest[0].tag == reader.SEQUENCE else []
    number, keeps_expired_since = _read_extensions(rest)
    entries = [_read_entry(entry) for entry in revoked]
    return Crl(
        der=der,
        tbs=tbs.encoded,
        issuer=Name.read(issuer),
        this_update=read_time(this_update),
        next_update=next_update,
        number=number,
        entries={entry.serial: entry for entry in entries},
        signature_identifier=algorithm.encoded,
        signature=reader.bit_string(signature),
        keeps_expired_since=keeps_expired_since,
    )


def _read_extensions(rest: list[Element]) -> tuple[int | None, datetime | None]:
    """The CRL number, and since when expired certificates stay listed.

    An unknown critical extension (delta, indirect, partitioned) makes the list unreadable.
    """
    found = ext.read_extensions(reader.read_element(rest[0].content)) if rest else {}
    for extension in found.values():
        if extension.critical and extension.oid != ext.AUTHORITY_KEY_IDENTIFIER:
            raise ValueError(f"critical extension {extension.oid}")
    number = found.get(ext.CRL_NUMBER)
    keeps = found.get(ext.EXPIRED_CERTS_ON_CRL)
    since = read_time(reader.read_element(keeps.value)) if keeps else None
    return reader.integer(reader.read_element(number.value)) if number else None, since


def _read_entry(entry: Element) -> Revocation:
    serial, revoked_at, *rest = entry.children(reader.SEQUENCE)
    found = ext.read_extensions(rest[0]) if rest else {}
    if any(each.critical and each.oid != ext.REASON_CODE for each in found.values()):
        raise ValueError("critical entry extension")
    reason = found.get(ext.REASON_CODE)
    code = reader.integer(reader.read_element(reason.value)) if reason else None
    return Revocation(reader.integer(serial), read_time(revoked_at), code)
