"""Telling applications directly, by SOAP (SAML Bindings §3.2), through the outbox of logout notices."""

import asyncio
from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from idp.saml.applications.application import PREFIX
from idp.saml.applications.registry import SamlApplications
from idp.saml.assertion import new_id
from idp.saml.logout import messages
from idp.saml.logout.chain import LogoutChain
from idp.saml.records import SamlEntryRow, open_entries
from idp.saml.wire.bindings import SOAP_BINDING, in_envelope, out_of_envelope
from idp.saml.wire.markup import UnreadableMessage
from idp.saml.wire.signatures import sign
from idp.single_logout.service import Announcement
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.errors import Forbidden, Unavailable
from kernel.outbound.fetch import GuardedFetcher

ENTRY = "entry"
SOAP_TYPE = "text/xml; charset=utf-8"
ACTION = '"http://www.oasis-open.org/committees/security"'


class SamlNotices:
    """The `OtherProtocol` of single logout; each try makes its message anew, for applications refuse old ones."""

    prefix = PREFIX

    def __init__(
        self,
        database: Database,
        applications: SamlApplications,
        chain: LogoutChain,
        fetcher: GuardedFetcher,
        clock: Clock,
    ) -> None:
        self._database = database
        self._applications = applications
        self._chain = chain
        self._fetcher = fetcher
        self._clock = clock

    async def announcements(self, session: AsyncSession, session_id: str) -> Sequence[Announcement]:
        """See `OtherProtocol`; the entries are over from now on."""
        told = []
        for row in await open_entries(session, session_id):
            row.ended_at = self._clock()
            application = await self._applications.find_by_id(row.application_id)
            endpoint = application.metadata.logout(SOAP_BINDING) if application is not None else None
            if application is not None and endpoint is not None and application.settings.wants_logout:
                form = {ENTRY: row.id}
                told.append(Announcement(application.client_id, row.person_id, endpoint.location, form))
        return told

    async def deliver(self, address: str, form: Mapping[str, str]) -> str:
        """Tell one application: `delivered`, or what went wrong."""
        async with self._database.reading() as session:
            row = await session.get(SamlEntryRow, form.get(ENTRY, ""))
        application = await self._applications.find_by_id(row.application_id) if row is not None else None
        if row is None or application is None:
            return "the application is gone"
        signer = await self._chain.signer()
        place = (application, address)
        message = messages.request(self._chain.name_of(row), row.id, new_id(), place, signer, self._clock())
        body = in_envelope(await asyncio.to_thread(sign, message, signer.key))
        try:
            headers = {"Content-Type": SOAP_TYPE, "SOAPAction": ACTION}
            answer = await self._fetcher.post(address, body, headers)
            if answer.status != 200:
                return f"status {answer.status}"
            _asked, fine = messages.read_response(out_of_envelope(answer.body))
        except (Forbidden, Unavailable, UnreadableMessage) as error:
            return (error.reason or "no answer")[:80]
        return "delivered" if fine else "the application could not end it"
