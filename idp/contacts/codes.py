"""Codes that are sent: six digits, good once, in one place, for one address."""

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

from idp.contacts.address import Address
from kernel.crypto.envelope import Envelope
from kernel.ephemeral.store import EphemeralStore
from kernel.errors import FieldError, Gone, InvalidInput, RateLimited
from kernel.i18n import gettext as _
from kernel.messages.message import Channel, Message, MessageRefused, MessageSender

SECONDS, TRIES = 600, 5
_HOUR, _DAY = 3600, 86_400
WRONG_CODE = "This code is not right. Look at the newest message from us."
OVER = "This code no longer counts. Ask for a new one."
NOT_TAKEN = "No message can be sent to this address. Check it."


@dataclass(frozen=True)
class SendingLimits:
    """How often codes go out: to one address, and for one network (a hall of counters shares one)."""

    pause_seconds: int = 60
    per_address_and_hour: int = 5
    per_address_and_day: int = 10
    per_network_and_hour: int = 60


class ContactCodes:
    """Sends codes and checks them. `place` is what a code counts for: a sign-in under way, or a session."""

    def __init__(
        self, ephemeral: EphemeralStore, envelope: Envelope, sender: MessageSender, issuer: str, limits: SendingLimits
    ) -> None:
        self._ephemeral = ephemeral
        self._envelope = envelope
        self._sender = sender
        self._host = urlsplit(issuer).hostname or ""
        self._limits = limits

    def sends(self, channel: Channel) -> bool:
        """Whether codes can go out by this channel."""
        return self._sender.sends(channel)

    @property
    def is_possible(self) -> bool:
        """Whether codes can go out at all."""
        return self.sends("sms") or self.sends("email")

    async def send(self, place: str, address: Address, network: str) -> None:
        """Send a code for `place`; an earlier one for it counts no more.

        Raises `RateLimited`, `InvalidInput` (nobody takes messages there), `Unavailable` (the sender is away).
        """
        await self._pace(address, network)
        code = f"{secrets.randbelow(1_000_000):06}"
        name = secrets.token_urlsafe(9)
        waiting = {"channel": address.channel, "address": address.value, "code": code, "name": name}
        sealed = self._envelope.encrypt(json.dumps(waiting).encode(), context=self._context(place))
        await self._ephemeral.put(self._key(place), sealed, SECONDS)
        try:
            await self._sender.send(self._message(address, code))
        except MessageRefused as refusal:
            raise InvalidInput(NOT_TAKEN, fields=[FieldError("address", NOT_TAKEN)]) from refusal

    async def waiting(self, place: str) -> Address | None:
        """Where the code went that `place` waits for."""
        found = await self._load(place)
        return _address(found) if found else None

    async def check(self, place: str, code: str) -> Address:
        """The address that was proved. Raises `InvalidInput` for a wrong code, `Gone` when there is none any more."""
        found = await self._load(place)
        if found is None:
            raise Gone(OVER, reason="no code is waited for")
        # Counted before it is compared, so that a hundred guesses at once are a hundred counted.
        tries = await self._ephemeral.increment(f"contact-tries:{found['name']}", SECONDS)
        if tries > TRIES:
            await self._ephemeral.delete(self._key(place))
            raise Gone(OVER, reason="too many tries")
        if not hmac.compare_digest(found["code"].encode(), "".join(code.split()).encode()):
            raise InvalidInput(WRONG_CODE, fields=[FieldError("code", WRONG_CODE)])
        if await self._ephemeral.take(self._key(place)) is None:
            raise Gone(OVER, reason="the code was used")
        return _address(found)

    async def _pace(self, address: Address, network: str) -> None:
        limits, value = self._limits, _hashed(f"{address.channel}:{address.value}")
        counted = (
            (f"contact-network:{_hashed(network)}", limits.per_network_and_hour, _HOUR),
            (f"contact-hour:{value}", limits.per_address_and_hour, _HOUR),
            (f"contact-day:{value}", limits.per_address_and_day, _DAY),
        )
        wait = await self._ephemeral.pace(f"contact-pause:{value}", limits.pause_seconds * 1000, 0)
        if wait:
            seconds = -(-wait // 1000)
            raise RateLimited(
                "A code was sent just now. Ask for another one in {seconds} s.",
                retry_after_seconds=seconds,
                seconds=seconds,
            )
        for key, most, window in counted:
            if await self._ephemeral.increment(key, window) > most:
                raise RateLimited(
                    "Too many codes were asked for. Try again later, or sign in another way.",
                    retry_after_seconds=window,
                    reason=f"too many codes by {key.partition(':')[0]}",
                )

    def _message(self, address: Address, code: str) -> Message:
        minutes = SECONDS // 60
        text = _("Your code is {code}. It counts for {minutes} min. Give it to nobody, whoever asks for it.").format(
            code=code, minutes=minutes
        )
        # The last line lets phones fill the code in, on this host alone (origin-bound one-time codes).
        body = f"{text}\n\n@{self._host} #{code}" if address.channel == "sms" else text
        return Message(
            address.channel,
            address.value,
            body,
            subject=_("Your code for signing in"),
            template="sign_in_code",
            params={"code": code, "minutes": str(minutes)},
        )

    async def _load(self, place: str) -> dict[str, str] | None:
        sealed = await self._ephemeral.get(self._key(place))
        if sealed is None:
            return None
        found: dict[str, str] = json.loads(self._envelope.decrypt(sealed, context=self._context(place)))
        return found

    def _key(self, place: str) -> str:
        return f"contact-code:{_hashed(place)}"

    def _context(self, place: str) -> str:
        return f"contact-code:{place}"


def _address(found: dict[str, str]) -> Address:
    return Address("sms" if found["channel"] == "sms" else "email", found["address"])


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
