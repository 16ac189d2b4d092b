"""The `claims` parameter (OpenID Connect Core §5.5): claims asked for one by one, and conditions on `sub` and `acr`."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kernel.errors import InvalidInput

GOVERNED_BY: Mapping[str, str] = {
    "name": "profile",
    "preferred_username": "profile",
    "locale": "profile",
    "phone_number": "phone",
    "phone_number_verified": "phone",
    "email": "email",
    "email_verified": "email",
    "organisation": "organisation",
    "id_type": "realname",
    "id_number": "realname",
    "organisations": "realname",
}
"""Which scope a claim belongs to. Claims that are not here are passed over."""

USERINFO_ONLY = frozenset({"realname"})
"""Real names and ID numbers are never in tokens, whoever asks."""

LONGEST = 4096


@dataclass(frozen=True)
class RequestedClaims:
    """What was asked for by name. `acr_values`: classes that are essential; `sub`: the person that must be meant."""

    userinfo: tuple[str, ...] = ()
    id_token: tuple[str, ...] = ()
    acr_values: tuple[str, ...] = ()
    sub: str | None = None

    @property
    def scopes(self) -> frozenset[str]:
        """The scopes that must be agreed to for these claims."""
        return frozenset(GOVERNED_BY[name] for name in (*self.userinfo, *self.id_token))

    def to_json(self) -> dict[str, Any] | None:
        """For the token family; None when nothing was asked for."""
        kept = {"userinfo": list(self.userinfo), "id_token": list(self.id_token)}
        return kept if any(kept.values()) else None


def read_requested_claims(text: str) -> RequestedClaims:
    """Read the parameter. Raises `InvalidInput`."""
    members = _load(text)
    userinfo, id_token = _member(members, "userinfo"), _member(members, "id_token")
    return RequestedClaims(
        userinfo=_known(userinfo),
        id_token=tuple(name for name in _known(id_token) if GOVERNED_BY[name] not in USERINFO_ONLY),
        acr_values=_essential_acr(id_token),
        sub=_wanted_sub(id_token) or _wanted_sub(userinfo),
    )


def claims_asked(requested: Mapping[str, Any] | None, place: str) -> frozenset[str]:
    """The names kept with a family for `userinfo` or `id_token`."""
    names: Iterable[str] = (requested or {}).get(place, ())
    return frozenset(names)


def _load(text: str) -> Mapping[str, Any]:
    try:
        members = json.loads(text) if len(text) <= LONGEST else None
    except (ValueError, RecursionError):
        members = None
    if not isinstance(members, dict):
        raise InvalidInput("The claims parameter is not a JSON object.")
    return members


def _member(members: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = members.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(each is None or isinstance(each, dict) for each in found.values()):
        raise InvalidInput("A member of the claims parameter is not as OpenID Connect has it.")
    return found


def _known(member: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(name for name in member if name in GOVERNED_BY)


def _values(request: Any) -> tuple[str, ...]:
    if not isinstance(request, dict):
        return ()
    values = request.get("values") if isinstance(request.get("values"), list) else [request.get("value")]
    return tuple(value for value in values or () if isinstance(value, str))


def _essential_acr(member: Mapping[str, Any]) -> tuple[str, ...]:
    request = member.get("acr")
    is_essential = isinstance(request, dict) and request.get("essential") is True
    return _values(request) if is_essential else ()


def _wanted_sub(member: Mapping[str, Any]) -> str | None:
    return next(iter(_values(member.get("sub"))), None)
