"""What the status lists at hand say about one licence (draft-ietf-oauth-status-list-20 §8.3). Pure."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from kernel.crypto.jose import MAX_LIST_BYTES, InvalidToken, JwkSet, verify_jws
from kernel.errors import InvalidInput
from kernel.i18n import DISPLAY_ZONE
from licence_vault.status.encoding import StatusArray, StatusType
from seal.validation.report import Check, SubIndication, failed, passed, undecided, warning
from verify.standing import LicenceState
from verify.trust_list.document import QrKey

STATUS = "Licence status"
NO_LIST = "Not checked: that needs the issuer's service. Whether the licence was revoked since is unknown."
NO_PLACE = "The status list has no place for this licence."
OLDER = "Not checked: the status list at hand is older than the licence. List of {time}."
CLOCKS_DIFFER = timedelta(minutes=5)

BAD_NEWS_SENTENCES = {
    StatusType.REVOKED: "The issuer's signed list says that the licence is revoked. List of {time}.",
    StatusType.SUSPENDED: "The issuer's signed list says that the licence is suspended. List of {time}.",
    StatusType.SUPERSEDED: "The issuer's signed list says that a newer version replaced the licence. List of {time}.",
}
_REFERENCE = re.compile(r"(https?://[^\s#]{1,200}/api/v1/status/[1-9]\d{0,9})#(0|[1-9]\d{0,9})")


@dataclass(frozen=True)
class StatusReference:
    """Where a licence's status stands: the list's address, which is its name too, and the index."""

    uri: str
    index: int

    @classmethod
    def parse(cls, text: str) -> "StatusReference | None":
        """From `https://issuer/api/v1/status/3#1234`, as files carry it; None for anything else."""
        found = _REFERENCE.fullmatch(text.strip())
        return cls(found.group(1), int(found.group(2))) if found else None


@dataclass(frozen=True)
class StatusList:
    """A list whose signature held: the moment it speaks of, and when it may no longer be relied on."""

    uri: str
    issued_at: datetime
    expires_at: datetime
    statuses: StatusArray


def load_status_list(unverified: str, keys: Sequence[QrKey]) -> StatusList:
    """A Status List Token that its own issuer signed with one of `keys`; raises InvalidToken.

    An issuer's key counts below the issuer's own address alone: nobody clears the licences of another.
    """
    for issuer in dict.fromkeys(key.issuer for key in keys):
        own = JwkSet.of([key.spki for key in keys if key.issuer == issuer])
        try:
            header, payload = verify_jws(unverified, own, ["ES256"], max_bytes=MAX_LIST_BYTES)
        except InvalidToken:
            continue
        if str(header.get("typ", "")).lower().removeprefix("application/") != "statuslist+jwt":
            raise InvalidToken("wrong type")
        return _read_list(_object(json.loads(payload)), issuer)
    raise InvalidToken("no key fits the signature")


def _read_list(claims: Mapping[str, Any], issuer: str) -> StatusList:
    uri, issued, expires = claims.get("sub"), claims.get("iat"), claims.get("exp")
    listed = _object(claims.get("status_list"))
    lst, bits = listed.get("lst"), listed.get("bits")
    if not isinstance(uri, str) or not uri.startswith(f"{issuer}/"):
        raise InvalidToken("the list of somebody else")
    if not (isinstance(lst, str) and isinstance(bits, int)):
        raise InvalidToken("no list")
    return StatusList(uri, _time(issued), _time(expires), StatusArray.load(lst, bits))


def judge_status(
    reference: StatusReference | None, issued_at: datetime | None, lists: Sequence[StatusList], at: datetime
) -> tuple[LicenceState | None, Check]:
    """The state, where a list tells of a bad one, and the check "Licence status" as of `at`.

    The newest list with the licence counts. A list from before `issued_at`, when the licence was issued, tells nothing.
    """
    fitting = [each for each in lists if reference is not None and each.uri == reference.uri]
    if reference is None or not fitting:
        return None, warning(STATUS, NO_LIST)
    newest = max(fitting, key=lambda each: each.issued_at)
    time = f"{newest.issued_at.astimezone(DISPLAY_ZONE):%Y-%m-%d %H:%M}"
    if reference.index >= len(newest.statuses):
        return None, undecided(STATUS, SubIndication.FORMAT_FAILURE, NO_PLACE)
    status = StatusType(newest.statuses[reference.index] & 3)
    if status is not StatusType.VALID:
        return _bad_news(status, time)
    if issued_at is not None and newest.issued_at < issued_at:
        return None, warning(STATUS, OLDER, time=time)
    if not newest.issued_at - CLOCKS_DIFFER <= at <= newest.expires_at:
        hours = max(0, int((at - newest.issued_at).total_seconds() // 3600))
        detail = "The status list at hand is too old to rely on: {hours} hours. Fetch a new one. List of {time}."
        return None, undecided(STATUS, SubIndication.TRY_LATER, detail, hours=hours, time=time)
    return None, passed(STATUS, "Not revoked and not suspended, says the issuer's signed list of {time}.", time=time)


def _bad_news(status: StatusType, time: str) -> tuple[LicenceState, Check]:
    """Bad news does not grow old: what was revoked stays so, and the rest is for the issuer's service to clear up."""
    sentence = BAD_NEWS_SENTENCES[status]
    if status is StatusType.SUSPENDED:
        return LicenceState.SUSPENDED, undecided(STATUS, SubIndication.REVOKED, sentence, time=time)
    state = LicenceState.SUPERSEDED if status is StatusType.SUPERSEDED else LicenceState.REVOKED
    return state, failed(STATUS, SubIndication.REVOKED, sentence, time=time)


def readable_lists(tokens: Sequence[str], keys: Sequence[QrKey]) -> list[StatusList]:
    """The lists that hold; one that does not is as good as none (§9: the others still count)."""
    lists = []
    for token in tokens:
        try:
            lists.append(load_status_list(token, keys))
        except (InvalidToken, InvalidInput, ValueError):
            continue
    return lists


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InvalidToken("not an object")
    return value


def _time(value: object) -> datetime:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 253_402_300_800:
        raise InvalidToken("a time is missing")
    return datetime.fromtimestamp(value, UTC)
