"""`/console/seals/import`: a seal that another system made (.esl), taken in."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from admin.desk import at_desk, see
from admin.seals.desk import officer, pages
from admin.seals.steps import APPLY
from kernel.errors import Conflict, Forbidden, InvalidInput
from kernel.i18n import gettext
from kernel.web.csrf import check_csrf
from kernel.web.forms import MEBIBYTE, FormLimits, RawForm, field_errors, read_form
from seal.seals.outside.importing import SealImport, SealImports

PATH = "/console/seals/import"
LIMITS = FormLimits(body=64 * 1024, fields=10, file=MEBIBYTE, files=2)
_FORM_NAMES = {"owner.uscc": "owner_uscc", "owner.name": "owner_name"}


def routes() -> list[BaseRoute]:
    """The form, and sending it."""
    return [Route(PATH, show_form, methods=["GET"]), Route(PATH, take_in, methods=["POST"])]


async def show_form(request: Request) -> Response:
    """The form, with the officer's own organisation filled in."""
    organisation = (await at_desk(request, APPLY)).organisation
    given = {"owner_uscc": organisation.uscc, "owner_name": organisation.name} if organisation else {}
    return _form(request, given, {})


async def take_in(request: Request) -> Response:
    """Judge the seal and enter it; what is wrong with it stands in the form."""
    principal = await at_desk(request, APPLY)
    form = await read_form(request, LIMITS)
    await check_csrf(request, form)
    given = {name: form.text(name) for name in ("owner_uscc", "owner_name", "key_name", "filing_number")}
    imports: SealImports = request.app.state.admin.seal_imports
    try:
        seal, _notes = await imports.take_in(officer(principal), _wished(form))
    except InvalidInput as error:
        errors = {_FORM_NAMES.get(name, name): text for name, text in field_errors(error).items()}
        return _form(request, given, errors or {"esl": gettext(error.message, **error.params)}, status=400)
    except (Conflict, Forbidden) as error:
        return _form(request, given, {"": gettext(error.message, **error.params)}, status=409)
    return see(f"/console/seals/{seal.id}?done=imported")


def _wished(form: RawForm) -> SealImport:
    esl, signer = form.file("esl"), form.file("signer_certificate")
    return SealImport(
        esl=esl.data if esl else b"",
        owner_uscc=form.text("owner_uscc"),
        owner_name=form.text("owner_name"),
        signer_certificate=signer.data if signer and signer.data else None,
        key_name=form.text("key_name")[:128] or None,
        filing_number=form.text("filing_number")[:64] or None,
    )


def _form(request: Request, given: dict[str, str], errors: dict[str, str], *, status: int = 200) -> Response:
    return pages(request).render(request, "admin/seal_import.html", status=status, given=given, errors=errors)
