"""`/account/data`."""

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from idp.account.data.service import DataCopies
from idp.sessions.routes import Visitors
from kernel.clock import Clock
from kernel.web.csrf import check_csrf
from kernel.web.forms import read_form

PATH = "/account/data"


class DataPages:
    """The copy, for download."""

    def __init__(self, copies: DataCopies, visitors: Visitors, clock: Clock) -> None:
        self._copies = copies
        self._visitors = visitors
        self._clock = clock

    def routes(self) -> list[BaseRoute]:
        """The address."""
        return [Route(PATH, self.download, methods=["POST"])]

    async def download(self, request: Request) -> Response:
        """JSON, only minutes after a sign-in: it holds what all other pages mask."""
        await check_csrf(request, await read_form(request))
        session = await self._visitors.require_fresh(request, "/account", self._clock())
        copy = await self._copies.make(session.person.id)
        return Response(
            orjson.dumps(copy, option=orjson.OPT_INDENT_2),
            media_type="application/json",
            headers={
                "Cache-Control": "no-store",
                "Content-Disposition": f'attachment; filename="xinyin-{self._clock():%Y%m%d}.json"',
            },
        )
