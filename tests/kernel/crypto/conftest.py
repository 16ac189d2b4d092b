"""Keys, a small PKI and the OpenSSL program as a foreign judge."""

import base64
import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kernel.crypto.issuance import CrlProfile, issue_crl
from kernel.crypto.private_keys import PrivateKey, generate_key
from kernel.crypto.revocation.crl import Crl, Revocation
from kernel.crypto.signatures import SigningAlgorithm
from tests.kernel.crypto.pki import NOW, Pki, build_pki

VECTORS = Path(__file__).parents[2] / "vectors" / "crypto"
ALGORITHMS: list[SigningAlgorithm] = ["SM2-SM3", "ES256", "RS256", "Ed25519"]


@pytest.fixture(scope="session")
def vectors() -> Callable[[str], Any]:
    """The vectors of one file by its name."""
    return lambda name: json.loads((VECTORS / f"{name}.json").read_text("utf-8"))


@pytest.fixture(scope="session")
def keys() -> dict[SigningAlgorithm, PrivateKey]:
    """One key pair of each kind, made once."""
    return {algorithm: generate_key(algorithm) for algorithm in ALGORITHMS}


@pytest.fixture(scope="session")
def sm2_pki() -> Pki:
    return build_pki("SM2-SM3")


@dataclass(frozen=True)
class OpenSsl:
    """The `openssl` program in a directory of its own."""

    directory: Path

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["openssl", *arguments], cwd=self.directory, capture_output=True, text=True, check=False)

    def write(self, name: str, content: bytes) -> str:
        (self.directory / name).write_bytes(content)
        return name

    def write_pem(self, name: str, label: str, der: bytes) -> str:
        body = base64.encodebytes(der).decode()
        return self.write(name, f"-----BEGIN {label}-----\n{body}-----END {label}-----\n".encode())

    def read(self, name: str) -> bytes:
        return (self.directory / name).read_bytes()


@pytest.fixture
def openssl(tmp_path: Path) -> OpenSsl:
    return OpenSsl(tmp_path)


@pytest.fixture(scope="session")
def sm2_crl(sm2_pki: Pki) -> Crl:
    """A list on which the leaf is."""
    revocations = [Revocation(sm2_pki.leaf.serial, NOW, 4)]
    return issue_crl(
        CrlProfile(7, NOW, NOW + timedelta(days=1), revocations), sm2_pki.intermediate, sm2_pki.intermediate_key
    )
