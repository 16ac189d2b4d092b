"""What a notice is, and what may be wished for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from kernel.messages.message import Channel

DAYS_BEFORE_EXPIRY = (60, 30, 7)
CHANNELS: tuple[Channel, ...] = ("email", "sms")


class NoticeKind(StrEnum):
    """Why somebody is told."""

    ISSUED = "issued"
    REPLACED = "replaced"
    EXPIRING = "expiring"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    LOOKED = "looked"


@dataclass(frozen=True)
class Notice:
    """One piece of news about one licence, for its holder. `about` is what kind needs: `who`, `days`, `cause`."""

    id: str
    at: datetime
    kind: NoticeKind
    licence_id: str
    type_name: str
    is_read: bool
    about: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Wishes:
    """What one person wants to hear outside their own space. `quiet`: from which hour to which (China's time) not.

    `by` names the channels for a kind; `names_type`: whether a message may say which kind of licence it is about.
    Nothing goes out before somebody asked for it.
    """

    by: Mapping[NoticeKind, frozenset[Channel]] = field(default_factory=dict)
    quiet: tuple[int, int] | None = (22, 7)
    names_type: bool = False
    locale: str = "zh_CN"

    def channels(self, kind: NoticeKind) -> frozenset[Channel]:
        """Where news of this kind goes."""
        return self.by.get(kind, frozenset())


class Contacts(Protocol):
    """Tells where a person can be reached; wired by the composition root."""

    async def address(self, person: str, channel: Channel) -> str | None:
        """The person's verified address, or None: they have none, or may not be written to."""


class NoContacts:
    """Where nobody's addresses are known."""

    async def address(self, person: str, channel: Channel) -> str | None:
        """None."""
        return None
