"""What a receipt says, and who signs it."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol


class ReceiptSigner(Protocol):
    """Signs receipts with a key that verification never sees; `seal.client.Sealer` is one."""

    async def sign_receipt(self, claims: Mapping[str, object]) -> str:
        """A compact JWS over these claims, its header naming the key (`kid`) and `typ`."""
        ...


def report_digest(report: Mapping[str, object]) -> str:
    """SHA-256 (hex) of the report without its receipt and where it is kept: members sorted, no spaces, UTF-8."""
    bare = {name: value for name, value in report.items() if name not in ("receipt", "kept")}
    canonical = json.dumps(bare, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def receipt_claims(report: Mapping[str, Any], *, issuer: str) -> dict[str, Any]:
    """The claims of a receipt: what was judged, how it ended, when, and the digest of the whole report."""
    claims: dict[str, Any] = {
        "iss": issuer,
        "iat": int(datetime.fromisoformat(report["checked_at"]).timestamp()),
        "report_digest": {"sha-256": report_digest(report)},
        "document_digest": report["document"]["digest"],
        "indication": report["indication"],
        "code": report["code"],
    }
    if report.get("sub_indication"):
        claims["sub_indication"] = report["sub_indication"]
    return claims
