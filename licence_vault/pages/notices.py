"""`/me/notices`: news of one's licences, and what of it to hear by e-mail or SMS."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from kernel.errors import InvalidInput
from kernel.i18n import current_locale
from kernel.i18n import gettext as _
from kernel.web.csrf import check_csrf
from kernel.web.forms import RawForm, field_errors, read_form
from kernel.web.sign_in import require_sign_in
from licence_vault.lookup.access import Viewer
from licence_vault.notices.notice import CHANNELS, Notice, NoticeKind, Wishes
from licence_vault.notices.sending import headline
from licence_vault.notices.service import PAGE_SIZE
from licence_vault.notices.wishes import wishes_of_body
from licence_vault.pages.rendering import render


def notice_page_routes() -> list[BaseRoute]:
    """Every page of notices."""
    return [
        Route("/me/notices", show_notices, methods=["GET"]),
        Route("/me/notices/read", mark_all, methods=["POST"]),
        Route("/me/notices/settings", show_settings, methods=["GET"]),
        Route("/me/notices/settings", change_settings, methods=["POST"]),
    ]


async def show_notices(request: Request) -> Response:
    """The newest first; the unread ones say so in words."""
    notices, viewer = request.app.state.licence_vault.notices, await _viewer(request)
    found = await notices.of(viewer, request.query_params.get("before"))
    following = f"/me/notices?before={found[-1].id}" if len(found) == PAGE_SIZE else None
    return render(
        request,
        "notices.html",
        notices=[_told(each) for each in found],
        unread=await notices.unread(viewer),
        following=following,
        is_first="before" not in request.query_params,
    )


async def mark_all(request: Request) -> Response:
    """All are read."""
    await check_csrf(request, await read_form(request))
    await request.app.state.licence_vault.notices.read(await _viewer(request))
    return RedirectResponse("/me/notices", status_code=303)


async def show_settings(request: Request) -> Response:
    """A row for each kind, a box for each channel."""
    viewer = await _viewer(request)
    return await _form(request, viewer, await request.app.state.licence_vault.notices.wishes(viewer), {})


async def change_settings(request: Request) -> Response:
    """Kept, and shown again."""
    form = await read_form(request)
    await check_csrf(request, form)
    notices, viewer = request.app.state.licence_vault.notices, await _viewer(request)
    try:
        await notices.wish(viewer, wishes_of_body(_body(form)))
    except InvalidInput as refusal:
        return await _form(request, viewer, await notices.wishes(viewer), field_errors(refusal), status=400)
    return RedirectResponse("/me/notices/settings?done=1", status_code=303)


async def _form(
    request: Request, viewer: Viewer, wishes: Wishes, errors: Mapping[str, str], *, status: int = 200
) -> Response:
    names = {"email": _("E-mail"), "sms": _("SMS")}
    kinds = {
        NoticeKind.ISSUED: _("A licence is issued"),
        NoticeKind.REPLACED: _("A licence is replaced by a newer version"),
        NoticeKind.EXPIRING: _("A licence expires in 60, 30 or 7 days"),
        NoticeKind.SUSPENDED: _("A licence is suspended"),
        NoticeKind.RESUMED: _("A licence is in force again"),
        NoticeKind.REVOKED: _("A licence is revoked"),
        NoticeKind.LOOKED: _("An agency looks at a licence"),
    }
    return render(
        request,
        "notice_settings.html",
        status=status,
        channels=[(channel, names[channel]) for channel in CHANNELS],
        kinds=[(kind.value, title, sorted(wishes.channels(kind))) for kind, title in kinds.items()],
        reachable=await request.app.state.licence_vault.notices.reachable(viewer),
        quiet=wishes.quiet or ("", ""),
        hours=[(str(hour), f"{hour:02}:00") for hour in range(24)],
        names_type=wishes.names_type,
        may_choose=bool(viewer.holder_indexes),
        errors=errors,
        done=request.query_params.get("done") == "1",
    )


def _body(form: RawForm) -> dict[str, Any]:
    quiet = [form.text("quiet_from"), form.text("quiet_to")]
    return {
        "channels": {kind.value: form.all(kind.value) for kind in NoticeKind},
        "quiet": [int(each) if each.isdigit() and len(each) < 3 else each for each in quiet] if any(quiet) else None,
        "names_type": form.get("names_type") == "yes",
        "locale": current_locale(),
    }


def _told(notice: Notice) -> dict[str, Any]:
    about, detail = notice.about, ""
    if notice.kind is NoticeKind.EXPIRING:
        detail = _("It is valid until {day}.", day=about["until"])
    elif notice.kind is NoticeKind.LOOKED:
        detail = _("{agency} looked at it. Why stands on the licence.", agency=about["who"] or _("The operator"))
    elif about.get("cause"):
        detail = _("Cause: {cause}", cause=about["cause"])
    return {
        "at": notice.at,
        "title": headline(notice.kind),
        "type_name": notice.type_name,
        "detail": detail,
        "href": f"/me/licences/{notice.licence_id}",
        "is_read": notice.is_read,
    }


async def _viewer(request: Request) -> Viewer:
    principal = await require_sign_in(request)
    viewer: Viewer = await request.app.state.licence_vault.lookup.viewer(principal, request.app.state.holders)
    return viewer
