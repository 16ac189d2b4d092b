"""A licence as the code speaks of it. Pure."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from kernel.ids.masking import mask_name, mask_number


class LicenceStatus(StrEnum):
    """The state of the record. Suspension alone can be undone; a newer version supersedes the one before."""

    VALID = "valid"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"


@dataclass(frozen=True)
class HolderIdentity:
    """Whose licence it is: `kind` natural or legal, `id_type` by GB/T 36903 Annex A, the canonical `number`."""

    kind: str
    id_type: str
    number: str = field(repr=False)
    name: str = field(repr=False)

    @property
    def masked_name(self) -> str:
        """For those who need not know whose it is; the name of an organisation is public."""
        return self.name if self.kind == "legal" else mask_name(self.name)

    @property
    def masked_number(self) -> str:
        """For those who need not know whose it is; an organisation's code is public."""
        return self.number if self.kind == "legal" else mask_number(self.number)


@dataclass(frozen=True)
class LicenceContent:
    """The personal part, kept under envelope. `salt` makes the public digest say nothing to a guesser."""

    holder: HolderIdentity
    fields: Mapping[str, Any] = field(repr=False)
    number: str = field(repr=False)
    salt: str = field(repr=False)


@dataclass(frozen=True)
class Licence:
    """One version of a licence, with its personal part. Digests are SHA-256 in hex."""

    id: str
    identifier: str
    type_code: str
    type_version: int
    type_name: str
    version: int
    status: LicenceStatus
    status_cause: str
    status_changed_at: datetime
    issuer_uscc: str
    issuer_name: str
    valid_from: date
    valid_to: date | None
    issued_at: datetime
    handle: str
    qr: str
    content_digest: str
    ofd_digest: str
    pdf_digest: str
    superseded_by: str | None
    content: LicenceContent = field(repr=False)

    def status_on(self, day: date) -> str:
        """The state as people understand it: a valid record outside its period is `expired` or `not_yet_valid`."""
        if self.status is not LicenceStatus.VALID:
            return self.status.value
        if day < self.valid_from:
            return "not_yet_valid"
        return "expired" if self.valid_to is not None and day > self.valid_to else "valid"


def content_digest(identifier: str, type_code: str, content: LicenceContent, period: tuple[date, date | None]) -> str:
    """SHA-256 over the canonical JSON of what the licence says, salted."""
    document = {
        "identifier": identifier,
        "type": type_code,
        "holder": vars(content.holder),
        "fields": dict(content.fields),
        "valid_from": period[0].isoformat(),
        "valid_to": period[1].isoformat() if period[1] else None,
        "salt": content.salt,
    }
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
