"""`POST /api/v1/sharing/query`, `/fetch` and `/verify`, for agencies' programs and officers."""

import base64
import re
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kernel.errors import FieldError, InvalidInput
from kernel.ids.holder_codes import HOLDER_CODE_TYPES, parse_holder_number
from kernel.ids.licence_identifier import LicenceIdentifier
from kernel.principal import Principal
from kernel.web.json_body import read_json
from kernel.web.sign_in import authenticated
from licence_vault.caller import actor_of, issuer_of
from licence_vault.licences.licence import Licence, effective_cause
from licence_vault.lookup.routes import NO_STORE, today
from licence_vault.lookup.service import FORMATS
from licence_vault.sharing.call import GeneralCode, SharingCall, read_call
from licence_vault.sharing.service import Copy, FileVerdict, Sharing, Wish

MOST_FIELDS = 100
_DIGEST = re.compile(r"[0-9a-fA-F]{64}")


def api_router() -> APIRouter:
    """Sharing between agencies."""
    router = APIRouter(tags=["sharing"])
    for name, endpoint, summary in (
        ("query", query, "Which licences of a type a holder has"),
        ("fetch", fetch, "Chosen fields of a licence, and a purpose-bound copy of it"),
        ("verify", verify, "Whether data or a file agree with the vault"),
    ):
        path = f"/api/v1/sharing/{name}"
        router.add_api_route(path, endpoint, methods=["POST"], summary=summary, response_model=None)
    return router


async def query(request: Request) -> Response:
    """Identifiers and status, nothing personal. Nobody there and no basis answer alike: code 3, an empty list."""
    principal, sharing = await authenticated(request), _sharing(request)
    async with sharing.watched(principal, "query"):
        body, call = await _call(request, principal)
        id_type, number = _holder(body)
        type_code = _required(body, "type", _is_text)
        licences = await sharing.query(call, type_code, id_type, number)
    code = GeneralCode.ANSWERED if licences else GeneralCode.NOTHING_FOUND
    return _answer({"code": code, "licences": [_entry(request, each) for each in licences]})


async def fetch(request: Request) -> Response:
    """`fields` by name, and with `copy` ofd or pdf a sealed copy that says what it may be used for."""
    principal, sharing = await authenticated(request), _sharing(request)
    async with sharing.watched(principal, "fetch"):
        body, call = await _call(request, principal)
        fetched = await sharing.fetch(call, _wish(body))
    answer = {"code": GeneralCode.ANSWERED, **_entry(request, fetched.licence), "fields": dict(fetched.fields)}
    if fetched.copy is not None:
        answer["copy"] = _copy(fetched.copy)
    return _answer(answer)


async def verify(request: Request) -> Response:
    """With `identifier` and `data`: a code of data verification; with `file_sha256`: one of file verification."""
    principal, sharing = await authenticated(request), _sharing(request)
    async with sharing.watched(principal, "verify"):
        body, call = await _call(request, principal)
        if "file_sha256" in body:
            digest = _required(body, "file_sha256", _is_digest).lower()
            return _answer(_verdict(request, await sharing.verify_file(call, digest)))
        data = body.get("data")
        if not isinstance(data, Mapping) or len(data) > MOST_FIELDS:
            message = "Send data to compare, or the digest of a file."
            raise InvalidInput(message, fields=[FieldError("data", message)])
        return _answer({"code": await sharing.verify_data(call, _identifier(body), data)})


async def _call(request: Request, principal: Principal) -> tuple[Mapping[str, Any], SharingCall]:
    body = await read_json(request)
    agency = issuer_of(principal)
    return body, read_call(body, agency, client_id=principal.client_id, actor=actor_of(principal))


def _holder(body: Mapping[str, Any]) -> tuple[str, str]:
    holder = body.get("holder")
    if not isinstance(holder, Mapping):
        message = "Name the holder by id_type and number."
        raise InvalidInput(message, fields=[FieldError("holder", message)])
    id_type, number = str(holder.get("id_type", "")), str(holder.get("number", ""))
    if id_type not in HOLDER_CODE_TYPES:
        message = "The kind of number is a code such as 111 or 001."
        raise InvalidInput(message, fields=[FieldError("holder.id_type", message)])
    return id_type, parse_holder_number(id_type, number)


def _wish(body: Mapping[str, Any]) -> Wish:
    fields, copy = body.get("fields", []), body.get("copy", "")
    if not isinstance(fields, list) or len(fields) > MOST_FIELDS or not all(_is_text(each) for each in fields):
        message = "fields is a list of names."
        raise InvalidInput(message, fields=[FieldError("fields", message)])
    if copy not in ("", None, *FORMATS):
        message = "A licence's file is ofd or pdf."
        raise InvalidInput(message, fields=[FieldError("copy", message)])
    if not fields and not copy:
        message = "Name the fields that you need, or ask for a copy."
        raise InvalidInput(message, fields=[FieldError("fields", message)])
    return Wish(_identifier(body), tuple(dict.fromkeys(fields)), copy or "")


def _identifier(body: Mapping[str, Any]) -> str:
    text = _required(body, "identifier", _is_text)
    try:
        return str(LicenceIdentifier.parse(text))
    except InvalidInput as refusal:
        params: dict[str, Any] = refusal.params
        complaint = FieldError("identifier", refusal.message, params)
        raise InvalidInput(refusal.message, fields=[complaint], **params) from refusal


def _required(body: Mapping[str, Any], name: str, holds: Any) -> str:
    value = body.get(name)
    if not holds(value):
        message = "Every call states {name}."
        raise InvalidInput(message, fields=[FieldError(name, message, {"name": name})], name=name)
    return str(value)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 200


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


def _entry(request: Request, licence: Licence) -> dict[str, Any]:
    day = today(request)
    return {
        "identifier": licence.identifier,
        "type": licence.type_code,
        "type_name": licence.type_name,
        "version": licence.version,
        "status": licence.status_on(day),
        "cause_code": effective_cause(licence, day),
        "valid_from": licence.valid_from.isoformat(),
        "valid_to": licence.valid_to.isoformat() if licence.valid_to else None,
        "issuing_authority": {"uscc": licence.issuer_uscc, "name": licence.issuer_name},
    }


def _copy(copy: Copy) -> dict[str, Any]:
    return {
        "format": copy.format,
        "media_type": FORMATS[copy.format],
        "sha256": copy.digest,
        "expires_at": copy.expires_at.isoformat(),
        "content": base64.b64encode(copy.data).decode(),
    }


def _verdict(request: Request, verdict: FileVerdict) -> dict[str, Any]:
    answer: dict[str, Any] = {"code": verdict.code, "kind": verdict.kind or None}
    if verdict.licence is not None:
        answer["licence"] = _entry(request, verdict.licence)
    if verdict.expires_at is not None:
        answer["expires_at"] = verdict.expires_at.isoformat()
    return answer


def _answer(document: Mapping[str, Any]) -> Response:
    return JSONResponse(dict(document) | {"code": int(document["code"])}, headers=NO_STORE)


def _sharing(request: Request) -> Sharing:
    sharing: Sharing = request.app.state.licence_vault.sharing
    return sharing
