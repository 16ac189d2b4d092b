"""A time-stamp authority below the example's roots, and what it stamps with."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kernel.crypto.issuance import CertificateRequestProfile, issue_certificate
from kernel.crypto.private_keys import generate_key
from kernel.crypto.timestamps.digests import DigestName
from kernel.crypto.timestamps.making import Stamping, TokenTerms, make_token
from kernel.crypto.timestamps.messages import TimestampRequest
from kernel.crypto.timestamps.verification import TIME_STAMPING
from tests.seal.pki import NOW, Authority

POLICY = "1.3.6.1.4.1.99999.1"


@dataclass
class Stamper:
    """Stamps at `at`; each call of the instance is a `Stamp` of `seal.structures.cades`."""

    authority: Authority
    at: datetime = NOW
    stamping: Stamping = field(init=False)

    def __post_init__(self) -> None:
        key = generate_key(self.authority.issuing.key.algorithm)
        profile = CertificateRequestProfile(
            {"C": "CN", "CN": "Example time stamps"},
            key.public_spki,
            NOW - timedelta(days=365),
            NOW + timedelta(days=3650),
            key_usage=("digital_signature",),
            extended_key_usage=(TIME_STAMPING,),
        )
        certificate = issue_certificate(profile, self.authority.issuing.certificate, self.authority.issuing.key)
        self.stamping = Stamping(key, certificate, (certificate.der, self.authority.issuing.certificate.der))

    def __call__(self, digest: bytes, digest_name: DigestName) -> bytes:
        """A DER TimeStampToken."""
        terms = TokenTerms(self.at, timedelta(seconds=1), secrets.randbits(64), POLICY)
        return make_token(TimestampRequest(digest_name, digest, certificate_wanted=True), terms, self.stamping)
