"""What a validation says. Names of checks and their details are English msgids, translated where they are shown."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

Translate = Callable[..., str]
"""`kernel.i18n.gettext` or a stand-in: takes a msgid and its parameters by name."""


class Indication(StrEnum):
    """The main verdict (EN 319 102-1 §5.1.3)."""

    PASSED = "TOTAL-PASSED"
    FAILED = "TOTAL-FAILED"
    INDETERMINATE = "INDETERMINATE"


class SubIndication(StrEnum):
    """Why (EN 319 102-1 table 6). `NO_SIGNATURE` is ours: the file carries none."""

    FORMAT_FAILURE = "FORMAT_FAILURE"
    HASH_FAILURE = "HASH_FAILURE"
    SIG_CRYPTO_FAILURE = "SIG_CRYPTO_FAILURE"
    SIG_CONSTRAINTS_FAILURE = "SIG_CONSTRAINTS_FAILURE"
    CHAIN_CONSTRAINTS_FAILURE = "CHAIN_CONSTRAINTS_FAILURE"
    CERTIFICATE_CHAIN_GENERAL_FAILURE = "CERTIFICATE_CHAIN_GENERAL_FAILURE"
    CRYPTO_CONSTRAINTS_FAILURE = "CRYPTO_CONSTRAINTS_FAILURE"
    NO_SIGNING_CERTIFICATE_FOUND = "NO_SIGNING_CERTIFICATE_FOUND"
    NO_CERTIFICATE_CHAIN_FOUND = "NO_CERTIFICATE_CHAIN_FOUND"
    EXPIRED = "EXPIRED"
    NOT_YET_VALID = "NOT_YET_VALID"
    REVOKED = "REVOKED"
    REVOKED_NO_POE = "REVOKED_NO_POE"
    SIGNED_DATA_NOT_FOUND = "SIGNED_DATA_NOT_FOUND"
    TRY_LATER = "TRY_LATER"
    NO_SIGNATURE = "NO_SIGNATURE"


class ResultCode(IntEnum):
    """File verification of GB/T 36906-2018."""

    PASSED = 0
    SEAL_FAILED = 1
    FILE_FAILED = 2


_ABOUT_THE_FILE = frozenset(
    {SubIndication.FORMAT_FAILURE, SubIndication.HASH_FAILURE, SubIndication.SIGNED_DATA_NOT_FOUND}
)


class CheckResult(StrEnum):
    """How one check went. A warning is worth reading and changes nothing."""

    PASSED = "PASSED"
    WARNING = "WARNING"
    INDETERMINATE = "INDETERMINATE"
    FAILED = "FAILED"


@dataclass(frozen=True)
class Check:
    """One named check. `name` and `detail` are msgids; `params` fill the places of `detail`."""

    name: str
    result: CheckResult
    detail: str
    params: Mapping[str, object] = field(default_factory=dict)
    sub_indication: SubIndication | None = None

    def to_dict(self, translate: Translate) -> dict[str, Any]:
        """`{"id", "name", "result", "detail", "sub_indication"?}` in the reader's language; `id` is the same in all."""
        told = {
            "id": re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-"),
            "name": translate(self.name),
            "result": self.result.value,
            "detail": translate(self.detail, **self.params),
        }
        return told | ({"sub_indication": self.sub_indication.value} if self.sub_indication else {})


def passed(name: str, detail: str, /, **params: object) -> Check:
    """A check that went well."""
    return Check(name, CheckResult.PASSED, detail, params)


def warning(name: str, detail: str, /, **params: object) -> Check:
    """A check that leaves something to know."""
    return Check(name, CheckResult.WARNING, detail, params)


def failed(name: str, why: SubIndication, detail: str, /, **params: object) -> Check:
    """A check that decides against the signature."""
    return Check(name, CheckResult.FAILED, detail, params, why)


def undecided(name: str, why: SubIndication, detail: str, /, **params: object) -> Check:
    """A check that could not be decided with what is at hand."""
    return Check(name, CheckResult.INDETERMINATE, detail, params, why)


@dataclass(frozen=True)
class Verdict:
    """An indication with its reason."""

    indication: Indication
    sub_indication: SubIndication | None = None

    @property
    def severity(self) -> int:
        """0 passed, 1 undecided, 2 failed."""
        return (Indication.PASSED, Indication.INDETERMINATE, Indication.FAILED).index(self.indication)


def verdict_of(checks: Sequence[Check]) -> Verdict:
    """The verdict that follows: a failure before an open question, the earlier one first."""
    for result, indication in (
        (CheckResult.FAILED, Indication.FAILED),
        (CheckResult.INDETERMINATE, Indication.INDETERMINATE),
    ):
        for check in checks:
            if check.result is result:
                return Verdict(indication, check.sub_indication)
    return Verdict(Indication.PASSED)


@dataclass(frozen=True)
class SealSummary:
    """The electronic seal: its code, the name on it, and `status`: active, suspended, revoked or unknown."""

    id: str
    name: str
    status: str


@dataclass(frozen=True)
class SignatureTime:
    """When it was sealed: `source` is "signer" (the signer's own statement), "timestamp" or "none"."""

    value: datetime | None
    source: str


@dataclass(frozen=True)
class SignatureReport:
    """One signature. `kind`: SES, GM-CMS, PAdES, CMS. `checks` stand in the order in which they were made."""

    kind: str
    signer: str
    seal: SealSummary | None
    time: SignatureTime
    covers_whole_document: bool
    checks: tuple[Check, ...]
    certificate: bytes | None = field(default=None, repr=False)

    @property
    def verdict(self) -> Verdict:
        """What the checks come to."""
        return verdict_of(self.checks)

    def to_dict(self, translate: Translate) -> dict[str, Any]:
        """The signature's part of the report."""
        report: dict[str, Any] = {"indication": self.verdict.indication.value}
        if self.verdict.sub_indication:
            report["sub_indication"] = self.verdict.sub_indication.value
        report |= {"kind": self.kind, "signer": self.signer}
        if self.seal:
            report["seal"] = {"id": self.seal.id, "name": self.seal.name, "status": self.seal.status}
        if self.certificate:
            report["certificate_sha256"] = hashlib.sha256(self.certificate).hexdigest()
        return report | {
            "time": {
                "value": self.time.value.isoformat() if self.time.value else None,
                "source": self.time.source,
            },
            "covers_whole_document": self.covers_whole_document,
            "checks": [check.to_dict(translate) for check in self.checks],
        }


@dataclass(frozen=True)
class DocumentSummary:
    """The file: `format` ofd, pdf or unknown; `digest` "sha256:<hex>" of its bytes."""

    format: str
    digest: str


@dataclass(frozen=True)
class ValidationReport:
    """The verdict on a file: checks of the file as a whole, and every signature's."""

    document: DocumentSummary
    checks: tuple[Check, ...]
    signatures: tuple[SignatureReport, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The worst of the file's checks and its signatures."""
        verdicts = [*(signature.verdict for signature in self.signatures), verdict_of(self.checks)]
        return max(verdicts, key=lambda verdict: verdict.severity)

    @property
    def indication(self) -> Indication:
        """The main verdict."""
        return self.verdict.indication

    @property
    def sub_indication(self) -> SubIndication | None:
        """Why, unless it passed."""
        return self.verdict.sub_indication

    @property
    def code(self) -> ResultCode:
        """The result code of GB/T 36906."""
        if self.indication is Indication.PASSED:
            return ResultCode.PASSED
        return ResultCode.FILE_FAILED if self.sub_indication in _ABOUT_THE_FILE else ResultCode.SEAL_FAILED

    def to_dict(self, translate: Translate | None = None) -> dict[str, Any]:
        """The report as sent, in English unless `translate` is given."""
        speak = translate or _english
        report: dict[str, Any] = {"indication": self.indication.value}
        if self.sub_indication:
            report["sub_indication"] = self.sub_indication.value
        return report | {
            "code": int(self.code),
            "document": {"format": self.document.format, "digest": self.document.digest},
            "checks": [check.to_dict(speak) for check in self.checks],
            "signatures": [signature.to_dict(speak) for signature in self.signatures],
        }


def _english(msgid: str, /, **params: object) -> str:
    return msgid.format(**params) if params else msgid
