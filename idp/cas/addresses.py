"""Addresses of applications: whether one lies below another. Pure.

What browsers and servers read differently (dot segments, backslashes, credentials) is refused rather than guessed at.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from kernel.errors import InvalidInput

LONGEST = 2000
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_DEFAULT_PORTS = {"http": 80, "https": 443}
_DOTS = re.compile(r"(^|/)\.{1,2}(;[^/]*)?(/|$)")  # servers in Java cut off what follows a semicolon


@dataclass(frozen=True)
class Address:
    """A web address taken apart; `path` begins with a slash."""

    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def read(cls, text: str) -> "Address":
        """Take an address apart. Raises `InvalidInput`, with the reason for the log."""
        if len(text) > LONGEST or "\\" in text or any(not "!" <= character <= "~" for character in text):
            raise _refused("characters")
        try:
            parts = urlsplit(text)
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError as failure:
            raise _refused("syntax") from failure
        if parts.scheme not in _DEFAULT_PORTS or not host or parts.username is not None or parts.password is not None:
            raise _refused("scheme, host or credentials")
        if _DOTS.search(unquote(parts.path)) or "\\" in unquote(parts.path):
            raise _refused("dot segments")
        return cls(parts.scheme, host, port or _DEFAULT_PORTS[parts.scheme], parts.path or "/")

    @property
    def is_protected(self) -> bool:
        """Whether what travels there is: https, or this very machine."""
        return self.scheme == "https" or self.host in LOOPBACK or self.host.endswith(".localhost")

    @property
    def origin(self) -> str:
        """As a content security policy writes it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = self.port == _DEFAULT_PORTS[self.scheme]
        return f"{self.scheme}://{host}" if default else f"{self.scheme}://{host}:{self.port}"

    def covers(self, other: "Address") -> bool:
        """Whether `other` is this address or lies below it: the same origin, and the path whole segments deeper."""
        if (self.scheme, self.host, self.port) != (other.scheme, other.host, other.port):
            return False
        folder = self.path if self.path.endswith("/") else f"{self.path}/"
        return other.path == self.path or other.path.startswith(folder)


def _refused(reason: str) -> InvalidInput:
    return InvalidInput("This is not the address of an application.", reason=reason)
