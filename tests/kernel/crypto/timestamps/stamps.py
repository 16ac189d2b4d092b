"""A stamping authority to test with, and OpenSSL's own as a stranger's."""

import subprocess
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from kernel.crypto.certificates import Certificate
from kernel.crypto.issuance import issue_certificate
from kernel.crypto.private_keys import PrivateKey, generate_key
from kernel.crypto.signatures import SigningAlgorithm
from kernel.crypto.timestamps.making import Stamping, TokenTerms, make_token
from kernel.crypto.timestamps.messages import TimestampRequest
from tests.kernel.crypto.pki import NOW, ca_profile, profile

POLICY = "1.3.6.1.4.1.32473.1.1"
TERMS = TokenTerms(NOW, timedelta(seconds=1), 7, POLICY)


@dataclass(frozen=True)
class Trust:
    """What a verifier trusts."""

    anchors: tuple[Certificate, ...] = ()
    intermediates: tuple[Certificate, ...] = ()


@dataclass(frozen=True)
class StampingPki:
    """A root and a stamping key below it."""

    root: Certificate
    key: PrivateKey
    certificate: Certificate

    @classmethod
    def create(cls, algorithm: SigningAlgorithm, *purposes: str) -> "StampingPki":
        root_key, key = generate_key(algorithm), generate_key(algorithm)
        root = issue_certificate(ca_profile(root_key, "Stamp Root"), None, root_key)
        purposes = purposes or ("1.3.6.1.5.5.7.3.8",)
        stamping = profile(key, "Stamper", extended_key_usage=purposes, key_usage={"digital_signature"})
        return cls(root, key, issue_certificate(stamping, root, root_key))

    @property
    def stamping(self) -> Stamping:
        return Stamping(self.key, self.certificate, (self.certificate.der, self.root.der))

    @property
    def trust(self) -> Trust:
        return Trust((self.root,))

    def stamp(self, request: TimestampRequest, terms: TokenTerms = TERMS) -> bytes:
        return make_token(request, terms, self.stamping)


def openssl(directory: Path, *arguments: str) -> str:
    """Run OpenSSL in `directory`; what it said on both channels. Raises when it is not content."""
    done = subprocess.run(["openssl", *arguments], cwd=directory, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr
