"""How a licence is told to programs (JSON). Pure."""

from datetime import date
from typing import Any

from kernel.ids.masking import mask_number
from licence_vault.licences.licence import Licence, effective_cause


def issued(licence: Licence, public_url: str) -> dict[str, Any]:
    """The answer to `POST /api/v1/licences`: the same each time, whatever happens to the licence later."""
    return {
        "id": licence.id,
        "identifier": licence.identifier,
        "version": licence.version,
        "status": "valid",
        "type": licence.type_code,
        "issued_at": licence.issued_at.isoformat(),
        "files": {format: file_url(licence, format, public_url) for format in ("ofd", "pdf")},
        "qr": licence.qr,
        "content_digest": licence.content_digest,
    }


def whole(licence: Licence, public_url: str, today: date) -> dict[str, Any]:
    """A licence as its holder and its issuer see it."""
    holder = licence.content.holder
    return issued(licence, public_url) | {
        "status": licence.status_on(today),
        "status_cause": licence.status_cause or None,
        "cause_code": effective_cause(licence, today),
        "status_changed_at": licence.status_changed_at.isoformat(),
        "type_name": licence.type_name,
        "number": licence.content.number,
        "holder": {"kind": holder.kind, "id_type": holder.id_type, "number": holder.number, "name": holder.name},
        "fields": dict(licence.content.fields),
        "valid_from": licence.valid_from.isoformat(),
        "valid_to": licence.valid_to.isoformat() if licence.valid_to else None,
        "issuing_authority": {"uscc": licence.issuer_uscc, "name": licence.issuer_name},
        "superseded_by": licence.superseded_by,
    }


def card(licence: Licence, public_url: str, today: date) -> dict[str, Any]:
    """A licence in a list: masked."""
    face = whole(licence, public_url, today)
    holder = licence.content.holder
    face["holder"] = {"kind": holder.kind, "number": holder.masked_number, "name": holder.masked_name}
    face["number"] = mask_number(licence.content.number)
    del face["fields"]
    return face


def version(licence: Licence, change: str, public_url: str, today: date) -> dict[str, Any]:
    """A version in the chain of its licence; `change` says why it was issued."""
    face = whole(licence, public_url, today)
    names = (
        "id",
        "identifier",
        "version",
        "status",
        "cause_code",
        "issued_at",
        "valid_from",
        "valid_to",
        "superseded_by",
    )
    return {name: face[name] for name in names} | {"change": change}


def file_url(licence: Licence, format: str, public_url: str) -> str:
    """Where a file of the licence is downloaded."""
    return f"{public_url}/api/v1/licences/{licence.id}/file?format={format}"
