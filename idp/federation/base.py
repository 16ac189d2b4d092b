"""What every connector is and gives: the protocol, the identity it brings back, and how a sign-in may fail.

FederationError
├── ProviderRefused        the person (or the provider on their behalf) said no
├── ProviderUnavailable    the provider does not answer; the same callback may be tried again
├── ProviderProtocolError  the answer is malformed, unsigned, or says that we are set up wrongly
├── SignInExpired          the state or the code is over, used, or from another browser
└── AccountConflict        the identity, or two halves of it, belong to somebody else
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from kernel.errors import Conflict, Forbidden, Gone, Unavailable, XinyinError
from kernel.i18n import gettext

PROVIDER_NAMES: Mapping[str, str] = {"wechat": "WeChat", "qq": "QQ", "alipay": "Alipay"}
"""Family → msgid of the name that people know."""


IDENTIFIER_PATTERN = re.compile(r"[!-~]{1,128}")


def provider_name(family: str) -> str:
    """The provider's name in the reader's language."""
    return gettext(PROVIDER_NAMES[family])


class FederationError(XinyinError):
    """A sign-in by a provider that did not work out."""


class ProviderRefused(FederationError, Forbidden):
    """The person pressed “refuse”, or may not sign in this way."""


class ProviderUnavailable(FederationError, Unavailable):
    """The provider is away or busy; nothing was used up on our side."""

    def __init__(self, family: str, *, reason: str) -> None:
        message = "{provider} does not answer at the moment. Try again, or sign in another way."
        super().__init__(message, reason=reason, provider=provider_name(family))


class ProviderProtocolError(FederationError, Unavailable):
    """The provider's answer cannot be trusted or shows a wrong setting; trying again will not help soon."""

    def __init__(self, family: str, *, reason: str) -> None:
        message = "We could not trust the answer from {provider}. Sign in another way, and tell us if it happens again."
        super().__init__(message, reason=reason, provider=provider_name(family))


class SignInExpired(FederationError, Gone):
    """The sign-in took too long, was finished already, or was begun in another browser."""

    def __init__(self, *, reason: str) -> None:
        message = "It took too long, was finished already, or was begun in another browser. Start again here."
        super().__init__(message, reason=reason)


class AccountConflict(FederationError, Conflict):
    """The external account belongs to another person here; accounts are never joined silently."""


class Surface(StrEnum):
    """Where the person's browser runs; providers want different addresses for each."""

    DESKTOP = "desktop"
    MOBILE = "mobile"
    IN_WECHAT = "in-wechat"

    @classmethod
    def of(cls, user_agent: str) -> "Surface":
        """Judge by the User-Agent header."""
        if "MicroMessenger" in user_agent:
            return cls.IN_WECHAT
        return cls.MOBILE if "Mobile" in user_agent or "Android" in user_agent else cls.DESKTOP


@dataclass(frozen=True)
class AuthorizationStart:
    """One sign-in that goes to a provider: 64 hexadecimal digits of state, our callback, the browser's surface."""

    state: str
    redirect_uri: str
    surface: Surface


@dataclass(frozen=True)
class ExternalId:
    """One identifier of an external account.

    `kind` is the provider's word (unionid, openid, user_id, open_id, union_id). `scope` says within what the value is
    unique: an application, or an account that several applications share.
    """

    kind: str
    scope: str
    value: str = field(repr=False)


@dataclass(frozen=True)
class ExternalIdentity:
    """Who the provider says this is. `identifiers` holds all that came, the widest-reaching first; never empty.

    The nickname is for showing; it is neither unique nor stable and identifies nobody.
    """

    family: str
    identifiers: tuple[ExternalId, ...]
    nickname: str = field(default="", repr=False)
    avatar_url: str = field(default="", repr=False)


class CallbackConnector(Protocol):
    """A provider where the browser goes away and comes back with a code."""

    @property
    def family(self) -> str:
        """“wechat”, “qq” or “alipay”."""
        ...

    def start(self, request: AuthorizationStart) -> str:
        """The address to send the browser to. Raises `ProviderRefused` where this surface cannot be served."""
        ...

    async def finish(self, params: Mapping[str, str], record: AuthorizationStart) -> ExternalIdentity:
        """Turn the callback's parameters into an identity. The state has been checked. Raises `FederationError`."""
        ...


class PersonDirectory(Protocol):
    """What federation needs to know of persons."""

    async def create_person(self, display_name: str, locale: str) -> str:
        """Enter somebody new; returns the person's id."""
        ...

    async def exists(self, person_id: str) -> bool:
        """Whether there is such a person."""
        ...

    async def has_password(self, person_id: str) -> bool:
        """Whether they can still sign in when no external account is left."""
        ...


def presented_ids(family: str, *candidates: ExternalId) -> tuple[ExternalId, ...]:
    """Those identifiers that have a value; providers send empty strings for absent ones.

    Raises `ProviderProtocolError` for a value that no provider gives: two such might compare equal later.
    """
    present = tuple(candidate for candidate in candidates if candidate.value)
    for each in present:
        if not IDENTIFIER_PATTERN.fullmatch(each.value):
            raise ProviderProtocolError(family, reason=f"{each.kind} is not 1 to 128 ASCII characters")
    return present


def refusal(family: str) -> ProviderRefused:
    """The person said no at the provider."""
    message = "You did not agree at {provider}, so you are not signed in. Try again, or sign in another way."
    return ProviderRefused(message, provider=provider_name(family))
