"""The trust list as it is published."""

from typing import Any

from verify.receipt.receipt import ReceiptSigner
from verify.trust_list.source import TrustSource


class TrustListPublication:
    """Gives the list with a signature over its digest, so that a mirror cannot change it unnoticed."""

    def __init__(self, *, source: TrustSource, signer: ReceiptSigner, issuer: str) -> None:
        self._source = source
        self._signer = signer
        self._issuer = issuer

    async def current(self) -> dict[str, Any]:
        """The list as JSON; `signature` is a compact JWS over issuer, time and digest."""
        trust = await self._source.published()
        document = trust.to_json()
        claims = {"iss": self._issuer, "iat": int(trust.issued_at.timestamp()), "digest": document["digest"]}
        return document | {"signature": await self._signer.sign_receipt(claims)}
