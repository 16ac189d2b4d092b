"""A holder's grant. Pure."""

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from kernel.ids.licence_identifier import LicenceIdentifier

LONGEST = timedelta(days=366)
LONGEST_PURPOSE = 200
HOLDER_FIELDS = ("holder_name", "holder_number", "number")
"""What a licence says beside the fields of its type."""


class GrantState(StrEnum):
    """How a grant stands."""

    ACTIVE = "active"
    USED = "used"
    REVOKED = "revoked"
    LAPSED = "lapsed"


@dataclass(frozen=True)
class Grant:
    """What a holder allowed.

    `root_identifier` names one licence through all its versions; empty: every licence of the type and holder.
    `with_file`: a copy of the whole licence may be had too.
    """

    id: str
    holder_index: str
    type_code: str
    root_identifier: str
    grantee_uscc: str
    grantee_name: str
    purpose: str = field(repr=False)
    fields: tuple[str, ...]
    with_file: bool
    single_use: bool
    until: datetime
    created_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None

    def state_at(self, now: datetime) -> GrantState:
        """Revocation is told before use, use before time."""
        if self.revoked_at is not None:
            return GrantState.REVOKED
        if self.single_use and self.used_at is not None:
            return GrantState.USED
        return GrantState.LAPSED if now >= self.until else GrantState.ACTIVE

    def covers(self, holder_index: str, type_code: str, identifier: str) -> bool:
        """Whether it speaks of this licence."""
        if self.holder_index != holder_index or self.type_code != type_code:
            return False
        return not self.root_identifier or self.root_identifier == root_of(identifier)

    def is_for(self, uscc: str, purpose: str) -> bool:
        """Whether it was given to this agency for this purpose, word for word."""
        return self.grantee_uscc == uscc and plain(self.purpose) == plain(purpose)


def root_of(identifier: str) -> str:
    """What all versions of a licence share: the identifier of its first one."""
    whole = LicenceIdentifier.parse(identifier)
    return str(LicenceIdentifier(whole.type_code, whole.issuer, whole.serial))


def plain(text: str) -> str:
    """A text as it is compared: one width, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).split())
