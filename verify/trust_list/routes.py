"""`GET /api/v1/trust-list`."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from verify.trust_list.service import TrustListPublication


def api_router() -> APIRouter:
    """The list for everyone, from any origin: verifiers run elsewhere."""
    router = APIRouter(tags=["verification"])
    router.add_api_route(
        "/api/v1/trust-list",
        show_trust_list,
        methods=["GET"],
        summary="Issuers' anchors, seals' certificates and the keys of QR codes",
        response_model=None,
    )
    return router


async def show_trust_list(request: Request) -> Response:
    """The list now. The same for all who ask, so that asking tells nothing."""
    service: TrustListPublication = request.app.state.verify.trust_list
    headers = {
        "Cache-Control": "public, max-age=60",
        "Access-Control-Allow-Origin": "*",
        # The answer is for any origin, unlike our pages.
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    return JSONResponse(await service.current(), headers=headers)
