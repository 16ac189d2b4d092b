"""`xinyin licence collect` and `xinyin licence collection`."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from kernel.errors import Conflict, InvalidInput
from kernel.i18n import gettext
from licence_vault.caller import Issuer
from licence_vault.collection.parts import Collection
from licence_vault.collection.scans.archive import SUFFIXES, ScanFile, unpack
from licence_vault.collection.service import RegisterOrder
from licence_vault.collection.states import CollectionState, ItemState
from licence_vault.issuing.service import Requester
from xinyin.cli.console import AsJson, in_house, out, print_json
from xinyin.cli.licences import OPERATOR, WAIT_SECONDS, authority
from xinyin.house import House

Uscc = Annotated[str, typer.Option("--issuer", help="USCC of the agency; needed when there are several.")]


def collect(
    register: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, XLSX, JSON or JSON lines.")],
    type_code: Annotated[str, typer.Option("--type", help="The licence type.")],
    credibility: Annotated[str, typer.Option("--class", help="A, B, C or D of 国办函〔2016〕108号.")],
    source: Annotated[str, typer.Option(help="Where it comes from; what its columns mean is kept by this name.")],
    *,
    scans: Annotated[Path | None, typer.Option(exists=True, help="A ZIP, a scan, or a folder of scans.")] = None,
    columns: Annotated[Path | None, typer.Option(exists=True, help="JSON: head of a column to place.")] = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Accept and convert rows without a question (A, B).")
    ] = False,
    issuer: Uscc = "",
    progress: Annotated[bool, typer.Option("--progress", help="Show a progress bar.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take a register of legacy licences in, with its scans, and clean it; exit code 1 while rows wait for people."""
    given = _columns(columns) if columns else None

    async def work(house: House) -> dict[str, Any]:
        vault = house.licence_vault
        requester = Requester(OPERATOR, await authority(house, issuer))
        order = RegisterOrder(type_code, credibility, source, register.read_bytes(), starts_itself=False)
        collection = await vault.collections.create(order, requester)
        if scans is not None:
            await vault.collections.add_scans(collection.id, _files(scans), requester)
        chosen = given or await vault.collections.proposed_columns(collection)
        try:
            await vault.collections.say_columns(collection.id, chosen, requester)
        except InvalidInput:
            await vault.collections.cancel(collection.id, requester)
            raise
        with Progress(disable=not progress, transient=True, console=Console(stderr=True)) as bar:
            collection = await _worked(house, collection.id, requester, bar)
            if accept:
                await vault.review.accept_unquestioned(collection.id, requester)
                collection = await _worked(house, collection.id, requester, bar)
        return _told(collection)

    told = in_house(work)
    _show(told, as_json)
    if told["state"] != CollectionState.DONE.value:
        raise SystemExit(1)


def collection(collection_id: Annotated[str, typer.Argument()], issuer: Uscc = "", as_json: AsJson = False) -> None:
    """How a collection stands."""

    async def work(house: House) -> dict[str, Any]:
        agency: Issuer = await authority(house, issuer)
        return _told(await house.licence_vault.collections.load(collection_id, agency.uscc))

    _show(in_house(work), as_json)


async def _worked(house: House, collection_id: str, requester: Requester, bar: Progress) -> Collection:
    """Work beside the service until nothing goes on by itself; rows that another worker holds are waited for."""
    vault = house.licence_vault
    collection = await vault.collections.load(collection_id, requester.issuer.uscc)
    task = bar.add_task(collection.state.value, total=collection.total)
    while True:
        if not await vault.collector.step(collection_id):
            collection = await vault.collections.load(collection_id, requester.issuer.uscc)
            if not collection.working:
                break
            await asyncio.sleep(WAIT_SECONDS)
        collection = await vault.collections.load(collection_id, requester.issuer.uscc)
        left = collection.count(ItemState.NEW, ItemState.ACCEPTED)
        bar.update(task, completed=collection.total - left, description=collection.state.value)
    if collection.state is CollectionState.HALTED:
        raise Conflict(collection.reason)
    return collection


def _files(place: Path) -> Iterator[ScanFile]:
    """The scans in a file, an archive, or a folder with all below it."""
    if place.is_file():
        yield from unpack(place.name, place.read_bytes())
        return
    for path in sorted(place.rglob("*")):
        if path.is_file() and path.suffix.lower() in SUFFIXES:
            for file in unpack(path.name, path.read_bytes()):
                yield ScanFile(path.relative_to(place).as_posix(), file.data)


def _columns(file: Path) -> dict[str, str]:
    try:
        columns = json.loads(file.read_text("utf-8"))
    except ValueError as failure:
        raise InvalidInput("{file} is not JSON.", file=file.name) from failure
    if not isinstance(columns, dict) or not all(isinstance(each, str) for each in columns.values()):
        raise InvalidInput("Give a JSON object of texts.")
    return columns


def _told(collection: Collection) -> dict[str, Any]:
    return {
        "id": collection.id,
        "state": collection.state.value,
        "total": collection.total,
        "rows": {state.value: collection.count(state) for state in ItemState},
        "reason": gettext(collection.reason) if collection.reason else "",
    }


def _show(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(told)
        return
    rows = ", ".join(f"{count} {state}" for state, count in told["rows"].items() if count)
    out.print(f"{told['id']}: {told['state']}, {told['total']} rows ({rows})")
