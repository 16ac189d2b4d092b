"""`/console/neighbours`: shows; adding one needs secrets of both sides and is done on the command line."""

from typing import cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from admin.desk import at_desk
from kernel.i18n import gettext
from kernel.web.templates import Pages
from licence_vault.neighbours.neighbour import NeighbourSide, NeighbourState
from licence_vault.neighbours.register import NeighbourRegister

PATH = "/console/neighbours"
USERS = "admin:users"
SIDE_NAMES = {
    NeighbourSide.ABOVE: "Above us: it gets our directory",
    NeighbourSide.BELOW: "Below us: calls are passed on to it",
}
STATE_NAMES = {
    "away": "Away",
    "not_compared": "Its directory was not compared yet",
    "not_heard": "It was not heard of yet",
    "well": "Well",
}
REASON_NAMES = {
    "does not answer": "It does not answer",
    "too slow": "It answers too slowly",
    "answers wrongly": "Its answers cannot be read",
    "does not know us": "It does not know our client, or its secret changed",
    "refuses our directory": "It refuses our directory",
}


def routes() -> list[BaseRoute]:
    """The list."""
    return [Route(PATH, list_neighbours, methods=["GET"])]


async def list_neighbours(request: Request) -> Response:
    """Each with its last push, what waits, what went wrong."""
    await at_desk(request, USERS)
    register = cast(NeighbourRegister, request.app.state.admin.neighbours)
    rows = [_row(each) for each in await register.states()]
    return cast(Pages, request.app.state.pages).render(request, "admin/neighbours.html", rows=rows)


def _row(state: NeighbourState) -> dict[str, object]:
    above = state.neighbour.side is NeighbourSide.ABOVE
    if state.last_error or state.is_away:
        shape, word = "suspended", STATE_NAMES["away"]
    elif state.reconciled_at is None:
        shape, word = "pending", STATE_NAMES["not_compared" if above else "not_heard"]
    else:
        shape, word = "valid", STATE_NAMES["well"]
    return {
        "state": state,
        "above": above,
        "side": gettext(SIDE_NAMES[state.neighbour.side]),
        "shape": shape,
        "word": gettext(word),
        "reason": gettext(REASON_NAMES.get(state.last_error, state.last_error)) if state.last_error else "",
    }
