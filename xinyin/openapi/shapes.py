"""What answers look like, named once: schemas, responses, and how callers prove who they are."""

from collections.abc import Mapping
from typing import Any

from idp.consent.words import SCOPE_WORDS
from kernel.web.problems import STATUS
from seal.validation.report import Indication
from verify.standing import LicenceState

Schema = Mapping[str, Any]

TEXT: Schema = {"type": "string"}
TIME: Schema = {"type": "string", "format": "date-time"}
DAY: Schema = {"type": "string", "format": "date"}
DAY_OR_NULL: Schema = {"type": ["string", "null"], "format": "date"}
FLAG: Schema = {"type": "boolean"}
NUMBER: Schema = {"type": "integer"}
OBJECT: Schema = {"type": "object"}
TEXT_OR_NULL: Schema = {"type": ["string", "null"]}


def ref(name: str) -> Schema:
    """A named schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def listing(item: Schema) -> Schema:
    """A list of these."""
    return {"type": "array", "items": item}


def shape(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    """An object with these members; more may be added later."""
    return {"type": "object", "required": list(required), "properties": {**required, **(optional or {})}}


def json_answer(description: str, schema: Schema) -> Schema:
    """A response with a JSON body."""
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def parameter(name: str, where: str, description: str, *, required: bool = False, schema: Schema = TEXT) -> Schema:
    """One parameter; those in paths are always required."""
    return {
        "name": name,
        "in": where,
        "description": description,
        "required": required or where == "path",
        "schema": schema,
    }


_CHECK = shape({"id": TEXT, "name": TEXT, "result": TEXT, "detail": TEXT}, {"sub_indication": TEXT})
_ACTOR = shape({"sub": TEXT}, {"capacity": TEXT, "client_id": TEXT, "act": {"type": "object"}})
_PARTY = shape({"uscc": TEXT, "name": TEXT})
_ISSUED = {
    "id": TEXT,
    "identifier": {**TEXT, "description": "GB/T 36904"},
    "version": NUMBER,
    "status": {"enum": ["valid", "not_yet_valid", "suspended", "revoked", "expired", "superseded"]},
    "type": {**TEXT, "description": "code of the licence type"},
    "issued_at": TIME,
    "files": shape({"ofd": TEXT, "pdf": TEXT}),
    "qr": TEXT,
    "content_digest": {**TEXT, "description": "SHA-256, hex"},
}
_SIGNATURE = shape(
    {
        "indication": {"enum": [each.value for each in Indication]},
        "kind": {**TEXT, "description": "SES, GM-CMS, PAdES, COSE …"},
        "signer": TEXT,
        "time": shape({"value": {"type": ["string", "null"]}, "source": TEXT}),
        "covers_whole_document": FLAG,
        "checks": listing(_CHECK),
    },
    {"sub_indication": TEXT, "seal": {"type": ["object", "null"]}},
)

SCHEMAS: Mapping[str, Schema] = {
    "Problem": shape(
        {"type": {**TEXT, "pattern": "^urn:xinyin:problem:"}, "title": TEXT, "status": NUMBER, "detail": TEXT},
        {
            "instance": {**TEXT, "description": "urn:uuid: of the request, as in X-Request-Id"},
            "errors": listing(shape({"field": TEXT, "detail": TEXT})),
        },
    ),
    "OAuthError": shape({"error": TEXT, "error_description": TEXT}),
    "Tokens": shape(
        {"access_token": TEXT, "token_type": {"const": "Bearer"}, "expires_in": NUMBER, "scope": TEXT},
        {"refresh_token": TEXT, "id_token": TEXT},
    ),
    "Introspection": shape(
        {"active": FLAG},
        {
            **dict.fromkeys(("token_type", "scope", "client_id", "sub", "iss", "jti", "acr", "subject_type"), TEXT),
            **dict.fromkeys(("iat", "exp", "auth_time"), NUMBER),
            **dict.fromkeys(("amr", "roles"), listing(TEXT)),
            "aud": {"type": ["string", "array"]},
            "organisation": _PARTY,
            "act": _ACTOR,
        },
    ),
    "Claims": shape(
        {"sub": TEXT},
        {
            **dict.fromkeys(("name", "preferred_username", "locale", "phone_number", "email", "acr"), TEXT),
            **dict.fromkeys(("phone_number_verified", "email_verified"), FLAG),
            **dict.fromkeys(("subject_type", "id_type", "id_number"), TEXT),
            "organisation": _PARTY,
            "act": _ACTOR,
            "organisations": listing(shape({"uscc": TEXT, "name": TEXT, "role": TEXT, "powers": listing(TEXT)})),
            "roles": listing(TEXT),
        },
    ),
    "IssuedLicence": shape(_ISSUED),
    "Licence": shape(
        {
            **_ISSUED,
            "type_name": TEXT,
            "number": TEXT,
            "holder": shape({"kind": {"enum": ["natural", "legal"]}, "number": TEXT, "name": TEXT}, {"id_type": TEXT}),
            "valid_from": DAY,
            "valid_to": DAY_OR_NULL,
            "issuing_authority": _PARTY,
        },
        {
            "fields": OBJECT,
            "cause_code": TEXT,
            "status_cause": {"type": ["string", "null"]},
            "superseded_by": {"type": ["string", "null"]},
        },
    ),
    "Grant": shape(
        {
            "id": TEXT,
            "state": {"enum": ["active", "used", "revoked", "lapsed"]},
            "type": {**TEXT, "description": "code of the licence type"},
            "covers": {"enum": ["licence", "type"]},
            "identifier": {"type": ["string", "null"], "description": "of the licence's first version"},
            "grantee": _PARTY,
            "purpose": TEXT,
            "fields": listing(TEXT),
            "file": FLAG,
            "single_use": FLAG,
            "until": TIME,
            "created_at": TIME,
            "used_at": {"type": ["string", "null"]},
            "revoked_at": {"type": ["string", "null"]},
        }
    ),
    "SharedLicence": shape(
        {
            "identifier": TEXT,
            "type": TEXT,
            "type_name": TEXT,
            "version": NUMBER,
            "status": TEXT,
            "cause_code": TEXT,
            "valid_from": DAY,
            "valid_to": DAY_OR_NULL,
            "issuing_authority": _PARTY,
        }
    ),
    "Seal": shape(
        {"id": TEXT, "code": TEXT, "name": TEXT, "owner": _PARTY, "state": TEXT, "valid_from": TIME, "valid_to": TIME},
        {
            "size_mm": NUMBER,
            "height_mm": NUMBER,
            "shape": {"enum": ["round", "oval", "name"]},
            "origin": TEXT,
            "state_since": TIME,
            "applied_by": TEXT,
            "applied_at": TIME,
            "picture": TEXT,
            "use_policy": OBJECT,
            **dict.fromkeys(
                ("cause", "basis", "filing_number", "replaces", "replaced_by", "stated_owner"), TEXT_OR_NULL
            ),
        },
    ),
    "SealJob": shape(
        {
            "id": TEXT,
            "seal": TEXT,
            "state": {"enum": ["waiting", "running", "done", "failed", "cancelled", "expired"]},
            "total": NUMBER,
            "done": NUMBER,
            "failed": NUMBER,
            "created_at": TIME,
            "expires_at": {**TIME, "description": "Until then the files can be fetched"},
            "items": listing(
                shape(
                    {
                        "number": NUMBER,
                        "name": TEXT,
                        "format": {"enum": ["ofd", "pdf"]},
                        "state": {"enum": ["waiting", "done", "failed", "cancelled"]},
                    },
                    {
                        "digest": TEXT,
                        "file": TEXT,
                        "error": OBJECT,
                        "time_stamp": {
                            "enum": ["pending", "done", "failed"],
                            "description": "Of levels from B-T on. pending: it comes later, and the digest changes",
                        },
                    },
                )
            ),
        },
        {"purpose": TEXT, "ended_at": {"type": ["string", "null"]}, "file": TEXT, "archive": TEXT},
    ),
    "SealStanding": shape(
        {"code": TEXT, "state": {"enum": ["active", "suspended", "replaced", "revoked", "expired"]}, "since": TIME},
        {
            "cause": TEXT_OR_NULL,
            "valid_from": TIME,
            "valid_to": TIME,
            "name": TEXT,
            "owner": TEXT,
            "bindings": {
                "type": "object",
                "description": "SHA-256 over DER, hex: of the seals with this code, and of the certificates of their "
                "makers and signers",
                "properties": {name: {"type": "array", "items": TEXT} for name in ("seals", "makers", "signers")},
            },
        },
    ),
    "LicenceFace": shape(
        {
            "identifier": TEXT,
            "version": NUMBER,
            "status": {"enum": [each.value for each in LicenceState]},
            "type_name": TEXT,
            "issuing_authority": _PARTY,
            "number_masked": TEXT,
            "holder_masked": TEXT,
            "valid_from": DAY_OR_NULL,
            "valid_to": DAY_OR_NULL,
        },
        {"disclosed": OBJECT, "log_entry": OBJECT, "status_cause": TEXT, "superseded_by_version": NUMBER},
    ),
    "Verdict": shape(
        {
            "state": {"enum": [each.value for each in LicenceState]},
            "code": {**NUMBER, "description": "GB/T 36906 result code of data verification"},
            "checked_at": TIME,
            "checks": listing(_CHECK),
        },
        {"licence": ref("LicenceFace")},
    ),
    "VerificationReport": shape(
        {
            "indication": {"enum": [each.value for each in Indication]},
            "code": {**NUMBER, "description": "GB/T 36906 result code"},
            "reason": TEXT,
            "checked_at": TIME,
            "document": shape({"format": TEXT, "digest": TEXT}),
            "checks": listing(_CHECK),
            "signatures": listing(_SIGNATURE),
            "basis": {**OBJECT, "description": "policy, clock, status lists, log checkpoint and software it rests on"},
            "receipt": {**TEXT, "description": "compact JWS over the report's digest"},
        },
        {
            "sub_indication": TEXT,
            "licence": ref("LicenceFace"),
            "kept": shape({"id": TEXT, "url": TEXT, "until": TIME}),
            "shown": {**OBJECT, "description": "what a credential disclosed, when its signature holds"},
        },
    ),
    "Readiness": shape(
        {"status": {"enum": ["ready", "not ready"]}, "checks": {"additionalProperties": {"enum": ["ok", "away"]}}}
    ),
}

RESPONSES: Mapping[str, Schema] = {
    "Problem": {
        "description": f"Any error (RFC 9457). Codes: {', '.join(STATUS)}.",
        "content": {"application/problem+json": {"schema": ref("Problem")}},
    },
    "OAuthError": json_answer("Refused, in the words of RFC 6749 §5.2", ref("OAuthError")),
    "ClientRefused": {
        **json_answer("The client could not be authenticated: invalid_client", ref("OAuthError")),
        "headers": {"WWW-Authenticate": {"schema": TEXT}},
    },
    "BearerRefused": {
        **json_answer("No access token, or one that does not count (RFC 6750 §3)", ref("OAuthError")),
        "headers": {"WWW-Authenticate": {"schema": TEXT}},
    },
    "Page": {"description": "A page for people", "content": {"text/html": {"schema": TEXT}}},
    "Redirect": {"description": "Go on there", "headers": {"Location": {"required": True, "schema": TEXT}}},
}


def security_schemes(public_url: str) -> Mapping[str, Schema]:
    """Tokens of this issuer with their scopes; client credentials at the endpoints of OAuth itself."""
    token, authorize = f"{public_url}/oauth2/token", f"{public_url}/oauth2/authorize"
    flow = {"tokenUrl": token, "scopes": dict(SCOPE_WORDS)}
    return {
        "oauth2": {
            "type": "oauth2",
            "description": "PKCE (S256) is required of authorization codes unless a client was registered without it.",
            "flows": {
                "authorizationCode": {**flow, "authorizationUrl": authorize, "refreshUrl": token},
                "clientCredentials": flow,
            },
        },
        "client_basic": {
            "type": "http",
            "scheme": "basic",
            "description": "client_id and client_secret, both form-encoded first (RFC 6749 §2.3.1)",
        },
        "wallet": {"type": "http", "scheme": "bearer", "description": "A token from `/api/v1/wallet/token`"},
    }
