"""`/console/seals/{id}/uses`: what a seal was used for, by day and one by one."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from admin.desk import at_desk
from admin.seals.desk import load, pages, uses
from admin.seals.steps import APPLY, APPROVE, USE
from kernel.i18n import DISPLAY_ZONE, gettext
from seal.seals.routes import csv_response
from seal.seals.seal import Seal, SealUse
from seal.seals.uses import UseSearch

FILTERS = ("purpose", "since", "until")
PAGE_SIZE = 50
CHART_WIDTH, CHART_HEIGHT = 600, 120


@dataclass(frozen=True)
class Bar:
    """One day of the chart, in the drawing's own units."""

    day: date
    count: int
    x: float
    y: float
    width: float
    height: float


def routes() -> list[BaseRoute]:
    """The page, which is also the table to save."""
    return [Route("/console/seals/{seal_id}/uses", show_uses, methods=["GET"])]


async def show_uses(request: Request) -> Response:
    """Uses that match, newest first; with `as=csv` as a file."""
    seal = await load(request, await at_desk(request, APPLY, APPROVE, USE))
    given = {name: request.query_params.get(name, "").strip()[:128] for name in FILTERS}
    search, errors = _search(given, request.query_params.get("before"))
    if request.query_params.get("as") == "csv" and not errors:
        return csv_response(uses(request), seal, search)
    page = await uses(request).page(seal.id, search, limit=PAGE_SIZE)
    here = f"/console/seals/{seal.id}/uses"
    return pages(request).render(
        request,
        "admin/seal_uses.html",
        status=400 if errors else 200,
        seal=seal,
        bars=bars(await uses(request).by_day(seal.id)),
        total=await uses(request).count(seal.id),
        uses=page.uses,
        given=given,
        errors=errors,
        more=f"{here}?{urlencode(given | {'before': page.next})}" if page.next else None,
        table=f"{here}?{urlencode(given | {'as': 'csv'})}",
    )


async def recent(request: Request, seal: Seal, limit: int) -> list[SealUse]:
    """The last few uses."""
    return list((await uses(request).page(seal.id, UseSearch(), limit=limit)).uses)


def bars(days: list[tuple[date, int]]) -> list[Bar]:
    """The chart's bars: the highest day fills it."""
    most, step = max((count for _day, count in days), default=0) or 1, CHART_WIDTH / max(len(days), 1)
    return [
        Bar(day, count, round(step * place + 1, 1), round(CHART_HEIGHT * (1 - count / most), 1), round(step - 2, 1),
            round(CHART_HEIGHT * count / most, 1))
        for place, (day, count) in enumerate(days)
    ]  # fmt: skip


def _search(given: dict[str, str], before: str | None) -> tuple[UseSearch, dict[str, str]]:
    moments, errors = {}, {}
    for name in ("since", "until"):
        try:
            moments[name] = _midnight(given[name]) if given[name] else None
        except ValueError:
            errors[name] = gettext("Write the date as YYYY-MM-DD.")
    until = moments.get("until")
    end = until + timedelta(days=1) if until else None
    return UseSearch(moments.get("since"), end, purpose=given["purpose"] or None, before=before), errors


def _midnight(text: str) -> datetime:
    return datetime.combine(date.fromisoformat(text), time(), DISPLAY_ZONE)
