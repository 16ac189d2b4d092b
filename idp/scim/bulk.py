"""`/Bulk`: many changes in one request, each a transaction of its own (RFC 7644 §3.7)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from idp.scim.about import MOST_BULK_OPERATIONS
from idp.scim.errors import ScimError, invalid_syntax, invalid_value
from idp.scim.resources.attributes import Document

REQUEST_URN = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
RESPONSE_URN = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
REFERENCE = "bulkId:"
METHODS = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class BulkOperation:
    """One operation. `path`: `/Users`, `/Users/{id}` or `/Users/bulkId:{name}`."""

    method: str
    path: str
    bulk_id: str
    data: Any
    version: str


Perform = Callable[[BulkOperation], Awaitable[Document | None]]
"""Does one operation; gives the document as it is now, None for one that is gone. Raises `ScimError`."""


async def perform_all(body: object, perform: Perform) -> Document:
    """Do the operations in their order, those that refer to others after them. Raises `ScimError`."""
    operations, most_errors = _read(body)
    results: dict[int, Document] = {}
    made: dict[str, str] = {}
    waiting = list(enumerate(operations))
    errors = 0
    while waiting:
        known = {each.bulk_id for _, each in waiting if each.method == "POST"}
        ready = [(number, each) for number, each in waiting if not _references(each) & (known - made.keys())]
        blocked = not ready
        for number, each in ready or waiting:
            waiting.remove((number, each))
            results[number], location = await _perform_one(each, made, perform, blocked=blocked)
            if location and each.bulk_id:
                made[each.bulk_id] = location.rsplit("/", 1)[-1]
            errors += int(results[number]["status"]) >= 400
            if most_errors and errors >= most_errors:
                waiting = []
                break
    return {"schemas": [RESPONSE_URN], "Operations": [results[number] for number in sorted(results)]}


async def _perform_one(
    operation: BulkOperation, made: Mapping[str, str], perform: Perform, *, blocked: bool
) -> tuple[Document, str]:
    result: Document = {"method": operation.method}
    if operation.bulk_id:
        result["bulkId"] = operation.bulk_id
    try:
        if blocked:
            raise ScimError(409, "The operations refer to each other in a circle.", "invalidValue")
        resolved = _resolved(operation, made)
        document = await perform(resolved)
    except ScimError as refused:
        return {**result, "status": str(refused.status), "response": refused.to_json()}, ""
    if document is None:
        return {**result, "status": "204"}, ""
    location = str(document["meta"]["location"])
    status = "201" if operation.method == "POST" else "200"
    return {**result, "status": status, "location": location, "version": document["meta"]["version"]}, location


def _read(body: object) -> tuple[list[BulkOperation], int]:
    if not isinstance(body, Mapping) or REQUEST_URN not in (body.get("schemas") or ()):
        raise invalid_syntax(f"schemas must name {REQUEST_URN}.")
    given, most_errors = body.get("Operations"), body.get("failOnErrors", 0)
    if not isinstance(given, list) or not given:
        raise invalid_syntax("Operations must be a list.")
    if len(given) > MOST_BULK_OPERATIONS:
        raise ScimError(413, f"A bulk request has at most {MOST_BULK_OPERATIONS} operations.")
    if not isinstance(most_errors, int) or isinstance(most_errors, bool) or most_errors < 0:
        raise invalid_value("failOnErrors must be a whole number.")
    return [_read_one(each) for each in given], most_errors


def _read_one(given: object) -> BulkOperation:
    if not isinstance(given, Mapping):
        raise invalid_syntax("An operation must be an object.")
    texts = {name: given.get(name) or "" for name in ("method", "path", "bulkId", "version")}
    if not all(isinstance(each, str) for each in texts.values()):
        raise invalid_syntax("method, path, bulkId and version are texts.")
    operation = BulkOperation(
        texts["method"].upper(), texts["path"], texts["bulkId"][:200], given.get("data"), texts["version"]
    )
    if operation.method not in METHODS:
        raise invalid_syntax("method must be POST, PUT, PATCH or DELETE.")
    if operation.method == "POST" and not operation.bulk_id:
        raise invalid_syntax("A POST needs a bulkId.")
    return operation


def _references(operation: BulkOperation) -> set[str]:
    """The bulkIds that an operation refers to."""
    found: set[str] = set()

    def look(value: Any) -> None:
        if isinstance(value, str) and value.startswith(REFERENCE):
            found.add(value.removeprefix(REFERENCE))
        elif isinstance(value, Mapping):
            for each in value.values():
                look(each)
        elif isinstance(value, list):
            for each in value:
                look(each)

    look(operation.data)
    look(operation.path.rsplit("/", 1)[-1])
    return found


def _resolved(operation: BulkOperation, made: Mapping[str, str]) -> BulkOperation:
    """The operation with the ids of what was made meanwhile. Raises `ScimError` (invalidValue)."""

    def resolve(value: Any) -> Any:
        if isinstance(value, str) and value.startswith(REFERENCE):
            name = value.removeprefix(REFERENCE)
            if name not in made:
                raise ScimError(409, f"Nothing was made under the bulkId {name[:64]}.", "invalidValue")
            return made[name]
        if isinstance(value, Mapping):
            return {key: resolve(each) for key, each in value.items()}
        return [resolve(each) for each in value] if isinstance(value, list) else value

    head, _, last = operation.path.rpartition("/")
    path = f"{head}/{resolve(last)}"
    return BulkOperation(operation.method, path, operation.bulk_id, resolve(operation.data), operation.version)
