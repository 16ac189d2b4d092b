"""`/.xinyin/credentials`: where a person gives the account that they have at an application."""

import hashlib
import hmac

from kernel.errors import Forbidden, InvalidInput, XinyinError
from kernel.i18n import gettext
from kernel.web.forms import parse_urlencoded
from kernel.web.problems import status_of
from sso_proxy.credentials.service import Credential, CredentialService
from sso_proxy.gateway.headers import get
from sso_proxy.gateway.message import OWN_PATH
from sso_proxy.gateway.own_pages import OwnPages
from sso_proxy.gateway.visit import Visit
from sso_proxy.replay.single_flight import ReplayService

FORM_BYTES = 16 * 1024
FIELDS = 8
REFUSED = {
    "bad_credentials": "{name} does not accept this user name and password. Check both and try again.",
    "rejected": "{name} refused the sign-in, perhaps for now. Try again in a few minutes.",
    "no_form": "No sign-in form was found at {name}. Tell whoever runs the gateway.",
    "app_down": "{name} does not answer just now. Try again in a few minutes.",
}
STATUS = {"bad_credentials": 422, "rejected": 422, "no_form": 502, "app_down": 502}
STALE_PAGE = "This page has been open too long or was opened elsewhere. Go back, reload the page and try again."


class Enrolment:
    """Shows the form, tries what was typed, keeps what works."""

    def __init__(self, own: OwnPages, credentials: CredentialService, replay: ReplayService) -> None:
        self._own = own
        self._credentials = credentials
        self._replay = replay

    async def show(self, visit: Visit, *, target: str, status: int = 200) -> None:
        """The form, with the reason when a stored password no longer works."""
        state = await self._credentials.state_of(visit.session.subject, visit.site.slug)
        await self._page(visit, status, target, stale=state == "stale")

    async def take(self, visit: Visit) -> None:
        """Sign in with what was typed; on success go on to where the person wanted to go. Raises Forbidden."""
        pairs = parse_urlencoded(await visit.client.read_all(FORM_BYTES), FIELDS)
        form = dict(pairs)
        if len(form) != len(pairs):
            raise InvalidInput("The form was sent twice over. Go back and try again.")
        self._check_origin(visit, form.get("csrf_token", ""))
        target, username, password = (
            local_target(form.get("next", "/")),
            form.get("username", ""),
            form.get("password", ""),
        )
        if not username or not password:
            await self._page(
                visit, 422, target, username=username, problem=gettext("Give both user name and password.")
            )
            return
        try:
            outcome = await self._replay.enrol(visit.key, visit.site, Credential(username, password), visit.traits)
        except XinyinError as error:
            problem = gettext(error.message, **error.params)
            await self._page(visit, status_of(error), target, username=username, problem=problem)
            return
        if outcome == "signed_in":
            await self._own.redirect(visit.client, target)
            return
        problem = gettext(REFUSED[outcome], name=visit.site.name)
        await self._page(visit, STATUS[outcome], target, username=username, problem=problem)

    async def _page(
        self, visit: Visit, status: int, target: str, *, username: str = "", problem: str = "", stale: bool = False
    ) -> None:
        await self._own.send_page(
            visit.client,
            status,
            "sso_proxy/credentials.html",
            site_name=visit.site.name,
            csrf_token=csrf_token(visit.session.id),
            next=target,
            username=username,
            errors={"username": problem} if problem else {},
            stale=stale and not problem,
        )

    @staticmethod
    def _check_origin(visit: Visit, token: str) -> None:
        origin = get(visit.head.headers, "origin")
        site = get(visit.head.headers, "sec-fetch-site", "same-origin")
        fine = origin in ("", visit.public_origin) and site in ("same-origin", "none")
        if not fine or not hmac.compare_digest(token.encode(), csrf_token(visit.session.id).encode()):
            raise Forbidden(STALE_PAGE, reason="gateway CSRF")


def csrf_token(session_id: str) -> str:
    """The token of a session's forms; the session's id, which keys it, is known to the browser's cookie alone."""
    return hmac.new(session_id.encode(), b"xinyin gateway form", hashlib.sha256).hexdigest()


def local_target(wish: str) -> str:
    """A path on this very host, never another site and never our own pages."""
    clean = wish.startswith("/") and not wish.startswith(("//", "/\\", OWN_PATH)) and wish.isprintable()
    return wish if clean else "/"
