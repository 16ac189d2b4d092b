"""Signing out: the session and the tokens that live by it end together, and applications are told."""

from idp.sessions.service import SessionService
from idp.single_logout.service import SingleLogout
from idp.tokens.service import TokenService
from kernel.database.engine import Database


class SignOut:
    """Ends sessions."""

    def __init__(
        self, database: Database, sessions: SessionService, tokens: TokenService, single_logout: SingleLogout
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._tokens = tokens
        self._single_logout = single_logout

    async def front_channel(self, session_id: str) -> list[str]:
        """Addresses of applications that the browser loads to sign out of them."""
        return await self._single_logout.front_channel(session_id)

    async def end(self, session_id: str, because: str) -> None:
        """End one session with its tokens."""
        async with self._database.transaction() as session:
            if await self._sessions.end_in(session, session_id, because):
                await self._single_logout.announce(session, session_id)
            await self._tokens.revoke_session_grants(session, session_id)
        self._single_logout.wake()

    async def end_others(self, person_id: str, kept_session_id: str) -> int:
        """End a person's other sessions; says how many."""
        others = [each for each in await self._sessions.list_open(person_id) if each.id != kept_session_id]
        for each in others:
            await self.end(each.id, "signed out elsewhere")
        return len(others)
