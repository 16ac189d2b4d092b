"""Login providers from the settings: whoever has an `app_id` is offered."""

from pathlib import Path

from asn1crypto import pem

from idp.federation.alipay import AlipayConfiguration, AlipayConnector
from idp.federation.base import CallbackConnector
from idp.federation.qq import QQConfiguration, QQConnector
from idp.federation.wechat import WeChatConfiguration, WeChatConnector
from idp.federation.wire import ProviderHttp
from kernel.clock import Clock
from kernel.crypto.private_keys import load_private_key
from kernel.crypto.public_keys import load_public_key
from kernel.errors import ConfigurationError
from xinyin.settings import Settings


def build_connectors(settings: Settings, http: ProviderHttp, clock: Clock) -> dict[str, CallbackConnector]:
    """The connectors in the order in which the login page shows them."""
    connectors: dict[str, CallbackConnector] = {}
    if settings.wechat.app_id or settings.wechat.mp_app_id:
        connectors["wechat"] = WeChatConnector(_wechat(settings), http)
    if settings.alipay.app_id:
        connectors["alipay"] = AlipayConnector(_alipay(settings), http, clock)
    if settings.qq.app_id:
        connectors["qq"] = QQConnector(_qq(settings), http)
    return connectors


def _wechat(settings: Settings) -> WeChatConfiguration:
    wechat = settings.wechat
    return WeChatConfiguration(
        app_id=wechat.app_id,
        app_secret=wechat.app_secret.get_secret_value(),
        mp_app_id=wechat.mp_app_id,
        mp_app_secret=wechat.mp_app_secret.get_secret_value(),
        account_scope=wechat.account_scope,
        base_url=wechat.base_url,
    )


def _qq(settings: Settings) -> QQConfiguration:
    qq = settings.qq
    return QQConfiguration(qq.app_id, qq.app_secret.get_secret_value(), qq.account_scope, qq.base_url)


def _alipay(settings: Settings) -> AlipayConfiguration:
    alipay = settings.alipay
    return AlipayConfiguration(
        app_id=alipay.app_id,
        signing_key=load_private_key(_der(alipay.private_key_file, "XINYIN_ALIPAY__PRIVATE_KEY_FILE")),
        provider_key=load_public_key(_der(alipay.provider_public_key_file, "XINYIN_ALIPAY__PROVIDER_PUBLIC_KEY_FILE")),
        account_scope=alipay.account_scope,
        base_url=alipay.base_url,
    )


def _der(path: str, setting: str) -> bytes:
    """The DER inside a PEM file (or the file itself when it is DER)."""

    try:
        data = Path(path).read_bytes()
        return pem.unarmor(data)[2] if pem.detect(data) else data
    except (OSError, ValueError) as failure:
        raise ConfigurationError("{setting} cannot be read.", setting=setting, reason=str(failure)) from failure
