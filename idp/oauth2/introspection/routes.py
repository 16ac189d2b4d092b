"""`/oauth2/introspect`."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from idp.oauth2.introspection.service import IntrospectionService
from idp.oauth2.rendering import answering_errors, no_store, read_body_parameters


def routes(service: IntrospectionService) -> list[BaseRoute]:
    """The introspection endpoint (RFC 7662 §2: POST only)."""

    async def introspect(request: Request) -> Response:
        parameters = await read_body_parameters(request)
        return no_store(await service.introspect(request.headers.get("authorization"), parameters))

    return [Route("/oauth2/introspect", answering_errors(introspect), methods=["POST"])]
