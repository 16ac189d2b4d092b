"""Our connectors against the sandbox, on good days and on every bad one."""

import logging
import re
from collections.abc import Callable

import pytest

from idp.federation.alipay import AlipayConfiguration, AlipayConnector
from idp.federation.base import (
    AuthorizationStart,
    CallbackConnector,
    ExternalIdentity,
    FederationError,
    ProviderProtocolError,
    ProviderRefused,
    ProviderUnavailable,
    SignInExpired,
    Surface,
)
from idp.federation.qq import QQConfiguration, QQConnector
from idp.federation.wechat import WeChatConfiguration, WeChatConnector
from idp.federation.wire import ProviderHttp
from kernel.clock import system_clock
from kernel.crypto.private_keys import generate_key
from kernel.crypto.public_keys import load_public_key
from kernel.errors import ConfigurationError
from tests.sandbox.serving import (
    ALIPAY_MOVING,
    ALIPAY_NEW,
    ALIPAY_OLD,
    CALLBACKS,
    IN_WECHAT,
    MP_APP,
    QQ_APP,
    QQ_APP_WITHOUT_UNION,
    UNBOUND_APP,
    WEB_APP,
    SandboxKeys,
    press,
    switch_fault,
)

STATE = "5e" * 32


def departure(family: str, surface: Surface = Surface.DESKTOP) -> AuthorizationStart:
    return AuthorizationStart(STATE, CALLBACKS[family], surface)


def visit(connector: CallbackConnector, action: str = "confirm", person: str = "lin") -> dict[str, str]:
    """Go to the provider, press a button, come back."""
    return press(connector.start(departure(connector.family)), action, person)


async def sign_in(connector: CallbackConnector, person: str = "lin") -> ExternalIdentity:
    return await connector.finish(visit(connector, person=person), departure(connector.family))


def kinds(identity: ExternalIdentity) -> list[tuple[str, str]]:
    return [(each.kind, each.scope) for each in identity.identifiers]


@pytest.fixture(params=["wechat", "qq", "alipay"])
def connector(request: pytest.FixtureRequest) -> CallbackConnector:
    """Each of the three."""
    chosen: CallbackConnector = request.getfixturevalue(request.param)
    return chosen


class TestEveryProvider:
    async def test_brings_back_the_same_person_each_time(self, connector: CallbackConnector) -> None:
        first, second = await sign_in(connector, "chen"), await sign_in(connector, "chen")
        assert first == second
        assert first.nickname == "晚晴🌾"
        assert first.avatar_url.startswith("http")
        assert (await sign_in(connector, "wu")).identifiers != first.identifiers

    async def test_refuses_a_code_that_was_used(self, connector: CallbackConnector) -> None:
        params = visit(connector)
        await connector.finish(params, departure(connector.family))
        with pytest.raises(SignInExpired):
            await connector.finish(params, departure(connector.family))

    async def test_refuses_an_invented_code(self, connector: CallbackConnector) -> None:
        params = {"code": "invented", "auth_code": "invented", "state": STATE}
        with pytest.raises(SignInExpired):
            await connector.finish(params, departure(connector.family))

    async def test_takes_a_callback_without_code_for_a_refusal(self, connector: CallbackConnector) -> None:
        with pytest.raises(ProviderRefused):
            await connector.finish({"state": STATE}, departure(connector.family))

    @pytest.mark.parametrize(
        ("fault", "expected"),
        [
            ("busy", ProviderUnavailable),
            ("server-error", ProviderUnavailable),
            ("slow", ProviderUnavailable),
            ("garbage", ProviderProtocolError),
        ],
    )
    async def test_says_so_on_a_bad_day(
        self, sandbox: str, connector: CallbackConnector, fault: str, expected: type[FederationError]
    ) -> None:
        params = visit(connector)
        switch_fault(f"{sandbox}/{connector.family}", fault)
        with pytest.raises(expected) as failure:
            await connector.finish(params, departure(connector.family))
        assert failure.type is expected

    async def test_signs_in_without_a_profile(self, sandbox: str, connector: CallbackConnector) -> None:
        with_profile = await sign_in(connector)
        switch_fault(f"{sandbox}/{connector.family}", "no-profile")
        without = await sign_in(connector)
        assert without.identifiers == with_profile.identifiers
        assert without.nickname == ""

    async def test_lets_no_secret_into_logs_or_errors(
        self, sandbox: str, connector: CallbackConnector, caplog: pytest.LogCaptureFixture
    ) -> None:
        params = visit(connector)
        switch_fault(f"{sandbox}/{connector.family}", "server-error")
        caplog.set_level(logging.DEBUG, logger="httpx")  # which the service's own set-up of logs turns down
        with caplog.at_level(logging.DEBUG), pytest.raises(ProviderUnavailable) as failure:
            await connector.finish(params, departure(connector.family))
        told = f"{caplog.text}{failure.value!r}{failure.value.reason}{failure.value.__context__!r}"
        assert failure.value.__cause__ is None
        code = params.get("code") or params["auth_code"]
        assert "HTTP Request" in caplog.text
        for secret in (code, WEB_APP.app_secret, QQ_APP.app_key, "sign="):
            assert secret not in told


class TestWeChat:
    async def test_puts_the_unionid_first(self, wechat: WeChatConnector) -> None:
        assert kinds(await sign_in(wechat)) == [("unionid", "our-open-account"), ("openid", WEB_APP.app_id)]

    async def test_uses_the_official_account_inside_wechat(self, wechat: WeChatConnector) -> None:
        inside = departure("wechat", Surface.of(IN_WECHAT))
        address = wechat.start(inside)
        assert re.search(
            r"/connect/oauth2/authorize\?appid=wxmp\w+&redirect_uri=[^&]+&response_type=code&scope=", address
        )
        assert address.endswith(f"&state={STATE}#wechat_redirect")
        mobile = await wechat.finish(press(address, agent=IN_WECHAT), inside)
        desktop = await sign_in(wechat)
        assert kinds(mobile)[1] == ("openid", MP_APP.app_id)
        assert mobile.identifiers[0] == desktop.identifiers[0]
        assert mobile.identifiers[1] != desktop.identifiers[1]

    async def test_does_without_a_unionid(self, sandbox: str, provider_http: ProviderHttp) -> None:
        unbound = WeChatConnector(
            WeChatConfiguration(UNBOUND_APP.app_id, UNBOUND_APP.app_secret, base_url=f"{sandbox}/wechat"),
            provider_http,
        )
        assert kinds(await sign_in(unbound)) == [("openid", UNBOUND_APP.app_id)]

    async def test_turns_a_preview_visitor_away(self, wechat: WeChatConnector) -> None:
        inside = departure("wechat", Surface.IN_WECHAT)
        params = press(wechat.start(inside), person="snapshot", agent=IN_WECHAT)
        with pytest.raises(ProviderRefused, match="preview"):
            await wechat.finish(params, inside)

    async def test_asks_a_busy_wechat_once_more(self, sandbox: str, wechat: WeChatConnector) -> None:
        params = visit(wechat)
        switch_fault(f"{sandbox}/wechat", "busy", 1)
        assert (await wechat.finish(params, departure("wechat"))).identifiers

    async def test_takes_a_wrong_secret_for_our_own_mistake(self, sandbox: str, provider_http: ProviderHttp) -> None:
        configuration = WeChatConfiguration(WEB_APP.app_id, "wrong", base_url=f"{sandbox}/wechat")
        with pytest.raises(ProviderProtocolError) as failure:
            await sign_in(WeChatConnector(configuration, provider_http))
        assert re.fullmatch(r"errcode 40001, rid [0-9a-f-]{26}", failure.value.reason or "")

    def test_says_where_it_can_be_used(self, provider_http: ProviderHttp) -> None:
        web_only = WeChatConnector(WeChatConfiguration("wxweb", "s"), provider_http)
        mp_only = WeChatConnector(WeChatConfiguration(mp_app_id="wxmp", mp_app_secret="s"), provider_http)
        with pytest.raises(ProviderRefused, match="another"):
            web_only.start(departure("wechat", Surface.IN_WECHAT))
        with pytest.raises(ProviderRefused, match="inside WeChat"):
            mp_only.start(departure("wechat", Surface.DESKTOP))


class TestQQ:
    async def test_puts_the_unionid_first(self, qq: QQConnector) -> None:
        assert kinds(await sign_in(qq)) == [("unionid", "our-company"), ("openid", QQ_APP.app_id)]

    async def test_does_without_the_right_to_unionids(self, sandbox: str, provider_http: ProviderHttp) -> None:
        app = QQ_APP_WITHOUT_UNION
        plain = QQConnector(QQConfiguration(app.app_id, app.app_key, base_url=f"{sandbox}/qq"), provider_http)
        assert kinds(await sign_in(plain)) == [("openid", app.app_id)]

    async def test_reads_an_error_number_in_place_of_a_code(self, qq: QQConnector) -> None:
        with pytest.raises(ProviderProtocolError) as failure:
            await qq.finish({"code": "100010", "msg": "redirect uri is illegal"}, departure("qq"))
        assert failure.value.reason == "callback with error 100010"

    def test_opens_the_application_on_a_phone(self, qq: QQConnector) -> None:
        assert "display=mobile" in qq.start(departure("qq", Surface.MOBILE))
        assert "display" not in qq.start(departure("qq", Surface.DESKTOP))


class TestAlipay:
    @pytest.mark.parametrize(
        ("app_id", "expected"),
        [
            (ALIPAY_NEW, [("open_id", ALIPAY_NEW)]),
            (ALIPAY_MOVING, [("open_id", ALIPAY_MOVING), ("user_id", "alipay")]),
            (ALIPAY_OLD, [("user_id", "alipay")]),
        ],
    )
    async def test_keeps_every_identifier_that_comes(
        self, alipay_for: Callable[[str], AlipayConnector], app_id: str, expected: list[tuple[str, str]]
    ) -> None:
        assert kinds(await sign_in(alipay_for(app_id))) == expected

    async def test_reads_escaped_slashes_and_chinese(self, alipay: AlipayConnector) -> None:
        assert (await sign_in(alipay, "zhou")).nickname == "远/近"

    @pytest.mark.parametrize("fault", ["tampered-sign", "tampered-content", "missing-sign", "duplicated-root"])
    async def test_trusts_no_answer_that_alipay_did_not_sign(
        self, sandbox: str, alipay: AlipayConnector, fault: str
    ) -> None:
        params = visit(alipay)
        switch_fault(f"{sandbox}/alipay", fault, 1)
        with pytest.raises(ProviderProtocolError):
            await alipay.finish(params, departure("alipay"))

    async def test_trusts_no_answer_signed_by_another_key(
        self, sandbox: str, sandbox_keys: SandboxKeys, provider_http: ProviderHttp
    ) -> None:
        wrong = load_public_key(sandbox_keys.merchant.public_spki)
        configuration = AlipayConfiguration(ALIPAY_NEW, sandbox_keys.merchant, wrong, base_url=f"{sandbox}/alipay")
        connector = AlipayConnector(configuration, provider_http, system_clock)
        with pytest.raises(ProviderProtocolError, match="could not trust"):
            await sign_in(connector)

    async def test_keeps_the_quoted_string_to_sign_out_of_its_errors(
        self, sandbox: str, sandbox_keys: SandboxKeys, provider_http: ProviderHttp
    ) -> None:
        """Signed with a key that Alipay does not know; it quotes what it verified, the code among it."""
        provider_key = load_public_key(sandbox_keys.gateway.public_spki)
        configuration = AlipayConfiguration(
            ALIPAY_NEW, sandbox_keys.gateway, provider_key, base_url=f"{sandbox}/alipay"
        )
        connector = AlipayConnector(configuration, provider_http, system_clock)
        params = visit(connector)
        with pytest.raises(ProviderProtocolError) as failure:
            await connector.finish(params, departure("alipay"))
        assert failure.value.reason == "40002 isv.invalid-signature"

    async def test_asks_a_busy_gateway_once_more(self, sandbox: str, alipay: AlipayConnector) -> None:
        params = visit(alipay)
        switch_fault(f"{sandbox}/alipay", "busy", 1)
        assert (await alipay.finish(params, departure("alipay"))).identifiers

    async def test_refuses_a_callback_for_another_application(self, alipay: AlipayConnector) -> None:
        params = visit(alipay) | {"app_id": ALIPAY_OLD}
        with pytest.raises(ProviderProtocolError):
            await alipay.finish(params, departure("alipay"))

    def test_needs_rsa_keys(self, sandbox_keys: SandboxKeys) -> None:
        sm2 = generate_key("SM2-SM3")
        with pytest.raises(ConfigurationError, match="XINYIN_ALIPAY__PRIVATE_KEY_FILE"):
            AlipayConfiguration(ALIPAY_NEW, sm2, load_public_key(sandbox_keys.gateway.public_spki))
        with pytest.raises(ConfigurationError, match="XINYIN_ALIPAY__PROVIDER_PUBLIC_KEY_FILE"):
            AlipayConfiguration(ALIPAY_NEW, sandbox_keys.merchant, load_public_key(sm2.public_spki))


@pytest.mark.parametrize(
    ("family", "host"),
    [("wechat", "open.weixin.qq.com"), ("qq", "graph.qq.com"), ("alipay", "openauth.alipay.com")],
)
def test_without_a_base_url_the_providers_own_hosts_are_used(
    family: str, host: str, sandbox_keys: SandboxKeys, provider_http: ProviderHttp
) -> None:
    provider_key = load_public_key(sandbox_keys.gateway.public_spki)
    connectors: dict[str, CallbackConnector] = {
        "wechat": WeChatConnector(WeChatConfiguration("a", "s"), provider_http),
        "qq": QQConnector(QQConfiguration("a", "s"), provider_http),
        "alipay": AlipayConnector(
            AlipayConfiguration("a", sandbox_keys.merchant, provider_key), provider_http, system_clock
        ),
    }
    assert connectors[family].start(departure(family)).startswith(f"https://{host}/")
