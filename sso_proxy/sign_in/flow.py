"""From an application's host to the provider, back to the gateway's own host, and with a ticket to the application.

The browser that redeems a ticket must be the one that began: a cookie set at the start on the same host says so.
"""

import asyncio
import hashlib
import hmac
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

from kernel.crypto.envelope import Envelope
from kernel.ephemeral.store import EphemeralStore
from kernel.errors import Gone
from kernel.web.relying_party.client import Attempt, OidcClient

ATTEMPT_SECONDS = 600
TICKET_SECONDS = 60
SESSION_SECONDS = 8 * 3600
ASK_AGAIN_SECONDS = 5
BINDING_LENGTH = 32
TOO_OLD = "This sign-in took too long or was begun in another browser. Open the application again."

Userinfo = Callable[[str], Awaitable[Mapping[str, Any]]]
HasEnded = Callable[[str], Awaitable[bool]]
Value = TypeVar("Value")


@dataclass(frozen=True)
class GatewaySession:
    """Somebody signed in on one application's host."""

    id: str = field(repr=False)
    """Opaque; the cookie's value."""
    host: str
    subject: str
    name: str = field(repr=False)
    sign_in: str = ""
    """The session at the provider that this one comes from (`sid` of the ID token), where it says one."""


@dataclass(frozen=True)
class _Begun:
    nonce: str
    verifier: str
    host: str
    target: str
    binding: str


@dataclass(frozen=True)
class _Ticket:
    host: str
    target: str
    binding: str
    subject: str
    name: str
    sign_in: str = ""


class GatewaySignIn:
    """Signs browsers in on the hosts of applications."""

    def __init__(
        self,
        client: OidcClient,
        userinfo: Userinfo,
        store: EphemeralStore,
        envelope: Envelope,
        has_ended: HasEnded | None = None,
    ) -> None:
        """`userinfo` gives the provider's claims for an access token; `has_ended` tells of a session (`sid`) there
        whether the person signed out or was kept out since."""
        self._has_ended = has_ended
        self._asked: dict[str, float] = {}
        self._client = client
        self._userinfo = userinfo
        self._store = store
        self._envelope = envelope

    async def begin(self, host: str, target: str, binding: str = "") -> tuple[str, str]:
        """Where to send the browser to sign in, and the value of the cookie that ties it to what comes back.

        `host` and `target`: where the person wanted to go. `binding`: the cookie's value, if there is one already (from
        another tab). Raises Unavailable.
        """
        state = secrets.token_urlsafe(24)
        binding = binding if len(binding) == BINDING_LENGTH else secrets.token_urlsafe(24)
        attempt = Attempt(state, secrets.token_urlsafe(24), secrets.token_urlsafe(48))
        url = await self._client.authorization_url(attempt, {})
        begun = _Begun(attempt.nonce, attempt.verifier, host, target, _digest(binding))
        await self._keep("attempt", state, begun, ATTEMPT_SECONDS)
        return url, binding

    async def come_back(self, state: str, code: str, issuer: str | None) -> tuple[str, str]:
        """Take the provider's answer: the application's host and a ticket. Raises SignInRefused, Gone, Unavailable."""
        begun = await self._take("attempt", state, _Begun)
        if begun is None:
            raise Gone(TOO_OLD)
        tokens, claims = await self._client.exchange(code, Attempt(state, begun.nonce, begun.verifier), issuer)
        name = str(claims.get("name") or (await self._userinfo(tokens.access_token)).get("name") or "")
        ticket = secrets.token_urlsafe(32)
        kept = _Ticket(begun.host, begun.target, begun.binding, str(claims["sub"]), name, str(claims.get("sid") or ""))
        await self._keep("ticket", ticket, kept, TICKET_SECONDS)
        return begun.host, ticket

    async def redeem(self, ticket: str, host: str, binding: str) -> tuple[GatewaySession, str]:
        """The new session for a ticket, once, and where the person wanted to go. Raises Gone."""
        kept = await self._take("ticket", ticket, _Ticket)
        if kept is None or kept.host != host or not hmac.compare_digest(kept.binding, _digest(binding)):
            raise Gone(TOO_OLD)
        session = GatewaySession(secrets.token_urlsafe(32), host, kept.subject, kept.name, kept.sign_in)
        await self._keep("session", session.id, session, SESSION_SECONDS)
        return session, kept.target

    async def find(self, session_id: str, host: str) -> GatewaySession | None:
        """The session of this cookie on this host."""
        if not 20 <= len(session_id) <= 100:
            return None
        name = _name("session", session_id)
        sealed = await self._store.get(name)
        session = GatewaySession(**self._open(name, sealed)) if sealed else None
        if session is None or session.host != host:
            return None
        if await self._is_over(session):
            await self.end(session_id)
            return None
        return session

    async def _is_over(self, session: GatewaySession) -> bool:
        """Whether the sign-in it comes from has ended; asked again every few seconds."""
        now = asyncio.get_running_loop().time()
        if self._has_ended is None or not session.sign_in or self._asked.get(session.sign_in, 0.0) > now:
            return False
        if await self._has_ended(session.sign_in):
            return True
        if len(self._asked) > 10_000:
            self._asked.clear()
        self._asked[session.sign_in] = now + ASK_AGAIN_SECONDS
        return False

    async def end(self, session_id: str) -> None:
        """Forget the session."""
        await self._store.delete(_name("session", session_id))

    async def _keep(self, kind: str, secret: str, value: Any, seconds: int) -> None:
        name = _name(kind, secret)
        sealed = self._envelope.encrypt(json.dumps(asdict(value)).encode(), context=name)
        await self._store.put(name, sealed, seconds)

    async def _take(self, kind: str, secret: str, type_: type[Value]) -> Value | None:
        name = _name(kind, secret)
        sealed = await self._store.take(name)
        return type_(**self._open(name, sealed)) if sealed else None

    def _open(self, name: str, sealed: bytes) -> dict[str, str]:
        document: dict[str, str] = json.loads(self._envelope.decrypt(sealed, context=name))
        return document


def _name(kind: str, secret: str) -> str:
    return f"gateway:{kind}:{_digest(secret)}"


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
