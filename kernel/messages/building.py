"""The sender that the settings ask for."""

from kernel.clock import Clock, system_clock
from kernel.messages.gateway import GatewaySender
from kernel.messages.message import Channels, MessageSender
from kernel.messages.settings import GatewaySettings, SmtpSettings
from kernel.messages.smtp import SmtpSender


def build_sender(smtp: SmtpSettings, gateway: GatewaySettings, clock: Clock = system_clock) -> MessageSender:
    """E-mail by the gateway when it takes e-mail, else by SMTP; SMS by the gateway. What is not set is not sent."""
    by_gateway = GatewaySender(gateway, clock) if gateway.url else None
    by_smtp = SmtpSender(smtp, clock) if smtp.host else None
    email = by_gateway if by_gateway and "email" in gateway.channels else by_smtp
    sms = by_gateway if by_gateway and "sms" in gateway.channels else None
    return Channels(email=email, sms=sms)
