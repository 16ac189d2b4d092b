"""The standing of all seals of a register as one signed list, for verifiers with no connection (状态发布).

A compact JWS (ES256, `typ` "seal-status+jwt"): `iss`, `iat`, `exp`, and `seals`, each with code, state and since
when, the digests of the seals that have this code (`seals`), and the fingerprints of the certificates of their makers
(`makers`) and signers (`signers`): SHA-256 over DER, hex.
Pure: whoever signs and whoever stores it stand elsewhere.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from kernel.crypto.jose import MAX_LIST_BYTES, InvalidToken, JwkSet, verify_jws
from seal.validation.trust import SealState, SealStatus

TYPE = "seal-status+jwt"
GOOD_FOR = timedelta(days=1)
_BINDINGS = ("seals", "makers", "signers")
_STATES: Mapping[str, SealState] = {"active": "active", "suspended": "suspended", "revoked": "revoked"}


@dataclass(frozen=True)
class SealStatusList:
    """Codes and their standing as of `issued_at`; after `expires_at` good news in it may no longer be relied on."""

    issuer: str
    issued_at: datetime
    expires_at: datetime
    standings: Mapping[str, SealStatus]

    @classmethod
    def now(cls, issuer: str, standings: Mapping[str, SealStatus], at: datetime) -> "SealStatusList":
        """A list made at this moment, good for a day."""
        issued = at.replace(microsecond=0)
        return cls(issuer, issued, issued + GOOD_FOR, standings)

    def to_claims(self) -> dict[str, object]:
        """What is signed."""
        return {
            "iss": self.issuer,
            "iat": int(self.issued_at.timestamp()),
            "exp": int(self.expires_at.timestamp()),
            "seals": [
                {"code": code, "state": each.state, "since": int(each.since.timestamp()), **_bindings(each)}
                for code, each in sorted(self.standings.items())
            ],
        }

    def standing_at(self, code: str, now: datetime) -> SealStatus | None:
        """What the list says of a seal; of a list that is too old, with the moment it speaks of."""
        status = self.standings.get(code)
        if status is None or now < self.expires_at:
            return status
        return replace(status, as_of=self.issued_at)


def load_status_list(unverified: str, spkis: Collection[bytes]) -> SealStatusList:
    """A list that one of these keys (DER) signed; raises InvalidToken. Its age is the caller's to judge."""
    header, payload = verify_jws(unverified, JwkSet.of(list(spkis)), ["ES256"], max_bytes=MAX_LIST_BYTES)
    if str(header.get("typ", "")).lower().removeprefix("application/") != TYPE:
        raise InvalidToken("wrong type")
    try:
        return _read(json.loads(payload))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError, RecursionError) as failure:
        raise InvalidToken("not a list of seals") from failure


def _read(claims: Mapping[str, Any]) -> SealStatusList:
    standings = {}
    for entry in claims["seals"]:
        # A state of a later edition is no permission.
        state = _STATES.get(str(entry["state"]), "revoked")
        told: dict[str, Any] = {name: _digests(entry[name]) for name in _BINDINGS if name in entry}
        standings[str(entry["code"])] = SealStatus(state, _moment(entry["since"]), **told)
    return SealStatusList(str(claims["iss"]), _moment(claims["iat"]), _moment(claims["exp"]), standings)


def _bindings(status: SealStatus) -> dict[str, list[str]]:
    told = {name: getattr(status, name) for name in _BINDINGS}
    return {name: sorted(digests) for name, digests in told.items() if digests is not None}


def _digests(told: object) -> frozenset[str]:
    if not isinstance(told, list):
        raise TypeError("not digests")
    return frozenset(map(str, told))


def _moment(seconds: object) -> datetime:
    if isinstance(seconds, bool) or not isinstance(seconds, int):
        raise TypeError("not a time")
    return datetime.fromtimestamp(seconds, UTC)
