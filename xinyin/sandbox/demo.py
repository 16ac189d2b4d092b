"""Both sides of the demo: what the sandbox registers, and what our own settings must say to use it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from asn1crypto import pem

from kernel.crypto.private_keys import PrivateKey, RSAPrivateKey, load_private_key
from kernel.crypto.public_keys import load_public_key
from xinyin.sandbox.people import Person
from xinyin.sandbox.settings import AlipayApp, AlipayIds, QQApp, SandboxSettings, WeChatApp

WECHAT_WEB = ("wxsandboxweb000001", "demo-wechat-web-secret")
WECHAT_MP = ("wxsandboxmp0000001", "demo-wechat-mp-secret")
QQ = ("102000001", "demo-qq-key")
ALIPAY = "2021009990000001"
MESSAGES = "demo-messages-secret"


@dataclass(frozen=True)
class DemoSandbox:
    """`settings` go to `app.create_sandbox_app`; `overrides` to `xinyin.settings.load_settings`."""

    settings: SandboxSettings
    overrides: Mapping[str, object]


def build_demo(
    directory: Path, sandbox_url: str, service_url: str, extra_people: tuple[Person, ...] = ()
) -> DemoSandbox:
    """Register our service at `service_url` with a sandbox that will be served at `sandbox_url`.

    Alipay's two key pairs are kept in `directory`, so that a second start finds them. `extra_people` stand in the
    population register beside the sandbox's own.
    """
    domain = urlsplit(service_url).hostname or ""
    ours, gateway = (_load_or_make(directory / f"alipay-{name}.pem") for name in ("app", "gateway"))
    gateway_public_file = directory / "alipay-gateway-public.pem"
    gateway_public_file.write_bytes(pem.armor("PUBLIC KEY", gateway.public_spki))
    callback = f"{service_url.rstrip('/')}/login/alipay/callback"
    settings = SandboxSettings(
        wechat_apps=(WeChatApp(*WECHAT_WEB, domain), WeChatApp(*WECHAT_MP, domain, kind="mp")),
        qq_apps=(QQApp(*QQ, domain),),
        alipay_apps=(AlipayApp(ALIPAY, callback, load_public_key(ours.public_spki), AlipayIds.BOTH),),
        alipay_key=gateway,
        extra_people=extra_people,
        message_secret=MESSAGES,
    )
    base = sandbox_url.rstrip("/")
    overrides = {
        "wechat": {
            "app_id": WECHAT_WEB[0],
            "app_secret": WECHAT_WEB[1],
            "mp_app_id": WECHAT_MP[0],
            "mp_app_secret": WECHAT_MP[1],
            "base_url": f"{base}/wechat",
        },
        "qq": {"app_id": QQ[0], "app_secret": QQ[1], "base_url": f"{base}/qq"},
        "alipay": {
            "app_id": ALIPAY,
            "private_key_file": str(directory / "alipay-app.pem"),
            "provider_public_key_file": str(gateway_public_file),
            "base_url": f"{base}/alipay",
        },
        "message_gateway": {"url": f"{base}/messages", "secret": MESSAGES, "channels": ("email", "sms")},
        "population_register_url": f"{base}/population",
    }
    return DemoSandbox(settings, overrides)


def _load_or_make(path: Path) -> PrivateKey:
    """The key in this file; made, for our own user's eyes alone, when it is not there."""
    if path.exists():
        return load_private_key(pem.unarmor(path.read_bytes())[2])
    key = RSAPrivateKey.generate()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(pem.armor("PRIVATE KEY", key.to_pkcs8()))
    return key
