"""DPoP proofs of requests: one header, holds for this request, not seen before, with a nonce of ours where asked."""

import hashlib
from collections.abc import Callable, Sequence

from kernel.clock import Clock
from kernel.crypto.jose import InvalidToken
from kernel.crypto.possession.dpop import FUTURE_SECONDS, PAST_SECONDS, DpopProof, ExpectedProof, check_proof
from kernel.ephemeral.store import EphemeralStore
from kernel.errors import AuthenticationRequired

NONCE_SECONDS = 120
REMEMBER_SECONDS = PAST_SECONDS + FUTURE_SECONDS + 5


class ProofRefused(AuthenticationRequired):
    """The proof does not hold; `error` is the code of RFC 9449 §5, §8. `nonce`: one to use next time."""

    def __init__(self, error: str, reason: str, nonce: str | None = None) -> None:
        super().__init__("The DPoP proof is not accepted.", reason=reason)
        self.error = error
        self.nonce = nonce


class DpopGuard:
    """Judges proofs. `keyed_hash` makes nonces that every process of ours knows again."""

    def __init__(
        self,
        ephemeral: EphemeralStore,
        clock: Clock,
        keyed_hash: Callable[[str], str],
        *,
        requires_nonce: bool = False,
    ) -> None:
        self._ephemeral = ephemeral
        self._clock = clock
        self._keyed_hash = keyed_hash
        self.requires_nonce = requires_nonce

    async def check(self, headers: Sequence[str], expected: ExpectedProof) -> DpopProof | None:
        """The proof of a request; None when it brings none. Raises `ProofRefused`."""
        if not headers:
            return None
        if len(headers) > 1:
            raise ProofRefused("invalid_dpop_proof", "more than one DPoP header")
        try:
            proof = check_proof(headers[0], expected, self._clock())
        except InvalidToken as error:
            raise ProofRefused("invalid_dpop_proof", error.reason or "") from error
        self._check_nonce(proof)
        seen = hashlib.sha256(f"{proof.jkt} {proof.jti}".encode()).hexdigest()
        if not await self._ephemeral.add(f"dpop:{seen}", b"1", REMEMBER_SECONDS):
            raise ProofRefused("invalid_dpop_proof", "seen before")
        return proof

    def nonce(self) -> str:
        """The nonce of the moment (§8)."""
        return self._nonce_of(self._bucket())

    def _check_nonce(self, proof: DpopProof) -> None:
        if proof.nonce is None:
            if self.requires_nonce:
                raise ProofRefused("use_dpop_nonce", "no nonce", self.nonce())
            return
        if proof.nonce not in {self._nonce_of(self._bucket()), self._nonce_of(self._bucket() - 1)}:
            raise ProofRefused("use_dpop_nonce", "an old nonce, or none of ours", self.nonce())

    def _bucket(self) -> int:
        return int(self._clock().timestamp()) // NONCE_SECONDS

    def _nonce_of(self, bucket: int) -> str:
        return self._keyed_hash(str(bucket))[:32]
