"""Whose numbers somebody holds: asked of the identity provider with that person's own token.

ID numbers and credit codes are never in a token. They are fetched when a licence is looked up, kept for a minute in
memory under a hash of the token, and never logged.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx

from kernel.errors import Forbidden, Unavailable
from kernel.principal import Holder, HolderNumber, Principal
from kernel.web.bearer import NOT_ACCEPTED, InvalidToken

USCC_ID_TYPE = "001"
KEEP_SECONDS = 60
KEEP_ENTRIES = 10_000


class HolderDirectory:
    """Asks userinfo (OpenID Connect Core §5.3) and remembers the answer for a minute."""

    def __init__(
        self,
        userinfo: Callable[[str], Awaitable[Mapping[str, Any]]],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`userinfo` gives the claims for an access token; `userinfo_client` makes one over HTTP."""
        self._userinfo = userinfo
        self._monotonic = monotonic
        self._known: OrderedDict[str, tuple[float, Holder]] = OrderedDict()

    async def of(self, principal: Principal) -> Holder:
        """The numbers this person holds. Raises Forbidden (a program), InvalidToken, Unavailable."""
        if principal.access_token is None or principal.is_program:
            raise Forbidden("Only a person who is signed in has licences of their own.")
        key = hashlib.sha256(principal.access_token.encode()).hexdigest()
        now = self._monotonic()
        known = self._known.get(key)
        if known is not None and now - known[0] < KEEP_SECONDS:
            return known[1]
        claims = await self._userinfo(principal.access_token)
        if claims.get("sub") != principal.subject:
            raise InvalidToken(NOT_ACCEPTED, reason="userinfo speaks of somebody else")
        holder = holder_from_claims(claims)
        if holder.natural or principal.subject_type == "legal":
            # A person without a number is about to confirm one, and their licences must appear at once.
            self._remember(key, now, holder)
        return holder

    def forget(self, access_token: str) -> None:
        """Drop what is known under this token."""
        self._known.pop(hashlib.sha256(access_token.encode()).hexdigest(), None)

    def _remember(self, key: str, now: float, holder: Holder) -> None:
        self._known[key] = (now, holder)
        self._known.move_to_end(key)
        while len(self._known) > KEEP_ENTRIES or now - next(iter(self._known.values()))[0] > KEEP_SECONDS:
            self._known.popitem(last=False)


def holder_from_claims(claims: Mapping[str, Any]) -> Holder:
    """Claims `id_type`, `id_number`, `name`, `organisations: [{uscc, name, role, powers}]`; all may be absent."""
    natural: list[HolderNumber] = []
    if claims.get("id_number"):
        kind = str(claims.get("id_type") or "111")
        natural.append(HolderNumber("natural", kind, str(claims["id_number"]), str(claims.get("name") or "")))
    legal = [
        _organisation(each)
        for each in claims.get("organisations") or ()
        if isinstance(each, Mapping) and each.get("uscc")
    ]
    return Holder(tuple(natural), tuple(legal))


def _organisation(claim: Mapping[str, Any]) -> HolderNumber:
    powers = claim.get("powers")
    told = frozenset(str(each) for each in powers) if isinstance(powers, list) else None
    name, role = str(claim.get("name") or ""), str(claim.get("role") or "")
    return HolderNumber("legal", USCC_ID_TYPE, str(claim["uscc"]), name, role, told)


def userinfo_client(
    endpoint: Callable[[], Awaitable[str]], transport: httpx.AsyncBaseTransport | None = None
) -> Callable[[str], Awaitable[Mapping[str, Any]]]:
    """Ask the userinfo endpoint over HTTP; `endpoint` finds its address (from discovery)."""

    async def ask(access_token: str) -> Mapping[str, Any]:
        headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/json"}
        message = "Your details cannot be read just now. Try again in a few minutes."
        try:
            async with httpx.AsyncClient(transport=transport, timeout=10) as client:
                response = await client.get(await endpoint(), headers=headers)
        except httpx.HTTPError as error:
            raise Unavailable(message, reason=f"userinfo: {type(error).__name__}") from error
        if response.status_code == 401:
            raise InvalidToken(NOT_ACCEPTED, reason="userinfo refused the token")
        if response.status_code == 403:
            raise Forbidden("This needs the permission {scope}, which you have not been given.", scope="openid")
        if response.status_code != 200:
            raise Unavailable(message, reason=f"userinfo answered {response.status_code}")
        claims: Mapping[str, Any] = response.json()
        return claims

    return ask
