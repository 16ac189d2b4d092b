"""What is done with each request: by its host, its path, and whether somebody is signed in."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote

from kernel.errors import Forbidden, NotFound, XinyinError
from kernel.i18n import negotiate, use_locale
from kernel.web.locale import LOCALE_COOKIE
from sso_proxy.gateway import cookies
from sso_proxy.gateway.address import GatewayAddress
from sso_proxy.gateway.enrolment import STALE_PAGE, Enrolment, local_target
from sso_proxy.gateway.forwarding import Forwarding
from sso_proxy.gateway.headers import Headers, get
from sso_proxy.gateway.message import OWN_PATH, RequestHead
from sso_proxy.gateway.own_pages import OwnPages
from sso_proxy.gateway.server import ClientConnection
from sso_proxy.gateway.visit import Visit
from sso_proxy.sign_in.flow import ATTEMPT_SECONDS, GatewaySession, GatewaySignIn
from sso_proxy.sites.service import SiteService
from sso_proxy.sites.site import Site

SESSION_COOKIE = "xinyin_gw"
BINDING_COOKIE = "xinyin_gw_begin"


@dataclass(frozen=True)
class GatewayParts:
    """What the gateway is made of."""

    address: GatewayAddress
    public_url: str
    sites: SiteService
    sign_in: GatewaySignIn
    forwarding: Forwarding
    enrolment: Enrolment
    own: OwnPages


@dataclass(frozen=True)
class _Call:
    head: RequestHead
    client: ClientConnection
    cookies: dict[str, str] = field(repr=False)

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.head.query, max_num_fields=20)) if len(self.head.query) < 8192 else {}


class Gateway:
    """The handler of every request that reaches the gateway."""

    def __init__(self, parts: GatewayParts) -> None:
        self._parts = parts
        # With __Host- no neighbouring application can plant a session of its own choice (RFC 6265bis §4.1.3.2).
        prefix = "__Host-" if parts.address.is_https else ""
        self._session_cookie, self._binding_cookie = prefix + SESSION_COOKIE, prefix + BINDING_COOKIE

    async def handle(self, head: RequestHead, client: ClientConnection) -> None:
        """Answer one request in the language of its browser."""
        sent = dict(cookies.pairs([value for name, value in head.headers if name.lower() == "cookie"]))
        call = _Call(head, client, sent)
        locale = negotiate(None, sent.get(LOCALE_COOKIE), get(head.headers, "accept-language"))
        with use_locale(locale):
            try:
                await self._route(call)
            except XinyinError as error:
                if client.has_started:
                    client.abort()
                else:
                    await self._parts.own.send_error(client, head, error)

    async def _route(self, call: _Call) -> None:
        slug = self._parts.address.slug_of(call.head.host)
        if call.head.path.startswith(f"{OWN_PATH}static/") and slug is not None:
            await self._parts.own.send_static(call.client, call.head)
        elif slug == "":
            await self._own_host(call)
        else:
            site = await self._parts.sites.find(slug) if slug else None
            if site is None:
                raise NotFound("There is no application at this address.")
            await self._application_host(call, site)

    async def _own_host(self, call: _Call) -> None:
        """The gateway's own host: the provider's answer arrives here; people are sent to their applications."""
        if call.head.path != f"{OWN_PATH}callback":
            await self._parts.own.redirect(call.client, f"{self._parts.public_url}/me/apps")
            return
        query = call.query
        if "code" not in query:
            # Refused or cancelled at the provider: its own pages have said why.
            await self._parts.own.redirect(call.client, f"{self._parts.public_url}/me/apps")
            return
        host, ticket = await self._parts.sign_in.come_back(query.get("state", ""), query["code"], query.get("iss"))
        url = f"{self._parts.address.scheme}://{host}{OWN_PATH}session?ticket={quote(ticket)}"
        await self._parts.own.redirect(call.client, url)

    async def _application_host(self, call: _Call, site: Site) -> None:
        path, host = call.head.path, self._parts.address.host_of(site.slug)
        if path == f"{OWN_PATH}session":
            await self._redeem(call, host)
            return
        session = await self._parts.sign_in.find(call.cookies.get(self._session_cookie, ""), host)
        if session is None:
            await self._ask_to_sign_in(call, site, host)
            return
        visit = Visit(call.head, call.client, site, session, self._parts.address.origin_of(site.slug))
        if visit.is_from_elsewhere:
            raise Forbidden(STALE_PAGE, reason="a change or a tunnel asked for by another site")
        if path.startswith(OWN_PATH):
            await self._own_path(call, visit)
        else:
            await self._parts.forwarding.serve(visit)

    async def _own_path(self, call: _Call, visit: Visit) -> None:
        place = (call.head.method, call.head.path.removeprefix(OWN_PATH))
        if place == ("GET", "credentials") and visit.site.needs_credentials:
            await self._parts.enrolment.show(visit, target=local_target(call.query.get("next", "/")))
        elif place == ("POST", "credentials") and visit.site.needs_credentials:
            await self._parts.enrolment.take(visit)
        elif place == ("GET", "resume"):
            await self._parts.forwarding.resume(visit)
        else:
            raise NotFound("There is no such page.")

    async def _ask_to_sign_in(self, call: _Call, site: Site, host: str) -> None:
        if not call.head.is_navigation:
            login_url = f"{self._parts.address.origin_of(site.slug)}/"
            await self._parts.own.send_json(call.client, 401, {"title": "sign-in needed", "login_url": login_url})
            return
        target = local_target(call.head.target) if call.head.method == "GET" else "/"
        url, binding = await self._parts.sign_in.begin(host, target, call.cookies.get(self._binding_cookie, ""))
        await self._parts.own.redirect(call.client, url, [self._cookie(self._binding_cookie, binding, ATTEMPT_SECONDS)])

    async def _redeem(self, call: _Call, host: str) -> None:
        binding = call.cookies.get(self._binding_cookie, "")
        session, target = await self._parts.sign_in.redeem(call.query.get("ticket", ""), host, binding)
        await self._parts.own.redirect(call.client, target, self._session_cookies(session))

    def _session_cookies(self, session: GatewaySession) -> Headers:
        return [self._cookie(self._session_cookie, session.id, None)]

    def _cookie(self, name: str, value: str, seconds: int | None) -> tuple[str, str]:
        age = f"; Max-Age={seconds}" if seconds is not None else ""
        secure = "; Secure" if self._parts.address.is_https else ""
        return "Set-Cookie", f"{name}={value}; Path=/; HttpOnly; SameSite=Lax{age}{secure}"
