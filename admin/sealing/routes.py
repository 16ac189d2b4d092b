"""`/console/sealing`: files in, sealed files out. Works without scripts; a click on the page is a button's place."""

import asyncio
import hashlib
import json
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from admin.desk import actor_of, at_desk, posted, see
from admin.sealing.form import check_purpose, clicked, read_level, read_placements, size_of
from admin.sealing.preview import SHOWN_WIDTH, draw_page
from kernel.errors import Conflict, Forbidden, InvalidInput, RateLimited
from kernel.i18n import gettext
from kernel.principal import Principal
from kernel.web.csrf import check_csrf
from kernel.web.forms import RawForm, field_errors, read_form
from kernel.web.templates import Pages
from seal.documents.pages import page_sizes
from seal.documents.positions import PageSize
from seal.seals.service import SealRegister
from seal.seals.use_policy import IntendedUse
from seal.signing.jobs.drafts import Draft
from seal.signing.jobs.intake import LIMITS, read_files
from seal.signing.jobs.job import JobRequest, Wish
from seal.signing.jobs.routes import archive_response, download, sealed_now
from seal.signing.jobs.service import SealJobs

USE = "seal:use"
HOME = "/console/sealing"
FEW = 3
"""So many files are sealed while one waits; more are watched."""
STATE_NAMES = {
    "waiting": "Waiting",
    "running": "Being sealed",
    "done": "Sealed",
    "failed": "Not sealed",
    "cancelled": "Cancelled",
    "expired": "No longer kept",
}
STAMP_SENTENCES = {
    "done": "With a time stamp.",
    "pending": "Its time stamp is still missing. It is added as soon as the time-stamp authority is back.",
    "failed": "Its time stamp could not be added. Seal the file again if it needs one.",
}
LEVEL_NAMES = {
    "B-B": "Signature alone (B-B)",
    "B-T": "With a time stamp (B-T)",
    "B-LT": "With a time stamp and proof of certificates (B-LT)",
    "B-LTA": "For archives: all of it, stamped again (B-LTA)",
}
STATE_SHAPES = {
    "waiting": "pending",
    "running": "pending",
    "done": "valid",
    "failed": "unknown",
    "cancelled": "revoked",
}


def routes() -> list[BaseRoute]:
    """Send, place, watch, fetch."""
    return [
        Route(HOME, home, methods=["GET"]),
        Route(HOME, take_files, methods=["POST"]),
        Route(f"{HOME}/drafts/{{draft_id}}", show_draft, methods=["GET"]),
        Route(f"{HOME}/drafts/{{draft_id}}", seal_draft, methods=["POST"]),
        Route(f"{HOME}/drafts/{{draft_id}}/pages/{{page:int}}.png", send_page, methods=["GET"]),
        Route(f"{HOME}/{{job_id}}", show_job, methods=["GET"]),
        Route(f"{HOME}/{{job_id}}/cancel", cancel_job, methods=["POST"]),
        Route(f"{HOME}/{{job_id}}/files.zip", send_archive, methods=["GET"]),
        Route(f"{HOME}/{{job_id}}/files/{{number:int}}", send_file, methods=["GET"]),
    ]


@dataclass(frozen=True)
class _Desk:
    """Who asks, and what their draft holds; `sizes` are the pages of its first file."""

    principal: Principal
    draft: Draft
    sizes: list[PageSize]


async def home(request: Request) -> Response:
    """Choose files; below, what was sealed lately."""
    principal = await at_desk(request, USE)
    return await _home(request, principal, {})


async def take_files(request: Request) -> Response:
    """Keep them until it is said where the seal goes."""
    principal = await at_desk(request, USE)
    form = await read_form(request, LIMITS)
    await check_csrf(request, form)
    try:
        files = read_files(form)
        await asyncio.to_thread(page_sizes, files[0].data, files[0].format)
    except InvalidInput as error:
        return await _home(request, principal, field_errors(error), status=400)
    draft = await _jobs(request).drafts.keep(actor_of(principal), files)
    return see(f"{HOME}/drafts/{draft.id}")


async def show_draft(request: Request) -> Response:
    """The page, the seal, the place."""
    desk = await _desk(request)
    page = request.query_params.get("page", "1")
    shown = int(page) if page.isdecimal() and len(page) < 5 and 1 <= int(page) <= len(desk.sizes) else 1
    return await _draft_page(request, desk, {"page": str(shown), "place": "lower-right", "size": "42"}, {})


async def seal_draft(request: Request) -> Response:
    """A click on the page moves the seal there; the button seals."""
    desk = await _desk(request)
    form = await posted(request)
    given = {name: value for name, value in form if name not in ("csrf_token", "pin")}
    page = given.get("page", "1")
    number = int(page) if page.isdecimal() and len(page) < 5 and 1 <= int(page) <= len(desk.sizes) else 1
    spot = clicked(form, desk.sizes[number - 1], size_of(given))
    if spot:
        moved = {**given, "place": "at", "page": str(number), "x": f"{spot[0]:g}", "y": f"{spot[1]:g}"}
        return await _draft_page(request, desk, moved, {})
    if "turn" in form:
        turned = form.text("turn")
        return await _draft_page(request, desk, {**given, "page": turned if turned.isdecimal() else "1"}, {})
    try:
        return await _seal(request, desk, form)
    except InvalidInput as error:
        return await _draft_page(request, desk, given, _errors(error), status=400)
    except (Conflict, Forbidden, RateLimited) as error:
        return await _draft_page(request, desk, given, {"": gettext(error.message, **error.params)}, status=409)


async def send_page(request: Request) -> Response:
    """A page of the first file as a picture, with a frame where the seal would be."""
    desk = await _desk(request)
    page = int(request.path_params["page"])
    if not 1 <= page <= len(desk.sizes):
        raise InvalidInput("The document has no page {page}.", page=page)
    file = await _jobs(request).drafts.file(desk.draft, 1)
    frame = _frame(request)
    picture = await asyncio.to_thread(draw_page, file.data, file.format, page, frame, desk.sizes[page - 1])
    return Response(picture, media_type="image/png", headers={"Cache-Control": "private, max-age=300"})


async def show_job(request: Request) -> Response:
    """How far it is, and the files that are sealed."""
    principal = await at_desk(request, USE)
    job = await _jobs(request).get(request.path_params["job_id"], actor_of(principal))
    names = {state: gettext(name) for state, name in STATE_NAMES.items()}
    return _pages(request).render(
        request,
        "admin/sealing_job.html",
        job=job,
        names=names,
        shapes=STATE_SHAPES,
        faults=_faults(job.items),
        stamps={state: gettext(sentence) for state, sentence in STAMP_SENTENCES.items()},
    )


async def cancel_job(request: Request) -> Response:
    """Seal nothing more of it."""
    principal = await at_desk(request, USE)
    await posted(request)
    job_id = request.path_params["job_id"]
    try:
        await _jobs(request).cancel(job_id, actor_of(principal))
    except Conflict:
        pass  # it ended meanwhile: the page says so
    return see(f"{HOME}/{job_id}")


async def send_archive(request: Request) -> Response:
    """All of them."""
    principal = await at_desk(request, USE)
    jobs = _jobs(request)
    return await archive_response(jobs, await jobs.get(request.path_params["job_id"], actor_of(principal)))


async def send_file(request: Request) -> Response:
    """One of them."""
    principal = await at_desk(request, USE)
    number = int(request.path_params["number"])
    item, data = await _jobs(request).file(request.path_params["job_id"], actor_of(principal), number)
    return download(item, data)


async def _seal(request: Request, desk: _Desk, form: RawForm) -> Response:
    jobs = _jobs(request)
    use = IntendedUse.by(desk.principal)
    wish = Wish(read_placements(form), check_purpose(form), level=read_level(form), use=use)
    wanted = JobRequest(
        seal_id=form.text("seal"),
        files=await jobs.drafts.files(desk.draft),
        wish=wish,
        actor=actor_of(desk.principal),
        pin=form.text("pin"),
        key=f"console-{desk.draft.id}-{_same(form)}",
    )
    job = await jobs.create(wanted)
    if job.total <= FEW:
        job = await sealed_now(jobs, job, wanted)
    else:
        jobs.runner.wake()
    if job.total == 1 and isinstance(job.items[0].fault, InvalidInput):
        raise job.items[0].fault
    return see(f"{HOME}/{job.id}")


def _same(form: RawForm) -> str:
    """The same for a form that is sent twice by a double click, another for another wish."""
    told = [(name, value) for name, value in form if name not in ("csrf_token", "pin")]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]


def _errors(error: InvalidInput) -> dict[str, str]:
    """Faults of places stand at the kind of place."""
    return {"place" if name == "placements" else name: text for name, text in field_errors(error).items()}


def _faults(items: object) -> dict[int, str]:
    listed = items if isinstance(items, list) else []
    return {each.number: gettext(each.fault.message, **each.fault.params) for each in listed if each.fault}


def _frame(request: Request) -> tuple[float, float, float] | None:
    try:
        x, y, size = (float(request.query_params[name]) for name in ("x", "y", "size"))
    except (KeyError, ValueError):
        return None
    return (x, y, size) if all(0 <= each <= 5000 for each in (x, y, size)) else None


async def _desk(request: Request) -> _Desk:
    principal = await at_desk(request, USE)
    jobs = _jobs(request)
    draft = await jobs.drafts.load(actor_of(principal), request.path_params["draft_id"])
    file = await jobs.drafts.file(draft, 1)
    return _Desk(principal, draft, await asyncio.to_thread(page_sizes, file.data, file.format))


async def _home(request: Request, principal: Principal, errors: dict[str, str], *, status: int = 200) -> Response:
    return _pages(request).render(
        request,
        "admin/sealing.html",
        status=status,
        errors=errors,
        jobs=await _jobs(request).recent(actor_of(principal)),
        names={state: gettext(name) for state, name in STATE_NAMES.items()},
        shapes=STATE_SHAPES,
    )


async def _draft_page(
    request: Request, desk: _Desk, given: dict[str, str], errors: dict[str, str], *, status: int = 200
) -> Response:
    uscc = desk.principal.organisation.uscc if desk.principal.organisation else None
    seals = [each for each in await _register(request).seals(owner_uscc=uscc) if each.state == "active"] if uscc else []
    page = given.get("page", "1")
    number = int(page) if page.isdecimal() and len(page) < 5 and 1 <= int(page) <= len(desk.sizes) else 1
    size = desk.sizes[number - 1]
    shows_frame = given.get("place") == "at" and given.get("x") and given.get("y")
    return _pages(request).render(
        request,
        "admin/sealing_draft.html",
        status=status,
        draft=desk.draft,
        seals=[(each.id, each.name) for each in seals],
        given={**given, "page": str(number)},
        levels=[(level, gettext(name)) for level, name in LEVEL_NAMES.items()],
        errors=errors,
        page=number,
        pages=len(desk.sizes),
        width=SHOWN_WIDTH,
        height=round(SHOWN_WIDTH * size.height_mm / size.width_mm),
        frame=f"?x={given['x']}&y={given['y']}&size={given.get('size') or 42}" if shows_frame else "",
    )


def _jobs(request: Request) -> SealJobs:
    jobs: SealJobs = request.app.state.admin.seal_jobs
    return jobs


def _register(request: Request) -> SealRegister:
    register: SealRegister = request.app.state.admin.seals
    return register


def _pages(request: Request) -> Pages:
    pages: Pages = request.app.state.pages
    return pages
