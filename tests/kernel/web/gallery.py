"""An application that shows every component: for the tests here, and for whoever wants to look.

python -m tests.kernel.web.gallery  →  http://localhost:8900/gallery
"""

from datetime import UTC, date, datetime, timedelta

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kernel.principal import Principal
from kernel.web import problems
from kernel.web.locale import LocaleMiddleware
from kernel.web.request_id import RequestIdMiddleware
from kernel.web.security_headers import SecurityHeadersMiddleware
from kernel.web.templates import Navigation, NavLink, Pages

NAVIGATION = Navigation(
    site=(NavLink("My licences", "/me/licences"), NavLink("Check a licence", "/gallery")),
    console=(
        NavLink("Overview", "/console", group="Licences"),
        NavLink("Issue", "/console/issue", group="Licences"),
        NavLink("Seals", "/console/seals", group="Seals"),
        NavLink("Audit", "/console/audit", frozenset({"admin:audit"}), group="Operations"),
    ),
    account=(NavLink("My account", "/account"),),
)
SOMEBODY = Principal("u-1", "console", frozenset({"licence:issue"}), name="王小明")


def _licences() -> list[dict[str, object]]:
    today = date(2026, 11, 21)
    common: dict[str, object] = {"href": "#", "thumbnail": None}
    return [
        common
        | {
            "type_name": "机动车驾驶证",
            "number": "110105194912310021",
            "issuer": "北京市公安局交通管理局",
            "status": "valid",
            "valid_to": today + timedelta(days=830),
            "actions": [("亮证", "#"), ("下载", "#"), ("谁看过", "#")],
        },
        common
        | {
            "type_name": "营业执照",
            "number": "91110000MA01ABCD2X",
            "issuer": "北京市市场监督管理局",
            "status": "suspended",
            "valid_to": None,
            "actions": [],
        },
        common
        | {
            "type_name": "食品经营许可证",
            "number": "JY11105060123456",
            "issuer": "北京市朝阳区市场监督管理局",
            "status": "revoked",
            "valid_to": today - timedelta(days=3),
            "actions": [],
        },
    ]


def context() -> dict[str, object]:
    """Sample data for kernel/gallery.html."""
    noon = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
    return {
        "errors": {"id_number": "身份证号少了一位，请检查第 2 栏"},
        "licences": _licences(),
        "today": date(2026, 11, 21),
        "rows": [
            {"identifier": "1.2.156.3005.2.111", "holder": "王•明", "status": "有效", "count": 1204, "href": "#"},
            {"identifier": "1.2.156.3005.2.112", "holder": "北京•••公司", "status": "已暂停", "count": 3, "href": "#"},
            {"identifier": "1.2.156.3005.2.113", "holder": "李•", "status": "已撤销", "count": 0, "href": "#"},
        ],
        "events": [
            {"at": noon, "title": "盖章完成", "detail": "北京市交通管理局电子证照专用章"},
            {"at": noon - timedelta(minutes=3), "title": "提交签发"},
        ],
        "signed_in": SOMEBODY,
    }


async def _gallery(request: Request) -> Response:
    response: Response = request.app.state.pages.render(request, "kernel/gallery.html", **context())
    return response


async def _console(request: Request) -> Response:
    response: Response = request.app.state.pages.render(request, "kernel/console.html", signed_in=SOMEBODY)
    return response


def create_app() -> Starlette:
    """The gallery, the empty console and the error page."""
    app = Starlette(routes=[Route("/gallery", _gallery), Route("/console", _console)])
    pages = Pages([], navigation=NAVIGATION)
    app.state.pages = pages
    app.router.routes.extend(pages.static.routes())
    problems.install(app)
    for middleware in (LocaleMiddleware, SecurityHeadersMiddleware, RequestIdMiddleware):
        app.add_middleware(middleware)
    return app


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(create_app(), host="127.0.0.1", port=8900, log_level="warning")
