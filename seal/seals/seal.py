"""A seal as others see it, and the rules of its life (《电子印章管理办法》, GB/T 33481-2016)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, get_args

from seal.seals.bindings import Bindings
from seal.seals.use_policy import UsePolicy

if TYPE_CHECKING:  # rows know these classes, not the other way round
    from seal.seals.records import SealEventRow, SealRow

SealState = Literal["draft", "rejected", "imported", "active", "suspended", "replaced", "revoked"]
Action = Literal["attach", "approve", "reject", "withdraw", "suspend", "resume", "replace", "revoke"]

RevocationReason = Literal["key-compromise", "affiliation-changed", "superseded", "cessation"]
SuspensionCause = Literal["owner-request", "key-at-risk", "investigation", "reorganisation", "overdue-check"]

REASON_CODES: Mapping[RevocationReason, int] = {
    "key-compromise": 1,
    "affiliation-changed": 3,
    "superseded": 4,
    "cessation": 5,
}
"""CRLReason (RFC 5280 §5.3.1)."""

SUSPENSION_CAUSES: tuple[SuspensionCause, ...] = get_args(SuspensionCause)

TRANSITIONS: Mapping[Action, tuple[frozenset[SealState], SealState]] = {
    "attach": (frozenset({"imported"}), "draft"),
    "approve": (frozenset({"draft"}), "active"),
    "reject": (frozenset({"draft"}), "rejected"),
    "withdraw": (frozenset({"draft"}), "rejected"),
    "suspend": (frozenset({"active"}), "suspended"),
    "resume": (frozenset({"suspended"}), "active"),
    "replace": (frozenset({"active", "suspended"}), "replaced"),
    "revoke": (frozenset({"draft", "imported", "active", "suspended"}), "revoked"),
}
"""From which states an action leads where. Rejected, replaced and revoked are for good."""


STATE_SENTENCES: Mapping[str, str] = {
    "draft": "This seal has not been approved yet.",
    "rejected": "The application for this seal was rejected.",
    "imported": "This seal is known here, but its key is elsewhere. It cannot be used here.",
    "active": "This seal is in use already.",
    "suspended": "This seal is suspended.",
    "replaced": "Another seal has taken the place of this one.",
    "revoked": "This seal is revoked.",
}
"""What to say when a state does not allow what is asked."""


@dataclass(frozen=True)
class SealSearch:
    """Which seals to list; what is left out does not narrow. `text` is part of a name or the beginning of a code."""

    owner_uscc: str | None = None
    state: str | None = None
    text: str = ""
    expiring_before: datetime | None = None
    now: datetime | None = None
    before: str | None = None


@dataclass(frozen=True)
class Seal:
    """One seal of the register; `state` is "expired" when an active seal's period is over.

    `cause` says why it is in its state. `origin` is "made" here or "imported". `replaces` and `replaced_by` are the ids
    of the seals that had its code before and after it. `stated_owner`: whose an imported seal says it is, where that is
    not its owner here.
    """

    id: str
    code: str
    name: str
    owner_uscc: str
    owner_name: str
    shape: str
    state: str
    state_since: datetime
    cause: str | None
    valid_from: datetime
    valid_to: datetime
    size_mm: int
    height_mm: int
    picture_format: str
    filing_number: str | None
    basis: str | None
    applied_by: str
    applied_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    sm2_certificate: bytes | None
    p256_certificate: bytes | None
    esl: bytes | None
    origin: str
    key_name: str | None
    holds_code: bool
    replaces: str | None
    replaced_by: str | None
    stated_owner: str | None = None
    bindings: Bindings = field(default_factory=Bindings)
    use_policy: UsePolicy = field(default_factory=UsePolicy)

    @classmethod
    def of(cls, row: "SealRow", now: datetime) -> "Seal":
        """What a row says as of `now`."""
        own = {"state", "use_policy", "height_mm", "bindings"}
        same = {name: getattr(row, name) for name in cls.__dataclass_fields__ if name not in own}
        return cls(
            state="expired" if row.state == "active" and row.valid_to < now else row.state,
            use_policy=UsePolicy.read(row.use_policy or {}),
            bindings=Bindings.read(row.bindings),
            height_mm=row.height_mm or row.size_mm,
            **same,
        )

    def to_dict(self) -> dict[str, Any]:
        """The seal as the API shows it."""
        return {
            "id": self.id,
            "code": self.code,
            "name": self.name,
            "owner": {"uscc": self.owner_uscc, "name": self.owner_name},
            "shape": self.shape,
            "state": self.state,
            "state_since": self.state_since.isoformat(),
            "cause": self.cause,
            "valid_from": self.valid_from.isoformat(),
            "valid_to": self.valid_to.isoformat(),
            "size_mm": self.size_mm,
            "height_mm": self.height_mm,
            "filing_number": self.filing_number,
            "basis": self.basis,
            "applied_by": self.applied_by,
            "applied_at": self.applied_at.isoformat(),
            "approved_by": self.approved_by,
            "approved_at": self.approved_at.isoformat() if self.approved_at else None,
            "origin": self.origin,
            "stated_owner": self.stated_owner,
            "replaces": self.replaces,
            "replaced_by": self.replaced_by,
            "use_policy": self.use_policy.to_dict(),
            "picture": f"/api/v1/seals/{self.id}/picture",
        }

    def to_standing(self) -> dict[str, Any]:
        """What everybody may know; of a person's seal not the name."""
        public = {} if self.shape == "name" else {"name": self.name, "owner": self.owner_name}
        ended = self.state == "expired"
        return public | {
            "code": self.code,
            "state": self.state,
            "since": (self.valid_to if ended else self.state_since).isoformat(),
            "cause": self.cause,
            "valid_from": self.valid_from.isoformat(),
            "valid_to": self.valid_to.isoformat(),
            "bindings": self.bindings.to_dict(),
        }


@dataclass(frozen=True)
class SealEvent:
    """One change in a seal's life."""

    action: str
    cause: str | None
    note: str | None
    actor_kind: str
    actor: str
    at: datetime

    @classmethod
    def of(cls, row: "SealEventRow") -> "SealEvent":
        """What a row says."""
        return cls(row.action, row.cause, row.note, row.actor_kind, row.actor_id, row.at)

    def to_dict(self) -> dict[str, Any]:
        """The change as the API shows it."""
        return {
            "action": self.action,
            "cause": self.cause,
            "note": self.note,
            "actor": self.actor,
            "at": self.at.isoformat(),
        }


@dataclass(frozen=True)
class SealUse:
    """One use of a seal."""

    id: str
    digest: str
    format: str
    purpose: str
    actor_kind: str
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
