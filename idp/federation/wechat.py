"""WeChat: QR sign-in for web sites (网站应用), and consent inside WeChat (公众号网页授权) with credentials of its own.

The same person has another openid in each of the two applications; the unionid of the shared open-platform account ties
them, so it comes first. HTTP 200 covers every error; `errcode` alone is matched, its text and `rid` change.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from idp.federation.base import (
    AuthorizationStart,
    ExternalId,
    ExternalIdentity,
    ProviderProtocolError,
    ProviderRefused,
    ProviderUnavailable,
    SignInExpired,
    Surface,
    presented_ids,
    refusal,
)
from idp.federation.wire import ProviderHttp, endpoint, parse_object, text_of

FAMILY = "wechat"
BUSY = frozenset({-1, 45009, 45011})
CODE_IS_OVER = frozenset({40029, 40163, 42003})
PERSON_MUST_AGREE_AGAIN = frozenset({42007, 50001, 50002})
RETRY_SECONDS = 0.3
ELSEWHERE = "Sign-in with WeChat does not work in this browser. Open this page in another one, or sign in another way."
INSIDE_WECHAT = "Sign-in with WeChat works here only inside WeChat. Open this page there, or sign in another way."
PREVIEW = "WeChat shows this page as a preview. Press “Use the full service” at the bottom and sign in again."


@dataclass(frozen=True)
class WeChatConfiguration:
    """Credentials: `app_id` of the web-site application, `mp_app_id` of the official account; either may be absent.

    `account_scope` names the open-platform account; once people have signed in, it must not change.
    """

    app_id: str = ""
    app_secret: str = field(default="", repr=False)
    mp_app_id: str = ""
    mp_app_secret: str = field(default="", repr=False)
    account_scope: str = ""
    base_url: str = ""


@dataclass(frozen=True)
class _Credentials:
    app_id: str
    app_secret: str = field(repr=False)
    page: str
    scope: str


class WeChatConnector:
    """See `base.CallbackConnector`."""

    family = FAMILY

    def __init__(self, configuration: WeChatConfiguration, http: ProviderHttp) -> None:
        self._configuration = configuration
        self._http = http

    def start(self, request: AuthorizationStart) -> str:
        """The QR page, or inside WeChat the consent page. WeChat wants this order and this fragment."""
        credentials = self._credentials(request.surface)
        query = urlencode(
            {
                "appid": credentials.app_id,
                "redirect_uri": request.redirect_uri,
                "response_type": "code",
                "scope": credentials.scope,
                "state": request.state,
            }
        )
        page = endpoint(self._configuration.base_url, "open.weixin.qq.com", credentials.page)
        return f"{page}?{query}#wechat_redirect"

    async def finish(self, params: Mapping[str, str], record: AuthorizationStart) -> ExternalIdentity:
        """A callback without a code is a refusal."""
        if not params.get("code"):
            raise refusal(FAMILY)
        credentials = self._credentials(record.surface)
        tokens = await self._call(
            "/sns/oauth2/access_token",
            {
                "appid": credentials.app_id,
                "secret": credentials.app_secret,
                "code": params["code"],
                "grant_type": "authorization_code",
            },
        )
        if tokens.get("is_snapshotuser"):
            raise ProviderRefused(PREVIEW)
        openid = text_of(tokens, "openid")
        if not openid or not text_of(tokens, "access_token"):
            raise ProviderProtocolError(FAMILY, reason="token answer without openid or access_token")
        profile = await self._profile(text_of(tokens, "access_token"), openid)
        unionid = self._agreed(text_of(tokens, "unionid"), text_of(profile, "unionid"))
        account = self._configuration.account_scope or "default"
        return ExternalIdentity(
            family=FAMILY,
            identifiers=presented_ids(
                FAMILY, ExternalId("unionid", account, unionid), ExternalId("openid", credentials.app_id, openid)
            ),
            nickname=text_of(profile, "nickname"),
            avatar_url=text_of(profile, "headimgurl"),
        )

    def _credentials(self, surface: Surface) -> _Credentials:
        known = self._configuration
        if surface is Surface.IN_WECHAT:
            if not known.mp_app_id:
                raise ProviderRefused(ELSEWHERE)
            return _Credentials(known.mp_app_id, known.mp_app_secret, "/connect/oauth2/authorize", "snsapi_userinfo")
        if not known.app_id:
            raise ProviderRefused(INSIDE_WECHAT)
        return _Credentials(known.app_id, known.app_secret, "/connect/qrconnect", "snsapi_login")

    async def _profile(self, access_token: str, openid: str) -> dict[str, Any]:
        """Nickname and picture; a sign-in does not fail for want of them."""
        try:
            profile = await self._call(
                "/sns/userinfo", {"access_token": access_token, "openid": openid, "lang": "zh_CN"}
            )
        except ProviderUnavailable:
            return {}
        if text_of(profile, "openid") != openid:
            raise ProviderProtocolError(FAMILY, reason="profile is about another openid")
        return profile

    def _agreed(self, in_token: str, in_profile: str) -> str:
        if in_token and in_profile and in_token != in_profile:
            raise ProviderProtocolError(FAMILY, reason="token and profile name different unionids")
        return in_token or in_profile

    async def _call(self, path: str, params: Mapping[str, str]) -> dict[str, Any]:
        """One API call; a busy WeChat is asked once more, since it has not used the code up."""
        url = endpoint(self._configuration.base_url, "api.weixin.qq.com", path)
        answer = parse_object(FAMILY, await self._http.get(FAMILY, url, params))
        if answer.get("errcode") in BUSY:
            await asyncio.sleep(RETRY_SECONDS)
            answer = parse_object(FAMILY, await self._http.get(FAMILY, url, params))
        if answer.get("errcode"):
            raise _failure(answer)
        return answer


def _failure(answer: Mapping[str, Any]) -> Exception:
    """The error that an errcode means. Its text may quote what we sent, so the number and `rid` alone are kept."""
    errcode = answer["errcode"]
    if not isinstance(errcode, int):
        return ProviderProtocolError(FAMILY, reason="errcode is not a number")
    trace = text_of(answer, "errmsg").rpartition("rid: ")[2][:40] if "rid: " in text_of(answer, "errmsg") else "-"
    reason = f"errcode {errcode}, rid {trace}"
    if errcode in BUSY:
        return ProviderUnavailable(FAMILY, reason=reason)
    if errcode in CODE_IS_OVER:
        return SignInExpired(reason=reason)
    if errcode in PERSON_MUST_AGREE_AGAIN:
        return refusal(FAMILY)
    return ProviderProtocolError(FAMILY, reason=reason)
