"""A request as it came in, and the rules that it must keep before anything is done with it. RFC 9112."""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from sso_proxy.gateway.headers import Headers, get

OWN_PATH = "/.xinyin/"
METHODS_REFUSED = frozenset({"CONNECT", "TRACE", "TRACK"})
_TARGET = re.compile(rb"[!-~]+")
_DIGITS = re.compile(r"[0-9]{1,15}")


class BadRequest(Exception):
    """The request breaks HTTP's rules; answered with `status` and the connection is closed."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True)
class RequestHead:
    """Everything before the body. `target` is in origin form; `length` None with a body of unknown length."""

    method: str
    target: str
    version: str
    host: str
    address: str
    headers: Headers = field(repr=False)
    length: int | None
    is_upgrade: bool = False

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.split("?", 1)[0]

    @property
    def query(self) -> str:
        """What follows the question mark."""
        return self.target.partition("?")[2]

    @property
    def has_body(self) -> bool:
        """Whether something follows the head."""
        return self.length is None or self.length > 0

    @property
    def is_navigation(self) -> bool:
        """Whether a person follows a link or opens a page, rather than a script fetching (mod_auth_openidc's rule)."""
        if self.is_upgrade or get(self.headers, "x-requested-with").lower() == "xmlhttprequest":
            return False
        mode = get(self.headers, "sec-fetch-mode")
        if mode:
            return mode == "navigate"
        accept = get(self.headers, "accept")
        return "text/html" in accept or "application/xhtml+xml" in accept

    @property
    def is_safe(self) -> bool:
        """Whether it can be sent twice without harm."""
        return self.method in ("GET", "HEAD") and not self.has_body


def check_head(method: str, raw_target: bytes, version: str, headers: Headers, address: str) -> RequestHead:
    """Make a head of what was parsed; raises BadRequest for what two readers could read differently."""
    hosts = [value for name, value in headers if name.lower() == "host"]
    if len(hosts) > 1 or (not hosts and version != "1.0"):
        raise BadRequest(400, "not exactly one Host")
    if method in METHODS_REFUSED:
        raise BadRequest(405, "method")
    target, authority = _target(raw_target)
    return RequestHead(
        method=method,
        target=target,
        version=version,
        host=(authority or (hosts[0] if hosts else "")).strip().lower(),
        address=address,
        headers=headers,
        length=_length(headers),
    )


def _length(headers: Headers) -> int | None:
    lengths = [value for name, value in headers if name.lower() == "content-length"]
    codings = [value for name, value in headers if name.lower() == "transfer-encoding"]
    if codings and lengths:
        raise BadRequest(400, "both Content-Length and Transfer-Encoding")
    if len(lengths) > 1 or len(codings) > 1:
        raise BadRequest(400, "repeated framing header")
    if codings:
        if codings[0].strip().lower() != "chunked":
            raise BadRequest(501, "transfer coding")
        return None
    if not lengths:
        return 0
    if not _DIGITS.fullmatch(lengths[0].strip()):
        raise BadRequest(400, "Content-Length")
    return int(lengths[0])


def _target(raw: bytes) -> tuple[str, str]:
    """The target in origin form, and the authority of an absolute one."""
    if not _TARGET.fullmatch(raw):
        raise BadRequest(400, "target")
    text = raw.decode("ascii").split("#", 1)[0]
    authority = ""
    if text.lower().startswith(("http://", "https://")):
        try:
            parts = urlsplit(text)
        except ValueError:
            raise BadRequest(400, "target") from None
        authority = parts.netloc
        text = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not text.startswith("/"):
        raise BadRequest(400, "target")
    _check_path(text.split("?", 1)[0])
    return text, authority


def _check_path(path: str) -> None:
    """What is decided on must be what is forwarded: no hidden dots, no NUL, no disguise of our own pages."""
    decoded = unquote(path, errors="replace")
    if "\0" in decoded or "%00" in decoded or "\\" in decoded:
        raise BadRequest(400, "path")
    segments = decoded.split("/")
    if any(each.split(";", 1)[0] in (".", "..") for each in segments):
        raise BadRequest(400, "dot segments")
    own = any(each == ".xinyin" for each in (segment.lower() for segment in segments[1:2]))
    if (own or "/.xinyin" in re.sub("/+", "/", decoded.lower())) and not path.startswith(OWN_PATH):
        raise BadRequest(400, "path")
