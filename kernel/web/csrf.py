"""Cross-site request forgery: a signed double submit, and the browser's own word on where a request comes from.

The cookie holds a random secret; the form holds an HMAC over that secret with a fresh nonce (so a compressed page never
repeats the same token). Works before sign-in. With https the cookie takes the `__Host-` prefix, so no sibling domain
can plant one (draft-ietf-httpbis-rfc6265bis §4.1.3.2); `Sec-Fetch-Site` and `Origin` are checked besides.
"""

import base64
import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from kernel.errors import Forbidden
from kernel.web.forms import RawForm

FIELD_NAME = "csrf_token"
HEADER_NAME = "x-csrf-token"
STALE_PAGE = "This page has been open too long or was opened elsewhere. Go back, reload the page and try again."


class CsrfGuard:
    """Makes and checks the tokens of one deployment.

    `key` must be the same on every process. `public_url` names the origin the browser sees; without one, the Host
    header is compared instead.
    """

    def __init__(self, key: bytes | None = None, public_url: str = "") -> None:
        self._key = key or secrets.token_bytes(32)
        parts = urlsplit(public_url)
        self.origin = f"{parts.scheme}://{parts.netloc}" if parts.netloc else None
        self.secure = parts.scheme == "https"
        self.cookie_name = "__Host-xinyin_csrf" if self.secure else "xinyin_csrf"

    def token(self, request: Request) -> str:
        """A token for a form of this answer; remembers to set the cookie when the browser has none yet."""
        secret = request.cookies.get(self.cookie_name, "")
        if not _is_secret(secret):
            secret = getattr(request.state, "new_csrf_secret", None) or secrets.token_urlsafe(32)
            request.state.new_csrf_secret = secret
        nonce = secrets.token_urlsafe(12)
        return f"{nonce}.{self._mac(secret, nonce)}"

    def remember(self, request: Request, response: Response) -> None:
        """Set the cookie that `token` asked for. `Pages.render` does this by itself."""
        secret = getattr(request.state, "new_csrf_secret", None)
        if secret:
            response.set_cookie(self.cookie_name, secret, httponly=True, samesite="lax", secure=self.secure, path="/")
            response.headers["Cache-Control"] = "no-store"

    def check(self, request: Request, token: str | None) -> None:
        """Raise Forbidden unless this request was made from one of our own pages."""
        self.check_origin(request)
        secret = request.cookies.get(self.cookie_name, "")
        nonce, _dot, mac = (token or "").partition(".")
        expected = self._mac(secret, nonce)
        if not (_is_secret(secret) and hmac.compare_digest(mac.encode(), expected.encode())):
            raise Forbidden(STALE_PAGE, reason="CSRF token and cookie do not match")

    def check_origin(self, request: Request, *, required: bool = False) -> None:
        """Raise Forbidden when the browser says the request comes from another site.

        With `required`, a request that says nothing at all is refused too (for calls that carry no token).
        """
        site = request.headers.get("sec-fetch-site")
        origin = request.headers.get("origin")
        if site is not None and site not in {"same-origin", "none"}:
            raise Forbidden(STALE_PAGE, reason=f"Sec-Fetch-Site is {site[:20]!r}")
        if origin is not None and not (origin == "null" and site == "same-origin"):
            self._check_origin_header(request, origin)
        if required and site != "same-origin" and origin is None:
            raise Forbidden(STALE_PAGE, reason="neither Origin nor Sec-Fetch-Site was sent")

    def _check_origin_header(self, request: Request, origin: str) -> None:
        same = origin == self.origin if self.origin else urlsplit(origin).netloc == request.headers.get("host")
        if not same:
            raise Forbidden(STALE_PAGE, reason="Origin is another site")

    def _mac(self, secret: str, nonce: str) -> str:
        digest = hmac.new(self._key, f"xinyin-csrf\0{secret}\0{nonce}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _is_secret(value: str) -> bool:
    return len(value) == 43 and value.isascii()


async def check_csrf(request: Request, form: RawForm) -> None:
    """Raise Forbidden unless this form was rendered for this browser by us (field `csrf_token`)."""
    guard: CsrfGuard = request.app.state.pages.csrf
    guard.check(request, form.get(FIELD_NAME))
