"""Every way of signing an OFD, made and judged: several seals, closed files, no seal, time stamps, two documents."""

import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from kernel.crypto.certificates import Certificate
from kernel.crypto.issuance import CertificateRequestProfile, issue_certificate
from kernel.crypto.private_keys import generate_key
from kernel.crypto.sm3 import sm3
from kernel.crypto.timestamps.making import Stamping, TokenTerms, make_token
from kernel.crypto.timestamps.messages import TimestampRequest
from kernel.errors import Conflict, NotFound
from seal.documents.ofd.archive import read_archive, write_archive
from seal.documents.ofd.signing import OfdSealRequest, OfdSignRequest, seal_ofd, sign_ofd
from seal.documents.ofd.timestamps import add_timestamp, digest_to_stamp
from seal.documents.positions import PageSize, StampPosition, riding_positions
from seal.structures.gbt38540 import SealProperties, load_seal, make_seal
from seal.structures.gm_cms import SignedDataForm
from seal.validation.report import CheckResult, Indication, SubIndication, ValidationReport
from seal.validation.seal_checks import check_signature
from seal.validation.service import validate_document
from seal.validation.trust import TrustStore
from tests.seal.files import Judge
from tests.seal.ofd_samples import NAMESPACE, minimal_files, minimal_ofd, zipped
from tests.seal.pki import NOW, SealPki

PLACE = StampPosition(1, 120, 200, 42, 42)


@pytest.fixture(scope="module")
def judge(pki: SealPki) -> Judge:
    """A verifier that knows the example's roots."""
    return Judge(pki)


class Stamper:
    """A time-stamping authority under the SM2 root."""

    def __init__(self, pki: SealPki, at: datetime = NOW) -> None:
        key = generate_key("SM2-SM3")
        profile = CertificateRequestProfile(
            {"C": "CN", "CN": "Example stamper"},
            key.public_spki,
            NOW - timedelta(days=30),
            NOW + timedelta(days=30),
            key_usage=("digital_signature",),
            extended_key_usage=("1.3.6.1.5.5.7.3.8",),
        )
        root = pki.sm2.root
        certificate: Certificate = issue_certificate(profile, root.certificate, root.key)
        self.stamping = Stamping(key, certificate, (certificate.der,))
        self.at = at

    def __call__(self, digest: bytes) -> bytes:
        terms = TokenTerms(self.at, timedelta(seconds=1), 7, "1.3.6.1.4.1.32473.1.1")
        return make_token(TimestampRequest("sm3", digest), terms, self.stamping)


def seal_request(pki: SealPki, **changes: object) -> OfdSealRequest:
    request = OfdSealRequest(pki.seal, pki.signer.key, pki.signer.certificate.der, (PLACE,), NOW)
    return replace(request, **changes)  # type: ignore[arg-type] - names of its fields


def sign_request(pki: SealPki, **changes: object) -> OfdSignRequest:
    return replace(OfdSignRequest(pki.signer.key, pki.signer.certificate.der, NOW), **changes)  # type: ignore[arg-type]


def result_of(report: ValidationReport, name: str) -> CheckResult:
    """How the check called `name` went in the last signature."""
    return next(check.result for check in report.signatures[-1].checks if check.name == name)


def test_a_countersigned_document_passes_and_each_seal_says_what_came_after(pki: SealPki, judge: Judge) -> None:
    second = replace(PLACE, x_mm=130.0, y_mm=210.0)
    sealed = seal_ofd(seal_ofd(minimal_ofd(), seal_request(pki)), seal_request(pki, positions=(second,)))

    report = judge.report(sealed)

    assert report.indication is Indication.PASSED
    assert [signature.covers_whole_document for signature in report.signatures] == [False, True]


def test_a_seal_rides_over_the_edges_of_all_pages_under_one_signature(pki: SealPki, judge: Judge) -> None:
    positions = riding_positions([PageSize(210, 297)] * 4, width_mm=42, height_mm=42)

    report = judge.report(seal_ofd(minimal_ofd(pages=4), seal_request(pki, positions=positions)))

    assert report.indication is Indication.PASSED
    assert len(report.signatures) == 1


def test_a_closed_document_passes_and_takes_no_further_signature(pki: SealPki, judge: Judge) -> None:
    closed = seal_ofd(minimal_ofd(), seal_request(pki, protection="whole"))

    assert judge.report(closed).indication is Indication.PASSED
    with pytest.raises(Conflict, match="closed the document"):
        seal_ofd(closed, seal_request(pki))
    with pytest.raises(Conflict, match="closed the document"):
        sign_ofd(closed, sign_request(pki))


def test_a_closed_document_protects_its_list_of_signatures(pki: SealPki, judge: Judge) -> None:
    files = read_archive(seal_ofd(minimal_ofd(), seal_request(pki, protection="whole")))
    listed = "Doc_0/Signs/Signatures.xml"

    report = judge.report(write_archive(files | {listed: files[listed] + b"\n"}))

    assert report.indication is Indication.FAILED
    assert report.sub_indication is SubIndication.HASH_FAILURE


@pytest.mark.parametrize(("form", "source"), [("attributes", "signer"), ("plain", "none")])
def test_a_signature_without_a_seal_is_made_and_judged(
    pki: SealPki, judge: Judge, form: SignedDataForm, source: str
) -> None:
    report = judge.report(sign_ofd(minimal_ofd(), sign_request(pki, form=form)))

    assert report.indication is Indication.PASSED
    assert report.signatures[0].kind == "GM-CMS"
    assert report.signatures[0].time.source == source


@pytest.mark.parametrize("form", ["attributes", "plain"])
def test_no_byte_of_a_signature_without_a_seal_is_free_to_change(
    pki: SealPki, judge: Judge, form: SignedDataForm
) -> None:
    signed = sign_ofd(minimal_ofd(), sign_request(pki, form=form))
    files = read_archive(signed)
    value = "Doc_0/Signs/Sign_0/SignedValue.dat"

    passed = []
    for position in range(len(files[value])):
        changed = bytearray(files[value])
        changed[position] ^= 1
        if judge.report(write_archive(files | {value: bytes(changed)})).indication is Indication.PASSED:
            passed.append(position)

    assert passed == []


def test_seals_and_plain_signatures_mix(pki: SealPki, judge: Judge) -> None:
    report = judge.report(seal_ofd(sign_ofd(minimal_ofd(), sign_request(pki)), seal_request(pki)))

    assert report.indication is Indication.PASSED
    assert [signature.kind for signature in report.signatures] == ["GM-CMS", "SES"]


@pytest.mark.parametrize("kind", ["seal", "sign"])
def test_a_time_stamp_proves_the_time(pki: SealPki, judge: Judge, kind: str) -> None:
    stamped_at = NOW + timedelta(seconds=2)
    stamper = Stamper(pki, stamped_at)
    if kind == "seal":
        stamped = seal_ofd(minimal_ofd(), seal_request(pki, stamp=stamper))
    else:
        stamped = sign_ofd(minimal_ofd(), sign_request(pki, stamp=stamper))

    report = judge.report(stamped)

    assert report.indication is Indication.PASSED
    assert report.signatures[0].time.source == "timestamp"
    assert report.signatures[0].time.value == stamped_at
    assert result_of(report, "Time stamp") is CheckResult.PASSED


def test_a_time_stamp_can_be_added_later(pki: SealPki, judge: Judge) -> None:
    sealed = seal_ofd(minimal_ofd(), seal_request(pki))

    stamped = add_timestamp(sealed, "s001", Stamper(pki)(digest_to_stamp(sealed, "s001")))

    report = judge.report(stamped)
    assert report.indication is Indication.PASSED
    assert report.signatures[0].time.source == "timestamp"
    with pytest.raises(Conflict, match="has a time stamp already"):
        add_timestamp(stamped, "s001", b"")
    with pytest.raises(NotFound):
        digest_to_stamp(stamped, "s009")


def test_no_time_stamp_is_added_below_a_later_signature(pki: SealPki) -> None:
    twice = seal_ofd(seal_ofd(minimal_ofd(), seal_request(pki)), seal_request(pki))

    with pytest.raises(Conflict, match="later signature protects"):
        add_timestamp(twice, "s001", Stamper(pki)(digest_to_stamp(twice, "s001")))


def test_a_time_stamp_of_something_else_fails(pki: SealPki, judge: Judge) -> None:
    sealed = seal_ofd(minimal_ofd(), seal_request(pki))

    report = judge.report(add_timestamp(sealed, "s001", Stamper(pki)(sm3(b"something else"))))

    assert report.indication is Indication.FAILED
    assert report.sub_indication is SubIndication.SIG_CRYPTO_FAILURE


def test_a_time_stamp_older_than_its_signature_fails(pki: SealPki, judge: Judge) -> None:
    report = judge.report(seal_ofd(minimal_ofd(), seal_request(pki, stamp=Stamper(pki, NOW - timedelta(hours=1)))))

    assert report.indication is Indication.FAILED
    assert result_of(report, "Time stamp") is CheckResult.FAILED


def test_rubbish_in_place_of_a_time_stamp_fails(pki: SealPki, judge: Judge) -> None:
    sealed = seal_ofd(minimal_ofd(), seal_request(pki))

    assert judge.report(add_timestamp(sealed, "s001", b"no token")).indication is Indication.FAILED


def test_a_stamper_that_is_not_trusted_proves_nothing(pki: SealPki, judge: Judge) -> None:
    stranger = Stamper(SealPki())

    report = judge.report(seal_ofd(minimal_ofd(), seal_request(pki, stamp=stranger)))

    assert report.indication is Indication.PASSED
    assert report.signatures[0].time.source == "signer"
    assert result_of(report, "Time stamp") is CheckResult.WARNING


def test_a_proven_time_decides_whether_the_seal_was_in_force(pki: SealPki, judge: Judge) -> None:
    """The signer claims a time inside the seal's period, the stamp shows that it was later."""
    seal = pki.make_seal(pki.signer, valid_to=NOW - timedelta(hours=1))
    request = seal_request(pki, seal=seal, signed_at=NOW - timedelta(hours=2))

    claimed = judge.report(seal_ofd(minimal_ofd(), request))
    proven = judge.report(seal_ofd(minimal_ofd(), replace(request, stamp=Stamper(pki))))

    assert result_of(claimed, "Period of the seal") is CheckResult.PASSED
    assert result_of(proven, "Period of the seal") is CheckResult.FAILED


def test_a_key_compromised_after_a_proven_time_does_not_spoil_the_signature(pki: SealPki, judge: Judge) -> None:
    crl = pki.sm2.crl((pki.signer, NOW + timedelta(minutes=5), 1))
    later = replace(judge, crls=(crl,), at=NOW + timedelta(minutes=10))

    claimed = later.report(seal_ofd(minimal_ofd(), seal_request(pki)))
    proven = later.report(seal_ofd(minimal_ofd(), seal_request(pki, stamp=Stamper(pki))))

    assert claimed.sub_indication is SubIndication.REVOKED_NO_POE
    assert proven.indication is Indication.PASSED


def test_a_seal_may_list_its_signers_by_digest(pki: SealPki, judge: Judge) -> None:
    listed = load_seal(pki.seal).contents
    properties: SealProperties = replace(
        listed.properties, certificates=(), certificate_digests=(("SM3", sm3(pki.signer.certificate.der)),)
    )
    seal = make_seal(replace(listed, properties=properties), pki.maker.key, pki.maker.certificate.der)

    report = judge.report(seal_ofd(minimal_ofd(), seal_request(pki, seal=seal)))

    assert report.indication is Indication.PASSED
    assert result_of(report, "Signer listed in the seal") is CheckResult.PASSED


def two_documents() -> dict[str, bytes]:
    """A package with a second document."""
    files = minimal_files()
    for name, content in list(files.items()):
        if name.startswith("Doc_0/"):
            files[name.replace("Doc_0/", "Doc_1/")] = content
    body = files["OFD.xml"].split(b"<ofd:DocBody>")[1].split(b"</ofd:OFD>")[0]
    files["OFD.xml"] = files["OFD.xml"].replace(
        b"</ofd:OFD>", b"<ofd:DocBody>" + body.replace(b"Doc_0", b"Doc_1") + b"</ofd:OFD>"
    )
    return files


def test_every_document_of_a_package_is_under_the_seal(pki: SealPki, judge: Judge) -> None:
    report = judge.report(seal_ofd(zipped(two_documents()), seal_request(pki)))

    assert report.indication is Indication.PASSED
    assert "Documents in the package" in [check.name for check in report.checks]


def test_a_document_slipped_in_beside_a_sealed_one_is_found(pki: SealPki, judge: Judge) -> None:
    """Another maker's signature over one document alone; a viewer might show the other."""
    sealed = read_archive(seal_ofd(minimal_ofd(), seal_request(pki)))
    slipped = {name: content for name, content in two_documents().items() if name.startswith("Doc_1/")}
    root = sealed["OFD.xml"].replace(
        b"</ofd:OFD>",
        f'<ofd:DocBody xmlns:ofd="{NAMESPACE}"><ofd:DocInfo><ofd:DocID>0</ofd:DocID></ofd:DocInfo>'
        "<ofd:DocRoot>Doc_1/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>".encode(),
    )

    report = judge.report(write_archive(sealed | slipped | {"OFD.xml": root}))

    assert report.indication is not Indication.PASSED
    details = " ".join(check.detail for check in report.checks)
    assert "no signature protects number {number}" in details


def test_two_lists_of_signatures_are_both_judged(pki: SealPki, judge: Judge) -> None:
    sealed = read_archive(seal_ofd(minimal_ofd(), seal_request(pki)))
    renamed = {
        name.replace("Doc_0", "Doc_1"): content.replace(b"Doc_0", b"Doc_1")
        for name, content in sealed.items()
        if name.startswith("Doc_0/")
    }
    body = sealed["OFD.xml"].split(b"<ofd:DocBody>")[1].split(b"</ofd:OFD>")[0].replace(b"Doc_0", b"Doc_1")
    root = sealed["OFD.xml"].replace(b"</ofd:OFD>", b"<ofd:DocBody>" + body + b"</ofd:OFD>")

    report = judge.report(write_archive(sealed | renamed | {"OFD.xml": root}))

    assert len(report.signatures) == 2
    assert report.indication is Indication.FAILED


def test_a_changed_page_is_named_by_its_number(pki: SealPki, judge: Judge) -> None:
    files = read_archive(seal_ofd(minimal_ofd(pages=3), seal_request(pki)))
    page = "Doc_0/Pages/Page_1/Content.xml"

    report = judge.report(write_archive(files | {page: files[page] + b" "}))

    check = next(check for check in report.signatures[0].checks if check.result is CheckResult.FAILED)
    assert check.detail.format(**check.params) == f"Page 2 was changed after sealing ({page})."


def test_a_bare_signature_value_is_named_as_such(pki: SealPki, judge: Judge) -> None:
    files = read_archive(sign_ofd(minimal_ofd(), sign_request(pki)))
    bare = pki.signer.key.sign(files["Doc_0/Signs/Sign_0/Signature.xml"])

    report = judge.report(write_archive(files | {"Doc_0/Signs/Sign_0/SignedValue.dat": bare}))

    assert report.indication is Indication.FAILED
    assert report.sub_indication is SubIndication.NO_SIGNING_CERTIFICATE_FOUND


def test_needless_zeros_in_anothers_signature_value_are_read(pki: SealPki) -> None:
    """Some makers write both numbers with a leading zero byte."""
    data = random.Random(1).randbytes(64)
    r, s = _numbers(pki.signer.key.sign(data))
    padded = b"".join(b"\x02\x22\x00\x00" + number.rjust(32, b"\0") for number in (r, s))
    loose = b"\x30" + bytes([len(padded)]) + padded
    certificate = pki.signer.certificate.der

    good = check_signature("x", certificate, "1.2.156.10197.1.501", loose, data)
    bad = check_signature("x", certificate, "1.2.156.10197.1.501", loose, data + b"!")

    assert (good.result, bad.result) == (CheckResult.PASSED, CheckResult.FAILED)


def _numbers(signature: bytes) -> tuple[bytes, bytes]:
    first = 4 + signature[3]
    return signature[4:first].lstrip(b"\0"), signature[first + 2 :].lstrip(b"\0")


def test_without_trust_nothing_passes(pki: SealPki) -> None:
    report = validate_document(seal_ofd(minimal_ofd(), seal_request(pki)), TrustStore(), at=NOW)

    assert report.indication is Indication.INDETERMINATE
