"""E-mail by SMTP (RFC 5321), submitted to the operator's server (RFC 6409)."""

import asyncio
import smtplib
import ssl
from datetime import UTC
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from kernel.clock import Clock, system_clock
from kernel.errors import Unavailable
from kernel.messages.message import Channel, Message, MessageRefused
from kernel.messages.settings import SmtpSettings


class SmtpSender:
    """One connection a message: simple, and nothing to be reset when the server restarts."""

    def __init__(self, settings: SmtpSettings, clock: Clock = system_clock) -> None:
        self._settings = settings
        self._clock = clock

    def sends(self, channel: Channel) -> bool:
        """E-mail alone."""
        return channel == "email"

    async def send(self, message: Message) -> None:
        """Raises `Unavailable` or, when the server says 5xx to this very message, `MessageRefused`."""
        await asyncio.to_thread(self._deliver, self.written(message), message.to)

    def written(self, message: Message) -> EmailMessage:
        """As it goes over the wire. Marked as automatic (RFC 3834), so that nobody's absence notice comes back."""
        mail = EmailMessage(policy=SMTP)
        mail["From"] = self._settings.sender
        mail["To"] = message.to
        mail["Subject"] = message.subject
        mail["Date"] = format_datetime(self._clock().astimezone(UTC))
        mail["Message-ID"] = f"<{message.id}@{self._domain()}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.body, cte="base64")
        return mail

    def _domain(self) -> str:
        return parseaddr(self._settings.sender)[1].partition("@")[2] or "localhost"

    def _deliver(self, mail: EmailMessage, to: str) -> None:
        try:
            with self._connected() as server:
                server.send_message(mail, from_addr=parseaddr(self._settings.sender)[1], to_addrs=[to])
        except smtplib.SMTPRecipientsRefused as failure:
            codes = [code for code, _text in failure.recipients.values()]
            raise _judged(min(codes, default=450)) from failure
        except smtplib.SMTPAuthenticationError as failure:
            raise Unavailable("The mail server does not answer.", reason=f"sign-in: {failure.smtp_code}") from failure
        except smtplib.SMTPResponseException as failure:
            raise _judged(failure.smtp_code) from failure
        except (smtplib.SMTPException, OSError) as failure:
            raise Unavailable("The mail server does not answer.", reason=type(failure).__name__) from failure

    def _connected(self) -> smtplib.SMTP:
        settings = self._settings
        context = ssl.create_default_context(cafile=str(settings.ca_file) if settings.ca_file else None)
        if settings.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                settings.host, settings.port, timeout=settings.timeout_seconds, context=context
            )
        else:
            server = smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout_seconds)
        try:
            if settings.security == "starttls":
                server.starttls(context=context)
            if settings.username:
                server.login(settings.username, settings.password.get_secret_value())
        except BaseException:
            server.close()
            raise
        return server


def _judged(code: int) -> MessageRefused | Unavailable:
    """4yz: try again; 5yz: never (RFC 5321 §4.2.1)."""
    if code >= 500:
        return MessageRefused("The mail server refuses this message.", reason=f"SMTP {code}")
    return Unavailable("The mail server does not answer.", reason=f"SMTP {code}")
