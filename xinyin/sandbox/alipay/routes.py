"""openauth.alipay.com: the authorisation page, and the list of everything Alipay answers."""

import re
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from kernel.crypto.signatures import SigningKey
from xinyin.sandbox.alipay.gateway import Gateway
from xinyin.sandbox.alipay.state import AlipayState
from xinyin.sandbox.faults import FaultSwitch, control_routes
from xinyin.sandbox.grants import Grant
from xinyin.sandbox.pages import render, static_mount
from xinyin.sandbox.people import PEOPLE, find_person
from xinyin.sandbox.settings import SandboxSettings

STATE_PATTERN = re.compile(r"[A-Za-z0-9+/=]{0,100}")
REDIRECT_URI_LIMIT = 100


def alipay_routes(settings: SandboxSettings, key: SigningKey) -> list[BaseRoute]:
    """Everything Alipay answers, on paths as the real hosts have them."""
    state = AlipayState(settings)
    faults = FaultSwitch(settings.slow_seconds)
    return [
        Route("/oauth2/publicAppAuthorize.htm", _Pages(state).authorize, methods=["GET", "POST"]),
        Route("/gateway.do", Gateway(state, faults, key).answer, methods=["GET", "POST"]),
        *control_routes(faults),
        static_mount(),
    ]


class _Pages:
    def __init__(self, state: AlipayState) -> None:
        self._state = state

    async def authorize(self, request: Request) -> Response:
        refusal = self._refusal(request)
        if refusal:
            return render(request, "message.html", title="授权失败", text=refusal)
        query = request.query_params
        asks = "获得你的昵称、头像" if query["scope"] == "auth_user" else "知道是你"
        if request.method == "GET":
            return render(request, "consent.html", provider="支付宝", ask=asks, people=PEOPLE)
        form = await request.form()
        person = find_person(str(form.get("person")))
        back = {"app_id": query["app_id"], "source": "alipay_wallet", "scope": query["scope"]}
        if form.get("action") == "confirm" and person:
            code = self._state.codes.issue(Grant(query["app_id"], person, query["scope"]))
            back |= {"userOutputs": query["scope"], "alipay_token": "", "auth_code": code}
        else:
            back |= {"error_scope": query["scope"]}
        if "state" in query:
            back["state"] = query["state"]
        return RedirectResponse(f"{query['redirect_uri']}?{urlencode(back)}", 302)

    def _refusal(self, request: Request) -> str:
        """Why Alipay shows a page instead of calling back, or nothing."""
        query = request.query_params
        app = self._state.find_app(query.get("app_id", ""))
        redirect_uri = query.get("redirect_uri", "")
        if app is None:
            return "应用不存在或未上线(INVALID_APP_ID)"
        if query.get("scope") not in ("auth_user", "auth_base"):
            return "scope 参数错误(INVALID_SCOPE)"
        if redirect_uri != app.callback_url or len(redirect_uri) > REDIRECT_URI_LIMIT:
            return "redirect_uri 与应用配置的授权回调地址不一致(INVALID_REDIRECT_URI)"
        if not STATE_PATTERN.fullmatch(query.get("state", "")):
            return "state 参数只能是 100 位以内的 Base64 字符(INVALID_STATE)"
        return ""
