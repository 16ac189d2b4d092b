"""`/oauth2/device_authorization`."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from idp.oauth2.device.service import DeviceAuthorization
from idp.oauth2.endpoint_reader import EndpointReader
from idp.oauth2.rendering import answering_errors, no_store


def routes(service: DeviceAuthorization, reader: EndpointReader) -> list[BaseRoute]:
    """The endpoint (RFC 8628 §3.1: POST only)."""

    async def begin(request: Request) -> Response:
        return no_store(await service.begin(await reader.read(request)))

    return [Route("/oauth2/device_authorization", answering_errors(begin), methods=["POST"])]
