"""`/api/v1/seals`: applying, approving, stopping, and what seals were used for."""

from base64 import b64decode
from binascii import Error as Base64Error
from typing import Annotated

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kernel.audit.chain import Actor
from kernel.errors import FieldError, InvalidInput
from kernel.principal import Principal
from kernel.web.sign_in import authenticated
from seal.seals.seal import RevocationReason, Seal, SealApplication
from seal.seals.service import Officer, SealRegister

READERS = ("seal:apply", "seal:approve", "seal:use")
_PRIVATE = {"Cache-Control": "no-store"}


class Owner(BaseModel):
    """Whose seal it is."""

    model_config = ConfigDict(extra="forbid")

    uscc: Annotated[str, Field(max_length=64, description="Unified social credit code")]
    name: Annotated[str, Field(max_length=128)]


class Application(BaseModel):
    """What to apply for."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=128, description="The name on the seal")]
    owner: Owner
    code: Annotated[str | None, Field(max_length=14, description="14 digits; the next free one when left out")] = None
    bottom_text: Annotated[str, Field(max_length=16, description="A line below the star")] = ""
    picture: Annotated[str | None, Field(max_length=720_000, description="PNG, base64; drawn when left out")] = None
    size_mm: int = 42
    valid_from: AwareDatetime | None = None
    valid_to: AwareDatetime | None = None
    filing_number: Annotated[str | None, Field(max_length=64)] = None

    def read(self) -> SealApplication:
        """As the register takes it; raises InvalidInput for a picture that is not base64."""
        try:
            picture = b64decode(self.picture, validate=True) if self.picture else None
        except (Base64Error, ValueError) as failure:
            message = "The picture must be a PNG of at most 512 KB."
            raise InvalidInput("Some fields need your attention.", fields=[FieldError("picture", message)]) from failure
        return SealApplication(
            name=self.name.strip(),
            owner_uscc=self.owner.uscc,
            owner_name=self.owner.name.strip(),
            code=self.code,
            bottom_text=self.bottom_text.strip(),
            picture=picture,
            size_mm=self.size_mm,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            filing_number=self.filing_number,
        )


class RevocationRequest(BaseModel):
    """Why a seal ends."""

    model_config = ConfigDict(extra="forbid")

    reason: RevocationReason = "cessation"


def api_router() -> APIRouter:
    """Scopes: `seal:apply` to apply, `seal:approve` for a seal's life, any seal scope to look."""
    router = APIRouter(prefix="/api/v1/seals", tags=["seals"])
    router.add_api_route("", apply, methods=["POST"], status_code=201, summary="Apply for a seal")
    router.add_api_route("", list_seals, methods=["GET"], summary="The seals, newest first")
    router.add_api_route("/{seal_id}", show, methods=["GET"], summary="One seal, by id or code")
    router.add_api_route(
        "/{seal_id}/picture", show_picture, methods=["GET"], summary="Its picture (PNG)", response_class=Response
    )
    router.add_api_route("/{seal_id}/approve", approve, methods=["POST"], summary="Make it and put it to use")
    router.add_api_route("/{seal_id}/suspend", suspend, methods=["POST"], summary="Stop its use for a time")
    router.add_api_route("/{seal_id}/resume", resume, methods=["POST"], summary="Take it into use again")
    router.add_api_route("/{seal_id}/revoke", revoke, methods=["POST"], summary="End it for good")
    router.add_api_route("/{seal_id}/uses", list_uses, methods=["GET"], summary="What it was used for, newest first")
    return router


async def apply(request: Request, application: Application) -> JSONResponse:
    """Answers 201 with the draft."""
    principal = await _allowed(request, "seal:apply")
    seal = await _register(request).apply(officer_of(principal), application.read())
    return JSONResponse(seal.to_dict(), 201, headers=_PRIVATE | {"Location": f"/api/v1/seals/{seal.id}"})


async def list_seals(request: Request, owner: str | None = None) -> JSONResponse:
    """`owner`: a unified social credit code. Somebody who acts for an organisation sees its seals alone."""
    principal = await _allowed(request, *READERS)
    own = principal.organisation.uscc if principal.organisation else None
    seals = [] if own is None and principal.is_program else await _register(request).seals(owner_uscc=own or owner)
    return JSONResponse({"seals": [seal.to_dict() for seal in seals]}, headers=_PRIVATE)


async def show(request: Request, seal_id: str) -> JSONResponse:
    """One seal."""
    seal = await _visible(request, seal_id)
    return JSONResponse(seal.to_dict(), headers=_PRIVATE)


async def show_picture(request: Request, seal_id: str) -> Response:
    """PNG."""
    seal = await _visible(request, seal_id)
    return Response(await _register(request).picture(seal.id), media_type="image/png", headers=_PRIVATE)


async def approve(request: Request, seal_id: str) -> JSONResponse:
    """Refused to whoever applied for it."""
    principal = await _allowed(request, "seal:approve")
    seal = await _register(request).approve(officer_of(principal), seal_id)
    return JSONResponse(seal.to_dict(), headers=_PRIVATE)


async def suspend(request: Request, seal_id: str) -> JSONResponse:
    """Nothing can be sealed with it until it is resumed."""
    principal = await _allowed(request, "seal:approve")
    seal = await _register(request).suspend(officer_of(principal), seal_id)
    return JSONResponse(seal.to_dict(), headers=_PRIVATE)


async def resume(request: Request, seal_id: str) -> JSONResponse:
    """Takes back a suspension."""
    principal = await _allowed(request, "seal:approve")
    seal = await _register(request).resume(officer_of(principal), seal_id)
    return JSONResponse(seal.to_dict(), headers=_PRIVATE)


async def revoke(request: Request, seal_id: str, body: RevocationRequest | None = None) -> JSONResponse:
    """Its certificates are revoked with it. What it sealed before stays valid, unless its key was compromised."""
    principal = await _allowed(request, "seal:approve")
    reason = body.reason if body else "cessation"
    seal = await _register(request).revoke(officer_of(principal), seal_id, reason)
    return JSONResponse(seal.to_dict(), headers=_PRIVATE)


async def list_uses(request: Request, seal_id: str, before: str | None = None) -> JSONResponse:
    """200 at a time; `before` is the `id` of the last one seen."""
    seal = await _visible(request, seal_id)
    uses = await _register(request).uses(seal.id, before=before)
    return JSONResponse({"uses": [use.to_dict() for use in uses]}, headers=_PRIVATE)


async def _allowed(request: Request, *scopes: str) -> Principal:
    principal = await authenticated(request)
    principal.require_any_scope(*scopes)
    return principal


async def _visible(request: Request, seal_id: str) -> Seal:
    """The seal, if the caller may look at it: somebody who acts for an organisation sees its seals alone."""
    principal = await _allowed(request, *READERS)
    return await _register(request).get(seal_id, officer=officer_of(principal))


def officer_of(principal: Principal) -> Officer:
    """Who acts, as the register and the audit trail know them."""
    actor = Actor("client" if principal.is_program else "user", principal.subject)
    return Officer(actor, principal.organisation.uscc if principal.organisation else None)


def _register(request: Request) -> SealRegister:
    register: SealRegister = request.app.state.seal.register
    return register
