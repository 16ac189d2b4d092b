"""What is said between the service and its workers: CBOR (RFC 8949) of plain values, never code.

A worker reads documents that strangers wrote. Whatever they do to it, all it can send back is data.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import cbor2

from kernel.errors import XinyinError
from seal.client import DocumentToSeal, SealManner
from seal.documents.positions import StampPosition
from seal.signing.faults import read_fault, write_fault
from seal.signing.pressing.order import PressOrder, SealStock
from seal.validation.trust import TrustStore


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
