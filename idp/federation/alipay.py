"""Alipay: an `auth_code` in the callback, then two signed calls to one gateway, each answer verified over its raw text.

New applications see `open_id` alone, old ones `user_id`, some both while they move over; every identifier that comes is
kept, so the move needs nobody's attention.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta, timezone
from typing import Any
from urllib.parse import urlencode

from idp.federation.base import (
    AuthorizationStart,
    ExternalId,
    ExternalIdentity,
    FederationError,
    ProviderProtocolError,
    ProviderUnavailable,
    SignInExpired,
    presented_ids,
    refusal,
)
from idp.federation.signature import GatewayAnswer, MalformedAnswer, read_answer, sign_request
from idp.federation.wire import ProviderHttp, endpoint, text_of
from kernel.clock import Clock
from kernel.crypto.signatures import InvalidSignature, PublicKey, SigningKey
from kernel.errors import ConfigurationError

FAMILY = "alipay"
CHINA = timezone(timedelta(hours=8))
TOKEN = "alipay.system.oauth.token"  # noqa: S105 - the name of a method
PROFILE = "alipay.user.info.share"
BUSY = frozenset({"20000", "40005"})
RETRY_SECONDS = 0.3
REDIRECT_URI_LIMIT = 100


@dataclass(frozen=True)
class AlipayConfiguration:
    """Our RSA key and Alipay's. `account_scope` scopes `union_id`; once people have signed in, it must not change.

    Raises `ConfigurationError` for keys that cannot do RSA2.
    """

    app_id: str
    signing_key: SigningKey = field(repr=False)
    provider_key: PublicKey = field(repr=False)
    account_scope: str = ""
    base_url: str = ""

    def __post_init__(self) -> None:
        if self.signing_key.algorithm != "RS256":
            raise ConfigurationError("XINYIN_ALIPAY__PRIVATE_KEY_FILE must hold an RSA key.")
        if self.provider_key.algorithm != "RS256":
            raise ConfigurationError("XINYIN_ALIPAY__PROVIDER_PUBLIC_KEY_FILE must hold an RSA key.")


class AlipayConnector:
    """See `base.CallbackConnector`."""

    family = FAMILY

    def __init__(self, configuration: AlipayConfiguration, http: ProviderHttp, clock: Clock) -> None:
        self._configuration = configuration
        self._http = http
        self._clock = clock

    def start(self, request: AuthorizationStart) -> str:
        """The authorisation page. Alipay takes callback addresses of 100 characters at most."""
        if len(request.redirect_uri) > REDIRECT_URI_LIMIT:
            raise ProviderProtocolError(FAMILY, reason="callback address is longer than 100 characters")
        query = {
            "app_id": self._configuration.app_id,
            "scope": "auth_user",
            "redirect_uri": request.redirect_uri,
            "state": request.state,
        }
        page = endpoint(self._configuration.base_url, "openauth.alipay.com", "/oauth2/publicAppAuthorize.htm")
        return f"{page}?{urlencode(query)}"

    async def finish(self, params: Mapping[str, str], record: AuthorizationStart) -> ExternalIdentity:
        """A callback without `auth_code` is a refusal."""
        if not params.get("auth_code"):
            raise refusal(FAMILY)
        if params.get("app_id", self._configuration.app_id) != self._configuration.app_id:
            raise ProviderProtocolError(FAMILY, reason="callback names another application")
        tokens = await self._call(TOKEN, {"grant_type": "authorization_code", "code": params["auth_code"]})
        identifiers = self._identifiers(tokens)
        access_token = text_of(tokens, "access_token")
        if not identifiers or not access_token:
            raise ProviderProtocolError(FAMILY, reason="token answer without identifiers or access_token")
        profile = await self._profile(access_token, identifiers)
        return ExternalIdentity(
            family=FAMILY,
            identifiers=identifiers,
            nickname=text_of(profile, "nick_name"),
            avatar_url=text_of(profile, "avatar"),
        )

    def _identifiers(self, answer: Mapping[str, Any]) -> tuple[ExternalId, ...]:
        account = self._configuration.account_scope or "default"
        return presented_ids(
            FAMILY,
            ExternalId("union_id", account, text_of(answer, "union_id")),
            ExternalId("open_id", self._configuration.app_id, text_of(answer, "open_id")),
            # The account's own number, the same for every application.
            ExternalId("user_id", "alipay", text_of(answer, "user_id")),
        )

    async def _profile(self, access_token: str, identifiers: tuple[ExternalId, ...]) -> Mapping[str, Any]:
        """Nickname and picture; a sign-in does not fail for want of them."""
        try:
            profile = await self._call(PROFILE, {"auth_token": access_token})
        except ProviderUnavailable:
            return {}
        known = {each.kind: each.value for each in identifiers}
        if any(known.get(each.kind, each.value) != each.value for each in self._identifiers(profile)):
            raise ProviderProtocolError(FAMILY, reason="profile is about another account")
        return profile

    async def _call(self, method: str, business: Mapping[str, str]) -> Mapping[str, Any]:
        """One call; a busy gateway is asked once more, since it has not used the code up."""
        answer = await self._ask(method, business)
        if text_of(answer.content, "code") in BUSY:
            await asyncio.sleep(RETRY_SECONDS)
            answer = await self._ask(method, business)
        if not answer.is_success:
            raise _failure(answer.content)
        return answer.content

    async def _ask(self, method: str, business: Mapping[str, str]) -> GatewayAnswer:
        """A success must be signed; a failure may come without (Alipay does not know us yet when it fails early)."""
        protocol = {
            "app_id": self._configuration.app_id,
            "method": method,
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": f"{self._clock().astimezone(CHINA):%Y-%m-%d %H:%M:%S}",
            "version": "1.0",
        }
        protocol["sign"] = sign_request({**protocol, **business}, self._configuration.signing_key)
        url = endpoint(self._configuration.base_url, "openapi.alipay.com", "/gateway.do")
        text = await self._http.post(FAMILY, url, protocol, business)
        try:
            answer = read_answer(text, method)
            if answer.is_success or answer.signature:
                answer.verify(self._configuration.provider_key)
        except (MalformedAnswer, InvalidSignature) as failure:
            raise ProviderProtocolError(FAMILY, reason=f"{method}: {failure.reason or failure.code}") from None
        return answer


def _failure(content: Mapping[str, Any]) -> FederationError:
    """`sub_msg` may quote the string that was signed, code and all, so the two codes alone are kept."""
    code, sub_code = text_of(content, "code")[:16], text_of(content, "sub_code")[:80]
    reason = f"{code} {sub_code}"
    if code in BUSY:
        return ProviderUnavailable(FAMILY, reason=reason)
    if sub_code == "isv.code-invalid":
        return SignInExpired(reason=reason)
    return ProviderProtocolError(FAMILY, reason=reason)
