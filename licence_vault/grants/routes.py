"""`GET`, `POST` and `DELETE /api/v1/me/grants`."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kernel.errors import FieldError, InvalidInput
from kernel.principal import AUTHORISE, Principal
from kernel.web.json_body import read_json
from kernel.web.sign_in import authenticated
from licence_vault.grants.grant import Grant
from licence_vault.grants.service import GrantOrder, Grants

ROOT = "/api/v1/me/grants"
NO_STORE = {"Cache-Control": "private, no-store"}


def api_router() -> APIRouter:
    """What I let agencies have."""
    router = APIRouter(tags=["holder"])
    for path, endpoint, method, summary in (
        ("", list_grants, "GET", "My grants and those of the organisations I act for"),
        ("", give, "POST", "Let an agency have chosen data of one of my licences"),
        ("/{grant_id}", revoke, "DELETE", "Take a grant back, at once"),
    ):
        status = {"POST": 201, "DELETE": 200}.get(method, 200)
        router.add_api_route(
            ROOT + path, endpoint, methods=[method], status_code=status, summary=summary, response_model=None
        )
    return router


async def list_grants(request: Request) -> Response:
    """Newest first, whatever became of them."""
    _principal, indexes = await _holder(request)
    found = await _grants(request).of(indexes)
    return JSONResponse({"grants": [_told(request, each) for each in found]}, headers=NO_STORE)


async def give(request: Request) -> Response:
    """201 with the grant; it holds for the licence through all its versions, or for every licence of its type."""
    vault = request.app.state.licence_vault
    principal = await authenticated(request)
    viewer = await vault.lookup.viewer(principal, request.app.state.holders, AUTHORISE)
    body = await read_json(request)
    licence = await vault.lookup.load_own(viewer, str(body.get("licence", ""))[:64])
    licence_type = await vault.catalogue.load(licence.type_code, licence.type_version)
    index = vault.lookup.holder_index(licence)
    grant = await _grants(request).give(
        licence, licence_type, _order(body), holder_index=index, giver=principal.subject
    )
    return JSONResponse(_told(request, grant), 201, headers=NO_STORE)


async def revoke(request: Request, grant_id: str) -> Response:
    """The grant as it is now."""
    principal, indexes = await _holder(request)
    grant = await _grants(request).revoke(indexes, grant_id, principal.subject)
    return JSONResponse(_told(request, grant), headers=NO_STORE)


def _order(body: Any) -> GrantOrder:
    grantee, fields = body.get("grantee"), body.get("fields", [])
    if not isinstance(fields, list) or not all(isinstance(each, str) for each in fields):
        message = "fields is a list of names."
        raise InvalidInput(message, fields=[FieldError("fields", message)])
    return GrantOrder(
        grantee_uscc=str(grantee.get("uscc", "")) if isinstance(grantee, dict) else "",
        purpose=str(body.get("purpose") or ""),
        fields=tuple(dict.fromkeys(fields)),
        until=_moment(body.get("until")),
        covers=str(body.get("covers", "licence")),
        with_file=body.get("file") is True,
        single_use=body.get("single_use") is True,
    )


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def _told(request: Request, grant: Grant) -> dict[str, Any]:
    return {
        "id": grant.id,
        "state": grant.state_at(request.app.state.licence_vault.clock()).value,
        "type": grant.type_code,
        "covers": "licence" if grant.root_identifier else "type",
        "identifier": grant.root_identifier or None,
        "grantee": {"uscc": grant.grantee_uscc, "name": grant.grantee_name},
        "purpose": grant.purpose,
        "fields": list(grant.fields),
        "file": grant.with_file,
        "single_use": grant.single_use,
        "until": grant.until.isoformat(),
        "created_at": grant.created_at.isoformat(),
        "used_at": grant.used_at.isoformat() if grant.used_at else None,
        "revoked_at": grant.revoked_at.isoformat() if grant.revoked_at else None,
    }


async def _holder(request: Request) -> tuple[Principal, frozenset[str]]:
    principal = await authenticated(request)
    viewer = await request.app.state.licence_vault.lookup.viewer(principal, request.app.state.holders, AUTHORISE)
    return principal, viewer.holder_indexes


def _grants(request: Request) -> Grants:
    grants: Grants = request.app.state.licence_vault.grants
    return grants
