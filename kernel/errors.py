"""The one family of errors, told apart by meaning; `kernel.web.problems` alone turns them into HTTP.

XinyinError
├── InvalidInput            what was sent is wrong; names the fields
├── AuthenticationRequired  nobody is signed in, or the token does not hold
├── Forbidden               somebody is, and may not
├── NotFound
├── Gone                    it was there; it is over (an expired code)
├── Conflict                it clashes with what is stored
├── RateLimited             too often; carries `retry_after_seconds`
├── Unavailable             a thing we depend on is away
├── ConfigurationError      the operator must change a setting before we start
└── IntegrityError          stored or produced data does not hold what it must
"""

import dataclasses
from collections.abc import Sequence
from typing import ClassVar


@dataclasses.dataclass(frozen=True)
class FieldError:
    """One field's complaint. `field` is a form name or JSON pointer; `message` a msgid with `{params}`."""

    field: str
    message: str
    params: dict[str, object] = dataclasses.field(default_factory=dict)


class XinyinError(Exception):
    """An error whose text a user may read.

    `message` is an English msgid with `{name}` places, filled from `params` after translation. `reason` is for the log
    alone and never leaves the process.
    """

    code: ClassVar[str] = "internal"

    def __init__(self, message: str, *, reason: str | None = None, **params: object) -> None:
        self.message = message
        self.params = params
        self.reason = reason
        super().__init__(self.text)

    @property
    def text(self) -> str:
        """The message in English with its places filled."""
        return self.message.format(**self.params) if self.params else self.message


class InvalidInput(XinyinError):
    """What was sent is wrong. `fields` says where."""

    code = "invalid-input"

    def __init__(
        self, message: str, *, fields: Sequence[FieldError] = (), reason: str | None = None, **params: object
    ) -> None:
        self.fields = tuple(fields)
        super().__init__(message, reason=reason, **params)


class AuthenticationRequired(XinyinError):
    """Nobody is signed in, or the presented credential does not hold."""

    code = "authentication-required"


class Forbidden(XinyinError):
    """The caller is known and may not do this."""

    code = "forbidden"


class NotFound(XinyinError):
    """There is no such thing, or not for this caller."""

    code = "not-found"


class Gone(XinyinError):
    """It existed and is over, for example a code that expired or was used."""

    code = "gone"


class Conflict(XinyinError):
    """The request clashes with what is stored."""

    code = "conflict"


class RateLimited(XinyinError):
    """Too many attempts; try again after `retry_after_seconds`."""

    code = "rate-limited"

    def __init__(self, message: str, *, retry_after_seconds: int, reason: str | None = None, **params: object) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(message, reason=reason, **params)


class Unavailable(XinyinError):
    """Something we depend on does not answer."""

    code = "unavailable"


class ConfigurationError(XinyinError):
    """The operator must change a setting; the message names it."""

    code = "configuration"


class IntegrityError(XinyinError):
    """Data that was stored or produced does not hold what it must."""

    code = "integrity"
