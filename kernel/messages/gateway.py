"""SMS, or any message, by a gateway that takes signed JSON over HTTP.

The carriers' gateways differ in wording alone; this one shape is what the operator's gateway, or a dozen lines in front
of a carrier's, has to take:

    POST <url>
    Content-Type: application/json
    X-Message-Time: 1795000000            seconds since 1970
    X-Message-Signature: base16 of HMAC-SHA-256(secret, "<time>." + body)
    {"id": …, "channel": "sms", "to": …, "template": …, "params": {…}, "subject": …, "text": …}

2xx: taken. 408, 425, 429 and 5xx: later. Anything else: never.
"""

import hashlib
import hmac
import json

import httpx

from kernel.clock import Clock, system_clock
from kernel.errors import Unavailable
from kernel.messages.message import Channel, Message, MessageRefused
from kernel.messages.settings import GatewaySettings

_LATER = {408, 425, 429}


def signature(secret: str, time: int, body: bytes) -> str:
    """What the gateway compares `X-Message-Signature` with."""
    return hmac.new(secret.encode(), str(time).encode() + b"." + body, hashlib.sha256).hexdigest()


class GatewaySender:
    """Posts messages to the operator's gateway. Redirects are not followed: the address is what was set."""

    def __init__(
        self,
        settings: GatewaySettings,
        clock: Clock = system_clock,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._transport = transport

    def sends(self, channel: Channel) -> bool:
        """What the operator said it takes."""
        return channel in self._settings.channels

    async def send(self, message: Message) -> None:
        """Raises `Unavailable`, `MessageRefused`."""
        body = json.dumps(_told(message), ensure_ascii=False).encode()
        now = int(self._clock().timestamp())
        headers = {
            "Content-Type": "application/json",
            "X-Message-Time": str(now),
            "X-Message-Signature": signature(self._settings.secret.get_secret_value(), now, body),
        }
        try:
            async with httpx.AsyncClient(
                transport=self._transport, trust_env=False, timeout=self._settings.timeout_seconds
            ) as client:
                answer = await client.post(self._settings.url, content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as failure:
            raise Unavailable("The message gateway does not answer.", reason=type(failure).__name__) from failure
        if answer.status_code in _LATER or answer.status_code >= 500:
            raise Unavailable("The message gateway does not answer.", reason=f"HTTP {answer.status_code}")
        if not answer.is_success:
            raise MessageRefused("The message gateway refuses this message.", reason=f"HTTP {answer.status_code}")


def _told(message: Message) -> dict[str, object]:
    return {
        "id": message.id,
        "channel": message.channel,
        "to": message.to,
        "template": message.template,
        "params": dict(message.params),
        "subject": message.subject,
        "text": message.body,
    }
