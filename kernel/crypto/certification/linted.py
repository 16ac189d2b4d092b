"""Issuing that looks first: the very bytes to be signed are signed with a throw-away key, linted, and signed for real.

So a certificate that breaks a rule never exists under the issuer's signature, not even for a moment (Boulder's way).
"""

import threading
from functools import lru_cache

from kernel.crypto.certificates import Certificate
from kernel.crypto.certification.lints import Candidate, Purpose, lint
from kernel.crypto.der.algorithms import SIGNATURES
from kernel.crypto.issuance import CertificateRequestProfile, build_tbs, sign_tbs
from kernel.crypto.private_keys import PrivateKey, generate_key
from kernel.crypto.signatures import SigningAlgorithm, SigningKey
from kernel.errors import InvalidInput

_LOCK = threading.Lock()


class CertificateRefused(InvalidInput):
    """A certificate that would have broken rules was not signed; `findings` says which."""

    code = "certificate-refused"

    def __init__(self, findings: list[str]) -> None:
        self.findings = findings
        super().__init__("The certificate would break rules: {findings}", findings="; ".join(findings))


def issue_linted(
    profile: CertificateRequestProfile, issuer: Certificate | None, key: SigningKey, purpose: Purpose
) -> Certificate:
    """As `kernel.crypto.issuance.issue_certificate`; raises CertificateRefused before `key` is touched."""
    tbs = build_tbs(profile, issuer, key)
    draft = sign_tbs(tbs, SIGNATURES[key.algorithm], throw_away_key(key.algorithm))
    findings = lint(Candidate(draft, purpose, issuer))
    if findings:
        raise CertificateRefused([str(finding) for finding in findings])
    certificate = Certificate.load(sign_tbs(tbs, SIGNATURES[key.algorithm], key))
    certificate.verify_issued_by(issuer or certificate)
    return certificate


def throw_away_key(algorithm: SigningAlgorithm) -> PrivateKey:
    """A key that certifies nothing and is never kept: one a process, since making an RSA key takes a second."""
    with _LOCK:
        return _made(algorithm)


@lru_cache(maxsize=4)
def _made(algorithm: SigningAlgorithm) -> PrivateKey:
    return generate_key(algorithm)
