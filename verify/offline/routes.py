"""`/verify/offline/`: the page, its keys inside it, and the worker that keeps both."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kernel.web.templates import Pages
from verify.trust_list.service import TrustListPublication

# All that the page needs, so that the worker can keep it. Relative imports stay within this list.
FILES = (
    "kernel/tokens.css",
    "kernel/base.css",
    "kernel/components.css",
    "kernel/console.css",
    "kernel/print.css",
    "kernel/icon.svg",
    "verify/verify.css",
    "verify/offline.js",
    "verify/cose.js",
    "verify/cbor.js",
    "verify/claims.js",
)


def routes() -> list[BaseRoute]:
    """The page, and the worker under the same path so that it may serve the page."""
    return [
        Route("/verify/offline/", show_page, methods=["GET"], name="verify-offline"),
        Route("/verify/offline/worker.js", send_worker, methods=["GET"]),
    ]


async def show_page(request: Request) -> Response:
    """The page with today's keys."""
    pages: Pages = request.app.state.pages
    service: TrustListPublication = request.app.state.verify.trust_list
    trust = await service.current()
    keys = {name: trust[name] for name in ("issued_at", "qr_keys")}
    response = pages.render(request, "verify/offline.html", trust=keys, domain=request.app.state.verify.domain)
    # The worker must see new keys whenever there is a network.
    response.headers["Cache-Control"] = "no-cache"
    return response


async def send_worker(request: Request) -> Response:
    """The service worker; its first line changes with the files, so that a new version is noticed."""
    pages: Pages = request.app.state.pages
    files = [pages.static.url(name) for name in FILES]
    text = pages.render_text("verify/worker.js", "en", files=files, version=pages.static.digest)
    return Response(text, media_type="text/javascript", headers={"Cache-Control": "no-cache"})
