"""`GET /v/{code}`: what both QR codes open. A page for people, JSON for programs; never cached, never indexed."""

from collections.abc import Mapping
from datetime import date

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from kernel.errors import FieldError, InvalidInput
from kernel.i18n import DISPLAY_ZONE
from kernel.web.problems import wants_page
from kernel.web.templates import Pages
from verify.qr.figure import figure_at
from verify.qr.service import NO_DAY, QrVerification
from verify.qr.verdict import VerificationVerdict
from verify.report.page import as_item
from verify.report.wording import STATE_ACTIONS, STATE_SENTENCES
from verify.standing import STATE_MARKS, STATE_TITLES, LicenceState

# A revocation must be seen on the very next scan, so nothing on the way may keep an answer.
FRESH: Mapping[str, str] = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex", "Vary": "Accept, Accept-Language"}

STATUS = {LicenceState.UNKNOWN: 404, LicenceState.PRESENTATION_EXPIRED: 410}


def routes() -> list[BaseRoute]:
    """`/v/…` as written in links, `/V/…` as written in QR codes, which are upper case throughout."""
    return [
        Route("/v/{code}", show_verdict, methods=["GET"], name="verdict"),
        Route("/V/{code}", show_verdict, methods=["GET"]),
        *(Route(path, open_private, methods=["GET"]) for path in ("/v", "/V", "/v/", "/V/")),
    ]


async def open_private(request: Request) -> Response:
    """A code that holds signed claims alone: the browser keeps what follows `#`, checks it, and tells us nothing."""
    return RedirectResponse("/verify/offline/", 302, headers={"Cache-Control": "public, max-age=86400"})


async def show_verdict(request: Request) -> Response:
    """Judge the code in the path, now."""
    # Reached by name, not by type: the package's list of services imports the features, never the other way.
    service: QrVerification = request.app.state.verify.qr
    address = request.client.host if request.client else "unknown"
    verdict = await service.judge_code(request.path_params["code"], address=address, on=_day(request))
    status = STATUS.get(verdict.state, 200)
    if not wants_page(request):
        return JSONResponse(verdict.to_json(), status, headers=FRESH)
    response = render_verdict(request, verdict, domain=request.app.state.verify.domain, status=status)
    response.headers.update(FRESH)
    return response


def render_verdict(request: Request, verdict: VerificationVerdict, *, domain: str, status: int = 200) -> Response:
    """The page of a verdict, as `/v/{code}` and the upload page show it."""
    pages: Pages = request.app.state.pages
    return pages.render(
        request,
        "verify/verdict.html",
        status=status,
        verdict=verdict,
        licence=verdict.licence,
        domain=domain,
        checks=[as_item(check) for check in verdict.checks],
        title=STATE_TITLES[verdict.state],
        sentence=STATE_SENTENCES[verdict.state],
        action=STATE_ACTIONS[verdict.state],
        mark=STATE_MARKS[verdict.state],
        figure=figure_at(request.app.state.verify.figure_key, verdict.checked_at),
        public_url=request.app.state.verify.public_url,
        on_title=STATE_TITLES[verdict.on.state] if verdict.on and verdict.on.state else "",
        last_day=verdict.checked_at.astimezone(DISPLAY_ZONE).date(),
    )


def _day(request: Request) -> date | None:
    """Raises `InvalidInput` for what is no day."""
    text = request.query_params.get("on", "")
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as failure:
        raise InvalidInput(NO_DAY, fields=[FieldError("on", NO_DAY)]) from failure
