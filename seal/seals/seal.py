"""A seal as others see it, and the rules of its life."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from seal.seals.records import SealRow

SealState = Literal["draft", "active", "suspended", "revoked"]
Action = Literal["approve", "suspend", "resume", "revoke"]

RevocationReason = Literal["key-compromise", "affiliation-changed", "superseded", "cessation"]

REASON_CODES: Mapping[RevocationReason, int] = {
    "key-compromise": 1,
    "affiliation-changed": 3,
    "superseded": 4,
    "cessation": 5,
}
"""CRLReason (RFC 5280 §5.3.1)."""

TRANSITIONS: Mapping[Action, tuple[frozenset[SealState], SealState]] = {
    "approve": (frozenset({"draft"}), "active"),
    "suspend": (frozenset({"active"}), "suspended"),
    "resume": (frozenset({"suspended"}), "active"),
    "revoke": (frozenset({"draft", "active", "suspended"}), "revoked"),
}
"""From which states an action leads where. Revoked is for good."""


STATE_SENTENCES: Mapping[str, str] = {
    "draft": "This seal has not been approved yet.",
    "active": "This seal is in use already.",
    "suspended": "This seal is suspended.",
    "revoked": "This seal is revoked.",
}
"""What to say when a state does not allow what is asked."""


@dataclass(frozen=True)
class SealApplication:
    """What an applicant asks for. Without `picture` (PNG) it is drawn; without `code` the next one of the owner's area
    is taken. The owner is an organisation: unified social credit code and name."""

    name: str
    owner_uscc: str
    owner_name: str
    code: str | None = None
    bottom_text: str = ""
    picture: bytes | None = None
    size_mm: int = 42
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    filing_number: str | None = None


@dataclass(frozen=True)
class Seal:
    """One seal of the register; `state` is "expired" when an active seal's period is over."""

    id: str
    code: str
    name: str
    owner_uscc: str
    owner_name: str
    state: str
    state_since: datetime
    valid_from: datetime
    valid_to: datetime
    size_mm: int
    filing_number: str | None
    applied_by: str
    applied_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    sm2_certificate: bytes | None
    p256_certificate: bytes | None

    @classmethod
    def of(cls, row: SealRow, now: datetime) -> "Seal":
        """What a row says as of `now`."""
        state = "expired" if row.state == "active" and row.valid_to < now else row.state
        same = {name: getattr(row, name) for name in cls.__dataclass_fields__ if name != "state"}
        return cls(state=state, **same)

    def to_dict(self) -> dict[str, Any]:
        """The seal as the API shows it."""
        return {
            "id": self.id,
            "code": self.code,
            "name": self.name,
            "owner": {"uscc": self.owner_uscc, "name": self.owner_name},
            "state": self.state,
            "state_since": self.state_since.isoformat(),
            "valid_from": self.valid_from.isoformat(),
            "valid_to": self.valid_to.isoformat(),
            "size_mm": self.size_mm,
            "filing_number": self.filing_number,
            "applied_by": self.applied_by,
            "applied_at": self.applied_at.isoformat(),
            "approved_by": self.approved_by,
            "approved_at": self.approved_at.isoformat() if self.approved_at else None,
            "picture": f"/api/v1/seals/{self.id}/picture",
        }


@dataclass(frozen=True)
class SealUse:
    """One use of a seal."""

    id: str
    digest: str
    format: str
    purpose: str
    actor: str
    at: datetime

    def to_dict(self) -> dict[str, Any]:
        """The use as the API shows it."""
        return {
            "id": self.id,
            "digest": f"sha256:{self.digest}",
            "format": self.format,
            "purpose": self.purpose,
            "actor": self.actor,
            "at": self.at.isoformat(),
        }
