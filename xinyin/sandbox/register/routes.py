"""The registers' two endpoints. A mismatch and an unknown number answer alike, as the real ones do."""

from collections.abc import Iterable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from xinyin.sandbox.faults import Fault, FaultSwitch, control_routes
from xinyin.sandbox.people import PEOPLE, Person
from xinyin.sandbox.register.legal_persons import ORGANISATIONS, Organisation


def register_routes(slow_seconds: float, extra_people: Iterable[Person] = ()) -> list[BaseRoute]:
    """`POST /population/check` and `POST /legal-persons/check`, both `{"match": bool}`."""
    faults = FaultSwitch(slow_seconds)
    people = {person.id_number: person for person in (*PEOPLE, *extra_people)}
    organisations = {each.uscc: each for each in ORGANISATIONS}

    async def population(request: Request) -> Response:
        wish = await _read(request, ("name", "id_number"))
        person = people.get(wish["id_number"].upper()) if wish else None
        matches = wish is not None and person is not None and person.name == wish["name"]
        return await _answer(faults, wish, matches)

    async def legal_persons(request: Request) -> Response:
        wish = await _read(request, ("name", "uscc", "legal_representative"))
        found = organisations.get(wish["uscc"].upper()) if wish else None
        return await _answer(faults, wish, bool(wish and found and _same_organisation(found, wish)))

    return [
        Route("/population/check", population, methods=["POST"]),
        Route("/legal-persons/check", legal_persons, methods=["POST"]),
        *control_routes(faults),
    ]


def _same_organisation(found: Organisation, wish: dict[str, str]) -> bool:
    told = (wish["name"], wish["legal_representative"])
    return told == (found.name, found.legal_representative) and found.status == "存续"


async def _read(request: Request, names: tuple[str, ...]) -> dict[str, str] | None:
    """The named strings of a JSON body, trimmed; None when one is missing."""
    try:
        body: Any = await request.json()
    except ValueError:
        return None
    if not isinstance(body, dict) or not all(isinstance(body.get(name), str) for name in names):
        return None
    return {name: body[name].strip() for name in names}


async def _answer(faults: FaultSwitch, wish: dict[str, str] | None, matches: bool) -> Response:
    broken = await faults.before_answer()
    if broken:
        return broken
    if faults.strikes(Fault.BUSY):
        return JSONResponse({"error": "busy"}, 503)
    if wish is None:
        return JSONResponse({"error": "missing or malformed element"}, 400)
    return JSONResponse({"match": matches})
