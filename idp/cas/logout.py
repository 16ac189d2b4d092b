"""Telling an application that somebody signed out (CAS 3.0.3 §2.3.3)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

from sqlalchemy.ext.asyncio import AsyncSession

from idp.cas.applications import CasApplications
from idp.cas.records import entries_of, forget_session
from idp.single_logout.service import Announcement
from kernel.clock import Clock
from kernel.ids.time_ordered import new_id

FIELD = "logoutRequest"


class CasLogout:
    """The `OtherProtocol` of single logout: every address that a ticket of the session was redeemed for."""

    def __init__(self, applications: CasApplications, clock: Clock) -> None:
        self._applications = applications
        self._clock = clock

    async def announcements(self, session: AsyncSession, session_id: str) -> Sequence[Announcement]:
        """See `OtherProtocol`; what CAS knows of the session is forgotten."""
        entries = await entries_of(session, session_id)
        wanting = {each.id for each in await self._applications.list() if each.wants_logout}
        now = self._clock()
        told = [
            Announcement(
                client_id=f"cas:{entry.application_id}",
                sub=entry.user[:64],
                address=entry.address,
                form={FIELD: logout_request(entry.ticket, entry.user, f"LR-{new_id()}", now)},
            )
            for entry in entries
            if entry.application_id in wanting
        ]
        await forget_session(session, session_id)
        return told


def logout_request(ticket: str, user: str, message_id: str, at: datetime) -> str:
    """The SAML-shaped message, posted as the one field `logoutRequest`; `ticket` names the session to end.

    Some receivers look for `SessionIndex` by text rather than by XML: no white space inside, the usual prefixes.
    """
    moment = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        '<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" '
        'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" '
        f'ID={quoteattr(message_id)} Version="2.0" IssueInstant="{moment}">'
        f"<saml:NameID>{escape(user)}</saml:NameID>"
        f"<samlp:SessionIndex>{escape(ticket)}</samlp:SessionIndex></samlp:LogoutRequest>"
    )
