"""`/oauth2/token`."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from idp.oauth2.rendering import answering_errors, no_store, read_body_parameters
from idp.oauth2.token.service import TokenEndpoint


def routes(endpoint: TokenEndpoint) -> list[BaseRoute]:
    """The token endpoint (RFC 6749 §3.2: POST only)."""

    async def token(request: Request) -> Response:
        parameters = await read_body_parameters(request)
        return no_store(await endpoint.exchange(request.headers.get("authorization"), parameters))

    return [Route("/oauth2/token", answering_errors(token), methods=["POST"])]
