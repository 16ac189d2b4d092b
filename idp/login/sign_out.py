"""Signing out: the session and the tokens that live by it end together."""

from idp.sessions.service import SessionService
from idp.tokens.service import TokenService
from kernel.database.engine import Database


class SignOut:
    """Ends sessions."""

    def __init__(self, database: Database, sessions: SessionService, tokens: TokenService) -> None:
        self._database = database
        self._sessions = sessions
        self._tokens = tokens

    async def end(self, session_id: str, because: str) -> None:
        """End one session with its tokens."""
        async with self._database.transaction() as session:
            await self._sessions.end_in(session, session_id, because)
            await self._tokens.revoke_session_grants(session, session_id)

    async def end_others(self, person_id: str, kept_session_id: str) -> int:
        """End a person's other sessions; says how many."""
        others = [each for each in await self._sessions.list_open(person_id) if each.id != kept_session_id]
        for each in others:
            await self.end(each.id, "signed out elsewhere")
        return len(others)
