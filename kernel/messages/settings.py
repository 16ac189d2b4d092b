"""What an operator says about sending messages. Read by the composition root."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr


class SmtpSettings(BaseModel):
    """The operator's mail server. Without `host` no e-mail is sent by it."""

    model_config = {"frozen": True, "extra": "forbid"}

    host: str = ""
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    """`none` is for a server on this machine."""
    username: str = ""
    password: SecretStr = SecretStr("")
    sender: str = "Xinyin <no-reply@localhost>"
    ca_file: Path | None = None
    """Whose certificates are believed, instead of the system's."""
    timeout_seconds: float = Field(default=15, gt=0, le=120)


class GatewaySettings(BaseModel):
    """A gateway that takes messages as signed JSON over HTTP. Without `url` nothing goes there."""

    model_config = {"frozen": True, "extra": "forbid"}

    url: str = ""
    secret: SecretStr = SecretStr("")
    """Signs each request (HMAC-SHA-256), so that the gateway knows us."""
    channels: tuple[Literal["email", "sms"], ...] = ("sms",)
    timeout_seconds: float = Field(default=10, gt=0, le=120)
