"""One-time codes and tokens, as every provider keeps them: in memory, with a clock that tests can move."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Generic, TypeVar

from kernel.clock import Clock
from xinyin.sandbox.people import Person

KEPT = timedelta(days=1)
"""How long a finished entry is remembered, so that a replay is told apart from nonsense."""


class Fate(Enum):
    """What became of a code or token that was presented."""

    GOOD = auto()
    UNKNOWN = auto()
    USED = auto()
    EXPIRED = auto()


@dataclass(frozen=True)
class Grant:
    """What a person allowed an application."""

    app_id: str
    person: Person
    scope: str


V = TypeVar("V")


@dataclass
class _Entry(Generic[V]):
    value: V
    expires_at: datetime
    used: bool = False


class Vouchers(Generic[V]):
    """Random strings that stand for something for a while; `redeem` takes a string once, `peek` only looks."""

    def __init__(self, clock: Clock, lifetime: timedelta) -> None:
        self._clock = clock
        self.lifetime = lifetime
        self._entries: dict[str, _Entry[V]] = {}

    def issue(self, value: V, *, text: str | None = None) -> str:
        """Give out a new string for `value`."""
        now = self._clock()
        self._entries = {key: entry for key, entry in self._entries.items() if entry.expires_at + KEPT > now}
        text = text or secrets.token_hex(16)
        self._entries[text] = _Entry(value, now + self.lifetime)
        return text

    def peek(self, text: str) -> tuple[Fate, V | None]:
        """What the string stands for, without using it up."""
        entry = self._entries.get(text)
        if entry is None:
            return Fate.UNKNOWN, None
        if entry.used:
            return Fate.USED, entry.value
        if entry.expires_at <= self._clock():
            return Fate.EXPIRED, entry.value
        return Fate.GOOD, entry.value

    def redeem(self, text: str) -> tuple[Fate, V | None]:
        """Like `peek`, and a good string is used up by it."""
        fate, value = self.peek(text)
        if fate is Fate.GOOD:
            self._entries[text].used = True
        return fate, value
