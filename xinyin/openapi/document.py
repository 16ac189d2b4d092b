"""FastAPI's document with the plain routes, the errors and the scopes added."""

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute, Match

from xinyin.openapi.amendments import AMENDMENTS
from xinyin.openapi.identity import IDENTITY_PATHS
from xinyin.openapi.protocols import PROTOCOL_PATHS
from xinyin.openapi.provisioning import PROVISIONING_PATHS
from xinyin.openapi.shapes import RESPONSES, SCHEMAS, security_schemes
from xinyin.openapi.surroundings import SURROUNDING_PATHS

Document = dict[str, Any]

TAGS = {
    "OpenID Connect": "Signing people in to your application, and tokens for the APIs; all addresses are in discovery.",
    "sign-in pages": "Pages for people; applications send browsers to /oauth2/authorize instead.",
    "licences": "Issuing, changing and reading licences, for agencies.",
    "holder": "A holder's own licences.",
    "administration": "People, organisations, applications, keys, units, groups, roles for a time and a place.",
    "people of agencies": "SCIM 2.0 (RFC 7644): agencies' directories enter, change and let go people and groups.",
    "wallets": "Licences as credentials in wallets (SD-JWT VC, OpenID4VCI).",
    "sharing": "Licences of other agencies, with a purpose, a basis and a matter (GB/T 36906).",
    "seals": "Electronic seals, and sealing files with them.",
    "verification": "Is this licence or file good? No account needed.",
    "transparency log": "The public log of everything sealed (C2SP tlog-tiles).",
    "time stamps": "Proof that something was there at a time (RFC 3161).",
    "certificates": "What certificates point at (RFC 5280).",
    "forward auth": "For reverse proxies of others.",
    "operations": "For those who run the service.",
}
PROBLEM_PATHS = ("/api/v1/", "/ca/", "/log/")
"""Where every error is a problem document."""


def describe_in(app: FastAPI, public_url: str) -> None:
    """Let `app` answer `/openapi.json` with the whole document, written once when it is first asked for."""

    def openapi() -> Document:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app, public_url)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way


def _document(app: FastAPI, public_url: str) -> Document:
    document = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        description=app.description,
        routes=app.routes,
        license_info=app.license_info,
        tags=[{"name": name, "description": text} for name, text in TAGS.items()],
        servers=[{"url": public_url}],
    )
    paths = document["paths"]
    for path, operations in {**IDENTITY_PATHS, **PROTOCOL_PATHS, **PROVISIONING_PATHS, **SURROUNDING_PATHS}.items():
        served = {method: each for method, each in operations.items() if _is_served(app.routes, method, path)}
        if served:
            paths[path] = served
    for path, method, operation in _operations(paths):
        _amend(operation, AMENDMENTS.get(f"{method} {path}", {}))
        _describe_errors(path, operation)
        operation["operationId"] = _operation_id(method, path)
    schemas = {**document.get("components", {}).get("schemas", {}), **SCHEMAS}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    document["components"] = {
        "schemas": schemas,
        "responses": dict(RESPONSES),
        "securitySchemes": security_schemes(public_url),
    }
    return document


def _operations(paths: Mapping[str, Document]) -> Iterable[tuple[str, str, Document]]:
    for path, operations in paths.items():
        for method, operation in operations.items():
            yield path, method, operation


def _is_served(routes: Iterable[BaseRoute], method: str, path: str) -> bool:
    filled = path.replace("{", "").replace("}", "")
    scope = {"type": "http", "method": method.upper(), "path": filled, "root_path": "", "headers": []}
    return any(route.matches(scope)[0] is Match.FULL for route in routes)


def _amend(operation: Document, amendment: Mapping[str, Any]) -> None:
    """Lists are joined, objects merged, everything else replaced."""
    for name, value in amendment.items():
        if isinstance(value, list) and name != "security":
            operation[name] = [*operation.get(name, []), *value]
        elif isinstance(value, Mapping):
            operation[name] = {**operation.get(name, {}), **value}
        else:
            operation[name] = value


def _describe_errors(path: str, operation: Document) -> None:
    """Our own form of errors in the place of FastAPI's."""
    operation["responses"].pop("422", None)
    if path.startswith(PROBLEM_PATHS):
        operation["responses"].pop("404", None)
        operation["responses"]["default"] = {"$ref": "#/components/responses/Problem"}


def _operation_id(method: str, path: str) -> str:
    """`post_api_v1_licences`: stable, whatever the function behind it is called."""
    words = "".join(letter if letter.isalnum() else " " for letter in path).split()
    return "_".join([method, *words]) or method
