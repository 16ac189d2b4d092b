"""What the authority's certificates say: names, periods, usages (RFC 5280 §4.2, GM/T 0015)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from kernel.crypto.issuance import CertificateRequestProfile
from kernel.crypto.signatures import SigningAlgorithm

Family = Literal["sm2", "p256"]
FAMILIES: Final[tuple[Family, ...]] = ("sm2", "p256")
ALGORITHMS: Final[dict[Family, SigningAlgorithm]] = {"sm2": "SM2-SM3", "p256": "ES256"}
MAKER: Final = "seal-maker"
BACKDATING = timedelta(hours=1)
"""Certificates begin a little early, for verifiers whose clocks are behind."""

_ROOT_LIFE, _ISSUING_LIFE, _MAKER_LIFE = timedelta(days=7300), timedelta(days=3650), timedelta(days=1826)
_CA_USAGE: Final = ("key_cert_sign", "crl_sign")
_SIGNER_USAGE: Final = ("digital_signature", "non_repudiation")


def root_name(family: Family) -> str:
    """The name of a family's root: `sm2-root`, `p256-root`."""
    return f"{family}-root"


def issuing_name(family: Family) -> str:
    """The name of a family's issuing authority: `sm2-issuing`, `p256-issuing`."""
    return f"{family}-issuing"


@dataclass(frozen=True)
class Naming:
    """How the authority calls itself, and where it publishes (no slash at the end)."""

    organisation: str
    public_url: str

    def root(self, family: Family, spki: bytes, now: datetime) -> CertificateRequestProfile:
        """A self-signed root."""
        return CertificateRequestProfile(
            subject=self._subject(f"{self.organisation} {family.upper()} Root CA"),
            public_spki=spki,
            not_before=now - BACKDATING,
            not_after=now + _ROOT_LIFE,
            ca=True,
            key_usage=_CA_USAGE,
        )

    def issuing(self, family: Family, spki: bytes, now: datetime) -> CertificateRequestProfile:
        """The authority that issues to seals."""
        return CertificateRequestProfile(
            subject=self._subject(f"{self.organisation} {family.upper()} Seal CA"),
            public_spki=spki,
            not_before=now - BACKDATING,
            not_after=now + _ISSUING_LIFE,
            ca=True,
            path_length=0,
            key_usage=_CA_USAGE,
            crl_urls=self._crls(root_name(family)),
            issuer_urls=self._certificates(root_name(family)),
        )

    def maker(self, spki: bytes, now: datetime) -> CertificateRequestProfile:
        """Whoever signs seals into being."""
        return self._signer("sm2", self._subject(f"{self.organisation} Seal Maker"), spki, now, now + _MAKER_LIFE)

    def seal(
        self, family: Family, *, code: str, owner: str, spki: bytes, period: tuple[datetime, datetime]
    ) -> CertificateRequestProfile:
        """A seal's signer: common name is the seal code, organisation is the owner, as on real seals."""
        subject = {"C": "CN", "O": owner[:64], "CN": code}
        return self._signer(family, subject, spki, *period)

    def _signer(
        self, family: Family, subject: dict[str, str], spki: bytes, start: datetime, end: datetime
    ) -> CertificateRequestProfile:
        return CertificateRequestProfile(
            subject=subject,
            public_spki=spki,
            not_before=start - BACKDATING,
            not_after=end,
            key_usage=_SIGNER_USAGE,
            crl_urls=self._crls(issuing_name(family)),
            issuer_urls=self._certificates(issuing_name(family)),
        )

    def _subject(self, common_name: str) -> dict[str, str]:
        return {"C": "CN", "O": self.organisation, "CN": common_name}

    def _crls(self, name: str) -> tuple[str, ...]:
        return (f"{self.public_url}/ca/{name}.crl",)

    def _certificates(self, name: str) -> tuple[str, ...]:
        return (f"{self.public_url}/ca/{name}.cer",)
