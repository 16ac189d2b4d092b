"""Alipay's sandbox checks signatures, signs its answers over raw bytes and words its errors as Alipay does."""

import base64
import json
from urllib.parse import urlencode

import httpx
import pytest

from kernel.crypto.public_keys import load_public_key
from tests.sandbox.serving import (
    ALIPAY_MOVING,
    ALIPAY_NEW,
    ALIPAY_OLD,
    CALLBACKS,
    SandboxKeys,
    merged,
    press,
    switch_fault,
    visible_text,
)

TOKEN = "alipay.system.oauth.token"
PROFILE = "alipay.user.info.share"


def authorisation_page(sandbox: str, app_id: str = ALIPAY_NEW, **changed: str) -> str:
    query = {"app_id": app_id, "scope": "auth_user", "redirect_uri": CALLBACKS["alipay"], "state": "s1"}
    return f"{sandbox}/alipay/oauth2/publicAppAuthorize.htm?{urlencode(query | changed)}"


def signed(keys: SandboxKeys, method: str, app_id: str, **business: str) -> dict[str, str]:
    params = {
        "app_id": app_id,
        "method": method,
        "format": "JSON",
        "charset": "utf-8",
        "sign_type": "RSA2",
        "timestamp": "2026-11-21 18:00:00",
        "version": "1.0",
        **business,
    }
    text = "&".join(f"{name}={value}" for name, value in sorted(params.items()))
    return params | {"sign": base64.b64encode(keys.merchant.sign(text.encode())).decode()}


def call(sandbox: str, params: dict[str, str], query: tuple[str, ...] = ("method", "app_id", "sign")) -> str:
    """A call with some parameters in the query and the rest in the body, as the official SDKs do."""
    parts = {name: params[name] for name in query if name in params}
    body = {name: value for name, value in params.items() if name not in parts}
    return httpx.post(f"{sandbox}/alipay/gateway.do", params=parts, data=body).text


def code(sandbox: str, app_id: str = ALIPAY_NEW, person: str = "lin", **changed: str) -> str:
    return press(authorisation_page(sandbox, app_id, **changed), person=person)["auth_code"]


def tokens(sandbox: str, keys: SandboxKeys, app_id: str = ALIPAY_NEW, person: str = "lin") -> str:
    auth_code = code(sandbox, app_id, person)
    return call(sandbox, signed(keys, TOKEN, app_id, grant_type="authorization_code", code=auth_code))


def test_the_callback_carries_auth_code_and_not_code(sandbox: str) -> None:
    params = press(authorisation_page(sandbox))
    assert {"app_id", "source", "scope", "auth_code", "state"} <= params.keys()
    assert "code" not in params


def test_a_refusal_comes_back_without_auth_code(sandbox: str) -> None:
    params = press(authorisation_page(sandbox), "refuse")
    assert (params["error_scope"], params["state"], "auth_code" in params) == ("auth_user", "s1", False)


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"redirect_uri": CALLBACKS["alipay"] + "/more"}, "INVALID_REDIRECT_URI"),
        ({"state": "中文"}, "INVALID_STATE"),
        ({"state": "a" * 101}, "INVALID_STATE"),
        ({"scope": "everything"}, "INVALID_SCOPE"),
        ({"app_id": "0"}, "INVALID_APP_ID"),
    ],
)
def test_a_wrong_authorisation_request_ends_on_a_page(sandbox: str, changed: dict[str, str], word: str) -> None:
    page = httpx.get(authorisation_page(sandbox, **changed))
    assert word in visible_text(page.text)


def test_the_answer_is_signed_over_the_raw_text_of_its_member(sandbox: str, sandbox_keys: SandboxKeys) -> None:
    token = json.loads(tokens(sandbox, sandbox_keys, person="zhou"))["alipay_system_oauth_token_response"]
    text = call(sandbox, signed(sandbox_keys, PROFILE, ALIPAY_NEW, auth_token=token["access_token"]))
    raw = text.removeprefix('{"alipay_user_info_share_response":').rpartition(',"sign":"')[0]
    assert '"nick_name":"远\\/近"' in raw
    key = load_public_key(sandbox_keys.gateway.public_spki)
    key.verify(base64.b64decode(json.loads(text)["sign"]), raw.encode())


@pytest.mark.parametrize(
    ("app_id", "names"),
    [(ALIPAY_NEW, {"open_id"}), (ALIPAY_MOVING, {"open_id", "user_id"}), (ALIPAY_OLD, {"user_id"})],
)
def test_an_application_sees_the_identifiers_of_its_age(
    sandbox: str, sandbox_keys: SandboxKeys, app_id: str, names: set[str]
) -> None:
    answer = json.loads(tokens(sandbox, sandbox_keys, app_id))["alipay_system_oauth_token_response"]
    assert {"open_id", "user_id"} & answer.keys() == names
    assert "code" not in answer


def test_a_wrong_signature_is_refused_with_the_string_to_sign(sandbox: str, sandbox_keys: SandboxKeys) -> None:
    params = signed(sandbox_keys, TOKEN, ALIPAY_NEW, grant_type="authorization_code", code="abc")
    answer = json.loads(call(sandbox, merged(params, {"code": "abd"})))["error_response"]
    assert (answer["code"], answer["sub_code"]) == ("40002", "isv.invalid-signature")
    assert f"app_id={ALIPAY_NEW}&charset=utf-8&code=abd&format=JSON" in answer["sub_msg"]


@pytest.mark.parametrize("where", [("method",), ("method", "app_id", "sign", "charset", "code", "timestamp")])
def test_parameters_count_wherever_they_stand(sandbox: str, sandbox_keys: SandboxKeys, where: tuple[str, ...]) -> None:
    params = signed(sandbox_keys, TOKEN, ALIPAY_NEW, grant_type="authorization_code", code=code(sandbox))
    assert "alipay_system_oauth_token_response" in call(sandbox, params, where)


@pytest.mark.parametrize(
    ("missing", "sub_code"),
    [
        ("method", "isv.missing-method"),
        ("app_id", "isv.missing-app-id"),
        ("sign", "isv.missing-signature"),
        ("timestamp", "isv.missing-timestamp"),
    ],
)
def test_a_missing_parameter_is_named(sandbox: str, sandbox_keys: SandboxKeys, missing: str, sub_code: str) -> None:
    params = signed(sandbox_keys, TOKEN, ALIPAY_NEW)
    del params[missing]
    answer = json.loads(call(sandbox, params))
    assert (answer["error_response"]["code"], answer["error_response"]["sub_code"]) == ("40001", sub_code)
    assert "sign" not in answer


def test_a_code_works_once_and_for_its_application(sandbox: str, sandbox_keys: SandboxKeys) -> None:
    auth_code = code(sandbox)
    other = signed(sandbox_keys, TOKEN, ALIPAY_OLD, grant_type="authorization_code", code=auth_code)
    assert "isv.unmatched-app-id" in call(sandbox, other)
    ours = signed(sandbox_keys, TOKEN, ALIPAY_NEW, grant_type="authorization_code", code=auth_code)
    assert "access_token" in call(sandbox, ours)
    assert "isv.code-invalid" in call(sandbox, ours)


def test_a_refresh_token_gives_new_tokens(sandbox: str, sandbox_keys: SandboxKeys) -> None:
    first = json.loads(tokens(sandbox, sandbox_keys))["alipay_system_oauth_token_response"]
    wish = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    params = signed(sandbox_keys, TOKEN, ALIPAY_NEW, **wish)
    assert json.loads(call(sandbox, params))["alipay_system_oauth_token_response"]["open_id"] == first["open_id"]
    assert "isv.refreshed-token-invalid" in call(sandbox, params)


def test_a_wrong_access_token_is_refused(sandbox: str, sandbox_keys: SandboxKeys) -> None:
    text = call(sandbox, signed(sandbox_keys, PROFILE, ALIPAY_NEW, auth_token="nonsense"))
    answer = json.loads(text)["alipay_user_info_share_response"]
    assert (answer["code"], answer["sub_code"]) == ("20001", "aop.invalid-auth-token")


def test_the_base_scope_gives_no_profile(sandbox: str, sandbox_keys: SandboxKeys) -> None:
    auth_code = code(sandbox, scope="auth_base")
    params = signed(sandbox_keys, TOKEN, ALIPAY_NEW, grant_type="authorization_code", code=auth_code)
    token = json.loads(call(sandbox, params))["alipay_system_oauth_token_response"]["access_token"]
    assert "isv.insufficient-isv-permissions" in call(
        sandbox, signed(sandbox_keys, PROFILE, ALIPAY_NEW, auth_token=token)
    )


def test_faults_show_on_the_wire(sandbox: str, sandbox_keys: SandboxKeys) -> None:
    address = f"{sandbox}/alipay"
    switch_fault(address, "missing-sign", 1)
    assert '"sign"' not in tokens(sandbox, sandbox_keys)
    switch_fault(address, "duplicated-root", 1)
    assert tokens(sandbox, sandbox_keys).count('"alipay_system_oauth_token_response"') == 2
    switch_fault(address, "busy", 1)
    assert "isp.unknow-error" in tokens(sandbox, sandbox_keys)
    assert "access_token" in tokens(sandbox, sandbox_keys)
