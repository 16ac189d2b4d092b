"""`/account/mandates`: whom one acts for, who acts for one's organisation; `/account/acting`: the change of hats."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from idp.mandates.mandate import Mandate, MandateState, Power, Term
from idp.mandates.service import MandateService, Offer
from idp.mandates.words import CAPACITY_NAMES, ENDED_BECAUSE, POWER_NAMES, STATE_NAMES
from idp.persons.service import PersonService
from idp.sessions.routes import Visitors, browser_label
from idp.sessions.service import Authentication, Session, SessionService
from kernel.clock import Clock
from kernel.errors import Conflict, FieldError, InvalidInput
from kernel.i18n import gettext
from kernel.web.csrf import check_csrf
from kernel.web.forms import RawForm, field_errors, read_form
from kernel.web.templates import Pages

ROOT = "/account/mandates"
OPEN = (MandateState.OFFERED, MandateState.WAITING, MandateState.IN_FORCE)
PAGE_SIZE = 50
LOCAL = ZoneInfo("Asia/Shanghai")
"""Terms are given in days of this place."""


class MandatePages:
    """A person's mandates, those they give, and for whom this browser acts."""

    def __init__(
        self,
        mandates: MandateService,
        persons: PersonService,
        sessions: SessionService,
        visitors: Visitors,
        clock: Clock,
    ) -> None:
        self._mandates = mandates
        self._persons = persons
        self._sessions = sessions
        self._visitors = visitors
        self._clock = clock

    def routes(self) -> list[BaseRoute]:
        """The addresses."""
        return [
            Route(ROOT, self.show, methods=["GET"]),
            Route(ROOT, self.offer, methods=["POST"]),
            Route(ROOT + "/{mandate_id}/{answer:str}", self.answer, methods=["POST"]),
            Route("/account/acting", self.change, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """One's own mandates, and for each organisation one represents those that it gave."""
        return await self._page(request, await self._visitors.require(request))

    async def offer(self, request: Request) -> Response:
        """Appoint an agent; only minutes after a sign-in."""
        session, form = await self._posted(request)
        await self._visitors.require_fresh(request, ROOT, self._clock())
        given = {name: form.text(name) for name in ("uscc", "username", "until")}
        powers = form.all("powers")
        try:
            term = Term(self._clock(), read_last_day(given["until"]))
            await self._mandates.offer(session.person.id, Offer(given["uscc"], given["username"], powers, term))
        except InvalidInput as refusal:
            return await self._page(request, session, given, powers, refusal)
        except Conflict as refusal:
            told = InvalidInput(refusal.message, fields=[FieldError("username", refusal.message)])
            return await self._page(request, session, given, powers, told)
        return RedirectResponse(f"{ROOT}?done=offered", 303)

    async def answer(self, request: Request) -> Response:
        """Accept, decline, or end a mandate. Taking one on needs a sign-in minutes old."""
        session, _form = await self._posted(request)
        mandate_id, answer = request.path_params["mandate_id"], request.path_params["answer"]
        if answer == "accept":
            await self._visitors.require_fresh(request, ROOT, self._clock())
            await self._mandates.accept(session.person.id, mandate_id)
        elif answer == "decline":
            await self._mandates.decline(session.person.id, mandate_id)
        elif answer == "end":
            await self._mandates.end(session.person.id, mandate_id)
        else:
            message = "Choose one of the listed answers."
            raise InvalidInput(message, fields=[FieldError("answer", message)])
        return RedirectResponse(f"{ROOT}?done={answer}", 303)

    async def change(self, request: Request) -> Response:
        """Act for somebody else from now on: a new session takes the place of this one, whose applications are told."""
        session, form = await self._posted(request)
        chosen = form.one("acts_for")
        if chosen not in {"", *(each.id for each in await self._mandates.in_force(session.person.id))}:
            message = "Choose one of the listed answers."
            raise InvalidInput(message, fields=[FieldError("acts_for", message)])
        cookie = self._visitors.session_cookie
        authentication = Authentication(
            session.person,
            session.amr,
            browser_label(request),
            cookie.read(request),
            mandate_id=chosen or None,
            auth_time=session.auth_time,
        )
        token, _session = await self._sessions.begin(authentication)
        response = RedirectResponse("/account", 303)
        cookie.set(response, token)
        return response

    async def _page(
        self,
        request: Request,
        session: Session,
        given: dict[str, str] | None = None,
        powers: list[str] | None = None,
        refusal: InvalidInput | None = None,
    ) -> Response:
        own = await self._mandates.of_person(session.person.id)
        now = self._clock()
        represented = [each for each in own if each.is_representative and each.is_in_force(now)]
        after = request.query_params.get("after", "")
        given_ones = [(each, await self._appointed(each, after)) for each in represented]
        pages: Pages = request.app.state.pages
        response = pages.render(
            request,
            "idp/mandates.html",
            status=400 if refusal else 200,
            own=list(reversed(own)),
            represented=given_ones,
            now=now,
            open_states=OPEN,
            words=_words(),
            power_options=[(power.value, gettext(POWER_NAMES[power])) for power in Power],
            given=given or {},
            powers=powers if powers is not None else [Power.SEE.value],
            errors=field_errors(refusal) if refusal else {},
            done=request.query_params.get("done", ""),
        )
        response.headers["Cache-Control"] = "no-store"
        return response

    async def _appointed(self, mandate: Mandate, after: str) -> dict[str, object]:
        """A page of what an organisation gave, with the agents' names."""
        found = await self._mandates.of_organisation(mandate.uscc, after=after, limit=PAGE_SIZE + 1)
        shown = [each for each in found[:PAGE_SIZE] if not each.is_representative]
        names = {each.person_id: (await self._persons.load(each.person_id)).display_name for each in shown}
        more = f"{ROOT}?after={found[PAGE_SIZE - 1].id}" if len(found) > PAGE_SIZE else None
        return {"mandates": shown, "names": names, "more": more}

    async def _posted(self, request: Request) -> tuple[Session, RawForm]:
        session = await self._visitors.require(request)
        form = await read_form(request)
        await check_csrf(request, form)
        return session, form


def read_last_day(text: str) -> datetime | None:
    """The end of the day that a form names; None where it names none. Raises `InvalidInput`."""
    if not text:
        return None
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day, whose place is set below
    except ValueError as wrong:
        message = "Write the day as year-month-day."
        raise InvalidInput(message, fields=[FieldError("until", message)]) from wrong
    return datetime.combine(day + timedelta(days=1), time(), LOCAL).astimezone(UTC)


def _words() -> dict[str, dict[str, str]]:
    tables: tuple[tuple[str, Mapping[Any, str]], ...] = (
        ("capacities", CAPACITY_NAMES),
        ("powers", POWER_NAMES),
        ("states", STATE_NAMES),
        ("endings", ENDED_BECAUSE),
    )
    return {table: {str(key): gettext(text) for key, text in texts.items()} for table, texts in tables}
