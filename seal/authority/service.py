"""The authority's life: made once, then issuing, revoking, and publishing what it revoked."""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.exc import IntegrityError as UniqueViolation
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.crypto.certificates import Certificate
from kernel.crypto.issuance import CertificateRequestProfile, CrlProfile, issue_certificate, issue_crl
from kernel.crypto.keystore import KeyStore
from kernel.crypto.revocation.crl import Crl, Revocation
from kernel.crypto.signatures import SigningAlgorithm, SigningKey
from kernel.database.engine import Database
from kernel.errors import Conflict, NotFound, Unavailable
from seal.authority.profiles import ALGORITHMS, FAMILIES, MAKER, Family, Naming, issuing_name, root_name
from seal.authority.records import CertificateRow, CrlRow, certificates_of_seal, find_named, revoked_by

CRL_LIFE = timedelta(days=7)
CRL_RENEWAL = timedelta(days=1)
SEEN_FOR = timedelta(seconds=1)


@dataclass(frozen=True)
class AuthorityParts:
    """What the authority works with."""

    keystore: KeyStore
    database: Database
    audit: AuditTrail
    clock: Clock
    naming: Naming


@dataclass(frozen=True)
class SealCertificates:
    """A seal's two signers: SM2 for OFD, P-256 for PDF, and the keys behind them by name."""

    sm2: Certificate
    p256: Certificate


@dataclass(frozen=True)
class _SeenCrl:
    crl: Crl
    seen_at: datetime


class Authority:
    """Call `bootstrap` before anything else."""

    def __init__(self, parts: AuthorityParts) -> None:
        self._keystore = parts.keystore
        self._database = parts.database
        self._audit = parts.audit
        self._clock = parts.clock
        self._naming = parts.naming
        self._own: dict[str, Certificate] = {}
        self._crls: dict[str, _SeenCrl] = {}

    async def bootstrap(self) -> None:
        """Make or load the two roots, the two issuing authorities and the seal maker. Safe to call again."""
        for family in FAMILIES:
            await self._ensure(root_name(family), root_name(family), family)
            await self._ensure(issuing_name(family), root_name(family), family)
        await self._ensure(MAKER, issuing_name("sm2"), "sm2")
        for family in FAMILIES:
            await self.crl(root_name(family))
            await self.crl(issuing_name(family))

    def certificate(self, name: str) -> Certificate:
        """One of the authority's own certificates; raises NotFound."""
        if name not in self._own:
            raise NotFound("There is no certificate called {name}.", name=name[:64])
        return self._own[name]

    def trust_anchors(self) -> tuple[Certificate, ...]:
        """The roots."""
        return tuple(self.certificate(root_name(family)) for family in FAMILIES)

    def intermediates(self) -> tuple[Certificate, ...]:
        """The issuing authorities."""
        return tuple(self.certificate(issuing_name(family)) for family in FAMILIES)

    async def crls(self) -> tuple[Crl, ...]:
        """The current list of each authority."""
        names = [name(family) for family in FAMILIES for name in (root_name, issuing_name)]
        return tuple([await self.crl(name) for name in names])

    async def crl(self, name: str) -> Crl:
        """The current list of one authority, renewed when it has become a day old; raises NotFound.

        What this process revoked shows at once, what another one did after a second.
        """
        now = self._clock()
        known = self._crls.get(name)
        if known and timedelta() <= now - known.seen_at < SEEN_FOR:
            return known.crl
        if name not in self._own or name == MAKER:
            raise NotFound("There is no revocation list called {name}.", name=name[:64])
        async with self._database.reading() as session:
            row = await session.get(CrlRow, name)
        if row is None or now - row.issued_at >= CRL_RENEWAL:
            async with self._database.transaction() as session:
                crl = await self._publish_crl(session, name)
        else:
            crl = known.crl if known and known.crl.number == row.number else Crl.load(row.der)
        self._crls[name] = _SeenCrl(crl, now)
        return crl

    async def issue_for_seal(
        self, seal_id: str, *, code: str, owner: str, period: tuple[datetime, datetime]
    ) -> SealCertificates:
        """New keys and certificates for a seal; its earlier ones stay until revoked. Durable when it returns."""
        issued: dict[Family, Certificate] = {}
        for family in FAMILIES:
            key = await asyncio.to_thread(self._open_or_generate, seal_key_name(seal_id, family), ALGORITHMS[family])
            profile = self._naming.seal(family, code=code, owner=owner, spki=key.public_spki, period=period)
            issued[family] = await self._issue(profile, issuing_name(family))
        async with self._database.transaction() as session:
            for family, certificate in issued.items():
                session.add(self._row(certificate, issuer=issuing_name(family), seal_id=seal_id))
                event = AuditEvent("certificate.issue", subject_ref=seal_id, detail={"serial": _serial(certificate)})
                await self._audit.record(session, event)
        return SealCertificates(issued["sm2"], issued["p256"])

    async def revoke_for_seal(self, session: AsyncSession, seal_id: str, actor: Actor, reason: int) -> None:
        """Revoke a seal's certificates and renew the lists, in the caller's transaction; `forget_crls` afterwards.

        `reason` is a CRLReason (RFC 5280 §5.3.1).
        """
        now = self._clock()
        issuers: set[str] = set()
        for row in await certificates_of_seal(session, seal_id):
            if row.revoked_at is None:
                row.revoked_at, row.revocation_reason = now, reason
                issuers.add(row.issuer)
                detail = {"serial": row.serial, "reason": reason}
                await self._audit.record(
                    session, AuditEvent("certificate.revoke", actor, subject_ref=seal_id, detail=detail)
                )
        await session.flush()
        for issuer in sorted(issuers):
            await self._publish_crl(session, issuer)

    def forget_crls(self) -> None:
        """Have the lists read anew; called after a transaction that revoked."""
        self._crls.clear()

    async def maker_key(self) -> SigningKey:
        """The seal maker's key."""
        return await asyncio.to_thread(self._keystore.open, _key_name(MAKER))

    async def export_trust(self, directory: Path) -> None:
        """Write anchors, intermediates and lists as files, for verifying with no server."""
        contents = {
            "anchors": {f"{name}.cer": self.certificate(name).der for name in map(root_name, FAMILIES)},
            "intermediates": {f"{name}.cer": self.certificate(name).der for name in map(issuing_name, FAMILIES)},
            "crls": {
                f"{name}.crl": (await self.crl(name)).der
                for family in FAMILIES
                for name in (root_name(family), issuing_name(family))
            },
        }
        await asyncio.to_thread(_write_files, directory, contents)

    async def _ensure(self, name: str, issuer: str, family: Family) -> Certificate:
        async with self._database.reading() as session:
            row = await find_named(session, name)
        if row is None:
            row = await self._make(name, issuer, family)
        self._own[name] = Certificate.load(row.der)
        return self._own[name]

    async def _make(self, name: str, issuer: str, family: Family) -> CertificateRow:
        key = await asyncio.to_thread(self._open_or_generate, _key_name(name), ALGORITHMS[family])
        now = self._clock()
        if name == issuer:
            profile = self._naming.root(family, key.public_spki, now)
        elif name == MAKER:
            profile = self._naming.maker(key.public_spki, now)
        else:
            profile = self._naming.issuing(family, key.public_spki, now)
        certificate = await self._issue(profile, issuer if issuer != name else None, key)
        row = self._row(certificate, issuer=issuer, name=name)
        try:
            async with self._database.transaction() as session:
                session.add(row)
                event = AuditEvent("authority.create", subject_ref=name, detail={"serial": row.serial})
                await self._audit.record(session, event)
        except UniqueViolation:  # another process was first: its certificate is over the same key
            async with self._database.reading() as session:
                found = await find_named(session, name)
            if found is None:
                raise Unavailable("The authority is being set up. Please try again in a moment.") from None
            return found
        return row

    async def _issue(
        self, profile: CertificateRequestProfile, issuer: str | None, own_key: SigningKey | None = None
    ) -> Certificate:
        if issuer is None:
            assert own_key is not None
            return await asyncio.to_thread(issue_certificate, profile, None, own_key)
        key = await asyncio.to_thread(self._keystore.open, _key_name(issuer))
        return await asyncio.to_thread(issue_certificate, profile, self.certificate(issuer), key)

    async def _publish_crl(self, session: AsyncSession, issuer: str) -> Crl:
        now = self._clock()
        row = await session.get(CrlRow, issuer, with_for_update=True)
        revoked = [
            Revocation(int(each.serial, 16), each.revoked_at, each.revocation_reason)
            for each in await revoked_by(session, issuer)
            if each.revoked_at
        ]
        number = row.number + 1 if row else 1
        profile = CrlProfile(number, now, now + CRL_LIFE, revoked)
        key = await asyncio.to_thread(self._keystore.open, _key_name(issuer))
        crl = await asyncio.to_thread(issue_crl, profile, self.certificate(issuer), key)
        await session.merge(CrlRow(issuer=issuer, number=number, der=crl.der, issued_at=now))
        return crl

    def _row(
        self, certificate: Certificate, *, issuer: str, name: str | None = None, seal_id: str | None = None
    ) -> CertificateRow:
        return CertificateRow(
            fingerprint=hashlib.sha256(certificate.der).hexdigest(),
            name=name,
            issuer=issuer,
            serial=_serial(certificate),
            seal_id=seal_id,
            der=certificate.der,
            issued_at=self._clock(),
        )

    def _open_or_generate(self, name: str, algorithm: SigningAlgorithm) -> SigningKey:
        """A crash between key and certificate leaves a key that the next attempt takes up."""
        try:
            return self._keystore.generate(name, algorithm)
        except Conflict:
            return self._keystore.open(name)


def seal_key_name(seal_id: str, family: Family) -> str:
    """Where the key of a seal is kept."""
    return f"seal-{seal_id}-{family}"


def _key_name(name: str) -> str:
    return f"ca-{name}"


def _serial(certificate: Certificate) -> str:
    return f"{certificate.serial:x}"


def _write_files(directory: Path, contents: dict[str, dict[str, bytes]]) -> None:
    for folder, files in contents.items():
        (directory / folder).mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (directory / folder / name).write_bytes(content)
