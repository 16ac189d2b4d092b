"""Publishing what was revoked (RFC 5280 §5): one list an issuer, renewed daily and with every revocation."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.crypto.issuance import CrlProfile, issue_crl
from kernel.crypto.revocation.crl import Crl, Revocation
from kernel.errors import NotFound
from seal.authority.own_certificates import AuthorityParts, OwnCertificates
from seal.authority.records import CrlRow, revoked_by

CRL_LIFE = timedelta(days=7)
CRL_RENEWAL = timedelta(days=1)
SEEN_FOR = timedelta(seconds=1)


@dataclass(frozen=True)
class _SeenCrl:
    crl: Crl
    seen_at: datetime


class RevocationLists:
    """What this process revoked shows at once, what another one did after a second."""

    def __init__(self, parts: AuthorityParts, own: OwnCertificates) -> None:
        self._parts = parts
        self._own = own
        self._seen: dict[str, _SeenCrl] = {}

    async def current(self, name: str) -> Crl:
        """The current list of one authority, renewed when it has become a day old; raises NotFound."""
        now = self._parts.clock()
        known = self._seen.get(name)
        if known and timedelta() <= now - known.seen_at < SEEN_FOR:
            return known.crl
        if not self._own.has(name) or not self._own.certificate(name).is_ca:
            raise NotFound("There is no revocation list called {name}.", name=name[:64])
        async with self._parts.database.reading() as session:
            row = await session.get(CrlRow, name)
        if row is None or now - row.issued_at >= CRL_RENEWAL:
            async with self._parts.database.transaction() as session:
                crl = await self.publish(session, name)
        else:
            crl = known.crl if known and known.crl.number == row.number else Crl.load(row.der)
        self._seen[name] = _SeenCrl(crl, now)
        return crl

    async def publish(self, session: AsyncSession, issuer: str) -> Crl:
        """Sign the next list of `issuer` in the caller's transaction; `forget` afterwards."""
        now = self._parts.clock()
        row = await session.get(CrlRow, issuer, with_for_update=True)
        revoked = [
            Revocation(int(each.serial, 16), each.revoked_at, each.revocation_reason)
            for each in await revoked_by(session, issuer)
            if each.revoked_at
        ]
        number = row.number + 1 if row else 1
        certificate = self._own.certificate(issuer)
        # Nothing is ever left out, and the list says so: old documents are judged by the newest one alone.
        profile = CrlProfile(number, now, now + CRL_LIFE, revoked, keeps_expired_since=certificate.not_before)
        key = await asyncio.to_thread(self._own.open_key, issuer)
        crl = await asyncio.to_thread(issue_crl, profile, certificate, key)
        await session.merge(CrlRow(issuer=issuer, number=number, der=crl.der, issued_at=now))
        return crl

    def forget(self) -> None:
        """Have the lists read anew."""
        self._seen.clear()
