"""Deciding about authorization requests: sign in first, consent first, refuse, or hand out a code."""

from dataclasses import dataclass
from typing import Literal

from idp.claims.requested import read_requested_claims
from idp.clients.client import Client
from idp.clients.metadata import RESPONSE_MODES
from idp.clients.service import ClientService
from idp.consent.service import ConsentQuestion, ConsentService
from idp.keys import TokenKeys
from idp.login.flow import LoginRequest
from idp.login.service import LoginService
from idp.mandates.mandate import may_enter
from idp.mandates.records import Acting
from idp.oauth2.authorize.checks import CHECKS, SHOWN_CHECKS
from idp.oauth2.authorize.codes import CodeStore, IssuedCode
from idp.oauth2.authorize.request import (
    Attempt,
    AuthorizationRequest,
    ReturnAddress,
    from_bytes,
    to_bytes,
)
from idp.oauth2.authorize.sources import RequestSources
from idp.oauth2.errors import OAuthError
from idp.oauth2.parameters import Parameters
from idp.oauth2.resources import check_resources
from idp.oauth2.return_address import origin_of
from idp.persons.person import HIGHEST_ONLINE_LEVEL, level_of
from idp.sessions.methods import proves_second_factor
from idp.sessions.service import Session
from idp.settings import IdpSettings
from idp.tokens import id_token
from idp.tokens.access_token import SignInFacts
from idp.tokens.service import TokenGrant, TokenService
from idp.tokens.subject import Subject, find_subject
from idp.tokens.subject_names import SubjectNames
from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.ephemeral.store import EphemeralStore
from kernel.errors import Gone
from kernel.ids.time_ordered import new_id

CONTINUE_PATH = "/oauth2/authorize/continue"
FAPI_CODE_SECONDS = 60
BEYOND = 100
"""A level that nobody reaches."""


@dataclass(frozen=True)
class Visitor:
    """The browser that brings a request: its live session, and the hash of its sign-in cookie."""

    session: Session | None
    browser: str


@dataclass(frozen=True)
class ClientAnswer:
    """Parameters that go back to the client by way of the browser."""

    address: ReturnAddress
    parameters: dict[str, str]


@dataclass(frozen=True)
class SignInNeeded:
    """The person has something to do first; the sign-in comes back to `CONTINUE_PATH`."""

    login: LoginRequest
    ui_locales: str | None = None


Answer = ClientAnswer | SignInNeeded


@dataclass(frozen=True)
class AuthorizationParts:
    """What the authorization endpoint works with."""

    database: Database
    ephemeral: EphemeralStore
    audit: AuditTrail
    clock: Clock
    settings: IdpSettings
    keys: TokenKeys
    clients: ClientService
    codes: CodeStore
    consents: ConsentService
    login: LoginService
    tokens: TokenService
    sources: RequestSources
    names: SubjectNames


class AuthorizationService:
    """The authorization endpoint's use cases: begin a request, and resume it after the sign-in."""

    def __init__(self, parts: AuthorizationParts) -> None:
        self._parts = parts

    async def begin(self, parameters: Parameters, visitor: Visitor) -> Answer:
        """Judge a new request. Raises `OAuthError` only for what must be shown to the person."""
        client = await self._parts.clients.find(parameters.get("client_id"))
        attempt = Attempt(parameters, client)
        try:
            attempt = await self._find_request(attempt)
            self.check(attempt)
            request = self._accept(attempt)
            return await self._decide(request, attempt.known_client, visitor, None)
        except OAuthError as error:
            if not error.redirectable:
                raise
            return self._refusal(_return_address(attempt), error)

    def check(self, attempt: Attempt) -> None:
        """Hold a request to every rule. Raises `OAuthError`."""
        for check in CHECKS:
            check(attempt)
        check_resources(attempt.parameters.resources, attempt.known_client, self._parts.settings.audience)

    async def _find_request(self, attempt: Attempt) -> Attempt:
        """The request behind `request` or `request_uri`; its refusal goes back only to a proven address."""
        try:
            found = await self._parts.sources.find(attempt.parameters, attempt.client)
        except OAuthError as error:
            error.redirectable = _is_proven(attempt)
            raise
        is_pushed = found.request_uri is not None
        return Attempt(found.parameters, attempt.client, is_pushed, found.is_signed, found.request_uri)

    async def resume(self, request_id: str, visitor: Visitor) -> Answer:
        """Go on after a sign-in. Raises `Gone` when the request is over, `OAuthError` when the client is."""
        login = await self._parts.login.requests.load(request_id, visitor.browser)
        stored = await self._parts.ephemeral.get(f"authorization:{request_id}")
        if stored is None:
            raise Gone("This sign-in was finished already. Go back to the application and start again.")
        request = from_bytes(stored)
        client = await self._parts.clients.find(request.client_id)
        if client is None or request.address.redirect_uri not in client.redirect_uris:
            raise OAuthError("invalid_request", "The client is no longer registered.")
        try:
            if login.consent_answer == "refused":
                raise OAuthError("access_denied", "The person did not consent.", redirectable=True)
            answer = await self._decide(request, client, visitor, login)
        except OAuthError as error:
            answer = self._refusal(request.address, error)
        if isinstance(answer, ClientAnswer):
            await self._parts.ephemeral.delete(f"authorization:{request_id}")
            await self._parts.login.requests.finish(login)
        return answer

    def _accept(self, attempt: Attempt) -> AuthorizationRequest:
        parameters = attempt.parameters
        client = attempt.known_client
        claims = read_requested_claims(parameters.get("claims") or "{}")
        max_age = parameters.get("max_age") or client.metadata.default_max_age
        acr_values = parameters.get("acr_values") or " ".join(client.metadata.default_acr_values)
        required_level = _required_level(claims.acr_values)
        return AuthorizationRequest(
            client_id=attempt.known_client.client_id,
            address=_return_address(attempt),
            scopes=tuple(scope for scope in attempt.scopes if scope in attempt.known_client.allowed_scopes),
            nonce=parameters.get("nonce"),
            code_challenge=parameters.get("code_challenge"),
            prompts=tuple(sorted(attempt.prompts)),
            max_age=int(max_age) if max_age is not None else None,
            wanted_level=max(_wanted_level(acr_values), required_level),
            required_level=required_level,
            login_hint=parameters.get("login_hint"),
            hinted_sub=self._hinted_sub(parameters.get("id_token_hint")),
            received_at=self._parts.clock(),
            resources=tuple(dict.fromkeys(parameters.resources)),
            claims=claims,
            dpop_jkt=parameters.get("dpop_jkt"),
            request_uri=attempt.request_uri,
            ui_locales=parameters.get("ui_locales"),
            subject_type=_subject_type(parameters.get("subject_type")),
        )

    def _hinted_sub(self, hint: str | None) -> str | None:
        if hint is None:
            return None
        claims = self._parts.keys.find_claims(hint, id_token.TYP)
        if claims is None:
            raise OAuthError("invalid_request", "The id_token_hint is not ours.", redirectable=True)
        return str(claims["sub"])

    async def _decide(
        self, request: AuthorizationRequest, client: Client, visitor: Visitor, login: LoginRequest | None
    ) -> Answer:
        session = visitor.session
        if session is None or not _is_fresh_enough(request, session):
            return await self._ask_to_sign_in(request, client, visitor.browser, None)
        name = self._parts.names.name(client, session.person.id)
        if {request.hinted_sub, request.claims.sub} - {None, name}:
            if login is not None:
                raise _refuse("login_required", "Another person signed in than the id_token_hint names.")
            return await self._ask_to_sign_in(request, client, visitor.browser, None)
        async with self._parts.database.reading() as reading:
            subject = await find_subject(reading, session.person.id, Acting(session.mandate_id, self._parts.clock()))
        if request.subject_type not in {None, session.subject_type}:
            if login is not None:
                raise _refuse("access_denied", "The person may not act for any organisation.")
            return await self._ask_whom(request, client, visitor.browser, session)
        if subject is None or (subject.needs_second_factor and not proves_second_factor(session.amr)):
            return await self._ask_to_sign_in(request, client, visitor.browser, session)
        if login is None and "none" not in request.prompts and _could_be_surer(request, subject):
            return await self._send_to_login(request, client, visitor.browser, session)
        if subject.person.assurance_level < request.required_level:
            raise _refuse("unmet_authentication_requirements", "The person does not reach the assurance asked for.")
        if subject.mandate is not None and not may_enter(subject.mandate, is_first_party=client.first_party):
            raise _refuse("access_denied", "The person's mandate does not reach this application.")
        scopes = tuple(scope for scope in request.scopes if scope in subject.permitted_scopes)
        if request.scopes and not scopes:
            raise _refuse("invalid_scope", "This person may not grant any of the requested scopes.")
        agreed = tuple(scope for scope in consent_scopes(request, client) if scope in subject.permitted_scopes)
        if not await self._has_consent(request, client, subject, agreed, login):
            return await self._ask_to_consent(request, client, visitor.browser, session)
        return await self._hand_out_code(request, client, session, scopes)

    async def _has_consent(
        self,
        request: AuthorizationRequest,
        client: Client,
        subject: Subject,
        scopes: tuple[str, ...],
        login: LoginRequest | None,
    ) -> bool:
        covered = await self._parts.consents.covers(subject.person.id, client.client_id, scopes)
        if client.first_party:
            if not covered:
                await self._parts.consents.imply(subject.person.id, client.client_id, scopes)
            return True
        was_asked = login is not None and login.consent_answer == "given"
        return covered and (was_asked or "consent" not in request.prompts)

    async def _ask_to_sign_in(
        self, request: AuthorizationRequest, client: Client, browser: str, session: Session | None
    ) -> SignInNeeded:
        if "none" in request.prompts:
            raise _refuse("login_required", "The person must sign in.")
        return await self._send_to_login(request, client, browser, session)

    async def _ask_whom(
        self, request: AuthorizationRequest, client: Client, browser: str, session: Session
    ) -> SignInNeeded:
        if "none" in request.prompts:
            raise _refuse("interaction_required", "The person must choose whom to act for.")
        return await self._send_to_login(request, client, browser, session)

    async def _ask_to_consent(
        self, request: AuthorizationRequest, client: Client, browser: str, session: Session
    ) -> SignInNeeded:
        if "none" in request.prompts:
            raise _refuse("consent_required", "The person must consent.")
        return await self._send_to_login(request, client, browser, session)

    async def _send_to_login(
        self, request: AuthorizationRequest, client: Client, browser: str, session: Session | None
    ) -> SignInNeeded:
        login = LoginRequest(
            id="",
            browser=browser,
            resume_at=CONTINUE_PATH + "?request={id}",
            begun_at=request.received_at,
            client_name="" if client.first_party else client.name,
            wanted_level=request.wanted_level,
            leads_to=origin_of(request.address.redirect_uri),
            username_hint=request.login_hint or "",
            consent=_question(request, client),
            must_consent="consent" in request.prompts,
            subject_type=request.subject_type,
        )
        login = await self._parts.login.begin(login, session)
        seconds = self._parts.settings.login_request_seconds
        await self._parts.ephemeral.put(f"authorization:{login.id}", to_bytes(request), seconds)
        return SignInNeeded(login, request.ui_locales)

    async def _hand_out_code(
        self, request: AuthorizationRequest, client: Client, session: Session, scopes: tuple[str, ...]
    ) -> ClientAnswer:
        grant = TokenGrant(
            id=new_id(),
            client_id=request.client_id,
            person_id=session.person.id,
            session_id=session.id,
            scopes=scopes,
            sign_in=SignInFacts(session.auth_time, session.acr, session.amr),
            ends_with_session=client.first_party or "offline_access" not in scopes,
            sub=self._parts.names.pairwise(client, session.person.id),
            resources=request.resources,
            requested_claims=request.claims.to_json(),
            mandate_id=session.mandate_id,
        )
        if request.request_uri is not None and not await self._parts.sources.pushed.use_up(request.request_uri):
            raise _refuse("invalid_request_uri", "The request_uri was used before.")
        async with self._parts.database.transaction() as transaction:
            await self._parts.tokens.open_grant(transaction, grant)
            await self._parts.audit.record(
                transaction,
                AuditEvent(
                    "idp.authorize",
                    Actor("user", session.person.id),
                    f"client:{request.client_id}",
                    detail={"scopes": list(scopes), "grant": grant.id},
                ),
            )
        code = await self._parts.codes.issue(
            IssuedCode(grant, request.address.redirect_uri, request.code_challenge, request.nonce, request.dpop_jkt),
            at_most_seconds=FAPI_CODE_SECONDS if client.metadata.is_fapi2 else 600,
        )
        return self._answer(request.address, {"code": code})

    def _refusal(self, address: ReturnAddress, error: OAuthError) -> ClientAnswer:
        return self._answer(address, error.to_json())

    def _answer(self, address: ReturnAddress, parameters: dict[str, str]) -> ClientAnswer:
        state = {"state": address.state} if address.state is not None else {}
        return ClientAnswer(address, {**parameters, **state, "iss": self._parts.settings.issuer})


def _is_proven(attempt: Attempt) -> bool:
    """Whether the address beside a `request` or `request_uri` is one of the client's."""
    try:
        for check in SHOWN_CHECKS:
            check(attempt)
    except OAuthError:
        return False
    return True


def _return_address(attempt: Attempt) -> ReturnAddress:
    parameters = attempt.parameters
    allowed = attempt.known_client.metadata.response_modes or RESPONSE_MODES
    usual = "query" if "query" in allowed else allowed[0]
    mode = parameters.get("response_mode") or usual
    return ReturnAddress(
        redirect_uri=parameters.require("redirect_uri"),
        state=parameters.get("state"),
        response_mode=mode if mode in allowed else usual,
    )


def _is_fresh_enough(request: AuthorizationRequest, session: Session) -> bool:
    """Whether the sign-in counts for this request: it came after it, or nobody asked for a new one."""
    if session.auth_time >= request.received_at:
        return True
    if {"login", "select_account"}.intersection(request.prompts):
        return False
    age = (request.received_at - session.auth_time).total_seconds()
    return request.max_age is None or age <= request.max_age


def _wanted_level(acr_values: str | None) -> int:
    """The least of the classes that would do (OpenID Connect Core §3.1.2.1); others' classes are passed over."""
    levels = [level for value in (acr_values or "").split() if (level := level_of(value)) is not None]
    return min(levels, default=1)


def _could_be_surer(request: AuthorizationRequest, subject: Subject) -> bool:
    """Whether the person could reach a level here that the client would like. It is a wish, so prompt=none passes."""
    return subject.person.assurance_level < min(request.wanted_level, HIGHEST_ONLINE_LEVEL)


def _question(request: AuthorizationRequest, client: Client) -> ConsentQuestion | None:
    if client.first_party:
        return None
    return ConsentQuestion(client.client_id, client.name, consent_scopes(request, client))


def consent_scopes(request: AuthorizationRequest, client: Client) -> tuple[str, ...]:
    """What the person must agree to: the scopes, and those behind claims asked for one by one."""
    named = sorted(request.claims.scopes & client.allowed_scopes)
    return tuple(dict.fromkeys((*request.scopes, *named)))


def _required_level(acr_values: tuple[str, ...]) -> int:
    """The least of the classes that are essential (OpenID Connect Core §5.5.1.1); more than there is when all are
    others' classes."""
    levels = [level for value in acr_values if (level := level_of(value)) is not None]
    return min(levels, default=BEYOND) if acr_values else 1


def _subject_type(value: str | None) -> Literal["natural", "legal"] | None:
    return "legal" if value == "legal" else "natural" if value == "natural" else None


def _refuse(error: str, description: str) -> OAuthError:
    return OAuthError(error, description, redirectable=True)
