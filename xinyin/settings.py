"""What an operator may set: environment `XINYIN_*`, or the same names in lower case in `xinyin.toml`.

Read once, in the composition root, and passed down. Production mode refuses to start on unsafe values and names each.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from kernel.blobs.opening import BlobAddress, check_blob_address, is_protected
from kernel.crypto.custody.addresses import parse_address, weaknesses
from kernel.errors import ConfigurationError
from kernel.messages.settings import GatewaySettings, SmtpSettings
from seal.timestamp.settings import BUILT_IN, DEFAULT_POLICY

Mode = Literal["demo", "production"]


class ProviderSettings(BaseModel):
    """One login provider. Without `app_id` it is not offered."""

    model_config = {"frozen": True, "extra": "forbid"}

    app_id: str = ""
    app_secret: SecretStr = SecretStr("")
    base_url: str = ""
    """Where the provider's hosts are found; empty means its own. A sandbox or emulator for tests."""
    account_scope: str = ""
    """WeChat: the open-platform account that scopes union ids; any fixed name will do."""
    mp_app_id: str = ""
    """WeChat: the official account used inside the WeChat browser."""
    mp_app_secret: SecretStr = SecretStr("")
    private_key_file: str = ""
    """Alipay: our RSA key, PEM."""
    provider_public_key_file: str = ""
    """Alipay: the provider's RSA public key, PEM."""


class Settings(BaseSettings):
    """Every setting of the service; see docs/settings.md for what each means."""

    model_config = SettingsConfigDict(
        env_prefix="XINYIN_", env_nested_delimiter="__", toml_file="xinyin.toml", frozen=True, extra="forbid"
    )

    mode: Mode = "demo"
    public_url: str = "http://localhost:8000"
    gateway_url: str = "http://localhost:8080"
    database_url: str = "sqlite+aiosqlite:///var/xinyin.db"
    redis_url: str = ""
    blob_url: str = "file:var/blobs"
    blob_access_key: str = ""
    blob_secret_key: SecretStr = SecretStr("")
    """Who we are at the S3 server of `blob_url`."""
    keys: str = "file:var/keys"
    key_state: Path = Path("var/key-state")
    """What this machine must remember of its keys: counted uses, refused PINs."""
    master_key_file: Path = Path("var/master.key")
    trust_directory: Path = Path("var/trust")
    seal_maker_trust: Path | None = None
    tsa_url: str = ""
    """An outside RFC 3161 authority; empty means the built-in one."""
    tsa_sm3_url: str = ""
    """Another one for stamps over SM3, or `built-in`; empty means the same."""
    tsa_username: str = ""
    tsa_password: SecretStr = SecretStr("")
    tsa_anchors: Path | None = None
    """The roots of the outside authority: a file or a folder."""
    tsa_policy: str = Field(DEFAULT_POLICY, pattern=r"^[0-2](\.(0|[1-9][0-9]*))+$")
    """What the built-in authority's stamps state as their policy, dotted."""
    tsa_timeout_seconds: float = Field(10, gt=0, le=120)
    tsa_hard_stop_seconds: int = Field(4 * 3600, ge=0)
    """How long sealing goes on while stamps are missing."""
    tsa_requests_per_minute: int = Field(600, ge=1)
    """How often one address may ask the built-in authority."""
    ca_requests_per_minute: int = Field(1200, ge=1)
    """How often one network may ask below `/ca`."""
    population_register_url: str = ""
    """Where the real-name check asks; empty means that nobody can be checked."""
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535)
    gateway_port: int = Field(8080, ge=1, le=65535)
    workers: int = Field(1, ge=1, le=64)
    sealing_workers: int = Field(0, ge=0, le=64)
    """Processes that seal, and alone open keys of seals; 0: done in this process."""
    judging_workers: int = Field(2, ge=0, le=64)
    """Processes that judge uploaded files; 0: done in this process, without their limits."""
    report_minutes: int = Field(60, ge=0, le=10080)
    """How many minutes a verification report can be fetched by whoever has its address; 0: reports are not kept."""
    seal_job_days: int = Field(7, ge=1, le=3650)
    """How many days the files of a seal job can be fetched."""
    font_directory: str = ""
    """Where the fonts of licence faces and seals are; empty means where Debian puts LXGW WenKai."""
    trusted_proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    """From whom `X-Forwarded-*` is believed."""
    smtp: SmtpSettings = SmtpSettings()
    message_gateway: GatewaySettings = GatewaySettings()
    wechat: ProviderSettings = ProviderSettings()
    qq: ProviderSettings = ProviderSettings()
    alipay: ProviderSettings = ProviderSettings()

    @field_validator("public_url", "gateway_url")
    @classmethod
    def _without_slash(cls, address: str) -> str:
        """Paths are put behind them."""
        return address.rstrip("/")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, the environment over `xinyin.toml`."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def blob_address(self) -> BlobAddress:
        """Where files are kept, and who we are there."""
        return BlobAddress(self.blob_url, self.blob_access_key, self.blob_secret_key.get_secret_value())

    @property
    def is_https(self) -> bool:
        """Whether people reach the service over TLS."""
        return urlsplit(self.public_url).scheme == "https"


def load_settings(**overrides: object) -> Settings:
    """Read the settings; raises `ConfigurationError` naming every key that is wrong or unsafe."""
    try:
        settings = Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as failure:
        raise ConfigurationError(
            "Wrong settings: {problems}", problems="; ".join(_complaint(error) for error in failure.errors())
        ) from failure
    problems = [*_inconsistent(settings), *(_unsafe(settings) if settings.mode == "production" else [])]
    if problems:
        raise ConfigurationError("Wrong settings: {problems}", problems="; ".join(problems))
    return settings


def _complaint(error: object) -> str:
    location = "__".join(str(part) for part in error["loc"]).upper()  # type: ignore[index]
    return f"XINYIN_{location}: {error['msg']}"  # type: ignore[index]


def _inconsistent(settings: Settings) -> list[str]:
    problems = []
    for key in ("public_url", "gateway_url"):
        parts = urlsplit(getattr(settings, key))
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
            problems.append(
                f"XINYIN_{key.upper()} must be an address such as https://id.example.gov.cn, without a path"
            )
    problems += _blob_problems(settings)
    problems += [f"XINYIN_KEYS: {problem}" for problem in _key_problems(settings)]
    problems += _stamping_problems(settings)
    problems += _message_problems(settings)
    if settings.workers > 1 and not settings.redis_url:
        problems.append("XINYIN_REDIS_URL is needed when XINYIN_WORKERS is more than 1")
    return problems


def _blob_problems(settings: Settings) -> list[str]:
    try:
        check_blob_address(settings.blob_address)
    except ConfigurationError as error:
        return [error.text]
    if settings.mode == "production" and not is_protected(settings.blob_address):
        return ["XINYIN_BLOB_URL: endpoint must begin with https:// in production"]
    return []


def _key_problems(settings: Settings) -> list[str]:
    try:
        address = parse_address(settings.keys)
    except ConfigurationError as error:
        return [error.text]
    return weaknesses(address) if settings.mode == "production" else []


def _stamping_problems(settings: Settings) -> Iterator[str]:
    addresses = {"XINYIN_TSA_URL": settings.tsa_url, "XINYIN_TSA_SM3_URL": settings.tsa_sm3_url}
    if addresses["XINYIN_TSA_SM3_URL"] == BUILT_IN:
        del addresses["XINYIN_TSA_SM3_URL"]
    for key, address in addresses.items():
        parts = urlsplit(address)
        if address and (parts.scheme not in ("http", "https") or not parts.hostname or parts.username):
            yield f"{key} must be an address such as https://tsa.example.gov.cn/tsa (name and password go elsewhere)"
    if any(addresses.values()) and settings.tsa_anchors is None:
        yield "XINYIN_TSA_ANCHORS must name the roots of the time-stamp authority (a file or a folder)"
    if settings.tsa_anchors is not None and not settings.tsa_anchors.exists():
        yield "XINYIN_TSA_ANCHORS names a file or folder that is not there"


def _message_problems(settings: Settings) -> Iterator[str]:
    gateway = settings.message_gateway
    parts = urlsplit(gateway.url)
    if gateway.url and (parts.scheme not in ("http", "https") or not parts.hostname):
        yield "XINYIN_MESSAGE_GATEWAY__URL must be an address such as https://sms.example.gov.cn/messages"
    if gateway.url and not gateway.secret.get_secret_value():
        yield "XINYIN_MESSAGE_GATEWAY__SECRET must be set when there is a gateway"


def _unsafe_messages(settings: Settings) -> Iterator[str]:
    gateway, smtp = settings.message_gateway, settings.smtp
    if gateway.url and urlsplit(gateway.url).scheme != "https":
        yield "XINYIN_MESSAGE_GATEWAY__URL must begin with https:// in production"
    if gateway.secret.get_secret_value().startswith("demo-"):
        yield "XINYIN_MESSAGE_GATEWAY__SECRET is the demo's; set your own"
    if smtp.host and smtp.security == "none" and smtp.host not in ("localhost", "127.0.0.1", "::1"):
        yield "XINYIN_SMTP__SECURITY must be starttls or tls in production"


def _unsafe(settings: Settings) -> list[str]:
    problems = [
        f"XINYIN_{key.upper()} must begin with https:// in production"
        for key in ("public_url", "gateway_url")
        if urlsplit(getattr(settings, key)).scheme != "https"
    ]
    for provider in ("wechat", "qq", "alipay"):
        if getattr(settings, provider).base_url:
            problems.append(f"XINYIN_{provider.upper()}__BASE_URL points to a sandbox; remove it in production")
        if getattr(settings, provider).app_secret.get_secret_value().startswith("demo-"):
            problems.append(f"XINYIN_{provider.upper()}__APP_SECRET is the demo's; set your own")
    if settings.tsa_username and urlsplit(settings.tsa_url).scheme != "https":
        problems.append("XINYIN_TSA_URL must begin with https:// in production when there is a password")
    problems += _unsafe_messages(settings)
    register = urlsplit(settings.population_register_url)
    if settings.population_register_url and register.scheme != "https":
        problems.append("XINYIN_POPULATION_REGISTER_URL must begin with https:// in production")
    if settings.master_key_file.is_file() and settings.master_key_file.with_suffix(".demo").exists():
        problems.append("XINYIN_MASTER_KEY_FILE was made by the demo; make a new one with `xinyin init`")
    return problems
