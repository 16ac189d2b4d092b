"""The keys that sign tokens: one current, the one before it still published, so that nothing signed yesterday fails.

`kid` is the RFC 7638 thumbprint. Keys live in the key store under `idp-token-<number>`; the highest number signs.
"""

import asyncio
import base64
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from kernel.crypto.keystore import KeyStore
from kernel.crypto.public_keys import ECPublicKey, RSAPublicKey, load_public_key
from kernel.crypto.signatures import InvalidSignature, PublicKey, SigningKey, der_to_raw, raw_to_der
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
    public_key: PublicKey
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
        head = _encode(_json({"alg": key.jwk["alg"], "kid": key.kid, "typ": typ}))
        signing_input = f"{head}.{_encode(_json(claims))}"
        signature = key.signing_key.sign(signing_input.encode("ascii"))
        raw = der_to_raw(signature) if key.jwk["kty"] == "EC" else signature
        return f"{signing_input}.{_encode(raw)}"

    def find_claims(self, unverified_jwt: str, typ: str) -> dict[str, Any] | None:
        """The claims of a JWT of this type that a published key of ours signed; times are the caller's to check."""
        head, payload, signature = _split(unverified_jwt)
        if head is None or head.get("typ") != typ:
            return None
        key = next((each for each in self._keys if each.kid == head.get("kid")), None)
        if key is None or head.get("alg") != key.jwk["alg"] or "crit" in head:
            return None
        try:
            encoded = raw_to_der(signature) if key.jwk["kty"] == "EC" else signature
            key.public_key.verify(encoded, unverified_jwt.rpartition(".")[0].encode("ascii"))
        except InvalidSignature:
            return None
        claims: dict[str, Any] = json.loads(payload)
        return claims

    def _names(self) -> list[str]:
        return sorted((name for name in self._store.names() if name.startswith(PREFIX)), reverse=True)

    def _open(self, name: str) -> TokenKey:
        signing_key = self._store.open(name)
        public_key = load_public_key(signing_key.public_spki)
        return TokenKey(name, public_jwk(public_key), public_key, signing_key)

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


def public_jwk(key: PublicKey) -> dict[str, str]:
    """The JWK of a public key, with `kid` its thumbprint. Raises `ConfigurationError` for kinds we do not sign with."""
    if isinstance(key, ECPublicKey) and key.algorithm == "ES256":
        point = key.key.public_numbers()
        members = {
            "crv": "P-256",
            "kty": "EC",
            "x": _encode(point.x.to_bytes(32, "big")),
            "y": _encode(point.y.to_bytes(32, "big")),
        }
    elif isinstance(key, RSAPublicKey):
        numbers = key.key.public_numbers()
        size = (numbers.n.bit_length() + 7) // 8
        modulus = _encode(numbers.n.to_bytes(size, "big"))
        members = {"e": _encode(numbers.e.to_bytes(3, "big")), "kty": "RSA", "n": modulus}
    else:
        raise ConfigurationError("Tokens are signed with ES256 or RS256.")
    return {**members, "alg": key.algorithm, "use": "sig", "kid": thumbprint(members)}


def thumbprint(members: Mapping[str, str]) -> str:
    """RFC 7638 §3 over the required members of a JWK."""
    canonical = json.dumps(dict(sorted(members.items())), separators=(",", ":")).encode()
    return _encode(hashlib.sha256(canonical).digest())


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _split(unverified_jwt: str) -> tuple[dict[str, Any] | None, bytes, bytes]:
    """Header, payload and signature of a compact JWS; no header when it is not one."""
    parts = unverified_jwt.split(".")
    if len(parts) != 3 or not unverified_jwt.isascii() or len(unverified_jwt) > 16_384:
        return None, b"", b""
    try:
        head, payload, signature = (_decode(part) for part in parts)
        header = json.loads(head)
        json.loads(payload)
    except (ValueError, RecursionError):
        return None, b"", b""
    return (header, payload, signature) if isinstance(header, dict) else (None, b"", b"")
