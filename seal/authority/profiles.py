"""What the authority's certificates say: names, periods, usages (RFC 5280 §4.2, GM/T 0015)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from kernel.crypto.certificates import Certificate
from kernel.crypto.certification.lints import Purpose
from kernel.crypto.der.extensions import Extension, KeyUsage
from kernel.crypto.der.writer import null
from kernel.crypto.issuance import CertificateRequestProfile
from kernel.crypto.signatures import SigningAlgorithm
from kernel.errors import InvalidInput

Family = Literal["sm2", "p256", "rsa"]
FAMILIES: Final[tuple[Family, ...]] = ("sm2", "p256")
"""Made at the first start. RSA is made when somebody first asks for it: for readers that know nothing newer."""
ALL_FAMILIES: Final[tuple[Family, ...]] = ("sm2", "p256", "rsa")
ALGORITHMS: Final[dict[Family, SigningAlgorithm]] = {"sm2": "SM2-SM3", "p256": "ES256", "rsa": "RS256"}
Role = Literal["root", "issuing", "maker", "tsa", "ocsp", "reports"]
MAKER: Final = "seal-maker"
REPORTS: Final = "p256-reports"
"""Signs reports on what was verified; its certificate says that it signs documents, and makes no seals."""
BACKDATING = timedelta(hours=1)
"""Certificates begin a little early, for verifiers whose clocks are behind."""

TIME_STAMPING: Final = "1.3.6.1.5.5.7.3.8"
OCSP_SIGNING: Final = "1.3.6.1.5.5.7.3.9"
DOCUMENT_SIGNING: Final = "1.3.6.1.5.5.7.3.36"
"""RFC 9336: its holder signs documents, and makes no seals."""
OCSP_NO_CHECK: Final = "1.3.6.1.5.5.7.48.1.5"
SEAL_LIFE: Final = timedelta(days=5 * 366)
PERSON_LIFE: Final = timedelta(days=3 * 366)
"""The longest that a certificate of a seal or a person may last."""

_ROOT_LIFE, _ISSUING_LIFE, _MAKER_LIFE = timedelta(days=7300), timedelta(days=3650), timedelta(days=1826)
_REPORTS_LIFE: Final = timedelta(days=1826)
_OCSP_LIFE: Final = timedelta(days=90)  # short: nobody asks whether a responder was revoked (RFC 6960 §4.2.2.2.1)
USED_FOR: Final[dict[Role, timedelta]] = {
    "issuing": timedelta(days=1800),  # so that a seal of five years still ends before its issuer
    "maker": timedelta(days=1461),
    "tsa": timedelta(days=366),
    "ocsp": timedelta(days=60),
    "reports": timedelta(days=366),
}
"""How long a certificate of each renewable role signs before the next one takes over."""
KEEPS_KEY: Final[frozenset[Role]] = frozenset({"issuing"})
"""Renewed over the same name and key: what was issued before goes on leading to it, and one list covers all."""
LINTED_AS: Final[dict[Role, Purpose]] = {
    "root": "root",
    "issuing": "issuing",
    "maker": "signer",
    "tsa": "tsa",
    "ocsp": "ocsp",
    "reports": "signer",
}
_CA_USAGE: Final = ("key_cert_sign", "crl_sign")
_SIGNER_USAGE: Final = ("digital_signature", "non_repudiation")
_ANSWERING_USAGE: Final[tuple[KeyUsage, ...]] = ("digital_signature",)


def root_name(family: Family) -> str:
    """The name of a family's root: `sm2-root`, `p256-root`."""
    return f"{family}-root"


def issuing_name(family: Family) -> str:
    """The name of a family's issuing authority: `sm2-issuing`, `p256-issuing`."""
    return f"{family}-issuing"


def tsa_name(family: Family) -> str:
    """The name of a family's time-stamping certificate."""
    return f"{family}-tsa"


def ocsp_name(family: Family) -> str:
    """The name of the certificate that answers for a family's issuing authority."""
    return f"{family}-ocsp"


@dataclass(frozen=True)
class OwnName:
    """One of the authority's own certificates: what it is for, and who issues it."""

    name: str
    role: Role
    family: Family

    @property
    def issuer(self) -> str:
        """The name of the issuer; a root's own."""
        return root_name(self.family) if self.role in ("root", "issuing") else issuing_name(self.family)


def own_names(family: Family) -> tuple[OwnName, ...]:
    """What a family consists of, issuers first."""
    names = [
        OwnName(root_name(family), "root", family),
        OwnName(issuing_name(family), "issuing", family),
        OwnName(ocsp_name(family), "ocsp", family),
    ]
    if family != "rsa":  # imprints in SHA-2 are stamped with P-256
        names.append(OwnName(tsa_name(family), "tsa", family))
    if family == "p256":
        names.append(OwnName(REPORTS, "reports", family))
    if family == "sm2":
        names.append(OwnName(MAKER, "maker", family))
    return tuple(names)


def all_own_names() -> dict[str, OwnName]:
    """Every name that can be, by name."""
    return {own.name: own for family in ALL_FAMILIES for own in own_names(family)}


@dataclass(frozen=True)
class Naming:
    """How the authority calls itself, and where it publishes (no slash at the end)."""

    organisation: str
    public_url: str

    def own(self, own: OwnName, spki: bytes, now: datetime, issuer_end: datetime | None) -> CertificateRequestProfile:
        """One of the authority's own; `issuer_end` is when its issuer's certificate ends, None for a root."""
        family = own.family
        match own.role:
            case "root":
                return self._root(family, spki, now)
            case "issuing":
                return self._issuing(family, spki, now, _before(now + _ISSUING_LIFE, issuer_end))
            case "maker":
                subject = self._subject("Seal Maker")
                return self._signer(family, subject, spki, (now, _before(now + _MAKER_LIFE, issuer_end)))
            case "reports":
                subject = self._subject(f"Verification Reports {now:%Y%m%d}")
                profile = self._signer(family, subject, spki, (now, _before(now + _REPORTS_LIFE, issuer_end)))
                return replace(profile, extended_key_usage=(DOCUMENT_SIGNING,))
            case "tsa":
                return self._tsa(family, spki, now, issuer_end or now + _ISSUING_LIFE)
            case "ocsp":
                return self._ocsp(family, spki, now, _before(now + _OCSP_LIFE, issuer_end))

    def seal(
        self, family: Family, *, code: str, owner: str, spki: bytes, period: tuple[datetime, datetime]
    ) -> CertificateRequestProfile:
        """A seal's signer: common name is the seal code, organisation is the owner, as on real seals.

        It says what it is for: who seals documents must not be taken for a maker of seals.
        """
        profile = self._signer(family, {"C": "CN", "O": owner[:64], "CN": code}, spki, period)
        return replace(profile, extended_key_usage=(DOCUMENT_SIGNING,))

    def person(
        self, family: Family, *, name: str, organisation: str, spki: bytes, period: tuple[datetime, datetime]
    ) -> CertificateRequestProfile:
        """A person's signer, for documents. It names the person and, for an officer, the organisation; no numbers."""
        subject = {"C": "CN", **({"O": organisation[:64]} if organisation else {}), "CN": name[:64]}
        return replace(self._signer(family, subject, spki, period), extended_key_usage=(DOCUMENT_SIGNING,))

    def _root(self, family: Family, spki: bytes, now: datetime) -> CertificateRequestProfile:
        return CertificateRequestProfile(
            subject=self._subject(f"{family.upper()} Root CA"),
            public_spki=spki,
            not_before=now - BACKDATING,
            not_after=now + _ROOT_LIFE,
            ca=True,
            key_usage=_CA_USAGE,
        )

    def _issuing(self, family: Family, spki: bytes, now: datetime, end: datetime) -> CertificateRequestProfile:
        return CertificateRequestProfile(
            subject=self._subject(f"{family.upper()} Seal CA"),
            public_spki=spki,
            not_before=now - BACKDATING,
            not_after=end,
            ca=True,
            path_length=0,
            key_usage=_CA_USAGE,
            crl_urls=self._crls(root_name(family)),
            issuer_urls=self._certificates(root_name(family)),
        )

    def _tsa(self, family: Family, spki: bytes, now: datetime, end: datetime) -> CertificateRequestProfile:
        """Lasts as long as its issuer, so that old stamps stay easy to judge; its key signs for a year alone."""
        return CertificateRequestProfile(
            subject=self._subject(f"{family.upper()} Time Stamping {now:%Y%m%d}"),
            public_spki=spki,
            not_before=now - BACKDATING,
            not_after=end,
            key_usage=_ANSWERING_USAGE,
            extended_key_usage=(TIME_STAMPING,),
            crl_urls=self._crls(issuing_name(family)),
            ocsp_urls=self._ocsp_urls(),
            issuer_urls=self._certificates(issuing_name(family)),
        )

    def _ocsp(self, family: Family, spki: bytes, now: datetime, end: datetime) -> CertificateRequestProfile:
        return CertificateRequestProfile(
            subject=self._subject(f"{family.upper()} OCSP Responder {now:%Y%m%d}"),
            public_spki=spki,
            not_before=now - BACKDATING,
            not_after=end,
            key_usage=_ANSWERING_USAGE,
            extended_key_usage=(OCSP_SIGNING,),
            issuer_urls=self._certificates(issuing_name(family)),
            extra_extensions=(Extension(OCSP_NO_CHECK, False, null()),),
        )

    def _signer(
        self, family: Family, subject: dict[str, str], spki: bytes, period: tuple[datetime, datetime]
    ) -> CertificateRequestProfile:
        return CertificateRequestProfile(
            subject=subject,
            public_spki=spki,
            not_before=period[0] - BACKDATING,
            not_after=period[1],
            key_usage=_SIGNER_USAGE,
            crl_urls=self._crls(issuing_name(family)),
            ocsp_urls=self._ocsp_urls(),
            issuer_urls=self._certificates(issuing_name(family)),
        )

    def _subject(self, common_name: str) -> dict[str, str]:
        return {"C": "CN", "O": self.organisation, "CN": f"{self.organisation} {common_name}"}

    def _crls(self, name: str) -> tuple[str, ...]:
        return (f"{self.public_url}/ca/{name}.crl",)

    def _ocsp_urls(self) -> tuple[str, ...]:
        return (f"{self.public_url}/ca/ocsp",)

    def _certificates(self, name: str) -> tuple[str, ...]:
        return (f"{self.public_url}/ca/{name}.cer",)


def _before(end: datetime, issuer_end: datetime | None) -> datetime:
    return min(end, issuer_end) if issuer_end else end


def seal_key_name(seal_id: str, family: Family) -> str:
    """Where the key of a seal is kept."""
    return f"seal-{seal_id}-{family}"


def family_of(certificate: bytes) -> Family:
    """The family that a signer's certificate (DER) is of; raises CertificateUnreadable, InvalidInput for none."""
    algorithm = Certificate.load(certificate).public_key().algorithm
    for family, name in ALGORITHMS.items():
        if name == algorithm:
            return family
    raise InvalidInput("Keys of this kind are not certified here.", reason=algorithm)
