"""`/oauth2/revoke`."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from idp.oauth2.endpoint_reader import EndpointReader
from idp.oauth2.rendering import answering_errors, no_store
from idp.oauth2.revocation.service import RevocationService


def routes(service: RevocationService, reader: EndpointReader) -> list[BaseRoute]:
    """The revocation endpoint (RFC 7009 §2: POST only)."""

    async def revoke(request: Request) -> Response:
        await service.revoke(await reader.read(request))
        return no_store({})

    return [Route("/oauth2/revoke", answering_errors(revoke), methods=["POST"])]
