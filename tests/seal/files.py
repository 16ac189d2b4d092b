"""Sealed files and stores of trust, as the tests of validation need them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from seal.documents.ofd.signing import OfdSealRequest, seal_ofd
from seal.documents.pdf.signing import PdfSealRequest, seal_pdf
from seal.documents.positions import StampPosition
from seal.validation.report import ValidationReport
from seal.validation.service import validate_document
from seal.validation.trust import SealStatusLookup, TrustStore
from tests.seal.pki import NOW, SEAL_NAME, TINY_PNG, Holder, SealPki

PLACE = StampPosition(1, 120, 150, 42, 42)


def sealed_ofd(
    pki: SealPki, ofd: bytes, *, signer: Holder | None = None, seal: bytes | None = None, at: datetime = NOW
) -> bytes:
    """An OFD sealed with the example's seal, or another."""
    signer = signer or pki.signer
    return seal_ofd(ofd, OfdSealRequest(seal or pki.seal, signer.key, signer.certificate.der, [PLACE], at))


def sealed_pdf(
    pki: SealPki, pdf: bytes, *, signer: Holder | None = None, positions: Sequence[StampPosition] = (PLACE,)
) -> bytes:
    """A PDF sealed by the example's PDF signer, or another."""
    signer = signer or pki.pdf_signer
    certificates = signer.certificate.der, pki.p256.issuing.certificate.der
    return seal_pdf(pdf, PdfSealRequest(signer.key, certificates, TINY_PNG, SEAL_NAME, positions, NOW))


@dataclass(frozen=True)
class Judge:
    """A verifier with the example's roots; `crls` and `status` add to what it knows."""

    pki: SealPki
    crls: tuple[bytes, ...] = ()
    status: SealStatusLookup | None = None
    anchored: bool = True
    at: datetime = field(default=NOW)

    def report(self, data: bytes) -> ValidationReport:
        """The report on a file."""
        authorities = (self.pki.sm2, self.pki.p256)
        store = TrustStore.of(
            *(each.root.certificate.der for each in authorities if self.anchored),
            intermediates=tuple(each.issuing.certificate.der for each in authorities),
            crls=self.crls,
        )
        known = TrustStore(store.anchors, store.intermediates, store.crls, self.status)
        return validate_document(data, known, at=self.at)

    def verdict(self, data: bytes) -> tuple[str, str | None]:
        """Its indication and sub-indication."""
        report = self.report(data)
        return report.indication.value, report.sub_indication.value if report.sub_indication else None
