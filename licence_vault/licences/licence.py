"""A licence as the code speaks of it. Pure."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from kernel.i18n import current_locale
from kernel.ids.masking import mask_name, mask_number


class LicenceStatus(StrEnum):
    """The state of the record. Suspension alone can be undone; a newer version supersedes the one before."""

    VALID = "valid"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"


CAUSE_CODES = {
    "01": ("有效", "In force"),
    "02": ("暂扣", "Withheld"),
    "03": ("撤销", "Withdrawn"),
    "04": ("注销", "Cancelled"),
    "05": ("失效", "Lapsed"),
    "06": ("转出", "Moved away"),
    "07": ("吊销", "Taken away"),
    "99": ("其他", "Other"),
}
"""Why a licence stands as it does, by the codes of the national standards of licence types: Chinese, English."""


def code_name(code: str) -> str:
    """What a cause code means, in the reader's language; empty when there is none."""
    chinese, english = CAUSE_CODES.get(code, ("", ""))
    return chinese if current_locale().startswith("zh") else english


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
    cause_code: str
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


def effective_cause(licence: Licence, day: date) -> str:
    """The cause code on a day: a period that is over means 05, whatever stands in the record."""
    if licence.status is LicenceStatus.VALID and licence.status_on(day) == "expired":
        return "05"
    return licence.cause_code


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
