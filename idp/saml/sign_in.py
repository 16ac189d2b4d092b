"""From a request to an answer, by way of a sign-in where one is needed (SAML Profiles §4.1)."""

import asyncio
import json
import secrets
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from idp.consent.service import ConsentQuestion, ConsentService
from idp.login.flow import LoginRequest
from idp.login.service import LoginService
from idp.mandates.mandate import may_enter
from idp.mandates.records import Acting
from idp.oauth2.return_address import origin_of
from idp.saml.applications.application import SamlApplication
from idp.saml.applications.registry import SamlApplications
from idp.saml.assertion import Said, Signer, new_id, refuse, respond
from idp.saml.authn_request import AuthnRequest, check_envelope, issuer_of, read_authn_request
from idp.saml.contexts import Wish, context_of, read_wish
from idp.saml.keys import SamlKeys
from idp.saml.names import Name, Telling
from idp.saml.records import SamlEntryRow
from idp.saml.wire.bindings import Received
from idp.saml.wire.markup import UnreadableMessage
from idp.saml.wire.signatures import BadSignature
from idp.sessions.methods import proves_second_factor
from idp.sessions.service import Session
from idp.tokens.subject import Subject, find_subject
from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.crypto.envelope import Envelope
from kernel.database.engine import Database
from kernel.ephemeral.store import EphemeralStore
from kernel.errors import Forbidden, Gone

CONTINUE_PATH = "/saml/continue"
UNKNOWN = "This application is not registered here, so nobody can be signed in to it."
USED = "This sign-in was finished already. Go back to the application and start again."
OVER = "This sign-in took too long. Go back to the application and start again."
ANSWERED_SECONDS = 3600


@dataclass(frozen=True)
class Answer:
    """A message for the application, to be posted by the browser."""

    consumer: str
    message: bytes
    relay_state: str | None


@dataclass(frozen=True)
class SignInNeeded:
    """The browser goes to sign in."""

    login: LoginRequest


@dataclass(frozen=True)
class SamlSignInParts:
    """What sign-in works with. `seconds`: how long one may take."""

    database: Database
    ephemeral: EphemeralStore
    audit: AuditTrail
    clock: Clock
    envelope: Envelope
    issuer: str
    keys: SamlKeys
    applications: SamlApplications
    telling: Telling
    consents: ConsentService
    login: LoginService
    seconds: int


class _Refused(Exception):
    """The application is told no: who is to blame and why, as its statuses have it."""

    def __init__(self, who: str, why: str) -> None:
        super().__init__(why)
        self.who, self.why = who, why


class SamlSignIn:
    """The way in."""

    def __init__(self, parts: SamlSignInParts) -> None:
        self._parts = parts

    async def receive(self, received: Received) -> str:
        """Judge a new request and keep it; the name it is kept under.

        Raises `UnreadableMessage`, `Forbidden`, `Gone`, to be shown: nobody is answered who could be an impostor.
        """
        now = self._parts.clock()
        application = await self._application(issuer_of(received.root))
        root = received.root
        if received.is_signed:
            root = await asyncio.to_thread(received.verified, application.metadata.signing)
        elif application.must_sign:
            raise BadSignature("a request without a signature")
        if issuer_of(root) != application.metadata.entity_id:
            raise UnreadableMessage("two issuers")
        check_envelope(root, f"{self._parts.issuer}/saml/sso", now, is_signed=received.is_signed)
        request = read_authn_request(root, application, received.relay_state)
        if await self._parts.ephemeral.get(_answered(request)) is not None:
            raise Gone(USED, reason="the request was answered before")
        return await self._keep(replace(request, received_at=now))

    async def begin_here(self, application_id: str, relay_state: str | None) -> str:
        """Sign-in that no application asked for (Profiles §4.1.5), where the operator allows it. Raises `Forbidden`."""
        application = await self._parts.applications.find_by_id(application_id)
        if application is None or not application.settings.from_here:
            raise Forbidden(UNKNOWN, reason="not registered, or not from here")
        consumer = application.metadata.consumer(None, None)
        assert consumer is not None  # metadata without one is not read
        now = self._parts.clock()
        return await self._keep(AuthnRequest("", application.id, consumer.location, relay_state, received_at=now))

    async def go_on(self, kept: str, session: Session | None, browser: str) -> Answer | SignInNeeded:
        """Answer a kept request, or send the browser to sign in. Raises `Gone`, `Forbidden`."""
        return await self._judge(await self._load(kept), session, browser, None)

    async def resume(self, login_id: str, session: Session | None, browser: str) -> Answer | SignInNeeded:
        """Go on after a sign-in. Raises `Gone` when it took too long or belongs to another browser, `Forbidden`."""
        login = await self._parts.login.requests.load(login_id, browser)
        answer = await self._judge(await self._load(login_id), session, browser, login)
        if isinstance(answer, Answer):
            await self._parts.login.requests.finish(login)
        return answer

    async def _application(self, entity_id: str) -> SamlApplication:
        application = await self._parts.applications.find(entity_id)
        if application is None:
            raise Forbidden(UNKNOWN, reason="not registered")
        return application

    async def _judge(
        self, request: AuthnRequest, session: Session | None, browser: str, login: LoginRequest | None
    ) -> Answer | SignInNeeded:
        application = await self._parts.applications.find_by_id(request.application_id)
        if application is None or application.metadata.consumer(None, request.consumer) is None:
            raise Forbidden(UNKNOWN, reason="not registered")
        try:
            missing = await self._missing(request, application, session, login)
            if missing is None and session is not None:
                return await self._answer(request, application, session)
            if request.passive:
                raise _Refused("Responder", "NoPassive")
            return await self._send_to_login(request, application, missing, browser)
        except _Refused as refusal:
            return await self._refuse(request, refusal)

    async def _missing(
        self,
        request: AuthnRequest,
        application: SamlApplication,
        session: Session | None,
        login: LoginRequest | None,
    ) -> Session | str | None:
        """None when nothing is; the session when something must be added to it; else why somebody signs in anew."""
        wish = read_wish(request)
        if wish.impossible:
            raise _Refused("Responder", "NoAuthnContext")
        if session is None:
            return "nobody is signed in"
        received_at = request.received_at or self._parts.clock()
        if request.force and session.auth_time < received_at:
            return "a new sign-in is asked for"
        async with self._parts.database.reading() as reading:
            subject = await find_subject(reading, session.person.id, Acting(session.mandate_id, self._parts.clock()))
        if (
            subject is not None
            and subject.mandate is not None
            and not may_enter(subject.mandate, is_first_party=application.settings.first_party)
        ):
            raise _Refused("Responder", "RequestDenied")
        if subject is None or (subject.needs_second_factor and not proves_second_factor(session.amr)):
            return session
        if wish.two_factors and not proves_second_factor(session.amr):
            if session.auth_time >= received_at:
                raise _Refused("Responder", "NoAuthnContext")
            return "a second factor is asked for"
        return await self._lacking(wish, application, session, subject, login)

    async def _lacking(
        self, wish: Wish, application: SamlApplication, session: Session, subject: Subject, login: LoginRequest | None
    ) -> Session | None:
        """The session, where it lacks assurance or consent; None where it lacks nothing."""
        level = subject.person.assurance_level
        if level < wish.level:
            if login is not None or level >= wish.reachable_level:
                raise _Refused("Responder", "NoAuthnContext")
            return session
        if login is not None and login.consent_answer == "refused":
            raise _Refused("Responder", "RequestDenied")
        question = _question(application)
        if question is None:
            return None
        covered = await self._parts.consents.covers(session.person.id, question.client_id, question.scopes)
        if application.settings.first_party and not covered:
            await self._parts.consents.imply(session.person.id, question.client_id, question.scopes)
            return None
        return None if covered else session

    async def _send_to_login(
        self, request: AuthnRequest, application: SamlApplication, missing: Session | str | None, browser: str
    ) -> SignInNeeded:
        login = LoginRequest(
            id="",
            browser=browser,
            resume_at=CONTINUE_PATH + "?request={id}",
            begun_at=request.received_at or self._parts.clock(),
            client_name=application.name,
            leads_to=origin_of(request.consumer),
            wanted_level=read_wish(request).level,
            consent=None if application.settings.first_party else _question(application),
        )
        login = await self._parts.login.begin(login, missing if isinstance(missing, Session) else None)
        await self._keep(request, login.id)
        return SignInNeeded(login)

    async def _answer(self, request: AuthnRequest, application: SamlApplication, session: Session) -> Answer:
        now, index = self._parts.clock(), new_id()
        async with self._parts.database.reading() as reading:
            name = await self._parts.telling.name(reading, request, application, session.person.id)
            attributes = await self._parts.telling.attributes(reading, application, session)
        if name is None:
            raise _Refused("Requester", "InvalidNameIDPolicy")
        await self._claim(request)
        await self._note(application, session, name, index, now)
        context = context_of(request, session.amr, session.person.assurance_level)
        said = Said(name, index, attributes, context, session.auth_time)
        message = await asyncio.to_thread(respond, request, application, said, await self._signer(), now)
        return Answer(request.consumer, message, request.relay_state)

    async def _refuse(self, request: AuthnRequest, refusal: _Refused) -> Answer:
        await self._claim(request)
        message = await asyncio.to_thread(
            refuse, request, await self._signer(), self._parts.clock(), refusal.who, refusal.why
        )
        return Answer(request.consumer, message, request.relay_state)

    async def _claim(self, request: AuthnRequest) -> None:
        """A request is answered once; until then, it may come again (the back button)."""
        if request.id and not await self._parts.ephemeral.add(_answered(request), b"1", ANSWERED_SECONDS):
            raise Gone(USED, reason="the request was answered before")

    async def _note(
        self, application: SamlApplication, session: Session, name: Name, index: str, now: datetime
    ) -> None:
        """Who entered where, so that a logout reaches it."""
        sealed = self._parts.envelope.encrypt(name.value.encode(), context=f"idp.saml.entry:{index}")
        async with self._parts.database.transaction() as transaction:
            transaction.add(
                SamlEntryRow(
                    id=index,
                    application_id=application.id,
                    session_id=session.id,
                    person_id=session.person.id,
                    name_id_format=name.format,
                    name_id_sealed=sealed,
                    at=now,
                )
            )
            event = AuditEvent("idp.saml.enter", Actor("user", session.person.id), application.client_id)
            await self._parts.audit.record(transaction, event)

    async def _signer(self) -> Signer:
        return Signer(self._parts.issuer, await self._parts.keys.current())

    async def _keep(self, request: AuthnRequest, name: str = "") -> str:
        name = name or secrets.token_urlsafe(18)
        values = asdict(request)
        values["received_at"] = request.received_at.isoformat() if request.received_at else None
        await self._parts.ephemeral.put(f"saml-request:{name}", json.dumps(values).encode(), self._parts.seconds)
        return name

    async def _load(self, name: str) -> AuthnRequest:
        stored = await self._parts.ephemeral.get(f"saml-request:{name}") if name else None
        if stored is None:
            raise Gone(OVER)
        values = json.loads(stored)
        values["received_at"] = datetime.fromisoformat(values["received_at"])
        return AuthnRequest(**{**values, "contexts": tuple(values["contexts"])})


def _question(application: SamlApplication) -> ConsentQuestion | None:
    """What the person must agree to; None where nothing leaves that is theirs to give."""
    scopes = tuple(sorted(application.allowed_scopes))
    return ConsentQuestion(application.client_id, application.name, scopes) if scopes else None


def _answered(request: AuthnRequest) -> str:
    return f"saml-answered:{request.application_id}:{request.id}"
