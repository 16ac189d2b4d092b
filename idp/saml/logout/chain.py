"""The browser's way from application to application, each ending its own session (SAML Profiles §4.4.3)."""

import asyncio
import json
from dataclasses import asdict, dataclass, replace

from idp.saml.applications.application import SamlApplication
from idp.saml.applications.registry import SamlApplications
from idp.saml.assertion import Signer, new_id
from idp.saml.keys import SamlKeys
from idp.saml.logout import messages
from idp.saml.logout.messages import LogoutRequest, Outgoing
from idp.saml.names import Name
from idp.saml.records import SamlEntryRow, open_entries
from idp.saml.wire.bindings import POST, REDIRECT, SOAP_BINDING
from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.crypto.envelope import Envelope
from kernel.database.engine import Database
from kernel.ephemeral.store import EphemeralStore
from kernel.errors import Gone

NEXT_PATH = "/saml/slo/next"
OUT_PATH = "/saml/slo/out"
SECONDS = 600
OVER = "This sign-out took too long. You are signed out here; close the browser to be signed out everywhere."


@dataclass(frozen=True)
class Flow:
    """A chain under way. `waiting`: entries still to visit; `target`: where it ends when nobody asked for it;
    `asked`: the application's request that began it; `partial`: not everybody understood."""

    waiting: tuple[str, ...]
    target: str
    asked: LogoutRequest | None = None
    partial: bool = False


@dataclass(frozen=True)
class ChainParts:
    """What the chain works with."""

    database: Database
    ephemeral: EphemeralStore
    audit: AuditTrail
    clock: Clock
    envelope: Envelope
    issuer: str
    keys: SamlKeys
    applications: SamlApplications


class LogoutChain:
    """Leads the browser along."""

    def __init__(self, parts: ChainParts) -> None:
        self._parts = parts

    async def begin(self, session_id: str, target: str) -> str:
        """Where a browser goes whose session is about to end: through the applications first, then to `target`."""
        waiting = await self.entries(session_id)
        return f"{OUT_PATH}?flow={await self._keep(Flow(waiting, target))}" if waiting else target

    async def entries(self, session_id: str, but: str = "") -> tuple[str, ...]:
        """What the browser must visit, application `but` excepted: those that cannot be told directly."""
        async with self._parts.database.reading() as session:
            rows = await open_entries(session, session_id)
        found = []
        for row in rows:
            application = await self._parts.applications.find_by_id(row.application_id)
            if application is not None and application.id != but and _by_browser(application):
                found.append(row.id)
        return tuple(found)

    async def keep(self, flow: Flow) -> str:
        """Store a chain; the path where it goes on."""
        return f"{NEXT_PATH}?flow={await self._keep(flow)}"

    async def _keep(self, flow: Flow) -> str:
        name = new_id()
        await self._save(name, flow)
        return name

    async def go_on(self, name: str) -> Outgoing:
        """The next message for the browser, or the end of the chain. Raises `Gone`."""
        flow = await self._take(name)
        while flow.waiting:
            entry_id, flow = flow.waiting[0], replace(flow, waiting=flow.waiting[1:])
            sent = await self._visit(entry_id, flow)
            if sent is not None:
                return sent
            flow = replace(flow, partial=True)
        return await self._finish(flow)

    async def answered(self, in_response_to: str, application: SamlApplication, *, fine: bool) -> str:
        """An application answered: where the chain goes on. Raises `Gone`."""
        flow = await self._take(in_response_to)
        async with self._parts.database.transaction() as session:
            event = AuditEvent(
                "idp.saml.logout-answer",
                Actor("client", application.client_id),
                application.client_id,
                outcome="success" if fine else "failure",
            )
            await self._parts.audit.record(session, event)
        return await self.keep(flow if fine else replace(flow, partial=True))

    async def signer(self) -> Signer:
        """Who we are."""
        return Signer(self._parts.issuer, await self._parts.keys.current())

    def name_of(self, row: SamlEntryRow) -> Name:
        """The name that an entry was made under."""
        value = self._parts.envelope.decrypt(row.name_id_sealed, context=f"idp.saml.entry:{row.id}")
        return Name(row.name_id_format, value.decode())

    async def _visit(self, entry_id: str, flow: Flow) -> Outgoing | None:
        async with self._parts.database.reading() as session:
            row = await session.get(SamlEntryRow, entry_id)
        application = await self._parts.applications.find_by_id(row.application_id) if row is not None else None
        endpoint = application.metadata.logout(REDIRECT, POST) if application is not None else None
        if row is None or application is None or endpoint is None:
            return None
        identity, signer = new_id(), await self.signer()
        place = (application, endpoint.location)
        message = messages.request(self.name_of(row), row.id, identity, place, signer, self._parts.clock())
        await self._save(identity, flow)
        return await asyncio.to_thread(
            messages.outgoing, "SAMLRequest", message, endpoint.binding, endpoint.location, None, signer
        )

    async def _finish(self, flow: Flow) -> Outgoing:
        if flow.asked is None:
            return Outgoing(flow.target, "")
        return await self.answer(flow.asked, *(("Success", "PartialLogout") if flow.partial else ("Success",)))

    async def answer(self, asked: LogoutRequest, *status: str) -> Outgoing:
        """Our answer to the application that asked; the end page where it has no address for answers."""
        application = await self._parts.applications.find_by_id(asked.application_id)
        endpoint = application.metadata.logout(REDIRECT, POST) if application is not None else None
        if endpoint is None:
            return Outgoing("/logout/done", "")
        signer, address = await self.signer(), endpoint.response_location
        message = messages.response(asked.id, new_id(), address, signer, self._parts.clock(), *status)
        return await asyncio.to_thread(
            messages.outgoing, "SAMLResponse", message, endpoint.binding, address, asked.relay_state, signer
        )

    async def _save(self, name: str, flow: Flow) -> None:
        await self._parts.ephemeral.put(f"saml-logout:{name}", json.dumps(asdict(flow)).encode(), SECONDS)

    async def _take(self, name: str) -> Flow:
        stored = await self._parts.ephemeral.take(f"saml-logout:{name}") if name else None
        if stored is None:
            raise Gone(OVER)
        values = json.loads(stored)
        asked = values["asked"]
        request = LogoutRequest(**{**asked, "indexes": tuple(asked["indexes"])}) if asked else None
        return Flow(**{**values, "waiting": tuple(values["waiting"]), "asked": request})


def _by_browser(application: SamlApplication) -> bool:
    metadata = application.metadata
    can = metadata.logout(REDIRECT, POST) is not None and metadata.logout(SOAP_BINDING) is None
    return application.settings.wants_logout and can
