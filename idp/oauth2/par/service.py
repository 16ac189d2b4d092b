"""Judging and keeping pushed requests, by the same rules as those that a browser brings."""

import hmac
from typing import Any

from idp.clients.client import Client
from idp.oauth2.authorize.pushed import PushedRequest
from idp.oauth2.authorize.request import Attempt
from idp.oauth2.authorize.service import AuthorizationService
from idp.oauth2.authorize.sources import RequestSources
from idp.oauth2.binding import SenderBinding
from idp.oauth2.client_authentication.service import ClientAuthenticator
from idp.oauth2.endpoint_request import EndpointRequest
from idp.oauth2.errors import OAuthError, invalid_request
from idp.oauth2.parameters import Parameters

CREDENTIALS = frozenset({"client_secret", "client_assertion", "client_assertion_type"})


class PushEndpoint:
    """Takes requests from clients."""

    def __init__(
        self,
        authenticator: ClientAuthenticator,
        binding: SenderBinding,
        sources: RequestSources,
        authorization: AuthorizationService,
    ) -> None:
        self._authenticator = authenticator
        self._binding = binding
        self._sources = sources
        self._authorization = authorization

    async def push(self, request: EndpointRequest) -> dict[str, Any]:
        """The answer of RFC 9126 §2.2. Raises `OAuthError`."""
        client = await self._authenticator.authenticate(request, allow_public=True)
        if request.parameters.get("request_uri") is not None:
            raise invalid_request("A pushed request has no request_uri.")
        is_signed = request.parameters.get("request") is not None
        parameters = await self._parameters(client, request.parameters, is_signed=is_signed)
        parameters = await self._with_key(parameters, request)
        self._check(Attempt(parameters, client, is_pushed=True, is_signed=is_signed))
        request_uri = await self._sources.pushed.keep(PushedRequest(client.client_id, parameters, is_signed))
        return {"request_uri": request_uri, "expires_in": self._sources.pushed.seconds}

    async def _parameters(self, client: Client, sent: Parameters, *, is_signed: bool) -> Parameters:
        if is_signed:
            inside = await self._sources.objects.read(client, sent.require("request"))
            return Parameters({**inside.values, "client_id": client.client_id}, resources=inside.resources)
        values = {name: value for name, value in sent.values.items() if name not in CREDENTIALS}
        return Parameters({**values, "client_id": client.client_id}, resources=sent.resources)

    async def _with_key(self, parameters: Parameters, request: EndpointRequest) -> Parameters:
        """RFC 9449 §10.1: a proof here binds the code to its key, as `dpop_jkt` does; both must agree."""
        proof = await self._binding.read_proof(request)
        if proof is None:
            return parameters
        named = parameters.get("dpop_jkt")
        if named is not None and not hmac.compare_digest(named.encode(), proof.jkt.encode()):
            raise OAuthError("invalid_dpop_proof", "The DPoP proof is by another key than dpop_jkt.")
        return Parameters({**parameters.values, "dpop_jkt": proof.jkt}, resources=parameters.resources)

    def _check(self, attempt: Attempt) -> None:
        try:
            self._authorization.check(attempt)
        except OAuthError as error:
            error.redirectable = False
            raise
