"""Authorization requests that clients pushed (RFC 9126): kept for a moment, good for one sign-in."""

import hashlib
import json
import secrets
from dataclasses import dataclass

from idp.oauth2.errors import OAuthError
from idp.oauth2.parameters import Parameters
from kernel.ephemeral.store import EphemeralStore

URN = "urn:ietf:params:oauth:request_uri:"
REMEMBER_USED_SECONDS = 24 * 3600


@dataclass(frozen=True)
class PushedRequest:
    """What was pushed, by which client. `is_signed`: it came as a signed request object."""

    client_id: str
    parameters: Parameters
    is_signed: bool


class PushedRequests:
    """Pushed requests by the hash of their `request_uri`. A browser may open one again until it has been answered."""

    def __init__(self, ephemeral: EphemeralStore, seconds: int) -> None:
        self._ephemeral = ephemeral
        self.seconds = seconds

    async def keep(self, pushed: PushedRequest) -> str:
        """The new `request_uri`."""
        request_uri = URN + secrets.token_urlsafe(32)
        values = {"client_id": pushed.client_id, "values": pushed.parameters.values, "is_signed": pushed.is_signed}
        stored = json.dumps(values | {"resources": pushed.parameters.resources}).encode()
        await self._ephemeral.put(f"pushed:{_name(request_uri)}", stored, self.seconds)
        return request_uri

    async def load(self, request_uri: str, client_id: str | None) -> PushedRequest:
        """The request, for the client that pushed it. Raises `OAuthError`, to be shown."""
        stored = await self._ephemeral.get(f"pushed:{_name(request_uri)}")
        values = json.loads(stored) if stored is not None else {}
        if not values or values["client_id"] != client_id:
            raise OAuthError("invalid_request_uri", "The request_uri is not known, or has ended.")
        if await self._ephemeral.get(f"pushed-used:{_name(request_uri)}") is not None:
            raise OAuthError("invalid_request_uri", "The request_uri was used before.")
        parameters = Parameters(values["values"], resources=tuple(values["resources"]))
        return PushedRequest(values["client_id"], parameters, values["is_signed"])

    async def use_up(self, request_uri: str) -> bool:
        """Answer a request for good; of two answers the second is told False."""
        name = _name(request_uri)
        used = await self._ephemeral.add(f"pushed-used:{name}", b"1", REMEMBER_USED_SECONDS)
        if used:
            await self._ephemeral.delete(f"pushed:{name}")
        return used


def _name(request_uri: str) -> str:
    return hashlib.sha256(request_uri.encode()).hexdigest()
