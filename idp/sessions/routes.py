"""The cookies of sign-in, and who stands behind a request. No addresses of its own."""

import secrets
from datetime import datetime, timedelta
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from idp.sessions.service import Session, SessionService
from idp.settings import IdpSettings
from kernel.errors import AuthenticationRequired

FRESH = timedelta(minutes=10)
VALUE_BYTES, VALUE_LENGTH = 32, 43

BROWSERS = (
    ("MicroMessenger", "WeChat"),
    ("AlipayClient", "Alipay"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iOS"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


class SessionCookie:
    """Reads, sets and clears the cookie; `__Host-` and Secure where browsers reach us by https."""

    def __init__(self, settings: IdpSettings) -> None:
        self.secure = settings.secure
        self.name = "__Host-xinyin_session" if self.secure else "xinyin_session"
        self._seconds = settings.session_absolute_seconds

    def read(self, request: Request) -> str | None:
        """The cookie's value, if the browser sent one."""
        return request.cookies.get(self.name)

    def set(self, response: Response, token: str) -> None:
        """Give the browser this session."""
        response.set_cookie(
            self.name, token, max_age=self._seconds, path="/", httponly=True, secure=self.secure, samesite="lax"
        )

    def clear(self, response: Response) -> None:
        """Take the session away."""
        response.delete_cookie(self.name, path="/", httponly=True, secure=self.secure, samesite="lax")


def browser_label(request: Request) -> str:
    """Which browser this is, in two words that a person recognises: “Chrome, Windows”."""
    agent = request.headers.get("user-agent", "")
    found = [next((label for mark, label in table if mark in agent), "") for table in (BROWSERS, SYSTEMS)]
    return ", ".join(label for label in found if label)


class BrowserCookie:
    """Names a browser before anybody is signed in, so that a sign-in under way belongs to the browser that began it."""

    def __init__(self, settings: IdpSettings) -> None:
        self.secure = settings.secure
        self.name = "__Host-xinyin_login" if self.secure else "xinyin_login"
        self._seconds = settings.session_absolute_seconds

    def value(self, request: Request) -> str:
        """The browser's cookie; a new one, which `remember` sets, when it has none."""
        sent = request.cookies.get(self.name, "")
        if len(sent) == VALUE_LENGTH:
            return sent
        fresh: str = getattr(request.state, "new_login_cookie", None) or secrets.token_urlsafe(VALUE_BYTES)
        request.state.new_login_cookie = fresh
        return fresh

    def remember(self, request: Request, response: Response) -> None:
        """Set the cookie that `value` made up."""
        fresh = getattr(request.state, "new_login_cookie", None)
        if fresh:
            response.set_cookie(
                self.name, fresh, max_age=self._seconds, path="/", httponly=True, secure=self.secure, samesite="lax"
            )


class SignInFirst(AuthenticationRequired):
    """A page of ours needs a signed-in person; a browser is sent to sign in and comes back. `again`: prove it anew."""

    def __init__(self, path: str, *, again: bool = False) -> None:
        super().__init__("Sign in to see this page.")
        self.redirect_to = "/login?" + urlencode({"next": path} | ({"again": "yes"} if again else {}))


class Visitors:
    """Who stands behind a request to one of our own pages."""

    def __init__(self, sessions: SessionService, settings: IdpSettings) -> None:
        self.session_cookie = SessionCookie(settings)
        self.browser_cookie = BrowserCookie(settings)
        self._sessions = sessions

    async def find(self, request: Request) -> Session | None:
        """The live session of this browser."""
        return await self._sessions.find(self.session_cookie.read(request))

    async def require(self, request: Request) -> Session:
        """The live session. Raises `SignInFirst`, which comes back to this page."""
        session = await self.find(request)
        if session is None:
            raise SignInFirst(request.url.path)
        return session

    async def require_fresh(self, request: Request, path: str, now: datetime) -> Session:
        """The session of somebody who signed in minutes ago. Raises `SignInFirst`, which leads to `path`."""
        session = await self.find(request)
        if session is None or now - session.auth_time > FRESH:
            raise SignInFirst(path, again=True)
        return session
