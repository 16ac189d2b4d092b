"""Request parameters, read once and strictly: a value that is empty counts as not sent, a repeated name is refused
(RFC 6749 §3.1, §3.2)."""

from collections.abc import Iterable
from dataclasses import dataclass

from idp.oauth2.errors import invalid_request

REPEATABLE = frozenset({"resource"})


@dataclass(frozen=True)
class Parameters:
    """What was sent, by name; `duplicates` names what was sent more than once."""

    values: dict[str, str]
    duplicates: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    """`resource` alone may come more than once (RFC 8707 §2)."""

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> "Parameters":
        """Read name and value pairs in the order they came."""
        values: dict[str, str] = {}
        seen: dict[str, int] = {}
        resources = []
        for name, value in pairs:
            if name in REPEATABLE:
                resources.append(value)
            else:
                seen[name] = seen.get(name, 0) + 1
            if value:
                values.setdefault(name, value)
        repeated = tuple(name for name, count in seen.items() if count > 1)
        return cls(values, repeated, tuple(each for each in resources if each))

    def get(self, name: str) -> str | None:
        """The value, if one was sent."""
        return self.values.get(name)

    def require(self, name: str) -> str:
        """The value. Raises `OAuthError`."""
        value = self.values.get(name)
        if value is None:
            raise invalid_request(f"The parameter '{name}' is missing.")
        return value

    def refuse_duplicates(self) -> None:
        """Raise `OAuthError` when a name came more than once."""
        if self.duplicates:
            raise invalid_request(f"The parameter '{self.duplicates[0][:40]}' was sent more than once.")


def split_scope(value: str | None) -> tuple[str, ...]:
    """The scopes of a `scope` parameter, each once, in order (RFC 6749 §3.3)."""
    return tuple(dict.fromkeys((value or "").split()))
