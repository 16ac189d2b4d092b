"""From an application's request to a ticket, by way of a sign-in where one is needed (CAS 3.0.3 §2.1, §2.2)."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from idp.cas.addresses import Address
from idp.cas.applications import CasApplication, CasApplications, CasUser
from idp.cas.tickets import Ticket, Tickets
from idp.login.flow import LoginRequest
from idp.login.service import LoginService
from idp.mandates.mandate import may_enter
from idp.mandates.records import Acting
from idp.sessions.methods import proves_second_factor
from idp.sessions.service import Session
from idp.tokens.subject import find_subject
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.ephemeral.store import EphemeralStore
from kernel.errors import Forbidden, Gone

CONTINUE_PATH = "/cas/continue"
UNKNOWN = "This application is not registered here, so nobody can be signed in to it."
NO_USERNAME = "This application knows people by their user name, and you have none. Ask its operators for access."


@dataclass(frozen=True)
class EntryRequest:
    """What an application asks for. `renew`: a new sign-in, whatever session there is; `gateway`: nobody is asked,
    the browser comes back with a ticket or without; `method`: GET, or POST to have the ticket posted."""

    service: str
    renew: bool = False
    gateway: bool = False
    method: str = "GET"
    received_at: datetime | None = None
    """When it came, for one that comes back from a sign-in."""


@dataclass(frozen=True)
class Entrance:
    """Back to the application, with a ticket or (gateway) without."""

    service: str
    ticket: str | None
    method: str

    @property
    def origin(self) -> str:
        """Where a form may be posted."""
        return Address.read(self.service).origin


@dataclass(frozen=True)
class SignInNeeded:
    """The person has something to do first; the sign-in comes back to `CONTINUE_PATH`."""

    login: LoginRequest


@dataclass(frozen=True)
class CasSignInParts:
    """What it works with. `seconds`: how long a sign-in may take."""

    database: Database
    ephemeral: EphemeralStore
    clock: Clock
    applications: CasApplications
    tickets: Tickets
    login: LoginService
    seconds: int


class CasSignIn:
    """The way in."""

    def __init__(self, parts: CasSignInParts) -> None:
        self._parts = parts

    async def enter(self, request: EntryRequest, session: Session | None, browser: str) -> Entrance | SignInNeeded:
        """Judge a new request. Raises `Forbidden`, to be shown: the address is nobody's."""
        application = await self._application(request.service)
        received_at = request.received_at or self._parts.clock()
        # Only a request that comes back from a sign-in can have caused it.
        is_new = request.received_at is not None and session is not None and session.auth_time >= received_at
        if session is not None and (is_new or not request.renew) and await self._is_complete(session):
            return await self._ticket(request, application, session, is_new=is_new)
        if request.gateway and not request.renew:
            return Entrance(request.service, None, request.method)
        return await self._send_to_login(request, application, received_at, session, browser)

    async def resume(self, request_id: str, session: Session | None, browser: str) -> Entrance | SignInNeeded:
        """Go on after a sign-in. Raises `Gone` when it took too long or belongs to another browser, `Forbidden`."""
        login = await self._parts.login.requests.load(request_id, browser)
        stored = await self._parts.ephemeral.get(f"cas-entry:{request_id}")
        if stored is None:
            raise Gone("This sign-in took too long. Go back to the application and start again.")
        values = json.loads(stored)
        received_at = datetime.fromisoformat(values["received_at"])
        answer = await self.enter(EntryRequest(**{**values, "received_at": received_at}), session, browser)
        if isinstance(answer, Entrance):
            await self._parts.ephemeral.delete(f"cas-entry:{request_id}")
            await self._parts.login.requests.finish(login)
        return answer

    async def _application(self, service: str) -> CasApplication:
        application = await self._parts.applications.find(service)
        if application is None:
            raise Forbidden(UNKNOWN, reason="not registered")
        return application

    async def _is_complete(self, session: Session) -> bool:
        """Whether nothing is missing of the sign-in, such as the second factor that a role given since asks for."""
        async with self._parts.database.reading() as reading:
            subject = await find_subject(reading, session.person.id, Acting(session.mandate_id, self._parts.clock()))
        if subject is not None and subject.mandate is not None and not may_enter(subject.mandate, is_first_party=False):
            raise Forbidden("Your mandate does not reach this application.", reason="mandate without applications")
        return subject is not None and (not subject.needs_second_factor or proves_second_factor(session.amr))

    async def _ticket(
        self, request: EntryRequest, application: CasApplication, session: Session, *, is_new: bool
    ) -> Entrance:
        if application.user is CasUser.USERNAME and not session.person.username:
            raise Forbidden(NO_USERNAME, reason="no user name")
        ticket = Ticket("ST", application.id, request.service, session.id, is_new)
        return Entrance(request.service, await self._parts.tickets.issue(ticket), request.method)

    async def _send_to_login(
        self,
        request: EntryRequest,
        application: CasApplication,
        received_at: datetime,
        session: Session | None,
        browser: str,
    ) -> SignInNeeded:
        login = LoginRequest(
            id="",
            browser=browser,
            resume_at=CONTINUE_PATH + "?request={id}",
            begun_at=received_at,
            client_name=application.name,
            leads_to=application.address.origin,
        )
        login = await self._parts.login.begin(login, None if request.renew else session)
        values = asdict(request) | {"received_at": received_at.isoformat()}
        await self._parts.ephemeral.put(f"cas-entry:{login.id}", json.dumps(values).encode(), self._parts.seconds)
        return SignInNeeded(login)
