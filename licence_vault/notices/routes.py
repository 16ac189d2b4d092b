"""`/api/v1/me/notifications` and what one wishes to hear of."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kernel.web.json_body import read_json
from kernel.web.sign_in import authenticated
from licence_vault.lookup.access import Viewer
from licence_vault.notices.notice import Notice
from licence_vault.notices.service import PAGE_SIZE, Notices
from licence_vault.notices.wishes import told, wishes_of_body

ROOT = "/api/v1/me/notifications"
NO_STORE = {"Cache-Control": "private, no-store"}


def api_router() -> APIRouter:
    """A holder's news."""
    router = APIRouter(tags=["holder"])
    for path, endpoint, method, summary in (
        ("", show, "GET", "News of my licences and those of the organisations I act for"),
        ("/read", read_all, "POST", "Mark all as read"),
        ("/settings", settings, "GET", "What I wish to hear by e-mail or SMS"),
        ("/settings", change_settings, "PUT", "Change what I wish to hear by e-mail or SMS"),
        ("/{notice_id}/read", read_one, "POST", "Mark one as read"),
    ):
        router.add_api_route(ROOT + path, endpoint, methods=[method], summary=summary, response_model=None)
    return router


async def show(request: Request) -> Response:
    """Newest first, 50 at a time; `before` is `next` of the page before."""
    viewer = await _viewer(request)
    found = await _notices(request).of(viewer, request.query_params.get("before"))
    body = {
        "notifications": [_shown(each) for each in found],
        "unread": await _notices(request).unread(viewer),
        "next": found[-1].id if len(found) == PAGE_SIZE else None,
    }
    return JSONResponse(body, headers=NO_STORE)


async def read_all(request: Request) -> Response:
    """How many were unread."""
    return JSONResponse({"marked": await _notices(request).read(await _viewer(request))}, headers=NO_STORE)


async def read_one(request: Request, notice_id: str) -> Response:
    """0 for one that was read before, or is not yours."""
    return JSONResponse({"marked": await _notices(request).read(await _viewer(request), notice_id)}, headers=NO_STORE)


async def settings(request: Request) -> Response:
    """As they are."""
    return JSONResponse(told(await _notices(request).wishes(await _viewer(request))), headers=NO_STORE)


async def change_settings(request: Request) -> Response:
    """As they are now."""
    viewer = await _viewer(request)
    await _notices(request).wish(viewer, wishes_of_body(await read_json(request)))
    return JSONResponse(told(await _notices(request).wishes(viewer)), headers=NO_STORE)


def _shown(notice: Notice) -> dict[str, object]:
    return {
        "id": notice.id,
        "at": notice.at.isoformat(),
        "kind": notice.kind.value,
        "licence": notice.licence_id,
        "type_name": notice.type_name,
        "read": notice.is_read,
        "about": dict(notice.about),
    }


def _notices(request: Request) -> Notices:
    notices: Notices = request.app.state.licence_vault.notices
    return notices


async def _viewer(request: Request) -> Viewer:
    lookup = request.app.state.licence_vault.lookup
    viewer: Viewer = await lookup.viewer(await authenticated(request), request.app.state.holders)
    return viewer
