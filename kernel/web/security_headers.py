"""The headers that tell a browser what our pages may do: nothing, except what is written here. Pure ASGI.

A route widens the policy for its own answer with `allow_in_policy`. Chrome applies `form-action` to the redirects that
follow a form post, so a page whose form ends at an OAuth client must name that client's origin.
"""

from collections.abc import Mapping, Sequence

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

STATE_KEY = "csp_additions"

POLICY: Mapping[str, tuple[str, ...]] = {
    "default-src": ("'none'",),
    "script-src": ("'self'",),
    "style-src": ("'self'",),
    "img-src": ("'self'", "data:", "blob:"),
    "font-src": ("'self'",),
    "connect-src": ("'self'",),
    "manifest-src": ("'self'",),
    "form-action": ("'self'",),
    "frame-ancestors": ("'none'",),
    "base-uri": ("'none'",),
}

FIXED_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # "same-origin", not "no-referrer": with the latter, browsers send `Origin: null` with our own forms.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
}


def allow_in_policy(request: Request, directive: str, *sources: str) -> None:
    """Let this answer's page use `sources` besides, for example ("form-action", "https://client.example")."""
    additions: dict[str, list[str]] = request.scope.setdefault("state", {}).setdefault(STATE_KEY, {})
    additions.setdefault(directive, []).extend(_checked(source) for source in sources)


def _checked(source: str) -> str:
    if any(character in source for character in " ;,\r\n\t"):
        message = "a policy source holds a separator"
        raise ValueError(message)
    return source


class SecurityHeadersMiddleware:
    """Sets the headers on every answer that does not bring its own."""

    def __init__(self, app: ASGIApp, *, form_action: Sequence[str] = (), https: bool = False) -> None:
        self.app = app
        self._policy = {name: list(sources) for name, sources in POLICY.items()}
        self._policy["form-action"] += [_checked(origin) for origin in form_action]
        self._https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope.setdefault("state", {})

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in FIXED_HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("content-security-policy", self._policy_for(scope))
                if self._https:
                    headers.setdefault("strict-transport-security", "max-age=31536000; includeSubDomains")
            await send(message)

        await self.app(scope, receive, send_guarded)

    def _policy_for(self, scope: Scope) -> str:
        additions: Mapping[str, Sequence[str]] = scope["state"].get(STATE_KEY, {})
        merged = {name: [*sources, *additions.get(name, ())] for name, sources in self._policy.items()}
        merged |= {name: list(sources) for name, sources in additions.items() if name not in merged}
        return "; ".join(f"{name} {' '.join(dict.fromkeys(sources))}" for name, sources in merged.items())
