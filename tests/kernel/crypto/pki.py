"""A small PKI to test with: profiles valid around NOW, and a root, an intermediate and a leaf."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from kernel.crypto.certificates import Certificate
from kernel.crypto.issuance import CertificateRequestProfile, issue_certificate
from kernel.crypto.private_keys import PrivateKey, generate_key
from kernel.crypto.signatures import SigningAlgorithm

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Pki:
    """A root, an intermediate and a leaf with their keys."""

    root: Certificate
    root_key: PrivateKey
    intermediate: Certificate
    intermediate_key: PrivateKey
    leaf: Certificate
    leaf_key: PrivateKey


def profile(key: PrivateKey, name: str, **changes: Any) -> CertificateRequestProfile:
    """An end-entity profile for `key`, valid around NOW, with `changes`."""
    values: dict[str, Any] = {
        "subject": {"C": "CN", "O": "测试机构", "CN": name},
        "public_spki": key.public_spki,
        "not_before": NOW - timedelta(days=30),
        "not_after": NOW + timedelta(days=3650),
        "key_usage": {"digital_signature", "non_repudiation"},
    }
    return CertificateRequestProfile(**{**values, **changes})


def ca_profile(key: PrivateKey, name: str, **changes: Any) -> CertificateRequestProfile:
    return profile(key, name, **{"ca": True, "key_usage": {"key_cert_sign", "crl_sign"}, **changes})


def build_pki(algorithm: SigningAlgorithm) -> Pki:
    root_key, intermediate_key, leaf_key = (generate_key(algorithm) for _ in range(3))
    root = issue_certificate(ca_profile(root_key, "Root"), None, root_key)
    intermediate = issue_certificate(ca_profile(intermediate_key, "Issuing", path_length=0), root, root_key)
    leaf = issue_certificate(profile(leaf_key, "电子印章 33010600000001"), intermediate, intermediate_key)
    return Pki(root, root_key, intermediate, intermediate_key, leaf, leaf_key)
