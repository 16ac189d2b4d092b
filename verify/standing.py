"""How a licence stands now: what verification may know of it, and whom it asks.

A standing is the public face alone: numbers and names arrive already masked, so that nothing here can leak them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from kernel.i18n import gettext


class LicenceState(StrEnum):
    """The record's validity at one moment, in the words of the verification answer."""

    VALID = "valid"
    NOT_YET_VALID = "not_yet_valid"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    UNKNOWN = "unknown"
    PRESENTATION_EXPIRED = "presentation_expired"


STATE_TITLES = {
    LicenceState.VALID: "Valid",
    LicenceState.NOT_YET_VALID: "Not valid yet",
    LicenceState.SUSPENDED: "Suspended",
    LicenceState.REVOKED: "Revoked",
    LicenceState.EXPIRED: "Expired",
    LicenceState.SUPERSEDED: "Replaced by a newer version",
    LicenceState.UNKNOWN: "Not found",
    LicenceState.PRESENTATION_EXPIRED: "This code has lapsed",
}

# Shape before colour: which of the shell's status shapes stands for which state.
STATE_MARKS = {
    LicenceState.VALID: "valid",
    LicenceState.NOT_YET_VALID: "pending",
    LicenceState.SUSPENDED: "suspended",
    LicenceState.REVOKED: "revoked",
    LicenceState.EXPIRED: "expired",
    LicenceState.SUPERSEDED: "expired",
    LicenceState.UNKNOWN: "unknown",
    LicenceState.PRESENTATION_EXPIRED: "unknown",
}

# GB/T 36906-2018, result codes of data verification: 0 correct and valid, 1 not active yet, 2 suspended,
# 3 no longer valid, 5 no such record. (4 and 6 belong to calls that bring fields to compare.)
DATA_CODES = {
    LicenceState.VALID: 0,
    LicenceState.NOT_YET_VALID: 1,
    LicenceState.SUSPENDED: 2,
    LicenceState.REVOKED: 3,
    LicenceState.EXPIRED: 3,
    LicenceState.SUPERSEDED: 3,
    LicenceState.UNKNOWN: 5,
    LicenceState.PRESENTATION_EXPIRED: 5,
}


@dataclass(frozen=True)
class LogEntry:
    """Where a sealed file stands in the public log: entry `index` (from 0) of `tree_size`, proven when asked.

    `holds_file` says whether that entry commits to the very file in question.
    """

    index: int
    tree_size: int
    holds_file: bool


@dataclass(frozen=True)
class LicenceStanding:
    """The public face of one licence version and its state at the moment of asking.

    `cause` is the reason for a revocation or suspension in plain words, `changed_at` when the state began;
    `newer_version` is the version that took its place; `disclosed` holds what the holder chose to show (holder_name,
    holder_number, number). `copy_until`: the file in question is a purpose-bound copy, good until then.
    `shown_fields`: labels and texts, in the reader's language, of fields that the holder chose to show; `purpose`: what
    the holder said that this is for, and `shown_until` when the code lapses. `content_digest`: of what the record says
    (hex); told to nobody, compared with what credentials carry.
    """

    identifier: str
    version: int
    type_code: str
    type_name: str
    issuer_name: str
    issuer_uscc: str
    number_masked: str
    holder_masked: str
    valid_from: date | None
    valid_to: date | None
    state: LicenceState
    cause: str | None = None
    changed_at: datetime | None = None
    newer_version: int | None = None
    disclosed: dict[str, str] = field(default_factory=dict)
    log_entry: LogEntry | None = None
    copy_until: datetime | None = None
    content_digest: str = ""
    shown_fields: Sequence[tuple[str, str]] = ()
    purpose: str = ""
    shown_until: datetime | None = None

    @property
    def mark(self) -> str:
        """Which of the shell's status shapes stands for the state."""
        return STATE_MARKS[self.state]

    @property
    def title(self) -> str:
        """The state in the reader's language."""
        return gettext(STATE_TITLES[self.state])

    def to_json(self) -> dict[str, object]:
        """The part of a report or verdict that speaks of the licence; a missing `valid_to` means long-term."""
        face: dict[str, object] = {
            "identifier": self.identifier,
            "version": self.version,
            "status": self.state.value,
            "code": DATA_CODES[self.state],
            "type": self.type_code,
            "type_name": self.type_name,
            "issuing_authority": {"name": self.issuer_name, "uscc": self.issuer_uscc},
            "number_masked": self.number_masked,
            "holder_masked": self.holder_masked,
            "valid_from": self.valid_from.isoformat() if self.valid_from else None,
            "valid_to": self.valid_to.isoformat() if self.valid_to else None,
        }
        if self.cause is not None:
            face["status_cause"] = self.cause
        if self.changed_at is not None:
            face["status_changed_at"] = self.changed_at.isoformat()
        if self.newer_version is not None:
            face["superseded_by_version"] = self.newer_version
        if self.copy_until is not None:
            face["copy"] = {"expires_at": self.copy_until.isoformat()}
        if self.log_entry is not None:
            face["log_entry"] = {"index": self.log_entry.index, "tree_size": self.log_entry.tree_size}
        if self.disclosed:
            face["disclosed"] = dict(self.disclosed)
        if self.shown_fields:
            face["shown_fields"] = [{"label": label, "text": text} for label, text in self.shown_fields]
        if self.shown_until is not None:
            face["presentation"] = {"purpose": self.purpose, "expires_at": self.shown_until.isoformat()}
        return face


class LicenceStandings(Protocol):
    """Who knows how licences stand now. Nothing may be cached on the way."""

    async def find_by_handle(self, handle: str) -> LicenceStanding | None:
        """The licence whose static QR code holds this handle."""
        ...

    async def find_by_identifier(self, identifier: str) -> LicenceStanding | None:
        """The licence version with this GB/T 36904 identifier."""
        ...

    async def state_on(self, identifier: str, day: date) -> LicenceState | None:
        """How this licence version stood at the end of a day in China; None before it was issued."""
        ...

    async def find_by_file_digest(self, sha256: str) -> LicenceStanding | None:
        """The licence version for which a sealed file with this digest (hex) stands in the ledger."""
        ...

    async def field_texts(self, type_code: str, version: int, fields: Mapping[str, object]) -> list[tuple[str, str]]:
        """Labels and texts, in the reader's language, of fields that somebody disclosed of a licence of this type."""
        ...


class Presentations(Protocol):
    """Who opens the codes that holders show on their phones."""

    async def open(self, code: str) -> LicenceStanding:
        """The licence that is being shown; counts as one scan and is told to the holder.

        Raises `Gone` when the code has lapsed or is used up, `NotFound` when there is none for this verifier.
        """
        ...
