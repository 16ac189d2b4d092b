"""A little PKI for sealing: two authorities (SM2 and P-256), a seal maker, a signer, and a seal."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO

from PIL import Image, ImageDraw

from kernel.crypto.certificates import Certificate
from kernel.crypto.issuance import CertificateRequestProfile, CrlProfile, issue_certificate, issue_crl
from kernel.crypto.private_keys import PrivateKey, generate_key
from kernel.crypto.revocation.crl import Revocation
from kernel.crypto.signatures import SigningAlgorithm
from seal.structures.gbt38540 import SealContents, SealPicture, SealProperties, make_seal

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
SEAL_CODE = "99000000000001"
SEAL_NAME = "示例市市场监督管理局"
TINY_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63f8cfc0f01f00050001ff56c72f"
    "0d0000000049454e44ae426082"
)


def _red_ring() -> bytes:
    image, output = Image.new("RGBA", (400, 400), (0, 0, 0, 0)), BytesIO()
    ImageDraw.Draw(image).ellipse((4, 4, 395, 395), outline=(220, 20, 30, 255), width=20)
    image.save(output, "PNG")
    return output.getvalue()


SEAL_PNG = _red_ring()
"""What somebody would send as the picture of their seal."""


@dataclass(frozen=True)
class Holder:
    """A certificate and its key."""

    certificate: Certificate
    key: PrivateKey


@dataclass(frozen=True)
class Authority:
    """A root and the issuing authority below it."""

    root: Holder
    issuing: Holder

    @classmethod
    def create(cls, algorithm: SigningAlgorithm, name: str) -> "Authority":
        root_key, issuing_key = generate_key(algorithm), generate_key(algorithm)
        root = issue_certificate(_ca_profile(f"{name} root", root_key, None), None, root_key)
        issuing = issue_certificate(_ca_profile(f"{name} issuing", issuing_key, 0), root, root_key)
        return cls(Holder(root, root_key), Holder(issuing, issuing_key))

    def issue(
        self,
        name: str,
        *,
        usage: tuple[str, ...] = ("digital_signature", "non_repudiation"),
        not_before: datetime = NOW - timedelta(days=365),
        not_after: datetime = NOW + timedelta(days=365),
        purposes: tuple[str, ...] = (),
    ) -> Holder:
        """A certificate for `name` with a new key of this authority's kind."""
        key = generate_key(self.issuing.key.algorithm)
        profile = CertificateRequestProfile(
            {"C": "CN", "O": "示例市", "CN": name},
            key.public_spki,
            not_before,
            not_after,
            key_usage=usage,
            extended_key_usage=purposes,
        )
        return Holder(issue_certificate(profile, self.issuing.certificate, self.issuing.key), key)

    def crl(
        self,
        *revoked: tuple[Holder, datetime, int | None],
        at: datetime = NOW,
        keeps_expired_since: datetime | None = None,
    ) -> bytes:
        """The issuing authority's list naming these certificates, when and why."""
        entries = [Revocation(holder.certificate.serial, when, reason) for holder, when, reason in revoked]
        profile = CrlProfile(1, at - timedelta(days=1), at + timedelta(days=30), entries, keeps_expired_since)
        return issue_crl(profile, self.issuing.certificate, self.issuing.key).der


def _ca_profile(name: str, key: PrivateKey, path_length: int | None) -> CertificateRequestProfile:
    return CertificateRequestProfile(
        subject={"C": "CN", "CN": name},
        public_spki=key.public_spki,
        not_before=NOW - timedelta(days=3650),
        not_after=NOW + timedelta(days=3650),
        ca=True,
        path_length=path_length,
        key_usage=("key_cert_sign", "crl_sign"),
    )


@dataclass(frozen=True)
class SealPki:
    """Everything needed to seal an OFD (SM2) and a PDF (P-256)."""

    sm2: Authority = field(default_factory=lambda: Authority.create("SM2-SM3", "Example SM2"))
    p256: Authority = field(default_factory=lambda: Authority.create("ES256", "Example P-256"))

    def __post_init__(self) -> None:
        object.__setattr__(self, "maker", self.sm2.issue("Example seal maker"))
        object.__setattr__(self, "signer", self.sm2.issue(SEAL_CODE))
        object.__setattr__(self, "pdf_signer", self.p256.issue(SEAL_CODE))
        object.__setattr__(self, "seal", self.make_seal(self.signer))

    maker: Holder = field(init=False)
    signer: Holder = field(init=False)
    pdf_signer: Holder = field(init=False)
    seal: bytes = field(init=False)

    def make_seal(
        self,
        *signers: Holder,
        maker: Holder | None = None,
        valid_from: datetime = NOW - timedelta(days=30),
        valid_to: datetime = NOW + timedelta(days=300),
    ) -> bytes:
        """A seal that lists `signers`, made by `maker`."""
        maker = maker or self.maker
        return make_seal(contents(signers, valid_from, valid_to), maker.key, maker.certificate.der)


def contents(signers: tuple[Holder, ...], valid_from: datetime, valid_to: datetime) -> SealContents:
    """What the example seal says."""
    return SealContents(
        seal_code=SEAL_CODE,
        vendor="Xinyin",
        properties=SealProperties(
            1, SEAL_NAME, tuple(signer.certificate.der for signer in signers), (), valid_from, valid_from, valid_to
        ),
        picture=SealPicture("PNG", TINY_PNG, 42, 42),
    )
