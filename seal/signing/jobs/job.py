"""A seal job as its requester and the API see it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kernel.audit.chain import Actor
from kernel.errors import XinyinError
from kernel.i18n import gettext
from seal.client import SealableFormat
from seal.documents.levels import PadesLevel
from seal.documents.placement.request import Placement, read_placements, to_json
from seal.seals.use_policy import IntendedUse


@dataclass(frozen=True)
class SentFile:
    """A file to be sealed; its name is the sender's."""

    name: str
    format: SealableFormat
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Wish:
    """What to do with each file: where, at which level, for what, and how the requester may use the seal."""

    placements: Sequence[Placement]
    purpose: str = ""
    reason: str = ""
    level: PadesLevel = "B-B"
    closing: bool = False
    use: IntendedUse = field(default_factory=lambda: IntendedUse("person"))

    def to_json(self) -> dict[str, Any]:
        """For keeping and for comparing requests."""
        use = {**vars(self.use), "roles": sorted(self.use.roles)}
        plain = {name: getattr(self, name) for name in ("purpose", "reason", "level", "closing")}
        return {"placements": to_json(self.placements), "use": use, **plain}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Wish":
        """What `to_json` wrote."""
        use = IntendedUse(**{**stored["use"], "roles": frozenset(stored["use"]["roles"])})
        return cls(**{**stored, "placements": read_placements(stored["placements"]), "use": use})


@dataclass(frozen=True)
class JobRequest:
    """Files to be sealed with one seal (id or code) by somebody. `key`: the `Idempotency-Key`, if any."""

    seal_id: str
    files: Sequence[SentFile]
    wish: Wish
    actor: Actor
    pin: str = field(default="", repr=False)
    key: str = ""

    @property
    def requester(self) -> str:
        """As jobs remember it."""
        return f"{self.actor.kind}:{self.actor.id}"


@dataclass(frozen=True)
class JobItem:
    """One file: `state` is "waiting", "done", "failed" or "cancelled".

    `time_stamp` of a sealed file: "pending" (it comes later, into the same file), "done", "failed", or None when none
    was wanted.
    """

    number: int
    name: str
    format: str
    state: str
    digest: str | None = None
    size: int | None = None
    fault: XinyinError | None = None
    time_stamp: str | None = None

    def to_dict(self, job_id: str) -> dict[str, Any]:
        """The file as the API shows it."""
        answer: dict[str, Any] = {
            "number": self.number,
            "name": self.name,
            "format": self.format,
            "state": self.state,
        }
        if self.state == "done" and self.digest:
            answer["digest"] = f"sha256:{self.digest}"
            answer["file"] = f"/api/v1/seal-jobs/{job_id}/files/{self.number}"
            if self.time_stamp:
                answer["time_stamp"] = self.time_stamp
        if self.fault is not None:
            answer["error"] = {
                "code": self.fault.code,
                "detail": gettext(self.fault.message, **self.fault.params),
                "errors": [
                    {"field": each.field, "message": gettext(each.message, **each.params)}
                    for each in getattr(self.fault, "fields", ())
                ],
            }
        return answer


@dataclass(frozen=True)
class SealJob:
    """A job with its files."""

    id: str
    seal_id: str
    stored_state: str
    purpose: str
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    items: Sequence[JobItem]
    total: int

    def count(self, state: str) -> int:
        """How many files are in a state."""
        return sum(each.state == state for each in self.items)

    @property
    def state(self) -> str:
        """ "waiting", "running", "done", "failed" (no file was sealed), "cancelled" or "expired"."""
        if self.stored_state in ("cancelled", "expired"):
            return self.stored_state
        if self.stored_state == "open":
            return "waiting" if self.count("waiting") == self.total else "running"
        return "done" if self.count("done") else "failed"

    def to_dict(self) -> dict[str, Any]:
        """The job as the API shows it."""
        done = self.count("done")
        answer: dict[str, Any] = {
            "id": self.id,
            "seal": self.seal_id,
            "state": self.state,
            "purpose": self.purpose,
            "total": self.total,
            "done": done,
            "failed": self.count("failed"),
            "created_at": self.created_at.isoformat(),
            "ended_at": self.ended_at.isoformat() if self.ended_at else None,
            "expires_at": self.expires_at.isoformat(),
            "items": [each.to_dict(self.id) for each in self.items],
        }
        if done == 1 and self.total == 1:
            answer["file"] = f"/api/v1/seal-jobs/{self.id}/file"
        if done:
            answer["archive"] = f"/api/v1/seal-jobs/{self.id}/files.zip"
        return answer
