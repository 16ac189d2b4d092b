"""One request of one person to one application, and what is sent to the application for it."""

import re
from dataclasses import dataclass

from sso_proxy.credentials.service import Credential
from sso_proxy.gateway import cookies
from sso_proxy.gateway.headers import Headers, canonical_alias, end_to_end, get, header_text, is_reserved, moved
from sso_proxy.gateway.message import RequestHead
from sso_proxy.gateway.server import ClientConnection
from sso_proxy.replay.engine import BrowserTraits, basic_authorization
from sso_proxy.replay.jar import CookieJar
from sso_proxy.replay.sessions import SessionKey
from sso_proxy.sign_in.flow import GatewaySession
from sso_proxy.sites.site import Site

_PLAIN_NAME = re.compile(r"[A-Za-z0-9-]+")
NEVER_FORWARDED = frozenset({"host", "cookie", "content-length", "expect", "accept-encoding"})


@dataclass(frozen=True)
class Visit:
    """Who asks what of which application. `public_origin`: the application's origin as the browser sees it."""

    head: RequestHead
    client: ClientConnection
    site: Site
    session: GatewaySession
    public_origin: str

    @property
    def key(self) -> SessionKey:
        """Under which the person's session at the application is kept."""
        return SessionKey(self.session.subject, self.site.slug, self.session.id)

    @property
    def is_from_elsewhere(self) -> bool:
        """Whether another site asks for a change or a tunnel in the person's name.

        Applications are neighbours on one site, so `SameSite` does not part them; and the application's own cookies,
        with whatever they were set to, stay here.
        """
        if self.head.method in ("GET", "HEAD", "OPTIONS") and not self.head.is_upgrade:
            return False
        if site := get(self.head.headers, "sec-fetch-site"):
            return site not in ("same-origin", "none")
        return get(self.head.headers, "origin", "null") not in ("null", self.public_origin)

    @property
    def traits(self) -> BrowserTraits:
        """What the browser says of itself."""
        headers = self.head.headers
        return BrowserTraits(
            user_agent=get(headers, "user-agent", "Mozilla/5.0"),
            accept_language=get(headers, "accept-language"),
            address=self.head.address,
            scheme=self.public_origin.partition(":")[0],
        )


def request_headers(visit: Visit, jar: CookieJar | None, jar_header: str, credential: Credential | None) -> Headers:
    """The headers of the request to the application; every name that only the gateway may say is said by it alone."""
    site, head = visit.site, visit.head
    headers: Headers = [("Host", site.host_header)]
    for name, value in end_to_end(head.headers):
        lower = name.lower()
        # A name with `_` or `.` could be taken for another one behind our back; nginx drops them too.
        if lower in NEVER_FORWARDED or not _PLAIN_NAME.fullmatch(name):
            continue
        if is_reserved(name, (site.user_header, site.name_header)):
            continue
        if credential is not None and canonical_alias(name) == "authorization":
            continue
        if lower in ("origin", "referer"):
            value = moved(value, visit.public_origin, site.origin)
        headers.append((name, value))
    headers += [("X-Forwarded-For", head.address), ("X-Forwarded-Proto", visit.traits.scheme)]
    headers += _encoding(visit) + _identity(visit, credential) + _framing(head)
    sent = cookies.pairs([value for name, value in head.headers if name.lower() == "cookie"])
    if cookie := cookies.upstream_header(sent, jar, jar_header):
        headers.append(("Cookie", cookie))
    return headers


def _identity(visit: Visit, credential: Credential | None) -> Headers:
    if visit.site.mode == "headers":
        name = header_text(visit.session.name)
        return [(visit.site.user_header, header_text(visit.session.subject)), (visit.site.name_header, name)]
    if visit.site.mode == "basic" and credential is not None:
        return [("Authorization", basic_authorization(credential))]
    return []


def _encoding(visit: Visit) -> Headers:
    """Where answers are looked into, only what we can decode is asked for."""
    accepted = get(visit.head.headers, "accept-encoding")
    if visit.site.mode == "form":
        accepted = "gzip" if "gzip" in accepted.lower() else "identity"
    return [("Accept-Encoding", accepted)] if accepted else []


def _framing(head: RequestHead) -> Headers:
    if head.is_upgrade:
        return [("Connection", "Upgrade"), ("Upgrade", get(head.headers, "upgrade"))]
    framing: Headers = []
    if head.length is None:
        framing.append(("Transfer-Encoding", "chunked"))
    elif head.length or head.method in ("POST", "PUT", "PATCH"):
        framing.append(("Content-Length", str(head.length)))
    return framing
