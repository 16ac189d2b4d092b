"""Offers and the tokens that they are exchanged for. The store knows hashes alone: who reads it takes nothing.

An offer is good for five minutes and for one token. Its code travels in the QR code, which somebody may photograph; so
the wallet must also send six digits that stand beside it, and three wrong attempts end the offer.
"""

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass

from kernel.ephemeral.store import EphemeralStore
from licence_vault.wallets.errors import WalletError

OFFER_SECONDS, TOKEN_SECONDS, NONCE_SECONDS = 300, 300, 300
DIGITS, ATTEMPTS = 6, 3
CREDENTIALS_PER_TOKEN = 5
WRONG = "The pre-authorized code is unknown, used or over, or the transaction code is wrong."


@dataclass(frozen=True)
class Offered:
    """What an offer or a token is for: the licence, and the holder who made it."""

    licence_id: str
    configuration: str
    subject: str


@dataclass(frozen=True)
class Offer:
    """An offer just made: `id` for its address, the digits to show beside it."""

    id: str
    digits: str


class Offers:
    """Makes offers, opens them, exchanges them."""

    def __init__(self, store: EphemeralStore) -> None:
        self._store = store

    async def make(self, offered: Offered) -> Offer:
        """A new offer."""
        offer_id, digits = secrets.token_urlsafe(24), f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        code = _code(offer_id)
        record = vars(offered) | {"digits": _bound(code, digits)}
        await self._store.put(_key("offer", code), json.dumps(record).encode(), OFFER_SECONDS)
        return Offer(offer_id, digits)

    async def open(self, offer_id: str) -> tuple[str, Offered] | None:
        """The pre-authorized code of an offer and what it is for; None when it is over or never was."""
        code = _code(offer_id)
        data = await self._store.get(_key("offer", code))
        return (code, _offered(json.loads(data))) if data is not None else None

    async def redeem(self, code: str, digits: str) -> tuple[str, Offered]:
        """An access token for a code. Raises WalletError; of two wallets one gets the token."""
        key = _key("offer", code)
        data = await self._store.get(key)
        if data is None:
            raise WalletError("invalid_grant", WRONG)
        record = json.loads(data)
        if await self._store.increment(_key("attempts", code), OFFER_SECONDS) > ATTEMPTS:
            await self._store.delete(key)
            raise WalletError("invalid_grant", WRONG)
        if not hmac.compare_digest(record["digits"], _bound(code, digits)):
            raise WalletError("invalid_grant", WRONG)
        if await self._store.take(key) is None:
            raise WalletError("invalid_grant", WRONG)
        token = secrets.token_urlsafe(32)
        offered = _offered(record)
        await self._store.put(_key("token", token), json.dumps(vars(offered)).encode(), TOKEN_SECONDS)
        return token, offered

    async def of_token(self, token: str) -> Offered:
        """What a token is for. Raises WalletError."""
        data = await self._store.get(_key("token", token))
        if data is None:
            raise WalletError("invalid_token", "The access token is unknown or over.", status=401)
        return _offered(json.loads(data))

    async def count_use(self, token: str) -> None:
        """A wallet that lost the answer may ask again, but not without end. Raises WalletError."""
        if await self._store.increment(_key("uses", token), TOKEN_SECONDS) > CREDENTIALS_PER_TOKEN:
            raise WalletError("invalid_token", "The access token was used too often.", status=401)

    async def spend_nonce(self, nonce: str) -> bool:
        """Whether this nonce is used for the first time."""
        return await self._store.add(_key("nonce", nonce), b"1", NONCE_SECONDS * 2)


def _offered(record: dict[str, str]) -> Offered:
    return Offered(record["licence_id"], record["configuration"], record["subject"])


def _code(offer_id: str) -> str:
    """The code is worked out of the offer's address, so that it need not be kept."""
    return hashlib.sha256(f"pre-authorized code {offer_id}".encode()).hexdigest()


def _bound(code: str, digits: str) -> str:
    return hmac.digest(code.encode(), digits.encode(), "sha256").hex()


def _key(kind: str, secret: str) -> str:
    return f"wallet:{kind}:" + hashlib.sha256(secret.encode()).hexdigest()
