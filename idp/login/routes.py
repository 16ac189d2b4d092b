"""`/login`, `/login/consent`, `/login/continue`: each shows one step and returns to the dispatcher."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from idp.consent.words import explain_scopes
from idp.login.flow import LoginRequest, Step
from idp.login.requests import browser_hash
from idp.login.service import BrowserFacts, LoginService
from idp.mandates.words import CAPACITY_NAMES
from idp.sessions.routes import Visitors, browser_label
from idp.settings import IdpSettings
from kernel.clock import Clock
from kernel.errors import Forbidden, Gone, InvalidInput, RateLimited, Unavailable, XinyinError
from kernel.i18n import gettext
from kernel.web.csrf import check_csrf
from kernel.web.forms import RawForm, field_errors, read_form, read_query
from kernel.web.problems import status_of
from kernel.web.security_headers import allow_in_policy
from kernel.web.templates import Pages

OWN_PAGES = frozenset({"/account", "/account/realname", "/account/security", "/account/mandates"})
"""Pages of ours that a sign-in may lead to by `next`; anything else would be an open redirect."""

_DEVICE_PAGE = re.compile(r"/device(\?user_code=[A-Z]{4}-[A-Z]{4})?")

STEP_PATHS = {
    Step.IDENTIFY: "/login",
    Step.SECOND_FACTOR: "/login/otp",
    Step.ENROL_SECOND_FACTOR: "/login/otp",
    Step.CHOOSE_WHOM: "/login/acting",
    Step.CONFIRM_REAL_NAME: "/account/realname",
    Step.CONSENT: "/login/consent",
}


@dataclass(frozen=True)
class LoginParts:
    """What the pages work with. `families`: providers that people may sign in by."""

    login: LoginService
    visitors: Visitors
    settings: IdpSettings
    clock: Clock
    families: Sequence[str]
    sends_codes: bool = False


class LoginPages:
    """The pages of a sign-in under way."""

    def __init__(self, parts: LoginParts) -> None:
        self._parts = parts
        self._login = parts.login

    def routes(self) -> list[BaseRoute]:
        """The addresses. They go before `/login/{provider}`."""
        return [
            Route("/login", self.show_login, methods=["GET"]),
            Route("/login", self.post_login, methods=["POST"]),
            Route("/login/continue", self.show_next, methods=["GET"]),
            Route("/login/acting", self.show_acting, methods=["GET"]),
            Route("/login/acting", self.post_acting, methods=["POST"]),
            Route("/login/consent", self.show_consent, methods=["GET"]),
            Route("/login/consent", self.post_consent, methods=["POST"]),
        ]

    async def show_login(self, request: Request) -> Response:
        """The first step; without a request under way, one that ends at our own pages."""
        query = read_query(request)
        request_id = query.get("request")
        if request_id is None:
            return await self._show_fresh_login(request, query)
        try:
            login = await self._login.requests.load(request_id, self._browser(request))
        except Gone as over:
            return await self.login_page(request, await self._begin_direct(request), notice=over)
        if login.person_id is not None:
            return await self.dispatch(request, login)
        return await self.login_page(request, login)

    async def _show_fresh_login(self, request: Request, query: RawForm) -> Response:
        wanted = query.get("next")
        is_ours = wanted is not None and (wanted in OWN_PAGES or _DEVICE_PAGE.fullmatch(wanted) is not None)
        target = wanted if is_ours else None
        is_again = query.get("again") == "yes"
        if not is_again and await self._parts.visitors.find(request) is not None:
            return RedirectResponse(target or self._parts.settings.after_sign_in_path, 303)
        return await self.login_page(request, await self._begin_direct(request, target))

    async def post_login(self, request: Request) -> Response:
        """User name and password."""
        form = await read_form(request)
        await check_csrf(request, form)
        login = await self.load_posted(request, form)
        login = replace(login, will_choose=form.get("organisation") == "yes")
        username, password = form.get("username") or "", form.get("password") or ""
        try:
            login = await self._login.identify(login, username, password, network_of(request))
        except (InvalidInput, RateLimited, Forbidden, Unavailable) as refusal:
            return await self.login_page(request, login, refusal=refusal, username=username)
        return await self.dispatch(request, login)

    async def show_next(self, request: Request) -> Response:
        """The dispatcher: wherever the sign-in stands, go on from there."""
        return await self.at_step(request, None, self.dispatch)

    async def show_acting(self, request: Request) -> Response:
        """For whom: oneself, or an organisation that one has a mandate of."""
        return await self.at_step(request, (Step.CHOOSE_WHOM,), self._acting_page)

    async def post_acting(self, request: Request) -> Response:
        """The choice; the session keeps it for life."""
        form = await read_form(request)
        await check_csrf(request, form)
        login = await self.load_posted(request, form)
        if await self._login.step_of(login) is not Step.CHOOSE_WHOM:
            return await self.dispatch(request, login)
        try:
            login = await self._login.choose_whom(login, form.one("acts_for"))
        except InvalidInput as refusal:
            return await self._acting_page(request, login, refusal=refusal)
        return await self.dispatch(request, login)

    async def show_consent(self, request: Request) -> Response:
        """What the application asks for, in plain words."""
        return await self.at_step(request, (Step.CONSENT,), self._consent_page)

    async def post_consent(self, request: Request) -> Response:
        """Yes or no."""
        form = await read_form(request)
        await check_csrf(request, form)
        login = await self.load_posted(request, form)
        if login.consent is None or login.session_id is None:
            return await self.dispatch(request, login)
        login = await self._login.answer_consent(login, given=form.one("answer") == "allow")
        return await self.dispatch(request, login)

    async def complete_login(self, request: Request, person_id: str, amr: tuple[str, ...], acr: str) -> Response:
        """Where sign-in by another provider arrives (`federation.routes.CompleteLogin`).

        `acr` is the provider's; ours comes from what we know of the person, which is never less.
        """
        request_id = getattr(request.state, "federation_return_state", "")
        try:
            login = await self._login.requests.load(request_id, self._browser(request))
        except Gone:
            login = await self._begin_direct(request)
        login = await self._login.identified(login, person_id, amr)
        return await self.dispatch(request, login)

    async def dispatch(self, request: Request, login: LoginRequest) -> Response:
        """Lead to where the sign-in stands, with the session's cookie when it has just begun."""
        visitors = self._parts.visitors
        facts = BrowserFacts(browser_label(request), visitors.session_cookie.read(request))
        progress = await self._login.dispatch(login, facts)
        if progress.step is Step.DONE:
            response = RedirectResponse(progress.request.resume_at, 303)
            if "?request=" not in progress.request.resume_at:
                await self._login.requests.finish(progress.request)
        else:
            query = urlencode({"request": progress.request.id})
            response = RedirectResponse(f"{STEP_PATHS[progress.step]}?{query}", 303)
        if progress.new_token is not None:
            visitors.session_cookie.set(response, progress.new_token)
        return self._finished(request, response)

    async def at_step(
        self,
        request: Request,
        steps: Sequence[Step] | None,
        show: Callable[[Request, LoginRequest], Awaitable[Response]],
    ) -> Response:
        """Show a page if the sign-in stands there; otherwise lead to where it stands."""
        request_id = read_query(request).get("request") or ""
        try:
            login = await self._login.requests.load(request_id, self._browser(request))
        except Gone as over:
            return await self.login_page(request, await self._begin_direct(request), notice=over)
        if steps is not None and await self._login.step_of(login) not in steps:
            return await self.dispatch(request, login)
        return await show(request, login)

    async def load_posted(self, request: Request, form: RawForm) -> LoginRequest:
        """The sign-in that a form belongs to: by its field, or the one this browser began last, or a new one."""
        request_id = form.get("request")
        browser = self._browser(request)
        if request_id:
            return await self._login.requests.load(request_id, browser)
        try:
            return await self._login.requests.load_latest(browser)
        except Gone:
            return await self._begin_direct(request)

    async def _begin_direct(self, request: Request, target: str | None = None) -> LoginRequest:
        return await self._login.begin(
            LoginRequest(
                id="",
                browser=self._browser(request),
                resume_at=target or self._parts.settings.after_sign_in_path,
                begun_at=self._parts.clock(),
            )
        )

    async def login_page(
        self,
        request: Request,
        login: LoginRequest,
        *,
        refusal: XinyinError | None = None,
        notice: XinyinError | None = None,
        username: str = "",
    ) -> Response:
        """The first page: every way to say who is there."""
        passkeys = self._login.factors.passkeys
        context = {
            "username": username or login.username_hint,
            "client_name": login.client_name,
            "families": list(self._parts.families),
            "sends_codes": self._parts.sends_codes,
            "passkey_options": await passkeys.offer_sign_in(login.id) if passkeys.is_possible else None,
            "notice": gettext(notice.message, **notice.params) if notice else None,
        }
        return self.page(request, "idp/login.html", login, refusal, context)

    async def _consent_page(self, request: Request, login: LoginRequest) -> Response:
        scopes = await self._login.scopes_asked(login)
        context = {"client_name": login.client_name, "lines": explain_scopes(scopes)}
        return self.page(request, "idp/consent.html", login, None, context)

    async def _acting_page(self, request: Request, login: LoginRequest, refusal: XinyinError | None = None) -> Response:
        context = {
            "client_name": login.client_name,
            "mandates": await self._login.mandates(login),
            "only_legal": login.subject_type == "legal",
            "capacity_names": {name: gettext(text) for name, text in CAPACITY_NAMES.items()},
        }
        return self.page(request, "idp/acting.html", login, refusal, context)

    def page(
        self,
        request: Request,
        template: str,
        login: LoginRequest,
        refusal: XinyinError | None,
        context: Mapping[str, object],
    ) -> Response:
        """One step's page, with what was wrong."""
        if login.leads_to:
            allow_in_policy(request, "form-action", login.leads_to)
        pages: Pages = request.app.state.pages
        response = pages.render(
            request,
            template,
            status=status_of(refusal) if refusal else 200,
            request_id=login.id,
            errors=_errors(refusal),
            **context,
        )
        if isinstance(refusal, RateLimited):
            response.headers["Retry-After"] = str(refusal.retry_after_seconds)
        return self._finished(request, response)

    def _finished(self, request: Request, response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        self._parts.visitors.browser_cookie.remember(request, response)
        return response

    def _browser(self, request: Request) -> str:
        return browser_hash(self._parts.visitors.browser_cookie.value(request))


def _errors(refusal: XinyinError | None) -> dict[str, str]:
    if refusal is None:
        return {}
    if isinstance(refusal, InvalidInput):
        return field_errors(refusal)
    return {"": gettext(refusal.message, **refusal.params)}


def network_of(request: Request) -> str:
    """Where a request comes from, for limits."""
    return request.client.host if request.client else "unknown"
