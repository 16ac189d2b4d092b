"""`/account`."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from idp.account.service import AccountService, Profile
from idp.consent.words import explain_scopes
from idp.federation.base import Surface, provider_name
from idp.login.sign_out import SignOut
from idp.mandates.words import CAPACITY_NAMES
from idp.persons.person import HIGHEST_ONLINE_LEVEL
from idp.sessions.routes import Visitors
from idp.sessions.service import Session
from kernel.clock import Clock
from kernel.i18n import gettext
from kernel.web.csrf import check_csrf
from kernel.web.forms import RawForm, read_form
from kernel.web.locale import LOCALE_PARAMETER
from kernel.web.security_headers import allow_in_policy
from kernel.web.sign_in import signed_in
from kernel.web.templates import Pages

LANGUAGES = (("zh_CN", "中文"), ("en", "English"))


class AccountPages:
    """A person's own page and the buttons on it."""

    def __init__(self, service: AccountService, visitors: Visitors, sign_out: SignOut, clock: Clock) -> None:
        self._service = service
        self._visitors = visitors
        self._sign_out = sign_out
        self._clock = clock

    def routes(self) -> list[BaseRoute]:
        """The addresses."""
        return [
            Route("/account", self.show, methods=["GET"]),
            Route("/account/sessions/end-others", self.end_others, methods=["POST"]),
            Route("/account/applications/withdraw", self.withdraw, methods=["POST"]),
            Route("/account/unlink", self.unlink, methods=["POST"]),
            Route("/account/language", self.set_language, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """What we know of the person, masked, and where they are signed in."""
        session = await self._visitors.require(request)
        profile = await self._service.profile(session)
        await signed_in(request)
        linkable = self._service.linkable(profile, Surface.of(request.headers.get("user-agent", "")))
        allow_in_policy(request, "form-action", *linkable.values())
        pages: Pages = request.app.state.pages
        response = pages.render(
            request,
            "idp/account.html",
            profile=profile,
            person=session.person,
            is_checked=session.person.assurance_level >= HIGHEST_ONLINE_LEVEL,
            acting_options=_acting_options(profile),
            explain_scopes=explain_scopes,
            languages=LANGUAGES,
            provider_name=provider_name,
            linkable=list(linkable),
        )
        response.headers["Cache-Control"] = "no-store"
        return response

    async def end_others(self, request: Request) -> Response:
        """Sign out everywhere but here."""
        session, _form = await self._posted(request)
        await self._sign_out.end_others(session.person.id, session.id)
        return RedirectResponse("/account", 303)

    async def withdraw(self, request: Request) -> Response:
        """Take back what an application was allowed."""
        session, form = await self._posted(request)
        await self._service.withdraw_consent(session.person.id, form.one("client_id"))
        return RedirectResponse("/account", 303)

    async def unlink(self, request: Request) -> Response:
        """Part with a linked account; only minutes after a sign-in."""
        _session, form = await self._posted(request)
        session = await self._visitors.require_fresh(request, "/account", self._clock())
        await self._service.unlink(session.person.id, form.one("account_id"))
        return RedirectResponse("/account", 303)

    async def set_language(self, request: Request) -> Response:
        """Remember the language, for applications that ask and for these pages."""
        session, form = await self._posted(request)
        locale = form.one("locale")
        await self._service.set_language(session.person.id, locale)
        return RedirectResponse("/account?" + urlencode({LOCALE_PARAMETER: locale}), 303)

    async def freshly_signed_in(self, request: Request) -> str:
        """The person of a session minutes old (`federation.routes.Doors`). Raises `SignInFirst`."""
        return (await self._visitors.require_fresh(request, "/account", self._clock())).person.id

    async def _posted(self, request: Request) -> tuple[Session, RawForm]:
        session = await self._visitors.require(request)
        form = await read_form(request)
        await check_csrf(request, form)
        return session, form


def _acting_options(profile: Profile) -> list[tuple[str, str, str]]:
    """For whom this browser may act: value, name, and in which capacity."""
    found = [(each.id, each.organisation_name, gettext(CAPACITY_NAMES[each.capacity])) for each in profile.mandates]
    return [("", gettext("For myself"), ""), *found]
