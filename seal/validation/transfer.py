"""Trust and reports on their way between processes: CBOR (RFC 8949) of plain values, never code."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import cbor2

from kernel.crypto.certificates import Certificate
from kernel.crypto.revocation.crl import Crl
from kernel.crypto.revocation.ocsp import OcspResponse
from seal.validation.report import (
    Check,
    CheckResult,
    DocumentSummary,
    SealSummary,
    SignatureReport,
    SignatureTime,
    SubIndication,
    ValidationReport,
)
from seal.validation.trust import SealStatus, TrustStore

_TRUST_KINDS: Mapping[str, Any] = {
    "anchors": Certificate,
    "intermediates": Certificate,
    "crls": Crl,
    "timestamp_anchors": Certificate,
    "ocsp_responses": OcspResponse,
    "signer_anchors": Certificate,
    "empty_id_anchors": Certificate,
}
_STATUS_SETS = ("seals", "makers", "signers")


def write_trust(trust: TrustStore) -> bytes:
    """A trust store whose seals' standings are a mapping."""
    statuses: Mapping[str, SealStatus] = trust.seal_status if isinstance(trust.seal_status, Mapping) else {}
    listed = {name: [each.der for each in getattr(trust, name)] for name in _TRUST_KINDS}
    told = {code: _told(status) for code, status in statuses.items()}
    return cbor2.dumps({**listed, "statuses": told})


def read_trust(data: bytes) -> TrustStore:
    """What `write_trust` wrote."""
    told = cbor2.loads(data)
    statuses = {code: _status(status) for code, status in told["statuses"].items()}
    listed = {name: tuple(kind.load(der) for der in told[name]) for name, kind in _TRUST_KINDS.items()}
    return TrustStore(seal_status=statuses.get, **listed)


def _told(status: SealStatus) -> dict[str, Any]:
    sets = {name: _listed(getattr(status, name)) for name in _STATUS_SETS}
    as_of = status.as_of.isoformat() if status.as_of else None
    return {
        "state": status.state,
        "since": status.since.isoformat(),
        "as_of": as_of,
        "all_told": status.all_told,
    } | sets


def _listed(digests: frozenset[str] | None) -> list[str] | None:
    return None if digests is None else sorted(digests)


def _status(told: Mapping[str, Any]) -> SealStatus:
    sets: dict[str, Any] = {name: None if told[name] is None else frozenset(told[name]) for name in _STATUS_SETS}
    as_of = datetime.fromisoformat(told["as_of"]) if told["as_of"] else None
    since = datetime.fromisoformat(told["since"])
    return SealStatus(told["state"], since, as_of=as_of, all_told=bool(told["all_told"]), **sets)


def write_report(report: ValidationReport) -> dict[str, Any]:
    """A report as plain values."""
    return {
        "document": [report.document.format, report.document.digest],
        "checks": [_told_check(check) for check in report.checks],
        "signatures": [
            {
                "kind": each.kind,
                "signer": each.signer,
                "seal": [each.seal.id, each.seal.name, each.seal.status] if each.seal else None,
                "time": [each.time.value.isoformat() if each.time.value else None, each.time.source],
                "whole": each.covers_whole_document,
                "checks": [_told_check(check) for check in each.checks],
                "certificate": each.certificate,
            }
            for each in report.signatures
        ],
    }


def read_report(told: Mapping[str, Any]) -> ValidationReport:
    """What `write_report` wrote; raises ValueError, TypeError or KeyError for anything else."""
    format, digest = map(str, told["document"])
    checks = tuple(map(_check, told["checks"]))
    return ValidationReport(DocumentSummary(format, digest), checks, tuple(map(_signature, told["signatures"])))


def _told_check(check: Check) -> list[Any]:
    params = {name: value if isinstance(value, str | int) else str(value) for name, value in check.params.items()}
    why = check.sub_indication.value if check.sub_indication else None
    return [check.name, check.result.value, check.detail, params, why]


def _check(told: Any) -> Check:
    name, result, detail, params, why = told
    plain = {str(key): value if isinstance(value, str | int) else str(value) for key, value in dict(params).items()}
    return Check(str(name), CheckResult(result), str(detail), plain, SubIndication(why) if why is not None else None)


def _signature(told: Mapping[str, Any]) -> SignatureReport:
    moment, source = told["time"]
    certificate = told["certificate"]
    return SignatureReport(
        kind=str(told["kind"]),
        signer=str(told["signer"]),
        seal=SealSummary(*map(str, told["seal"])) if told["seal"] else None,
        time=SignatureTime(datetime.fromisoformat(moment) if moment else None, str(source)),
        covers_whole_document=told["whole"] is True,
        checks=tuple(map(_check, told["checks"])),
        certificate=bytes(certificate) if certificate is not None else None,
    )
