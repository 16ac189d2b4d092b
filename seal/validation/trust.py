"""What a verifier trusts and knows: anchors, helpful intermediates, revocation lists, and the standing of seals."""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, Self, TypeVar

from kernel.crypto.certificates import Certificate
from kernel.crypto.revocation.crl import Crl
from kernel.errors import ConfigurationError, InvalidInput

T = TypeVar("T")

SealState = Literal["active", "suspended", "revoked"]
_CERTIFICATES = frozenset({".cer", ".crt", ".der", ".pem"})
_LISTS = frozenset({".crl"})
_PEM = re.compile(rb"-----BEGIN (CERTIFICATE|X509 CRL)-----(.+?)-----END \1-----", re.DOTALL)


@dataclass(frozen=True)
class SealStatus:
    """The standing of a seal and since when, as its register publishes it."""

    state: SealState
    since: datetime


SealStatusLookup = Callable[[str], SealStatus | None]
"""From a seal code to its standing; `None` when the register does not know the seal."""


@dataclass(frozen=True)
class TrustStore:
    """Anchors are trusted; intermediates only help to find a chain and are checked like any certificate."""

    anchors: tuple[Certificate, ...] = ()
    intermediates: tuple[Certificate, ...] = ()
    crls: tuple[Crl, ...] = ()
    seal_status: SealStatusLookup | None = None

    @classmethod
    def load(cls, directory: Path, *, seal_status: SealStatusLookup | None = None) -> Self:
        """Read DER and PEM files: anchors in the directory or its `anchors/`, `intermediates/`, and lists in `crls/`.

        Raises `ConfigurationError` naming the file that cannot be read, or the directory when it is not there.
        """
        if not directory.is_dir():
            raise ConfigurationError("The trust directory {path} is not there.", path=str(directory))
        anchors = _files(directory, _CERTIFICATES) + _files(directory / "anchors", _CERTIFICATES)
        helpers = _files(directory / "intermediates", _CERTIFICATES)
        lists = _files(directory, _LISTS) + _files(directory / "crls", _LISTS)
        return cls(
            anchors=tuple(_load(path, Certificate.load, der) for path in anchors for der in _ders(path)),
            intermediates=tuple(_load(path, Certificate.load, der) for path in helpers for der in _ders(path)),
            crls=tuple(_load(path, Crl.load, der) for path in lists for der in _ders(path)),
            seal_status=seal_status,
        )

    @classmethod
    def of(cls, *anchors: bytes, intermediates: tuple[bytes, ...] = (), crls: tuple[bytes, ...] = ()) -> Self:
        """A store from DER."""
        return cls(
            tuple(map(Certificate.load, anchors)),
            tuple(map(Certificate.load, intermediates)),
            tuple(map(Crl.load, crls)),
        )


def _files(directory: Path, suffixes: frozenset[str]) -> list[Path]:
    if not directory.is_dir():
        return []
    return sorted(path for path in directory.iterdir() if path.suffix.lower() in suffixes and path.is_file())


def _ders(path: Path) -> list[bytes]:
    data = path.read_bytes()
    if b"-----BEGIN" not in data:
        return [data]
    try:
        return [b64decode(body) for _kind, body in _PEM.findall(data)]
    except (Base64Error, ValueError) as failure:
        raise ConfigurationError("The file {path} cannot be read.", path=str(path)) from failure


def _load(path: Path, load: Callable[[bytes], T], der: bytes) -> T:
    try:
        return load(der)
    except InvalidInput as failure:
        raise ConfigurationError("The file {path} cannot be read.", path=str(path), reason=failure.reason) from failure
