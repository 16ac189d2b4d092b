"""Programs written by others for the real providers work against the sandbox, so it imitates them and not ourselves.

social-auth-core (Python Social Auth) for WeChat and QQ, Alipay's own SDK for Alipay.
"""

import base64
import functools
import http.client
from typing import Any, ClassVar
from urllib.parse import urlsplit

import pytest
from alipay.aop.api.AlipayClientConfig import AlipayClientConfig
from alipay.aop.api.DefaultAlipayClient import DefaultAlipayClient
from alipay.aop.api.exception.Exception import ResponseException
from alipay.aop.api.request.AlipaySystemOauthTokenRequest import AlipaySystemOauthTokenRequest
from alipay.aop.api.request.AlipayUserInfoShareRequest import AlipayUserInfoShareRequest
from alipay.aop.api.response.AlipaySystemOauthTokenResponse import AlipaySystemOauthTokenResponse
from alipay.aop.api.response.AlipayUserInfoShareResponse import AlipayUserInfoShareResponse
from alipay.aop.api.util import WebUtils
from cryptography.hazmat.primitives import serialization
from social_core.backends.qq import QQOAuth2
from social_core.backends.weixin import WeixinOAuth2, WeixinOAuth2APP
from social_core.exceptions import AuthProviderError
from social_core.storage import BaseStorage, NonceMixin
from social_core.strategy import BaseStrategy

from tests.sandbox.serving import (
    ALIPAY_MOVING,
    CALLBACKS,
    IN_WECHAT,
    MP_APP,
    QQ_APP,
    WEB_APP,
    SandboxKeys,
    press,
    switch_fault,
)
from tests.sandbox.test_alipay import authorisation_page

HOSTS = {
    "https://open.weixin.qq.com": "/wechat",
    "https://api.weixin.qq.com": "/wechat",
    "https://graph.qq.com": "/qq",
}


class Nonces(NonceMixin):
    """States that were given out: each once."""

    used: ClassVar[set[tuple[str, int, str]]] = set()

    @classmethod
    def use(cls, scope: str, timestamp: int, salt: str) -> bool:
        nonce = (scope, timestamp, salt)
        fresh = nonce not in cls.used
        cls.used.add(nonce)
        return fresh

    @classmethod
    def consume(cls, scope: str, timestamp: int, salt: str) -> bool:
        nonce = (scope, timestamp, salt)
        known = nonce in cls.used
        cls.used.discard(nonce)
        return known


class Storage(BaseStorage):
    nonce = Nonces


class Strategy(BaseStrategy):
    """What social-auth-core needs of its framework: settings, a session, and a word at the end."""

    def __init__(self, settings: dict[str, str]) -> None:
        super().__init__(Storage)
        self.settings = settings
        self.session: dict[str, Any] = {}

    def get_setting(self, name: str) -> Any:
        return self.settings[name]

    def session_get(self, name: str, default: Any = None) -> Any:
        return self.session.get(name, default)

    def session_set(self, name: str, value: Any) -> None:
        self.session[name] = value

    def session_pop(self, name: str) -> Any:
        return self.session.pop(name, None)

    def request_data(self, merge: bool = True) -> dict[str, Any]:
        return {}

    def build_absolute_uri(self, path: str | None = None) -> str:
        return path or ""

    def authenticate(self, backend: Any, *args: Any, **kwargs: Any) -> Any:
        """Where the pipeline would begin: give back what the provider said, and the details drawn from it."""
        return kwargs["response"] | {"details": backend.get_user_details(kwargs["response"])}


def on_sandbox(backend: type[Any], sandbox: str) -> type[Any]:
    """The backend with the provider's hosts mapped onto the sandbox, as a hosts file and a proxy would do."""

    def mapped(url: str) -> str:
        for host, path in HOSTS.items():
            url = url.replace(host, sandbox + path)
        return url

    class OnSandbox(backend):  # type: ignore[misc]
        def authorization_url(self) -> str:
            return mapped(super().authorization_url())

        def request(self, url: str, *args: Any, **kwargs: Any) -> Any:
            return super().request(mapped(url), *args, **kwargs)

    return OnSandbox


def sign_in(backend: type[Any], sandbox: str, app: tuple[str, str], agent: str = "Browser", **choice: str) -> Any:
    strategy = Strategy({"KEY": app[0], "SECRET": app[1]})
    family = "qq" if issubclass(backend, QQOAuth2) else "wechat"
    client = on_sandbox(backend, sandbox)(strategy, redirect_uri=CALLBACKS[family])
    client.data = press(client.auth_url(), agent=agent, **choice)
    return client.auth_complete()


def test_python_social_auth_signs_in_by_wechat(sandbox: str) -> None:
    person = sign_in(WeixinOAuth2, sandbox, (WEB_APP.app_id, WEB_APP.app_secret), person="chen")
    # It repairs what a text/plain label without charset does to a nickname, so it needs that label.
    assert person["details"]["username"] == "晚晴🌾"
    assert person["unionid"].startswith("o")


def test_python_social_auth_signs_in_inside_wechat(sandbox: str) -> None:
    class Weixin(WeixinOAuth2APP):
        DEFAULT_SCOPE: ClassVar[list[str]] = ["snsapi_userinfo"]

    person = sign_in(Weixin, sandbox, (MP_APP.app_id, MP_APP.app_secret), IN_WECHAT, person="zhou")
    assert person["details"]["username"] == "远/近"


def test_python_social_auth_hears_wechats_errors(sandbox: str) -> None:
    with pytest.raises(AuthProviderError) as refused:
        sign_in(WeixinOAuth2, sandbox, (WEB_APP.app_id, "wrong"))
    assert refused.value.provider_code == 40001


def test_python_social_auth_signs_in_by_qq(sandbox: str) -> None:
    person = sign_in(QQOAuth2, sandbox, (QQ_APP.app_id, QQ_APP.app_key), person="wu")
    assert person["details"]["username"] == "守拙<3>"
    assert len(person["openid"]) == 32


def alipay_client(sandbox: str, keys: SandboxKeys, monkeypatch: pytest.MonkeyPatch) -> DefaultAlipayClient:
    config = AlipayClientConfig()
    config.app_id = ALIPAY_MOVING
    config.server_url = "http://127.0.0.1/alipay/gateway.do"
    private_key = serialization.load_der_private_key(keys.merchant.to_pkcs8(), None)
    pkcs1 = private_key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    config.app_private_key = base64.b64encode(pkcs1).decode()
    config.alipay_public_key = base64.b64encode(keys.gateway.public_spki).decode()
    # The SDK cannot take a port in its address (it adds a number to a text); its connection is led to ours.
    port = urlsplit(sandbox).port
    led = functools.partial(_connection, port)
    monkeypatch.setattr(WebUtils.httplib, "HTTPConnection", led)
    return DefaultAlipayClient(config)


class _Connection(http.client.HTTPConnection):
    pass


def _connection(real_port: int, *, host: str, port: int, timeout: float) -> http.client.HTTPConnection:
    assert port == 80
    return _Connection(host, real_port, timeout=timeout)


def token_request(code: str) -> AlipaySystemOauthTokenRequest:
    request = AlipaySystemOauthTokenRequest()
    request.grant_type = "authorization_code"
    request.code = code
    return request


def test_alipays_own_sdk_signs_in(sandbox: str, sandbox_keys: SandboxKeys, monkeypatch: pytest.MonkeyPatch) -> None:
    code = press(authorisation_page(sandbox, ALIPAY_MOVING), person="zhou")["auth_code"]
    client = alipay_client(sandbox, sandbox_keys, monkeypatch)
    token = AlipaySystemOauthTokenResponse()
    token.parse_response_content(client.execute(token_request(code)))
    assert token.user_id.startswith("2088")

    wish = AlipayUserInfoShareRequest()
    wish.udf_params = {"auth_token": token.access_token}
    profile = AlipayUserInfoShareResponse()
    profile.parse_response_content(client.execute(wish))
    assert profile.is_success()
    assert (profile.nick_name, profile.user_id) == ("远/近", token.user_id)


def test_alipays_own_sdk_hears_errors(sandbox: str, sandbox_keys: SandboxKeys, monkeypatch: pytest.MonkeyPatch) -> None:
    client = alipay_client(sandbox, sandbox_keys, monkeypatch)
    answer = AlipaySystemOauthTokenResponse()
    answer.parse_response_content(client.execute(token_request("nonsense")))
    assert (answer.is_success(), answer.sub_code) == (False, "isv.code-invalid")


@pytest.mark.parametrize("fault", ["tampered-sign", "tampered-content"])
def test_alipays_own_sdk_refuses_a_tampered_answer(
    sandbox: str, sandbox_keys: SandboxKeys, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    code = press(authorisation_page(sandbox, ALIPAY_MOVING))["auth_code"]
    switch_fault(f"{sandbox}/alipay", fault, 1)
    with pytest.raises(ResponseException, match="sign verify failed"):
        alipay_client(sandbox, sandbox_keys, monkeypatch).execute(token_request(code))
