"""`/api/v1/seals`: applying, deciding, stopping, saying who may use a seal, and what seals were used for."""

from base64 import b64decode
from binascii import Error as Base64Error
from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from kernel.audit.chain import Actor
from kernel.errors import FieldError, InvalidInput
from kernel.i18n import gettext
from kernel.principal import Principal
from kernel.web.sign_in import authenticated
from seal.picture.design import SealShape
from seal.seals import status_list
from seal.seals.application import SealApplication
from seal.seals.outside.importing import SealImport, SealImports
from seal.seals.publication import SealPublication
from seal.seals.seal import RevocationReason, Seal, SealSearch, SealState, SuspensionCause
from seal.seals.service import PAGE, Officer, SealRegister
from seal.seals.use_policy import UsePolicy
from seal.seals.uses import UseLog, UseSearch

READERS = ("seal:apply", "seal:approve", "seal:use")
PICTURE_TYPES = {"PNG": "image/png", "JPG": "image/jpeg", "GIF": "image/gif", "BMP": "image/bmp"}
"""Others that seals made elsewhere may bring are sent as plain bytes."""

_PRIVATE = {"Cache-Control": "no-store"}
_PUBLIC = {
    "Cache-Control": "public, max-age=60",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


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
    shape: Annotated[SealShape, Field(description="round (agencies), oval (special purposes), name (a person's)")] = (
        "round"
    )
    bottom_text: Annotated[str, Field(max_length=16, description="A line below the star; the special purpose")] = ""
    middle_text: Annotated[str, Field(max_length=20, description="An oval seal's number")] = ""
    star: bool = True
    picture: Annotated[str | None, Field(max_length=720_000, description="PNG, base64; drawn when left out")] = None
    size_mm: Annotated[int | None, Field(description="Width; the usual one of the shape when left out")] = None
    height_mm: Annotated[int | None, Field(description="Of a picture that is sent, with size_mm")] = None
    valid_from: AwareDatetime | None = None
    valid_to: AwareDatetime | None = None
    filing_number: Annotated[str | None, Field(max_length=64)] = None
    basis: Annotated[str | None, Field(max_length=256, description="The document that founds the application")] = None
    replaces: Annotated[str | None, Field(max_length=64, description="The seal whose code this one takes on")] = None
    use_policy: Annotated[dict[str, Any], Field(description="Who may use it; see PUT …/use-policy")] = {}

    def read(self) -> SealApplication:
        """As the register takes it; raises InvalidInput for a picture that is not base64 or a policy unread."""
        try:
            picture = b64decode(self.picture, validate=True) if self.picture else None
        except (Base64Error, ValueError) as failure:
            message = "The picture must be a PNG of at most 512 KB."
            raise InvalidInput("Some fields need your attention.", fields=[FieldError("picture", message)]) from failure
        policy = UsePolicy.read(self.use_policy)
        if policy.pin:
            message = "The PIN is set when the seal's policy of use is set, not with the application."
            raise InvalidInput("Some fields need your attention.", fields=[FieldError("use_policy.pin", message)])
        same = self.model_dump(exclude={"owner", "picture", "use_policy", "name"})
        return SealApplication(
            name=self.name.strip(),
            owner_uscc=self.owner.uscc,
            owner_name=self.owner.name.strip(),
            picture=picture,
            use_policy=policy,
            **same,
        )


class ImportRequest(BaseModel):
    """A seal made elsewhere."""

    model_config = ConfigDict(extra="forbid")

    esl: Annotated[str, Field(max_length=1_400_000, description="The seal (SESeal), base64")] = ""
    owner: Owner = Owner(uscc="", name="")
    signer_certificate: Annotated[str | None, Field(max_length=32_000, description="DER, base64")] = None
    key_name: Annotated[str | None, Field(max_length=128, description="Where its key lies in our key store")] = None
    filing_number: Annotated[str | None, Field(max_length=64)] = None

    def read(self) -> SealImport:
        """As the register takes it; raises InvalidInput for what is not base64."""
        certificate = _decoded("signer_certificate", self.signer_certificate) if self.signer_certificate else None
        return SealImport(
            esl=_decoded("esl", self.esl),
            owner_uscc=self.owner.uscc,
            owner_name=self.owner.name,
            signer_certificate=certificate,
            key_name=self.key_name,
            filing_number=self.filing_number,
        )


class KeyRequest(BaseModel):
    """Where a key lies."""

    model_config = ConfigDict(extra="forbid")

    key_name: Annotated[str, Field(max_length=128)] = ""


class Approval(BaseModel):
    """What an approver takes responsibility for."""

    model_config = ConfigDict(extra="forbid")

    confirm_owner: Annotated[bool, Field(description="An imported seal is its owner's although it says otherwise")] = (
        False
    )


class Rejection(BaseModel):
    """Why an application is turned down."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(max_length=256, description="Needed")] = ""


class Suspension(BaseModel):
    """Why a seal stops for a time."""

    model_config = ConfigDict(extra="forbid")

    cause: SuspensionCause = "owner-request"


class RevocationRequest(BaseModel):
    """Why a seal ends."""

    model_config = ConfigDict(extra="forbid")

    reason: RevocationReason = "cessation"


class UsePolicyRequest(BaseModel):
    """Who may use a seal, and a new PIN if it is to have one."""

    model_config = ConfigDict(extra="forbid")

    use_policy: Annotated[dict[str, Any], Field(description="The whole policy")] = {}
    pin: Annotated[str | None, Field(max_length=32, repr=False)] = None


class SealQuery(BaseModel):
    """Which seals to list."""

    model_config = ConfigDict(extra="forbid")

    owner: Annotated[str | None, Field(max_length=64, description="A unified social credit code")] = None
    state: SealState | Literal["expired"] | None = None
    q: Annotated[str, Field(max_length=64, description="Part of the name, or the beginning of the code")] = ""
    expiring_days: Annotated[int | None, Field(ge=1, le=3650)] = None
    before: Annotated[str | None, Field(max_length=32, description="`next` of the page before")] = None


class UseQuery(BaseModel):
    """Which uses to list."""

    model_config = ConfigDict(extra="forbid")

    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    format: Literal["ofd", "pdf"] | None = None
    actor: Annotated[str | None, Field(max_length=128)] = None
    purpose: Annotated[str | None, Field(max_length=128, description="The beginning of the purpose")] = None
    digest: Annotated[str | None, Field(pattern="^[0-9a-f]{4,64}$", description="SHA-256 of the sealed file")] = None
    before: Annotated[str | None, Field(max_length=32, description="`next` of the page before")] = None
    as_: Annotated[Literal["json", "csv"], Field(alias="as")] = "json"

    def read(self) -> UseSearch:
        """As the log takes it."""
        return UseSearch(**self.model_dump(exclude={"as_"}))


def api_router() -> APIRouter:
    """Scopes: `seal:apply` to apply, `seal:approve` for a seal's life, any seal scope to look."""
    router = APIRouter(prefix="/api/v1/seals", tags=["seals"])
    get, post = ["GET"], ["POST"]
    router.add_api_route("", apply, methods=post, status_code=201, summary="Apply for a seal")
    router.add_api_route(
        "/import", take_in, methods=post, status_code=201, summary="Take in a seal that was made elsewhere"
    )
    router.add_api_route("/{seal_id}/key", attach_key, methods=post, summary="Name the key of a seal made elsewhere")
    router.add_api_route("", list_seals, methods=get, summary="The seals, newest first")
    router.add_api_route(
        "/status-list", show_status_list, methods=get, summary="Every seal's standing, signed", response_class=Response
    )
    router.add_api_route("/{seal_id}/status", show_status, methods=get, summary="How a seal stands, for everybody")
    router.add_api_route("/{seal_id}", show, methods=get, summary="One seal, by id or code")
    router.add_api_route(
        "/{seal_id}/picture", show_picture, methods=get, summary="Its picture (PNG)", response_class=Response
    )
    router.add_api_route("/{seal_id}/events", list_events, methods=get, summary="Its life, oldest first")
    router.add_api_route("/{seal_id}/approve", approve, methods=post, summary="Make it and put it to use")
    router.add_api_route("/{seal_id}/reject", reject, methods=post, summary="Turn the application down")
    router.add_api_route("/{seal_id}/withdraw", withdraw, methods=post, summary="Take one's own application back")
    router.add_api_route("/{seal_id}/suspend", suspend, methods=post, summary="Stop its use for a time")
    router.add_api_route("/{seal_id}/resume", resume, methods=post, summary="Take it into use again")
    router.add_api_route("/{seal_id}/revoke", revoke, methods=post, summary="End it for good")
    router.add_api_route("/{seal_id}/use-policy", set_policy, methods=["PUT"], summary="Say who may use it")
    router.add_api_route(
        "/{seal_id}/uses", list_uses, methods=get, summary="What it was used for, newest first", response_model=None
    )
    return router


async def apply(request: Request, application: Application) -> JSONResponse:
    """Answers 201 with the draft."""
    principal = await _allowed(request, "seal:apply")
    seal = await _register(request).apply(officer_of(principal), application.read())
    return JSONResponse(seal.to_dict(), 201, headers=_PRIVATE | {"Location": f"/api/v1/seals/{seal.id}"})


async def take_in(request: Request, body: ImportRequest) -> JSONResponse:
    """Answers 201 with the seal and what is worth knowing about it (`notes`)."""
    principal = await _allowed(request, "seal:apply")
    imports: SealImports = request.app.state.seal.imports
    seal, notes = await imports.take_in(officer_of(principal), body.read())
    answer = seal.to_dict() | {"notes": [note.to_dict(gettext) for note in notes]}
    return JSONResponse(answer, 201, headers=_PRIVATE | {"Location": f"/api/v1/seals/{seal.id}"})


async def attach_key(request: Request, seal_id: str, body: KeyRequest | None = None) -> JSONResponse:
    """The key must lie in the key store and be that of the seal's signer. Somebody else then approves."""
    principal = await _allowed(request, "seal:apply")
    imports: SealImports = request.app.state.seal.imports
    name = body.key_name if body else ""
    return _shown(await imports.attach_key(officer_of(principal), seal_id, name))


async def list_seals(request: Request, query: Annotated[SealQuery, Query()]) -> JSONResponse:
    """200 at a time. Somebody who acts for an organisation sees its seals alone."""
    principal = await _allowed(request, *READERS)
    own = principal.organisation.uscc if principal.organisation else None
    if own is None and principal.is_program:
        return JSONResponse({"seals": [], "next": None}, headers=_PRIVATE)
    now = request.app.state.seal.clock()
    search = SealSearch(
        owner_uscc=own or query.owner,
        state=query.state,
        text=query.q.strip(),
        expiring_before=now + timedelta(days=query.expiring_days) if query.expiring_days else None,
        now=now,
        before=query.before,
    )
    seals = await _register(request).seals(search)
    following = seals[-1].id if len(seals) == PAGE else None
    return JSONResponse({"seals": [seal.to_dict() for seal in seals], "next": following}, headers=_PRIVATE)


async def show_status_list(request: Request) -> Response:
    """A compact JWS for verifiers without a connection: `seals` with code, state and since when; good for a day."""
    services = request.app.state.seal
    token = await services.publication.status_list(services.signing.sign_seal_status, services.public_url)
    return Response(token, media_type=f"application/{status_list.TYPE}", headers=_PUBLIC)


async def show_status(request: Request, seal_id: str) -> JSONResponse:
    """By id or code, no account needed. A person's seal is shown without the name."""
    publication: SealPublication = request.app.state.seal.publication
    return JSONResponse((await publication.standing(seal_id)).to_standing(), headers=_PUBLIC)


async def show(request: Request, seal_id: str) -> JSONResponse:
    """One seal."""
    seal = await _visible(request, seal_id)
    return JSONResponse(seal.to_dict(), headers=_PRIVATE)


async def show_picture(request: Request, seal_id: str) -> Response:
    """PNG, or whatever a seal that was made elsewhere brought."""
    seal = await _visible(request, seal_id)
    return picture_response(await _register(request).picture(seal.id), seal.picture_format, _PRIVATE)


async def list_events(request: Request, seal_id: str) -> JSONResponse:
    """Who changed what, when and why."""
    seal = await _visible(request, seal_id)
    events = await _register(request).events(seal.id)
    return JSONResponse({"events": [event.to_dict() for event in events]}, headers=_PRIVATE)


async def approve(request: Request, seal_id: str, body: Approval | None = None) -> JSONResponse:
    """Refused to whoever applied for it. An imported seal with a `stated_owner` needs `confirm_owner`."""
    principal = await _allowed(request, "seal:approve")
    confirmed = body is not None and body.confirm_owner
    return _shown(await _register(request).approve(officer_of(principal), seal_id, owner_confirmed=confirmed))


async def reject(request: Request, seal_id: str, body: Rejection | None = None) -> JSONResponse:
    """The reason is shown to whoever applied."""
    principal = await _allowed(request, "seal:approve")
    return _shown(await _register(request).reject(officer_of(principal), seal_id, body.reason if body else ""))


async def withdraw(request: Request, seal_id: str) -> JSONResponse:
    """For whoever applied."""
    principal = await _allowed(request, "seal:apply")
    return _shown(await _register(request).withdraw(officer_of(principal), seal_id))


async def suspend(request: Request, seal_id: str, body: Suspension | None = None) -> JSONResponse:
    """Nothing can be sealed with it until it is resumed."""
    principal = await _allowed(request, "seal:approve")
    cause = (body or Suspension()).cause
    return _shown(await _register(request).suspend(officer_of(principal), seal_id, cause))


async def resume(request: Request, seal_id: str) -> JSONResponse:
    """Takes back a suspension."""
    principal = await _allowed(request, "seal:approve")
    return _shown(await _register(request).resume(officer_of(principal), seal_id))


async def revoke(request: Request, seal_id: str, body: RevocationRequest | None = None) -> JSONResponse:
    """Its certificates are revoked with it. What it sealed before stays valid, unless its key was compromised."""
    principal = await _allowed(request, "seal:approve")
    reason = (body or RevocationRequest()).reason
    return _shown(await _register(request).revoke(officer_of(principal), seal_id, reason))


async def set_policy(request: Request, seal_id: str, body: UsePolicyRequest | None = None) -> JSONResponse:
    """Replaces the whole policy. `pin` sets a new PIN; a policy without one forgets it."""
    principal = await _allowed(request, "seal:approve")
    if body is None:
        raise InvalidInput("Some fields need your attention.", fields=[FieldError("use_policy", "Fill in this field.")])
    policy = UsePolicy.read(body.use_policy)
    return _shown(await _register(request).set_use_policy(officer_of(principal), seal_id, policy, body.pin))


async def list_uses(request: Request, seal_id: str, query: Annotated[UseQuery, Query()]) -> Response:
    """200 at a time, or the whole as CSV (`as=csv`: UTF-8 with a byte order mark, at most 100,000 rows)."""
    seal = await _visible(request, seal_id)
    log: UseLog = request.app.state.seal.uses
    if query.as_ == "csv":
        return csv_response(log, seal, query.read())
    page = await log.page(seal.id, query.read())
    return JSONResponse({"uses": [use.to_dict() for use in page.uses], "next": page.next}, headers=_PRIVATE)


def csv_response(log: UseLog, seal: Seal, search: UseSearch) -> Response:
    """The uses of a seal as a file to save."""
    headers = _PRIVATE | {"Content-Disposition": f'attachment; filename="seal-{seal.code}-uses.csv"'}
    return StreamingResponse(log.csv(seal.id, search), media_type="text/csv; charset=utf-8", headers=headers)


def picture_response(picture: bytes, format: str, headers: dict[str, str]) -> Response:
    """A picture; what a browser should not try to show is offered for saving."""
    media_type = PICTURE_TYPES.get(format.upper(), "application/octet-stream")
    if media_type == "application/octet-stream":
        headers = headers | {"Content-Disposition": 'attachment; filename="seal-picture.bin"'}
    return Response(picture, media_type=media_type, headers=headers)


def _decoded(name: str, text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (Base64Error, ValueError) as failure:
        fault = FieldError(name, "This is not base64.")
        raise InvalidInput("Some fields need your attention.", fields=[fault]) from failure


def _shown(seal: Seal) -> JSONResponse:
    return JSONResponse(seal.to_dict(), headers=_PRIVATE)


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
    organisation = principal.organisation
    return Officer(actor, organisation.uscc, organisation.name) if organisation else Officer(actor)


def _register(request: Request) -> SealRegister:
    register: SealRegister = request.app.state.seal.register
    return register
