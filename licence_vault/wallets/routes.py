"""The addresses that wallets call, answered in the words of OpenID4VCI and OAuth."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kernel.errors import InvalidInput
from kernel.web.forms import read_form
from kernel.web.json_body import read_json
from licence_vault.wallets.addresses import ISSUER_PATH, PREFIX, SERVER_PATH
from licence_vault.wallets.errors import WalletError
from licence_vault.wallets.service import Wallets

_ANY_ORIGIN = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
_KEPT = {"Cache-Control": "public, max-age=300", **_ANY_ORIGIN}
_FRESH = {"Cache-Control": "no-store", **_ANY_ORIGIN}

OfferId = Annotated[str, Path(max_length=64, description="What follows in the offer's address.")]


def api_router() -> APIRouter:
    """Metadata, offers, tokens, nonces, credentials."""
    router = APIRouter(tags=["wallets"])
    for method, path, endpoint, summary in (
        ("GET", ISSUER_PATH, show_issuer, "What wallets can get here (OpenID4VCI §12.2)"),
        ("GET", SERVER_PATH, show_server, "The authorization server of offers (RFC 8414)"),
        ("GET", f"{PREFIX}/offers/{{offer_id}}", show_offer, "An offer that a holder made (OpenID4VCI §4.1)"),
        ("POST", f"{PREFIX}/token", exchange, "A token for a pre-authorized code (OpenID4VCI §6)"),
        ("POST", f"{PREFIX}/nonce", give_nonce, "A nonce for a key proof (OpenID4VCI §7)"),
        ("POST", f"{PREFIX}/credential", give_credential, "The licence as SD-JWT VC (OpenID4VCI §8)"),
    ):
        router.add_api_route(path, endpoint, methods=[method], summary=summary, response_model=None)
    return router


async def show_issuer(request: Request) -> Response:
    """Credential Issuer Metadata."""
    return JSONResponse(await _wallets(request).issuer_metadata(), headers=_KEPT)


async def show_server(request: Request) -> Response:
    """Authorization server metadata."""
    return JSONResponse(_wallets(request).server_metadata(), headers=_KEPT)


async def show_offer(request: Request, offer_id: OfferId) -> Response:
    """The offer, while it lasts."""
    return JSONResponse(await _wallets(request).open_offer(offer_id), headers=_FRESH)


async def exchange(request: Request) -> Response:
    """A token, once."""

    async def work() -> dict[str, Any]:
        pairs = (await read_form(request)).pairs
        form = dict(pairs)
        if len(form) != len(pairs):
            raise WalletError("invalid_request", "A parameter was sent twice.")
        return await _wallets(request).token(form)

    return await _answered(work)


async def give_nonce(request: Request) -> Response:
    """For anybody; nothing is kept."""
    return JSONResponse({"c_nonce": _wallets(request).nonce()}, headers=_FRESH)


async def give_credential(request: Request) -> Response:
    """Bound to the key that the wallet proves."""

    async def work() -> dict[str, Any]:
        scheme, _space, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise WalletError("invalid_token", "Send the access token as Bearer.", status=401)
        return await _wallets(request).credential(token.strip(), await read_json(request))

    return await _answered(work)


async def _answered(work: Callable[[], Awaitable[dict[str, Any]]]) -> Response:
    try:
        return JSONResponse(await work(), headers=_FRESH)
    except WalletError as error:
        challenge = {"WWW-Authenticate": f'Bearer error="{error.code}"'} if error.status == 401 else {}
        body = {"error": error.code, "error_description": error.description}
        return JSONResponse(body, error.status, headers={**_FRESH, **challenge})
    except InvalidInput as error:
        return JSONResponse({"error": "invalid_request", "error_description": error.text}, 400, headers=_FRESH)


def _wallets(request: Request) -> Wallets:
    wallets: Wallets = request.app.state.licence_vault.wallets
    return wallets
