"""Verdicts on PDF files: ours, and those that pyHanko's own signer made."""

import asyncio
import subprocess
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from asn1crypto import keys, x509
from pyhanko.pdf_utils.generic import DictionaryObject, NumberObject, pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko_certvalidator.registry import SimpleCertificateStore

from seal.documents.pdf import signing
from seal.documents.positions import StampPosition
from seal.validation.report import CheckResult, Indication, ResultCode, ValidationReport
from seal.validation.service import validate_document
from seal.validation.trust import SealStatus, TrustStore
from tests.seal.files import Judge, sealed_pdf
from tests.seal.pdf_samples import minimal_pdf
from tests.seal.pki import NOW, SEAL_CODE, SEAL_NAME, Authority, Holder, SealPki

PDF = minimal_pdf(pages=2)


@pytest.fixture(scope="session")
def sealed(pki: SealPki) -> bytes:
    return sealed_pdf(pki, PDF)


@pytest.fixture
def judge(pki: SealPki) -> Judge:
    return Judge(pki)


def results(report: ValidationReport, signature: int = 0) -> dict[str, CheckResult]:
    return {check.name: check.result for check in report.signatures[signature].checks}


def foreign_pdf(holder: Holder, issuing: Holder, pdf: bytes = PDF, *, field: str = "Other") -> bytes:
    """Signed by pyHanko's own signer."""
    registry = SimpleCertificateStore()
    registry.register(x509.Certificate.load(issuing.certificate.der))
    signer = signers.SimpleSigner(
        signing_cert=x509.Certificate.load(holder.certificate.der),
        signing_key=keys.PrivateKeyInfo.load(holder.key.to_pkcs8()),
        cert_registry=registry,
    )
    metadata = signers.PdfSignatureMetadata(field_name=field, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES)
    signed = signers.sign_pdf(IncrementalPdfFileWriter(BytesIO(pdf)), metadata, signer=signer)
    return bytes(signed.getvalue())


def test_a_sealed_pdf_passes_and_says_what_was_checked(judge: Judge, sealed: bytes) -> None:
    report = judge.report(sealed)
    (signature,) = report.signatures

    assert (report.indication, report.code, report.document.format) == (Indication.PASSED, ResultCode.PASSED, "pdf")
    assert (signature.kind, signature.covers_whole_document) == ("PAdES", True)
    assert (signature.time.value, signature.time.source) == (NOW, "signer")
    assert signature.seal is not None
    assert (signature.seal.id, signature.seal.name) == (SEAL_CODE, SEAL_NAME)
    assert set(results(report).values()) == {CheckResult.PASSED, CheckResult.WARNING}


def test_a_pdf_without_a_signature_is_not_judged(judge: Judge) -> None:
    assert judge.verdict(PDF) == ("INDETERMINATE", "NO_SIGNATURE")


def test_two_seals_pass(pki: SealPki, judge: Judge, sealed: bytes) -> None:
    report = judge.report(sealed_pdf(pki, sealed, positions=[StampPosition(2, 20, 20, 42, 42)]))

    assert report.indication is Indication.PASSED
    assert [signature.covers_whole_document for signature in report.signatures] == [False, True]
    assert results(report)["Coverage of the document"] is CheckResult.WARNING


def test_changed_text_fails(judge: Judge, sealed: bytes) -> None:
    changed = sealed.replace(b"(Licence, page 1)", b"(Licence, page 9)")

    assert judge.verdict(changed) == ("TOTAL-FAILED", "HASH_FAILURE")
    assert judge.report(changed).code is ResultCode.FILE_FAILED


def test_a_page_changed_by_an_update_after_sealing_fails(judge: Judge, sealed: bytes) -> None:
    writer = IncrementalPdfFileWriter(BytesIO(sealed))
    page = writer.root["/Pages"]["/Kids"][0]
    page["/Rotate"] = NumberObject(180)
    writer.update_container(page)
    updated = BytesIO()
    writer.write(updated)

    assert judge.verdict(updated.getvalue()) == ("TOTAL-FAILED", "HASH_FAILURE")


def test_an_unsigned_end_leaves_doubt(judge: Judge, sealed: bytes) -> None:
    assert judge.report(sealed + b"\n% appended\n").indication is not Indication.PASSED


def test_other_updates_that_mean_nothing_are_told(judge: Judge, sealed: bytes) -> None:
    writer = IncrementalPdfFileWriter(BytesIO(sealed))
    writer.root["/DSS"] = writer.add_object(DictionaryObject({pdf_name("/Type"): pdf_name("/DSS")}))
    writer.update_root()
    updated = BytesIO()
    writer.write(updated)
    report = judge.report(updated.getvalue())

    assert report.indication is Indication.PASSED
    assert results(report)["Coverage of the document"] is CheckResult.WARNING


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_signatures_of_another_maker_pass(pki: SealPki, algorithm: str) -> None:
    authority = pki.p256 if algorithm == "ES256" else Authority.create("RS256", "Example RSA")
    signed = foreign_pdf(authority.issue("another maker"), authority.issuing)
    trust = TrustStore.of(authority.root.certificate.der)

    report = validate_document(signed, trust, at=NOW + timedelta(days=3000))

    # pyHanko states the machine's time, whatever it is.
    assert results(report)["Document unchanged"] is CheckResult.PASSED
    assert results(report)["Signature value"] is CheckResult.PASSED
    assert report.signatures[0].signer == "示例市 (another maker)"


def test_a_changed_document_of_another_maker_fails(pki: SealPki) -> None:
    signed = foreign_pdf(pki.p256.issue("another maker"), pki.p256.issuing)
    changed = signed.replace(b"(Licence, page 1)", b"(Licence, page 9)")

    assert Judge(pki, at=NOW + timedelta(days=3000)).verdict(changed) == ("TOTAL-FAILED", "HASH_FAILURE")


def test_our_seal_beside_another_makers_signature(pki: SealPki) -> None:
    signed = foreign_pdf(pki.p256.issue("another maker"), pki.p256.issuing)

    report = Judge(pki, at=NOW + timedelta(days=3000)).report(sealed_pdf(pki, signed))

    assert [signature.kind for signature in report.signatures] == ["PAdES", "PAdES"]
    assert [signature.covers_whole_document for signature in report.signatures] == [False, True]


def test_judging_works_inside_a_running_loop(pki: SealPki) -> None:
    signed = foreign_pdf(pki.p256.issue("another maker"), pki.p256.issuing)

    async def judge() -> ValidationReport:
        return Judge(pki, at=NOW + timedelta(days=3000)).report(signed)

    assert results(asyncio.run(judge()))["Signature value"] is CheckResult.PASSED


def test_without_anchors_the_issuer_stays_open(pki: SealPki, sealed: bytes) -> None:
    assert Judge(pki, anchored=False).verdict(sealed) == ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND")


def test_a_revoked_certificate_fails(pki: SealPki, sealed: bytes) -> None:
    crl = pki.p256.crl((pki.pdf_signer, NOW - timedelta(hours=1), None))

    assert Judge(pki, crls=(crl,)).verdict(sealed) == ("TOTAL-FAILED", "REVOKED")


def test_an_expired_certificate_fails(pki: SealPki, judge: Judge) -> None:
    signer = pki.p256.issue("signer", not_before=NOW - timedelta(days=9), not_after=NOW - timedelta(days=1))

    assert judge.verdict(sealed_pdf(pki, PDF, signer=signer)) == ("TOTAL-FAILED", "EXPIRED")


def test_the_register_of_seals_is_asked(pki: SealPki, sealed: bytes) -> None:
    suspended = SealStatus("suspended", NOW - timedelta(days=1))

    assert Judge(pki, status=lambda code: suspended).verdict(sealed) == ("TOTAL-FAILED", "REVOKED")


def test_a_signature_hidden_from_the_form_is_not_taken_for_an_unsigned_file(judge: Judge, sealed: bytes) -> None:
    hidden = sealed.replace(b"/AcroForm", b"/AcroFarm")

    assert judge.verdict(hidden) == ("INDETERMINATE", "FORMAT_FAILURE")


def test_a_signature_of_absurd_size_is_not_worked_through(
    pki: SealPki, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing, "_room", lambda _certificates: 1 << 17)
    large = sealed_pdf(pki, PDF)
    monkeypatch.setattr(signing, "_room", lambda _certificates: 1 << 19)
    absurd = sealed_pdf(pki, PDF)

    assert judge.verdict(large) == ("TOTAL-PASSED", None)
    assert judge.verdict(absurd) == ("INDETERMINATE", "FORMAT_FAILURE")


def test_an_encrypted_pdf_is_a_verdict(judge: Judge, tmp_path: Path) -> None:
    plain, locked = tmp_path / "plain.pdf", tmp_path / "locked.pdf"
    plain.write_bytes(PDF)
    subprocess.run(["qpdf", "--encrypt", "", "owner", "256", "--", plain, locked], check=True)

    assert judge.verdict(locked.read_bytes()) == ("INDETERMINATE", "FORMAT_FAILURE")
