"""PAdES levels B-T, B-LT and B-LTA (EN 319 142-1): judged here, and by pyHanko, pdfsig and qpdf."""

import hashlib
import subprocess
from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from asn1crypto import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko_certvalidator import ValidationContext

from kernel.errors import Conflict, InvalidInput, Unavailable
from seal.documents.levels import LEVELS, STAMPED, PadesLevel
from seal.documents.pdf.levels import (
    Evidence,
    add_document_timestamp,
    add_evidence,
    complete_timestamp,
)
from seal.documents.pdf.signing import PdfSealRequest, seal_pdf
from seal.structures.cades import load_cades_signature
from seal.validation.pades.container import read_container
from seal.validation.pades.signature import REVOCATION
from seal.validation.report import CheckResult, Indication, SignatureReport
from seal.validation.service import validate_document
from seal.validation.trust import TrustStore
from tests.seal.files import PLACE, Judge
from tests.seal.pdf_samples import minimal_pdf
from tests.seal.pki import NOW, SEAL_NAME, TINY_PNG, Authority, SealPki
from tests.seal.stamping import Stamper

PDF = minimal_pdf(pages=2)
LATER = NOW + timedelta(minutes=2)


@pytest.fixture(scope="module")
def stamper(pki: SealPki) -> Stamper:
    return Stamper(pki.p256, LATER)


@pytest.fixture(scope="module")
def evidence(pki: SealPki) -> Evidence:
    return Evidence((pki.p256.issuing.certificate.der,), (pki.p256.crl(at=NOW),))


@pytest.fixture(scope="module")
def by_level(pki: SealPki, stamper: Stamper, evidence: Evidence) -> dict[PadesLevel, bytes]:
    return {level: seal_pdf(PDF, request(pki, level, stamper, evidence)) for level in LEVELS}


@pytest.fixture
def judge(pki: SealPki) -> Judge:
    return Judge(pki, at=NOW + timedelta(minutes=5))


def request(
    pki: SealPki, level: PadesLevel, stamper: Stamper | None, evidence: Evidence | None = None
) -> PdfSealRequest:
    certificates = pki.pdf_signer.certificate.der, pki.p256.issuing.certificate.der
    made = PdfSealRequest(pki.pdf_signer.key, certificates, TINY_PNG, SEAL_NAME, (PLACE,), NOW, level=level)
    return replace(made, stamp=stamper, evidence=evidence or made.evidence)


def first(judge: Judge, pdf: bytes) -> SignatureReport:
    return judge.report(pdf).signatures[0]


@pytest.mark.parametrize("level", LEVELS)
def test_every_level_passes_and_states_its_time(
    judge: Judge, by_level: dict[PadesLevel, bytes], level: PadesLevel
) -> None:
    report = judge.report(by_level[level])

    assert report.indication is Indication.PASSED
    (signature,) = report.signatures
    expected: tuple[datetime, str] = (LATER, "timestamp") if level in STAMPED else (NOW, "signer")
    assert (signature.time.value, signature.time.source) == expected
    assert signature.covers_whole_document


@pytest.mark.parametrize("level", sorted(STAMPED))
def test_pyhanko_accepts_them_with_their_time_stamps(
    pki: SealPki, by_level: dict[PadesLevel, bytes], level: PadesLevel
) -> None:
    reader = PdfFileReader(BytesIO(by_level[level]))
    roots = [x509.Certificate.load(pki.p256.root.certificate.der)]
    status = validate_pdf_signature(
        reader.embedded_regular_signatures[0], ValidationContext(trust_roots=roots, allow_fetching=False)
    )
    assert status.bottom_line
    assert status.timestamp_validity is not None
    assert status.timestamp_validity.timestamp == LATER


def test_pyhanko_reads_the_evidence_and_accepts_the_document_stamp(
    pki: SealPki, by_level: dict[PadesLevel, bytes], evidence: Evidence
) -> None:
    reader = PdfFileReader(BytesIO(by_level["B-LTA"]))
    store = DocumentSecurityStore.read_dss(reader)
    assert len(store.certs) == len(evidence.certificates)
    assert len(store.crls) == len(evidence.crls)
    roots = [x509.Certificate.load(pki.p256.root.certificate.der)]
    status = validate_pdf_timestamp(
        reader.embedded_timestamp_signatures[0], ValidationContext(trust_roots=roots, allow_fetching=False)
    )
    assert status.valid
    assert status.intact
    assert status.trusted


@pytest.mark.parametrize("level", LEVELS)
def test_foreign_programs_find_nothing_wrong(
    tmp_path: Path, by_level: dict[PadesLevel, bytes], level: PadesLevel
) -> None:
    file = tmp_path / "sealed.pdf"
    file.write_bytes(by_level[level])
    assert subprocess.run(["qpdf", "--check", file], capture_output=True, check=False).returncode == 0
    told = subprocess.run(["pdfsig", file], capture_output=True, text=True, check=True).stdout
    assert "Signature is Valid" in told


def test_a_revoked_certificate_is_good_for_what_it_signed_before(
    pki: SealPki, by_level: dict[PadesLevel, bytes]
) -> None:
    """A proven time decides, a claimed one does not."""
    revoked = pki.p256.crl((pki.pdf_signer, NOW + timedelta(hours=1), 1), at=NOW + timedelta(hours=2))
    judge = Judge(pki, crls=(revoked,), at=NOW + timedelta(hours=3))

    assert judge.report(by_level["B-T"]).indication is Indication.PASSED
    assert judge.report(by_level["B-B"]).indication is not Indication.PASSED


def test_a_stamp_after_the_revocation_proves_nothing(pki: SealPki) -> None:
    late = Stamper(pki.p256, NOW + timedelta(hours=2))
    revoked = pki.p256.crl((pki.pdf_signer, NOW + timedelta(hours=1), 1), at=NOW + timedelta(hours=2))
    judge = Judge(pki, crls=(revoked,), at=NOW + timedelta(hours=3))

    assert judge.report(seal_pdf(PDF, request(pki, "B-T", late))).indication is Indication.FAILED


def test_the_evidence_inside_is_used(pki: SealPki, by_level: dict[PadesLevel, bytes]) -> None:
    """A verifier who knows the root alone finds issuers and lists in the file."""
    bare = TrustStore.of(pki.p256.root.certificate.der)

    def missing_list(level: PadesLevel) -> object:
        report = validate_document(by_level[level], bare, at=NOW + timedelta(minutes=5))
        (check,) = [each for each in report.signatures[0].checks if each.name == REVOCATION]
        return check.params["issuer"]

    assert missing_list("B-T") == "Example P-256 issuing"
    assert missing_list("B-LT") == "Example P-256 root"


def test_a_document_stamp_proves_the_time_of_an_unstamped_signature(
    pki: SealPki, judge: Judge, by_level: dict[PadesLevel, bytes], stamper: Stamper
) -> None:
    signature = first(judge, add_document_timestamp(by_level["B-B"], stamper))

    assert (signature.time.value, signature.time.source) == (LATER, "timestamp")


def test_later_stamps_protect_earlier_ones(pki: SealPki, by_level: dict[PadesLevel, bytes], evidence: Evidence) -> None:
    """Renewed before it ran out, a stamp is judged as of its renewal."""
    renewed = add_document_timestamp(
        add_evidence(by_level["B-LTA"], evidence), Stamper(pki.p256, NOW + timedelta(days=1))
    )
    report = Judge(pki, at=NOW + timedelta(days=2)).report(renewed)

    assert report.indication is Indication.PASSED
    assert [check.result for check in report.checks if check.name == "Document time stamp"] == [CheckResult.PASSED] * 2
    assert report.signatures[0].time.value == LATER


def test_an_unknown_authority_proves_nothing_and_harms_nothing(pki: SealPki, judge: Judge) -> None:
    stranger = Stamper(Authority.create("ES256", "Strangers"), LATER)
    signature = first(judge, seal_pdf(PDF, request(pki, "B-T", stranger)))

    assert signature.verdict.indication is Indication.PASSED
    assert (signature.time.value, signature.time.source) == (NOW, "signer")
    assert CheckResult.WARNING in {check.result for check in signature.checks if check.name == "Time stamp"}


def test_another_signatures_stamp_is_refused(pki: SealPki, judge: Judge, stamper: Stamper) -> None:
    waiting = seal_pdf(PDF, replace(request(pki, "B-B", None), awaits_stamp=True))
    other = stamper(hashlib.sha256(b"something else").digest(), "sha256")

    with pytest.raises(Conflict):
        complete_timestamp(waiting, other)


def test_a_stamp_that_comes_later_finds_its_signature(pki: SealPki, judge: Judge, stamper: Stamper) -> None:
    waiting = seal_pdf(PDF, replace(request(pki, "B-B", None), awaits_stamp=True))
    embedded = PdfFileReader(BytesIO(waiting)).embedded_regular_signatures[0]
    value = load_cades_signature(read_container(embedded, waiting).content)

    completed = complete_timestamp(waiting, stamper(value.signature_digest, "sha256"))

    assert len(completed) == len(waiting)
    assert first(judge, waiting).time.source == "signer"
    signature = first(judge, completed)
    assert (signature.verdict.indication, signature.time.source) == (Indication.PASSED, "timestamp")
    with pytest.raises(Conflict):
        complete_timestamp(completed, stamper(value.signature_digest, "sha256"))


def test_without_room_a_late_stamp_is_refused_in_words(
    pki: SealPki, by_level: dict[PadesLevel, bytes], stamper: Stamper
) -> None:
    embedded = PdfFileReader(BytesIO(by_level["B-B"])).embedded_regular_signatures[0]
    value = load_cades_signature(read_container(embedded, by_level["B-B"]).content)
    token = stamper(value.signature_digest, "sha256")
    with pytest.raises(InvalidInput, match="no room"):
        complete_timestamp(by_level["B-B"], token)


def test_an_authority_that_is_away_leaves_nothing_half_made(pki: SealPki) -> None:
    def away(digest: bytes, digest_name: str) -> bytes:
        raise Unavailable("The time-stamp authority gives no time stamps.")

    with pytest.raises(Unavailable):
        seal_pdf(PDF, replace(request(pki, "B-T", None), stamp=away))


@pytest.mark.parametrize("level", sorted(STAMPED))
def test_a_level_with_stamps_needs_an_authority(pki: SealPki, level: PadesLevel) -> None:
    with pytest.raises(InvalidInput, match="time-stamp authority"):
        seal_pdf(PDF, request(pki, level, None))


@pytest.mark.parametrize("level", ["B-T", "B-LTA"])
def test_flipped_bytes_of_a_stamp_never_prove_another_time(
    pki: SealPki, judge: Judge, by_level: dict[PadesLevel, bytes], level: PadesLevel
) -> None:
    """A token's own packaging is signed by nobody; what it says is: changed, it proves that time or none."""
    pdf = by_level[level]
    embedded = PdfFileReader(BytesIO(pdf)).embedded_signatures[-1]
    gap = int(embedded.byte_range[1])
    length = len(read_container(embedded, pdf).content)
    for position in range(0, length, 23):
        changed = bytearray(pdf)
        place = gap + 1 + 2 * position
        changed[place : place + 2] = f"{bytes.fromhex(pdf[place : place + 2].decode())[0] ^ 0x11:02x}".encode()
        report = judge.report(bytes(changed))
        if report.signatures and report.indication is Indication.PASSED:
            assert report.signatures[0].time.value in (LATER, NOW)


def test_a_stamp_over_a_changed_document_is_refused(judge: Judge, by_level: dict[PadesLevel, bytes]) -> None:
    changed = by_level["B-LTA"].replace(b"/MediaBox", b"/MediaBux", 1)
    assert judge.report(changed).indication is not Indication.PASSED


def test_sm2_signs_pdf_files_for_verifiers_at_home(pki: SealPki, judge: Judge) -> None:
    certificates = pki.signer.certificate.der, pki.sm2.issuing.certificate.der
    made = PdfSealRequest(pki.signer.key, certificates, TINY_PNG, SEAL_NAME, (PLACE,), NOW)
    sealed = seal_pdf(PDF, replace(made, level="B-T", stamp=Stamper(pki.sm2, LATER)))

    signature = first(judge, sealed)
    assert signature.verdict.indication is Indication.PASSED
    assert signature.time.source == "timestamp"
    changed = sealed.replace(b"/MediaBox", b"/MediaBux", 1)
    assert judge.report(changed).indication is not Indication.PASSED


def test_rsa_signs_pdf_files_for_old_readers(tmp_path: Path) -> None:
    authority = Authority.create("RS256", "Example RSA")
    signer = authority.issue("99000000000001")
    certificates = signer.certificate.der, authority.issuing.certificate.der
    made = PdfSealRequest(signer.key, certificates, TINY_PNG, SEAL_NAME, (PLACE,), NOW)
    sealed = seal_pdf(PDF, replace(made, level="B-T", stamp=Stamper(authority, LATER)))

    trust = TrustStore.of(authority.root.certificate.der)
    assert validate_document(sealed, trust, at=NOW + timedelta(minutes=5)).indication is Indication.PASSED
    (tmp_path / "rsa.pdf").write_bytes(sealed)
    told = subprocess.run(["pdfsig", tmp_path / "rsa.pdf"], capture_output=True, text=True, check=True).stdout
    assert "Signature is Valid" in told


@pytest.mark.parametrize("level", ["B-B", "B-LTA"])
def test_a_closed_pdf_takes_no_further_seal(
    pki: SealPki, judge: Judge, stamper: Stamper, evidence: Evidence, level: PadesLevel
) -> None:
    """A certification that allows no changes; evidence and stamps are none (ISO 32000-2 §12.8.2.2.2)."""
    closed = seal_pdf(PDF, replace(request(pki, level, stamper, evidence), closing=True))

    assert judge.report(closed).indication is Indication.PASSED
    with pytest.raises(Conflict, match="closed"):
        seal_pdf(closed, request(pki, "B-B", None))
    roots = [x509.Certificate.load(pki.p256.root.certificate.der)]
    (embedded,) = PdfFileReader(BytesIO(closed)).embedded_regular_signatures
    status = validate_pdf_signature(embedded, ValidationContext(trust_roots=roots, allow_fetching=False))
    assert status.bottom_line
    assert status.docmdp_ok


def test_only_the_first_seal_closes_a_pdf(pki: SealPki, by_level: dict[PadesLevel, bytes]) -> None:
    with pytest.raises(Conflict, match="first seal"):
        seal_pdf(by_level["B-B"], replace(request(pki, "B-B", None), closing=True))
