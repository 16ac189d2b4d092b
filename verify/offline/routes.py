"""`/verify/offline/`: the page, its keys inside it, the worker that keeps both, and the same as one file."""

import json

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from kernel.i18n import current_locale, gettext
from kernel.web.templates import Pages
from verify.offline.single_file import bundle
from verify.trust_list.pack import TrustPacks
from verify.trust_list.service import TrustListPublication

ENTRY = "verify/offline.js"
STYLES = ("kernel/tokens.css", "kernel/base.css", "kernel/components.css", "verify/verify.css")
SCRIPTS = ("offline", "judging", "pack", "scan", "claims", "cose", "cbor", "sm2", "status")
VENDORED = ("verify/vendor/noble-curves.js", "verify/vendor/jsqr.js")
SHELL = tuple(
    f"kernel/{name}"
    for name in ("xinyin.js", "copy.js", "countdown.js", "display.js", "file_picker.js", "form.js", "menu.js")
)
# All that the page needs, so that the worker can keep it. Relative imports stay within this list.
FILES = (
    *STYLES,
    "kernel/console.css",
    "kernel/print.css",
    "kernel/icon.svg",
    *SHELL,
    *(f"verify/{name}.js" for name in SCRIPTS),
    *VENDORED,
)


def routes() -> list[BaseRoute]:
    """The page, and the worker under the same path so that it may serve the page."""
    return [
        Route("/verify/offline/", show_page, methods=["GET"], name="verify-offline"),
        Route("/verify/offline/worker.js", send_worker, methods=["GET"]),
        Route("/verify/offline/manifest.webmanifest", send_manifest, methods=["GET"]),
        Route("/verify/offline/verify.html", send_single_file, methods=["GET"]),
    ]


async def show_page(request: Request) -> Response:
    """The page with today's keys; its script asks for the status lists."""
    pages: Pages = request.app.state.pages
    service: TrustListPublication = request.app.state.verify.trust_list
    trust = await service.current()
    keys = {name: trust[name] for name in ("issued_at", "qr_keys", "status_keys")}
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


async def send_manifest(request: Request) -> Response:
    """What an installed page is called and looks like (W3C Web Application Manifest)."""
    pages: Pages = request.app.state.pages
    icon = {"src": pages.static.url("kernel/icon.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"}
    manifest = {
        "id": "/verify/offline/",
        "name": gettext("Check a QR code offline"),
        "short_name": gettext("Offline check"),
        "start_url": "/verify/offline/",
        "scope": "/verify/offline/",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#ffffff",
        "icons": [icon],
    }
    headers = {"Cache-Control": "no-cache", "Vary": "Accept-Language"}
    return JSONResponse(manifest, headers=headers, media_type="application/manifest+json")


async def send_single_file(request: Request) -> Response:
    """The same page as one file to keep, with the trust pack of this moment."""
    pages: Pages = request.app.state.pages
    packs: TrustPacks = request.app.state.verify.packs
    text = pages.render_text(
        "verify/single_file.html",
        current_locale(),
        file=bundle(ENTRY, STYLES, pages.static.text),
        pack=json.loads((await packs.current()).text),
        origin=request.app.state.verify.public_url,
        domain=request.app.state.verify.domain,
    )
    headers = {"Content-Disposition": 'attachment; filename="xinyin-verify.html"', "Cache-Control": "no-cache"}
    return Response(text, media_type="text/html", headers=headers | {"Vary": "Accept-Language"})
