"""`POST /api/v1/licences` and what changes a licence afterwards. Each parses, calls once, answers."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kernel.errors import InvalidInput
from kernel.web.json_body import read_json
from kernel.web.sign_in import authenticated
from licence_vault.caller import actor_of, issuer_of
from licence_vault.issuing.changes import Cause, LicenceChanges
from licence_vault.issuing.service import Issuing, Requester
from licence_vault.licences.licence import CAUSE_CODES
from licence_vault.lookup.representation import issued

NO_STORE = {"Cache-Control": "no-store"}

_ORDER: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["type", "holder", "fields"],
                    "properties": {
                        "type": {"type": "string", "description": "code of the licence type"},
                        "holder": {
                            "type": "object",
                            "required": ["kind", "id_type", "number", "name"],
                            "properties": {
                                "kind": {"enum": ["natural", "legal"]},
                                "id_type": {
                                    "type": "string",
                                    "description": "GB/T 36903 Annex A, for example 111 or 001",
                                },
                                "number": {"type": "string"},
                                "name": {"type": "string"},
                            },
                        },
                        "fields": {"type": "object", "description": "by the schema of the type"},
                        "valid_from": {"type": "string", "format": "date"},
                        "valid_to": {"type": ["string", "null"], "format": "date"},
                    },
                }
            }
        },
    },
    "parameters": [{"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "maxLength": 200}}],
}
_CAUSE_PARTS: dict[str, Any] = {"cause": {"type": "string"}, "cause_code": {"enum": sorted(CAUSE_CODES)}}
_CAUSE: dict[str, Any] = {
    "requestBody": {"content": {"application/json": {"schema": {"type": "object", "properties": _CAUSE_PARTS}}}}
}


def api_router() -> APIRouter:
    """Issuing and changing, for agencies."""
    router = APIRouter(tags=["licences"])
    router.add_api_route(
        "/api/v1/licences",
        issue,
        methods=["POST"],
        status_code=201,
        summary="Issue a licence",
        openapi_extra=_ORDER,
        response_model=None,
    )
    router.add_api_route(
        "/api/v1/licences/{licence_id}/reissue",
        reissue,
        methods=["POST"],
        status_code=201,
        summary="Issue the next version",
        response_model=None,
    )
    for action, endpoint in (("revoke", revoke), ("suspend", suspend), ("resume", resume)):
        router.add_api_route(
            f"/api/v1/licences/{{licence_id}}/{action}",
            endpoint,
            methods=["POST"],
            summary=f"{action.title()} a licence",
            openapi_extra=_CAUSE,
            response_model=None,
        )
    return router


async def issue(request: Request) -> Response:
    """201 with the licence; the same `Idempotency-Key` and body give the same answer."""
    requester = await requester_of(request, "licence:issue")
    service: Issuing = request.app.state.licence_vault.issuing
    licence = await service.issue(await read_json(request), requester)
    url = request.app.state.licence_vault.public_url
    headers = {"Location": f"/api/v1/licences/{licence.id}", **NO_STORE}
    return JSONResponse(issued(licence, url), 201, headers=headers)


async def reissue(request: Request, licence_id: str) -> Response:
    """201 with the next version; members that the body leaves out stay as they were."""
    requester = await requester_of(request, "licence:issue")
    service: Issuing = request.app.state.licence_vault.issuing
    licence = await service.reissue(licence_id, await read_json(request), requester)
    return JSONResponse(issued(licence, request.app.state.licence_vault.public_url), 201, headers=NO_STORE)


async def revoke(request: Request, licence_id: str) -> Response:
    """End a licence for good; needs a cause."""
    return await _change(request, "revoke", licence_id)


async def suspend(request: Request, licence_id: str) -> Response:
    """Put a licence out of force until resumed; needs a cause."""
    return await _change(request, "suspend", licence_id)


async def resume(request: Request, licence_id: str) -> Response:
    """Put a suspended licence back into force."""
    return await _change(request, "resume", licence_id)


async def _change(request: Request, action: str, licence_id: str) -> Response:
    requester = await requester_of(request, "licence:manage")
    body = await read_json(request, empty_is={})
    cause = body.get("cause", "")
    if not isinstance(cause, str):
        raise InvalidInput("The cause must be text.")
    changes: LicenceChanges = request.app.state.licence_vault.changes
    code = body.get("cause_code", "")
    if not isinstance(code, str):
        raise InvalidInput("The cause must be text.")
    licence = await changes.apply(action, licence_id, requester.issuer.uscc, Cause(cause, code), requester.actor)
    answer = {
        "id": licence.id,
        "identifier": licence.identifier,
        "status": licence.status.value,
        "status_cause": licence.status_cause or None,
        "cause_code": licence.cause_code,
        "status_changed_at": licence.status_changed_at.isoformat(),
    }
    return JSONResponse(answer, headers=NO_STORE)


async def requester_of(request: Request, scope: str) -> Requester:
    """Who asks, allowed to and acting for an authority."""
    principal = await authenticated(request)
    principal.require_scope(scope)
    return Requester(actor_of(principal), issuer_of(principal), request.headers.get("idempotency-key", "").strip())
