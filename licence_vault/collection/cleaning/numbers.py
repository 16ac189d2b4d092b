"""Resident ID numbers and credit codes: the old form of 15 digits, and what a wrong one may have been. Pure.

GB 11643-1999 (the 18th character is ISO 7064 MOD 11-2) and GB 32100-2015 §5. A repair is a proposal, never a change:
that the check character fits says that a number is possible, not whose it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from kernel.errors import InvalidInput
from kernel.ids.holder_codes import RESIDENT_ID, USCC, parse_holder_number
from kernel.ids.resident_id import ResidentId, check_character
from kernel.ids.uscc import ALPHABET

MOST_REPAIRS = 6
_LOOKS_LIKE_DIGIT = str.maketrans("OQDILZSBG", "000112586")
_LOOKS_LIKE_CODE = str.maketrans("IOSVZ", "105U2")
_ALIKE = {frozenset(pair) for pair in ("17", "38", "06", "56", "08", "35", "69", "89", "27", "B8", "D0", "G6", "UY")}


@dataclass(frozen=True)
class Repair:
    """A right number near a wrong one; `reason` is how it may have come about: a code of `rules.json`."""

    number: str
    reason: str


def holds(id_type: str, number: str) -> bool:
    """Whether this is a right number of its kind as it stands."""
    try:
        return parse_holder_number(id_type, number) == number
    except InvalidInput:
        return False


def lengthened(number: str) -> str | None:
    """The 18 characters of an old ID number of 15 digits; None when it is not one.

    They were given until 1999 to people born in the 1900s; the orders 996 to 999 were for those born before, whose
    century the number does not say.
    """
    if len(number) != 15 or not (number.isascii() and number.isdigit()) or number[12:] in ("996", "997", "998", "999"):
        return None
    first = f"{number[:6]}19{number[6:]}"
    longer = first + check_character(first)
    return longer if holds(RESIDENT_ID.code, longer) else None


def repairs(id_type: str, number: str, today: date) -> list[Repair]:
    """Right numbers that typing or reading one wrong could have come from, the likeliest first; none for a right one.

    Only for the kinds that have a check character. Letters taken for digits come first, then neighbours that changed
    places, then one character taken for another that looks like it, then any one character.
    """
    if id_type not in (RESIDENT_ID.code, USCC.code) or holds(id_type, number) or len(number) != 18:
        return []
    found: dict[str, Repair] = {}
    for candidate, reason in _candidates(id_type, number):
        if candidate not in found and holds(id_type, candidate) and _plausible(id_type, candidate, today):
            found[candidate] = Repair(candidate, reason)
            if len(found) == MOST_REPAIRS:
                break
    return list(found.values())


def _candidates(id_type: str, number: str) -> Iterator[tuple[str, str]]:
    personal = id_type == RESIDENT_ID.code
    table = _LOOKS_LIKE_DIGIT if personal else _LOOKS_LIKE_CODE
    last = number[17] if personal and number[17] == "X" else number[17].translate(table)
    start = number[:17].translate(table) + last
    if start != number:
        yield start, "letters-for-digits"
    for index in range(17):
        if start[index] != start[index + 1]:
            yield start[:index] + start[index + 1] + start[index] + start[index + 2 :], "transposed"
    alphabet = "0123456789" if personal else ALPHABET
    single = [
        (start[:index] + each + start[index + 1 :], frozenset((start[index], each)) in _ALIKE)
        for index in range(18)
        for each in (alphabet + "X" if personal and index == 17 else alphabet)
        if each != start[index]
    ]
    yield from ((each, "look-alike") for each, alike in single if alike)
    yield from ((each, "one-character") for each, alike in single if not alike)


def _plausible(id_type: str, number: str, today: date) -> bool:
    """Whoever holds a licence was born since 1900, and not after today."""
    return id_type != RESIDENT_ID.code or date(1900, 1, 1) <= ResidentId(number).birth_date <= today
