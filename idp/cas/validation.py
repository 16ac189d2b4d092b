"""Redeeming tickets, and acting for people at other applications (CAS 3.0.3 §2.4–2.8)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta

from idp.cas.addresses import Address
from idp.cas.answers import Answer, Failure, ProxySuccess, Success
from idp.cas.applications import CasApplication, CasApplications, CasUser
from idp.cas.records import CasEntryRow, ProxyGrantingTicketRow
from idp.cas.tickets import LONGEST, Kind, Ticket, Tickets, new_name
from idp.mandates.records import Acting
from idp.sessions.service import Session, SessionService, hash_token
from idp.tokens.subject import Subject, find_subject
from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.errors import Forbidden, InvalidInput, Unavailable
from kernel.outbound.fetch import GuardedFetcher

GRANT_LIFE = timedelta(hours=12)
_LONGEST_CHAIN = 8


@dataclass(frozen=True)
class ValidationRequest:
    """What an application asks: is `ticket` good for `service`? `kinds`: which tickets may answer; `renew`: only one
    from a sign-in just for it; `callback`: where it would have a proxy-granting ticket (`pgtUrl`)."""

    service: str
    ticket: str
    kinds: tuple[Kind, ...] = ("ST",)
    renew: bool = False
    callback: str = ""
    with_attributes: bool = False


@dataclass(frozen=True)
class ValidationParts:
    """What validation works with."""

    database: Database
    audit: AuditTrail
    clock: Clock
    applications: CasApplications
    tickets: Tickets
    sessions: SessionService
    fetcher: GuardedFetcher


class CasValidation:
    """Answers applications' servers. Nothing is raised: what does not hold is an answer of the protocol."""

    def __init__(self, parts: ValidationParts) -> None:
        self._parts = parts

    async def validate(self, request: ValidationRequest) -> Answer:
        """Redeem a ticket. It is used up whatever the answer is (§3.1.1)."""
        if not request.service or not request.ticket:
            return Failure("INVALID_REQUEST", "'service' and 'ticket' are both required.")
        ticket = await self._parts.tickets.redeem(request.ticket)
        if ticket is None or ticket.kind not in request.kinds:
            return Failure("INVALID_TICKET", "The ticket is unknown, was used, has expired, or is of another kind.")
        if ticket.service != request.service:
            return Failure("INVALID_SERVICE", "The ticket was issued for another service.")
        if request.renew and not ticket.is_new:
            return Failure("INVALID_TICKET", "The ticket does not come from a sign-in of its own.")
        application = await self._parts.applications.find_by_id(ticket.application_id)
        session = await self._parts.sessions.find_by_id(ticket.session_id)
        if application is None or session is None:
            return Failure("INVALID_TICKET", "The sign-in behind the ticket is over.")
        granted: tuple[str, str] | None = None
        if request.callback:
            if not await self._may_receive_grant(application, request.callback):
                return Failure("INVALID_PROXY_CALLBACK", "This application may not receive a ticket at that address.")
            granted = await self._hand_over_grant(request.callback)
        return await self._enter(request, ticket, application, session, granted)

    async def proxy(self, grant: str, target: str) -> Answer:
        """A proxy ticket for `target`, on the strength of a proxy-granting ticket (§2.7)."""
        if not grant or not target:
            return _proxy_failure("INVALID_REQUEST", "'pgt' and 'targetService' are both required.")
        async with self._parts.database.reading() as reading:
            row = await reading.get(ProxyGrantingTicketRow, hash_token(grant[:LONGEST]))
        if row is None or row.expires_at <= self._parts.clock():
            return _proxy_failure("INVALID_TICKET", "The proxy-granting ticket is unknown or has expired.")
        holder = await self._parts.applications.find_by_id(row.application_id)
        session = await self._parts.sessions.find_by_id(row.session_id)
        if holder is None or not holder.may_proxy or session is None:
            return _proxy_failure("INVALID_TICKET", "The sign-in behind the proxy-granting ticket is over.")
        application = await self._parts.applications.find(target)
        if application is None or (application.user is CasUser.USERNAME and not session.person.username):
            return _proxy_failure("UNAUTHORIZED_SERVICE", "The target is not an application that may be entered.")
        ticket = Ticket("PT", application.id, target, session.id, is_new=False, proxies=tuple(row.proxies))
        return ProxySuccess(await self._parts.tickets.issue(ticket))

    async def _enter(
        self,
        request: ValidationRequest,
        ticket: Ticket,
        application: CasApplication,
        session: Session,
        granted: tuple[str, str] | None,
    ) -> Answer:
        """Note who entered where, so that a logout reaches it; then tell."""
        person, now = session.person, self._parts.clock()
        user = person.username if application.user is CasUser.USERNAME else person.id
        if not user:
            return Failure("INVALID_TICKET", "The person has no user name.")
        async with self._parts.database.transaction() as transaction:
            transaction.add(
                CasEntryRow(
                    ticket=request.ticket,
                    application_id=application.id,
                    session_id=session.id,
                    address=ticket.service,
                    user=user,
                    at=now,
                )
            )
            if granted is not None:
                row = ProxyGrantingTicketRow(
                    ticket_hash=hash_token(granted[0]),
                    application_id=application.id,
                    session_id=session.id,
                    proxies=[request.callback, *ticket.proxies][:_LONGEST_CHAIN],
                    expires_at=now + GRANT_LIFE,
                )
                transaction.add(row)
            detail = {"kind": ticket.kind, "proxies": len(ticket.proxies)}
            event = AuditEvent("idp.cas.enter", Actor("user", person.id), f"cas:{application.id}", detail=detail)
            await self._parts.audit.record(transaction, event)
            subject = await find_subject(transaction, person.id, Acting(session.mandate_id, now))
        attributes = _attributes(application, session, subject, ticket) if request.with_attributes else {}
        return Success(user, attributes, granted[1] if granted else None, ticket.proxies)

    async def _may_receive_grant(self, application: CasApplication, callback: str) -> bool:
        """Only an application that may act for others, at an address of its own, where nobody listens in (§2.5.4)."""
        if not application.may_proxy:
            return False
        try:
            address = Address.read(callback)
        except InvalidInput:
            return False
        owner = await self._parts.applications.find(callback)
        return address.is_protected and owner is not None and owner.id == application.id

    async def _hand_over_grant(self, callback: str) -> tuple[str, str] | None:
        """Bring a new proxy-granting ticket to its owner; its name, and the note that goes into the answer."""
        grant, note = new_name("PGT"), new_name("PGTIOU")
        joint = "&" if "?" in callback else "?"
        try:
            answer = await self._parts.fetcher.get(f"{callback}{joint}pgtId={grant}&pgtIou={note}", accept="*/*")
        except (Unavailable, Forbidden):
            return None
        return (grant, note) if answer.status == 200 else None


def _attributes(
    application: CasApplication, session: Session, subject: Subject | None, ticket: Ticket
) -> Mapping[str, str | Sequence[str]]:
    """What version 3 tells (§2.5.7) and what the operator lets this application know."""
    organisation = subject.organisation if subject else None
    known: dict[str, str | Sequence[str]] = {
        "name": session.person.display_name,
        "preferred_username": session.person.username or "",
        "acr": session.acr,
        "amr": list(session.amr),
        "roles": sorted(str(role) for role in subject.effective_roles) if subject else [],
        "organisation": organisation["uscc"] if organisation else "",
        "organisation_name": organisation["name"] if organisation else "",
        "subject_type": session.subject_type,
    }
    told = {
        "authenticationDate": session.auth_time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "longTermAuthenticationRequestTokenUsed": "false",
        "isFromNewLogin": "true" if ticket.is_new else "false",
    }
    return told | {name: known[name] for name in application.attributes if known[name]}


def _proxy_failure(code: str, description: str) -> Failure:
    return Failure(code, description, element="proxyFailure")
