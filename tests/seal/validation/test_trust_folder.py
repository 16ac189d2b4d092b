"""The folder that verifiers take their trust from, and evidence that documents bring along."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from kernel.crypto.revocation.crl import Crl, Revocation
from kernel.crypto.revocation.ocsp import CertificateId, OcspResponse, SingleStatus
from kernel.crypto.revocation.ocsp_answers import Responder, make_response
from kernel.errors import ConfigurationError
from seal.validation.certificates import CertificateQuestion, judge_certificate
from seal.validation.report import CheckResult, SubIndication
from seal.validation.trust import TrustStore
from tests.seal.pki import NOW, Authority, Holder, SealPki


def answer(authority: Authority, holder: Holder, **changes: object) -> OcspResponse:
    issuing = authority.issuing
    identity = CertificateId.of(holder.certificate.serial, issuing.certificate)
    status = SingleStatus(identity, "good", NOW, NOW + timedelta(hours=1))
    return make_response([replace(status, **changes)], Responder(issuing.key, issuing.certificate), NOW, None)  # type: ignore[arg-type]


def question(holder: Holder, **changes: object) -> CertificateQuestion:
    asked = CertificateQuestion(holder.certificate.der, NOW, NOW, "chain", "revocation")
    return replace(asked, **changes)  # type: ignore[arg-type]


def store(authority: Authority, *responses: OcspResponse, **parts: object) -> TrustStore:
    return TrustStore(
        (authority.root.certificate,), (authority.issuing.certificate,), ocsp_responses=responses, **parts  # type: ignore[arg-type]
    )  # fmt: skip


def test_every_part_of_the_folder_is_read(pki: SealPki, tmp_path: Path) -> None:
    other = Authority.create("ES256", "Other")
    for folder, name, data in (
        ("anchors", "root.cer", pki.sm2.root.certificate.der),
        ("intermediates", "issuing.cer", pki.sm2.issuing.certificate.der),
        ("crls", "list.crl", pki.sm2.crl()),
        ("ocsp", "answer.ocsp", answer(pki.sm2, pki.signer).der),
        ("timestamp-anchors", "tsa.cer", other.root.certificate.der),
        ("anchors-with-empty-id", "odd.cer", pki.p256.root.certificate.der),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_bytes(data)

    trust = TrustStore.load(tmp_path)

    assert (len(trust.anchors), len(trust.intermediates), len(trust.crls), len(trust.ocsp_responses)) == (1, 1, 1, 1)
    assert trust.timestamp_anchors == (other.root.certificate,)
    assert trust.empty_id_anchors == (pki.p256.root.certificate,)
    assert other.root.certificate in trust.for_timestamps().anchors
    (tmp_path / "ocsp" / "bad.ocsp").write_bytes(b"nonsense")
    with pytest.raises(ConfigurationError, match=r"bad\.ocsp"):
        TrustStore.load(tmp_path)


def test_a_good_answer_is_as_good_as_a_list(pki: SealPki) -> None:
    trust = store(pki.sm2, answer(pki.sm2, pki.signer))
    checks = judge_certificate(question(pki.signer), trust)
    assert checks[1].result is CheckResult.WARNING  # of the issuer nothing is known
    root_list = Authority(pki.sm2.root, pki.sm2.root).crl()
    checks = judge_certificate(question(pki.signer), trust.with_evidence(crls=TrustStore.of(crls=(root_list,)).crls))
    assert checks[1].result is CheckResult.PASSED


@pytest.mark.parametrize(
    ("revoked_at", "reason", "proven", "result", "why"),
    [
        (NOW - timedelta(days=1), 5, False, CheckResult.FAILED, SubIndication.REVOKED),
        (NOW + timedelta(days=1), 5, False, CheckResult.WARNING, None),
        (NOW + timedelta(days=1), 1, False, CheckResult.INDETERMINATE, SubIndication.REVOKED_NO_POE),
        (NOW + timedelta(days=1), 1, True, CheckResult.WARNING, None),
        (NOW + timedelta(days=1), 10, False, CheckResult.INDETERMINATE, SubIndication.REVOKED_NO_POE),
    ],
)
def test_an_answer_of_revoked_is_judged_by_its_time_and_reason(
    pki: SealPki, revoked_at: object, reason: int, proven: bool, result: CheckResult, why: SubIndication | None
) -> None:
    entry = Revocation(pki.signer.certificate.serial, revoked_at, reason)  # type: ignore[arg-type]
    trust = store(pki.sm2, answer(pki.sm2, pki.signer, standing="revoked", revocation=entry))
    asked = question(pki.signer, asked_at=NOW + timedelta(days=2), time_is_proven=proven)

    check = judge_certificate(asked, trust)[1]

    assert (check.result, check.sub_indication) == (result, why)


def test_a_revocation_in_either_source_counts(pki: SealPki) -> None:
    """A list names it, an answer made later calls it good: the worse is believed."""
    good = answer(pki.sm2, pki.signer, this_update=NOW + timedelta(hours=1))
    lists = TrustStore.of(crls=(pki.sm2.crl((pki.signer, NOW - timedelta(days=2), 1)),)).crls
    check = judge_certificate(question(pki.signer), store(pki.sm2, good, crls=lists))[1]
    assert check.sub_indication is SubIndication.REVOKED


def test_an_answer_of_another_issuer_says_nothing(pki: SealPki) -> None:
    impostor = Authority.create("SM2-SM3", "Example SM2")
    forged = make_response(
        [SingleStatus(CertificateId.of(pki.signer.certificate.serial, pki.sm2.issuing.certificate), "good", NOW)],
        Responder(impostor.issuing.key, impostor.issuing.certificate),
        NOW,
        None,
    )
    check = judge_certificate(question(pki.signer), store(pki.sm2, forged))[1]
    assert check.result is CheckResult.WARNING


def dropped_later(pki: SealPki, *, keeps_expired_since: datetime | None = None) -> tuple[Holder, tuple[Crl, ...]]:
    """A signer that was revoked and has expired since, and its issuer's lists from before and after that."""
    signer = pki.sm2.issue("signer", not_after=NOW + timedelta(days=10))
    before = pki.sm2.crl((signer, NOW - timedelta(days=2), 1))
    after = pki.sm2.crl(at=NOW + timedelta(days=20), keeps_expired_since=keeps_expired_since)
    return signer, TrustStore.of(crls=(before, after)).crls


def test_finding_an_entry_dropped_after_expiry_goes_on_counting(pki: SealPki) -> None:
    signer, lists = dropped_later(pki)
    asked = question(signer, asked_at=NOW + timedelta(days=20))

    for order in (lists, lists[::-1]):
        check = judge_certificate(asked, store(pki.sm2, crls=order))[1]
        assert (check.result, check.sub_indication) == (CheckResult.FAILED, SubIndication.REVOKED)


def test_a_list_that_keeps_expired_certificates_is_believed_alone(pki: SealPki) -> None:
    for since, result in ((NOW, CheckResult.WARNING), (NOW + timedelta(days=11), CheckResult.FAILED)):
        signer, lists = dropped_later(pki, keeps_expired_since=since)
        check = judge_certificate(question(signer, asked_at=NOW + timedelta(days=20)), store(pki.sm2, crls=lists))[1]
        assert check.result is result  # a warning: of the issuer's own certificate nothing is known


def test_a_certificate_taken_off_its_hold_before_it_expired_is_not_revoked(pki: SealPki) -> None:
    signer, lists = dropped_later(pki)
    between = TrustStore.of(crls=(pki.sm2.crl(at=NOW + timedelta(days=5)),)).crls
    check = judge_certificate(question(signer, asked_at=NOW + timedelta(days=20)), store(pki.sm2, crls=lists + between))
    assert check[1].result is CheckResult.WARNING
