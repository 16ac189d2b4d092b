"""A provider that can send codes, and the phones and mailboxes they reach."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kernel.errors import Unavailable
from kernel.messages.message import Channel, Message, MessageRefused
from tests.idp.conftest import HandClock, Provider, run_provider


@dataclass
class Post:
    """Every phone and mailbox there is."""

    taken: list[Message] = field(default_factory=list)
    failure: Exception | None = None
    channels: frozenset[str] = frozenset({"sms", "email"})

    def sends(self, channel: Channel) -> bool:
        return channel in self.channels

    async def send(self, message: Message) -> None:
        if self.failure:
            raise self.failure
        if message.to.startswith("nobody@"):
            raise MessageRefused("no such mailbox")
        self.taken.append(message)

    def code_for(self, address: str) -> str:
        """The newest code that came to an address."""
        text = next(each.body for each in reversed(self.taken) if each.to == address)
        return re.findall(r"\b[0-9]{6}\b", text)[0]

    def away(self) -> None:
        self.failure = Unavailable("away")


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
async def provider(tmp_path: Path, clock: HandClock, post: Post) -> AsyncIterator[Provider]:
    async for built in run_provider(tmp_path, clock, messages=post):
        yield built
