"""Reads the requests of clients' own endpoints off Starlette."""

from starlette.requests import Request

from idp.oauth2.endpoint_request import EndpointRequest
from idp.oauth2.parameters import Parameters
from idp.oauth2.rendering import read_body_parameters
from kernel.web.possession.front import CertificateFront


class EndpointReader:
    """Reads requests; `issuer` is the public address that paths are put behind."""

    def __init__(self, issuer: str, front: CertificateFront) -> None:
        self._issuer = issuer
        self._front = front

    async def read(self, request: Request) -> EndpointRequest:
        """A POST with a form body. Raises `OAuthError`, `InvalidInput`."""
        return self.read_with(request, await read_body_parameters(request))

    def read_with(self, request: Request, parameters: Parameters) -> EndpointRequest:
        """A request whose parameters were read elsewhere. Raises `InvalidInput`."""
        return EndpointRequest(
            url=self._issuer + request.url.path,
            parameters=parameters,
            authorization=request.headers.get("authorization"),
            proofs=tuple(request.headers.getlist("dpop")),
            certificate=self._front.read(request),
            method=request.method,
        )
