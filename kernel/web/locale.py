"""The locale of each request: `?lang=`, then the cookie, then what the browser prefers. Pure ASGI."""

from http.cookies import SimpleCookie
from urllib.parse import parse_qsl

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kernel import i18n

LOCALE_PARAMETER = "lang"
LOCALE_COOKIE = "xinyin_lang"
DISPLAY_COOKIES = ("xinyin_theme", "xinyin_text")
A_YEAR_SECONDS = 365 * 24 * 3600


class LocaleMiddleware:
    """Sets the locale for everything below; a valid `?lang=` is remembered in a cookie."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        asked = _asked_for(scope)
        cookie = cookie_parser(headers.get("cookie", "")).get(LOCALE_COOKIE)
        locale = i18n.negotiate(asked, cookie, headers.get("accept-language"))

        async def send_remembering(message: Message) -> None:
            if message["type"] == "http.response.start" and asked:
                MutableHeaders(scope=message).append("set-cookie", _cookie(locale, scope["scheme"]))
            await send(message)

        with i18n.use_locale(locale):
            await self.app(scope, receive, send_remembering)


def _asked_for(scope: Scope) -> str | None:
    query = scope.get("query_string", b"")
    if b"lang=" not in query:
        return None
    return dict(parse_qsl(query.decode("latin-1"))).get(LOCALE_PARAMETER)


def _cookie(locale: str, scheme: str) -> str:
    cookie: SimpleCookie = SimpleCookie({LOCALE_COOKIE: locale})
    cookie[LOCALE_COOKIE].update({"path": "/", "max-age": str(A_YEAR_SECONDS), "samesite": "Lax"})
    if scheme == "https":
        cookie[LOCALE_COOKIE]["secure"] = True
    return cookie[LOCALE_COOKIE].OutputString()
