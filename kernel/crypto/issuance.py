"""Issuing certificates and CRLs (RFC 5280, GM/T 0015). Needs a SigningKey handle, never the key itself.

Everything is read back and verified before it is returned.
"""

import hashlib
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from kernel.crypto.certificates import Certificate
from kernel.crypto.der import extensions as ext
from kernel.crypto.der import reader, writer
from kernel.crypto.der.algorithms import SIGNATURES
from kernel.crypto.der.extensions import Extension, KeyUsage
from kernel.crypto.der.names import Name
from kernel.crypto.revocation.crl import Crl, Revocation
from kernel.crypto.signatures import SigningKey
from kernel.errors import IntegrityError, InvalidInput


@dataclass(frozen=True)
class CertificateRequestProfile:
    """What a certificate shall say.

    `subject`: labels (`C`, `O`, `OU`, `CN`, …) to text, in order. `path_length` only for a CA. `extended_key_usage`:
    dotted purposes. `serial`: random 128 bits when None. `extra_extensions`: anything else, as DER.
    """

    subject: Mapping[str, str]
    public_spki: bytes
    not_before: datetime
    not_after: datetime
    ca: bool = False
    path_length: int | None = None
    key_usage: Collection[KeyUsage] = ()
    extended_key_usage: Sequence[str] = ()
    dns_names: Sequence[str] = ()
    crl_urls: Sequence[str] = ()
    ocsp_urls: Sequence[str] = ()
    issuer_urls: Sequence[str] = ()
    serial: int | None = None
    extra_extensions: Sequence[Extension] = field(default=())


@dataclass(frozen=True)
class CrlProfile:
    """What a CRL shall say. `number` must grow with every list of the same issuer."""

    number: int
    this_update: datetime
    next_update: datetime
    revocations: Sequence[Revocation] = ()
    keeps_expired_since: datetime | None = None
    """Certificates that expired then or later stay listed (X.509 §9.5.2.8)."""


def issue_certificate(
    profile: CertificateRequestProfile, issuer: Certificate | None, issuer_key: SigningKey
) -> Certificate:
    """Issue a certificate signed by `issuer_key`; without `issuer` it is self-signed.

    Raises InvalidInput for a profile that makes no sense, IntegrityError if the result does not verify.
    """
    tbs = build_tbs(profile, issuer, issuer_key)
    certificate = Certificate.load(sign_tbs(tbs, SIGNATURES[issuer_key.algorithm], issuer_key))
    certificate.verify_issued_by(issuer or certificate)
    if certificate.is_ca != profile.ca or certificate.spki != profile.public_spki:
        raise IntegrityError("The issued certificate does not say what it should.")
    return certificate


def build_tbs(profile: CertificateRequestProfile, issuer: Certificate | None, issuer_key: SigningKey) -> bytes:
    """The DER TBSCertificate that `issuer_key` is to sign; raises InvalidInput. The key signs nothing here."""
    _check_profile(profile, issuer, issuer_key)
    try:
        subject = Name.build(profile.subject)
        extensions = _extensions(profile, issuer)
    except (ValueError, UnicodeEncodeError) as error:
        raise InvalidInput("The certificate profile is not valid.", reason=str(error)) from error
    return writer.sequence(
        writer.explicit(0, writer.integer(2)),
        writer.integer(profile.serial if profile.serial is not None else new_serial()),
        SIGNATURES[issuer_key.algorithm],
        issuer.subject.der if issuer else subject.der,
        writer.sequence(writer.time(profile.not_before), writer.time(profile.not_after)),
        subject.der,
        profile.public_spki,
        writer.explicit(3, writer.sequence(*(extension.encoded() for extension in extensions))),
    )


def issue_crl(profile: CrlProfile, issuer: Certificate, issuer_key: SigningKey) -> Crl:
    """Issue a full version 2 CRL; raises InvalidInput, or InvalidSignature when the key is not the issuer's."""
    if profile.next_update <= profile.this_update:
        raise InvalidInput("The next update must come after this one.")
    algorithm = SIGNATURES[issuer_key.algorithm]
    number = Extension(ext.CRL_NUMBER, False, writer.integer(profile.number))
    extensions = [ext.authority_key_identifier(issuer.ski), number] if issuer.ski else [number]
    if profile.keeps_expired_since is not None:
        since = writer.generalized_time(profile.keeps_expired_since)
        extensions.append(Extension(ext.EXPIRED_CERTS_ON_CRL, False, since))
    revoked = [writer.sequence(*(_entry(each) for each in profile.revocations))] if profile.revocations else []
    tbs = writer.sequence(
        writer.integer(1),
        algorithm,
        issuer.subject.der,
        writer.time(profile.this_update),
        writer.time(profile.next_update),
        *revoked,
        writer.explicit(0, writer.sequence(*(extension.encoded() for extension in extensions))),
    )
    crl = Crl.load(sign_tbs(tbs, algorithm, issuer_key))
    crl.verify(issuer)
    return crl


def new_serial() -> int:
    """A random positive 128-bit number, never 0 (RFC 5280 §4.1.2.2 allows 20 octets)."""
    return secrets.randbits(127) | 1 << 127


def key_identifier(spki: bytes) -> bytes:
    """RFC 7093 §2 method 1: the leftmost 160 bits of SHA-256 over the key's bits."""
    bits = reader.bit_string(reader.read_element(spki).children(reader.SEQUENCE)[1])
    return hashlib.sha256(bits).digest()[:20]


def _check_profile(profile: CertificateRequestProfile, issuer: Certificate | None, issuer_key: SigningKey) -> None:
    if profile.not_after <= profile.not_before:
        raise InvalidInput("The certificate must end after it begins.")
    if profile.path_length is not None and not profile.ca:
        raise InvalidInput("Only a CA certificate has a path length.")
    if ("key_cert_sign" in profile.key_usage) != profile.ca:
        raise InvalidInput("A CA certificate, and no other, is for signing certificates.")
    if profile.serial is not None and not 0 < profile.serial < 1 << 159:
        raise InvalidInput("The serial number must be positive and at most 20 octets.")
    if issuer is not None and not issuer.is_ca:
        raise InvalidInput("The issuer's certificate may not issue certificates.")
    signer_spki = issuer.spki if issuer else profile.public_spki
    if signer_spki != issuer_key.public_spki:
        raise InvalidInput("The signing key is not the issuer's.")


def _extensions(profile: CertificateRequestProfile, issuer: Certificate | None) -> list[Extension]:
    own_identifier = key_identifier(profile.public_spki)
    extensions = [
        ext.basic_constraints(profile.ca, profile.path_length),
        ext.subject_key_identifier(own_identifier),
    ]
    issuer_identifier = issuer.ski if issuer else own_identifier
    if issuer_identifier:
        extensions.append(ext.authority_key_identifier(issuer_identifier))
    if profile.key_usage:
        extensions.append(ext.key_usage(profile.key_usage))
    if profile.extended_key_usage:
        extensions.append(_extended_key_usage(profile.extended_key_usage))
    if profile.dns_names:
        extensions.append(ext.dns_names(profile.dns_names))
    if profile.crl_urls:
        extensions.append(ext.crl_distribution_points(profile.crl_urls))
    if profile.ocsp_urls or profile.issuer_urls:
        extensions.append(ext.authority_information_access(profile.ocsp_urls, profile.issuer_urls))
    return [*extensions, *profile.extra_extensions]


def _extended_key_usage(purposes: Sequence[str]) -> Extension:
    """RFC 3161 §2.3 wants a time-stamping certificate's one purpose critical."""
    return ext.extended_key_usage(purposes, critical=list(purposes) == ["1.3.6.1.5.5.7.3.8"])


def _entry(revocation: Revocation) -> bytes:
    parts = [writer.integer(revocation.serial), writer.time(revocation.revoked_at)]
    if revocation.reason is not None:
        reason = Extension(ext.REASON_CODE, False, writer.enumerated(revocation.reason))
        parts.append(writer.sequence(reason.encoded()))
    return writer.sequence(*parts)


def sign_tbs(tbs: bytes, algorithm: bytes, key: SigningKey) -> bytes:
    """Certificate or CertificateList: what is signed, the algorithm, the signature."""
    return writer.sequence(tbs, algorithm, writer.bit_string(key.sign(tbs)))
