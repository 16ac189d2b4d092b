"""Where sign-ins under way are kept."""

import secrets
from dataclasses import replace

from idp.login.flow import LoginRequest, from_bytes, to_bytes
from idp.sessions.service import hash_token
from kernel.ephemeral.store import EphemeralStore
from kernel.errors import Gone

OVER = "This sign-in took too long or was begun in another browser. Please sign in again."


def browser_hash(cookie: str) -> str:
    """How the browser's cookie is written into a request."""
    return hash_token(cookie).hex()


class LoginRequests:
    """Stored sign-ins, each bound to the browser that began it."""

    def __init__(self, ephemeral: EphemeralStore, seconds: int) -> None:
        self._ephemeral = ephemeral
        self._seconds = seconds

    async def begin(self, request: LoginRequest) -> LoginRequest:
        """Store a new request under a new id, which takes the place of `{id}` in `resume_at`."""
        request_id = secrets.token_urlsafe(18)
        request = replace(request, id=request_id, resume_at=request.resume_at.replace("{id}", request_id))
        await self.save(request)
        await self._ephemeral.put(f"login-latest:{request.browser}", request.id.encode(), self._seconds)
        return request

    async def save(self, request: LoginRequest) -> None:
        """Store what has become of a request."""
        await self._ephemeral.put(f"login:{request.id}", to_bytes(request), self._seconds)

    async def load(self, request_id: str, browser: str) -> LoginRequest:
        """The request of this id, begun in this browser. Raises `Gone`."""
        stored = await self._ephemeral.get(f"login:{request_id}") if request_id else None
        if stored is None:
            raise Gone(OVER, reason="no such sign-in request")
        request = from_bytes(stored)
        if not secrets.compare_digest(request.browser, browser):
            raise Gone(OVER, reason="the sign-in was begun in another browser")
        return request

    async def load_latest(self, browser: str) -> LoginRequest:
        """The request this browser began last. Raises `Gone`."""
        request_id = await self._ephemeral.get(f"login-latest:{browser}")
        return await self.load((request_id or b"").decode(), browser)

    async def finish(self, request: LoginRequest) -> None:
        """Forget a request."""
        await self._ephemeral.delete(f"login:{request.id}")
