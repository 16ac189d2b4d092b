"""Issuers that are not ours: those that certified keys of our seals, imported by an operator with their roots."""

import hashlib
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.crypto.certificates import Certificate
from kernel.database.engine import Database
from seal.authority.records import OUTSIDE, CertificateRow

_ROOT, _ISSUER = "outside-root", "outside-issuer"


class OutsideIssuers:
    """Known in memory; `refresh` reads what other processes imported."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.roots: tuple[Certificate, ...] = ()
        self.issuers: tuple[Certificate, ...] = ()

    async def refresh(self) -> None:
        """Read them anew, if their number changed; nothing is ever taken out."""
        wanted = CertificateRow.purpose.in_((_ROOT, _ISSUER))
        statement = select(CertificateRow.purpose, CertificateRow.fingerprint, CertificateRow.der).where(wanted)
        async with self._database.reading() as session:
            rows = (await session.execute(statement.order_by(CertificateRow.fingerprint))).all()
        if len(rows) != len(self.roots) + len(self.issuers):
            self.roots = tuple(Certificate.load(der) for purpose, _print, der in rows if purpose == _ROOT)
            self.issuers = tuple(Certificate.load(der) for purpose, _print, der in rows if purpose == _ISSUER)

    async def keep(self, session: AsyncSession, issuers: Sequence[Certificate], root: Certificate) -> None:
        """Write a chain above a signer down, in the caller's transaction."""
        for certificate, purpose in [*((each, _ISSUER) for each in issuers), (root, _ROOT)]:
            fingerprint = hashlib.sha256(certificate.der).hexdigest()
            if await session.get(CertificateRow, fingerprint) is None:
                session.add(
                    CertificateRow(
                        fingerprint=fingerprint,
                        issuer=OUTSIDE,
                        serial=f"{certificate.serial:x}"[-40:],
                        der=certificate.der,
                        issued_at=self._clock(),
                        purpose=purpose,
                    )
                )
