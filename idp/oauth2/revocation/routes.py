"""`/oauth2/revoke`."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from idp.oauth2.rendering import answering_errors, no_store, read_body_parameters
from idp.oauth2.revocation.service import RevocationService


def routes(service: RevocationService) -> list[BaseRoute]:
    """The revocation endpoint (RFC 7009 §2: POST only)."""

    async def revoke(request: Request) -> Response:
        parameters = await read_body_parameters(request)
        await service.revoke(request.headers.get("authorization"), parameters)
        return no_store({})

    return [Route("/oauth2/revoke", answering_errors(revoke), methods=["POST"])]
