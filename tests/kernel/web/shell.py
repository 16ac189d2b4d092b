"""A small application on the whole shell, as the product wires it, with routes that show one thing each."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from kernel.errors import FieldError, Forbidden, InvalidInput, RateLimited
from kernel.i18n import gettext
from kernel.web import problems
from kernel.web.csrf import CsrfGuard, check_csrf
from kernel.web.forms import FormLimits, read_form, read_query
from kernel.web.locale import LocaleMiddleware
from kernel.web.request_id import RequestIdMiddleware
from kernel.web.security_headers import SecurityHeadersMiddleware
from kernel.web.templates import Pages

ORIGIN = "https://id.example.gov.cn"


async def _wrong(_request: Request) -> Response:
    fields = [FieldError("holder.number", "The last character should be {expected}.", {"expected": "X"})]
    raise InvalidInput("The form could not be read. Reload the page and try again.", fields=fields)


async def _crash(_request: Request) -> Response:
    secret = "110101199003070011"
    raise RuntimeError(f"the number {secret} broke it")


async def _busy(_request: Request) -> Response:
    raise RateLimited("This is closed to you.", retry_after_seconds=30)


async def _closed(_request: Request) -> Response:
    raise Forbidden("This is closed to you.", reason="private detail")


async def _form(request: Request) -> Response:
    form = await read_form(request, FormLimits(body=2000, fields=5, file=1000, files=1))
    file = form.file("file")
    return JSONResponse({"one": form.get("one"), "all": form.all("many"), "file": len(file.data) if file else None})


async def _query(request: Request) -> Response:
    return JSONResponse({"q": read_query(request).get("q")})


async def _token(request: Request) -> Response:
    pages: Pages = request.app.state.pages
    response = JSONResponse({"token": pages.csrf.token(request)})
    pages.csrf.remember(request, response)
    return response


async def _guarded(request: Request) -> Response:
    await check_csrf(request, await read_form(request))
    return JSONResponse({"done": True})


async def _greet(_request: Request) -> Response:
    return JSONResponse({"said": gettext("Skip to content")})


async def _away(_request: Request) -> Response:
    return RedirectResponse("/greet", 303)


ROUTES = {
    "/api/wrong": (_wrong, "GET"),
    "/wrong": (_wrong, "GET"),
    "/api/crash": (_crash, "GET"),
    "/crash": (_crash, "GET"),
    "/api/busy": (_busy, "GET"),
    "/closed": (_closed, "GET"),
    "/form": (_form, "POST"),
    "/query": (_query, "GET"),
    "/token": (_token, "GET"),
    "/guarded": (_guarded, "POST"),
    "/greet": (_greet, "GET"),
    "/away": (_away, "GET"),
}


@asynccontextmanager
async def visitor(**headers: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application, over https."""
    app = FastAPI()
    app.router.routes += [Route(path, handler, methods=[method]) for path, (handler, method) in ROUTES.items()]
    app.state.pages = Pages([], csrf=CsrfGuard(b"k" * 32, ORIGIN))
    app.router.routes += app.state.pages.static.routes()
    problems.install(app)
    app.add_middleware(LocaleMiddleware)
    app.add_middleware(SecurityHeadersMiddleware, https=True)
    app.add_middleware(RequestIdMiddleware)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers) as client:
        yield client
