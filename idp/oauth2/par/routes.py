"""`/oauth2/par`."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from idp.oauth2.endpoint_reader import EndpointReader
from idp.oauth2.par.service import PushEndpoint
from idp.oauth2.rendering import answering_errors, no_store


def routes(endpoint: PushEndpoint, reader: EndpointReader) -> list[BaseRoute]:
    """The endpoint (RFC 9126 §2: POST only)."""

    async def push(request: Request) -> Response:
        return no_store(await endpoint.push(await reader.read(request)), 201)

    return [Route("/oauth2/par", answering_errors(push), methods=["POST"])]
