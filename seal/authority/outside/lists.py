"""Revocation lists of outside authorities: fetched hourly, believed when their issuer signed them, kept."""

import asyncio
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import select

from kernel.crypto.certificates import Certificate, CertificateUnreadable
from kernel.crypto.revocation.crl import MAX_CRL_BYTES, Crl, CrlUnreadable
from kernel.crypto.signatures import InvalidSignature
from kernel.database.engine import Database
from kernel.errors import Unavailable
from kernel.outbound.fetch import GuardedFetcher
from kernel.outbound.policy import AddressRefused
from seal.authority.records import OUTSIDE, CertificateRow, CrlRow

_PREFIX: Final = "url-"
_MOST_ADDRESSES: Final = 64
_log = structlog.get_logger()


@dataclass(frozen=True)
class KeptList:
    """A list at hand: who issued it, when, and when the next one is due."""

    issuer: str
    issued_at: datetime
    next_update: datetime | None


class OutsideLists:
    """`fetch` asks the addresses that imported certificates name; `refresh` reads what other processes fetched."""

    def __init__(self, database: Database, fetcher: GuardedFetcher | None) -> None:
        """Without `fetcher` nothing is asked."""
        self._database = database
        self._fetcher = fetcher
        self._seen: dict[str, datetime] = {}
        self.current: tuple[Crl, ...] = ()

    async def fetch(self) -> None:
        """Ask every address once; what does not answer keeps its older list."""
        if self._fetcher is None:
            return
        certificates = await self._certificates()
        addresses = dict.fromkeys(url for each in certificates for url in each.crl_urls)
        for url in list(addresses)[:_MOST_ADDRESSES]:
            try:
                answer = await self._fetcher.get(url, accept="application/pkix-crl", most_bytes=MAX_CRL_BYTES)
                crl = await asyncio.to_thread(_signed_list, answer.body, certificates)
            except (AddressRefused, Unavailable, CrlUnreadable, InvalidSignature) as failure:
                _log.warning("a revocation list could not be fetched", url=url, reason=failure.reason)
                continue
            await self._keep(url, crl)

    async def refresh(self) -> None:
        """Have `current` be what is kept."""
        async with self._database.reading() as session:
            ours = CrlRow.issuer.startswith(_PREFIX)
            rows = (await session.execute(select(CrlRow.issuer, CrlRow.issued_at).where(ours))).all()
            seen: dict[str, datetime] = {row.issuer: row.issued_at for row in rows}
            if seen == self._seen:
                return
            ders = (await session.scalars(select(CrlRow.der).where(ours).order_by(CrlRow.issuer))).all()
        self.current = tuple([await asyncio.to_thread(Crl.load, der) for der in ders])
        self._seen = seen

    async def listed(self) -> list[KeptList]:
        """What is kept, for people to see its age."""
        await self.refresh()
        return [KeptList(str(crl.issuer), crl.this_update, crl.next_update) for crl in self.current]

    async def _certificates(self) -> list[Certificate]:
        statement = select(CertificateRow.der).where(CertificateRow.issuer == OUTSIDE)
        async with self._database.reading() as session:
            return [Certificate.load(der) for der in (await session.scalars(statement)).all()]

    async def _keep(self, url: str, crl: Crl) -> None:
        """Unless a newer one is there: an old list played back must not undo a revocation."""
        name = _PREFIX + hashlib.sha256(url.encode()).hexdigest()[: 32 - len(_PREFIX)]
        async with self._database.transaction() as session:
            row = await session.get(CrlRow, name, with_for_update=True)
            if row is None:
                session.add(CrlRow(issuer=name, number=0, der=crl.der, issued_at=crl.this_update))
            elif row.issued_at < crl.this_update:
                row.der, row.issued_at = crl.der, crl.this_update


def _signed_list(der: bytes, issuers: Iterable[Certificate]) -> Crl:
    """Raises CrlUnreadable, InvalidSignature."""
    crl = Crl.load(der)
    for issuer in issuers:
        if not issuer.is_ca or not crl.issuer.matches(issuer.subject):
            continue
        try:
            crl.verify(issuer)
        except (InvalidSignature, CertificateUnreadable):
            continue
        return crl
    raise InvalidSignature(reason="no issuer that is known here signed this list")
