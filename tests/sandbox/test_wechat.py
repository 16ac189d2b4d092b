"""WeChat's sandbox says on the wire what WeChat says."""

import asyncio
import json
from datetime import timedelta
from urllib.parse import urlencode

import httpx
import pytest

from tests.sandbox.serving import (
    CALLBACKS,
    IN_WECHAT,
    MP_APP,
    UNBOUND_APP,
    WEB_APP,
    MovableClock,
    press,
    switch_fault,
    visible_text,
)
from xinyin.sandbox.settings import WeChatApp


def qr_page(sandbox: str, **changed: str) -> str:
    query = {
        "appid": WEB_APP.app_id,
        "redirect_uri": CALLBACKS["wechat"],
        "response_type": "code",
        "scope": "snsapi_login",
        "state": "abc123",
    }
    return f"{sandbox}/wechat/connect/qrconnect?{urlencode(query | changed)}#wechat_redirect"


def consent_page(sandbox: str, scope: str = "snsapi_userinfo") -> str:
    page = qr_page(sandbox, appid=MP_APP.app_id, scope=scope)
    return page.replace("/connect/qrconnect", "/connect/oauth2/authorize")


def token(sandbox: str, app: WeChatApp, code: str, /, **changed: str) -> httpx.Response:
    query = {"appid": app.app_id, "secret": app.app_secret, "code": code, "grant_type": "authorization_code"}
    return httpx.get(f"{sandbox}/wechat/sns/oauth2/access_token", params=query | changed)


def test_a_confirmed_scan_comes_back_with_code_and_state(sandbox: str) -> None:
    params = press(qr_page(sandbox))
    assert params["state"] == "abc123"
    assert len(params["code"]) == 32


def test_a_refusal_comes_back_with_the_state_alone(sandbox: str) -> None:
    assert press(qr_page(sandbox), "refuse") == {"state": "abc123"}


def test_tokens_are_json_called_text_plain_and_lack_a_charset(sandbox: str) -> None:
    answer = token(sandbox, WEB_APP, press(qr_page(sandbox))["code"])
    assert answer.headers["content-type"] == "text/plain"
    body = json.loads(answer.content)
    assert list(body) == ["access_token", "expires_in", "refresh_token", "openid", "scope", "unionid"]
    assert (body["expires_in"], body["scope"]) == (7200, "snsapi_login")
    assert len(body["openid"]) == len(body["unionid"]) == 28


def test_the_profile_escapes_slashes_and_keeps_emoji(sandbox: str) -> None:
    body = token(sandbox, WEB_APP, press(qr_page(sandbox), person="chen")["code"]).json()
    answer = httpx.get(
        f"{sandbox}/wechat/sns/userinfo",
        params={"access_token": body["access_token"], "openid": body["openid"]},
    )
    assert b'"headimgurl":"https:\\/\\/thirdwx.qlogo.cn\\/mmopen\\/' in answer.content
    assert "晚晴🌾".encode() in answer.content
    assert json.loads(answer.content)["unionid"] == body["unionid"]


def test_a_code_works_once(sandbox: str) -> None:
    code = press(qr_page(sandbox))["code"]
    token(sandbox, WEB_APP, code)
    body = token(sandbox, WEB_APP, code).json()
    assert body["errcode"] == 40163
    assert body["errmsg"].startswith("code been used, rid: ")


def test_a_code_ends_after_ten_minutes(sandbox: str, sandbox_clock: MovableClock) -> None:
    code = press(qr_page(sandbox))["code"]
    sandbox_clock.ahead = timedelta(minutes=10, seconds=1)
    assert token(sandbox, WEB_APP, code).json()["errcode"] == 42003


@pytest.mark.parametrize(
    ("changed", "errcode"),
    [
        ({"appid": ""}, 41002),
        ({"appid": "wxnobody"}, 40013),
        ({"secret": ""}, 41004),
        ({"secret": "wrong"}, 40001),
        ({"code": ""}, 41008),
        ({"code": "nonsense"}, 40029),
        ({"grant_type": "password"}, 40002),
    ],
)
def test_wrong_token_requests_are_told_by_errcode_at_http_200(
    sandbox: str, changed: dict[str, str], errcode: int
) -> None:
    answer = token(sandbox, WEB_APP, press(qr_page(sandbox))["code"], **changed)
    assert (answer.status_code, answer.json()["errcode"]) == (200, errcode)


def test_another_application_cannot_redeem_the_code(sandbox: str) -> None:
    code = press(qr_page(sandbox))["code"]
    assert token(sandbox, UNBOUND_APP, code).json()["errcode"] == 40029


def test_one_person_has_two_openids_and_one_unionid(sandbox: str) -> None:
    web = token(sandbox, WEB_APP, press(qr_page(sandbox))["code"]).json()
    mp = token(sandbox, MP_APP, press(consent_page(sandbox), agent=IN_WECHAT)["code"]).json()
    assert web["openid"] != mp["openid"]
    assert web["unionid"] == mp["unionid"]


def test_an_application_of_no_open_account_sees_no_unionid(sandbox: str) -> None:
    code = press(qr_page(sandbox, appid=UNBOUND_APP.app_id))["code"]
    assert "unionid" not in token(sandbox, UNBOUND_APP, code).json()


def test_the_silent_scope_asks_nobody_and_tells_the_openid_alone(sandbox: str) -> None:
    answer = httpx.get(consent_page(sandbox, "snsapi_base"), headers={"User-Agent": IN_WECHAT})
    assert answer.status_code == 302
    body = token(sandbox, MP_APP, httpx.URL(answer.headers["location"]).params["code"]).json()
    assert "unionid" not in body
    profile = httpx.get(
        f"{sandbox}/wechat/sns/userinfo",
        params={"access_token": body["access_token"], "openid": body["openid"]},
    )
    assert profile.json()["errcode"] == 48001


def test_a_preview_visitor_is_marked(sandbox: str) -> None:
    code = press(consent_page(sandbox), person="snapshot", agent=IN_WECHAT)["code"]
    assert token(sandbox, MP_APP, code).json()["is_snapshotuser"] == 1


def test_the_consent_page_opens_only_inside_wechat(sandbox: str) -> None:
    assert "请在微信客户端打开链接" in httpx.get(consent_page(sandbox)).text


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"redirect_uri": "http://elsewhere.example/login/wechat/callback"}, 10003),
        ({"redirect_uri": "http://localhost.elsewhere.example/"}, 10003),
        ({"redirect_uri": "javascript://localhost/"}, 10003),
        ({"appid": MP_APP.app_id}, 10005),
        ({"scope": "snsapi_userinfo"}, 10005),
        ({"appid": ""}, 10012),
        ({"state": "not-alphanumeric"}, 10006),
        ({"state": "a" * 129}, 10006),
    ],
)
def test_a_wrong_request_ends_on_a_page_and_never_at_the_redirect_uri(
    sandbox: str, changed: dict[str, str], code: int
) -> None:
    answer = httpx.get(qr_page(sandbox, **changed))
    assert answer.status_code == 200
    assert visible_text(answer.text).startswith("该链接无法访问")
    assert f"错误码：{code}" in answer.text


def test_a_refresh_token_gives_new_tokens_without_unionid(sandbox: str) -> None:
    body = token(sandbox, WEB_APP, press(qr_page(sandbox))["code"]).json()
    query = {"appid": WEB_APP.app_id, "grant_type": "refresh_token", "refresh_token": body["refresh_token"]}
    fresh = httpx.get(f"{sandbox}/wechat/sns/oauth2/refresh_token", params=query).json()
    assert fresh["openid"] == body["openid"]
    assert "unionid" not in fresh


def test_an_access_token_is_checked_and_ends_after_two_hours(sandbox: str, sandbox_clock: MovableClock) -> None:
    body = token(sandbox, WEB_APP, press(qr_page(sandbox))["code"]).json()
    query = {"access_token": body["access_token"], "openid": body["openid"]}
    assert httpx.get(f"{sandbox}/wechat/sns/auth", params=query).json() == {"errcode": 0, "errmsg": "ok"}
    wrong = query | {"openid": "o" * 28}
    assert httpx.get(f"{sandbox}/wechat/sns/auth", params=wrong).json()["errcode"] == 40003
    sandbox_clock.ahead = timedelta(hours=2, seconds=1)
    assert httpx.get(f"{sandbox}/wechat/sns/auth", params=query).json()["errcode"] == 42001


def test_busy_is_minus_one(sandbox: str) -> None:
    code = press(qr_page(sandbox))["code"]
    switch_fault(f"{sandbox}/wechat", "busy", 1)
    assert token(sandbox, WEB_APP, code).json()["errcode"] == -1
    assert "openid" in token(sandbox, WEB_APP, code).json()


async def test_the_qr_page_hears_of_scan_and_confirmation_by_long_poll(sandbox: str) -> None:
    async with httpx.AsyncClient(base_url=f"{sandbox}/wechat") as browser, httpx.AsyncClient() as phone:
        page = await browser.get(qr_page(sandbox))
        key = page.text.partition('src="/wechat/connect/qrcode/')[2].partition('"')[0]
        picture = await browser.get(f"/connect/qrcode/{key}")
        assert picture.headers["content-type"] == "image/jpeg"
        assert await poll(browser, key) == "window.wx_errcode=408;window.wx_code='';"

        waiting = asyncio.create_task(poll(browser, key))
        await asyncio.sleep(0.05)
        await tap(phone, sandbox, key, "scan", "wu")
        assert await waiting == "window.wx_errcode=404;window.wx_code='';"

        waiting = asyncio.create_task(poll(browser, key, "404"))
        await asyncio.sleep(0.05)
        await tap(phone, sandbox, key, "confirm")
        answer = await waiting
    assert answer.startswith("window.wx_errcode=405;window.wx_code='")
    code = answer.split("'")[1]
    assert "unionid" in token(sandbox, WEB_APP, code).json()


@pytest.mark.parametrize(("action", "status"), [("cancel", 403), ("expire", 402)])
async def test_the_qr_page_hears_of_a_cancelled_and_of_an_expired_scan(sandbox: str, action: str, status: int) -> None:
    async with httpx.AsyncClient(base_url=f"{sandbox}/wechat") as browser:
        page = await browser.get(qr_page(sandbox))
        key = page.text.partition('src="/wechat/connect/qrcode/')[2].partition('"')[0]
        await tap(browser, sandbox, key, action)
        assert await poll(browser, key) == f"window.wx_errcode={status};window.wx_code='';"


async def poll(browser: httpx.AsyncClient, key: str, last: str = "") -> str:
    answer = await browser.get("/connect/l/qrconnect", params={"uuid": key, "last": last})
    assert answer.headers["content-type"] == "text/javascript"
    return answer.text


async def tap(phone: httpx.AsyncClient, sandbox: str, key: str, action: str, person: str = "") -> None:
    url = f"{sandbox}/wechat/connect/confirm?uuid={key}"
    answer = await phone.post(url, data={"action": action, "person": person})
    assert answer.status_code == 200
