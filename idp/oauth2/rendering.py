"""OAuth answers as HTTP: JSON that no cache keeps (RFC 6749 §5.1, §5.2), read from and written to Starlette."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from idp.oauth2.errors import OAuthError, invalid_request
from idp.oauth2.parameters import Parameters
from kernel.errors import InvalidInput, RateLimited, Unavailable
from kernel.web.forms import read_form, read_query

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
FORM = "application/x-www-form-urlencoded"

Handler = Callable[[Request], Awaitable[Response]]


def no_store(body: Mapping[str, Any], status: int = 200) -> JSONResponse:
    """A JSON answer that no cache keeps."""
    return JSONResponse(dict(body), status, NO_STORE)


def error_response(error: OAuthError) -> JSONResponse:
    """The answer of RFC 6749 §5.2; 401 tells which scheme to use."""
    response = no_store(error.to_json(), error.status)
    response.headers.update(error.headers)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = f'Basic realm="xinyin", error="{error.error}"'
    return response


def answering_errors(handler: Handler) -> Handler:
    """Let a JSON endpoint answer every refusal in OAuth's words."""

    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except OAuthError as error:
            return error_response(error)
        except InvalidInput as error:
            return error_response(invalid_request(error.text))
        except RateLimited as error:
            response = error_response(OAuthError("temporarily_unavailable", error.text, status=429))
            response.headers["Retry-After"] = str(error.retry_after_seconds)
            return response
        except Unavailable as error:
            return error_response(OAuthError("temporarily_unavailable", error.text, status=503))

    return handle


async def read_body_parameters(request: Request) -> Parameters:
    """The parameters of a POST, from its form body alone (RFC 6749 §3.2). Raises `OAuthError`."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM:
        raise invalid_request(f"Send the parameters as {FORM}.")
    parameters = Parameters.of((await read_form(request)).pairs)
    parameters.refuse_duplicates()
    return parameters


async def read_request_parameters(request: Request) -> Parameters:
    """The parameters of an endpoint that takes GET and POST; duplicates are its own to check. Raises `OAuthError`."""
    try:
        if request.method == "POST":
            return Parameters.of((await read_form(request)).pairs)
        return Parameters.of(read_query(request).pairs)
    except InvalidInput as error:
        raise invalid_request(error.text) from error
