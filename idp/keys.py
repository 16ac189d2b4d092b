"""The keys that sign tokens, a family for each algorithm: one current, the one before it still published, so that
nothing signed yesterday fails.

`kid` is the RFC 7638 thumbprint. Keys live in the key store under `idp-token-<number>` (the house's own algorithm) and
`idp-token-<algorithm>-<number>`; the highest number signs. A family comes into being when a client first needs it.
"""

import asyncio
import json
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from kernel.crypto.jose import InvalidToken, JwkSet, JwsAlgorithm, public_jwk, sign_jwt, verify_jws
from kernel.crypto.keystore import KeyStore
from kernel.crypto.signatures import SigningAlgorithm, SigningKey
from kernel.errors import ConfigurationError, Conflict, NotFound

PREFIX = "idp-token-"
PUBLISHED = 2
FRESH_SECONDS = 1.0

ALGORITHMS: Mapping[str, tuple[JwsAlgorithm, SigningAlgorithm]] = {
    "ES256": ("ES256", "ES256"),
    "RS256": ("RS256", "RS256"),
    "PS256": ("PS256", "RS256"),
    "EdDSA": ("EdDSA", "Ed25519"),
}
"""What tokens may be signed with: the `alg`, and the kind of key behind it."""

_NAME = re.compile(r"idp-token-(?:(es256|rs256|ps256|eddsa)-)?(\d{4,})")


@dataclass(frozen=True)
class TokenKey:
    """One key with its public half as a JWK (RFC 7517)."""

    name: str
    algorithm: str
    jwk: Mapping[str, str]
    signing_key: SigningKey

    @property
    def kid(self) -> str:
        """The key's thumbprint."""
        return self.jwk["kid"]

    @property
    def number(self) -> int:
        """Its place in the family."""
        return _number(self.name)


class NamedKeys:
    """RSA keys of another family in the same store, for signatures that are not tokens. Calls may block."""

    def __init__(self, store: KeyStore) -> None:
        self._store = store

    def make(self, name: str) -> SigningKey:
        """Make a key; raises Conflict if the name is taken."""
        return self._store.generate(name, "RS256")

    def open(self, name: str) -> SigningKey:
        """A handle to sign with; raises NotFound."""
        return self._store.open(name)

    def destroy(self, name: str) -> None:
        """Forget a key; nothing happens when it is not there."""
        with suppress(NotFound):
            self._store.destroy(name)


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
        self.default = algorithm
        self._store = store
        self._keys: tuple[TokenKey, ...] = ()
        self._key_set = JwkSet(())
        self._monotonic = monotonic
        self._loaded_at = 0.0

    def beside(self) -> NamedKeys:
        """The other keys in the same store."""
        return NamedKeys(self._store)

    async def load(self) -> None:
        """Open the published keys; makes the first one where there is none."""
        families = await asyncio.to_thread(self._families)
        if self.default not in families:
            await asyncio.to_thread(self._generate, self.default, 1)
            families = await asyncio.to_thread(self._families)
        self._loaded_at = self._monotonic()
        published = [name for names in families.values() for name in names[:PUBLISHED]]
        self._keys = tuple(await asyncio.to_thread(self._open_all, published))
        self._key_set = JwkSet.load(self.jwks())

    async def keep_fresh(self) -> None:
        """Notice within a second that another process rotated the keys."""
        if self._monotonic() - self._loaded_at >= FRESH_SECONDS:
            await self.load()

    async def ensure(self, algorithm: str) -> None:
        """Have a key for this algorithm; makes the family's first one. Raises `ConfigurationError`."""
        if any(key.algorithm == algorithm for key in self._keys):
            return
        if algorithm not in ALGORITHMS:
            raise ConfigurationError("Tokens cannot be signed with {algorithm}.", algorithm=algorithm)
        await self.load()
        if not any(key.algorithm == algorithm for key in self._keys):
            await asyncio.to_thread(self._generate, algorithm, 1)
            await self.load()

    async def rotate(self) -> str:
        """Sign with new keys from now on, in every family; the ones before stay published, older ones are destroyed.

        Gives the kid of the house's own family.
        """
        await self.load()
        for algorithm, names in (await asyncio.to_thread(self._families)).items():
            await asyncio.to_thread(self._generate, algorithm, _number(names[0]) + 1)
        for names in (await asyncio.to_thread(self._families)).values():
            for name in names[PUBLISHED:]:
                await asyncio.to_thread(self._destroy, name)
        await self.load()
        return self.current.kid

    @property
    def current(self) -> TokenKey:
        """The key that signs where nobody asks for another algorithm."""
        return self.key_for(self.default)

    def key_for(self, algorithm: str) -> TokenKey:
        """The key that signs with this algorithm, after `ensure`."""
        for key in self._keys:
            if key.algorithm == algorithm:
                return key
        raise ConfigurationError("The token keys were not loaded.")

    @property
    def algorithms(self) -> list[str]:
        """The `alg` values that ID tokens may have, the house's own first."""
        return list(dict.fromkeys([self.default, *ALGORITHMS]))

    def jwks(self) -> dict[str, Any]:
        """The published keys as a JWK Set (RFC 7517 §5)."""
        return {"keys": [dict(key.jwk) for key in self._keys]}

    def sign(self, claims: Mapping[str, Any], typ: str, algorithm: str | None = None) -> str:
        """A JWT in compact form (RFC 7515 §7.1), signed by the current key of the family."""
        key = self.key_for(algorithm or self.default)
        return sign_jwt(claims, key.signing_key, kid=key.kid, typ=typ, algorithm=ALGORITHMS[key.algorithm][0])

    def find_claims(self, unverified_jwt: str, typ: str) -> dict[str, Any] | None:
        """The claims of a JWT of this type that a published key of ours signed; times are the caller's to check."""
        try:
            header, payload = verify_jws(unverified_jwt, self._key_set, ("ES256", "RS256", "PS256", "EdDSA"))
            claims = json.loads(payload)
        except (InvalidToken, ValueError, RecursionError):
            return None
        known = any(header.get("kid") == key.kid for key in self._keys)
        return claims if known and header.get("typ") == typ and isinstance(claims, dict) else None

    def _families(self) -> dict[str, list[str]]:
        """The names in each family, the newest first; the house's own family is first."""
        families: dict[str, list[str]] = {self.default: []}
        for name in self._store.names():
            found = _NAME.fullmatch(name)
            if found:
                families.setdefault(self._algorithm(found[1]), []).append(name)
        return {each: sorted(names, key=_number, reverse=True) for each, names in families.items() if names}

    def _algorithm(self, label: str | None) -> str:
        return next((each for each in ALGORITHMS if each.lower() == label), self.default)

    def _open_all(self, names: list[str]) -> list[TokenKey]:
        return [self._open(name) for name in names]

    def _open(self, name: str) -> TokenKey:
        signing_key = self._store.open(name)
        found = _NAME.fullmatch(name)
        algorithm = self._algorithm(found[1] if found else None)
        return TokenKey(name, algorithm, {**public_jwk(signing_key.public_spki), "alg": algorithm}, signing_key)

    def _generate(self, algorithm: str, number: int) -> None:
        label = "" if algorithm == self.default else f"{algorithm.lower()}-"
        try:
            self._store.generate(f"{PREFIX}{label}{number:04d}", ALGORITHMS[algorithm][1])
        except Conflict:
            # Another process was faster; its key is as good as ours.
            return

    def _destroy(self, name: str) -> None:
        try:
            self._store.destroy(name)
        except NotFound:
            return


def _number(name: str) -> int:
    return int(name.rpartition("-")[2])
