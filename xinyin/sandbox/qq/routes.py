"""graph.qq.com/oauth2.0: the browser's part, and the list of everything QQ answers."""

import secrets
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from xinyin.sandbox.faults import FaultSwitch, control_routes
from xinyin.sandbox.grants import Grant
from xinyin.sandbox.pages import render, static_mount
from xinyin.sandbox.people import PEOPLE, find_person
from xinyin.sandbox.qq.api import api_routes
from xinyin.sandbox.qq.state import QQState
from xinyin.sandbox.settings import SandboxSettings


def qq_routes(settings: SandboxSettings) -> list[BaseRoute]:
    """Everything QQ Connect answers, on paths as graph.qq.com has them."""
    state = QQState(settings)
    faults = FaultSwitch(settings.slow_seconds)
    pages = _Pages(state)
    return [
        Route("/oauth2.0/authorize", pages.authorize),
        Route("/oauth2.0/show", pages.show, methods=["GET", "POST"]),
        *api_routes(state, faults),
        *control_routes(faults),
        static_mount(),
    ]


class _Pages:
    def __init__(self, state: QQState) -> None:
        self._state = state

    async def authorize(self, request: Request) -> Response:
        """Sends the browser on to the sign-in page, or back with an error number in `code` and words in `msg`."""
        query = request.query_params
        refusal = self._check_client(request)
        if refusal:
            return refusal
        for holds, number, text in (
            (query.get("response_type") == "code", 100000, "param response_type is wrong or lost"),
            (bool(query.get("state")), 100000, "param state is wrong or lost"),
        ):
            if not holds:
                return RedirectResponse(_with_query(query["redirect_uri"], {"code": str(number), "msg": text}), 302)
        root = request.scope.get("root_path", "")
        target = urlencode({"which": "Login", "display": query.get("display", "pc"), **query})
        return RedirectResponse(f"{root}/oauth2.0/show?{target}", 302)

    async def show(self, request: Request) -> Response:
        """The sign-in page. A refusal closes the window: QQ calls nobody back."""
        refusal = self._check_client(request)
        if refusal:
            return refusal
        query = request.query_params
        if request.method == "GET":
            return render(request, "consent.html", provider="QQ", ask="获得你的昵称、头像、性别", people=PEOPLE)
        form = await request.form()
        person = find_person(str(form.get("person")))
        if form.get("action") != "confirm" or person is None:
            return render(request, "message.html", title="已取消登录", text="可以关闭这个窗口了。")
        grant = Grant(query["client_id"], person, query.get("scope") or "get_user_info")
        code = self._state.codes.issue((grant, query["redirect_uri"]), text=secrets.token_hex(16).upper())
        back = {"code": code, "state": query.get("state", "")}
        return RedirectResponse(_with_query(query["redirect_uri"], back), 302)

    def _check_client(self, request: Request) -> Response | None:
        query = request.query_params
        app = self._state.find_app(query.get("client_id", ""))
        if app is None:
            return render(request, "message.html", title="登录失败", text="appid is not exist(100008)")
        host = _host(query.get("redirect_uri", ""))
        if host != app.redirect_domain and not host.endswith(f".{app.redirect_domain}"):
            return render(request, "message.html", title="登录失败", text="redirect uri is illegal(100010)")
        return None


def _with_query(uri: str, params: dict[str, str]) -> str:
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode(params)}"


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        return (parts.hostname or "") if parts.scheme in ("http", "https") else ""
    except ValueError:
        return ""
