"""Certificates for keys that are not here (another system's seal signer, a person's UKey), and for persons.

Who asks proves that it holds the key; everything else in its request is left aside: name, period and usages are ours.
"""

import asyncio
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from kernel.audit.chain import Actor, AuditEvent
from kernel.crypto.certificates import Certificate
from kernel.crypto.certification.requests import CertificateRequest, make_request
from kernel.crypto.issuance import CertificateRequestProfile
from kernel.crypto.signatures import SigningKey
from kernel.errors import Conflict, FieldError, InvalidInput, NotFound
from seal.authority.own_certificates import AuthorityParts, open_or_generate
from seal.authority.profiles import ALGORITHMS, PERSON_LIFE, SEAL_LIFE, Family, seal_key_name
from seal.authority.records import CertificateRow, find_by_serial, holders_of_key, newest_certificates
from seal.authority.service import Authority

_FAMILY_OF: Final[dict[str, Family]] = {algorithm: family for family, algorithm in ALGORITHMS.items()}
_SEAL_CODE: Final = re.compile(r"\d{14}")
REVOCATION_REASONS: Final = {
    "unspecified": 0,
    "key-compromise": 1,
    "affiliation-changed": 3,
    "superseded": 4,
    "cessation": 5,
    "privilege-withdrawn": 9,
}
"""CRLReason by name (RFC 5280 §5.3.1), as far as end entities have them."""


@dataclass(frozen=True)
class Holder:
    """Who is certified: a seal by its 14-digit code, or a person by name.

    `reference`: an opaque id that the record and the audit trail know the holder by.
    """

    kind: Literal["seal", "person"]
    name: str
    organisation: str
    reference: str
    valid_to: datetime


@dataclass(frozen=True)
class Issued:
    """A certificate and the chain above it, the root last."""

    certificate: Certificate
    issuers: tuple[Certificate, ...]


@dataclass(frozen=True)
class ListedCertificate:
    """A certificate as recorded: `serial` in hex; `holder` an own name, a seal's id, or the given reference."""

    serial: str
    issuer: str
    purpose: str
    holder: str
    not_after: datetime
    revoked_at: datetime | None


class Enrolment:
    """Issuing to outside keys, listing and revoking certificates of every kind but the authority's own."""

    def __init__(self, parts: AuthorityParts, authority: Authority) -> None:
        self._parts = parts
        self._authority = authority

    async def issue(self, request: CertificateRequest, holder: Holder, actor: Actor) -> Issued:
        """Certify the key in `request`. Raises InvalidInput naming fields, InvalidSignature, Conflict (a known key)."""
        key = await asyncio.to_thread(request.verify_possession)
        family = _FAMILY_OF.get(key.algorithm)
        if family is None:
            raise InvalidInput("Keys of this kind are not certified here.", reason=key.algorithm)
        now = self._parts.clock().replace(microsecond=0)
        _check_holder(holder, now)
        await self._authority.ensure_family(family)
        await self._refuse_known_key(request.spki, holder)
        profile = self._profile(family, request.spki, holder, now)
        certificate = await self._authority.issue(profile, family)
        async with self._parts.database.transaction() as session:
            row = self._authority.row(certificate, family, purpose="person" if holder.kind == "person" else "outside")
            row.holder_ref = holder.reference
            session.add(row)
            detail = {"serial": row.serial, "kind": holder.kind}
            event = AuditEvent("certificate.issue", actor, subject_ref=holder.reference, detail=detail)
            await self._parts.audit.record(session, event)
        return Issued(certificate, self._authority.issuers_of(certificate))

    async def revoke(self, serial: str, reason: str, actor: Actor) -> None:
        """Revoke by serial number (hex). Raises NotFound, Conflict (revoked before), InvalidInput (no such reason)."""
        if reason not in REVOCATION_REASONS:
            raise InvalidInput(
                "There is no such reason. Choose one of: {reasons}", reasons=", ".join(REVOCATION_REASONS)
            )
        async with self._parts.database.transaction() as session:
            row = await find_by_serial(session, serial.lower().replace(":", "").lstrip("0"))
            if row is None or row.purpose not in ("seal", "person", "outside"):
                raise NotFound("There is no such certificate.")
            if row.revoked_at is not None:
                raise Conflict("The certificate was revoked on {day}.", day=f"{row.revoked_at:%Y-%m-%d}")
            await self._authority.revoke(session, [row], actor, REVOCATION_REASONS[reason])
        self._authority.forget_crls()

    async def listed(self, limit: int = 200) -> list[ListedCertificate]:
        """Every certificate, the newest first."""
        async with self._parts.database.reading() as session:
            return [_listed(row) for row in await newest_certificates(session, limit)]

    async def request_for_seal(self, seal_id: str, family: Family, *, code: str, owner: str) -> CertificateRequest:
        """A request for the key of a seal, for an outside authority to certify; the key is made if need be."""
        key = await asyncio.to_thread(
            open_or_generate, self._parts.keystore, seal_key_name(seal_id, family), ALGORITHMS[family]
        )
        return await asyncio.to_thread(make_request, {"C": "CN", "O": owner[:64], "CN": code}, key)

    async def seal_key(self, seal_id: str, family: Family) -> SigningKey:
        """The key of a seal; raises NotFound."""
        return await asyncio.to_thread(self._parts.keystore.open, seal_key_name(seal_id, family))

    def _profile(self, family: Family, spki: bytes, holder: Holder, now: datetime) -> CertificateRequestProfile:
        naming, period = self._parts.naming, (now, holder.valid_to)
        if holder.kind == "seal":
            return naming.seal(family, code=holder.name, owner=holder.organisation, spki=spki, period=period)
        return naming.person(family, name=holder.name, organisation=holder.organisation, spki=spki, period=period)

    async def _refuse_known_key(self, spki: bytes, holder: Holder) -> None:
        """A key belongs to one holder: it may be certified again for the same one, never for another."""
        async with self._parts.database.reading() as session:
            known = await holders_of_key(session, hashlib.sha256(spki).hexdigest())
        if any(row.holder_ref != holder.reference for row in known):
            raise Conflict("This key is certified for somebody else.")


def _listed(row: CertificateRow) -> ListedCertificate:
    holder = row.name or row.seal_id or row.holder_ref or ""
    not_after = Certificate.load(row.der).not_after
    return ListedCertificate(row.serial, row.issuer, row.purpose, holder, not_after, row.revoked_at)


def _check_holder(holder: Holder, now: datetime) -> None:
    faults = []
    longest = SEAL_LIFE if holder.kind == "seal" else PERSON_LIFE
    if holder.kind == "seal" and not _SEAL_CODE.fullmatch(holder.name):
        faults.append(FieldError("name", "A seal code has 14 digits."))
    if holder.kind == "person" and _SEAL_CODE.fullmatch(holder.name.strip()):
        faults.append(FieldError("name", "This is a seal's code, not a person's name."))
    if not 0 < len(holder.name.strip()) <= 64:
        faults.append(FieldError("name", "Give a name of up to 64 characters."))
    if len(holder.organisation) > 64 or (holder.kind == "seal" and not holder.organisation.strip()):
        faults.append(FieldError("organisation", "Give a name of up to 64 characters."))
    if not re.fullmatch(r"[A-Za-z0-9._:-]{1,128}", holder.reference):
        faults.append(FieldError("reference", "Give a reference of letters, digits, dots, colons and hyphens."))
    if not now < holder.valid_to <= now + longest:
        faults.append(FieldError("valid_to", "The certificate must end within {days} days.", {"days": longest.days}))
    if faults:
        raise InvalidInput("Some fields need your attention.", fields=faults)
