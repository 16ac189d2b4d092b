"""open.weixin.qq.com/connect: the QR page, its image and long poll, the stand-in for the phone, consent in WeChat."""

import io
import re
from datetime import UTC, datetime
from urllib.parse import urlencode, urlsplit

import qrcode
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from xinyin.sandbox.faults import FaultSwitch, control_routes
from xinyin.sandbox.pages import render, static_mount
from xinyin.sandbox.people import PEOPLE, SNAPSHOT_VISITOR, find_person
from xinyin.sandbox.settings import SandboxSettings, WeChatApp
from xinyin.sandbox.wechat.api import api_routes
from xinyin.sandbox.wechat.state import Scan, ScanStatus, WeChatState

STATE_PATTERN = re.compile(r"[a-zA-Z0-9]{0,128}")
VISITORS = (*PEOPLE, SNAPSHOT_VISITOR)
_NEVER_POLLED = datetime.max.replace(tzinfo=UTC)


def wechat_routes(settings: SandboxSettings) -> list[BaseRoute]:
    """Everything WeChat answers, on paths as the real hosts have them."""
    state = WeChatState(settings)
    faults = FaultSwitch(settings.slow_seconds)
    pages = _Pages(state)
    return [
        Route("/connect/qrconnect", pages.qr_page),
        Route("/connect/qrcode/{key}", pages.qr_image),
        Route("/connect/l/qrconnect", pages.poll),
        Route("/connect/confirm", pages.phone, methods=["GET", "POST"]),
        Route("/connect/panel/{key}", pages.panel, methods=["POST"]),
        Route("/connect/oauth2/authorize", pages.consent, methods=["GET", "POST"]),
        *api_routes(state, faults),
        *control_routes(faults),
        static_mount(),
    ]


class _Pages:
    def __init__(self, state: WeChatState) -> None:
        self._state = state

    async def qr_page(self, request: Request) -> Response:
        app, refusal = self._check_request(request, kind="web", scopes=("snsapi_login",))
        if app is None:
            return refusal
        query = request.query_params
        scan = self._state.open_scan(app, "snsapi_login", query["redirect_uri"], query.get("state", ""))
        return render(request, "qrconnect.html", scan=scan, people=PEOPLE, cancel_url=_callback(scan))

    async def qr_image(self, request: Request) -> Response:
        scan = self._state.find_scan(request.path_params["key"])
        if scan is None:
            return Response(status_code=404)
        root = str(request.base_url).rstrip("/")
        picture = qrcode.make(f"{root}/connect/confirm?uuid={scan.key}", box_size=10, border=2)
        file = io.BytesIO()
        picture.get_image().convert("RGB").save(file, "JPEG")
        return Response(file.getvalue(), media_type="image/jpeg")

    async def poll(self, request: Request) -> Response:
        scan = self._state.find_scan(request.query_params.get("uuid", ""))
        last = request.query_params.get("last", "")
        status = await self._state.wait_for_change(scan, int(last or 0)) if scan else ScanStatus.EXPIRED
        code = scan.code if scan and status is ScanStatus.CONFIRMED else ""
        body = f"window.wx_errcode={int(status)};window.wx_code='{code}';"
        return Response(body, headers={"Content-Type": "text/javascript", "Cache-Control": "no-cache, must-revalidate"})

    async def phone(self, request: Request) -> Response:
        """What the phone shows after the scan: confirm, cancel, or let the time run out."""
        scan = self._state.find_scan(request.query_params.get("uuid", ""))
        if scan is None:
            return render(request, "message.html", title="二维码已失效", text="请回到电脑上刷新二维码。")
        if request.method == "POST":
            form = await request.form()
            self._act_on_phone(scan, str(form.get("action")), str(form.get("person")))
        return render(request, "phone.html", scan=scan, status=scan.status.name, people=PEOPLE)

    def _act_on_phone(self, scan: Scan, action: str, handle: str) -> None:
        person = find_person(handle) or scan.person
        if scan.status not in (ScanStatus.WAITING, ScanStatus.SCANNED):
            return
        if action == "scan" and person:
            scan.person = person
            scan.move(ScanStatus.SCANNED)
        elif action == "confirm" and person:
            self._state.confirm(scan, person)
        elif action == "cancel":
            scan.move(ScanStatus.CANCELLED)
        elif action == "expire":
            scan.move(ScanStatus.EXPIRED)

    async def panel(self, request: Request) -> Response:
        """The panel beside the QR code: scan and decide in one press, then back to the site that asked."""
        scan = self._state.find_scan(request.path_params["key"])
        form = await request.form()
        person = find_person(str(form.get("person")))
        if scan is None or scan.status not in (ScanStatus.WAITING, ScanStatus.SCANNED):
            return render(request, "message.html", title="二维码已失效", text="请返回上一页重新开始。")
        if form.get("action") == "confirm" and person:
            return RedirectResponse(_callback(scan, self._state.confirm(scan, person)), 303)
        scan.move(ScanStatus.CANCELLED)
        return RedirectResponse(_callback(scan), 303)

    async def consent(self, request: Request) -> Response:
        """公众号网页授权: only inside WeChat; `snsapi_base` asks nobody."""
        if "MicroMessenger" not in request.headers.get("user-agent", ""):
            return render(request, "message.html", title="请在微信客户端打开链接", text="这个页面只能在微信里打开。")
        app, refusal = self._check_request(request, kind="mp", scopes=("snsapi_base", "snsapi_userinfo"))
        if app is None:
            return refusal
        query = request.query_params
        scan = Scan(app, query["scope"], query["redirect_uri"], query.get("state", ""), expires_at=_NEVER_POLLED)
        if request.method == "POST":
            form = await request.form()
            person = find_person(str(form.get("person")))
            if form.get("action") != "confirm" or person is None:
                return RedirectResponse(_callback(scan), 303)
            response = RedirectResponse(_callback(scan, self._state.issue_code(app, person, scan.scope)), 303)
            response.set_cookie("sandbox_wechat_person", person.handle, samesite="lax", httponly=True)
            return response
        if scan.scope == "snsapi_base":
            person = find_person(request.cookies.get("sandbox_wechat_person", "")) or PEOPLE[0]
            return RedirectResponse(_callback(scan, self._state.issue_code(app, person, scan.scope)), 302)
        return render(request, "consent.html", provider="微信", ask="获得你的昵称、头像", people=VISITORS)

    def _check_request(
        self, request: Request, *, kind: str, scopes: tuple[str, ...]
    ) -> tuple[WeChatApp | None, Response]:
        """The application, or the page that says why not. WeChat never sends these errors to the redirect URI."""
        query = request.query_params
        app = self._state.find_app(query.get("appid", ""))
        checks = (
            (bool(query.get("appid")), 10012, "appid 参数为空"),
            (app is not None, 10013, "appid 参数错误"),
            (query.get("response_type") == "code", 10004, "response_type 参数错误"),
            (
                query.get("scope", "").split(",")[0] in scopes and app is not None and app.kind == kind,
                10005,
                "scope 参数错误或没有 scope 权限",
            ),
            (
                app is not None and _host(query.get("redirect_uri", "")) == app.redirect_domain,
                10003,
                "redirect_uri 域名与后台配置不一致",
            ),
            (STATE_PATTERN.fullmatch(query.get("state", "")) is not None, 10006, "state 参数错误"),
        )
        for holds, code, text in checks:
            if not holds:
                title = "该链接无法访问"
                return None, render(request, "message.html", title=title, text=f"{text},错误码：{code}")
        return app, Response()


def _callback(scan: Scan, code: str = "") -> str:
    """Where the browser goes next: with a code, or after a refusal with the state alone."""
    query = urlencode(({"code": code} if code else {}) | {"state": scan.state})
    return f"{scan.redirect_uri}{'&' if '?' in scan.redirect_uri else '?'}{query}"


def _host(url: str) -> str:
    """WeChat compares the host alone, neither scheme nor path; a port is not part of it."""
    try:
        parts = urlsplit(url)
        return (parts.hostname or "") if parts.scheme in ("http", "https") else ""
    except ValueError:
        return ""
