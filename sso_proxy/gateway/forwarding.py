"""Sending a signed-in person's request to the application, signing in to it first where that is needed."""

from collections.abc import Callable
from dataclasses import dataclass

from kernel.clock import Clock
from kernel.ephemeral.store import EphemeralStore
from sso_proxy.credentials.service import Credential, CredentialService
from sso_proxy.gateway.cookies import relayed_set_cookie
from sso_proxy.gateway.enrolment import Enrolment
from sso_proxy.gateway.headers import Headers, get, response_headers, without
from sso_proxy.gateway.own_pages import Notice, OwnPages
from sso_proxy.gateway.relay import Relay
from sso_proxy.gateway.upstream import UpstreamDown, UpstreamHead
from sso_proxy.gateway.visit import Visit, request_headers
from sso_proxy.replay.challenge import without_session_id
from sso_proxy.replay.sessions import KEEP_SECONDS, AppSession, AppSessions
from sso_proxy.replay.single_flight import Arrival, ReplayService

RELAYED_COOKIES = frozenset({"xsrf-token", "csrftoken", "csrf_token", "_csrf"})
"""Cookies that the application's own scripts must read (double submit)."""

APP_DOWN = Notice(
    502, "{name} does not answer", "It is away or overloaded. Try again in a few minutes.", "Try again", "/"
)
REFUSED = Notice(
    502, "You could not be signed in to {name}", "It refused the sign-in without saying why. Try again in a minute."
)
STILL_ASKS = Notice(
    502,
    "{name} asks to sign in again and again",
    "It accepted your account and then forgot it. Tell whoever runs it.",
)
RENEWED = Notice(
    409,
    "Please send that again",
    "Your session at {name} had ended and has been renewed. What you sent did not arrive: go back and send it again.",
)
SIGNED_OUT = Notice(
    200, "You signed out of {name}", "You are still signed in to Xinyin.", "Sign in again", "/.xinyin/resume"
)


@dataclass(frozen=True)
class ForwardingParts:
    """What forwarding is made of."""

    own: OwnPages
    enrolment: Enrolment
    credentials: CredentialService
    replay: ReplayService
    sessions: AppSessions
    store: EphemeralStore
    clock: Clock


class Forwarding:
    """Serves visits, each by the mode of its application."""

    def __init__(self, parts: ForwardingParts) -> None:
        self._parts = parts

    async def serve(self, visit: Visit) -> None:
        """Answer the visit. Raises ClientGone when the browser is gone."""
        try:
            if visit.site.mode == "headers":
                await self._serve_plainly(visit, None)
            elif visit.site.mode == "basic":
                await self._serve_basic(visit)
            else:
                await self._serve_form(visit)
        except UpstreamDown:
            if visit.client.has_started:
                visit.client.abort()
            else:
                await self._say(visit, APP_DOWN)

    async def resume(self, visit: Visit) -> None:
        """The person asks to be signed in to the application again."""
        await self._parts.store.delete(_signed_out(visit))
        await self._parts.own.redirect(visit.client, "/")

    async def _serve_plainly(self, visit: Visit, credential: Credential | None) -> None:
        relay = Relay(visit.site, visit.head, visit.client, visit.key.digest)
        try:
            answer = await relay.send(request_headers(visit, None, "", credential))
            if credential is not None and answer.status == 401:
                await self._parts.credentials.mark_stale(visit.session.subject, visit.site.slug, credential.version)
                await self._ask_for_account(visit)
                return
            await self._deliver(visit, relay, answer, relayed_set_cookie)
        finally:
            await relay.close()

    async def _serve_basic(self, visit: Visit) -> None:
        credential = await self._parts.credentials.open_for_replay(visit.session.subject, visit.site.slug)
        if credential is None:
            await self._ask_for_account(visit)
        else:
            await self._serve_plainly(visit, credential)

    async def _serve_form(self, visit: Visit) -> None:
        session = await self._parts.sessions.find(visit.key)
        if session is None and await self._parts.store.get(_signed_out(visit)):
            await self._say(visit, SIGNED_OUT)
            return
        if session is None:
            arrival = await self._parts.replay.session_for(visit.key, visit.site, visit.traits)
            if arrival.session is None:
                await self._not_signed_in(visit, arrival)
                return
            session = arrival.session
        if await self._attempt(visit, session):
            return
        arrival = await self._parts.replay.session_for(visit.key, visit.site, visit.traits, seen=session.generation)
        if arrival.session is None:
            await self._not_signed_in(visit, arrival)
        elif not visit.head.is_safe:
            # Its token belonged to the old session, and its body has been read: only its author can send it again.
            await self._say(visit, RENEWED)
        elif not await self._attempt(visit, arrival.session, is_fresh=True):
            await self._parts.replay.give_up(visit.key, arrival.session.generation)
            await self._say(visit, STILL_ASKS)

    async def _attempt(self, visit: Visit, session: AppSession, *, is_fresh: bool = False) -> bool:
        """Send and deliver; False, with nothing delivered, when the application asks for sign-in instead.

        Just after a sign-in that was verified, a page with a password field is a page like any other.
        """
        jar_header = session.jar.header(visit.head.target, self._parts.clock(), secure=visit.site.is_tls)
        relay = Relay(visit.site, visit.head, visit.client, visit.key.digest)
        try:
            answer = await relay.send(request_headers(visit, session.jar, jar_header, None))
            if _is_logout(visit):
                await self._sign_out(visit)
            elif answer.status != 101:
                challenge = await relay.challenge()
                if challenge == "head" or (challenge == "page" and not is_fresh):
                    return False
            cookies = [value for name, value in answer.headers if name.lower() == "set-cookie"]
            if cookies:
                await self._parts.sessions.take_in(visit.key, session.generation, cookies, visit.head.target)
            await self._deliver(visit, relay, answer, _script_cookie)
        finally:
            await relay.close()
        return True

    async def _deliver(
        self, visit: Visit, relay: Relay, answer: UpstreamHead, relayed: Callable[[str], str | None]
    ) -> None:
        headers = response_headers(answer.headers, visit.site.origin, visit.public_origin)
        passed = [relayed(value) for name, value in answer.headers if name.lower() == "set-cookie"]
        headers += [("Set-Cookie", value) for value in passed if value is not None]
        if answer.status == 101 and visit.head.is_upgrade:
            upgrade: Headers = [("Connection", "Upgrade"), ("Upgrade", get(answer.headers, "upgrade"))]
            await relay.tunnel(without(headers, "connection", "upgrade") + upgrade)
        elif answer.status == 101:
            raise UpstreamDown("an upgrade that nobody asked for")
        else:
            await relay.deliver(headers)

    async def _sign_out(self, visit: Visit) -> None:
        await self._parts.sessions.end(visit.key)
        await self._parts.store.put(_signed_out(visit), b"1", KEEP_SECONDS)

    async def _not_signed_in(self, visit: Visit, arrival: Arrival) -> None:
        if arrival.needs is not None:
            await self._ask_for_account(visit)
        else:
            await self._say(visit, APP_DOWN if arrival.outcome == "app_down" else REFUSED)

    async def _ask_for_account(self, visit: Visit) -> None:
        """People get the form, with the way back; scripts are told where it is (mod_auth_openidc's rule)."""
        if visit.head.is_navigation:
            target = visit.head.target if visit.head.method == "GET" else "/"
            await self._parts.enrolment.show(visit, target=target, status=200)
        else:
            problem = {"title": "sign-in needed", "login_url": f"{visit.public_origin}/.xinyin/credentials"}
            await self._parts.own.send_json(visit.client, 401, problem)

    async def _say(self, visit: Visit, notice: Notice) -> None:
        if visit.head.is_navigation:
            await self._parts.own.send_notice(visit.client, notice, name=visit.site.name)
        else:
            status = notice.status if notice.status != 200 else 401
            title = notice.title.format(name=visit.site.name)
            await self._parts.own.send_json(visit.client, status, {"title": title})


def _is_logout(visit: Visit) -> bool:
    path = visit.site.logout_path
    return path is not None and without_session_id(visit.head.path) == without_session_id(path)


def _signed_out(visit: Visit) -> str:
    return f"gateway:signed-out:{visit.key.digest}"


def _script_cookie(value: str) -> str | None:
    name = value.partition("=")[0].strip().lower()
    return relayed_set_cookie(value) if name in RELAYED_COOKIES else None
