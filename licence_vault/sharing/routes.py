"""`POST /api/v1/sharing/query`, `/fetch` and `/verify`, for agencies' programs and officers."""

import base64
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kernel.errors import FieldError, Forbidden, InvalidInput
from kernel.ids.holder_codes import HOLDER_CODE_TYPES, parse_holder_number
from kernel.ids.licence_identifier import LicenceIdentifier
from kernel.web.json_body import read_json
from kernel.web.sign_in import authenticated
from licence_vault.caller import actor_of, issuer_of
from licence_vault.licences.licence import Licence, effective_cause
from licence_vault.lookup.routes import NO_STORE, today
from licence_vault.lookup.service import FORMATS
from licence_vault.neighbours.neighbour import Neighbour, NeighbourSide
from licence_vault.neighbours.register import NeighbourRegister
from licence_vault.sharing.call import DataCode, GeneralCode, SharingCall, read_agency, read_call
from licence_vault.sharing.relaying import ON_BEHALF_OF, PassedCall, Relay
from licence_vault.sharing.service import Copy, FileVerdict, Sharing, Wish

MOST_FIELDS = 100
MISSED = frozenset({DataCode.NOTHING_FOUND, DataCode.DIFFERENT})
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
    async with _heard(request, "query") as (body, call):
        id_type, number = _holder(body)
        type_code = _required(body, "type", _is_text)
        licences = await _sharing(request).query(call, type_code, id_type, number)
        passed = await _relay(request).gather(_passed(request, call, body), type_code, id_type, number)
        found = [*(_entry(request, each) for each in licences), *passed.licences]
        if not found and not passed.unanswered:
            await _sharing(request).note_miss(call)
    nothing = GeneralCode.TIMED_OUT if passed.unanswered else GeneralCode.NOTHING_FOUND
    answer: dict[str, Any] = {"code": GeneralCode.ANSWERED if found else nothing, "licences": found}
    if passed.unanswered:
        answer["unanswered"] = list(passed.unanswered)
    return _answer(answer)


async def fetch(request: Request) -> Response:
    """`fields` by name, and with `copy` ofd or pdf a sealed copy that says what it may be used for."""
    async with _heard(request, "fetch") as (body, call):
        wish = _wish(body)
        if passed := await _of_licence(request, "fetch", _passed(request, call, body), wish.identifier):
            return passed
        fetched = await _sharing(request).fetch(call, wish)
    answer = {"code": GeneralCode.ANSWERED, **_entry(request, fetched.licence), "fields": dict(fetched.fields)}
    if fetched.copy is not None:
        answer["copy"] = _copy(fetched.copy)
    return _answer(answer)


async def verify(request: Request) -> Response:
    """With `identifier` and `data`: a code of data verification; with `file_sha256`: one of file verification."""
    async with _heard(request, "verify") as (body, call):
        sharing, passed_call = _sharing(request), _passed(request, call, body)
        if "file_sha256" in body:
            digest = _required(body, "file_sha256", _is_digest).lower()
            if passed := await _of_file(request, passed_call, digest):
                return passed
            return _answer(_verdict(request, await sharing.verify_file(call, digest)))
        data = body.get("data")
        if not isinstance(data, Mapping) or len(data) > MOST_FIELDS:
            message = "Send data to compare, or the digest of a file."
            raise InvalidInput(message, fields=[FieldError("data", message)])
        identifier = _identifier(body)
        if passed := await _of_licence(request, "verify", passed_call, identifier):
            return passed
        return _answer({"code": await sharing.verify_data(call, identifier, data)})


@asynccontextmanager
async def _heard(request: Request, operation: str) -> AsyncIterator[tuple[Mapping[str, Any], SharingCall]]:
    """The call, watched. One that a vault above passes on is its agency's, whose name that vault answers for."""
    principal, sharing = await authenticated(request), _sharing(request)
    above = await _register(request).find_calling(principal, NeighbourSide.ABOVE)
    async with sharing.watched(principal, operation, passes_on=above is not None) as watch:
        body, actor = await read_json(request), actor_of(principal)
        if ON_BEHALF_OF not in body:
            agency = issuer_of(principal)
            yield body, read_call(body, agency, client_id=principal.client_id, actor=actor)
            return
        if above is None:
            raise Forbidden("Your system is not registered as a neighbouring vault that may do this.")
        agency = read_agency(body, ON_BEHALF_OF)
        watch.client_id = f"{principal.client_id}@{agency.uscc}"
        call = read_call(body, agency, client_id=watch.client_id, actor=actor, via=above.authority)
        await sharing.admit(call)
        yield body, call


def _passed(request: Request, call: SharingCall, body: Mapping[str, Any]) -> PassedCall:
    return PassedCall(call, body, request.headers.get("accept-language", "")[:100])


async def _of_licence(request: Request, operation: str, passed: PassedCall, identifier: str) -> Response | None:
    """The answer of the vault below that has the licence; nothing when it is ours, or nobody's."""
    neighbour = await _relay(request).of_licence(passed.call, identifier)
    if neighbour is None or await _sharing(request).has(identifier):
        return None
    return await _answer_of(request, neighbour, operation, passed)


async def _of_file(request: Request, passed: PassedCall, digest: str) -> Response | None:
    neighbour = await _relay(request).of_file(passed.call, digest)
    if neighbour is None or await _sharing(request).has_file(digest):
        return None
    return await _answer_of(request, neighbour, "verify", passed)


async def _answer_of(request: Request, neighbour: Neighbour, operation: str, passed: PassedCall) -> Response:
    """What the other vault said, its refusals and codes as they are."""
    answer = await _relay(request).ask(neighbour, operation, passed)
    if answer.status == 404 or (operation == "verify" and answer.document.get("code") in MISSED):
        await _sharing(request).note_miss(passed.call)
    media_type = "application/json" if answer.status == 200 else "application/problem+json"
    return JSONResponse(answer.document, answer.status, headers=NO_STORE, media_type=media_type)


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


def _register(request: Request) -> NeighbourRegister:
    register: NeighbourRegister = request.app.state.licence_vault.neighbours
    return register


def _relay(request: Request) -> Relay:
    relay: Relay = request.app.state.licence_vault.relay
    return relay


def _sharing(request: Request) -> Sharing:
    sharing: Sharing = request.app.state.licence_vault.sharing
    return sharing
