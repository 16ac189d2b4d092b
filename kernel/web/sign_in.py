"""The browser's session: tokens stay on the server, the cookie holds an opaque id and nothing else.

An OIDC client of the configured issuer. A session ends after 30 idle minutes, after 12 hours, or when the issuer no
longer renews its tokens.
"""

import asyncio
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any
from urllib.parse import quote, urlsplit
from weakref import WeakValueDictionary

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from kernel.clock import Clock, system_clock
from kernel.errors import AuthenticationRequired, Forbidden, Unavailable
from kernel.i18n import current_locale, language_tag
from kernel.principal import Principal
from kernel.web.bearer import BearerAuthenticator, InvalidToken
from kernel.web.csrf import HEADER_NAME, check_csrf
from kernel.web.forms import read_form, read_query
from kernel.web.relying_party.client import Attempt, OidcClient, SignInRefused, Tokens
from kernel.web.relying_party.sessions import PageSession, SessionStore, session_key

LONGEST_SECONDS = 12 * 3600
ATTEMPT_SECONDS = 10 * 60
RENEW_BEFORE_SECONDS = 30
TOUCH_SECONDS = 60
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class SignInRequired(AuthenticationRequired):
    """Nobody is signed in. A browser is sent to sign in and comes back here; a program gets 401."""

    def __init__(self, redirect_to: str) -> None:
        super().__init__("Sign in to see this page.")
        self.redirect_to = redirect_to


class SignIn:
    """Signs browsers in and out and says who they are."""

    def __init__(
        self,
        client: OidcClient,
        authenticator: BearerAuthenticator,
        sessions: SessionStore,
        *,
        secure: bool = False,
        clock: Clock = system_clock,
    ) -> None:
        """`secure`: pages are served over https, so cookies are `Secure` and take the `__Host-` prefix."""
        self._client = client
        self._authenticator = authenticator
        self._sessions = sessions
        self._secure = secure
        self._clock = clock
        self._renewals: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        prefix = "__Host-" if secure else ""
        self.cookie_name = f"{prefix}xinyin_session_page"
        self.attempt_cookie_name = f"{prefix}xinyin_sign_in"

    def routes(self) -> list[BaseRoute]:
        """`/session/start`, `/session/callback`, `/session/end`."""
        return [
            Route("/session/start", self._start, methods=["GET"]),
            Route("/session/callback", self._callback, methods=["GET"]),
            Route("/session/end", self._ask_to_end, methods=["GET"]),
            Route("/session/end", self._end, methods=["POST"]),
        ]

    async def principal(self, request: Request) -> Principal | None:
        """Whoever is signed in with this browser. Raises Unavailable."""
        session_id = request.cookies.get(self.cookie_name)
        session = await self._sessions.load(session_id) if session_id else None
        if session_id is None or session is None:
            return None
        try:
            session = await self._kept_fresh(session_id, session)
            principal = await self._authenticator.principal_of(session.tokens.access_token)
        except InvalidToken:
            await self._sessions.delete(session_id)
            return None
        return replace(principal, name=principal.name or session.name)

    # ---- keeping a session alive ----

    async def _kept_fresh(self, session_id: str, session: PageSession) -> PageSession:
        now = self._clock().timestamp()
        if now - session.started_at > LONGEST_SECONDS:
            raise SignInRefused("Your session has ended. Sign in again.")
        if session.tokens.expires_at - now < RENEW_BEFORE_SECONDS:
            return await self._renewed(session_id)
        if now - session.touched_at > TOUCH_SECONDS:
            session = replace(session, touched_at=now)
            await self._sessions.save(session_id, session)
        return session

    async def _renewed(self, session_id: str) -> PageSession:
        """Renew once, however many requests of this browser ask at the same time, on this process or another."""
        lock = self._renewals.setdefault(session_id, asyncio.Lock())
        guard = session_key(session_id) + ":renewing"
        async with lock:
            for _attempt in range(50):
                session = await self._sessions.load(session_id)
                if session is None:
                    raise SignInRefused("Your session has ended. Sign in again.")
                if session.tokens.expires_at - self._clock().timestamp() >= RENEW_BEFORE_SECONDS:
                    return session
                if await self._sessions.store.add(guard, b"1", 15):
                    return await self._renew(session_id, guard)
                await asyncio.sleep(0.1)
        raise Unavailable("Sign-in is not available just now. Try again in a few minutes.", reason="renewal stuck")

    async def _renew(self, session_id: str, guard: str) -> PageSession:
        """Renew while holding the guard. Looks again first: a refresh token used twice ends the whole family."""
        try:
            session = await self._sessions.load(session_id)
            now = self._clock().timestamp()
            if session is None:
                raise SignInRefused("Your session has ended. Sign in again.")
            if session.tokens.expires_at - now >= RENEW_BEFORE_SECONDS:
                return session
            try:
                tokens = await self._client.refresh(session.tokens)
            except Unavailable:
                if session.tokens.expires_at <= now:
                    raise
                return session
            session = replace(session, tokens=tokens, touched_at=now)
            await self._sessions.save(session_id, session)
            return session
        finally:
            await self._sessions.store.delete(guard)

    # ---- routes ----

    async def _start(self, request: Request) -> Response:
        query = read_query(request)
        attempt = Attempt(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48))
        browser = request.cookies.get(self.attempt_cookie_name) or secrets.token_urlsafe(24)
        record: dict[str, str] = {**asdict(attempt), "next": local_path(query.get("next")), "browser": _hash(browser)}
        record["acr"] = query.get("acr") or ""
        await self._sessions.store.put(f"sign_in:{attempt.state}", json.dumps(record).encode(), ATTEMPT_SECONDS)
        extra = {"ui_locales": language_tag(current_locale())}
        if record["acr"]:
            extra["acr_values"] = record["acr"]
        if query.get("prompt") in {"login", "select_account"}:
            extra["prompt"] = str(query.get("prompt"))
        response = RedirectResponse(await self._client.authorization_url(attempt, extra), status_code=303)
        self._set_cookie(response, self.attempt_cookie_name, browser, ATTEMPT_SECONDS)
        response.headers["Cache-Control"] = "no-store"
        return response

    async def _callback(self, request: Request) -> Response:
        query = read_query(request)
        record = await self._sessions.store.take(f"sign_in:{(query.get('state') or '')[:100]}")
        known: Mapping[str, str] = json.loads(record) if record else {}
        browser = request.cookies.get(self.attempt_cookie_name, "")
        if not known or not hmac.compare_digest(known["browser"], _hash(browser)):
            # A stale or foreign answer (the back button, two tabs): whoever is signed in simply goes on.
            if await signed_in(request):
                return RedirectResponse("/", status_code=303)
            raise SignInRefused("This sign-in took too long or began in another browser. Start again.")
        if query.get("error") or not query.get("code"):
            raise SignInRefused("You did not finish signing in. Start again when you are ready.", reason="error answer")
        attempt = Attempt(known["state"], known["nonce"], known["verifier"])
        tokens, id_claims = await self._client.exchange(str(query.get("code")), attempt, query.get("iss"))
        principal = await self._authenticator.principal_of(tokens.access_token)
        if principal.subject != id_claims["sub"]:
            raise SignInRefused("The sign-in could not be completed. Start again.", reason="tokens of two subjects")
        if principal.acr < known["acr"]:
            raise Forbidden("This needs a stronger proof of who you are. Complete your identity check, then try again.")
        response = RedirectResponse(known["next"], status_code=303)
        await self._open_session(request, response, tokens, id_claims)
        return response

    async def _open_session(
        self, request: Request, response: Response, tokens: Tokens, id_claims: Mapping[str, Any]
    ) -> None:
        previous = request.cookies.get(self.cookie_name)
        if previous:
            await self._sessions.delete(previous)
        session_id = secrets.token_urlsafe(32)
        now = self._clock().timestamp()
        name = id_claims.get("name") or id_claims.get("preferred_username")
        await self._sessions.save(session_id, PageSession(tokens, str(name) if name else None, now, now))
        self._set_cookie(response, self.cookie_name, session_id, None)
        response.delete_cookie(self.attempt_cookie_name, path="/", secure=self._secure, httponly=True, samesite="lax")
        response.headers["Cache-Control"] = "no-store"

    async def _ask_to_end(self, request: Request) -> Response:
        await signed_in(request)
        page: Response = request.app.state.pages.render(request, "kernel/sign_out.html")
        return page

    async def _end(self, request: Request) -> Response:
        await check_csrf(request, await read_form(request))
        session_id = request.cookies.get(self.cookie_name)
        session = await self._sessions.load(session_id) if session_id else None
        destination = "/"
        if session_id and session:
            await self._sessions.delete(session_id)
            destination = await self._client.logout_url(session.tokens.id_token)
        response = RedirectResponse(destination, status_code=303)
        response.delete_cookie(self.cookie_name, path="/", secure=self._secure, httponly=True, samesite="lax")
        response.headers["Cache-Control"] = "no-store"
        return response

    def _set_cookie(self, response: Response, name: str, value: str, max_age: int | None) -> None:
        response.set_cookie(name, value, max_age=max_age, path="/", secure=self._secure, httponly=True, samesite="lax")


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def local_path(wish: str | None) -> str:
    """`wish` if it is a path on this very site, else "/": never an open redirect."""
    if not wish or len(wish) > 2000 or not wish.startswith("/") or wish.startswith(("//", "/\\")):
        return "/"
    parts = urlsplit(wish)
    clean = not parts.scheme and not parts.netloc and "\\" not in wish and wish.isprintable()
    return wish if clean and not wish.startswith("/session/") else "/"


async def signed_in(request: Request) -> Principal | None:
    """Whoever is signed in with this browser; asked once per request. `Pages.render` shows them in the header."""
    if not hasattr(request.state, "signed_in"):
        sign_in: SignIn | None = getattr(request.app.state, "sign_in", None)
        request.state.signed_in = await sign_in.principal(request) if sign_in is not None else None
    principal: Principal | None = request.state.signed_in
    return principal


async def require_sign_in(request: Request, *, acr: str | None = None) -> Principal:
    """Whoever is signed in; else a trip to sign in that comes back here.

    `acr`: the assurance needed, for example "urn:xinyin:acr:l3"; a lower one is sent to step up.
    """
    principal = await signed_in(request)
    if principal is None or (acr is not None and principal.acr < acr):
        raise SignInRequired(start_url(request, acr))
    return principal


def start_url(request: Request, acr: str | None = None) -> str:
    """The address that signs in and comes back to this page; after a form post, to the page that held the form."""
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.method not in SAFE_METHODS:
        came_from = urlsplit(request.headers.get("referer", ""))
        here = came_from.path if came_from.netloc == request.headers.get("host") else "/"
    suffix = f"&acr={quote(acr, safe='')}" if acr else ""
    return f"/session/start?next={quote(local_path(here), safe='')}{suffix}"


async def authenticated(request: Request) -> Principal:
    """The bearer of the request's token or, without an Authorization header, whoever is signed in with the browser.

    A browser's changing call must come from one of our own pages: same origin, or a token in `X-CSRF-Token`.
    """
    if "authorization" in request.headers:
        bearer: BearerAuthenticator = request.app.state.bearer
        return await bearer.authenticate(request)
    principal = await signed_in(request)
    if principal is None:
        raise SignInRequired(start_url(request))
    if request.method not in SAFE_METHODS:
        guard = request.app.state.pages.csrf
        if token := request.headers.get(HEADER_NAME):
            guard.check(request, token)
        else:
            guard.check_origin(request, required=True)
    return principal
