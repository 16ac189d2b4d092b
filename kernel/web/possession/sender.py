"""Requests to resource servers prove the key that their token is bound to (RFC 9449 §7, RFC 8705 §3)."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from kernel.crypto.possession.dpop import ALGORITHMS, ExpectedProof
from kernel.errors import AuthenticationRequired, InvalidInput
from kernel.principal import Claims
from kernel.web.bearer import NOT_ACCEPTED, InvalidToken, Presented
from kernel.web.possession.dpop import DpopGuard, ProofRefused
from kernel.web.possession.front import CertificateFront


class InvalidProof(AuthenticationRequired):
    """The proof is missing, wrong, or by another key (RFC 9449 §7.1)."""

    code = "invalid-token"

    def __init__(self, error: str, reason: str | None) -> None:
        super().__init__(NOT_ACCEPTED, reason=reason)
        self.challenge = f'DPoP error="{error}", algs="{" ".join(ALGORITHMS)}"'


class RequestKeys:
    """Checks proofs of requests; `origin` is the public address that paths are put behind."""

    def __init__(self, guard: DpopGuard, front: CertificateFront, origin: str) -> None:
        self._guard = guard
        self._front = front
        self._origin = origin

    async def check(self, request: Request, presented: Presented, claims: Claims) -> None:
        """Raises `AuthenticationRequired` unless the request proves the key in `cnf`."""
        confirmation: Mapping[str, Any] = claims["cnf"] if isinstance(claims.get("cnf"), dict) else {}
        expected = confirmation.get("jkt")
        if presented.scheme == "dpop" or expected is not None:
            proved = await self._proved(request, presented)
            if proved is None or proved != expected:
                raise InvalidProof("invalid_token", "bound to another key, or to none")
        self._check_certificate(request, confirmation)

    async def _proved(self, request: Request, presented: Presented) -> str | None:
        if presented.scheme != "dpop":
            return None
        wanted = ExpectedProof(request.method, self._origin + request.url.path, presented.token)
        try:
            proof = await self._guard.check(request.headers.getlist("dpop"), wanted)
        except ProofRefused as refusal:
            raise InvalidProof(refusal.error, refusal.reason) from refusal
        return proof.jkt if proof is not None else None

    def _check_certificate(self, request: Request, confirmation: Mapping[str, Any]) -> None:
        wanted = confirmation.get("x5t#S256")
        if wanted is None:
            return
        try:
            certificate = self._front.read(request)
        except InvalidInput as error:
            raise InvalidToken(NOT_ACCEPTED, reason="certificate cannot be read") from error
        if certificate is None or certificate.thumbprint != wanted:
            raise InvalidToken(NOT_ACCEPTED, reason="bound to another certificate")
