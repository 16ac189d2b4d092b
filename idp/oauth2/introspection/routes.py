"""`/oauth2/introspect`."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from idp.oauth2.endpoint_reader import EndpointReader
from idp.oauth2.introspection.service import IntrospectionService
from idp.oauth2.rendering import answering_errors, no_store


def routes(service: IntrospectionService, reader: EndpointReader) -> list[BaseRoute]:
    """The introspection endpoint (RFC 7662 §2: POST only)."""

    async def introspect(request: Request) -> Response:
        return no_store(await service.introspect(await reader.read(request)))

    return [Route("/oauth2/introspect", answering_errors(introspect), methods=["POST"])]
