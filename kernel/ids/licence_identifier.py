"""Identifiers of electronic licences (GB/T 36904-2018).

`1.2.156.3005.2.` type(21) `.` issuer `.` serial `.` version(3) `.` check(1), all in one form: digits and capitals.
"""

import re
from dataclasses import dataclass, replace

from kernel.errors import InvalidInput
from kernel.ids.typed_text import canonical_text

ROOT = "1.2.156.3005.2"

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_TYPE = re.compile(r"[0-9A-Z]{18}[0-9]{3}")
_ISSUER = re.compile(r"[0-9A-Z]{6,18}")
_SERIAL = re.compile(r"[0-9A-Z]{1,64}")
_SHAPE = re.compile(rf"{re.escape(ROOT)}\.([^.]+)\.([^.]+)\.([^.]+)\.([0-9]{{3}})\.([0-9A-Z])", re.ASCII)
_LAST_VERSION = 999


@dataclass(frozen=True)
class LicenceIdentifier:
    """One licence in one version. The check character is computed, so it is always right.

    `type_code`: USCC of the defining authority and three digits. `issuer`: USCC, or an area code of six digits.
    `serial`: the number the issuer gave. `version`: 1 for the first issue, then one more for each re-issue.
    """

    type_code: str
    issuer: str
    serial: str
    version: int = 1

    def __post_init__(self) -> None:
        if not _TYPE.fullmatch(self.type_code):
            raise InvalidInput("The type code must be 18 digits or capitals, then three digits.")
        if not _ISSUER.fullmatch(self.issuer):
            raise InvalidInput("The issuer must be given by its unified social credit code or area code.")
        if not _SERIAL.fullmatch(self.serial):
            raise InvalidInput("The serial number must be 1 to 64 digits or capitals.")
        if not 1 <= self.version <= _LAST_VERSION:
            raise InvalidInput("The version must be from 001 to 999.")

    @classmethod
    def parse(cls, text: str) -> "LicenceIdentifier":
        """Read typed text; raises InvalidInput naming what is wrong, a wrong check character included."""
        identifier, holds = cls.parse_leniently(text)
        if not holds:
            raise InvalidInput("The last character should be {expected}.", expected=identifier.check)
        return identifier

    @classmethod
    def parse_leniently(cls, text: str) -> tuple["LicenceIdentifier", bool]:
        """For collecting old licences: the identifier, and whether its check character was right as written."""
        match = _SHAPE.fullmatch(canonical_text(text))
        if not match:
            raise InvalidInput("A licence identifier reads {root}.type.issuer.serial.version.check.", root=ROOT)
        type_code, issuer, serial, version, check = match.groups()
        identifier = cls(type_code, issuer, serial, int(version))
        return identifier, identifier.check == check

    @property
    def check(self) -> str:
        """The check character over type, issuer, serial and version."""
        return check_character(f"{self.type_code}{self.issuer}{self.serial}{self.version:03}")

    def next_version(self) -> "LicenceIdentifier":
        """The identifier of the re-issued licence; raises InvalidInput after version 999."""
        return replace(self, version=self.version + 1)

    def __str__(self) -> str:
        return f"{ROOT}.{self.type_code}.{self.issuer}.{self.serial}.{self.version:03}.{self.check}"


def check_character(text: str) -> str:
    """ISO/IEC 7064 MOD 37,36 (GB/T 17710) over digits and capitals."""
    carry = 36
    for character in text:
        carry = (carry + _ALPHABET.index(character)) % 36 or 36
        carry = carry * 2 % 37
    return _ALPHABET[(37 - carry) % 36]
