"""Addresses of clients, as text. Pure."""

from urllib.parse import urlencode, urlsplit, urlunsplit


def with_query(address: str, parameters: dict[str, str]) -> str:
    """The address with these parameters beside the query it has (RFC 6749 §3.1.2)."""
    parts = urlsplit(address)
    query = "&".join(part for part in (parts.query, urlencode(parameters)) if part)
    return urlunsplit(parts._replace(query=query))


def with_fragment(address: str, parameters: dict[str, str]) -> str:
    """The address with these parameters behind # (OAuth 2.0 Multiple Response Types §2.1)."""
    return f"{address}#{urlencode(parameters)}"


def origin_of(address: str) -> str:
    """What a content security policy calls this address: scheme and host, or the scheme alone of an app's address."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"
