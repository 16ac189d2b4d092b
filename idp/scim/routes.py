"""`/scim/v2`: one method an address; refusals as SCIM tells them."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route

from idp.scim import about
from idp.scim.bulk import BulkOperation, perform_all
from idp.scim.errors import ScimError, invalid_syntax
from idp.scim.groups import GroupDirectory
from idp.scim.listing import GroupPool, Pool, Question, UserPool, answer
from idp.scim.resources.attributes import Document, ResourceType
from idp.scim.resources.definitions import GROUP, USER
from idp.scim.resources.showing import Wanted, read_wanted, shown
from idp.scim.tenancy import check_caller, find_tenant
from idp.scim.users import ScimParts, UserDirectory
from idp.scim.versions import names_version
from kernel.errors import XinyinError
from kernel.web.problems import status_of
from kernel.web.sign_in import authenticated

ROOT = "/scim/v2"
MEDIA_TYPE = "application/scim+json"
SEARCH_URN = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
Work = Callable[[Request, str], Awaitable[Response]]
Directory = UserDirectory | GroupDirectory


class ScimApi:
    """The addresses."""

    def __init__(self, parts: ScimParts) -> None:
        self._parts = parts
        self._users, self._groups = UserDirectory(parts), GroupDirectory(parts)
        self._base = parts.documents.base

    def routes(self) -> list[BaseRoute]:
        """Every address under `/scim/v2`."""
        found: list[BaseRoute] = []
        for kind, directory in ((USER, self._users), (GROUP, self._groups)):
            path, one = ROOT + kind.endpoint, ROOT + kind.endpoint + "/{id}"
            found += [
                self._route(path, "GET", self._list(kind)),
                self._route(path, "POST", self._create(kind, directory)),
                self._route(path + "/.search", "POST", self._search((kind,))),
                self._route(one, "GET", self._read(kind, directory)),
                self._route(one, "PUT", self._change(kind, directory.replace)),
                self._route(one, "PATCH", self._change(kind, directory.patch)),
                self._route(one, "DELETE", self._delete(directory)),
            ]
        base = self._base
        fixed: Mapping[str, Callable[[Request], Document]] = {
            "/ServiceProviderConfig": lambda _: about.service_provider_config(base),
            "/ResourceTypes": lambda _: about.resource_types(base),
            "/ResourceTypes/{id}": lambda request: about.resource_type(base, request.path_params["id"]),
            "/Schemas": lambda _: about.schemas(base),
            "/Schemas/{id}": lambda request: about.schema(base, request.path_params["id"]),
        }
        found += [
            self._route(ROOT + "/.search", "POST", self._search((USER, GROUP))),
            self._route(ROOT + "/Bulk", "POST", self._bulk),
            self._route(ROOT + "/Me", "GET", _no_me),
            *(self._route(ROOT + path, "GET", _constant(make)) for path, make in fixed.items()),
        ]
        return [*found, _rest(found)]

    def _route(self, path: str, method: str, work: Work) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                principal = await authenticated(request)
                check_caller(principal)
                return await work(request, principal.client_id)
            except ScimError as refused:
                return _json(refused.to_json(), refused.status)
            except XinyinError as refused:
                return _refusal(refused)

        return Route(path, endpoint, methods=[method])

    def _list(self, kind: ResourceType) -> Work:
        async def work(request: Request, client_id: str) -> Response:
            return await self._answer((kind,), client_id, Question.read(_lowered(request.query_params)))

        return work

    def _search(self, kinds: tuple[ResourceType, ...]) -> Work:
        async def work(request: Request, client_id: str) -> Response:
            body = await _body(request)
            if not isinstance(body, Mapping) or SEARCH_URN not in (body.get("schemas") or ()):
                raise invalid_syntax(f"schemas must name {SEARCH_URN}.")
            return await self._answer(kinds, client_id, Question.read(_lowered(body)))

        return work

    async def _answer(self, kinds: tuple[ResourceType, ...], client_id: str, question: Question) -> Response:
        await self._users.adopt(client_id)
        leaves_members = any(each.lower() == "members" for each in question.wanted.without)
        async with self._parts.database.reading() as session:
            tenant = await find_tenant(session, client_id)
            documents = self._parts.documents
            pools: list[Pool] = [
                UserPool(session, tenant, documents)
                if kind is USER
                else GroupPool(session, tenant, documents, with_members=not leaves_members)
                for kind in kinds
            ]
            return _json(await answer(pools, question))

    def _create(self, kind: ResourceType, directory: Directory) -> Work:
        async def work(request: Request, client_id: str) -> Response:
            wanted = _wanted(request)
            return _resource(kind, await directory.create(client_id, await _body(request)), wanted, 201)

        return work

    def _read(self, kind: ResourceType, directory: Directory) -> Work:
        async def work(request: Request, client_id: str) -> Response:
            wanted = _wanted(request)
            document = await directory.read(client_id, request.path_params["id"])
            known = request.headers.get("if-none-match", "")
            if known and names_version(document, known):
                return Response(status_code=304, headers=_headers(document))
            return _resource(kind, document, wanted)

        return work

    def _change(self, kind: ResourceType, change: Callable[[str, str, object, str], Awaitable[Document]]) -> Work:
        async def work(request: Request, client_id: str) -> Response:
            if_match, wanted = request.headers.get("if-match", ""), _wanted(request)
            body = await _body(request)
            return _resource(kind, await change(client_id, request.path_params["id"], body, if_match), wanted)

        return work

    def _delete(self, directory: Directory) -> Work:
        async def work(request: Request, client_id: str) -> Response:
            await directory.delete(client_id, request.path_params["id"], request.headers.get("if-match", ""))
            return Response(status_code=204)

        return work

    async def _bulk(self, request: Request, client_id: str) -> Response:
        async def perform(operation: BulkOperation) -> Document | None:
            try:
                return await self._perform(client_id, operation)
            except XinyinError as refused:
                raise ScimError(status_of(refused), refused.text) from refused

        return _json(await perform_all(await _body(request), perform))

    async def _perform(self, client_id: str, operation: BulkOperation) -> Document | None:
        directories: Mapping[str, Directory] = {"Users": self._users, "Groups": self._groups}
        _, name, *rest = [*operation.path.split("/"), "", ""]
        directory, resource_id = directories.get(name), rest[0]
        if directory is None or bool(resource_id) is (operation.method == "POST"):
            raise ScimError(404, f"There is no address {operation.path[:80]} for {operation.method}.")
        if operation.method == "POST":
            return await directory.create(client_id, operation.data)
        if operation.method == "DELETE":
            await directory.delete(client_id, resource_id, operation.version)
            return None
        change = directory.replace if operation.method == "PUT" else directory.patch
        return await change(client_id, resource_id, operation.data, operation.version)


def _constant(make: Callable[[Request], Document]) -> Work:
    async def work(request: Request, client_id: str) -> Response:
        if "filter" in request.query_params:
            raise ScimError(403, "These are not filtered (RFC 7644 §4).")
        return _json(make(request))

    return work


async def _no_me(request: Request, client_id: str) -> Response:
    raise ScimError(501, "Programs are nobody among the users.")


def _rest(known: list[BaseRoute]) -> Route:
    """Whatever else is asked below our root is refused in SCIM's words too."""

    async def endpoint(request: Request) -> Response:
        partly = [route for route in known if route.matches(request.scope)[0] is Match.PARTIAL]
        allowed = sorted({method for route in partly if isinstance(route, Route) for method in route.methods or ()})
        if allowed:
            refused = ScimError(405, "This address does not take that method.")
            return _json(refused.to_json(), 405, {"Allow": ", ".join(allowed)})
        return _json(ScimError(404, "There is no such address.").to_json(), 404)

    return Route(ROOT + "/{rest:path}", endpoint, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])


async def _body(request: Request) -> Any:
    """The JSON of the body. Raises `ScimError` (invalidSyntax, 413, 415)."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in {MEDIA_TYPE, "application/json"}:
        raise ScimError(415, f"Send {MEDIA_TYPE}.")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > about.LARGEST_BULK:
            raise ScimError(413, f"A request has at most {about.LARGEST_BULK} bytes.")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as wrong:
        raise invalid_syntax("The body is not JSON.") from wrong


def _lowered(given: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters by the names that we know, in whatever case they came."""
    names = ("filter", "sortBy", "sortOrder", "startIndex", "count", "cursor", "attributes", "excludedAttributes")
    known = {name.lower(): name for name in names}
    return {known[key.lower()]: value for key, value in given.items() if key.lower() in known}


def _wanted(request: Request) -> Wanted:
    query = _lowered(request.query_params)
    return read_wanted(query.get("attributes"), query.get("excludedAttributes"))


def _resource(kind: ResourceType, document: Document, wanted: Wanted, status: int = 200) -> Response:
    return _json(shown(kind, document, wanted), status, _headers(document))


def _headers(document: Document) -> dict[str, str]:
    return {"ETag": document["meta"]["version"], "Location": document["meta"]["location"]}


def _refusal(refused: XinyinError) -> Response:
    status = status_of(refused)
    response = _json(ScimError(status, refused.text).to_json(), status)
    if status in {401, 403} and (challenge := getattr(refused, "challenge", "Bearer" if status == 401 else "")):
        response.headers["WWW-Authenticate"] = challenge
    return response


def _json(document: Document, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        orjson.dumps(document), status, {"Cache-Control": "no-store", **(headers or {})}, media_type=MEDIA_TYPE
    )
