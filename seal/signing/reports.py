"""Signing reports on what was verified: a certificate of the authority's own, so that any reader can check them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from kernel.clock import Clock
from kernel.crypto.certificates import Certificate
from kernel.crypto.signatures import der_to_raw
from kernel.database.engine import Database
from kernel.errors import InvalidInput, Unavailable
from seal.authority.profiles import REPORTS
from seal.authority.records import CertificateRow
from seal.authority.service import Authority
from seal.client import SealerKey
from seal.documents.levels import PadesLevel
from seal.documents.pdf.signing import PdfSealRequest, seal_pdf
from seal.timestamp.stamper import Stamper

REASON: Final = "Verification report"
_SIGNED_INFO: Final = b'<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"'
_LARGEST_INFO: Final = 8192


@dataclass(frozen=True)
class ReportSigning:
    """Implements `seal.client.ReportSealer`."""

    authority: Authority
    database: Database
    stamper: Stamper
    clock: Clock

    async def report_certificates(self) -> Sequence[bytes]:
        """See `ReportSealer`."""
        certificate = self.authority.certificate(REPORTS)
        return (certificate.der, *(each.der for each in self.authority.issuers_of(certificate)[:-1]))

    async def sign_report_xml(self, signed_info: bytes) -> bytes:
        """See `ReportSealer`. Nothing else begins like this: no signature made here can be passed off as another's."""
        if not signed_info.startswith(_SIGNED_INFO) or len(signed_info) > _LARGEST_INFO:
            raise InvalidInput("Reports alone are signed here.")
        return der_to_raw(await asyncio.to_thread(lambda: self.authority.own.open_key(REPORTS).sign(signed_info)))

    async def sign_report_pdf(self, pdf: bytes) -> bytes:
        """See `ReportSealer`."""
        certificates = tuple(await self.report_certificates())
        try:
            return await asyncio.to_thread(self._sign, pdf, certificates, "B-T")
        except Unavailable:
            return await asyncio.to_thread(self._sign, pdf, certificates, "B-B")

    async def report_keys(self) -> Sequence[SealerKey]:
        """See `ReportSealer`. Those whose time of use is over go on vouching for what they signed."""
        named = CertificateRow.key_name.like(f"ca-{REPORTS}%")
        statement = select(CertificateRow.der).where(named, CertificateRow.purpose == "own")
        async with self.database.reading() as session:
            found = (await session.scalars(statement.order_by(CertificateRow.issued_at))).all()
        keys = [Certificate.load(der).public_key() for der in found]
        return [SealerKey("report", "ES256", key.spki) for key in keys if key.algorithm == "ES256"]

    def _sign(self, pdf: bytes, certificates: tuple[bytes, ...], level: PadesLevel) -> bytes:
        request = PdfSealRequest(
            signer=self.authority.own.open_key(REPORTS),
            certificates=certificates,
            picture=b"",
            seal_name=self.authority.certificate(REPORTS).subject_value("CN") or REPORTS,
            positions=(),
            signed_at=self.clock(),
            reason=REASON,
            level=level,
            stamp=self.stamper,
            closing=True,
        )
        return seal_pdf(pdf, request)
