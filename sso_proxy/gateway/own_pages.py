"""The gateway's own pages: rendered without the main service's requests, sent by hand."""

import json
import re
from dataclasses import dataclass
from urllib.parse import quote

from starlette.routing import Match
from starlette.types import Message

from kernel.errors import XinyinError
from kernel.i18n import current_locale, gettext
from kernel.web.problems import status_of
from kernel.web.templates import Pages
from sso_proxy.gateway.headers import Headers, get
from sso_proxy.gateway.message import RequestHead
from sso_proxy.gateway.server import ClientConnection

STATIC_PREFIX = "/.xinyin"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
PAGE_HEADERS: Headers = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
]
_STATIC = re.compile(r'(["\'])(/static/[0-9a-f]{16}/)')


@dataclass(frozen=True)
class Notice:
    """A page that says one thing and offers one way on. Texts are msgids."""

    status: int
    title: str
    text: str
    action: str = ""
    href: str = ""


class OwnPages:
    """Renders and sends pages, redirects, refusals and the static files that the pages need."""

    def __init__(self, pages: Pages, public_url: str) -> None:
        self._pages = pages
        self._public_url = public_url

    async def send_page(
        self, client: ClientConnection, status: int, template: str, extra: Headers | None = None, **context: object
    ) -> None:
        """Render `template` in the locale of the work at hand and send it."""
        values = {"home_url": self._public_url, **context}
        text = self._pages.render_text(template, current_locale(), **values)
        text = _STATIC.sub(rf"\1{STATIC_PREFIX}\2", text)
        await client.answer(status, [*PAGE_HEADERS, *(extra or [])], text.encode())

    async def send_notice(self, client: ClientConnection, notice: Notice, **params: object) -> None:
        """Say one thing."""
        await self.send_page(
            client,
            notice.status,
            "sso_proxy/notice.html",
            title=gettext(notice.title, **params),
            text=gettext(notice.text, **params),
            action=gettext(notice.action) if notice.action else "",
            href=notice.href or self._public_url,
        )

    async def send_error(self, client: ClientConnection, head: RequestHead, error: XinyinError) -> None:
        """An error of ours, as a page for people and a problem document (RFC 9457) for scripts."""
        status = status_of(error)
        title = gettext(error.message, **error.params)
        if head.is_navigation:
            await self.send_page(
                client, status, "sso_proxy/notice.html", title=title, text="", action="", href=self._public_url
            )
        else:
            await self.send_json(client, status, {"title": title, "code": error.code})

    async def send_json(self, client: ClientConnection, status: int, document: dict[str, str]) -> None:
        """A problem document for scripts."""
        headers = [("Content-Type", "application/problem+json"), ("Cache-Control", "no-store")]
        await client.answer(status, headers, json.dumps({"status": status, **document}).encode())

    async def redirect(self, client: ClientConnection, location: str, extra: Headers | None = None) -> None:
        """303 to a place."""
        safe = quote(location, safe="%/:?#[]@!$&'()*+,;=-._~")
        headers = [("Location", safe), ("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer")]
        await client.answer(303, [*headers, *(extra or [])], b"")

    async def send_static(self, client: ClientConnection, head: RequestHead) -> None:
        """A static file of our pages, from the application that holds them."""
        answer = _Collected()
        encoding = get(head.headers, "accept-encoding").encode("latin-1")
        scope = {
            "type": "http",
            "method": "GET",
            "path": head.path.removeprefix(STATIC_PREFIX),
            "root_path": "",
            "query_string": b"",
            "headers": [(b"accept-encoding", encoding)],
        }
        for route in self._pages.static.routes():
            match, child = route.matches(scope)
            if match is Match.FULL:
                await route.handle({**scope, **child}, answer.receive, answer.send)
        await client.answer(answer.status, answer.headers, answer.body)


class _Collected:
    """What an ASGI route answered."""

    def __init__(self) -> None:
        self.status, self.headers, self.body = 404, Headers(), b""

    async def receive(self) -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in message["headers"]]
        else:
            self.body += message.get("body", b"")
