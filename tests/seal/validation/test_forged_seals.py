"""A code does not make a seal: what carries somebody else's code is found out, with and without a connection."""

import json
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from kernel.crypto.jose import sign_jws
from kernel.crypto.private_keys import generate_key
from seal.seals.bindings import Bindings
from seal.seals.status_list import TYPE, SealStatusList, load_status_list
from seal.validation.report import CheckResult
from seal.validation.transfer import read_trust, write_trust
from seal.validation.trust import SealStatus, TrustStore
from tests.seal.files import Judge, sealed_ofd, sealed_pdf
from tests.seal.pdf_samples import minimal_pdf
from tests.seal.pki import NOW, SEAL_CODE, SealPki

STANDING = "Standing of the seal"
TLS_SERVER, CODE, LOGIN, EMAIL, STAMPS = (f"1.3.6.1.5.5.7.3.{number}" for number in (1, 3, 2, 4, 8))
DOCUMENTS = "1.3.6.1.5.5.7.3.36"


def registered(pki: SealPki, **changes: object) -> SealStatus:
    """The word of a register that knows the example's seal."""
    bound = Bindings().with_seal(pki.seal, pki.signer.certificate.der, pki.pdf_signer.certificate.der)
    sets = {name: frozenset(digests) for name, digests in bound.to_dict().items()}
    return replace(SealStatus("active", NOW - timedelta(days=1), **sets), **changes)  # type: ignore[arg-type]


def standing(judge: Judge, data: bytes) -> tuple[CheckResult, str]:
    signature = judge.report(data).signatures[0]
    check = next(each for each in signature.checks if each.name == STANDING)
    assert signature.seal is not None
    return check.result, signature.seal.status


def test_finding_another_seal_with_a_registered_code_is_not_in_use(pki: SealPki, ofd: bytes) -> None:
    impostor = pki.sm2.issue(SEAL_CODE)
    forged = sealed_ofd(pki, ofd, signer=impostor, seal=pki.make_seal(impostor))
    judge = Judge(pki, status=lambda _code: registered(pki))

    assert Judge(pki).verdict(forged) == ("TOTAL-PASSED", None)
    assert judge.verdict(sealed_ofd(pki, ofd)) == ("TOTAL-PASSED", None)
    assert judge.verdict(forged) == ("TOTAL-FAILED", "SIG_CONSTRAINTS_FAILURE")
    assert standing(judge, forged) == (CheckResult.FAILED, "unknown")


def test_finding_another_certificate_with_a_registered_code_is_not_the_seal(pki: SealPki) -> None:
    forged = sealed_pdf(pki, minimal_pdf(), signer=pki.p256.issue(SEAL_CODE))
    judge = Judge(pki, status=lambda _code: registered(pki))

    assert standing(judge, sealed_pdf(pki, minimal_pdf())) == (CheckResult.PASSED, "active")
    assert judge.verdict(forged) == ("TOTAL-FAILED", "SIG_CONSTRAINTS_FAILURE")
    assert standing(judge, forged) == (CheckResult.FAILED, "unknown")


def test_of_a_seal_of_another_system_the_register_may_not_know_the_newest(pki: SealPki, ofd: bytes) -> None:
    remade = sealed_ofd(pki, ofd, seal=pki.make_seal(pki.signer, valid_from=NOW - timedelta(days=2)))
    judge = Judge(pki, status=lambda _code: registered(pki, all_told=False))

    assert judge.verdict(remade) == ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE")


def test_the_signed_list_ties_seals_to_their_codes_without_a_connection(pki: SealPki, ofd: bytes) -> None:
    key = generate_key("ES256")
    made = SealStatusList.now("https://x", {SEAL_CODE: registered(pki)}, NOW)
    token = sign_jws(json.dumps(made.to_claims()).encode(), key, {"typ": TYPE})
    listed = load_status_list(token, [key.public_spki])
    impostor = pki.sm2.issue(SEAL_CODE)
    forged = sealed_ofd(pki, ofd, signer=impostor, seal=pki.make_seal(impostor))

    assert listed.standings[SEAL_CODE].seals == {sha256(pki.seal).hexdigest()}
    assert listed.standings[SEAL_CODE].makers == {sha256(pki.maker.certificate.der).hexdigest()}
    judge = Judge(pki, status=lambda code: listed.standing_at(code, NOW))
    assert judge.verdict(forged) == ("TOTAL-FAILED", "SIG_CONSTRAINTS_FAILURE")


def test_finding_trust_reaches_the_workers_whole(pki: SealPki) -> None:
    """Roots that sign with an empty ID, and what ties seals to codes, were lost on the way."""
    status = registered(pki, as_of=NOW, all_told=False)
    trust = TrustStore(
        anchors=(pki.sm2.root.certificate,),
        empty_id_anchors=(pki.p256.root.certificate,),
        seal_status=_Statuses({SEAL_CODE: status}),
    )

    there = read_trust(write_trust(trust))

    assert there.empty_id_anchors == trust.empty_id_anchors
    assert there.seal_status is not None
    assert there.seal_status(SEAL_CODE) == status


class _Statuses(dict[str, SealStatus]):
    __call__ = dict.get


@pytest.mark.parametrize(
    ("purposes", "accepted"),
    [
        ((), True),
        ((DOCUMENTS,), True),
        ((EMAIL, LOGIN), True),
        ((LOGIN, TLS_SERVER), True),
        (("1.2.156.112586.3.1",), True),
        ((TLS_SERVER,), False),
        ((CODE, TLS_SERVER), False),
        ((STAMPS,), False),
    ],
)
def test_finding_a_certificate_for_something_else_signs_no_documents(
    pki: SealPki, ofd: bytes, purposes: tuple[str, ...], accepted: bool
) -> None:
    signer = pki.sm2.issue("signer", purposes=purposes)
    verdict = Judge(pki).verdict(sealed_ofd(pki, ofd, signer=signer, seal=pki.make_seal(signer)))

    assert verdict == (("TOTAL-PASSED", None) if accepted else ("TOTAL-FAILED", "CHAIN_CONSTRAINTS_FAILURE"))


def test_finding_a_seals_own_certificate_makes_no_seals(pki: SealPki, ofd: bytes) -> None:
    holder = pki.sm2.issue("a seal", purposes=(DOCUMENTS,))
    forged = sealed_ofd(pki, ofd, seal=pki.make_seal(pki.signer, maker=holder))

    assert Judge(pki).verdict(forged) == ("TOTAL-FAILED", "CHAIN_CONSTRAINTS_FAILURE")
