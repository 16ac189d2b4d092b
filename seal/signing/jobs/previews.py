"""`GET /api/v1/seal-jobs/{id}/files/{number}/pages/{page}`: how a sealed file looks."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from kernel.errors import NotFound
from kernel.web.sign_in import authenticated
from seal.documents.preview import page_picture
from seal.seals.routes import officer_of
from seal.signing.jobs.service import SealJobs

_PNG = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


async def show_page(request: Request, job_id: str, number: str, page: str) -> Response:
    """A page of one of the sealed files as PNG, with the seals on it."""
    principal = await authenticated(request)
    principal.require_scope("seal:use")
    jobs: SealJobs = request.app.state.seal.jobs
    item, data = await jobs.file(job_id, officer_of(principal).actor, _natural(number))
    picture = await asyncio.to_thread(page_picture, data, item.format, _natural(page))
    return Response(picture, media_type="image/png", headers=_PNG)


def _natural(text: str) -> int:
    if not (text.isdecimal() and len(text) < 6):
        raise NotFound("The document has no page {page}.", page=text[:16])
    return int(text)
