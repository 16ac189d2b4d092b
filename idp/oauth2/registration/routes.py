"""`/oauth2/register` and `/oauth2/register/{client_id}`."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from idp.oauth2.errors import OAuthError
from idp.oauth2.registration.service import RegistrationService
from idp.oauth2.rendering import NO_STORE, answering_errors, no_store
from kernel.errors import InvalidInput
from kernel.web.json_body import read_json

PATH = "/oauth2/register"


def routes(service: RegistrationService) -> list[BaseRoute]:
    """Register (RFC 7591 §3); read, replace and delete one's own registration (RFC 7592 §2)."""

    async def register(request: Request) -> Response:
        return no_store(await service.register(_token(request), await _document(request)), 201)

    async def manage(request: Request) -> Response:
        client_id, token = request.path_params["client_id"], _token(request)
        if request.method == "DELETE":
            await service.delete(client_id, token)
            return Response(status_code=204, headers=NO_STORE)
        if request.method == "PUT":
            return no_store(await service.update(client_id, token, await _document(request)))
        return no_store(await service.read(client_id, token))

    return [
        Route(PATH, answering_errors(register), methods=["POST"]),
        Route(PATH + "/{client_id}", answering_errors(manage), methods=["GET", "PUT", "DELETE"]),
    ]


def _token(request: Request) -> str | None:
    scheme, _space, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


async def _document(request: Request) -> dict[str, object]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise OAuthError("invalid_client_metadata", "Send the metadata as application/json.")
    try:
        return dict(await read_json(request))
    except InvalidInput as error:
        raise OAuthError("invalid_client_metadata", error.text) from error
