"""What FastAPI's own document leaves open: scopes, query parameters, bodies read by hand, answers."""

from collections.abc import Mapping
from typing import Any

from licence_vault.batches.sheets import MEDIA_TYPES
from licence_vault.batches.states import BatchState
from licence_vault.forms.service import FORM_TYPES
from licence_vault.licences.succession import CHANGE_TITLES, USUAL
from licence_vault.lookup.service import FORMATS
from licence_vault.presentations.service import LONGEST, MOST_SCANS, PURPOSE_LENGTH, SECONDS, SHORTEST, SHOWABLE
from xinyin.openapi.administration import ADMINISTRATION
from xinyin.openapi.collections import COLLECTIONS
from xinyin.openapi.notices import NOTIFICATIONS
from xinyin.openapi.shapes import (
    DAY,
    DAY_OR_NULL,
    OBJECT,
    TEXT,
    TIME,
    Schema,
    json_answer,
    listing,
    parameter,
    ref,
    shape,
)
from xinyin.openapi.sharing import GRANT_ORDER, SHARING
from xinyin.openapi.wallets import WALLETS

ANY_SEAL_SCOPE = ("seal:apply", "seal:approve", "seal:use")
HOLDER = "openid realname"
"""What a person's token needs so that their number is known."""
_BINARY: Schema = {"type": "string", "format": "binary"}
_CHANGED = shape(
    {
        "id": TEXT,
        "identifier": TEXT,
        "status": TEXT,
        "status_cause": {"type": ["string", "null"]},
        "cause_code": TEXT,
        "status_changed_at": TIME,
    }
)
_TYPE = shape({"code": TEXT, "version": {"type": "integer"}, "name": TEXT, "holder": OBJECT, "fields": OBJECT})
_USE = shape({"id": TEXT, "digest": TEXT, "format": TEXT, "purpose": TEXT, "actor": TEXT, "at": TIME})
_LICENCES = json_answer("Holders and numbers masked", shape({"licences": listing(ref("Licence"))}))
CSV, XLSX = (each.split(";")[0] for each in MEDIA_TYPES.values())
_NUMBERS = ("total", "checked", "wrong", "issued", "failed")
_BATCH = shape(
    {
        "id": TEXT,
        "type": TEXT,
        "status": {"enum": [each.value for each in BatchState]},
        "reason": {"type": ["string", "null"]},
        **{name: {"type": "integer"} for name in _NUMBERS},
        "seconds_left": {"type": ["integer", "null"]},
        "created_at": TIME,
        "changed_at": TIME,
    }
)
_NEXT_VERSION = {
    "type": "object",
    "description": "What is left out stays as it was",
    "properties": {
        "holder": OBJECT,
        "fields": OBJECT,
        "valid_from": DAY,
        "valid_to": DAY_OR_NULL,
        "change": {"enum": list(CHANGE_TITLES), "default": USUAL, "description": "why: 变更, 延续, 补发, 换发, 更正"},
    },
}
FILE_TYPES = FORMATS | FORM_TYPES
_PRESENTATION = {
    "type": "object",
    "properties": {
        "shows": {
            "type": "array",
            "items": {"anyOf": [{"enum": list(SHOWABLE)}, {"type": "string", "pattern": "^fields[.]"}]},
            "description": "what is not masked: these, and fields of the type as `fields.name`",
        },
        "seconds": {"type": "integer", "minimum": SHORTEST, "maximum": LONGEST, "default": SECONDS},
        "scans": {
            "type": ["integer", "null"],
            "minimum": 1,
            "maximum": MOST_SCANS,
            "default": None,
            "description": "how often it may be scanned; null: as often as it is shown",
        },
        "purpose": {"type": "string", "maxLength": PURPOSE_LENGTH, "description": "told to whoever scans"},
    },
}


def _amend(*scopes: str, answer: Mapping[str, Schema], body: Schema | None = None, **rest: Any) -> dict[str, Any]:
    """`scopes`: any of them will do, “a b” needs both; none: a token with whatever scope."""
    amendment = {
        "security": [{"oauth2": each.split()} for each in scopes] or [{"oauth2": []}],
        "responses": answer,
        **rest,
    }
    if body is not None:
        amendment["requestBody"] = {"content": {"application/json": {"schema": body}}}
    return amendment


def _file(description: str, *media_types: str) -> Schema:
    return {"description": description, "content": {each: {"schema": _BINARY} for each in media_types}}


_PAGE_PICTURE = {
    "description": "The page",
    "content": {"image/png": {"schema": {"type": "string", "format": "binary"}}},
}
_SEALED = _file("The sealed file", "application/pdf", "application/ofd")


def _public(status: str, answer: Schema, **rest: Any) -> dict[str, Any]:
    return {"security": [], "responses": {status: answer}, **rest}


def _seal_step(scope: str) -> dict[str, Any]:
    return _amend(scope, answer={"200": json_answer("The seal as it is now", ref("Seal"))})


_NEXT = {"type": ["string", "null"], "description": "The `before` of the next page"}
_SEAL_EVENT = shape(
    {"action": TEXT, "actor": TEXT, "at": TIME},
    {"cause": {"type": ["string", "null"]}, "note": {"type": ["string", "null"]}},
)

AMENDMENTS: Mapping[str, dict[str, Any]] = {
    "post /api/v1/licences": _amend(
        "licence:issue",
        answer={"201": json_answer("The licence, sealed and in force", ref("IssuedLicence"))},
        description="The same Idempotency-Key and body give the same answer; with another body: 409.",
    ),
    "get /api/v1/licences": _amend(
        "licence:read",
        answer={"200": _LICENCES},
        parameters=[
            parameter("holder_number", "query", "The holder's number; without it, the newest licences"),
            parameter("holder_type", "query", "natural, legal, or a code of GB/T 36903 Annex A"),
            parameter("before", "query", "The id of the last licence seen"),
        ],
    ),
    "get /api/v1/licences/{licence_id}": _amend(
        "licence:read",
        HOLDER,
        answer={"200": json_answer("For its issuer and its holder", ref("Licence"))},
    ),
    "get /api/v1/licences/{licence_id}/versions": _amend(
        "licence:read",
        HOLDER,
        answer={"200": json_answer("The first one first", shape({"versions": listing(OBJECT)}))},
    ),
    "get /api/v1/licences/{licence_id}/file": _amend(
        "licence:read",
        HOLDER,
        answer={"200": _file("The file as it was sealed, or a form signed now", *FILE_TYPES.values())},
        parameters=[parameter("format", "query", "", schema={"enum": list(FILE_TYPES), "default": "ofd"})],
    ),
    "post /api/v1/licences/{licence_id}/reissue": _amend(
        "licence:issue", answer={"201": json_answer("The next version", ref("IssuedLicence"))}, body=_NEXT_VERSION
    ),
    **{
        f"post /api/v1/licences/{{licence_id}}/{action}": _amend(
            "licence:manage", answer={"200": json_answer("How it stands now", _CHANGED)}
        )
        for action in ("revoke", "suspend", "resume")
    },
    **{
        f"{method} /api/v1/licence-batches{path}": _amend(scope, answer=answer)
        for method, path, scope, answer in (
            ("post", "", "licence:issue", {"202": json_answer("Taken in; its rows are checked next", _BATCH)}),
            ("get", "", "licence:read", {"200": json_answer("Newest first", shape({"batches": listing(_BATCH)}))}),
            ("get", "/{batch_id}", "licence:read", {"200": json_answer("How it stands", _BATCH)}),
            ("post", "/{batch_id}/start", "licence:issue", {"200": json_answer("It is being issued", _BATCH)}),
            ("post", "/{batch_id}/cancel", "licence:issue", {"200": json_answer("Nothing more is issued", _BATCH)}),
            ("get", "/{batch_id}/errors.csv", "licence:read", {"200": _file("By row and column", CSV)}),
            ("get", "/{batch_id}/errors.xlsx", "licence:read", {"200": _file("By row and column", XLSX)}),
            ("get", "/{batch_id}/licences.csv", "licence:read", {"200": _file("Row and licence", CSV)}),
        )
    },
    "get /api/v1/licence-batches/template": _amend(
        answer={"200": _file("An empty table", CSV, XLSX)},
        parameters=[
            parameter("type", "query", "code of the licence type"),
            parameter("format", "query", "", schema={"enum": ["csv", "xlsx"], "default": "xlsx"}),
        ],
    ),
    "get /api/v1/licence-types": _amend(
        answer={"200": json_answer("Newest versions", shape({"licence_types": listing(_TYPE)}))}
    ),
    "post /api/v1/licence-types": _amend(
        "licence:manage",
        answer={"201": json_answer("Published", shape({"code": TEXT, "version": {"type": "integer"}}))},
        body={"type": "object", "description": "A whole licence type; see licence_vault/catalogue"},
    ),
    "get /api/v1/me/licences": _amend(HOLDER, answer={"200": _LICENCES}, tags=["holder"]),
    "post /api/v1/me/licences/{licence_id}/presentations": _amend(
        HOLDER,
        answer={
            "201": json_answer(
                "Made",
                shape(
                    {
                        "code": TEXT,
                        "qr": TEXT,
                        "expires_at": TIME,
                        "shows": listing(TEXT),
                        "scans": {"type": ["integer", "null"]},
                        "purpose": TEXT,
                    }
                ),
            )
        },
        body=_PRESENTATION,
    ),
    "get /api/v1/me/grants": _amend(
        HOLDER, answer={"200": json_answer("Newest first", shape({"grants": listing(ref("Grant"))}))}
    ),
    "post /api/v1/me/grants": _amend(HOLDER, answer={"201": json_answer("Given", ref("Grant"))}, body=GRANT_ORDER),
    "delete /api/v1/me/grants/{grant_id}": _amend(HOLDER, answer={"200": json_answer("Taken back", ref("Grant"))}),
    **NOTIFICATIONS,
    **COLLECTIONS,
    **SHARING,
    **ADMINISTRATION,
    "post /api/v1/seals": _amend("seal:apply", answer={"201": json_answer("A draft, to be approved", ref("Seal"))}),
    "get /api/v1/seals": _amend(
        *ANY_SEAL_SCOPE,
        answer={"200": json_answer("Newest first", shape({"seals": listing(ref("Seal")), "next": _NEXT}))},
    ),
    "get /api/v1/seals/{seal_id}": _amend(*ANY_SEAL_SCOPE, answer={"200": json_answer("The seal", ref("Seal"))}),
    "get /api/v1/seals/{seal_id}/picture": _amend(*ANY_SEAL_SCOPE, answer={"200": _file("PNG", "image/png")}),
    "get /api/v1/seals/{seal_id}/uses": _amend(
        *ANY_SEAL_SCOPE,
        answer={"200": json_answer("200 at a time; CSV if asked for", shape({"uses": listing(_USE), "next": _NEXT}))},
    ),
    "post /api/v1/seals/import": _amend(
        "seal:apply", answer={"201": json_answer("In the register; `notes` say what is worth knowing", ref("Seal"))}
    ),
    "post /api/v1/seals/{seal_id}/key": _seal_step("seal:apply"),
    "get /api/v1/seals/status-list": _public("200", _file("A compact JWS", "application/seal-status+jwt")),
    "get /api/v1/seals/{seal_id}/status": _public("200", json_answer("Its standing", ref("SealStanding"))),
    "get /api/v1/seals/{seal_id}/events": _amend(
        *ANY_SEAL_SCOPE, answer={"200": json_answer("Oldest first", shape({"events": listing(_SEAL_EVENT)}))}
    ),
    "put /api/v1/seals/{seal_id}/use-policy": _seal_step("seal:approve"),
    "post /api/v1/seals/{seal_id}/withdraw": _seal_step("seal:apply"),
    **{
        f"post /api/v1/seals/{{seal_id}}/{each}": _seal_step("seal:approve")
        for each in ("approve", "reject", "suspend", "resume", "revoke")
    },
    "post /api/v1/seal-jobs": _amend(
        "seal:use",
        answer={
            "200": _file("The sealed file, if that is all the caller accepts", "application/pdf", "application/ofd"),
            "201": json_answer("Sealed; the job has the address of the file", ref("SealJob")),
            "202": json_answer("Taken in; the job says how far it is", ref("SealJob")),
        },
        parameters=[parameter("Idempotency-Key", "header", "The same key and body give the same job")],
    ),
    "get /api/v1/seal-jobs/{job_id}": _amend("seal:use", answer={"200": json_answer("The job", ref("SealJob"))}),
    "delete /api/v1/seal-jobs/{job_id}": _amend(
        "seal:use", answer={"200": json_answer("What was not sealed is cancelled", ref("SealJob"))}
    ),
    "get /api/v1/seal-jobs/{job_id}/file": _amend("seal:use", answer={"200": _SEALED}),
    "get /api/v1/seal-jobs/{job_id}/files/{number}": _amend("seal:use", answer={"200": _SEALED}),
    "get /api/v1/seal-jobs/{job_id}/files/{number}/pages/{page}": _amend("seal:use", answer={"200": _PAGE_PICTURE}),
    "get /api/v1/seal-jobs/{job_id}/files.zip": _amend(
        "seal:use", answer={"200": _file("What is sealed so far", "application/zip")}
    ),
    "post /api/v1/verifications": _public("200", json_answer("The report", ref("VerificationReport"))),
    "get /api/v1/verifications/{id}": _public("200", json_answer("The report", ref("VerificationReport"))),
    "get /api/v1/status": _public("200", json_answer("Addresses", shape({"status_lists": listing(TEXT)}))),
    "get /api/v1/status/{number}": _public("200", _file("A Status List Token", "application/statuslist+jwt")),
    "get /api/v1/trust-pack": _public(
        "200",
        json_answer(
            "May be kept for 15 seconds; `ETag`",
            shape(
                {
                    "trust_list": {"type": "object", "description": "as `/api/v1/trust-list`"},
                    "status_lists": listing(TEXT),
                }
            ),
        ),
    ),
    "get /api/v1/trust-list": _public(
        "200",
        json_answer(
            "Signed; may be kept for a minute",
            shape(
                {
                    "version": {"type": "integer"},
                    "issued_at": TIME,
                    **dict.fromkeys(
                        (
                            "anchors",
                            "signer_anchors",
                            "qr_keys",
                            "receipt_keys",
                            "status_keys",
                            "credential_keys",
                            "seals",
                        ),
                        listing(OBJECT),
                    ),
                    **dict.fromkeys(("intermediates", "crls"), listing(TEXT)),
                    "digest": TEXT,
                    "signature": TEXT,
                }
            ),
        ),
    ),
    "get /.well-known/jwt-vc-issuer": _public(
        "200", json_answer("The issuer and its keys", shape({"issuer": TEXT, "jwks": OBJECT}))
    ),
    **WALLETS,
    "get /api/v1/credential-types/{code}/{version}": _public("200", json_answer("Type Metadata", OBJECT)),
    "get /ca/ocsp/{request}": {
        "security": [],
        "parameters": [parameter("request", "path", "An OCSPRequest (DER) in base64")],
    },
    **{
        f"get /ca/{{name}}.{ending}": {
            "security": [],
            "parameters": [parameter("name", "path", "An authority's name, as in certificates")],
            "responses": {"200": _file(what, media_type)},
        }
        for ending, what, media_type in (
            ("cer", "A certificate, DER", "application/pkix-cert"),
            ("crl", "A revocation list, DER", "application/pkix-crl"),
        )
    },
}
