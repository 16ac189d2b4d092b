"""What an operator may turn at the identity provider. Times are seconds unless the name says otherwise."""

from urllib.parse import urlsplit

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from idp.contacts.codes import SendingLimits
from kernel.errors import ConfigurationError
from kernel.outbound.policy import OutboundPolicy


class IdpSettings(BaseSettings):
    """Settings of `idp`, read from `XINYIN_IDP_*` where the composition root does not hand them in."""

    model_config = SettingsConfigDict(env_prefix="XINYIN_IDP_", frozen=True)

    issuer: str = Field(description="The public address of this service, without a slash at the end.")
    resource_audience: str = Field(default="", description="`aud` of access tokens; the issuer when empty.")
    after_sign_in_path: str = Field(default="/", description="Where a sign-in ends that no application asked for.")
    signing_algorithm: str = Field(default="ES256", description="ES256 or RS256.")

    client_certificate_header: str = Field(
        default="",
        description="The header in which the TLS front passes client certificates; it must set or remove it on every "
        "request. Empty: none.",
    )
    outbound_networks: tuple[str, ...] = Field(
        default=(), description="Networks of your own that addresses named by clients may lead to, such as 10.1.0.0/16."
    )
    dpop_requires_nonce: bool = Field(default=False, description="Whether DPoP proofs need a nonce of ours.")
    pushed_request_seconds: int = Field(default=90, ge=5, le=600)
    device_code_seconds: int = Field(default=600, ge=60, le=1800)
    device_poll_seconds: int = Field(default=5, ge=1, le=60)
    open_registration: bool = Field(
        default=False, description="Whether programs may register clients without an initial access token."
    )

    authorization_code_seconds: int = Field(default=60, ge=10, le=600)
    access_token_seconds: int = Field(default=600, ge=30, le=3600)
    id_token_seconds: int = Field(default=600, ge=30, le=3600)
    refresh_token_seconds: int = Field(default=30 * 86400, ge=60)
    login_request_seconds: int = Field(default=1800, ge=60)
    session_idle_seconds: int = Field(default=2 * 3600, ge=60)
    session_absolute_seconds: int = Field(default=12 * 3600, ge=60)

    attempts_per_account_and_address: int = Field(default=5, ge=1)
    attempts_per_account: int = Field(default=50, ge=1)
    attempts_per_address: int = Field(default=100, ge=1)
    attempts_window_seconds: int = Field(default=900, ge=10)

    password_hash_memory_kib: int = Field(default=19 * 1024, ge=8)
    password_hash_passes: int = Field(default=2, ge=1)
    password_hash_threads: int = Field(default=2, ge=1, le=64)
    password_minimum_length: int = Field(default=8, ge=8)

    code_pause_seconds: int = Field(default=60, ge=1, description="Between two codes to one phone or e-mail address.")
    codes_per_address_and_hour: int = Field(default=5, ge=1)
    codes_per_address_and_day: int = Field(default=10, ge=1)
    codes_per_network_and_hour: int = Field(default=60, ge=1)

    population_register_url: str = Field(default="", description="Base address of the name and number check.")

    @model_validator(mode="after")
    def _check(self) -> "IdpSettings":
        parts = urlsplit(self.issuer)
        if parts.scheme not in {"http", "https"} or not parts.netloc or self.issuer.endswith("/"):
            raise ConfigurationError("XINYIN_PUBLIC_URL must be an http(s) address without a slash at the end.")
        if parts.query or parts.fragment:
            raise ConfigurationError("XINYIN_PUBLIC_URL must have neither a query nor a fragment.")
        if self.signing_algorithm not in {"ES256", "RS256"}:
            raise ConfigurationError("XINYIN_IDP_SIGNING_ALGORITHM must be ES256 or RS256.")
        OutboundPolicy.of(self.outbound_networks)
        return self

    @property
    def code_limits(self) -> SendingLimits:
        """How often codes go out."""
        return SendingLimits(
            self.code_pause_seconds,
            self.codes_per_address_and_hour,
            self.codes_per_address_and_day,
            self.codes_per_network_and_hour,
        )

    @property
    def audience(self) -> str:
        """Who access tokens are for (RFC 9068 §2.2 `aud`)."""
        return self.resource_audience or self.issuer

    @property
    def secure(self) -> bool:
        """Whether browsers reach us by https, so that cookies take the `__Host-` prefix."""
        return self.issuer.startswith("https://")
