"""graph.qq.com: token, openid, profile."""

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xinyin.sandbox.faults import Fault, FaultSwitch
from xinyin.sandbox.grants import Fate, Grant
from xinyin.sandbox.qq.state import TOKEN_LIFETIME, QQState, openid_of, unionid_of
from xinyin.sandbox.qq.wire import QQError, error_answer, jsonp, plain_json, urlencoded

Params = Mapping[str, str]


def api_routes(state: QQState, faults: FaultSwitch) -> list[Route]:
    """The three endpoints; the token endpoint takes POST too, as the real one does."""
    api = _Api(state, faults)
    return [
        Route("/oauth2.0/token", api.endpoint(api.token), methods=["GET", "POST"]),
        Route("/oauth2.0/me", api.endpoint(api.me)),
        Route("/user/get_user_info", api.endpoint(api.profile)),
    ]


class _Api:
    def __init__(self, state: QQState, faults: FaultSwitch) -> None:
        self._state = state
        self._faults = faults

    def endpoint(self, action: Callable[[Params], Response]) -> Any:
        async def answer(request: Request) -> Response:
            broken = await self._faults.before_answer()
            if broken:
                return broken
            params = {**request.query_params, **{k: str(v) for k, v in (await request.form()).items()}}
            try:
                if self._faults.strikes(Fault.BUSY):
                    raise QQError(-1, "system error")
                return action(params)
            except QQError as error:
                return error_answer(error, as_json=params.get("fmt") == "json")

        return answer

    def token(self, params: Params) -> Response:
        grant = self._grant_for(params)
        answer: dict[str, Any] = {
            "access_token": self._state.access_tokens.issue(grant, text=secrets.token_hex(16).upper()),
            # A string, even in JSON.
            "expires_in": str(int(TOKEN_LIFETIME.total_seconds())),
            "refresh_token": self._state.refresh_tokens.issue(grant, text=secrets.token_hex(16).upper()),
        }
        if params.get("need_openid") == "1":
            answer["openid"] = openid_of(grant.app_id, grant.person)
        return plain_json(answer) if params.get("fmt") == "json" else urlencoded(answer)

    def _grant_for(self, params: Params) -> Grant:
        if not params.get("client_id"):
            raise QQError(100001, "param client_id is wrong or lost ")
        app = self._state.find_app(params["client_id"])
        if app is None:
            raise QQError(100008, "appid is not exist")
        if not params.get("client_secret"):
            raise QQError(100002, "param client_secret is wrong or lost ")
        if not secrets.compare_digest(params["client_secret"].encode(), app.app_key.encode()):
            raise QQError(100009, "client secret is illegal")
        if params.get("grant_type") == "refresh_token":
            return self._refreshed(params)
        if params.get("grant_type") != "authorization_code":
            raise QQError(100004, "param grant_type is wrong or lost ")
        return self._redeemed(params)

    def _redeemed(self, params: Params) -> Grant:
        if not params.get("code"):
            raise QQError(100005, "param code is wrong or lost ")
        fate, value = self._state.codes.peek(params["code"])
        if fate is Fate.USED:
            raise QQError(100020, "code is reused error")
        if fate is not Fate.GOOD or value is None or value[0].app_id != params["client_id"]:
            raise QQError(100019, "code to access token error")
        grant, redirect_uri = value
        if params.get("redirect_uri") != redirect_uri:
            raise QQError(100010, "redirect uri is illegal")
        self._state.codes.redeem(params["code"])
        return grant

    def _refreshed(self, params: Params) -> Grant:
        if not params.get("refresh_token"):
            raise QQError(100006, "param refresh_token is wrong or lost ")
        fate, grant = self._state.refresh_tokens.redeem(params["refresh_token"])
        if fate is not Fate.GOOD or grant is None or grant.app_id != params["client_id"]:
            raise QQError(100013, "access token is illegal")
        return grant

    def me(self, params: Params) -> Response:
        grant = self._check_token(params)
        app = self._state.find_app(grant.app_id)
        assert app is not None
        answer = {"client_id": grant.app_id, "openid": openid_of(grant.app_id, grant.person)}
        if params.get("unionid") == "1":
            if not app.union_granted or Fault.NO_UNION_ID in self._faults.active:
                raise QQError(100048, "companyid not set")
            answer["unionid"] = unionid_of(grant.person)
        return plain_json(answer) if params.get("fmt") == "json" else jsonp(answer)

    def profile(self, params: Params) -> Response:
        """Errors here are `ret` and `msg`, not `error`."""
        try:
            grant = self._check_token(params)
        except QQError as error:
            return plain_json({"ret": error.number, "msg": error.description})
        wrong = params.get("oauth_consumer_key") != grant.app_id or params.get("openid") != openid_of(
            grant.app_id, grant.person
        )
        if wrong or self._faults.strikes(Fault.NO_PROFILE):
            return plain_json({"ret": 2021, "msg": "请先登录"})
        return plain_json(_profile(grant))

    def _check_token(self, params: Params) -> Grant:
        if not params.get("access_token"):
            raise QQError(100007, "param access token is wrong or lost ")
        fate, grant = self._state.access_tokens.peek(params["access_token"])
        if fate is Fate.EXPIRED:
            raise QQError(100014, "access token expired")
        if grant is None:
            raise QQError(100016, "access token check failed")
        return grant


def _profile(grant: Grant) -> dict[str, Any]:
    person = grant.person
    old = f"http://qzapp.qlogo.cn/qzapp/{grant.app_id}/{person.handle}"
    new = f"http://thirdqq.qlogo.cn/g?b=oidb&k={person.handle}&s="
    return {
        "ret": 0, "msg": "", "is_lost": 0, "nickname": person.nickname, "gender": person.gender or "男",
        "gender_type": 1 if person.gender == "女" else 2, "province": "", "city": person.city, "year": "1990",
        "constellation": "", "figureurl": f"{old}/30", "figureurl_1": f"{old}/50", "figureurl_2": f"{old}/100",
        "figureurl_qq_1": f"{new}40", "figureurl_qq_2": f"{new}100" if person.has_avatar else "",
        "figureurl_qq": f"{new}640" if person.has_avatar else "", "figureurl_type": "1", "is_yellow_vip": "0",
        "vip": "0", "yellow_vip_level": "0", "level": "0", "is_yellow_year_vip": "0",
    }  # fmt: skip
