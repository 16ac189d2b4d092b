"""Where the parameters of an authorization request come from: the address itself, a pushed request, a signed object."""

from dataclasses import dataclass

from idp.clients.client import Client
from idp.oauth2.authorize.pushed import URN, PushedRequests
from idp.oauth2.authorize.request_objects import RequestObjects
from idp.oauth2.errors import OAuthError, invalid_request
from idp.oauth2.parameters import Parameters


@dataclass(frozen=True)
class Sourced:
    """The parameters that count. `request_uri`: of the pushed request they came by; `is_signed`: in an object."""

    parameters: Parameters
    request_uri: str | None = None
    is_signed: bool = False


class RequestSources:
    """Finds the parameters that count."""

    def __init__(self, pushed: PushedRequests, objects: RequestObjects) -> None:
        self.pushed = pushed
        self.objects = objects

    async def find(self, parameters: Parameters, client: Client | None) -> Sourced:
        """The parameters behind what a browser brought. Raises `OAuthError`."""
        request, request_uri = parameters.get("request"), parameters.get("request_uri")
        if request is None and request_uri is None:
            return Sourced(parameters)
        parameters.refuse_duplicates()
        if client is None:
            raise invalid_request("There is no client with this client_id.")
        if request is not None and request_uri is not None:
            raise invalid_request("Send request or request_uri, not both.")
        if request_uri is not None and request_uri.startswith(URN):
            found = await self.pushed.load(request_uri, client.client_id)
            return Sourced(found.parameters, request_uri, found.is_signed)
        if client.metadata.must_push:
            raise OAuthError("invalid_request", "This client pushes its requests (RFC 9126).")
        if request is not None:
            inside = await self.objects.read(client, request)
        else:
            inside = await self.objects.fetch(client, request_uri or "")
        return Sourced(Parameters({**inside.values, "client_id": client.client_id}, (), inside.resources), None, True)
