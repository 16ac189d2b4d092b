"""What does not prove that a signature is old: stamps over something else, of a lost authority, of nobody's change."""

from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import cast

import pytest
from asn1crypto import cms, keys, x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter, append_signature_field
from pyhanko.sign.timestamps import TimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from kernel.crypto.private_keys import PrivateKey
from kernel.crypto.sm3 import sm3
from seal.documents.ofd.archive import read_archive
from seal.documents.ofd.timestamps import add_timestamp
from seal.documents.pdf.levels import add_document_timestamp
from seal.documents.pdf.signing import PdfSealRequest, seal_pdf
from seal.validation.report import CheckResult, Indication, SubIndication
from tests.seal.files import PLACE, Judge, sealed_ofd, sealed_pdf
from tests.seal.ofd_samples import minimal_ofd
from tests.seal.pdf_samples import minimal_pdf
from tests.seal.pki import NOW, SEAL_NAME, TINY_PNG, Holder, SealPki
from tests.seal.stamping import Stamper

LATER = NOW + timedelta(minutes=2)
LOST = NOW + timedelta(hours=1)
"""When a key was lost."""
FOLDER = "Doc_0/Signs/Sign_0"


def holder_of(stamper: Stamper) -> Holder:
    return Holder(stamper.stamping.certificate, cast(PrivateKey, stamper.stamping.key))


def stamped_pdf(pki: SealPki, stamper: Stamper) -> bytes:
    certificates = pki.pdf_signer.certificate.der, pki.p256.issuing.certificate.der
    request = PdfSealRequest(pki.pdf_signer.key, certificates, TINY_PNG, SEAL_NAME, (PLACE,), NOW)
    return seal_pdf(minimal_pdf(), replace(request, level="B-T", stamp=stamper))


class PyhankoStamper(TimeStamper):
    """The example's authority, as pyHanko asks it."""

    def __init__(self, stamper: Stamper) -> None:
        super().__init__()
        self._stamper = stamper

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        return cms.ContentInfo.load(self._stamper(message_digest, "sha256"))


def foreign_stamped_pdf(pki: SealPki, stamper: Stamper) -> bytes:
    """Signed by pyHanko's own signer."""
    registry = SimpleCertificateStore()
    registry.register(x509.Certificate.load(pki.p256.issuing.certificate.der))
    holder = pki.p256.issue("another maker")
    signer = signers.SimpleSigner(
        signing_cert=x509.Certificate.load(holder.certificate.der),
        signing_key=keys.PrivateKeyInfo.load(holder.key.to_pkcs8()),
        cert_registry=registry,
    )
    metadata = signers.PdfSignatureMetadata(field_name="Other", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES)
    writer = IncrementalPdfFileWriter(BytesIO(minimal_pdf()))
    signed = signers.sign_pdf(writer, metadata, signer=signer, timestamper=PyhankoStamper(stamper))
    return bytes(signed.getvalue())


@pytest.mark.parametrize("over", ["Signature.xml", "its digest"])
def test_a_stamp_over_what_was_to_be_sealed_does_not_make_a_seal_old(pki: SealPki, over: str) -> None:
    """Anybody could have had it made long before; a thief of the key would."""
    sealed = sealed_ofd(pki, minimal_ofd())
    described = read_archive(sealed)[f"{FOLDER}/Signature.xml"]
    stamped_data = described if over == "Signature.xml" else sm3(described)
    backdated = add_timestamp(sealed, "s001", Stamper(pki.sm2, LATER)(sm3(stamped_data), "sm3"))
    lost = pki.sm2.crl((pki.signer, LOST, 1))

    (signature,) = Judge(pki, crls=(lost,), at=LOST + timedelta(hours=1)).report(backdated).signatures

    assert signature.time.source == "signer"
    assert signature.verdict.sub_indication is SubIndication.REVOKED_NO_POE


@pytest.mark.parametrize("reason", [1, None])
def test_a_stamping_key_that_may_be_lost_proves_nothing(pki: SealPki, reason: int | None) -> None:
    """RFC 3161 §4: revoked without a reason is as bad as compromised."""
    stamper = Stamper(pki.p256, LATER)
    lists = pki.p256.crl((pki.pdf_signer, LOST, 1), (holder_of(stamper), LOST, reason))

    report = Judge(pki, crls=(lists,), at=LOST + timedelta(hours=1)).report(stamped_pdf(pki, stamper))

    assert report.indication is not Indication.PASSED
    assert report.signatures[0].time.source == "signer"


def test_a_stamping_certificate_that_was_only_replaced_still_proves_the_time(pki: SealPki) -> None:
    stamper = Stamper(pki.p256, LATER)
    lists = pki.p256.crl((pki.pdf_signer, LOST, 1), (holder_of(stamper), LOST, 4))

    report = Judge(pki, crls=(lists,), at=LOST + timedelta(hours=1)).report(stamped_pdf(pki, stamper))

    assert report.indication is Indication.PASSED
    assert report.signatures[0].time.source == "timestamp"


def test_a_lost_stamping_key_proves_nothing_in_another_makers_signature_either(pki: SealPki) -> None:
    stamper = Stamper(pki.p256, LATER)
    signed = foreign_stamped_pdf(pki, stamper)
    lost = pki.p256.crl((holder_of(stamper), LOST, 1))
    at = NOW + timedelta(days=20)

    (believed,) = Judge(pki, at=at).report(signed).signatures
    (doubted,) = Judge(pki, crls=(lost,), at=at).report(signed).signatures

    assert (believed.time.value, believed.time.source) == (LATER, "timestamp")
    assert doubted.time.source == "signer"


def test_a_change_after_a_seal_is_not_signed_by_a_time_stamp(pki: SealPki) -> None:
    """Whoever changes a form can have a stamp over it from any authority."""
    writer = IncrementalPdfFileWriter(BytesIO(sealed_pdf(pki, minimal_pdf())))
    append_signature_field(writer, SigFieldSpec("Added", on_page=0, box=(10, 10, 90, 60)))
    changed = BytesIO()
    writer.write(changed)
    stamped = add_document_timestamp(changed.getvalue(), Stamper(pki.p256, LATER))

    report = Judge(pki, at=NOW + timedelta(minutes=5)).report(stamped)

    assert report.indication is Indication.INDETERMINATE
    assert report.signatures[0].verdict.sub_indication is SubIndication.SIG_CONSTRAINTS_FAILURE


def test_two_seals_under_a_time_stamp_pass(pki: SealPki) -> None:
    twice = sealed_pdf(pki, sealed_pdf(pki, minimal_pdf()))

    report = Judge(pki, at=NOW + timedelta(minutes=5)).report(add_document_timestamp(twice, Stamper(pki.p256, LATER)))

    assert report.indication is Indication.PASSED
    coverage = [c.result for s in report.signatures for c in s.checks if c.name == "Coverage of the document"]
    assert coverage == [CheckResult.WARNING, CheckResult.WARNING]
