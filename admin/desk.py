"""What every page of the console does first: who sits at the desk, and may they."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from kernel.audit.chain import Actor
from kernel.principal import Principal
from kernel.web.csrf import check_csrf
from kernel.web.forms import RawForm, read_form
from kernel.web.sign_in import require_sign_in


async def at_desk(request: Request, *scopes: str) -> Principal:
    """Whoever is signed in, if they hold one of these scopes.

    Raises `SignInRequired` (a trip to sign in that comes back) and `Forbidden`.
    """
    principal = await require_sign_in(request)
    principal.require_any_scope(*scopes)
    return principal


async def posted(request: Request) -> RawForm:
    """The posted form, proven to come from one of our own pages. Raises `Forbidden` and `InvalidInput`."""
    form = await read_form(request)
    await check_csrf(request, form)
    return form


def actor_of(principal: Principal) -> Actor:
    """The person for the audit trail."""
    return Actor("user", principal.subject)


def see(path: str) -> Response:
    """Go and look at the result; a reload does not send the form again."""
    return RedirectResponse(path, status_code=303)
