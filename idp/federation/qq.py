"""QQ Connect: code, token, openid (with unionid where Tencent granted that right), profile.

`fmt=json` is asked for everywhere, yet JSONP and url-encoded text are read too: older nodes and errors still answer so.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from idp.federation.base import (
    AuthorizationStart,
    ExternalId,
    ExternalIdentity,
    FederationError,
    ProviderProtocolError,
    ProviderUnavailable,
    SignInExpired,
    Surface,
    presented_ids,
    refusal,
)
from idp.federation.wire import ProviderHttp, endpoint, parse_object, text_of

FAMILY = "qq"
HOST = "graph.qq.com"
BUSY = frozenset({-1, 100029})
CODE_IS_OVER = frozenset({100019, 100020})
UNIONID_NOT_GRANTED = 100048
JSONP = re.compile(r"\s*callback\(\s*(\{.*\})\s*\)\s*;?\s*", re.DOTALL)


@dataclass(frozen=True)
class QQConfiguration:
    """`account_scope` names the company whose applications share unionids; once used, it must not change."""

    app_id: str
    app_key: str = field(repr=False)
    account_scope: str = ""
    base_url: str = ""


class QQConnector:
    """See `base.CallbackConnector`."""

    family = FAMILY

    def __init__(self, configuration: QQConfiguration, http: ProviderHttp) -> None:
        self._configuration = configuration
        self._http = http

    def start(self, request: AuthorizationStart) -> str:
        """The sign-in page; a phone needs `display=mobile`, or the QQ application is not opened."""
        query = {
            "response_type": "code",
            "client_id": self._configuration.app_id,
            "redirect_uri": request.redirect_uri,
            "state": request.state,
            "scope": "get_user_info",
        }
        if request.surface is not Surface.DESKTOP:
            query["display"] = "mobile"
        return f"{self._url('/oauth2.0/authorize')}?{urlencode(query)}"

    async def finish(self, params: Mapping[str, str], record: AuthorizationStart) -> ExternalIdentity:
        """With `msg` beside it, `code` is an error number; without a code the person refused."""
        if "msg" in params:
            raise ProviderProtocolError(FAMILY, reason=f"callback with error {_number(params.get('code'))}")
        if not params.get("code"):
            raise refusal(FAMILY)
        access_token = await self._redeem(params["code"], record.redirect_uri)
        me = await self._identify(access_token)
        openid = text_of(me, "openid")
        if not openid or text_of(me, "client_id") != self._configuration.app_id:
            raise ProviderProtocolError(FAMILY, reason="openid answer is for another application")
        profile = await self._profile(access_token, openid)
        account = self._configuration.account_scope or "default"
        return ExternalIdentity(
            family=FAMILY,
            identifiers=presented_ids(
                FAMILY,
                ExternalId("unionid", account, text_of(me, "unionid")),
                ExternalId("openid", self._configuration.app_id, openid),
            ),
            nickname=text_of(profile, "nickname"),
            avatar_url=text_of(profile, "figureurl_qq_2") or text_of(profile, "figureurl_qq_1"),
        )

    async def _redeem(self, code: str, redirect_uri: str) -> str:
        answer = await self._call(
            "/oauth2.0/token",
            {
                "grant_type": "authorization_code",
                "client_id": self._configuration.app_id,
                "client_secret": self._configuration.app_key,
                "code": code,
                "redirect_uri": redirect_uri,
            },
        )
        if "error" in answer:
            raise _failure(answer)
        if not text_of(answer, "access_token"):
            raise ProviderProtocolError(FAMILY, reason="token answer without access_token")
        return text_of(answer, "access_token")

    async def _identify(self, access_token: str) -> dict[str, Any]:
        """openid, and unionid where we may see it."""
        answer = await self._call("/oauth2.0/me", {"access_token": access_token, "unionid": "1"})
        if _number(answer.get("error")) == UNIONID_NOT_GRANTED:
            answer = await self._call("/oauth2.0/me", {"access_token": access_token})
        if "error" in answer:
            raise _failure(answer)
        return answer

    async def _profile(self, access_token: str, openid: str) -> dict[str, Any]:
        """Nickname and picture; a sign-in does not fail for want of them."""
        params = {
            "access_token": access_token,
            "oauth_consumer_key": self._configuration.app_id,
            "openid": openid,
        }
        try:
            answer = await self._call("/user/get_user_info", params)
        except ProviderUnavailable:
            return {}
        return answer if answer.get("ret") == 0 else {}

    async def _call(self, path: str, params: Mapping[str, str]) -> dict[str, Any]:
        return parse_answer(await self._http.get(FAMILY, self._url(path), {**params, "fmt": "json"}))

    def _url(self, path: str) -> str:
        return endpoint(self._configuration.base_url, HOST, path)


def parse_answer(text: str) -> dict[str, Any]:
    """Read JSON, `callback( {…} );` or url-encoded text. Raises `ProviderProtocolError`."""
    wrapped = JSONP.fullmatch(text)
    if wrapped:
        return parse_object(FAMILY, wrapped[1])
    if text.lstrip().startswith("{"):
        return parse_object(FAMILY, text)
    try:
        pairs = parse_qsl(text, strict_parsing=True, max_num_fields=20)
    except ValueError:
        raise ProviderProtocolError(FAMILY, reason="answer is neither JSON, JSONP nor url-encoded") from None
    if not pairs or len(dict(pairs)) != len(pairs):
        raise ProviderProtocolError(FAMILY, reason="answer is empty or repeats a name")
    return dict(pairs)


def _failure(answer: Mapping[str, Any]) -> FederationError:
    number = _number(answer.get("error"))
    reason = f"error {number}"
    if number in BUSY:
        return ProviderUnavailable(FAMILY, reason=reason)
    if number in CODE_IS_OVER:
        return SignInExpired(reason=reason)
    return ProviderProtocolError(FAMILY, reason=reason)


def _number(value: object) -> int | None:
    """An error number, which comes as a number or as its digits."""
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,9}", value) else None
