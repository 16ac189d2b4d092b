"""A report in the forms in which it can be shown later, and for a while under an address of its own."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from kernel.i18n import LOCALES, current_locale, use_locale
from licence_vault.layout.fonts import FontBook
from seal.client import ReportSealer
from verify.receipt.receipt import ReceiptSigner, receipt_claims
from verify.report.page import ADDRESS
from verify.report.report import VerificationReport
from verify.signed_reports.basis import Bases
from verify.signed_reports.etsi import etsi_report
from verify.signed_reports.kept import KeptReports
from verify.signed_reports.printed import print_report
from verify.signed_reports.xml_signature import sign_report

FORMATS: Final[Mapping[str, str]] = {
    "json": "application/json",
    "jws": "application/jose",
    "xml": "application/xml",
    "pdf": "application/pdf",
}
"""What a report can be had as, and the media type of each."""


@dataclass(frozen=True)
class ReportParts:
    """What signed reports are made with. `xml` and PDF need a `sealer`, PDF needs `fonts` too."""

    receipts: ReceiptSigner
    sealer: ReportSealer
    fonts: Callable[[], FontBook]
    bases: Bases
    kept: KeptReports
    issuer: str


class SignedReports:
    """Signs reports, and keeps them for whoever has the link."""

    def __init__(self, parts: ReportParts) -> None:
        self._parts = parts

    async def answer(self, report: VerificationReport, *, keep: bool = True) -> dict[str, Any]:
        """The report as sent, with what it rests on, a signed receipt over it, and where it is kept if it is."""
        basis = await self._parts.bases.of(report)
        told = {locale: _told(report, basis, locale) for locale in LOCALES}
        id = await self._parts.kept.keep(told) if keep else None
        document = await self._with_receipt(told[current_locale()])
        if id is None:
            return document
        until = report.checked_at + timedelta(seconds=self._parts.kept.seconds)
        return document | {"kept": {"id": id, "url": self.link(id), "until": until.isoformat(timespec="seconds")}}

    def link(self, id: str) -> str:
        """Where a kept report is."""
        return f"{self._parts.issuer.rstrip('/')}{ADDRESS}/{id}"

    async def kept(self, id: str, format: str) -> bytes:
        """A kept report, signed, in one of `FORMATS` and the reader's language. Raises `NotFound`."""
        told = await self._parts.kept.find(id)
        return await self._form(told[current_locale()], format, self.link(id))

    async def export(self, report: VerificationReport, format: str) -> bytes:
        """A report that is not kept, signed, in one of `FORMATS` and the reader's language."""
        basis = await self._parts.bases.of(report)
        return await self._form(_told(report, basis, current_locale()), format, None)

    async def _form(self, told: Mapping[str, Any], format: str, link: str | None) -> bytes:
        if format == "json":
            return json.dumps(await self._with_receipt(told), ensure_ascii=False, indent=2).encode() + b"\n"
        if format == "xml":
            certificates = await self._parts.sealer.report_certificates()
            return await sign_report(etsi_report(told, certificates[0]), self._parts.sealer)
        jws = await self._signed_whole(told)
        if format == "jws":
            return jws.encode()
        locale = current_locale()
        fonts = await asyncio.to_thread(self._parts.fonts)
        pdf = await asyncio.to_thread(print_report, told, jws, fonts, locale=locale, link=link)
        return await self._parts.sealer.sign_report_pdf(pdf)

    async def _with_receipt(self, told: Mapping[str, Any]) -> dict[str, Any]:
        claims = receipt_claims(told, issuer=self._parts.issuer)
        return {**told, "receipt": await self._parts.receipts.sign_receipt(claims)}

    async def _signed_whole(self, told: Mapping[str, Any]) -> str:
        """A receipt that brings its report with it."""
        claims = receipt_claims(told, issuer=self._parts.issuer)
        return await self._parts.receipts.sign_receipt(claims | {"report": dict(told)})


def _told(report: VerificationReport, basis: Mapping[str, Any], locale: str) -> dict[str, Any]:
    with use_locale(locale):
        return report.to_dict() | {"basis": dict(basis)}
