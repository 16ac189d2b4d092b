"""The trust list as files, for verifying where there is no server.

anchors/*.cer            DER or PEM, one certificate each
intermediates/*.cer      optional, the same
crls/*.crl               DER, optional
qr-keys.json             [{"kid", "alg", "spki" (base64 DER), "issuer"}]
status-keys.json         optional, the same for the keys of status lists
credential-keys.json     optional, the same for the keys of credentials and signed JSON
receipt-keys.json        optional, the same for the keys of receipts and reports
status/*.jwt             optional, status lists (Status List Tokens)
seal-status.jwt          optional, the standing of all seals, signed with one of the status keys
signer-anchors/*.cer     optional, roots that are trusted for signers alone, not for those who make seals
ocsp/, timestamp-anchors/, anchors-with-empty-id/   optional, see `TrustStore.with_extras`
trust-list.json          when and what was exported; for people and for its date
"""

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kernel.crypto.jose import InvalidToken
from kernel.errors import InvalidInput
from seal.seals.status_list import SealStatusList, load_status_list
from verify.trust_list.document import Anchor, QrKey, TrustList, read_qr_keys

SEAL_STATUS = "seal-status.jwt"
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)


@dataclass(frozen=True)
class TrustDirectory:
    """A directory holding a trust list."""

    path: Path
    trust: TrustList
    status_lists: Sequence[str] = ()
    """Status List Tokens as they lie there, not verified."""
    seal_status: SealStatusList | None = None
    """The standing of seals; its signature held."""

    @classmethod
    def load(cls, path: Path) -> "TrustDirectory":
        """Read it; raises `InvalidInput` naming the file that is missing or damaged."""
        if not path.is_dir():
            raise InvalidInput("There is no trust directory at {path}.", path=str(path))
        anchors = [Anchor(file.stem, _read_certificate(file)) for file in sorted(path.glob("anchors/*.cer"))]
        qr_keys = _read_keys(path / "qr-keys.json")
        if not anchors and not qr_keys:
            raise InvalidInput("{path} holds neither anchors/*.cer nor qr-keys.json.", path=str(path))
        trust = TrustList(
            issued_at=_issued_at(path),
            anchors=anchors,
            intermediates=[_read_certificate(file) for file in sorted(path.glob("intermediates/*.cer"))],
            qr_keys=qr_keys,
            status_keys=_read_keys(path / "status-keys.json"),
            credential_keys=_read_keys(path / "credential-keys.json"),
            receipt_keys=_read_keys(path / "receipt-keys.json"),
            crls=[file.read_bytes() for file in sorted(path.glob("crls/*.crl"))],
        )
        return cls(path, trust, _read_status_lists(path), _read_seal_status(path, trust))


def export_trust_list(
    trust: TrustList, path: Path, *, status_lists: Sequence[str] = (), seal_status: str | None = None
) -> None:
    """Write the directory, replacing what an earlier export wrote. Blocking.

    `status_lists` and `seal_status` are signed tokens: how licences and how seals stand.
    """
    _replace(path / "anchors", "cer", [anchor.certificate for anchor in trust.anchors])
    _replace(path / "signer-anchors", "cer", [anchor.certificate for anchor in trust.signer_anchors])
    _replace(path / "intermediates", "cer", trust.intermediates)
    _replace(path / "crls", "crl", trust.crls)
    _replace(path / "status", "jwt", [token.encode() for token in status_lists])
    _write_json(path / "qr-keys.json", [key.to_json() for key in trust.qr_keys])
    _write_json(path / "status-keys.json", [key.to_json() for key in trust.status_keys])
    _write_json(path / "credential-keys.json", [key.to_json() for key in trust.credential_keys])
    _write_json(path / "receipt-keys.json", [key.to_json() for key in trust.receipt_keys])
    _write_json(path / "trust-list.json", trust.to_json())
    if seal_status is not None:
        (path / SEAL_STATUS).write_text(seal_status, encoding="ascii")


def _replace(folder: Path, suffix: str, contents: Sequence[bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"*.{suffix}"):
        old.unlink()
    for number, content in enumerate(contents, start=1):
        (folder / f"{number:02d}.{suffix}").write_bytes(content)


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _read_keys(file: Path) -> list[QrKey]:
    return read_qr_keys(file.read_bytes()) if file.exists() else []


def _read_status_lists(path: Path) -> list[str]:
    return [file.read_text(encoding="ascii", errors="replace").strip() for file in sorted(path.glob("status/*.jwt"))]


def _read_seal_status(path: Path, trust: TrustList) -> SealStatusList | None:
    """Raises InvalidInput for one that nobody trusted signed: silence would let a suspended seal pass."""
    file = path / SEAL_STATUS
    if not file.exists():
        return None
    unverified = file.read_text(encoding="ascii", errors="replace").strip()
    try:
        return load_status_list(unverified, [key.spki for key in trust.status_keys])
    except InvalidToken as failure:
        message = "{file} was not signed by a trusted key, or was changed. Fetch it again."
        raise InvalidInput(message, file=SEAL_STATUS, reason=str(failure)) from failure


def _read_certificate(file: Path) -> bytes:
    data = file.read_bytes()
    found = _PEM.search(data)
    if found is None:
        return data
    try:
        return base64.b64decode(found.group(1))
    except ValueError as failure:
        raise InvalidInput("{file} is not a certificate.", file=file.name) from failure


def _issued_at(path: Path) -> datetime:
    """When the list was exported, so that its age can be shown; the oldest time there is when nobody wrote it down."""
    try:
        moment = datetime.fromisoformat(json.loads((path / "trust-list.json").read_bytes())["issued_at"])
    except (OSError, ValueError, KeyError, TypeError):
        return datetime.fromtimestamp(0, UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
