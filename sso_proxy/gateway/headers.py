"""Which headers pass the gateway, and under what value. Pure.

Applications fold `X_User`, `X.User` and `X-User` into one name (CGI, WSGI, PHP), so names are compared by their
canonical alias. RFC 9110 §7.6.1 for the fields of one hop.
"""

import re
from collections.abc import Iterable
from urllib.parse import quote, urlsplit, urlunsplit

Headers = list[tuple[str, str]]

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
RESERVED_PREFIXES = ("x-xinyin-", "x-forwarded-", "x-original-", "x-rewrite-")
RESERVED = frozenset({"forwarded", "x-real-ip", "remote-user", "x-remote-user", "via", "x-host", "x-client-ip"})
ADDRESS_FIELDS = ("location", "content-location")
_NOT_ALPHANUMERIC = re.compile(r"[^a-z0-9]")


def canonical_alias(name: str) -> str:
    """The name that an application may take this header for: lower case, everything but letters and digits `-`."""
    return _NOT_ALPHANUMERIC.sub("-", name.lower())


def is_reserved(name: str, identity_names: Iterable[str] = ()) -> bool:
    """Whether only the gateway may say this header, under whatever spelling."""
    alias = canonical_alias(name)
    if alias in RESERVED or alias.startswith(RESERVED_PREFIXES):
        return True
    return any(alias == canonical_alias(each) for each in identity_names)


def end_to_end(headers: Headers) -> Headers:
    """Without the fields of one hop, those that `Connection` names included."""
    named = {
        token.strip().lower() for name, value in headers if name.lower() == "connection" for token in value.split(",")
    }
    return [(name, value) for name, value in headers if name.lower() not in HOP_BY_HOP and name.lower() not in named]


def get(headers: Headers, name: str, default: str = "") -> str:
    """The first value of `name` (lower case)."""
    return next((value for key, value in headers if key.lower() == name), default)


def without(headers: Headers, *names: str) -> Headers:
    """The headers but those of these names (lower case)."""
    return [(name, value) for name, value in headers if name.lower() not in names]


def moved(address: str, from_origin: str, to_origin: str) -> str:
    """An absolute or protocol-relative address at one origin as the same at another; any other address unchanged.

    The scheme is not compared: applications behind a proxy often misjudge their own.
    """
    try:
        parts, old, new = urlsplit(address.strip()), urlsplit(from_origin), urlsplit(to_origin)
        same = parts.hostname == old.hostname and _port(parts.netloc, parts.scheme or old.scheme) == _port(
            old.netloc, old.scheme
        )
    except ValueError:
        return address
    if not parts.netloc or not same:
        return address
    return urlunsplit(parts._replace(scheme=new.scheme, netloc=new.netloc))


def response_headers(headers: Headers, upstream_origin: str, public_origin: str) -> Headers:
    """An answer's headers as the browser may see them; `Set-Cookie` is dealt with elsewhere."""
    kept: Headers = []
    for name, value in end_to_end(headers):
        lower = name.lower()
        if lower in ADDRESS_FIELDS:
            value = moved(value, upstream_origin, public_origin)
        elif lower == "refresh" and "url=" in value.lower():
            seconds, _separator, address = value.partition("=")
            value = f"{seconds}={moved(address.strip(), upstream_origin, public_origin)}"
        elif lower == "access-control-allow-origin":
            value = moved(value, upstream_origin, public_origin)
        elif lower in ("set-cookie", "alt-svc", "strict-transport-security", "public-key-pins"):
            continue
        kept.append((name, value))
    return kept


def header_text(value: str) -> str:
    """A person's name as a header may carry it: percent-encoded UTF-8 where it is not plain ASCII."""
    return quote(value, safe=" !#$&'()*+,/:;=?@[]~")


def _port(netloc: str, scheme: str) -> int:
    return urlsplit(f"//{netloc}").port or (443 if scheme == "https" else 80)
