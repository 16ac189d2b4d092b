"""The authority's own keys and certificates: made once, loaded, and renewed when their time of use is over."""

import asyncio
import hashlib
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError as UniqueViolation

from kernel.audit.chain import AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.crypto.certificates import Certificate
from kernel.crypto.certification.linted import issue_linted
from kernel.crypto.keystore import KeyStore
from kernel.crypto.signatures import SigningAlgorithm, SigningKey
from kernel.database.engine import Database
from kernel.errors import Conflict, NotFound, Unavailable
from seal.authority.profiles import ALGORITHMS, KEEPS_KEY, LINTED_AS, USED_FOR, Family, Naming, OwnName, own_names
from seal.authority.records import CertificateRow, find_named


@dataclass(frozen=True)
class AuthorityParts:
    """What the authority works with."""

    keystore: KeyStore
    database: Database
    audit: AuditTrail
    clock: Clock
    naming: Naming


@dataclass(frozen=True)
class _Own:
    certificate: Certificate
    key_name: str


class OwnCertificates:
    """By name (`sm2-root`, `seal-maker`, …); `ensure` a family before asking for its names."""

    def __init__(self, parts: AuthorityParts) -> None:
        self._parts = parts
        self._own: dict[str, _Own] = {}

    def certificate(self, name: str) -> Certificate:
        """The one in use; raises NotFound."""
        return self._find(name).certificate

    def open_key(self, name: str) -> SigningKey:
        """Its key; blocks, raises NotFound."""
        return self._parts.keystore.open(self._find(name).key_name)

    def has(self, name: str) -> bool:
        """Whether it was made."""
        return name in self._own

    async def ensure(self, family: Family) -> None:
        """Make or load all of a family's; renew those whose time of use is over. Safe to call again."""
        for own in own_names(family):
            await self._ensure(own)

    async def load_if_made(self, family: Family) -> bool:
        """Load a family that another process, or an earlier start, has made."""
        async with self._parts.database.reading() as session:
            made = await find_named(session, own_names(family)[0].name)
        if made is not None:
            await self.ensure(family)
        return made is not None

    async def _ensure(self, own: OwnName) -> None:
        async with self._parts.database.reading() as session:
            row = await find_named(session, own.name)
        if row is None or self._is_over(own, row):
            row = await self._make(own, row)
        self._own[own.name] = _Own(Certificate.load(row.der), row.key_name or _key_name(own.name))

    def _is_over(self, own: OwnName, row: CertificateRow) -> bool:
        used_for = USED_FOR.get(own.role)
        return used_for is not None and self._parts.clock() - row.issued_at > used_for

    async def _make(self, own: OwnName, old: CertificateRow | None) -> CertificateRow:
        key_name = self._key_name_for(own, old)
        key = await asyncio.to_thread(open_or_generate, self._parts.keystore, key_name, ALGORITHMS[own.family])
        certificate = await self._issue(own, key)
        row = CertificateRow(
            fingerprint=hashlib.sha256(certificate.der).hexdigest(),
            name=own.name,
            issuer=own.issuer,
            serial=f"{certificate.serial:x}",
            der=certificate.der,
            issued_at=self._parts.clock(),
            purpose="own",
            key_name=key_name,
        )
        return await self._keep(row, old)

    def _key_name_for(self, own: OwnName, old: CertificateRow | None) -> str:
        first = _key_name(own.name)
        if old is None:
            return first
        if own.role in KEEPS_KEY:
            return old.key_name or first
        return f"{first}-{self._parts.clock():%Y%m%d}"

    async def _issue(self, own: OwnName, key: SigningKey) -> Certificate:
        now = self._parts.clock()
        if own.role == "root":
            profile = self._parts.naming.own(own, key.public_spki, now, None)
            return await asyncio.to_thread(issue_linted, profile, None, key, LINTED_AS[own.role])
        issuer = self.certificate(own.issuer)
        profile = self._parts.naming.own(own, key.public_spki, now, issuer.not_after)
        issuer_key = await asyncio.to_thread(self.open_key, own.issuer)
        return await asyncio.to_thread(issue_linted, profile, issuer, issuer_key, LINTED_AS[own.role])

    async def _keep(self, row: CertificateRow, old: CertificateRow | None) -> CertificateRow:
        """The name passes from the old row to the new one; whoever comes second takes what is there."""
        name = row.name or ""
        try:
            async with self._parts.database.transaction() as session:
                current = await find_named(session, name)
                if current is not None and (old is None or current.fingerprint != old.fingerprint):
                    return current
                if current is not None:
                    current.name = None
                    await session.flush()
                session.add(row)
                event = AuditEvent("authority.create", subject_ref=name, detail={"serial": row.serial})
                await self._parts.audit.record(session, event)
        except UniqueViolation:  # another process was first
            async with self._parts.database.reading() as session:
                found = await find_named(session, name)
            if found is None:
                raise Unavailable("The authority is being set up. Please try again in a moment.") from None
            return found
        return row

    def _find(self, name: str) -> _Own:
        if name not in self._own:
            raise NotFound("There is no certificate called {name}.", name=name[:64])
        return self._own[name]


def open_or_generate(keystore: KeyStore, name: str, algorithm: SigningAlgorithm) -> SigningKey:
    """A crash between key and certificate leaves a key that the next attempt takes up. Blocks."""
    try:
        return keystore.generate(name, algorithm)
    except Conflict:
        return keystore.open(name)


def _key_name(name: str) -> str:
    return f"ca-{name}"
