"""E-mail, taken by a real mail server on loopback."""

import email
import email.policy
import ssl
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from subprocess import run

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from pydantic import SecretStr

from kernel.errors import InvalidInput, Unavailable
from kernel.messages.message import Message, MessageRefused
from kernel.messages.settings import SmtpSettings
from kernel.messages.smtp import SmtpSender
from tests.servers import spare_port

SENDER = "信印 <no-reply@xinyin.test>"


class Inbox:
    """Keeps what comes; answers some recipients with a refusal."""

    def __init__(self) -> None:
        self.mails: list[tuple[Envelope, EmailMessage]] = []

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address.startswith("nobody@"):
            return "550 no such user"
        if address.startswith("full@"):
            return "452 mailbox full"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.mails.append((envelope, email.message_from_bytes(envelope.content, policy=email.policy.default)))
        return "250 taken"


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, int]]:
    """A plain server."""
    taken = Inbox()
    controller = Controller(taken, hostname="127.0.0.1", port=spare_port())
    controller.start()
    yield taken, controller.port
    controller.stop()


def sender(port: int, **settings: object) -> SmtpSender:
    given = {"host": "localhost", "port": port, "security": "none", "sender": SENDER} | settings
    return SmtpSender(SmtpSettings.model_validate(given))


def message(**changes: str) -> Message:
    given = {"to": "lin@example.test", "subject": "您有一件证照", "body": "请登录查看。\n.\n第三行"} | changes
    return Message("email", **given)  # type: ignore[arg-type]  # names of fields with texts


async def test_a_mail_arrives_word_for_word_and_says_that_it_is_automatic(inbox: tuple[Inbox, int]) -> None:
    taken, port = inbox
    await sender(port).send(message())
    [(envelope, mail)] = taken.mails
    assert envelope.rcpt_tos == ["lin@example.test"]
    assert envelope.mail_from == "no-reply@xinyin.test"
    assert mail["Subject"] == "您有一件证照"
    assert mail["From"] == SENDER
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content().replace("\r\n", "\n") == "请登录查看。\n.\n第三行\n"


@pytest.mark.parametrize(("to", "error"), [("nobody@example.test", MessageRefused), ("full@example.test", Unavailable)])
async def test_a_refusal_for_good_is_told_from_one_for_now(
    inbox: tuple[Inbox, int], to: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await sender(inbox[1]).send(message(to=to))


async def test_a_server_that_is_away_is_tried_again_later() -> None:
    with pytest.raises(Unavailable):
        await sender(spare_port(), timeout_seconds=5).send(message())


async def test_a_server_without_tls_gets_neither_mail_nor_password(inbox: tuple[Inbox, int]) -> None:
    with pytest.raises(Unavailable):
        await sender(inbox[1], security="starttls", username="us", password=SecretStr("secret")).send(message())
    assert inbox[0].mails == []


async def test_over_tls_the_certificate_is_judged_and_the_password_given(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    run(
        ["openssl", "req", "-x509", *made, *subject, "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    seen: list[LoginPassword] = []

    def authenticate(
        _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        seen.append(data)
        return AuthResult(success=data.password == b"right")

    taken = Inbox()
    controller = Controller(
        taken, hostname="127.0.0.1", port=spare_port(), tls_context=context, require_starttls=True,
        authenticator=authenticate, auth_required=True,
    )  # fmt: skip
    controller.start()
    try:
        secured = {"security": "starttls", "username": "us", "password": "right"}
        with pytest.raises(Unavailable):
            await sender(controller.port, **secured).send(message())
        assert not seen
        await sender(controller.port, **secured, ca_file=certificate).send(message())
        with pytest.raises(Unavailable):
            await sender(controller.port, **(secured | {"password": "wrong"}), ca_file=certificate).send(message())
    finally:
        controller.stop()
    assert len(taken.mails) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"to": "a@example.test\r\nBcc: b@example.test"},
        {"to": "a@example.test,b@example.test"},
        {"to": "a@example.test> <b@example.test"},
        {"to": "a"},
        {"subject": "one\r\nBcc: b@example.test"},
        {"body": ""},
    ],
)
def test_nothing_that_could_become_a_header_or_a_second_recipient_is_a_message(changes: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        message(**changes)


def test_a_printed_message_shows_neither_address_nor_text() -> None:
    printed = repr(message())
    assert "lin@" not in printed
    assert "证照" not in printed
