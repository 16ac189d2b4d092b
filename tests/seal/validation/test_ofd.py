"""Verdicts on OFD files."""

from base64 import b64encode
from datetime import datetime, timedelta
from typing import Any

import pytest
from lxml import etree

from kernel.crypto.sm3 import sm3
from seal.documents.ofd.archive import read_archive, write_archive
from seal.documents.ofd.signature_list import signatures_list
from seal.structures.gbt38540 import SignatureContents, make_signature
from seal.structures.gm_cms import make_signed_data
from seal.validation.report import CheckResult, Indication, ResultCode, ValidationReport
from seal.validation.trust import SealStatus
from tests.seal.files import Judge, sealed_ofd
from tests.seal.ofd_samples import minimal_files, zipped
from tests.seal.pki import NOW, SEAL_CODE, SEAL_NAME, SealPki
from tests.seal.structures.test_gbt38540 import version_1_signature
from tests.seal.structures.test_gm_cms import plain_signed_data

SIGN = "Doc_0/Signs/Sign_0"
FIRST = f"{SIGN}/Signature.xml"
VALUE = f"{SIGN}/SignedValue.dat"


@pytest.fixture(scope="session")
def sealed(pki: SealPki, ofd: bytes) -> bytes:
    return sealed_ofd(pki, ofd)


@pytest.fixture
def judge(pki: SealPki) -> Judge:
    return Judge(pki)


def results(report: ValidationReport, signature: int = 0) -> dict[str, CheckResult]:
    return {check.name: check.result for check in report.signatures[signature].checks}


def detail(report: ValidationReport) -> str:
    """What decided."""
    checks = [*report.checks, *(check for signature in report.signatures for check in signature.checks)]
    decisive = next(check for check in checks if check.sub_indication == report.sub_indication)
    return decisive.detail.format(**decisive.params)


def with_description(pki: SealPki, ofd: bytes, change: Any, *, provider: str = "another maker") -> bytes:
    """The sealed file as another maker would have written it: Signature.xml changed and signed again."""
    files = dict(read_archive(ofd))
    root = etree.fromstring(files[FIRST])
    root.find(".//{*}Provider").set("ProviderName", provider)
    change(root)
    files[FIRST] = etree.tostring(root)
    contents = SignatureContents(pki.seal, sm3(files[FIRST]), f"/{FIRST}", NOW)
    files[VALUE] = make_signature(contents, pki.signer.key, pki.signer.certificate.der)
    return zipped(files)


def test_a_sealed_document_passes_and_says_what_was_checked(judge: Judge, sealed: bytes) -> None:
    report = judge.report(sealed)
    (signature,) = report.signatures

    assert (report.indication, report.sub_indication, report.code) == (Indication.PASSED, None, ResultCode.PASSED)
    assert (signature.kind, signature.covers_whole_document) == ("SES", True)
    assert signature.seal is not None
    assert (signature.seal.id, signature.seal.name, signature.seal.status) == (SEAL_CODE, SEAL_NAME, "unknown")
    assert (signature.time.value, signature.time.source) == (NOW, "signer")
    assert [check.name for check in signature.checks] == [
        "Description of the signature",
        "Protected files",
        "Coverage of the document",
        "Signature data",
        "Signature belongs to this document",
        "Signature value",
        "Copy of the seal in the file",
        "Seal maker's signature",
        "Seal maker's certificate",
        "Revocation of the seal maker's certificate",
        "Period of the seal",
        "Signer listed in the seal",
        "Standing of the seal",
        "Signer's certificate",
        "Revocation of the signer's certificate",
        "Time of signing",
    ]


def test_the_report_has_the_shape_of_the_contract(judge: Judge, sealed: bytes) -> None:
    report = judge.report(sealed).to_dict()

    assert report["indication"] == "TOTAL-PASSED"
    assert "sub_indication" not in report
    assert report["code"] == 0
    assert report["document"]["format"] == "ofd"
    assert report["document"]["digest"].startswith("sha256:")
    (signature,) = report["signatures"]
    assert signature["time"] == {"value": "2026-11-21T10:00:00+00:00", "source": "signer"}
    assert signature["seal"] == {"id": SEAL_CODE, "name": SEAL_NAME, "status": "unknown"}
    assert signature["covers_whole_document"] is True
    assert {key for check in signature["checks"] for key in check} == {"id", "name", "result", "detail"}


def test_a_document_without_a_signature_is_not_judged(judge: Judge, ofd: bytes) -> None:
    assert judge.verdict(ofd) == ("INDETERMINATE", "NO_SIGNATURE")
    assert judge.report(ofd).code is ResultCode.SEAL_FAILED


def test_two_seals_pass_and_the_first_says_that_more_came_after_it(pki: SealPki, judge: Judge, sealed: bytes) -> None:
    report = judge.report(sealed_ofd(pki, sealed))

    assert report.indication is Indication.PASSED
    assert [signature.covers_whole_document for signature in report.signatures] == [False, True]
    assert results(report, 0)["Coverage of the document"] is CheckResult.WARNING


@pytest.mark.parametrize("part", ["Doc_0/Pages/Page_0/Content.xml", "Doc_0/PublicRes.xml", f"{SIGN}/Seal.esl"])
def test_a_changed_file_is_named(judge: Judge, sealed: bytes, part: str) -> None:
    files = dict(read_archive(sealed))
    files[part] += b" "
    report = judge.report(write_archive(files))

    assert judge.verdict(write_archive(files)) == ("TOTAL-FAILED", "HASH_FAILURE")
    assert report.code is ResultCode.FILE_FAILED
    assert part in detail(report)


def test_a_file_removed_is_named(judge: Judge, sealed: bytes) -> None:
    files = dict(read_archive(sealed))
    del files["Doc_0/PublicRes.xml"]
    report = judge.report(write_archive(files))

    assert (report.indication.value, report.sub_indication) == ("TOTAL-FAILED", "SIGNED_DATA_NOT_FOUND")
    assert "PublicRes.xml" in detail(report)


def test_a_file_added_is_named(judge: Judge, sealed: bytes) -> None:
    report = judge.report(write_archive({**read_archive(sealed), "Doc_0/Annots/Annotations.xml": b"<x/>"}))

    assert (report.indication.value, report.sub_indication) == ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE")
    assert "Doc_0/Annots/Annotations.xml" in detail(report)
    assert not report.signatures[0].covers_whole_document


def test_a_signature_left_out_of_the_list_shows(pki: SealPki, judge: Judge, sealed: bytes) -> None:
    twice = dict(read_archive(sealed_ofd(pki, sealed)))
    for listed in ([], [("s001", "Seal", FIRST)]):
        twice["Doc_0/Signs/Signatures.xml"] = signatures_list(listed)
        assert judge.report(write_archive(twice)).indication is not Indication.PASSED


def test_a_signature_moved_to_another_document_fails(pki: SealPki, judge: Judge, sealed: bytes) -> None:
    other = dict(read_archive(sealed_ofd(pki, zipped(minimal_files(pages=1)))))
    other[VALUE] = read_archive(sealed)[VALUE]

    assert judge.verdict(write_archive(other)) == ("TOTAL-FAILED", "HASH_FAILURE")


def test_a_forged_signature_value_fails(pki: SealPki, judge: Judge, sealed: bytes) -> None:
    impostor = pki.sm2.issue("impostor")
    files = dict(read_archive(sealed))
    contents = SignatureContents(pki.seal, sm3(files[FIRST]), f"/{FIRST}", NOW)
    files[VALUE] = make_signature(contents, impostor.key, pki.signer.certificate.der)

    assert judge.verdict(write_archive(files)) == ("TOTAL-FAILED", "SIG_CRYPTO_FAILURE")


def test_a_genuine_seal_in_strange_hands_fails(pki: SealPki, judge: Judge, sealed: bytes) -> None:
    impostor = pki.sm2.issue("impostor")
    files = dict(read_archive(sealed))
    contents = SignatureContents(pki.seal, sm3(files[FIRST]), f"/{FIRST}", NOW)
    files[VALUE] = make_signature(contents, impostor.key, impostor.certificate.der)
    report = judge.report(write_archive(files))

    assert report.sub_indication == "SIG_CONSTRAINTS_FAILURE"
    assert results(report)["Signer listed in the seal"] is CheckResult.FAILED


def test_a_seal_made_by_a_stranger_is_not_trusted(pki: SealPki, judge: Judge, ofd: bytes) -> None:
    stranger = SealPki().maker
    seal = pki.make_seal(pki.signer, maker=stranger)
    report = judge.report(sealed_ofd(pki, ofd, seal=seal))

    # It uses the name of an authority that is trusted here, but that authority did not sign.
    assert (report.indication.value, report.sub_indication) == ("TOTAL-FAILED", "CERTIFICATE_CHAIN_GENERAL_FAILURE")
    assert results(report)["Seal maker's certificate"] is CheckResult.FAILED


def test_a_seal_altered_after_making_fails(pki: SealPki, judge: Judge, ofd: bytes) -> None:
    altered = pki.seal.replace("示例市市场".encode(), "示例市财政".encode())
    report = judge.report(sealed_ofd(pki, ofd, seal=altered))

    assert report.sub_indication == "SIG_CRYPTO_FAILURE"
    assert results(report)["Seal maker's signature"] is CheckResult.FAILED


def test_another_seal_shown_than_the_one_that_signed_fails(pki: SealPki, judge: Judge, sealed: bytes) -> None:
    other_seal = pki.make_seal(pki.signer, pki.maker)
    files = dict(read_archive(with_description(pki, sealed, lambda root: None)))
    files[f"{SIGN}/Seal.esl"] = other_seal
    root = etree.fromstring(files[FIRST])
    root.xpath(f"//*[@FileRef='/{SIGN}/Seal.esl']/*")[0].text = b64encode(sm3(other_seal)).decode()
    files[FIRST] = etree.tostring(root)
    contents = SignatureContents(pki.seal, sm3(files[FIRST]), f"/{FIRST}", NOW)
    files[VALUE] = make_signature(contents, pki.signer.key, pki.signer.certificate.der)
    report = judge.report(zipped(files))

    assert report.indication is Indication.FAILED
    assert results(report)["Copy of the seal in the file"] is CheckResult.FAILED


def test_without_anchors_integrity_holds_and_the_issuer_stays_open(pki: SealPki, sealed: bytes) -> None:
    report = Judge(pki, anchored=False).report(sealed)

    assert (report.indication.value, report.sub_indication) == ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND")
    assert results(report)["Signature value"] is CheckResult.PASSED


@pytest.mark.parametrize(
    ("signed_at", "sub_indication"),
    [(NOW - timedelta(days=40), "NOT_YET_VALID"), (NOW + timedelta(days=310), "EXPIRED")],
)
def test_a_seal_outside_its_period_fails(pki: SealPki, ofd: bytes, signed_at: datetime, sub_indication: str) -> None:
    report = Judge(pki, at=NOW + timedelta(days=320)).report(sealed_ofd(pki, ofd, at=signed_at))

    assert (report.indication.value, report.sub_indication) == ("TOTAL-FAILED", sub_indication)
    assert results(report)["Period of the seal"] is CheckResult.FAILED


@pytest.mark.parametrize(
    ("not_before", "not_after", "sub_indication"),
    [
        (NOW - timedelta(days=20), NOW - timedelta(days=1), "EXPIRED"),
        (NOW + timedelta(days=1), NOW + timedelta(days=9), "NOT_YET_VALID"),
    ],
)
def test_a_certificate_outside_its_period_at_signing_fails(
    pki: SealPki, judge: Judge, ofd: bytes, not_before: datetime, not_after: datetime, sub_indication: str
) -> None:
    signer = pki.sm2.issue("signer", not_before=not_before, not_after=not_after)
    report = judge.report(sealed_ofd(pki, ofd, signer=signer, seal=pki.make_seal(signer)))

    assert (report.indication.value, report.sub_indication) == ("TOTAL-FAILED", sub_indication)


def test_what_was_sealed_in_time_stays_valid_after_the_certificate_ends(pki: SealPki, sealed: bytes) -> None:
    assert Judge(pki, at=NOW + timedelta(days=2000)).verdict(sealed) == ("TOTAL-PASSED", None)


def test_a_certificate_for_other_uses_fails(pki: SealPki, judge: Judge, ofd: bytes) -> None:
    signer = pki.sm2.issue("signer", usage=("key_encipherment",))

    assert judge.verdict(sealed_ofd(pki, ofd, signer=signer, seal=pki.make_seal(signer))) == (
        "TOTAL-FAILED",
        "CHAIN_CONSTRAINTS_FAILURE",
    )


@pytest.mark.parametrize(
    ("revoked_at", "reason", "verdict"),
    [
        (NOW - timedelta(hours=1), None, ("TOTAL-FAILED", "REVOKED")),
        (NOW + timedelta(hours=1), 5, ("TOTAL-PASSED", None)),
        (NOW + timedelta(hours=1), 1, ("INDETERMINATE", "REVOKED_NO_POE")),
    ],
    ids=["before", "after", "key compromised after"],
)
def test_revocation_counts_from_its_day_and_a_stolen_key_leaves_doubt(
    pki: SealPki, sealed: bytes, revoked_at: datetime, reason: int | None, verdict: tuple[str, str | None]
) -> None:
    crl = pki.sm2.crl((pki.signer, revoked_at, reason), at=NOW + timedelta(days=1))

    assert Judge(pki, crls=(crl,), at=NOW + timedelta(days=2)).verdict(sealed) == verdict


def test_a_revocation_list_by_a_stranger_is_ignored(pki: SealPki, sealed: bytes) -> None:
    forged = SealPki().sm2.crl((pki.signer, NOW - timedelta(days=1), None))

    assert Judge(pki, crls=(forged,)).verdict(sealed) == ("TOTAL-PASSED", None)


def test_missing_and_stale_revocation_lists_are_said(pki: SealPki, sealed: bytes) -> None:
    name = "Revocation of the signer's certificate"
    stale = Judge(pki, crls=(pki.sm2.crl(),), at=NOW + timedelta(days=90)).report(sealed)

    assert results(Judge(pki).report(sealed))[name] is CheckResult.WARNING
    assert results(stale)[name] is CheckResult.WARNING


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (SealStatus("active", NOW), ("TOTAL-PASSED", None)),
        (SealStatus("suspended", NOW - timedelta(hours=1)), ("TOTAL-FAILED", "REVOKED")),
        (SealStatus("revoked", NOW + timedelta(hours=1)), ("TOTAL-PASSED", None)),
    ],
)
def test_the_register_of_seals_is_asked(
    pki: SealPki, sealed: bytes, status: SealStatus, verdict: tuple[str, str | None]
) -> None:
    judge = Judge(pki, status=lambda code: status if code == SEAL_CODE else None)

    assert judge.verdict(sealed) == verdict
    seal = judge.report(sealed).signatures[0].seal
    assert seal is not None
    assert seal.status == status.state


def test_a_time_in_the_future_fails(pki: SealPki, judge: Judge, ofd: bytes) -> None:
    report = judge.report(sealed_ofd(pki, ofd, at=NOW + timedelta(hours=1)))

    assert results(report)["Time of signing"] is CheckResult.FAILED


def test_an_archive_written_anew_is_told_from_the_sealed_one(judge: Judge, sealed: bytes) -> None:
    report = judge.report(zipped(dict(read_archive(sealed))))

    assert (report.indication.value, report.sub_indication) == ("INDETERMINATE", "FORMAT_FAILURE")
    assert report.signatures[0].verdict.indication is Indication.PASSED


def test_another_makers_archive_may_have_any_form(pki: SealPki, judge: Judge, sealed: bytes) -> None:
    assert judge.verdict(with_description(pki, sealed, lambda root: None)) == ("TOTAL-PASSED", None)


def remove_first_reference(root: Any) -> None:
    references = root.find(".//{*}References")
    references.remove(references[0])


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (lambda root: root.find(".//{*}References").attrib.pop("CheckMethod"), ("TOTAL-FAILED", "HASH_FAILURE")),
        (
            lambda root: root.find(".//{*}References").set("CheckMethod", "1.2.3"),
            ("INDETERMINATE", "CRYPTO_CONSTRAINTS_FAILURE"),
        ),
        (lambda root: root.find(".//{*}References").set("CheckMethod", "sm3"), ("TOTAL-PASSED", None)),
        (remove_first_reference, ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE")),
        (lambda root: root.find(".//{*}References").clear(), ("TOTAL-FAILED", "SIGNED_DATA_NOT_FOUND")),
        (lambda root: root.find(".//{*}SignedInfo").append(root.find(".//{*}Provider")), ("TOTAL-PASSED", None)),
    ],
    ids=["no method: MD5", "unknown method", "method by name", "OFD.xml left out", "no references", "another order"],
)
def test_other_makers_descriptions(
    pki: SealPki, judge: Judge, sealed: bytes, change: Any, verdict: tuple[str, str | None]
) -> None:
    assert judge.verdict(with_description(pki, sealed, change)) == verdict


def test_an_endless_list_of_signatures_is_not_worked_through(judge: Judge, sealed: bytes) -> None:
    files = dict(read_archive(sealed))
    files["Doc_0/Signs/Signatures.xml"] = signatures_list([("s001", "Seal", FIRST)] * 10_000)
    report = judge.report(write_archive(files))

    assert (report.sub_indication, report.signatures) == ("FORMAT_FAILURE", ())


def as_signed_data(sealed: bytes, value: Any) -> bytes:
    """The file with a signature of type "Sign" in place of the seal's."""
    files = dict(read_archive(sealed))
    files["Doc_0/Signs/Signatures.xml"] = signatures_list([("s001", "Sign", FIRST)])
    root = etree.fromstring(files[FIRST])
    root.find(".//{*}Provider").set("ProviderName", "another maker")
    files[FIRST] = etree.tostring(root)
    files[VALUE] = value(sm3(files[FIRST]))
    return zipped(files)


def test_signatures_of_type_sign_are_judged(pki: SealPki, judge: Judge, sealed: bytes) -> None:
    signer = pki.signer
    made = as_signed_data(
        sealed, lambda digest: make_signed_data(digest, signer.key, signer.certificate.der, signed_at=NOW)
    )
    report = judge.report(made)

    assert report.indication is Indication.PASSED
    assert (report.signatures[0].kind, report.signatures[0].seal) == ("GM-CMS", None)
    assert report.signatures[0].time.value == NOW
    moved = as_signed_data(sealed, lambda digest: plain_signed_data(pki))
    assert judge.verdict(moved) == ("TOTAL-FAILED", "HASH_FAILURE")


def test_signatures_of_version_1_are_judged(pki: SealPki, judge: Judge, sealed: bytes) -> None:
    files = dict(read_archive(with_description(pki, sealed, lambda root: None)))
    files[VALUE] = version_1_signature(pki, b"20261121100000Z")
    report = judge.report(zipped(files))

    # The value was made for no document: everything about it holds but that.
    assert results(report)["Signature value"] is CheckResult.PASSED
    assert results(report)["Seal maker's signature"] is CheckResult.PASSED
    assert results(report)["Signature belongs to this document"] is CheckResult.FAILED


@pytest.mark.parametrize("value", [b"", b"\x30\x00", b"garbage", bytes(64)])
def test_an_unreadable_signature_is_a_verdict(judge: Judge, sealed: bytes, value: bytes) -> None:
    files = dict(read_archive(sealed))
    files[VALUE] = value
    report = judge.report(write_archive(files))

    assert (report.indication.value, report.sub_indication) == ("TOTAL-FAILED", "FORMAT_FAILURE")
    assert VALUE in detail(report)


@pytest.mark.parametrize("gone", [FIRST, VALUE, "Doc_0/Signs/Signatures.xml", "OFD.xml"])
def test_a_missing_part_is_a_verdict(judge: Judge, sealed: bytes, gone: str) -> None:
    files = dict(read_archive(sealed))
    del files[gone]

    report = judge.report(write_archive(files))

    assert report.indication is not Indication.PASSED
    assert report.sub_indication in ("FORMAT_FAILURE", "SIGNED_DATA_NOT_FOUND")
