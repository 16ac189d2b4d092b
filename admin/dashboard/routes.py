"""`/console/overview`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from admin.desk import at_desk, see
from kernel.principal import Principal
from kernel.web.templates import Pages


@dataclass(frozen=True)
class Figure:
    """One number with its way in. `label` is a msgid; shown to those who hold one of `scopes`."""

    label: str
    href: str
    scopes: frozenset[str]
    count: Callable[[Principal], Awaitable[int]]


@dataclass(frozen=True)
class Task:
    """Something people come here to do. `label` is a msgid."""

    label: str
    hint: str
    href: str
    scopes: frozenset[str]


@dataclass(frozen=True)
class DashboardDesk:
    """What the first page may show; each person sees their own part."""

    figures: tuple[Figure, ...]
    tasks: tuple[Task, ...]

    @property
    def scopes(self) -> frozenset[str]:
        """Everybody with something to do here may come in."""
        shown: tuple[Figure | Task, ...] = (*self.figures, *self.tasks)
        return frozenset[str]().union(*(each.scopes for each in shown))


def routes() -> list[BaseRoute]:
    """The one page. Its address is no prefix of the others', so that the rail marks it only while it is open."""
    return [
        Route("/console", enter, methods=["GET"]),
        Route("/console/overview", show_dashboard, methods=["GET"]),
    ]


async def enter(_request: Request) -> Response:
    """On to the first page."""
    return see("/console/overview")


async def show_dashboard(request: Request) -> Response:
    """Figures and tasks for whoever is signed in."""
    desk = cast(DashboardDesk, request.app.state.admin.dashboard)
    principal = await at_desk(request, *sorted(desk.scopes))
    pages: Pages = request.app.state.pages
    figures = [(each, await each.count(principal)) for each in desk.figures if each.scopes & principal.scopes]
    tasks = [each for each in desk.tasks if each.scopes & principal.scopes]
    return pages.render(request, "admin/dashboard.html", figures=figures, tasks=tasks, visitor=principal.name or "")
