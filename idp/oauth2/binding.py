"""Which key a client's tokens are bound to: a DPoP key (RFC 9449) or the certificate of its connection (RFC 8705)."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from idp.clients.client import Client
from idp.oauth2.endpoint_request import EndpointRequest
from idp.oauth2.errors import OAuthError, invalid_grant, invalid_request
from kernel.crypto.possession.dpop import DpopProof, ExpectedProof
from kernel.web.possession.dpop import DpopGuard, ProofRefused

JKT, CERTIFICATE = "jkt", "x5t#S256"


class DpopRefused(OAuthError):
    """The DPoP proof is missing or does not hold (RFC 9449 §5). `nonce`: one to use the next time (§8)."""

    def __init__(self, error: str, description: str, *, nonce: str | None = None, detail: str | None = None) -> None:
        super().__init__(error, description, detail=detail)
        if nonce is not None:
            self.headers = {"DPoP-Nonce": nonce}


@dataclass(frozen=True)
class Binding:
    """What a request proved. `confirmation`: the `cnf` of tokens, or None."""

    confirmation: Mapping[str, str] | None = None

    @property
    def token_type(self) -> str:
        """`token_type` of the answer (RFC 9449 §5)."""
        return "DPoP" if self.confirmation and JKT in self.confirmation else "Bearer"


class SenderBinding:
    """Reads proofs of requests and holds clients to what they must prove."""

    def __init__(self, guard: DpopGuard) -> None:
        self._guard = guard

    async def read_proof(self, request: EndpointRequest) -> DpopProof | None:
        """The DPoP proof of a request, if it brings one. Raises `OAuthError`."""
        try:
            return await self._guard.check(request.proofs, ExpectedProof(request.method, request.url))
        except ProofRefused as refusal:
            text = "Use the DPoP nonce." if refusal.error == "use_dpop_nonce" else "The DPoP proof does not hold."
            raise DpopRefused(refusal.error, text, nonce=refusal.nonce, detail=refusal.reason) from refusal

    async def read(self, client: Client, request: EndpointRequest) -> Binding:
        """What the tokens of this request are bound to. Raises `OAuthError` where a proof is needed and missing."""
        metadata = client.metadata
        proof = await self.read_proof(request)
        if proof is not None:
            return Binding({JKT: proof.jkt})
        if metadata.dpop_bound_access_tokens:
            raise DpopRefused("invalid_dpop_proof", "This client's tokens are bound to a DPoP key: send a proof.")
        if metadata.tls_client_certificate_bound_access_tokens:
            if request.certificate is None:
                raise invalid_request("This client's tokens are bound to its certificate: show it.")
            return Binding({CERTIFICATE: request.certificate.thumbprint})
        if metadata.must_bind:
            raise DpopRefused("invalid_dpop_proof", "This client's tokens are bound to a key: send a proof.")
        return Binding()


def check_bound(expected: Mapping[str, str] | None, binding: Binding) -> None:
    """Raises `OAuthError` unless the request proved the key that a grant is bound to."""
    for name, value in (expected or {}).items():
        proved = (binding.confirmation or {}).get(name, "")
        if not hmac.compare_digest(proved.encode(), value.encode()):
            raise invalid_grant("The grant is bound to another key.")
