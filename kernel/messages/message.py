"""One message, and the port that takes it."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from kernel.errors import InvalidInput, Unavailable

Channel = Literal["email", "sms"]

_EMAIL = re.compile(r"[!#$%&'*+\-/=?^_`{|}~.0-9A-Za-z]{1,64}@[0-9A-Za-z](?:[0-9A-Za-z.-]{0,252}[0-9A-Za-z])?")
_PHONE = re.compile(r"\+?[0-9]{5,20}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MOST_SUBJECT, _MOST_BODY = 200, 20_000


class MessageRefused(InvalidInput):
    """The other side will never take this message: sending it again does not help."""


@dataclass(frozen=True)
class Message:
    """What is sent, to one person. Contents and address stay out of any printed form.

    `to`: an e-mail address or a phone number. `subject` is for e-mail. `template` and `params` are for SMS gateways
    that only send texts which the carrier approved: the template's code there, and what goes into its places; `body`
    is the whole text for those that send any. `id` lets the other side drop repeats. Raises `InvalidInput`.
    """

    channel: Channel
    to: str = field(repr=False)
    body: str = field(repr=False)
    subject: str = field(default="", repr=False)
    template: str = ""
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    def __post_init__(self) -> None:
        """Nothing that could become a second recipient, a header or a command passes."""
        shape = _EMAIL if self.channel == "email" else _PHONE
        if not shape.fullmatch(self.to):
            raise InvalidInput("This is no address that a message can be sent to.")
        if _CONTROL.search(self.subject) or len(self.subject) > _MOST_SUBJECT:
            raise InvalidInput("The subject of a message is one line of at most 200 characters.")
        if not self.body or len(self.body) > _MOST_BODY:
            raise InvalidInput("A message needs a text of at most 20,000 characters.")


class MessageSender(Protocol):
    """Takes messages. Returning means that the other side took it; nobody can know more."""

    def sends(self, channel: Channel) -> bool:
        """Whether this channel has been set up."""

    async def send(self, message: Message) -> None:
        """Hand it over. Raises `Unavailable` (try again later) or `MessageRefused` (never will)."""


class Channels:
    """Sends each message by what was set up for its channel; what was not is refused with `Unavailable`."""

    def __init__(self, email: MessageSender | None = None, sms: MessageSender | None = None) -> None:
        self._senders: dict[str, MessageSender | None] = {"email": email, "sms": sms}

    def sends(self, channel: Channel) -> bool:
        """Whether this channel has been set up."""
        return self._senders.get(channel) is not None

    async def send(self, message: Message) -> None:
        """Raises `Unavailable`, `MessageRefused`."""
        sender = self._senders.get(message.channel)
        if sender is None:
            raise Unavailable("Messages of this kind are not sent here.", reason=f"no sender for {message.channel}")
        await sender.send(message)
