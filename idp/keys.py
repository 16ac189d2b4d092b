"""The keys that sign tokens: one current, the one before it still published, so that nothing signed yesterday fails.

`kid` is the RFC 7638 thumbprint. Keys live in the key store under `idp-token-<number>`; the highest number signs.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from kernel.crypto.jose import InvalidToken, JwkSet, public_jwk, sign_jwt, verify_jws
from kernel.crypto.keystore import KeyStore
from kernel.crypto.signatures import SigningKey
from kernel.errors import ConfigurationError, Conflict, NotFound

PREFIX = "idp-token-"
PUBLISHED = 2
FRESH_SECONDS = 1.0

TokenAlgorithm = Literal["ES256", "RS256"]


@dataclass(frozen=True)
class TokenKey:
    """One key with its public half as a JWK (RFC 7517)."""

    name: str
    jwk: Mapping[str, str]
    signing_key: SigningKey

    @property
    def kid(self) -> str:
        """The key's thumbprint."""
        return self.jwk["kid"]


class TokenKeys:
    """Signs and verifies our JWTs. Call `load` before anything else."""

    def __init__(
        self,
        store: KeyStore,
        algorithm: str = "ES256",
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if algorithm not in {"ES256", "RS256"}:
            raise ConfigurationError("Tokens are signed with ES256 or RS256.")
        self._store = store
        self._algorithm: TokenAlgorithm = "RS256" if algorithm == "RS256" else "ES256"
        self._keys: tuple[TokenKey, ...] = ()
        self._key_set = JwkSet(())
        self._monotonic = monotonic
        self._loaded_at = 0.0

    async def load(self) -> None:
        """Open the published keys; makes the first one where there is none."""
        names = await asyncio.to_thread(self._names)
        if not names:
            await asyncio.to_thread(self._generate, f"{PREFIX}0001")
            names = await asyncio.to_thread(self._names)
        self._loaded_at = self._monotonic()
        self._keys = tuple([await asyncio.to_thread(self._open, name) for name in names[:PUBLISHED]])
        self._key_set = JwkSet.of(key.signing_key.public_spki for key in self._keys)

    async def keep_fresh(self) -> None:
        """Notice within a second that another process rotated the keys."""
        if self._monotonic() - self._loaded_at >= FRESH_SECONDS:
            await self.load()

    async def rotate(self) -> str:
        """Sign with a new key from now on; the one before stays published, older ones are destroyed. Gives its kid."""
        await self.load()
        number = int(self.current.name.removeprefix(PREFIX)) + 1
        await asyncio.to_thread(self._generate, f"{PREFIX}{number:04d}")
        for name in (await asyncio.to_thread(self._names))[PUBLISHED:]:
            await asyncio.to_thread(self._destroy, name)
        await self.load()
        return self.current.kid

    @property
    def current(self) -> TokenKey:
        """The key that signs."""
        if not self._keys:
            raise ConfigurationError("The token keys were not loaded.")
        return self._keys[0]

    @property
    def algorithms(self) -> list[str]:
        """The `alg` values of published keys, the current one first."""
        return list(dict.fromkeys(key.jwk["alg"] for key in self._keys))

    def jwks(self) -> dict[str, Any]:
        """The published keys as a JWK Set (RFC 7517 §5)."""
        return {"keys": [dict(key.jwk) for key in self._keys]}

    def sign(self, claims: Mapping[str, Any], typ: str) -> str:
        """A JWT in compact form (RFC 7515 §7.1), signed by the current key."""
        key = self.current
        return sign_jwt(claims, key.signing_key, kid=key.kid, typ=typ)

    def find_claims(self, unverified_jwt: str, typ: str) -> dict[str, Any] | None:
        """The claims of a JWT of this type that a published key of ours signed; times are the caller's to check."""
        try:
            header, payload = verify_jws(unverified_jwt, self._key_set, ("ES256", "RS256"))
            claims = json.loads(payload)
        except (InvalidToken, ValueError, RecursionError):
            return None
        known = any(header.get("kid") == key.kid for key in self._keys)
        return claims if known and header.get("typ") == typ and isinstance(claims, dict) else None

    def _names(self) -> list[str]:
        return sorted((name for name in self._store.names() if name.startswith(PREFIX)), reverse=True)

    def _open(self, name: str) -> TokenKey:
        signing_key = self._store.open(name)
        return TokenKey(name, public_jwk(signing_key.public_spki), signing_key)

    def _generate(self, name: str) -> None:
        try:
            self._store.generate(name, self._algorithm)
        except Conflict:
            # Another process was faster; its key is as good as ours.
            return

    def _destroy(self, name: str) -> None:
        try:
            self._store.destroy(name)
        except NotFound:
            return
