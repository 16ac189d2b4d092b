"""What a verifier trusts and knows: anchors, helpful intermediates, revocation lists, and the standing of seals."""

import hashlib
import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal, Self, TypeVar

from kernel.crypto.certificates import Certificate
from kernel.crypto.revocation.crl import Crl
from kernel.crypto.revocation.ocsp import OcspResponse
from kernel.errors import ConfigurationError, InvalidInput

T = TypeVar("T")

SealState = Literal["active", "suspended", "revoked"]
_CERTIFICATES = frozenset({".cer", ".crt", ".der", ".pem"})
_RESPONSES = frozenset({".ocsp", ".ors", ".der"})
_LISTS = frozenset({".crl"})
_PEM = re.compile(rb"-----BEGIN (CERTIFICATE|X509 CRL)-----(.+?)-----END \1-----", re.DOTALL)


@dataclass(frozen=True)
class SealStatus:
    """The standing of a seal and since when, as its register publishes it.

    `as_of` is set when that word is too old to be relied on: the moment it speaks of. `seals` are the digests of the
    seals that have this code, `makers` and `signers` the fingerprints of their makers' and signers' certificates
    (SHA-256 over DER, hex); None where the register does not tell. `all_told`: there are no others, since the register
    is the one that gave the code.
    """

    state: SealState
    since: datetime
    as_of: datetime | None = None
    seals: frozenset[str] | None = None
    makers: frozenset[str] = frozenset()
    signers: frozenset[str] | None = None
    all_told: bool = True

    def knows_seal(self, esl: bytes) -> bool:
        """Whether this may be the seal (DER SESeal) that is spoken of."""
        return self.seals is None or hashlib.sha256(esl).hexdigest() in self.seals

    def knows_signer(self, certificate: bytes) -> bool:
        """Whether the seal may sign with this certificate (DER)."""
        return self.signers is None or hashlib.sha256(certificate).hexdigest() in self.signers


class PublishedStatuses(dict[str, SealStatus]):
    """The standing of every seal by its code, as `TrustStore` looks it up; can be sent to another process."""

    __call__ = dict.get


SealStatusLookup = Callable[[str], SealStatus | None]
"""From a seal code to its standing; `None` when the register does not know the seal."""


@dataclass(frozen=True)
class TrustStore:
    """Anchors are trusted; intermediates only help to find a chain and are checked like any certificate.

    `timestamp_anchors` are trusted for time stamps alone; `empty_id_anchors` as `anchors` are, but they and their
    authorities may have signed with an empty SM2 signer ID. `signer_anchors` are those of `anchors` that are trusted
    for signers alone: nobody below them makes seals.
    """

    anchors: tuple[Certificate, ...] = ()
    intermediates: tuple[Certificate, ...] = ()
    crls: tuple[Crl, ...] = ()
    seal_status: SealStatusLookup | None = None
    timestamp_anchors: tuple[Certificate, ...] = ()
    ocsp_responses: tuple[OcspResponse, ...] = ()
    empty_id_anchors: tuple[Certificate, ...] = ()
    signer_anchors: tuple[Certificate, ...] = ()

    def for_timestamps(self) -> Self:
        """The same, with the roots of outside time-stamp authorities: those are trusted for time stamps alone."""
        return replace(self, anchors=(*self.anchors, *self.timestamp_anchors), timestamp_anchors=())

    def for_makers(self) -> Self:
        """The same, without the roots that only signers may stand below."""
        return replace(self, anchors=tuple(each for each in self.anchors if each not in self.signer_anchors))

    def with_evidence(
        self,
        *,
        certificates: Iterable[Certificate] = (),
        crls: Iterable[Crl] = (),
        ocsp_responses: Iterable[OcspResponse] = (),
    ) -> Self:
        """The same, with what a document carries for its own verification; none of it is trusted, all is checked."""
        return replace(
            self,
            intermediates=(*self.intermediates, *certificates),
            crls=(*self.crls, *crls),
            ocsp_responses=(*self.ocsp_responses, *ocsp_responses),
        )

    @classmethod
    def load(cls, directory: Path, *, seal_status: SealStatusLookup | None = None) -> Self:
        """Read DER and PEM files: anchors in the directory or its `anchors/`, `intermediates/`, lists in `crls/`, OCSP
        responses in `ocsp/`, the roots of outside time-stamp authorities in `timestamp-anchors/`, those of SM2
        authorities that sign with an empty signer ID in `anchors-with-empty-id/`.

        Raises `ConfigurationError` naming the file that cannot be read, or the directory when it is not there.
        """
        if not directory.is_dir():
            raise ConfigurationError("The trust directory {path} is not there.", path=str(directory))
        lists = _files(directory, _LISTS) + _files(directory / "crls", _LISTS)
        store = cls(
            anchors=(*load_certificates(directory), *load_certificates(directory / "anchors")),
            intermediates=load_certificates(directory / "intermediates"),
            crls=tuple(_load(path, Crl.load, der) for path in lists for der in _ders(path)),
            seal_status=seal_status,
        )
        return store.with_extras(directory)

    def with_extras(self, directory: Path) -> Self:
        """The same, with what lies in a trust directory beside what is written there: `ocsp/`, `signer-anchors/`,
        `timestamp-anchors/`, `anchors-with-empty-id/`. Raises `ConfigurationError` naming the file that cannot be read.
        """
        responses = _files(directory / "ocsp", _RESPONSES)
        signers = load_certificates(directory / "signer-anchors")
        return replace(
            self,
            anchors=(*self.anchors, *signers),
            signer_anchors=(*self.signer_anchors, *signers),
            timestamp_anchors=(*self.timestamp_anchors, *load_certificates(directory / "timestamp-anchors")),
            empty_id_anchors=(*self.empty_id_anchors, *load_certificates(directory / "anchors-with-empty-id")),
            ocsp_responses=(
                *self.ocsp_responses,
                *(_load(path, OcspResponse.load, path.read_bytes()) for path in responses),
            ),
        )

    @classmethod
    def of(cls, *anchors: bytes, intermediates: tuple[bytes, ...] = (), crls: tuple[bytes, ...] = ()) -> Self:
        """A store from DER."""
        return cls(
            tuple(map(Certificate.load, anchors)),
            tuple(map(Certificate.load, intermediates)),
            tuple(map(Crl.load, crls)),
        )


def load_certificates(path: Path) -> tuple[Certificate, ...]:
    """Those in a DER or PEM file, or in a folder of them; none when it is not there. Raises ConfigurationError."""
    paths = [path] if path.is_file() else _files(path, _CERTIFICATES)
    return tuple(_load(each, Certificate.load, der) for each in paths for der in _ders(each))


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
