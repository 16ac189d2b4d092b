"""A person as the rest of the identity provider handles them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

ACR_PREFIX = "urn:xinyin:acr:l"


class PersonState(StrEnum):
    """Whether a person may sign in."""

    ACTIVE = "active"
    DISABLED = "disabled"


@dataclass(frozen=True)
class Person:
    """What may be shown without opening an envelope. `id` is the `sub` of every token."""

    id: str
    username: str | None
    display_name: str
    locale: str
    state: PersonState
    assurance_level: int
    created_at: datetime
    signed_out_before: datetime | None

    def stands_by(self, signed_in_at: datetime) -> bool:
        """Whether a sign-in of that moment still counts: the person is active and did not change the password since."""
        return self.is_active and (self.signed_out_before is None or signed_in_at >= self.signed_out_before)

    @property
    def is_active(self) -> bool:
        """Whether the person may sign in."""
        return self.state is PersonState.ACTIVE


@dataclass(frozen=True)
class RealName:
    """A person's identity in the register. `id_type` is a code of GB/T 36903 (111 = resident identity card)."""

    id_type: str
    id_number: str
    name: str


HIGHEST_ONLINE_LEVEL = 3
"""What a person can reach by themselves, on our pages; level 4 needs a counter or a strong credential."""


def level_of(acr_value: str) -> int | None:
    """The level that a context class names, if it is one of ours."""
    level = acr_value.removeprefix(ACR_PREFIX)
    return int(level) if acr_value.startswith(ACR_PREFIX) and level in {"1", "2", "3", "4"} else None


def acr(level: int) -> str:
    """The authentication context class of an assurance level 1–4."""
    return f"{ACR_PREFIX}{level}"
