"""openapi.alipay.com/gateway.do: one address, many methods, everything signed."""

import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from kernel.crypto.signatures import SigningKey
from xinyin.sandbox.alipay.envelope import (
    AlipayError,
    check_request_signature,
    gateway_response,
    signed_answer,
)
from xinyin.sandbox.alipay.state import REFRESH_LIFETIME, TOKEN_LIFETIME, AlipayState, identifiers_of
from xinyin.sandbox.faults import Fault, FaultSwitch
from xinyin.sandbox.grants import Fate, Grant, Vouchers
from xinyin.sandbox.settings import AlipayApp

CHINA = timezone(timedelta(hours=8))
REQUIRED = {
    "method": "isv.missing-method",
    "app_id": "isv.missing-app-id",
    "sign_type": "isv.missing-signature-type",
    "sign": "isv.missing-signature",
    "timestamp": "isv.missing-timestamp",
    "version": "isv.missing-version",
}
Params = Mapping[str, str]


class Gateway:
    """Answers calls; holds the gateway's own signing key."""

    def __init__(self, state: AlipayState, faults: FaultSwitch, key: SigningKey) -> None:
        self._state = state
        self._faults = faults
        self._key = key
        self._methods = {
            "alipay.system.oauth.token": self._token,
            "alipay.user.info.share": self._user_info,
        }

    async def answer(self, request: Request) -> Response:
        """The endpoint. Parameters are the union of query and body: official SDKs split them."""
        broken = await self._faults.before_answer()
        if broken:
            return broken
        params = {**request.query_params, **{k: str(v) for k, v in (await request.form()).items()}}
        try:
            app = self._check_request(params)
        except AlipayError as error:
            # Before the application is known to be right, the gateway does not sign.
            return gateway_response(json.dumps({"error_response": error.answer}, ensure_ascii=False))
        root = f"{params['method'].replace('.', '_')}_response"
        try:
            if self._faults.strikes(Fault.BUSY):
                raise AlipayError("20000", "Service Currently Unavailable", "isp.unknow-error", "系统繁忙")
            return signed_answer(root, self._methods[params["method"]](app, params), self._key, self._faults)
        except AlipayError as error:
            return signed_answer(root, error.answer, self._key, self._faults)

    def _check_request(self, params: Params) -> AlipayApp:
        for name, sub_code in REQUIRED.items():
            if not params.get(name):
                raise AlipayError("40001", "Missing Required Arguments", sub_code, f"缺少参数{name}")
        app = self._state.find_app(params["app_id"])
        for holds, sub_code, text in (
            (params["method"] in self._methods, "isv.invalid-method", "不存在的方法名"),
            (app is not None, "isv.invalid-app-id", "无效的AppID参数"),
            (params["sign_type"] == "RSA2", "isv.invalid-signature-type", "无效的签名类型"),
            (params.get("charset", "utf-8").lower() == "utf-8", "isv.invalid-charset", "字符集错误"),
            (_is_timestamp(params["timestamp"]), "isv.invalid-timestamp", "非法的时间戳参数"),
        ):
            if not holds:
                raise AlipayError("40002", "Invalid Arguments", sub_code, text)
        assert app is not None
        check_request_signature(params, app.public_key)
        return app

    def _token(self, app: AlipayApp, params: Params) -> dict[str, Any]:
        vouchers, text = self._presented(params)
        fate, grant = vouchers.peek(text)
        if fate is not Fate.GOOD or grant is None:
            raise AlipayError("40002", "Invalid Arguments", *_refusal(vouchers is self._state.codes, fate))
        if grant.app_id != app.app_id:
            raise AlipayError("40002", "Invalid Arguments", "isv.unmatched-app-id", "授权码与应用不匹配")
        vouchers.redeem(text)
        return self._tokens(app, grant)

    def _presented(self, params: Params) -> tuple[Vouchers[Grant], str]:
        match params.get("grant_type"):
            case "authorization_code":
                return self._state.codes, params.get("code", "")
            case "refresh_token":
                return self._state.refresh_tokens, params.get("refresh_token", "")
            case _:
                raise AlipayError("40002", "Invalid Arguments", "isv.grant-type-invalid", "grant_type参数不正确")

    def _tokens(self, app: AlipayApp, grant: Grant) -> dict[str, Any]:
        """No `code` and no `msg` on success."""
        return {
            "access_token": self._state.access_tokens.issue(grant, text=_token_text()),
            "auth_start": f"{self._state.clock().astimezone(CHINA):%Y-%m-%d %H:%M:%S}",
            "expires_in": int(TOKEN_LIFETIME.total_seconds()),
            "re_expires_in": int(REFRESH_LIFETIME.total_seconds()),
            "refresh_token": self._state.refresh_tokens.issue(grant, text=_token_text()),
            **identifiers_of(app, grant.person),
        }

    def _user_info(self, app: AlipayApp, params: Params) -> dict[str, Any]:
        fate, grant = self._state.access_tokens.peek(params.get("auth_token", ""))
        if fate is not Fate.GOOD or grant is None or grant.app_id != app.app_id:
            sub_code = "aop.auth-token-time-out" if fate is Fate.EXPIRED else "aop.invalid-auth-token"
            raise AlipayError("20001", "Insufficient Token Permissions", sub_code, "无效的访问令牌")
        if grant.scope != "auth_user":
            raise AlipayError("40006", "Insufficient Permissions", "isv.insufficient-isv-permissions", "ISV权限不足")
        if self._faults.strikes(Fault.NO_PROFILE):
            raise AlipayError("20000", "Service Currently Unavailable", "aop.unknow-error", "系统繁忙")
        person = grant.person
        profile = {
            "code": "10000",
            "msg": "Success",
            **identifiers_of(app, person),
            "nick_name": person.nickname,
            "city": person.city,
            "gender": "F" if person.gender == "女" else "M",
        }
        if person.has_avatar:
            profile["avatar"] = f"https://tfs.alipayobjects.com/images/partner/{person.handle}"
        return profile


def _refusal(is_code: bool, fate: Fate) -> tuple[str, str]:
    """sub_code and sub_msg for a code or refresh token that is not good."""
    if is_code:
        return "isv.code-invalid", "授权码code无效"
    if fate is Fate.EXPIRED:
        return "isv.refresh-token-time-out", "刷新令牌已过期"
    if fate is Fate.USED:
        return "isv.refreshed-token-invalid", "刷新出来的令牌无效"
    return "isv.refresh-token-invalid", "刷新令牌refresh_token无效"


def _token_text() -> str:
    return f"authusrB{secrets.token_hex(16)}"


def _is_timestamp(text: str) -> bool:
    try:
        datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return False
    return True
