"""`/login/code`: where the code shall go, then the code itself. Whoever is new here is entered by the same steps."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from idp.contacts.address import Address, parse_address
from idp.contacts.codes import ContactCodes
from idp.contacts.service import ContactService
from idp.login.flow import LoginRequest, Step
from idp.login.routes import LoginPages, network_of
from idp.login.service import LoginService
from kernel.errors import FieldError, Forbidden, Gone, InvalidInput, RateLimited, Unavailable, XinyinError
from kernel.i18n import current_locale
from kernel.web.csrf import check_csrf
from kernel.web.forms import read_form, read_query

PATH = "/login/code"
AMR = {"sms": ("otp", "sms"), "email": ("otp",)}
"""RFC 8176: one factor alone, whichever way the code went."""
NOT_SENT_HERE = "Codes are not sent this way here. Use another address, or sign in another way."


class CodePages:
    """Signing in by a code."""

    def __init__(self, pages: LoginPages, login: LoginService, codes: ContactCodes, contacts: ContactService) -> None:
        self._pages = pages
        self._login = login
        self._codes = codes
        self._contacts = contacts

    def routes(self) -> list[BaseRoute]:
        """The addresses. They go before `/login/{provider}`; none where no code can be sent."""
        if not self._codes.is_possible:
            return []
        return [
            Route(PATH, self.show, methods=["GET"]),
            Route(PATH, self.send, methods=["POST"]),
            Route(f"{PATH}/check", self.check, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Asks for the address, or for the code once it is on its way."""
        return await self._pages.at_step(request, (Step.IDENTIFY,), self._page)

    async def send(self, request: Request) -> Response:
        """Send a code. The answer is the same whether we know the address or not."""
        form = await read_form(request)
        await check_csrf(request, form)
        login = await self._pages.load_posted(request, form)
        if login.person_id is not None:
            return await self._pages.dispatch(request, login)
        typed = form.get("address") or ""
        try:
            address = parse_address(typed)
            if not self._codes.sends(address.channel):
                raise InvalidInput(NOT_SENT_HERE, fields=[FieldError("address", NOT_SENT_HERE)])
            await self._codes.send(_place(login), address, network_of(request))
        except (InvalidInput, RateLimited, Unavailable) as refusal:
            is_waiting = isinstance(refusal, RateLimited) and form.get("again") == "yes"
            return await self._page(request, login, refusal, typed=typed, asks_address=not is_waiting)
        return RedirectResponse(f"{PATH}?{urlencode({'request': login.id})}", 303)

    async def check(self, request: Request) -> Response:
        """The code that came."""
        form = await read_form(request)
        await check_csrf(request, form)
        login = await self._pages.load_posted(request, form)
        if login.person_id is not None:
            return await self._pages.dispatch(request, login)
        try:
            address = await self._codes.check(_place(login), form.get("code") or "")
            person_id = await self._contacts.find_or_enter(address, current_locale())
        except (InvalidInput, Gone, Forbidden) as refusal:
            await self._login.refuse(None, "wrong code")
            return await self._page(request, login, refusal)
        return await self._pages.dispatch(request, await self._login.identified(login, person_id, AMR[address.channel]))

    async def _page(
        self,
        request: Request,
        login: LoginRequest,
        refusal: XinyinError | None = None,
        *,
        typed: str = "",
        asks_address: bool = False,
    ) -> Response:
        starts_over = asks_address or read_query(request).get("other") == "yes"
        waiting: Address | None = None if starts_over else await self._codes.waiting(_place(login))
        context = {
            "client_name": login.client_name,
            "waiting": waiting,
            "typed": typed,
            "by_phone": self._codes.sends("sms"),
            "by_email": self._codes.sends("email"),
        }
        return self._pages.page(request, "idp/code.html", login, refusal, context)


def _place(login: LoginRequest) -> str:
    return f"login:{login.id}"
