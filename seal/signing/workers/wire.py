"""What is said between the service and its workers: CBOR (RFC 8949) of plain values, never code.

A worker reads documents that strangers wrote. Whatever they do to it, all it can send back is data.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import cbor2

from kernel.crypto.certificates import Certificate
from kernel.crypto.revocation.crl import Crl
from kernel.crypto.revocation.ocsp import OcspResponse
from kernel.errors import XinyinError
from seal.client import DocumentToSeal, SealManner
from seal.documents.positions import StampPosition
from seal.signing.faults import read_fault, write_fault
from seal.signing.pressing.order import PressOrder, SealStock
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


def encode(message: Mapping[str, Any]) -> bytes:
    """One message."""
    return cbor2.dumps(dict(message))


def decode(data: bytes) -> dict[str, Any]:
    """One message; raises ValueError for what is none."""
    try:
        message = cbor2.loads(data)
    except cbor2.CBORError as failure:
        raise ValueError("not a message") from failure
    if not isinstance(message, dict):
        raise ValueError("not a message")
    return message


def write_trust(trust: TrustStore) -> bytes:
    """A trust store whose seals' standings are a mapping."""
    statuses: Mapping[str, SealStatus] = trust.seal_status if isinstance(trust.seal_status, Mapping) else {}
    listed = {name: [each.der for each in getattr(trust, name)] for name in _TRUST_KINDS}
    told = {code: _told(status) for code, status in statuses.items()}
    return encode({**listed, "statuses": told})


def read_trust(data: bytes) -> TrustStore:
    """What `write_trust` wrote."""
    told = decode(data)
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


def write_order(order: PressOrder) -> dict[str, Any]:
    """Everything but the trust."""
    documents = [
        [each.format, each.data, [asdict(place) for place in each.positions], each.drawn_here]
        for each in order.documents
    ]
    return {
        "documents": documents,
        "seal": asdict(order.seal),
        "at": order.at.isoformat(),
        "manner": asdict(order.manner),
    }


def read_order(told: Mapping[str, Any], trust: TrustStore) -> PressOrder:
    """What `write_order` wrote."""
    documents = [
        DocumentToSeal(format, data, [StampPosition(**place) for place in places], drawn_here=drawn_here)
        for format, data, places, drawn_here in told["documents"]
    ]
    seal = SealStock(**{**told["seal"], "p256_certificates": tuple(told["seal"]["p256_certificates"])})
    return PressOrder(documents, seal, datetime.fromisoformat(told["at"]), trust, SealManner(**told["manner"]))


def write_error(error: XinyinError) -> dict[str, Any]:
    """A refusal as a reply, its private reason for the log included."""
    return {"error": write_fault(error), "reason": error.reason or ""}


def read_error(reply: Mapping[str, Any]) -> XinyinError:
    """The refusal again."""
    error = read_fault(reply["error"])
    error.reason = str(reply.get("reason") or "") or None
    return error
