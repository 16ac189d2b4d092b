"""`/oauth2/token`."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from idp.oauth2.endpoint_reader import EndpointReader
from idp.oauth2.rendering import answering_errors, no_store
from idp.oauth2.token.service import TokenEndpoint


def routes(endpoint: TokenEndpoint, reader: EndpointReader) -> list[BaseRoute]:
    """The token endpoint (RFC 6749 §3.2: POST only)."""

    async def token(request: Request) -> Response:
        return no_store(await endpoint.exchange(await reader.read(request)))

    return [Route("/oauth2/token", answering_errors(token), methods=["POST"])]
