"""Letting devices in: the endpoint that devices call, and the answer of the person."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from idp.clients.client import DEVICE_CODE, Client
from idp.clients.service import ClientService
from idp.consent.service import ConsentQuestion, ConsentService
from idp.mandates.mandate import may_enter
from idp.mandates.records import Acting
from idp.oauth2.client_authentication.service import ClientAuthenticator
from idp.oauth2.device.codes import DeviceCodes, DeviceRequest, read_user_code, shown_user_code
from idp.oauth2.endpoint_request import EndpointRequest
from idp.oauth2.errors import OAuthError
from idp.oauth2.parameters import split_scope
from idp.oauth2.resources import check_resources
from idp.roles.scopes import ALL_SCOPES
from idp.sessions.methods import proves_second_factor
from idp.sessions.service import Session
from idp.settings import IdpSettings
from idp.tokens.access_token import SignInFacts
from idp.tokens.service import TokenGrant, TokenService
from idp.tokens.subject import Subject, find_subject
from idp.tokens.subject_names import SubjectNames
from kernel.audit.chain import Actor, AuditEvent, AuditTrail, Outcome
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.ephemeral.store import EphemeralStore
from kernel.errors import FieldError, Forbidden, Gone, InvalidInput, RateLimited
from kernel.ids.time_ordered import new_id

GUESSES, GUESSES_SECONDS = 10, 900
WRONG = "There is no such code, or it has ended. Check it on your device."


@dataclass(frozen=True)
class DeviceParts:
    """What device authorization works with."""

    database: Database
    ephemeral: EphemeralStore
    audit: AuditTrail
    settings: IdpSettings
    clients: ClientService
    authenticator: ClientAuthenticator
    codes: DeviceCodes
    consents: ConsentService
    tokens: TokenService
    names: SubjectNames
    clock: Clock


@dataclass(frozen=True)
class DeviceQuestion:
    """What a person is asked: this application, on a device that shows this code, these scopes."""

    client: Client
    request: DeviceRequest
    name: str
    scopes: tuple[str, ...]


class DeviceAuthorization:
    """Begins requests for devices and takes people's answers."""

    def __init__(self, parts: DeviceParts) -> None:
        self._parts = parts

    async def begin(self, request: EndpointRequest) -> dict[str, Any]:
        """The answer of RFC 8628 §3.2. Raises `OAuthError`."""
        client = await self._parts.authenticator.authenticate(request, allow_public=True)
        if DEVICE_CODE not in client.grant_types:
            raise OAuthError("unauthorized_client", "This client may not use this grant_type.")
        asked = split_scope(request.parameters.get("scope"))
        scopes = tuple(scope for scope in asked if scope in client.allowed_scopes & ALL_SCOPES)
        if asked and not scopes:
            raise OAuthError("invalid_scope", "None of the requested scopes may be given to this client.")
        resources = check_resources(request.parameters.resources, client, self._parts.settings.audience)
        codes = self._parts.codes
        device_code, user_code = await codes.begin(client.client_id, scopes, resources)
        address = f"{self._parts.settings.issuer}/device"
        shown = shown_user_code(user_code)
        return {
            "device_code": device_code,
            "user_code": shown,
            "verification_uri": address,
            "verification_uri_complete": f"{address}?user_code={shown}",
            "expires_in": codes.seconds,
            "interval": codes.poll_seconds,
        }

    async def find_question(self, typed: str, session: Session) -> DeviceQuestion:
        """What a user code stands for. Raises `InvalidInput`, `RateLimited` (§5.1: guesses are counted)."""
        user_code = read_user_code(typed)
        found = await self._parts.codes.find(user_code) if user_code else None
        client = await self._parts.clients.find(found[1].client_id) if found else None
        subject = await self._subject(session)
        if found is None or client is None or subject is None:
            await self._count_guess(session)
            raise InvalidInput(WRONG, fields=[FieldError("user_code", WRONG)])
        if subject.mandate is not None and not may_enter(subject.mandate, is_first_party=client.first_party):
            raise Forbidden("Your mandate does not reach this application.")
        name, request = found
        scopes = tuple(scope for scope in request.scopes if scope in subject.permitted_scopes)
        return DeviceQuestion(client, request, name, scopes)

    async def allow(self, question: DeviceQuestion, session: Session) -> None:
        """Let the device in as this person. Raises `Gone` when somebody answered before."""
        client, parts = question.client, self._parts
        asked = ConsentQuestion(client.client_id, client.name, question.scopes)
        if client.first_party:
            await parts.consents.imply(session.person.id, client.client_id, question.scopes)
        else:
            await parts.consents.give(session.person.id, asked)
        grant = TokenGrant(
            id=new_id(),
            client_id=client.client_id,
            person_id=session.person.id,
            session_id=session.id,
            scopes=question.scopes,
            sign_in=SignInFacts(session.auth_time, session.acr, session.amr),
            ends_with_session=client.first_party or "offline_access" not in question.scopes,
            sub=parts.names.pairwise(client, session.person.id),
            resources=question.request.resources,
            mandate_id=session.mandate_id,
        )
        async with parts.database.transaction() as transaction:
            await parts.tokens.open_grant(transaction, grant)
            await self._record(transaction, question, session, "success")
        if not await parts.codes.answer(question.name, question.request, grant):
            await parts.tokens.revoke_grant(grant.id, "device answered twice")
            raise Gone(WRONG)

    async def deny(self, question: DeviceQuestion, session: Session) -> None:
        """Keep the device out."""
        await self._parts.codes.answer(question.name, question.request, None)
        async with self._parts.database.transaction() as transaction:
            await self._record(transaction, question, session, "refused")

    async def needs_second_factor(self, session: Session) -> bool:
        """Whether this person must prove more before anything is allowed in their name."""
        subject = await self._subject(session)
        return subject is not None and subject.needs_second_factor and not proves_second_factor(session.amr)

    async def _subject(self, session: Session) -> Subject | None:
        async with self._parts.database.reading() as reading:
            return await find_subject(reading, session.person.id, Acting(session.mandate_id, self._parts.clock()))

    async def _count_guess(self, session: Session) -> None:
        count = await self._parts.ephemeral.increment(f"device-guess:{session.person.id}", GUESSES_SECONDS)
        if count > GUESSES:
            raise RateLimited(
                "Too many wrong codes. Wait a quarter of an hour and try again.", retry_after_seconds=GUESSES_SECONDS
            )

    async def _record(
        self, transaction: AsyncSession, question: DeviceQuestion, session: Session, outcome: Outcome
    ) -> None:
        event = AuditEvent(
            "idp.device.answer",
            Actor("user", session.person.id),
            f"client:{question.client.client_id}",
            outcome=outcome,
            detail={"scopes": list(question.scopes)},
        )
        await self._parts.audit.record(transaction, event)
