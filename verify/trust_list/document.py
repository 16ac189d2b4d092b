"""The trust list's shape, in memory and as JSON."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kernel.errors import InvalidInput

UNREADABLE = "The trust list cannot be read. Fetch or export it again."


@dataclass(frozen=True)
class Anchor:
    """A certificate that chains may end at: DER, and the name its operator gave it."""

    name: str
    certificate: bytes

    @property
    def sha256(self) -> str:
        """Fingerprint, hex."""
        return hashlib.sha256(self.certificate).hexdigest()

    def to_json(self) -> dict[str, str]:
        """A member of the published list."""
        return {"name": self.name, "certificate": _text(self.certificate), "sha256": self.sha256}


@dataclass(frozen=True)
class QrKey:
    """A published key: `kid` as in the COSE header of QR codes (hex), `spki` DER, `algorithm` ES256 or SM2-SM3."""

    kid: str
    algorithm: str
    spki: bytes
    issuer: str

    def to_json(self) -> dict[str, str]:
        """One member of `qr-keys.json`."""
        spki = base64.b64encode(self.spki).decode()
        return {"kid": self.kid, "alg": self.algorithm, "spki": spki, "issuer": self.issuer}


@dataclass(frozen=True)
class PublishedSeal:
    """A seal that may stand in documents: its number and name, whose it is, its state, its DER certificate."""

    seal_id: str
    name: str
    owner: str
    status: str
    certificate: bytes
    seals: Sequence[str] = ()
    """SHA-256 (hex) of every seal that this number stands for."""
    makers: Sequence[str] = ()
    """Fingerprints (SHA-256, hex) of the certificates of those who made them."""


@dataclass(frozen=True)
class TrustList:
    """What verification believes at `issued_at`.

    `intermediates` (DER) are not trusted but help to find a chain; `crls` (DER) may be stale: their own dates say so.
    """

    issued_at: datetime
    anchors: Sequence[Anchor] = ()
    signer_anchors: Sequence[Anchor] = ()
    """Trusted for signers alone: whoever else their authority serves makes no seals."""
    intermediates: Sequence[bytes] = ()
    qr_keys: Sequence[QrKey] = ()
    receipt_keys: Sequence[QrKey] = ()
    status_keys: Sequence[QrKey] = ()
    credential_keys: Sequence[QrKey] = ()
    seals: Sequence[PublishedSeal] = ()
    crls: Sequence[bytes] = ()

    def to_json(self) -> dict[str, object]:
        """The published form; `digest` is SHA-256 over the rest, members sorted, no spaces."""
        body: dict[str, object] = {
            "version": 1,
            "issued_at": self.issued_at.isoformat(),
            "anchors": [each.to_json() for each in self.anchors],
            "signer_anchors": [each.to_json() for each in self.signer_anchors],
            "intermediates": [_text(each) for each in self.intermediates],
            "qr_keys": [each.to_json() for each in self.qr_keys],
            "receipt_keys": [each.to_json() for each in self.receipt_keys],
            "status_keys": [each.to_json() for each in self.status_keys],
            "credential_keys": [each.to_json() for each in self.credential_keys],
            "seals": [
                {
                    "id": each.seal_id,
                    "name": each.name,
                    "owner": each.owner,
                    "status": each.status,
                    "certificate": _text(each.certificate),
                    "seals": list(each.seals),
                    "makers": list(each.makers),
                }
                for each in self.seals
            ],
            "crls": [_text(each) for each in self.crls],
        }
        return body | {"digest": f"sha-256:{digest_of(body)}"}

    def qr_key(self, kid: str) -> Sequence[QrKey]:
        """Every key with this id; a reused id means trying all (a lesson of the DCC lists)."""
        return [key for key in self.qr_keys if key.kid == kid]


def digest_of(body: Mapping[str, object]) -> str:
    """SHA-256 (hex) of a list without its `digest` and `signature` members."""
    bare = {name: value for name, value in body.items() if name not in ("digest", "signature")}
    return hashlib.sha256(json.dumps(bare, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def read_qr_keys(text: bytes) -> list[QrKey]:
    """Read `qr-keys.json`; raises `InvalidInput`."""
    try:
        entries = json.loads(text)
        return [_read_key(entry) for entry in entries]
    except (ValueError, TypeError, KeyError) as failure:
        raise InvalidInput(UNREADABLE, reason=type(failure).__name__) from failure


def _read_key(entry: Mapping[str, Any]) -> QrKey:
    try:
        spki = base64.b64decode(entry["spki"], validate=True)
    except binascii.Error as failure:
        raise InvalidInput(UNREADABLE, reason="spki is not base64") from failure
    return QrKey(kid=str(entry["kid"]), algorithm=str(entry["alg"]), spki=spki, issuer=str(entry["issuer"]))


def _text(der: bytes) -> str:
    return base64.b64encode(der).decode()
