"""`/console/logout-notices`."""

from typing import cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from admin.desk import actor_of, at_desk, posted, see
from idp.single_logout.service import SingleLogout
from kernel.web.forms import read_query
from kernel.web.templates import Pages

PATH = "/console/logout-notices"
USERS = "admin:users"
MOST = 50


def routes() -> list[BaseRoute]:
    """List, and try again."""
    return [
        Route(PATH, list_notices, methods=["GET"]),
        Route(PATH + "/{notice_id}/retry", retry, methods=["POST"]),
    ]


async def list_notices(request: Request) -> Response:
    """The latest first."""
    await at_desk(request, USERS)
    before = read_query(request).get("before") or None
    notices = await _service(request).list_notices(before, MOST + 1)
    shown, more = notices[:MOST], notices[MOST:]
    pages = cast(Pages, request.app.state.pages)
    following = f"{PATH}?before={shown[-1].id}" if more else None
    return pages.render(request, "admin/logout_notices.html", notices=shown, following=following)


async def retry(request: Request) -> Response:
    """Try one again now."""
    principal = await at_desk(request, USERS)
    await posted(request)
    await _service(request).retry(request.path_params["notice_id"], actor_of(principal))
    return see(PATH)


def _service(request: Request) -> SingleLogout:
    return cast(SingleLogout, request.app.state.admin.single_logout)
