"""Resident identity card numbers (GB 11643-1999), with the 15-digit form of before 1999."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from kernel.errors import InvalidInput
from kernel.ids.typed_text import canonical_text

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"

_PAIRS = "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83"
PROVINCES = frozenset(_PAIRS.split())
"""Province pairs of GB/T 2260, and 81, 82, 83 of the residence permits for Hong Kong, Macao and Taiwan residents.

Only the pair is checked: people keep numbers whose county code was abolished.
"""

SYNTHETIC_PROVINCE = "99"


@dataclass(frozen=True)
class ResidentId:
    """18 characters with a known province, a real birth date and the right check character."""

    value: str

    def __post_init__(self) -> None:
        if len(self.value) != 18:
            raise InvalidInput("A resident ID number has 18 characters; this has {count}.", count=len(self.value))
        body, last = self.value[:17], self.value[17]
        if not (body.isascii() and body.isdigit()) or last not in _CHECKS:
            raise InvalidInput("A resident ID number is 17 digits and a last digit or X.")
        if self.value[:2] not in PROVINCES and not self.synthetic:
            raise InvalidInput("No province has a code beginning with {pair}.", pair=self.value[:2])
        _read_date(self.value[6:14])
        expected = check_character(body)
        if last != expected:
            raise InvalidInput("The last character should be {expected}.", expected=expected)

    @classmethod
    def parse(cls, text: str) -> "ResidentId":
        """Read typed text, 18 or 15 characters; raises InvalidInput naming what is wrong."""
        value = canonical_text(text)
        if len(value) == 15 and value.isascii() and value.isdigit():
            body = value[:6] + "19" + value[6:]
            value = body + check_character(body)
        return cls(value)

    @property
    def area_code(self) -> str:
        """GB/T 2260 code of where the number was first given out."""
        return self.value[:6]

    @property
    def birth_date(self) -> date:
        return _read_date(self.value[6:14])

    @property
    def sex(self) -> Literal["male", "female"]:
        return "male" if int(self.value[16]) % 2 else "female"

    @property
    def synthetic(self) -> bool:
        """Whether the area does not exist (99…): test data, never a person."""
        return self.value.startswith(SYNTHETIC_PROVINCE)

    def __str__(self) -> str:
        return self.value


def check_character(first_seventeen: str) -> str:
    """MOD 11-2 (GB 11643 §3.4) over 17 digits."""
    total = sum(int(digit) * weight for digit, weight in zip(first_seventeen, _WEIGHTS, strict=True))
    return _CHECKS[total % 11]


def _read_date(digits: str) -> date:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError as error:
        raise InvalidInput("The birth date in the number does not exist.") from error
