"""QQ's sandbox says on the wire what QQ says, to the byte."""

import json
from datetime import timedelta
from urllib.parse import parse_qs, urlencode

import httpx
import pytest

from tests.sandbox.serving import (
    CALLBACKS,
    QQ_APP,
    QQ_APP_WITHOUT_UNION,
    MovableClock,
    callback_params,
    press,
)
from xinyin.sandbox.settings import QQApp


def sign_in_page(sandbox: str, app: QQApp = QQ_APP, **changed: str) -> str:
    query = {"response_type": "code", "client_id": app.app_id, "redirect_uri": CALLBACKS["qq"], "state": "s1"}
    return f"{sandbox}/qq/oauth2.0/authorize?{urlencode(query | changed)}"


def token(sandbox: str, code: str, app: QQApp = QQ_APP, /, **changed: str) -> httpx.Response:
    query = {
        "grant_type": "authorization_code",
        "client_id": app.app_id,
        "client_secret": app.app_key,
        "code": code,
        "redirect_uri": CALLBACKS["qq"],
    }
    return httpx.get(f"{sandbox}/qq/oauth2.0/token", params=query | changed)


def access_token(sandbox: str, app: QQApp = QQ_APP, person: str = "lin") -> str:
    code = press(sign_in_page(sandbox, app), person=person)["code"]
    return parse_qs(token(sandbox, code, app).text)["access_token"][0]


def test_the_browser_is_sent_on_to_the_sign_in_page(sandbox: str) -> None:
    answer = httpx.get(sign_in_page(sandbox))
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("/qq/oauth2.0/show?which=Login&display=pc&")


def test_a_refusal_calls_nobody_back(sandbox: str) -> None:
    with pytest.raises(AssertionError, match="no way back: 已取消登录"):
        press(sign_in_page(sandbox), "refuse")


def test_an_authorisation_error_comes_back_as_code_and_msg(sandbox: str) -> None:
    answer = httpx.get(sign_in_page(sandbox, response_type="token"))
    params = callback_params(answer.headers["location"])
    assert params == {"code": "100000", "msg": "param response_type is wrong or lost"}


@pytest.mark.parametrize("uri", ["http://elsewhere.example/", "http://notlocalhost/", "ftp://localhost/"])
def test_an_unregistered_redirect_uri_ends_on_a_page(sandbox: str, uri: str) -> None:
    answer = httpx.get(sign_in_page(sandbox, redirect_uri=uri))
    assert (answer.status_code, "100010" in answer.text) == (200, True)


def test_tokens_come_urlencoded_and_last_ninety_days(sandbox: str) -> None:
    answer = token(sandbox, press(sign_in_page(sandbox))["code"])
    assert answer.headers["content-type"].startswith("text/html")
    values = parse_qs(answer.text, strict_parsing=True)
    assert list(values) == ["access_token", "expires_in", "refresh_token"]
    assert values["expires_in"] == ["7776000"]


def test_json_tokens_have_a_lifetime_that_is_text(sandbox: str) -> None:
    answer = token(sandbox, press(sign_in_page(sandbox))["code"], fmt="json", need_openid="1")
    assert json.loads(answer.text)["expires_in"] == "7776000"
    assert len(json.loads(answer.text)["openid"]) == 32


def test_a_used_code_is_refused_in_jsonp_to_the_byte(sandbox: str) -> None:
    code = press(sign_in_page(sandbox))["code"]
    token(sandbox, code)
    refused = token(sandbox, code)
    assert refused.status_code == 200
    assert refused.content == b'callback( {"error":100020,"error_description":"code is reused error"} );\n'
    assert token(sandbox, code, fmt="json").json()["error"] == 100020


@pytest.mark.parametrize(
    ("changed", "number"),
    [
        ({"client_id": ""}, 100001),
        ({"client_id": "999"}, 100008),
        ({"client_secret": ""}, 100002),
        ({"client_secret": "wrong"}, 100009),
        ({"grant_type": "password"}, 100004),
        ({"code": ""}, 100005),
        ({"code": "nonsense"}, 100019),
        ({"redirect_uri": "http://localhost/other"}, 100010),
    ],
)
def test_wrong_token_requests_are_told_by_number(sandbox: str, changed: dict[str, str], number: int) -> None:
    answer = token(sandbox, press(sign_in_page(sandbox))["code"], fmt="json", **changed)
    assert (answer.status_code, answer.json()["error"]) == (200, number)


def test_a_code_ends_after_ten_minutes(sandbox: str, sandbox_clock: MovableClock) -> None:
    code = press(sign_in_page(sandbox))["code"]
    sandbox_clock.ahead = timedelta(minutes=11)
    assert token(sandbox, code, fmt="json").json()["error"] == 100019


def test_the_openid_is_wrapped_to_the_byte(sandbox: str) -> None:
    answer = httpx.get(f"{sandbox}/qq/oauth2.0/me", params={"access_token": access_token(sandbox)})
    assert answer.text.startswith('callback( {"client_id":"101000001","openid":"')
    assert answer.text.endswith('"} );\n')
    assert set(json.loads(answer.text[10:-4])) == {"client_id", "openid"}


def test_the_unionid_needs_a_right_of_its_own(sandbox: str) -> None:
    granted = {"access_token": access_token(sandbox), "unionid": "1", "fmt": "json"}
    assert httpx.get(f"{sandbox}/qq/oauth2.0/me", params=granted).json()["unionid"].startswith("UID_")
    refused = granted | {"access_token": access_token(sandbox, QQ_APP_WITHOUT_UNION)}
    answer = httpx.get(f"{sandbox}/qq/oauth2.0/me", params=refused).json()
    assert answer == {"error": 100048, "error_description": "companyid not set"}


def test_a_wrong_access_token_is_refused(sandbox: str) -> None:
    answer = httpx.get(f"{sandbox}/qq/oauth2.0/me", params={"access_token": "nonsense"})
    assert answer.text == 'callback( {"error":100016,"error_description":"access token check failed"} );\n'


def test_the_profile_answers_ret(sandbox: str) -> None:
    query = {"access_token": access_token(sandbox, person="zhou"), "oauth_consumer_key": QQ_APP.app_id}
    openid = httpx.get(f"{sandbox}/qq/oauth2.0/me", params=query | {"fmt": "json"}).json()["openid"]
    profile = httpx.get(f"{sandbox}/qq/user/get_user_info", params=query | {"openid": openid}).json()
    assert (profile["ret"], profile["nickname"], profile["figureurl_qq_2"]) == (0, "远/近", "")
    refused = httpx.get(f"{sandbox}/qq/user/get_user_info", params=query | {"openid": "0" * 32}).json()
    assert refused == {"ret": 2021, "msg": "请先登录"}
