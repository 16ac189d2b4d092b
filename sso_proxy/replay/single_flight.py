"""However many requests find the session over, one of them signs in and the others wait for it.

Never blindly again: a refused account is marked stale and not tried until its owner changes it; any other failure rests
for a few seconds.
"""

import asyncio
import secrets
from dataclasses import dataclass
from typing import Literal, cast

from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.database.engine import Database
from kernel.ephemeral.store import EphemeralStore
from kernel.errors import RateLimited
from sso_proxy.credentials.service import Credential, CredentialService
from sso_proxy.replay.engine import BrowserTraits, Outcome, SignInResult, UpstreamSignIn
from sso_proxy.replay.sessions import AppSession, AppSessions, SessionKey
from sso_proxy.sites.site import Site

LEASE_SECONDS = 60
WAIT_SECONDS = 45.0
POLL_SECONDS = 0.05
REST_SECONDS = 5
MAX_ENROLMENTS, ENROLMENT_WINDOW_SECONDS = 5, 300

Need = Literal["none", "stale"]


@dataclass(frozen=True)
class Arrival:
    """What came of asking for a session: one, or why not (`needs`: the owner must give an account)."""

    session: AppSession | None
    outcome: Outcome
    needs: Need | None = None


@dataclass(frozen=True)
class ReplayParts:
    """What sign-ins are made of."""

    database: Database
    store: EphemeralStore
    audit: AuditTrail
    credentials: CredentialService
    sessions: AppSessions
    engine: UpstreamSignIn


class ReplayService:
    """Gives requests a live session at the application."""

    def __init__(self, parts: ReplayParts) -> None:
        self._parts = parts

    async def session_for(
        self, key: SessionKey, site: Site, traits: BrowserTraits, *, seen: str | None = None
    ) -> Arrival:
        """A session other than the one of generation `seen`, which the application no longer honours."""
        sessions, store = self._parts.sessions, self._parts.store
        lease, rest, mine = f"gateway:lease:{key.digest}", f"gateway:rest:{key.digest}", secrets.token_bytes(8)
        loop = asyncio.get_running_loop()
        end = loop.time() + WAIT_SECONDS
        while loop.time() < end:
            session = await sessions.find(key)
            if session is not None and session.generation != seen:
                return Arrival(session, "signed_in")
            if failed := await store.get(rest):
                return Arrival(None, cast("Outcome", failed.decode()))
            if await store.add(lease, mine, LEASE_SECONDS):
                try:
                    return await self._sign_in_holding_lease(key, site, traits, seen)
                finally:
                    if await store.get(lease) == mine:
                        await store.delete(lease)
            await asyncio.sleep(POLL_SECONDS)
        return Arrival(None, "app_down")

    async def enrol(self, key: SessionKey, site: Site, credential: Credential, traits: BrowserTraits) -> Outcome:
        """Sign in with an account just typed and keep it if that works. Raises RateLimited after five tries."""
        parts = self._parts
        count = await parts.store.increment(f"gateway:enrol:{key.subject}:{site.slug}", ENROLMENT_WINDOW_SECONDS)
        if count > MAX_ENROLMENTS:
            raise RateLimited(
                "Too many tries. Wait five minutes, so that {name} does not lock your account.",
                retry_after_seconds=ENROLMENT_WINDOW_SECONDS,
                name=site.name,
            )
        result = await parts.engine.sign_in(site, credential, traits)
        await self._note(key, result, "enrolment")
        if result.outcome == "signed_in":
            await parts.credentials.store(key.subject, site.slug, credential)
            await parts.sessions.begin(key, result.jar)
            await parts.store.delete(f"gateway:enrol:{key.subject}:{site.slug}")
            await parts.store.delete(f"gateway:rest:{key.digest}")
        return result.outcome

    async def give_up(self, key: SessionKey, generation: str) -> None:
        """Drop a session that the application forgot at once, and let it rest, so that nobody goes in circles."""
        session = await self._parts.sessions.find(key)
        if session is not None and session.generation == generation:
            await self._parts.sessions.end(key)
        await self._parts.store.put(f"gateway:rest:{key.digest}", b"rejected", REST_SECONDS)

    async def _sign_in_holding_lease(
        self, key: SessionKey, site: Site, traits: BrowserTraits, seen: str | None
    ) -> Arrival:
        parts = self._parts
        session = await parts.sessions.find(key)
        if session is not None and session.generation != seen:
            return Arrival(session, "signed_in")
        credential = await parts.credentials.open_for_replay(key.subject, site.slug)
        if credential is None:
            state = await parts.credentials.state_of(key.subject, site.slug)
            return Arrival(None, "bad_credentials", "stale" if state == "stale" else "none")
        result = await parts.engine.sign_in(site, credential, traits)
        await self._note(key, result, "replay")
        if result.outcome == "signed_in":
            return Arrival(await parts.sessions.begin(key, result.jar), "signed_in")
        if result.outcome == "bad_credentials":
            await parts.credentials.mark_stale(key.subject, site.slug, credential.version)
            return Arrival(None, "bad_credentials", "stale")
        await parts.store.put(f"gateway:rest:{key.digest}", result.outcome.encode(), REST_SECONDS)
        return Arrival(None, result.outcome)

    async def _note(self, key: SessionKey, result: SignInResult, trigger: str) -> None:
        outcome = {"signed_in": "success", "bad_credentials": "refused"}.get(result.outcome, "failure")
        detail = {"outcome": result.outcome, "trigger": trigger, "detail": result.detail}
        event = AuditEvent(
            "proxy.sign_in",
            Actor("user", key.subject),
            f"site:{key.site}",
            cast("Literal['success', 'refused', 'failure']", outcome),
            detail,
        )
        async with self._parts.database.transaction() as session:
            await self._parts.audit.record(session, event)
