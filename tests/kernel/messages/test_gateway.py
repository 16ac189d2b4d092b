"""Messages over HTTP: what goes out, and how answers are understood. A real one takes them in tests of the mailbox."""

import json

import httpx
import pytest

from kernel.errors import Unavailable
from kernel.messages.building import build_sender
from kernel.messages.gateway import GatewaySender, signature
from kernel.messages.message import Message, MessageRefused
from kernel.messages.settings import GatewaySettings, SmtpSettings

SETTINGS = GatewaySettings.model_validate({"url": "https://sms.example.test/messages", "secret": "shared"})
CODE = Message("sms", "+8613800000000", "验证码 123456", template="SMS_1", params={"code": "123456"}, id="one")


def gateway(answer: httpx.Response, seen: list[httpx.Request] | None = None) -> GatewaySender:
    def handle(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        return answer

    return GatewaySender(SETTINGS, transport=httpx.MockTransport(handle))


async def test_a_message_is_signed_over_its_time_and_body() -> None:
    seen: list[httpx.Request] = []
    await gateway(httpx.Response(202), seen).send(CODE)
    [request] = seen
    time = int(request.headers["X-Message-Time"])
    assert request.headers["X-Message-Signature"] == signature("shared", time, request.content)
    assert json.loads(request.content) == {
        "id": "one", "channel": "sms", "to": "+8613800000000", "template": "SMS_1", "params": {"code": "123456"},
        "subject": "", "text": "验证码 123456",
    }  # fmt: skip


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
async def test_a_busy_gateway_is_tried_again_later(status: int) -> None:
    with pytest.raises(Unavailable):
        await gateway(httpx.Response(status)).send(CODE)


@pytest.mark.parametrize("status", [301, 307, 400, 401, 404])
async def test_a_refusal_is_final_and_no_redirect_is_followed(status: int) -> None:
    seen: list[httpx.Request] = []
    with pytest.raises(MessageRefused):
        await gateway(httpx.Response(status, headers={"Location": "https://elsewhere.test/"}), seen).send(CODE)
    assert len(seen) == 1


async def test_what_was_not_set_up_is_not_offered() -> None:
    nothing = build_sender(SmtpSettings(), GatewaySettings())
    assert not nothing.sends("sms")
    assert not nothing.sends("email")
    with pytest.raises(Unavailable):
        await nothing.send(CODE)


def test_the_gateway_takes_e_mail_when_the_operator_says_so() -> None:
    both = build_sender(SmtpSettings(), SETTINGS.model_copy(update={"channels": ("email", "sms")}))
    sms_alone = build_sender(SmtpSettings(), SETTINGS)
    assert [both.sends("email"), both.sends("sms")] == [True, True]
    assert [sms_alone.sends("email"), sms_alone.sends("sms")] == [False, True]
