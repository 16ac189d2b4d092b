"""Rendering a page that nobody may keep."""

from starlette.requests import Request
from starlette.responses import Response

from kernel.web.templates import Pages

FRESH = {"Cache-Control": "private, no-store"}


def render(request: Request, name: str, *, status: int = 200, **context: object) -> Response:
    """A page of `templates/licence_vault`."""
    pages: Pages = request.app.state.pages
    response = pages.render(request, f"licence_vault/{name}", status=status, **context)
    response.headers.update(FRESH)
    return response
