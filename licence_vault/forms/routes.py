"""What wallets and verifiers look up: the issuer's keys, and the types of credentials."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from licence_vault.forms.service import LicenceForms
from licence_vault.forms.type_metadata import PATH

_ANY_ORIGIN = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
_KEYS = {"Cache-Control": "public, max-age=300", **_ANY_ORIGIN}
_TYPES = {"Cache-Control": "public, max-age=86400", **_ANY_ORIGIN}

Code = Annotated[str, Path(max_length=21, description="The code of the licence type.")]
Version = Annotated[int, Path(ge=1, le=2**31 - 1, description="Its version.")]


def api_router() -> APIRouter:
    """Two public addresses."""
    router = APIRouter(tags=["wallets"])
    router.add_api_route(
        "/.well-known/jwt-vc-issuer",
        show_issuer,
        methods=["GET"],
        summary="The keys of credentials that name this address as their issuer",
        description="JWT VC Issuer Metadata of draft-ietf-oauth-sd-jwt-vc.",
        response_model=None,
    )
    router.add_api_route(
        PATH + "/{code}/{version}",
        show_type,
        methods=["GET"],
        summary="What a wallet shows of a licence type",
        description="Type Metadata of draft-ietf-oauth-sd-jwt-vc; credentials carry a hash of these very bytes.",
        response_model=None,
    )
    return router


async def show_issuer(request: Request) -> Response:
    """The keys, newest first."""
    return JSONResponse(await _forms(request).issuer_metadata(), headers=_KEYS)


async def show_type(request: Request, code: Code, version: Version) -> Response:
    """The metadata, byte for byte."""
    return Response(await _forms(request).type_metadata(code, version), media_type="application/json", headers=_TYPES)


def _forms(request: Request) -> LicenceForms:
    forms: LicenceForms = request.app.state.licence_vault.forms
    return forms
