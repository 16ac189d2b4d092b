"""Errors as HTTP: the only place that knows which error has which status.

Programs get RFC 9457 `application/problem+json`; people get a page that says what happened and what to do next. Texts
are in the reader's language; private reasons go to the log only.
"""

import traceback
from collections.abc import Mapping
from typing import Any

import structlog
from fastapi.exceptions import RequestValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kernel.errors import FieldError, InvalidInput, RateLimited, XinyinError
from kernel.i18n import current_locale, gettext, language_tag
from kernel.web.request_id import current_request_id

log = structlog.get_logger("xinyin.problems")

STATUS: Mapping[str, int] = {
    "invalid-input": 400,
    "authentication-required": 401,
    "forbidden": 403,
    "not-found": 404,
    "method-not-allowed": 405,
    "conflict": 409,
    "gone": 410,
    "too-large": 413,
    "unsupported-media-type": 415,
    "rate-limited": 429,
    "unavailable": 503,
    "configuration": 500,
    "integrity": 500,
    "internal": 500,
}

TITLES: Mapping[str, str] = {
    "invalid-input": "Check what you sent",
    "authentication-required": "Sign in first",
    "forbidden": "You may not do this",
    "not-found": "There is nothing here",
    "method-not-allowed": "This address does not take that method",
    "conflict": "This clashes with what is already there",
    "gone": "This is over",
    "too-large": "That is too large",
    "unsupported-media-type": "This format is not taken here",
    "rate-limited": "Too many attempts",
    "unavailable": "Part of the service is away",
    "configuration": "The service is not set up correctly",
    "integrity": "Stored data does not hold",
    "internal": "Something went wrong on our side",
}

NEXT_STEPS: Mapping[str, str] = {
    "invalid-input": "Go back, correct it and send it again.",
    "authentication-required": "Sign in, then open this page again.",
    "forbidden": "If you need this, ask the administrator of your organisation to grant it.",
    "not-found": "Check the address, or start again from the home page.",
    "gone": "Start again to get a new one.",
    "conflict": "Reload the page to see what is there now.",
    "too-large": "Send a smaller file.",
    "rate-limited": "Wait a little, then try again.",
    "unavailable": "Try again in a few minutes. Nothing you entered elsewhere is lost.",
}
ASK_FOR_HELP = "Try again. If it happens again, contact us with the reference number below."

MACHINE_PATHS = (
    "/api",
    "/oauth2",
    "/scim",
    "/forward-auth",
    "/.well-known",
    "/healthz",
    "/readyz",
    "/metrics",
    "/tsa",
    "/ca/",
    "/log",
)

VALIDATION_MESSAGES: Mapping[str, str] = {
    "missing": "Fill in this field.",
    "extra_forbidden": "There is no such field.",
    "json_invalid": "This is not valid JSON.",
    "string_type": "This must be text.",
    "string_too_short": "This is too short.",
    "string_too_long": "This is too long.",
    "int_parsing": "This must be a whole number.",
    "int_type": "This must be a whole number.",
    "bool_parsing": "This must be true or false.",
    "bool_type": "This must be true or false.",
    "list_type": "This must be a list.",
    "dict_type": "This must be an object.",
    "model_attributes_type": "This must be an object.",
    "date_parsing": "Write the date as YYYY-MM-DD.",
    "date_from_datetime_parsing": "Write the date as YYYY-MM-DD.",
    "datetime_parsing": "Write the time in RFC 3339 form, for example 2026-11-21T18:00:00+08:00.",
    "datetime_from_date_parsing": "Write the time in RFC 3339 form, for example 2026-11-21T18:00:00+08:00.",
    "enum": "Choose one of the listed values.",
    "literal_error": "Choose one of the listed values.",
}
OTHER_VALIDATION = "This is not in the expected form."


def install(app: Starlette) -> None:
    """Let this application answer every error through this module.

    Adds the boundary for unexpected errors as a middleware: call this before adding the outer middlewares. With
    `debug=True` on the application the exception is raised on after the answer, so that a test sees it.
    """
    app.add_exception_handler(XinyinError, _on_xinyin_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_middleware(UnexpectedErrorBoundary)


class UnexpectedErrorBoundary:
    """Turns an exception nobody expected into a 500 that says nothing about it. Pure ASGI.

    Starlette's own handler for these sits outside all middlewares, where neither request id nor headers are set.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def send_noting(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, send_noting)
        except Exception as error:
            # No message and no local values: either may hold a name, a number or a key.
            log.error("unexpected_error", kind=type(error).__name__, frames=_frames(error))  # noqa: TRY400
            if not started:
                response = answer(Request(scope, receive), XinyinError("Something went wrong on our side."))
                await response(scope, receive, send)
            if started or getattr(scope.get("app"), "debug", False):
                raise


def _frames(error: BaseException) -> list[str]:
    """Where it happened, innermost last: `file.py:12 function`."""
    frames = traceback.extract_tb(error.__traceback__)[-12:]
    return [f"{'/'.join(frame.filename.split('/')[-3:])}:{frame.lineno} {frame.name}" for frame in frames]


def status_of(error: XinyinError) -> int:
    """The HTTP status of an error; a subclass with a code of its own has the status of its nearest known parent."""
    return STATUS[_known_code(error)]


def _known_code(error: XinyinError) -> str:
    codes = (getattr(kind, "code", "") for kind in type(error).__mro__)
    return next((code for code in (getattr(error, "code", ""), *codes) if code in STATUS), "internal")


def wants_page(request: Request) -> bool:
    """Whether a person is reading: a browser's Accept, and not one of the addresses made for programs."""
    path = request.url.path
    machine = any(path == prefix or path.startswith(prefix.rstrip("/") + "/") for prefix in MACHINE_PATHS)
    return not machine and "text/html" in request.headers.get("accept", "")


def answer(request: Request, error: XinyinError) -> Response:
    """The answer for this error in the form and language the caller reads."""
    status = status_of(error)
    destination = getattr(error, "redirect_to", None)
    page = wants_page(request)
    if destination and page:
        return RedirectResponse(destination, status_code=303)
    document = describe(error)
    response = _page(request, error, document) if page else _document(document)
    if status == 401:
        response.headers["WWW-Authenticate"] = getattr(error, "challenge", "Bearer")
    elif status == 403 and hasattr(error, "challenge"):
        response.headers["WWW-Authenticate"] = error.challenge
    if isinstance(error, RateLimited):
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    response.headers["Cache-Control"] = "no-store"
    return response


def describe(error: XinyinError) -> dict[str, Any]:
    """The RFC 9457 problem details of an error, in the current locale."""
    known = _known_code(error)
    document: dict[str, Any] = {
        "type": f"urn:xinyin:problem:{error.code}",
        "title": gettext(TITLES[known]),
        "status": STATUS[known],
        "detail": gettext(error.message, **error.params),
    }
    if current_request_id():
        document["instance"] = f"urn:uuid:{current_request_id()}"
    if isinstance(error, InvalidInput) and error.fields:
        document["errors"] = [
            {"field": each.field, "detail": gettext(each.message, **each.params)} for each in error.fields
        ]
    return document


def _document(document: Mapping[str, Any]) -> Response:
    headers = {"Content-Language": language_tag(current_locale()), "Vary": "Accept, Accept-Language"}
    return JSONResponse(document, document["status"], headers, "application/problem+json")


def _page(request: Request, error: XinyinError, document: Mapping[str, Any]) -> Response:
    pages = getattr(request.app.state, "pages", None) if "app" in request.scope else None
    if pages is None:
        return _document(document)
    response: Response = pages.render(
        request,
        "kernel/problem.html",
        status=document["status"],
        problem=document,
        next_step=gettext(NEXT_STEPS.get(_known_code(error), ASK_FOR_HELP)),
        reference=current_request_id(),
    )
    return response


async def _on_xinyin_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, XinyinError)
    if error.reason or status_of(error) >= 500:
        note = log.error if status_of(error) >= 500 else log.info
        note("refused", code=error.code, reason=error.reason or error.message)
    return answer(request, error)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code < 400:
        return Response(status_code=error.status_code, headers=error.headers)
    response = answer(request, _from_http(error.status_code))
    response.status_code = error.status_code
    response.headers.update(error.headers or {})
    return response


def _from_http(status: int) -> XinyinError:
    code = next((code for code, known in STATUS.items() if known == status), None)
    code = code or ("internal" if status >= 500 else "invalid-input")
    known = XinyinError(TITLES[code] if code != "not-found" else "There is no such page.")
    known.code = code  # type: ignore[misc]  # an error told by status alone has no class of its own
    return known


async def _on_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fields = [FieldError(_pointer(each["loc"]), _validation_message(each["type"])) for each in error.errors()]
    return answer(request, InvalidInput("Some fields need your attention.", fields=fields))


def _pointer(location: tuple[int | str, ...]) -> str:
    """Body fields as `holder.number`; query and path parameters by their name."""
    return ".".join(str(part) for part in location[1:]) or str(location[0])


def _validation_message(kind: str) -> str:
    return VALIDATION_MESSAGES.get(kind, OTHER_VALIDATION)
