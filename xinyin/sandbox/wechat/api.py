"""api.weixin.qq.com/sns: tokens and profiles. HTTP 200 always; JSON in UTF-8 called text/plain; errors by `errcode`."""

import json
import re
import secrets
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xinyin.sandbox.faults import Fault, FaultSwitch
from xinyin.sandbox.grants import Fate, Grant
from xinyin.sandbox.people import Person
from xinyin.sandbox.wechat.state import TOKEN_LIFETIME, WeChatState, openid_of, unionid_of

AVATAR_PATH = "https://thirdwx.qlogo.cn/mmopen/vi_32/{person}/132"


class WeChatError(Exception):
    """An error as WeChat words it."""

    def __init__(self, errcode: int, errmsg: str) -> None:
        self.errcode = errcode
        self.errmsg = errmsg
        super().__init__(errmsg)


def api_routes(state: WeChatState, faults: FaultSwitch) -> list[Route]:
    """The `sns` endpoints. All take GET and, as the real servers do, POST with a form."""
    api = _Api(state, faults)
    methods = ["GET", "POST"]
    return [
        Route("/sns/oauth2/access_token", api.endpoint(api.access_token), methods=methods),
        Route("/sns/oauth2/refresh_token", api.endpoint(api.refresh_token), methods=methods),
        Route("/sns/userinfo", api.endpoint(api.userinfo), methods=methods),
        Route("/sns/auth", api.endpoint(api.auth), methods=methods),
    ]


class _Api:
    def __init__(self, state: WeChatState, faults: FaultSwitch) -> None:
        self._state = state
        self._faults = faults

    def endpoint(self, action: Any) -> Any:
        async def answer(request: Request) -> Response:
            broken = await self._faults.before_answer()
            if broken:
                return broken
            params = {**request.query_params, **{k: str(v) for k, v in (await request.form()).items()}}
            try:
                if self._faults.strikes(Fault.BUSY):
                    raise WeChatError(-1, "system error")
                return wechat_json(action(params))
            except WeChatError as error:
                rid = "-".join(secrets.token_hex(4) for _ in range(3))
                return wechat_json({"errcode": error.errcode, "errmsg": f"{error.errmsg}, rid: {rid}"})

        return answer

    def access_token(self, params: Mapping[str, str]) -> dict[str, Any]:
        self._check_credentials(params)
        if params.get("grant_type") != "authorization_code":
            raise WeChatError(40002, "invalid grant_type")
        if not params.get("code"):
            raise WeChatError(41008, "missing code")
        fate, grant = self._state.codes.peek(params["code"])
        if grant is None or grant.app_id != params["appid"]:
            raise WeChatError(40029, "invalid code")
        if fate is Fate.USED:
            raise WeChatError(40163, "code been used")
        if fate is Fate.EXPIRED:
            raise WeChatError(42003, "code expired")
        self._state.codes.redeem(params["code"])
        answer = self._tokens(grant)
        union = self._unionid(grant)
        if union and grant.scope != "snsapi_base":
            answer["unionid"] = union
        if grant.person.snapshot:
            answer["is_snapshotuser"] = 1
        return answer

    def refresh_token(self, params: Mapping[str, str]) -> dict[str, Any]:
        if not params.get("appid"):
            raise WeChatError(41002, "appid missing")
        if self._state.find_app(params["appid"]) is None:
            raise WeChatError(40013, "invalid appid")
        if not params.get("refresh_token"):
            raise WeChatError(41003, "missing refresh_token")
        fate, grant = self._state.refresh_tokens.peek(params["refresh_token"])
        if grant is None or grant.app_id != params["appid"]:
            raise WeChatError(40030, "invalid refresh_token")
        if fate is not Fate.GOOD:
            raise WeChatError(42002, "refresh_token expired")
        return self._tokens(grant)

    def userinfo(self, params: Mapping[str, str]) -> dict[str, Any]:
        grant = self._check_token(params)
        if grant.scope not in ("snsapi_login", "snsapi_userinfo"):
            raise WeChatError(48001, "api unauthorized")
        if self._faults.strikes(Fault.NO_PROFILE):
            raise WeChatError(-1, "system error")
        profile = _profile(grant.person, self._openid(grant))
        union = self._unionid(grant)
        if union:
            profile["unionid"] = union
        return profile

    def auth(self, params: Mapping[str, str]) -> dict[str, Any]:
        self._check_token(params)
        return {"errcode": 0, "errmsg": "ok"}

    def _check_credentials(self, params: Mapping[str, str]) -> None:
        if not params.get("appid"):
            raise WeChatError(41002, "appid missing")
        app = self._state.find_app(params["appid"])
        if app is None:
            raise WeChatError(40013, "invalid appid")
        if not params.get("secret"):
            raise WeChatError(41004, "appsecret missing")
        if not secrets.compare_digest(params["secret"].encode(), app.app_secret.encode()):
            raise WeChatError(40001, "invalid credential")

    def _check_token(self, params: Mapping[str, str]) -> Grant:
        if not params.get("access_token"):
            raise WeChatError(41001, "access_token missing")
        if not params.get("openid"):
            raise WeChatError(41009, "missing openid")
        fate, grant = self._state.access_tokens.peek(params["access_token"])
        if grant is None:
            raise WeChatError(40001, "invalid credential, access_token is invalid or not latest")
        if fate is not Fate.GOOD:
            raise WeChatError(42001, "access_token expired")
        if params["openid"] != self._openid(grant):
            raise WeChatError(40003, "invalid openid")
        return grant

    def _tokens(self, grant: Grant) -> dict[str, Any]:
        return {
            "access_token": self._state.access_tokens.issue(grant, text=f"90_{secrets.token_urlsafe(64)}"),
            "expires_in": int(TOKEN_LIFETIME.total_seconds()),
            "refresh_token": self._state.refresh_tokens.issue(grant, text=f"90_{secrets.token_urlsafe(64)}"),
            "openid": self._openid(grant),
            "scope": grant.scope,
        }

    def _openid(self, grant: Grant) -> str:
        app = self._state.find_app(grant.app_id)
        assert app is not None
        return openid_of(app, grant.person)

    def _unionid(self, grant: Grant) -> str | None:
        app = self._state.find_app(grant.app_id)
        assert app is not None
        # An unannounced absence, as when the application loses its open-platform account.
        return None if Fault.NO_UNION_ID in self._faults.active else unionid_of(app, grant.person)


def _profile(person: Person, openid: str) -> dict[str, Any]:
    """Since 2021 sex and place come empty."""
    return {
        "openid": openid,
        "nickname": person.nickname,
        "sex": 0,
        "language": "",
        "city": "",
        "province": "",
        "country": "",
        "headimgurl": AVATAR_PATH.format(person=person.handle) if person.has_avatar else "",
        "privilege": [],
    }


def wechat_json(answer: Mapping[str, Any]) -> Response:
    """UTF-8 JSON with `\\/` escapes, called text/plain and given no charset."""
    text = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    body = re.sub(r"(?<!\\)/", r"\\/", text).encode()
    return Response(body, headers={"Content-Type": "text/plain"})
