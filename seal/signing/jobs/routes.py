"""`/api/v1/seal-jobs`: seal uploaded files, one or many, and fetch them."""

import zipfile
from collections.abc import AsyncIterator
from functools import partial
from io import BytesIO, RawIOBase
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from kernel.errors import Gone, RateLimited, Unavailable, XinyinError
from kernel.principal import Principal
from kernel.web.forms import read_form
from kernel.web.sign_in import authenticated
from seal.documents.levels import LEVELS
from seal.seals.routes import officer_of
from seal.seals.use_policy import IntendedUse, UseRefused
from seal.signing.jobs.intake import LIMITS, is_archive, read_files, read_wish
from seal.signing.jobs.job import JobItem, JobRequest, SealJob
from seal.signing.jobs.previews import show_page
from seal.signing.jobs.service import SealJobs

if TYPE_CHECKING:
    from typing_extensions import Buffer

AT_ONCE_BYTES = 2 * 1024 * 1024
"""A single file up to this size is sealed while its sender waits."""
PATH = "/api/v1/seal-jobs"
MEDIA_TYPES = {"ofd": "application/ofd", "pdf": "application/pdf"}
_FILE_TYPES = frozenset({*MEDIA_TYPES.values(), "application/octet-stream"})
_JSON_TYPES = frozenset({"application/json", "application/*", "*/*"})
_MOST_WISHES = 20
_PRIVATE = {"Cache-Control": "no-store"}


def _text(description: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "description": description, **more}


_REQUEST_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "file": {
                            "type": "array",
                            "items": {"type": "string", "format": "binary"},
                            "description": "PDF or OFD up to 20 MB, or ZIP archives of them; 200 files, 100 MB in all.",
                        },
                        "seal": _text("The seal's id or its 14-digit code"),
                        "placements": _text(
                            'JSON list. {"kind": "at", "page": 1|"last"|"all", "x", "y", "width", "height"} in '
                            'millimetres from the top left; {"kind": "keyword", "text", "occurrence": 1…|"last"|"all", '
                            '"dx", "dy", "size"}; {"kind": "riding", "edge": "right"|"left", "pages": "all"|"odd"|'
                            '"even"|"1-5,8", "y", "size"}; {"kind": "lower-right", "size"}; {"kind": "invisible"}. '
                            "Left out: the lower right of the last page."
                        ),
                        "positions": _text("JSON list of rectangles, as the kind at of placements"),
                        "riding": {"type": "string", "enum": ["true", "false"], "description": "Also over the edges"},
                        "level": _text(
                            "PAdES level of PDF; from B-T on time-stamped, OFD too. While no stamps can be had, the "
                            "file is sealed without one and gets it later.",
                            enum=list(LEVELS),
                        ),
                        "purpose": _text("For the seal's record of uses", maxLength=128),
                        "closing": {
                            "type": "string",
                            "enum": ["true", "false"],
                            "description": "Nobody may sign after this seal (OFD)",
                        },
                        "reason": _text("Written into the signature of a PDF", maxLength=128),
                        "pin": _text("The seal's PIN, if it has one", maxLength=32),
                    },
                    "required": ["file", "seal"],
                }
            }
        },
    }
}


def api_router() -> APIRouter:
    """Scope `seal:use`."""
    router = APIRouter(tags=["seals"])
    add = partial(router.add_api_route, response_model=None)
    add(PATH, create, methods=["POST"], summary="Seal PDF and OFD files", openapi_extra=_REQUEST_BODY)
    add(f"{PATH}/{{job_id}}", show, methods=["GET"], summary="How far a job is")
    add(f"{PATH}/{{job_id}}/file", fetch, methods=["GET"], summary="The sealed file")
    add(f"{PATH}/{{job_id}}/files.zip", fetch_all, methods=["GET"], summary="All sealed files")
    add(f"{PATH}/{{job_id}}/files/{{number}}", fetch_one, methods=["GET"], summary="One of the sealed files")
    add(f"{PATH}/{{job_id}}/files/{{number}}/pages/{{page}}", show_page, methods=["GET"], summary="How a page looks")
    add(f"{PATH}/{{job_id}}", cancel, methods=["DELETE"], summary="Seal nothing more of a job")
    return router


async def create(request: Request) -> Response:
    """201 with the sealed file's address, 200 with the file if that is all the caller accepts; 202 for long work."""
    principal = await _allowed(request)
    form = await read_form(request, LIMITS)
    job_request = JobRequest(
        seal_id=form.one("seal"),
        files=read_files(form),
        wish=read_wish(form, IntendedUse.by(principal)),
        actor=officer_of(principal).actor,
        pin=form.text("pin"),
        key=request.headers.get("idempotency-key", ""),
    )
    jobs = _jobs(request)
    job = await jobs.create(job_request)
    single = len(job_request.files) == 1 and len(job_request.files[0].data) <= AT_ONCE_BYTES
    if single and not is_archive(form):
        job = await sealed_now(jobs, job, job_request)
    else:
        jobs.runner.wake()
    location = {"Location": f"{PATH}/{job.id}", **_PRIVATE}
    if job.total == 1 and job.items[0].fault is not None:
        raise job.items[0].fault
    if job.state != "done":
        return JSONResponse(job.to_dict(), 202, location)
    if job.total == 1 and _wants_file(request):
        item, data = await jobs.file(job.id, job_request.actor)
        return _download(item, data)
    return JSONResponse(job.to_dict(), 201, location)


async def sealed_now(jobs: SealJobs, job: SealJob, request: JobRequest) -> SealJob:
    """The job after its one file was sealed; where something is away for a moment, it goes on by itself later."""
    for item_id in await jobs.item_ids(job.id):
        try:
            await jobs.runner.run_item(item_id)
        except (Unavailable, RateLimited):
            jobs.runner.wake()
    return await jobs.get(job.id, request.actor)


async def show(request: Request, job_id: str) -> Response:
    """State, counts, and every file with its error if it has one."""
    principal = await _allowed(request)
    job = await _jobs(request).get(job_id, officer_of(principal).actor)
    return JSONResponse(job.to_dict(), headers=_PRIVATE)


async def fetch(request: Request, job_id: str) -> Response:
    """The file of a job that has one."""
    return await _fetch(request, job_id, 0)


async def fetch_one(request: Request, job_id: str, number: str) -> Response:
    """By its number in the job."""
    return await _fetch(request, job_id, int(number) if number.isdecimal() and len(number) < 5 else -1)


async def fetch_all(request: Request, job_id: str) -> Response:
    """A ZIP archive of what is sealed so far."""
    principal = await _allowed(request)
    jobs = _jobs(request)
    return await archive_response(jobs, await jobs.get(job_id, officer_of(principal).actor))


async def cancel(request: Request, job_id: str) -> Response:
    """What is sealed already stays and can be fetched."""
    principal = await _allowed(request)
    job = await _jobs(request).cancel(job_id, officer_of(principal).actor)
    return JSONResponse(job.to_dict(), headers=_PRIVATE)


async def archive_response(jobs: SealJobs, job: SealJob) -> Response:
    """The archive, made while it is sent, one file in memory at a time."""
    if job.state == "expired":
        raise Gone("The files of this job are no longer kept.")
    headers = {"Content-Disposition": f'attachment; filename="sealed-{job.id}.zip"', **_PRIVATE}
    return StreamingResponse(_archive(jobs, job), media_type="application/zip", headers=headers)


def download(item: JobItem, data: bytes) -> Response:
    """A sealed file under its own name."""
    return _download(item, data)


async def _archive(jobs: SealJobs, job: SealJob) -> AsyncIterator[bytes]:
    out = _Outlet()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        async for item, data in jobs.files(job):
            archive.writestr(zipfile.ZipInfo(item.name, (1980, 1, 1, 0, 0, 0)), data)
            yield out.drained()
    yield out.drained()


class _Outlet(RawIOBase):
    """A file that can only be written to, and is emptied now and then."""

    def __init__(self) -> None:
        self._buffer = BytesIO()

    def writable(self) -> bool:
        return True

    def write(self, data: "Buffer") -> int:
        return self._buffer.write(data)

    def drained(self) -> bytes:
        """What was written since the last time."""
        data, self._buffer = self._buffer.getvalue(), BytesIO()
        return data


async def _fetch(request: Request, job_id: str, number: int) -> Response:
    principal = await _allowed(request)
    item, data = await _jobs(request).file(job_id, officer_of(principal).actor, number)
    return _download(item, data)


def _download(item: JobItem, data: bytes) -> Response:
    stem, _dot, _suffix = item.name.rsplit("/", 1)[-1].rpartition(".")
    name = quote(f"{stem or item.name}-sealed.{item.format}", safe="")
    disposition = f"attachment; filename=\"sealed.{item.format}\"; filename*=UTF-8''{name}"
    return Response(data, media_type=MEDIA_TYPES[item.format], headers={"Content-Disposition": disposition, **_PRIVATE})


def _wants_file(request: Request) -> bool:
    """Whether the file is wanted more than its description (RFC 9110 §12.5.1): `*/*` alone is answered as JSON."""
    wishes = [_wish(part) for part in request.headers.get("accept", "").split(",")[:_MOST_WISHES]]
    file = max((weight for kind, weight in wishes if kind in _FILE_TYPES), default=0.0)
    return file > max((weight for kind, weight in wishes if kind in _JSON_TYPES), default=0.0)


def _wish(part: str) -> tuple[str, float]:
    kind, *params = (each.strip().lower() for each in part.split(";"))
    weight = next((each[2:] for each in params if each.startswith("q=")), "1")
    try:
        return kind, min(max(float(weight), 0.0), 1.0)
    except ValueError:
        return kind, 0.0


async def _allowed(request: Request) -> Principal:
    principal = await authenticated(request)
    principal.require_scope("seal:use")
    if principal.organisation is None:
        raise _nobodys()
    return principal


def _nobodys() -> XinyinError:
    return UseRefused("You may use seals of your own organisation only.")


def _jobs(request: Request) -> SealJobs:
    jobs: SealJobs = request.app.state.seal.jobs
    return jobs
