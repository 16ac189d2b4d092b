"""`/console/audit`."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import cast
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from admin.audit.service import AuditReading, Entry
from admin.desk import actor_of, at_desk, posted
from kernel.audit.search import AuditQuery
from kernel.i18n import DISPLAY_ZONE, gettext
from kernel.web.templates import Pages

AUDIT = "admin:audit"
PAGE_SIZE = 50
FILTERS = ("action", "actor", "subject", "since", "until")


def routes() -> list[BaseRoute]:
    """Search, and prove the chain."""
    return [
        Route("/console/audit", show_events, methods=["GET"]),
        Route("/console/audit/verification", verify_chain, methods=["POST"]),
    ]


async def show_events(request: Request) -> Response:
    """Events that match, newest first."""
    await at_desk(request, AUDIT)
    given = {name: request.query_params.get(name, "").strip() for name in FILTERS}
    query, errors = _query(given, request.query_params.get("before", ""))
    reading = _reading(request)
    entries: Sequence[Entry] = [] if errors else await reading.search(query)
    more = _more(given, entries)
    pages: Pages = request.app.state.pages
    return pages.render(
        request,
        "admin/audit.html",
        status=400 if errors else 200,
        entries=entries[:PAGE_SIZE],
        total=await reading.count(),
        given=given,
        errors=errors,
        more=more,
        verdicts=None,
    )


async def verify_chain(request: Request) -> Response:
    """Prove the whole trail now."""
    principal = await at_desk(request, AUDIT)
    await posted(request)
    reading = _reading(request)
    verdicts = await reading.verify(actor_of(principal))
    pages: Pages = request.app.state.pages
    return pages.render(
        request,
        "admin/audit.html",
        entries=(await reading.search(AuditQuery(limit=PAGE_SIZE))),
        total=await reading.count(),
        given=dict.fromkeys(FILTERS, ""),
        errors={},
        more=None,
        verdicts=verdicts,
    )


def _query(given: dict[str, str], before: str) -> tuple[AuditQuery, dict[str, str]]:
    errors: dict[str, str] = {}
    since, until = (_day(given[name], name, errors) for name in ("since", "until"))
    query = AuditQuery(
        action=given["action"],
        actor_id=given["actor"],
        subject_ref=given["subject"],
        since=since,
        until=until + timedelta(days=1) if until else None,
        before=_key(before),
        limit=PAGE_SIZE + 1,
    )
    return query, errors


def _day(text: str, name: str, errors: dict[str, str]) -> datetime | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        errors[name] = gettext("Write the date as YYYY-MM-DD.")
        return None
    return datetime(day.year, day.month, day.day, tzinfo=DISPLAY_ZONE)


def _key(text: str) -> tuple[datetime, str, int] | None:
    try:
        at, chain, sequence = text.split("~")
        return datetime.fromisoformat(at), chain, int(sequence)
    except ValueError:
        return None


def _more(given: dict[str, str], entries: Sequence[Entry]) -> str | None:
    if len(entries) <= PAGE_SIZE:
        return None
    kept = {name: value for name, value in given.items() if value}
    return "?" + urlencode(kept | {"before": entries[PAGE_SIZE - 1].key})


def _reading(request: Request) -> AuditReading:
    return cast(AuditReading, request.app.state.admin.audit)
