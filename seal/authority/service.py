"""The authority's life: made once, then issuing, revoking, and publishing what it revoked."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.audit.chain import Actor, AuditEvent
from kernel.crypto.certificates import Certificate
from kernel.crypto.certification.linted import issue_linted
from kernel.crypto.issuance import CertificateRequestProfile
from kernel.crypto.revocation.crl import Crl
from kernel.crypto.signatures import SigningKey
from kernel.crypto.timestamps.making import Stamping
from seal.authority.outside_issuers import OutsideIssuers
from seal.authority.own_certificates import AuthorityParts, OwnCertificates, open_or_generate
from seal.authority.profiles import (
    ALGORITHMS,
    ALL_FAMILIES,
    FAMILIES,
    MAKER,
    Family,
    issuing_name,
    root_name,
    seal_key_name,
    tsa_name,
)
from seal.authority.records import OUTSIDE, CertificateRow, certificates_of_seal
from seal.authority.revocation_lists import RevocationLists

_LONGEST_CHAIN = 6


@dataclass(frozen=True)
class SealCertificates:
    """A seal's signers by family: SM2 for OFD, P-256 or RSA for PDF."""

    by_family: Mapping[Family, Certificate]

    @property
    def sm2(self) -> Certificate:
        return self.by_family["sm2"]

    @property
    def p256(self) -> Certificate:
        return self.by_family["p256"]


class Authority:
    """Call `bootstrap` before anything else."""

    def __init__(self, parts: AuthorityParts) -> None:
        self._parts = parts
        self.own = OwnCertificates(parts)
        self.lists = RevocationLists(parts, self.own)
        self.outside = OutsideIssuers(parts.database, parts.clock)

    async def bootstrap(self) -> None:
        """Make or load roots, issuing authorities, the seal maker, the stamping and answering certificates.

        Safe to call again: later calls renew what has been used for long enough, and load what others made.
        """
        for family in FAMILIES:
            await self._start(family)
        if await self.own.load_if_made("rsa"):
            await self._start("rsa")
        await self.outside.refresh()

    async def ensure_family(self, family: Family) -> None:
        """Have a family made if it is not there yet: RSA is, when first wanted."""
        if not self.own.has(issuing_name(family)):
            await self._start(family)

    def families(self) -> tuple[Family, ...]:
        """Those that are there."""
        return tuple(family for family in ALL_FAMILIES if self.own.has(issuing_name(family)))

    def certificate(self, name: str) -> Certificate:
        """One of the authority's own certificates; raises NotFound."""
        return self.own.certificate(name)

    def trust_anchors(self) -> tuple[Certificate, ...]:
        """The roots, ours and those that an operator imported."""
        return (*(self.certificate(root_name(family)) for family in self.families()), *self.outside.roots)

    def intermediates(self) -> tuple[Certificate, ...]:
        """The issuing authorities, ours and those that came with a certificate from outside."""
        return (*(self.certificate(issuing_name(family)) for family in self.families()), *self.outside.issuers)

    def issuers_of(self, certificate: Certificate) -> tuple[Certificate, ...]:
        """The chain above a certificate of ours or of an outside issuer that is known here, the root last."""
        known = [*self.intermediates(), *self.trust_anchors()]
        chain: list[Certificate] = []
        last = certificate
        while len(chain) < _LONGEST_CHAIN:
            above = next((each for each in known if each.ski == last.aki and last.issuer.matches(each.subject)), None)
            if above is None or above == last:
                break
            chain.append(above)
            last = above
        return tuple(chain)

    async def crls(self) -> tuple[Crl, ...]:
        """The current list of each authority."""
        names = [name(family) for family in self.families() for name in (root_name, issuing_name)]
        return tuple([await self.crl(name) for name in names])

    async def crl(self, name: str) -> Crl:
        """The current list of one authority; raises NotFound."""
        return await self.lists.current(name)

    def stamping(self, family: Family) -> Stamping:
        """What time stamps of a family are signed with. Blocks: opens a key."""
        certificate = self.certificate(tsa_name(family))
        chain = (certificate.der, self.certificate(issuing_name(family)).der)
        return Stamping(self.own.open_key(tsa_name(family)), certificate, chain)

    async def issue_for_seal(
        self,
        seal_id: str,
        *,
        code: str,
        owner: str,
        period: tuple[datetime, datetime],
        families: Sequence[Family] = FAMILIES,
    ) -> SealCertificates:
        """New keys and certificates for a seal; its earlier ones stay until revoked. Durable when it returns.

        `families`: "rsa" besides or instead of "p256" for a seal whose PDFs must open in readers that know RSA alone.
        """
        issued: dict[Family, Certificate] = {}
        for family in families:
            await self.ensure_family(family)
            name = seal_key_name(seal_id, family)
            key = await asyncio.to_thread(open_or_generate, self._parts.keystore, name, ALGORITHMS[family])
            profile = self._parts.naming.seal(family, code=code, owner=owner, spki=key.public_spki, period=period)
            issued[family] = await self.issue(profile, family)
        async with self._parts.database.transaction() as session:
            for family, certificate in issued.items():
                row = self.row(certificate, family, purpose="seal")
                row.seal_id, row.key_name = seal_id, seal_key_name(seal_id, family)
                session.add(row)
                event = AuditEvent("certificate.issue", subject_ref=seal_id, detail={"serial": row.serial})
                await self._parts.audit.record(session, event)
        return SealCertificates(issued)

    async def revoke_for_seal(self, session: AsyncSession, seal_id: str, actor: Actor, reason: int) -> None:
        """Revoke a seal's certificates and renew the lists, in the caller's transaction; `forget_crls` afterwards.

        `reason` is a CRLReason (RFC 5280 §5.3.1).
        """
        await self.revoke(session, await certificates_of_seal(session, seal_id), actor, reason)

    async def revoke(self, session: AsyncSession, rows: Sequence[CertificateRow], actor: Actor, reason: int) -> None:
        """As `revoke_for_seal`, for any certificates; those revoked already stay as they are."""
        now = self._parts.clock()
        issuers: set[str] = set()
        for row in rows:
            if row.revoked_at is None:
                row.revoked_at, row.revocation_reason = now, reason
                issuers.add(row.issuer)
                detail = {"serial": row.serial, "reason": reason}
                subject = row.seal_id or row.holder_ref or row.name or row.serial
                await self._parts.audit.record(
                    session, AuditEvent("certificate.revoke", actor, subject_ref=subject, detail=detail)
                )
        await session.flush()
        for issuer in sorted(issuers - {OUTSIDE}):  # who issued it elsewhere revokes it there
            await self.lists.publish(session, issuer)

    def forget_crls(self) -> None:
        """Have the lists read anew; called after a transaction that revoked."""
        self.lists.forget()

    async def maker_key(self) -> SigningKey:
        """The seal maker's key."""
        return await asyncio.to_thread(self.own.open_key, MAKER)

    async def issue(self, profile: CertificateRequestProfile, family: Family) -> Certificate:
        """Lint, then sign with a family's issuing authority; the caller keeps the `row`. Raises CertificateRefused."""
        name = issuing_name(family)
        key = await asyncio.to_thread(self.own.open_key, name)
        return await asyncio.to_thread(issue_linted, profile, self.certificate(name), key, "signer")

    def row(self, certificate: Certificate, family: Family, *, purpose: str) -> CertificateRow:
        """The record of a certificate that a family's issuing authority signed."""
        return CertificateRow(
            fingerprint=hashlib.sha256(certificate.der).hexdigest(),
            issuer=issuing_name(family),
            serial=f"{certificate.serial:x}",
            der=certificate.der,
            issued_at=self._parts.clock(),
            purpose=purpose,
            key_hash=hashlib.sha256(certificate.spki).hexdigest(),
        )

    async def export_trust(self, directory: Path) -> None:
        """Write anchors, intermediates and lists as files, for verifying with no server."""
        families = self.families()
        contents = {
            "anchors": {f"{name}.cer": self.certificate(name).der for name in map(root_name, families)},
            "intermediates": {f"{name}.cer": self.certificate(name).der for name in map(issuing_name, families)},
            "crls": {
                f"{name}.crl": (await self.crl(name)).der
                for family in families
                for name in (root_name(family), issuing_name(family))
            },
        }
        await asyncio.to_thread(_write_files, directory, contents)

    async def _start(self, family: Family) -> None:
        await self.own.ensure(family)
        await self.crl(root_name(family))
        await self.crl(issuing_name(family))


def _write_files(directory: Path, contents: dict[str, dict[str, bytes]]) -> None:
    for folder, files in contents.items():
        (directory / folder).mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (directory / folder / name).write_bytes(content)
