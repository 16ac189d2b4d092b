"""X.509 times, as certificates in the wild write them."""

import re
from datetime import UTC, datetime, timedelta

from kernel.crypto.der.reader import GENERALIZED_TIME, UTC_TIME, Element, expect

_FORM = re.compile(r"(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?(?:[.,](\d{1,9}))?(Z|[+-]\d{4})?")


def read_time(element: Element) -> datetime:
    """A UTC-aware moment from UTCTime or GeneralizedTime; raises ValueError.

    RFC 5280 wants seconds and `Z`; missing seconds and zone offsets are read too. No zone means UTC.
    """
    text = expect(element, UTC_TIME, GENERALIZED_TIME).content.decode("ascii")
    match = _FORM.fullmatch(text)
    if not match or (len(match[1]) == 2) != (element.tag == UTC_TIME):
        raise ValueError("bad time")
    year = int(match[1])
    if element.tag == UTC_TIME:
        year += 1900 if year >= 50 else 2000
    month, day, hour, minute, second = (int(part or 0) for part in match.group(2, 3, 4, 5, 6))
    moment = datetime(year, month, day, hour, minute, second, _microseconds(match[7]), tzinfo=UTC)
    zone = match[8]
    if not zone or zone == "Z":
        return moment
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:]))
    try:
        return moment - offset if zone[0] == "+" else moment + offset
    except OverflowError as error:
        raise ValueError("bad time") from error


def _microseconds(fraction: str | None) -> int:
    """Digits beyond the sixth are dropped."""
    return int(fraction[:6].ljust(6, "0")) if fraction else 0
