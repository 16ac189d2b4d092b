"""The demo's mailbox: what the service sends stands on a page."""

from collections.abc import Iterator

import httpx
import pytest

from kernel.messages.gateway import GatewaySender
from kernel.messages.message import Message, MessageRefused
from kernel.messages.settings import GatewaySettings
from tests.sandbox.serving import MovableClock, serve
from xinyin.sandbox.app import create_sandbox_app
from xinyin.sandbox.settings import SandboxSettings


@pytest.fixture
def mailbox() -> Iterator[str]:
    """A sandbox with a mailbox."""
    with serve(create_sandbox_app(SandboxSettings(message_secret="shared", clock=MovableClock()))) as address:
        yield address


def sender(address: str, secret: str = "shared") -> GatewaySender:
    return GatewaySender(GatewaySettings.model_validate({"url": f"{address}/messages", "secret": secret}))


async def test_messages_stand_on_the_page_newest_first_and_a_repeat_once(mailbox: str) -> None:
    first = Message("sms", "13800000000", "验证码 <123456>")
    await sender(mailbox).send(first)
    await sender(mailbox).send(first)
    await sender(mailbox).send(Message("email", "lin@example.test", "第二条", subject="您有一件证照"))
    page = httpx.get(f"{mailbox}/mailbox").text
    assert page.index("第二条") < page.index("验证码 &lt;123456&gt;")
    listed = httpx.get(f"{mailbox}/mailbox", headers={"Accept": "application/json"}).json()
    assert [(each["channel"], each["to"]) for each in listed] == [("email", "lin@example.test"), ("sms", "13800000000")]


async def test_one_address_is_shown_alone(mailbox: str) -> None:
    await sender(mailbox).send(Message("sms", "13800000000", "给甲"))
    await sender(mailbox).send(Message("sms", "13900000000", "给乙"))
    page = httpx.get(f"{mailbox}/mailbox", params={"to": "13900000000"}).text
    assert "给乙" in page
    assert "给甲" not in page


async def test_what_the_service_did_not_sign_is_refused(mailbox: str) -> None:
    with pytest.raises(MessageRefused):
        await sender(mailbox, "guessed").send(Message("sms", "13800000000", "假"))
    assert httpx.post(f"{mailbox}/messages", json={"id": "1", "to": "1"}).status_code == 401
    assert httpx.get(f"{mailbox}/mailbox", headers={"Accept": "application/json"}).json() == []
