"""Moving a sign-in along. Each method does one step and stores what has become of the request."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from idp.consent.service import ConsentService
from idp.factors.standing import SecondFactors
from idp.login.flow import LoginRequest, PersonFacts, Step, next_step
from idp.login.password import DISABLED, PasswordSignIn
from idp.login.requests import LoginRequests
from idp.mandates.mandate import Mandate
from idp.mandates.records import Acting
from idp.mandates.service import MandateService
from idp.passkeys.service import PasskeySignIn
from idp.sessions.methods import proves_second_factor, with_code
from idp.sessions.service import Authentication, Session, SessionService
from idp.tokens.subject import Subject, find_subject
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.errors import FieldError, Forbidden, InvalidInput

WRONG_CODE = "This code is not right, or was used before. Wait for the next one in your app and enter that."


NOT_A_CHOICE = "Choose one of the listed answers."


@dataclass(frozen=True)
class Progress:
    """Where a sign-in stands. `new_token` is the cookie value of a session that has just begun."""

    step: Step
    request: LoginRequest
    new_token: str | None = None


@dataclass(frozen=True)
class BrowserFacts:
    """What a session notes about the browser: a label for people, and the session cookie it sent."""

    label: str
    session_token: str | None


@dataclass(frozen=True)
class SessionParts:
    """What decides about a session: the sessions there are, what was consented to, whom people act for."""

    sessions: SessionService
    consents: ConsentService
    mandates: MandateService
    clock: Clock


class LoginService:
    """The dispatcher and the steps it hands out."""

    def __init__(
        self,
        database: Database,
        requests: LoginRequests,
        password: PasswordSignIn,
        factors: SecondFactors,
        parts: SessionParts,
    ) -> None:
        self.requests = requests
        self.factors = factors
        self._database = database
        self._password = password
        self._sessions = parts.sessions
        self._consents = parts.consents
        self._mandates = parts.mandates
        self._clock = parts.clock

    async def dispatch(self, request: LoginRequest, browser: BrowserFacts) -> Progress:
        """The next step of a request; begins the session as soon as the person is proved to be there."""
        subject = await self._subject(request)
        step = next_step(request, await self._facts(request, subject))
        if step is not Step.SIGN_IN:
            return Progress(step, request)
        assert subject is not None
        if not subject.person.is_active:
            await self._password.refuse(subject.person.id, "disabled")
            raise Forbidden(DISABLED)
        token, session = await self._sessions.begin(
            Authentication(
                subject.person,
                request.amr,
                browser.label,
                browser.session_token,
                mandate_id=request.acts_for or None,
                auth_time=request.proved_at,
            )
        )
        request = replace(request, session_id=session.id)
        await self.requests.save(request)
        return Progress(next_step(request, await self._facts(request, subject)), request, token)

    async def step_of(self, request: LoginRequest) -> Step:
        """Where a request stands, without moving it."""
        return next_step(request, await self._facts(request, await self._subject(request)))

    async def begin(self, request: LoginRequest, session: Session | None = None) -> LoginRequest:
        """Store a request; with a session, the person need not say again who they are."""
        if session is not None:
            subject = await self._find_subject(session.person.id)
            known = replace(request, person_id=session.person.id, amr=session.amr, proved_at=session.auth_time)
            lacks_factor = subject is not None and subject.needs_second_factor and not proves_second_factor(session.amr)
            must_change = request.subject_type not in {None, session.subject_type}
            if must_change:
                request = known
            elif lacks_factor:
                request = replace(known, acts_for=session.mandate_id or "")
            else:
                request = replace(known, session_id=session.id)
        return await self.requests.begin(request)

    async def identify(self, request: LoginRequest, username: str, password: str, address: str) -> LoginRequest:
        """Who is there, by password. Raises `InvalidInput`, `RateLimited`, `Forbidden`."""
        person = await self._password.check(username, password, address)
        return await self.identified(request, person.id, ("pwd",))

    async def identified(self, request: LoginRequest, person_id: str, amr: tuple[str, ...]) -> LoginRequest:
        """Who is there, and how they proved it: also where sign-in by another provider arrives."""
        request = replace(request, person_id=person_id, amr=amr, session_id=None, proved_at=None, acts_for=None)
        await self.requests.save(request)
        return request

    async def identify_by_passkey(self, request: LoginRequest, answer: str) -> LoginRequest:
        """Who is there, by passkey alone. Raises `InvalidInput`, `Forbidden`."""
        proved = await self._check_passkey(request, answer, None)
        return await self.identified(request, proved.person_id, proved.amr)

    async def check_passkey(self, request: LoginRequest, answer: str) -> LoginRequest:
        """The second factor, by passkey. Raises `InvalidInput`."""
        proved = await self._check_passkey(request, answer, request.person_id)
        return await self._proved(request, (*request.amr, *proved.amr))

    async def _check_passkey(self, request: LoginRequest, answer: str, person_id: str | None) -> PasskeySignIn:
        try:
            return await self.factors.passkeys.check(request.id, answer, person_id)
        except InvalidInput:
            await self._password.refuse(person_id, "wrong passkey")
            raise

    async def enrol_passkey(self, request: LoginRequest, answer: str, name: str) -> LoginRequest:
        """A passkey as the first second factor. Raises `InvalidInput`, `Conflict`."""
        made = await self.factors.passkeys.create(request.id, request.person_id or "", answer, name)
        return await self._proved(request, (*request.amr, "swk" if made.is_synced else "hwk", "user"))

    async def _proved(self, request: LoginRequest, amr: tuple[str, ...]) -> LoginRequest:
        request = replace(request, amr=amr, session_id=None, proved_at=None)
        await self.requests.save(request)
        return request

    async def check_code(self, request: LoginRequest, code: str) -> LoginRequest:
        """The second factor. Raises `InvalidInput`, `RateLimited`."""
        return await self._prove_factor(request, code, is_enrolment=False)

    async def enrol_factor(self, request: LoginRequest, code: str) -> LoginRequest:
        """The second factor, for the first time. Raises `InvalidInput`, `RateLimited`."""
        return await self._prove_factor(request, code, is_enrolment=True)

    async def _prove_factor(self, request: LoginRequest, code: str, *, is_enrolment: bool) -> LoginRequest:
        person_id = request.person_id or ""
        code = "".join(code.split())
        await self._password.throttle.count_code(person_id)
        if is_enrolment:
            right = await self.factors.totp.confirm(request.id, person_id, code)
        else:
            right = await self.factors.totp.check(person_id, code) or await self.factors.recovery.take(person_id, code)
        if not right:
            await self._password.refuse(person_id, "wrong code")
            raise InvalidInput(WRONG_CODE, fields=[FieldError("code", WRONG_CODE)])
        await self._password.throttle.clear_code(person_id)
        return await self._proved(request, with_code(request.amr))

    async def refuse(self, person_id: str | None, because: str) -> None:
        """Write down that somebody was not let in."""
        await self._password.refuse(person_id, because)

    async def mandates(self, request: LoginRequest) -> Sequence[Mandate]:
        """Whom the person may act for now."""
        return await self._mandates.in_force(request.person_id) if request.person_id else ()

    async def choose_whom(self, request: LoginRequest, mandate_id: str) -> LoginRequest:
        """Act under this mandate; empty: for oneself. Raises `InvalidInput` for what cannot be chosen."""
        allowed = {each.id for each in await self.mandates(request)}
        if request.subject_type != "legal":
            allowed.add("")
        if mandate_id not in allowed:
            raise InvalidInput(NOT_A_CHOICE, fields=[FieldError("acts_for", NOT_A_CHOICE)])
        request = replace(request, acts_for=mandate_id)
        await self.requests.save(request)
        return request

    async def answer_consent(self, request: LoginRequest, *, given: bool) -> LoginRequest:
        """The person's yes or no."""
        assert request.consent is not None
        assert request.person_id is not None
        question = replace(request.consent, scopes=await self.scopes_asked(request))
        if given:
            await self._consents.give(request.person_id, question)
        else:
            await self._consents.refuse(request.person_id, question)
        request = replace(request, consent_answer="given" if given else "refused")
        await self.requests.save(request)
        return request

    async def put_off_real_name(self, request: LoginRequest) -> LoginRequest:
        """The person would rather not be checked now; the application gets the assurance there is."""
        request = replace(request, will_confirm=False)
        await self.requests.save(request)
        return request

    async def scopes_asked(self, request: LoginRequest) -> tuple[str, ...]:
        """Those scopes of the question that this person could grant at all."""
        subject = await self._subject(request)
        if subject is None or request.consent is None:
            return ()
        return tuple(scope for scope in request.consent.scopes if scope in subject.permitted_scopes)

    async def _subject(self, request: LoginRequest) -> Subject | None:
        return await self._find_subject(request.person_id) if request.person_id else None

    async def _find_subject(self, person_id: str) -> Subject | None:
        async with self._database.reading() as session:
            return await find_subject(session, person_id, Acting(None, self._clock()))

    async def _facts(self, request: LoginRequest, subject: Subject | None) -> PersonFacts | None:
        if subject is None:
            return None
        has_consented = True
        if request.consent is not None:
            asked = [scope for scope in request.consent.scopes if scope in subject.permitted_scopes]
            has_consented = await self._consents.covers(subject.person.id, request.consent.client_id, asked)
        standing = await self.factors.standing(subject.person.id)
        return PersonFacts(
            needs_second_factor=subject.needs_second_factor,
            has_second_factor=standing.suffices(is_needed=subject.needs_second_factor),
            has_consented=has_consented,
            assurance_level=subject.person.assurance_level,
            may_act=bool(await self._mandates.in_force(subject.person.id)) if request.session_id is None else False,
        )
