"""The cookies of one person at one application, kept on the server. RFC 6265 §5.2–5.4. Pure."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MAX_COOKIES = 100
MAX_COOKIE_BYTES = 8192
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True)
class Cookie:
    """`expires_at`: seconds since the epoch, None: as long as the session. The value is never printed."""

    name: str
    value: str = field(repr=False)
    path: str
    secure: bool
    expires_at: float | None


@dataclass(frozen=True)
class SetCookie:
    """One `Set-Cookie` field taken apart (§5.2). `domain` is what it asked for, without the leading dot."""

    cookie: Cookie
    domain: str | None
    http_only: bool


class CookieJar:
    """Cookies of a single host: an application that asks for a wider `Domain` gets the host alone all the same."""

    def __init__(self, host: str, cookies: Iterable[Cookie] = ()) -> None:
        self.host = host.lower()
        self._cookies = {(each.name, each.path): each for each in cookies}

    def __iter__(self) -> Iterator[Cookie]:
        return iter(self._cookies.values())

    def __len__(self) -> int:
        return len(self._cookies)

    def names(self) -> set[str]:
        """Every name that is kept."""
        return {name for name, _path in self._cookies}

    def store(self, field_value: str, request_path: str, now: datetime) -> None:
        """Take in one `Set-Cookie` value of an answer from the host; an expired one deletes (§5.3)."""
        parsed = parse_set_cookie(field_value, request_path, now)
        if parsed is None or not self._may_set(parsed):
            return
        cookie = parsed.cookie
        key = (cookie.name, cookie.path)
        self._cookies.pop(key, None)
        if cookie.expires_at is not None and cookie.expires_at <= now.timestamp():
            return
        self._cookies[key] = cookie
        while len(self._cookies) > MAX_COOKIES:
            self._cookies.pop(next(iter(self._cookies)))

    def header(self, path: str, now: datetime, *, secure: bool = True) -> str:
        """The `Cookie` value for a request to `path`; longer paths first (§5.4). Empty when nothing matches."""
        found = [each for each in self if self._matches(each, path, now, secure=secure)]
        found.sort(key=lambda each: -len(each.path))
        return "; ".join(f"{each.name}={each.value}" if each.name else each.value for each in found)

    def dump(self) -> bytes:
        """The jar as JSON. Holds secrets: encrypt it."""
        return json.dumps({"host": self.host, "cookies": [asdict(each) for each in self]}).encode()

    @classmethod
    def load(cls, data: bytes) -> "CookieJar":
        """What `dump` wrote."""
        document = json.loads(data)
        return cls(document["host"], (Cookie(**each) for each in document["cookies"]))

    def _may_set(self, parsed: SetCookie) -> bool:
        if parsed.cookie.name.startswith("__Host-") and (parsed.domain or parsed.cookie.path != "/"):
            return False
        return parsed.domain is None or self.host == parsed.domain or self.host.endswith("." + parsed.domain)

    @staticmethod
    def _matches(cookie: Cookie, path: str, now: datetime, *, secure: bool) -> bool:
        alive = cookie.expires_at is None or cookie.expires_at > now.timestamp()
        return alive and (secure or not cookie.secure) and path_matches(path, cookie.path)


def parse_set_cookie(field_value: str, request_path: str, now: datetime) -> SetCookie | None:
    """Take apart one `Set-Cookie` value (§5.2); None for what must be ignored."""
    if len(field_value) > MAX_COOKIE_BYTES or _CONTROL.search(field_value):
        return None
    pair, *attributes = field_value.split(";")
    name, equals, value = pair.partition("=")
    name, value = name.strip(" \t"), value.strip(" \t")
    if not equals or not name:
        return None
    found = {}
    for attribute in attributes:
        key, _equals, text = attribute.partition("=")
        found[key.strip(" \t").lower()] = text.strip(" \t")
    path = found.get("path", "")
    domain = found.get("domain", "").removeprefix(".").lower() or None
    cookie = Cookie(
        name=name,
        value=value,
        path=path if path.startswith("/") else default_path(request_path),
        secure="secure" in found,
        expires_at=_expiry(found, now),
    )
    return SetCookie(cookie, domain, http_only="httponly" in found)


def default_path(request_path: str) -> str:
    """The path of a cookie that names none: the request's up to its last slash (§5.1.4)."""
    path = request_path.split("?", 1)[0]
    return path[: path.rfind("/")] or "/" if path.startswith("/") else "/"


def path_matches(path: str, cookie_path: str) -> bool:
    """§5.1.4."""
    path = path.split("?", 1)[0]
    if path == cookie_path:
        return True
    return path.startswith(cookie_path) and (cookie_path.endswith("/") or path[len(cookie_path)] == "/")


def _expiry(attributes: dict[str, str], now: datetime) -> float | None:
    age = attributes.get("max-age", "")
    if age.removeprefix("-").isdecimal() and age.isascii():
        return 0.0 if int(age) <= 0 else now.timestamp() + min(int(age), 400 * 86400)
    if expires := attributes.get("expires"):
        try:
            moment = parsedate_to_datetime(expires.replace("-", " "))
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        try:
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            return None
    return None
