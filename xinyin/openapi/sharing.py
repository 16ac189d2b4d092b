"""Sharing between agencies, and the grants it may rest on: bodies and answers of calls that are read by hand."""

from collections.abc import Mapping
from typing import Any

from licence_vault.grants.grant import LONGEST_PURPOSE
from licence_vault.licences.licence import CAUSE_CODES, LicenceStatus
from licence_vault.lookup.service import FORMATS
from licence_vault.neighbours.entries import RANGES_TOGETHER, TOGETHER
from licence_vault.sharing.call import LONGEST
from xinyin.openapi.shapes import (
    DAY,
    DAY_OR_NULL,
    NUMBER,
    OBJECT,
    TEXT,
    TIME,
    Schema,
    json_answer,
    listing,
    ref,
    shape,
)

_SHORT: Schema = {"type": "string", "minLength": 1, "maxLength": LONGEST}
_ELEMENTS: dict[str, Schema] = {
    "purpose": {**_SHORT, "description": "What it is for; with a grant, word for word the grant's"},
    "basis": {
        "oneOf": [
            shape({"kind": {"const": "legal"}, "reference": {**_SHORT, "description": "Law and article"}}),
            shape({"kind": {"const": "grant"}}),
        ]
    },
    "matter": shape({"name": _SHORT, "code": _SHORT, "number": {**_SHORT, "description": "Of the case"}}),
    "officer": {**_SHORT, "description": "Whoever asks, by name"},
}
_CODE: Schema = {"type": "integer", "description": "Result code of GB/T 36906; 0: answered, or it agrees"}
_FORMAT: Schema = {"enum": list(FORMATS)}
GRANT_ORDER: Schema = shape(
    {
        "licence": {**TEXT, "description": "The id of one of the holder's licences"},
        "grantee": shape({"uscc": TEXT}),
        "purpose": {"type": "string", "maxLength": LONGEST_PURPOSE},
        "until": TIME,
    },
    {
        "fields": listing(TEXT),
        "file": {"type": "boolean", "description": "A purpose-bound copy too"},
        "covers": {"enum": ["licence", "type"], "default": "licence"},
        "single_use": {"type": "boolean", "default": False},
    },
)
"""A right body of `POST /api/v1/me/grants`."""


_VAULT: Schema = {**shape({"uscc": TEXT, "name": TEXT}), "description": "The vault below that answered"}
_ON_BEHALF_OF: Schema = {
    **shape({"uscc": TEXT, "name": TEXT}),
    "description": "The agency that asks, when a vault above passes its call on",
}
_RECORD: Schema = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
_SHA256: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_ENTRY: Schema = shape(
    {
        "record": _RECORD,
        "identifier": TEXT,
        "type": TEXT,
        "version": NUMBER,
        "status": {"enum": [each.value for each in LicenceStatus]},
        "cause_code": {"enum": list(CAUSE_CODES)},
        "revision": {**NUMBER, "description": "Steps of the licence's life"},
        "issuer": {**TEXT, "description": "USCC"},
        "valid_from": DAY,
        "valid_to": DAY_OR_NULL,
        "holder_key": {**_SHA256, "description": "HMAC-SHA-256 of the holder's number under the exchange key"},
        "content_digest": _SHA256,
        "ofd_sha256": _SHA256,
        "pdf_sha256": _SHA256,
    }
)


def _directory_call(body: Schema, answer: Schema, description: str) -> dict[str, Any]:
    return {
        "security": [{"oauth2": ["licence:share"]}],
        "responses": {"200": json_answer(description, answer)},
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
    }


def _call(answer: Schema, description: str, own: dict[str, Schema], optional: dict[str, Schema]) -> dict[str, Any]:
    body = shape({**_ELEMENTS, **own}, {**optional, "on_behalf_of": _ON_BEHALF_OF})
    return {
        "security": [{"oauth2": ["licence:share"]}],
        "responses": {"200": json_answer(description, answer)},
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
    }


SHARING: Mapping[str, dict[str, Any]] = {
    "post /api/v1/sharing/directory/entries": _directory_call(
        shape(
            {},
            {
                "entries": {**listing(_ENTRY), "maxItems": TOGETHER},
                "removed": {**listing(_RECORD), "maxItems": TOGETHER},
            },
        ),
        shape({"entries": NUMBER, "removed": NUMBER}),
        "Taken; entries that are older than those kept change nothing",
    ),
    "post /api/v1/sharing/directory/compare": _directory_call(
        shape(
            {
                "ranges": {
                    **listing(shape({"after": _RECORD, "upto": _RECORD, "digest": _SHA256})),
                    "maxItems": RANGES_TOGETHER,
                }
            }
        ),
        shape({"ranges": listing({"oneOf": [{"type": "null"}, listing(listing(TEXT))]})}),
        "For each range null when it agrees, else the records and marks that are kept",
    ),
    "post /api/v1/sharing/query": _call(
        shape(
            {"code": _CODE, "licences": listing({"allOf": [ref("SharedLicence"), shape({}, {"vault": _VAULT})]})},
            {"unanswered": {**listing(TEXT), "description": "Vaults below that were not heard"}},
        ),
        "What the agency may know of; code 3 and nothing when there is none or no basis; 2 when vaults were not heard",
        {"type": TEXT, "holder": shape({"id_type": TEXT, "number": TEXT})},
        {},
    ),
    "post /api/v1/sharing/fetch": _call(
        {
            "allOf": [
                ref("SharedLicence"),
                shape(
                    {"code": _CODE, "fields": OBJECT},
                    {
                        "vault": _VAULT,
                        "copy": shape(
                            {
                                "format": _FORMAT,
                                "media_type": TEXT,
                                "sha256": TEXT,
                                "expires_at": TIME,
                                "content": {"type": "string", "contentEncoding": "base64"},
                            }
                        ),
                    },
                ),
            ]
        },
        "The fields asked for, and a purpose-bound copy",
        {"identifier": TEXT},
        {"fields": listing(TEXT), "copy": _FORMAT},
    ),
    "post /api/v1/sharing/verify": _call(
        shape(
            {"code": _CODE},
            {
                "kind": {"enum": ["original", "copy", None]},
                "licence": ref("SharedLicence"),
                "expires_at": TIME,
                "vault": _VAULT,
            },
        ),
        "Whether data or a file agree with the vault",
        {},
        {"identifier": TEXT, "data": OBJECT, "file_sha256": {"type": "string", "pattern": "^[0-9a-fA-F]{64}$"}},
    ),
}
