"""Days as old licences write them. Pure.

A day is read only when there is one reading; a month without its day and a year of two digits are proposals, which
somebody who sees the licence decides on.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime

_DIGITS = {character: str(index) for index, character in enumerate("〇一二三四五六七八九")} | {
    "零": "0", "○": "0", "Ｏ": "0", "０": "0", "◯": "0", "壹": "1", "贰": "2", "叁": "3", "肆": "4", "伍": "5",
    "陆": "6", "柒": "7", "捌": "8", "玖": "9", "元": "1", "两": "2",
}  # fmt: skip
_ZERO = "〇零○◯OoＯ0０"
_CHINESE_YEAR = re.compile(
    f"([一二三四五六七八九壹贰叁肆伍陆柒捌玖][{_ZERO}一二三四五六七八九壹贰叁肆伍陆柒捌玖]{{3}})年"
)
_NUMBER = "[〇零○◯元一二三四五六七八九十廿卅壹贰叁肆伍陆柒捌玖拾]{1,4}"
_CHINESE = re.compile(f"{_CHINESE_YEAR.pattern}(?:({_NUMBER})月(?:({_NUMBER})[日号])?)?")
_WESTERN = re.compile(r"([0-9]{4})(?:[-/.\\年,]([0-9]{1,2})(?:[-/.\\月,]([0-9]{1,2})[日号]?|月)?|年)")
_JOINED = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})?")
_SHORT = re.compile(r"([0-9]{2})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})[日号]?")
_CLOCK = re.compile(r"[T ]?[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?Z?$")
_FIRST_SERIAL, _LAST_SERIAL = 20000, 60000  # the years 1954 to 2064 in spreadsheets
_EPOCH = date(1899, 12, 30)
_EARLIEST, _LATEST = 1900, 2199


@dataclass(frozen=True)
class DayReading:
    """`day` when there is one reading; else the readings that are possible, for somebody to choose from."""

    day: date | None = None
    possible: tuple[date, ...] = ()


def read_old_day(text: str, *, ends: bool = False) -> DayReading:
    """What day `text` means; `ends`: it is the last day of a period, so that a bare month means its last day."""
    plain = "".join(_CLOCK.sub("", text.strip()).split())
    if match := _CHINESE.fullmatch(plain):
        year = int("".join(_DIGITS.get(each, "0") for each in match[1]))
        return _reading(year, _small(match[2]), _small(match[3]), ends)
    if match := _WESTERN.fullmatch(plain) or _JOINED.fullmatch(plain):
        month, day = (int(each) if each else None for each in match.groups()[1:3])
        return _reading(int(match[1]), month, day, ends)
    if match := _SHORT.fullmatch(plain):
        short, month, day = (int(each) for each in match.groups())
        found = [_day(century + short, month, day) for century in (1900, 2000)]
        return DayReading(possible=tuple(each for each in found if each))
    if plain.isascii() and plain.isdigit() and _FIRST_SERIAL <= int(plain) <= _LAST_SERIAL:
        return DayReading(possible=(date.fromordinal(_EPOCH.toordinal() + int(plain)),))
    return DayReading()


def _reading(year: int, month: int | None, day: int | None, ends: bool) -> DayReading:
    if not _EARLIEST <= year <= _LATEST or (month is not None and not 1 <= month <= 12):
        return DayReading()
    if month is not None and day is not None:
        return DayReading(_day(year, month, day))
    month = month or (12 if ends else 1)
    last = calendar.monthrange(year, month)[1]
    return DayReading(possible=(date(year, month, last if ends else 1),))


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return datetime(year, month, day).date()  # noqa: DTZ001 - a day of the calendar has no zone
    except ValueError:
        return None


def _small(text: str | None) -> int | None:
    """A number up to 39 in Chinese: 五, 十二, 二十一, 廿三, 〇五."""
    if text is None:
        return None
    plain = text.replace("拾", "十").replace("廿", "二十").replace("卅", "三十")
    if "十" not in plain:
        return int("".join(_DIGITS[each] for each in plain))
    tens, _ten, ones = plain.partition("十")
    if len(tens) > 1 or len(ones) > 1 or "十" in ones:
        return 0
    return 10 * int(_DIGITS[tens] if tens else "1") + int(_DIGITS[ones] if ones else "0")
