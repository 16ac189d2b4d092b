"""Signing out: the session and the tokens that live by it end together, and applications are told."""

from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from idp.sessions.service import SessionService
from idp.single_logout.service import SingleLogout
from idp.tokens.service import TokenService
from kernel.database.engine import Database


class Endings:
    """What hangs on a session that is over."""

    def __init__(self, tokens: TokenService, single_logout: SingleLogout) -> None:
        self.tokens = tokens
        self.single_logout = single_logout

    async def of_session(self, session: AsyncSession, session_id: str) -> None:
        """Tell the applications of a session, and end its tokens, in the transaction that ends it."""
        await self.single_logout.announce(session, session_id)
        await self.tokens.revoke_session_grants(session, session_id)
        self.single_logout.wake()


class MandateEnding:
    """What hangs on a mandate that is over (`idp.mandates.service.EndActing`)."""

    def __init__(self, sessions: SessionService, endings: Endings) -> None:
        self._sessions = sessions
        self._endings = endings

    async def __call__(self, session: AsyncSession, mandate_id: str, because: str) -> None:
        """End the sessions under it, and every token, also those that outlive sessions."""
        for session_id in await self._sessions.end_of_mandate_in(session, mandate_id, because):
            await self._endings.of_session(session, session_id)
        await self._endings.tokens.revoke_mandate_grants(session, mandate_id, because)


class BrowserChain(Protocol):
    """A protocol whose applications are told by leading the browser through them."""

    async def begin(self, session_id: str, target: str) -> str:
        """Where to begin, or `target` when there is nobody to visit."""
        ...


class SignOut:
    """Ends sessions."""

    def __init__(
        self, database: Database, sessions: SessionService, endings: Endings, chain: BrowserChain | None = None
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._endings = endings
        self._chain = chain

    async def way_out(self, session_id: str, target: str) -> str:
        """Where the browser goes when this session has ended: `target`, or through applications that it must visit
        before. To be asked before the session ends."""
        return await self._chain.begin(session_id, target) if self._chain is not None else target

    async def front_channel(self, session_id: str) -> list[str]:
        """Addresses of applications that the browser loads to sign out of them."""
        return await self._endings.single_logout.front_channel(session_id)

    async def end(self, session_id: str, because: str) -> None:
        """End one session with its tokens."""
        async with self._database.transaction() as session:
            if await self._sessions.end_in(session, session_id, because):
                await self._endings.of_session(session, session_id)
            else:
                await self._endings.tokens.revoke_session_grants(session, session_id)
        self._endings.single_logout.wake()

    async def end_others(self, person_id: str, kept_session_id: str) -> int:
        """End a person's other sessions; says how many."""
        others = [each for each in await self._sessions.list_open(person_id) if each.id != kept_session_id]
        for each in others:
            await self.end(each.id, "signed out elsewhere")
        return len(others)
