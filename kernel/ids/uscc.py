"""Unified social credit codes of organisations (GB 32100-2015)."""

from dataclasses import dataclass

from kernel.errors import InvalidInput
from kernel.ids.typed_text import canonical_text

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""31 characters: no I, O, S, V, Z."""

_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True)
class Uscc:
    """18 characters whose last is right. `Uscc.parse` also takes lower case and full-width input."""

    value: str

    def __post_init__(self) -> None:
        if len(self.value) != 18:
            raise InvalidInput(
                "A unified social credit code has 18 characters; this has {count}.", count=len(self.value)
            )
        for position, character in enumerate(self.value, 1):
            if character not in ALPHABET:
                raise InvalidInput(
                    "{character} at position {position} does not occur in unified social credit codes.",
                    character=character,
                    position=position,
                )
        if not self.area_code.isdigit():
            raise InvalidInput("Positions 3 to 8 are an area code: six digits.")
        expected = check_character(self.value[:17])
        if self.value[17] != expected:
            raise InvalidInput("The last character should be {expected}.", expected=expected)

    @classmethod
    def parse(cls, text: str) -> "Uscc":
        """Read typed text; raises InvalidInput naming what is wrong."""
        return cls(canonical_text(text))

    @property
    def authority(self) -> str:
        """The registering authority: 1 establishment of public bodies, 5 civil affairs, 9 market regulation, …"""
        return self.value[0]

    @property
    def category(self) -> str:
        """The kind of organisation within the authority."""
        return self.value[1]

    @property
    def area_code(self) -> str:
        """GB/T 2260 code of the registering authority."""
        return self.value[2:8]

    @property
    def organisation_code(self) -> str:
        """The nine characters of GB 11714."""
        return self.value[8:17]

    @property
    def organisation_code_holds(self) -> bool:
        """Whether the inner code's own check character is right. A warning only: some issued codes break it."""
        total = sum(
            int(character, 36) * weight
            for character, weight in zip(self.organisation_code, _ORGANISATION_WEIGHTS, strict=False)
        )
        return "0X987654321"[total % 11] == self.organisation_code[8]

    @property
    def synthetic(self) -> bool:
        """Whether the area does not exist (99…): test data."""
        return self.area_code.startswith("99")

    def __str__(self) -> str:
        return self.value


def check_character(first_seventeen: str) -> str:
    """GB 32100 §5: the 18th character for 17 characters of the alphabet."""
    total = sum(ALPHABET.index(character) * weight for character, weight in zip(first_seventeen, _WEIGHTS, strict=True))
    return ALPHABET[-total % 31]
