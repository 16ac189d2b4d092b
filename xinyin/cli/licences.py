"""`xinyin licence`: types, issuing from files, looking, revoking, exporting."""

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from kernel.audit.chain import Actor
from kernel.errors import Conflict, InvalidInput, NotFound
from kernel.i18n import gettext
from licence_vault.batches.reading import read_rows
from licence_vault.batches.service import Batch, FileOrder
from licence_vault.batches.states import BatchState, RowState
from licence_vault.caller import Issuer
from licence_vault.forms.holder_keys import read_holder_key
from licence_vault.issuing.service import Requester
from licence_vault.licences.licence import Licence
from xinyin.cli.console import AsJson, fail, in_house, out, print_json, show
from xinyin.house import House

app = typer.Typer(help="Licences and their types.", no_args_is_help=True)

OPERATOR = Actor("system", "command-line")
WAIT_SECONDS = 0.3
LicenceId = Annotated[str, typer.Argument(help="The licence's id or its identifier.")]


@app.command()
def types(as_json: AsJson = False) -> None:
    """Every licence type in its newest version."""

    async def work(house: House) -> list[dict[str, object]]:
        return [
            {"code": each.code, "version": each.version, "name": each.name}
            for each in await house.licence_vault.catalogue.list()
        ]

    show(in_house(work), as_json)


@app.command("import-type")
def import_type(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]) -> None:
    """Publish a licence type from its JSON form."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as failure:
        raise InvalidInput("{file} is not JSON.", file=file.name) from failure

    async def work(house: House) -> str:
        return (await house.licence_vault.catalogue.publish(document, actor=OPERATOR)).code

    out.print(f"published {in_house(work)}")


@app.command()
def issue(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, XLSX, JSON or JSON lines.")],
    type_code: Annotated[str, typer.Option("--type", help="The licence type.")],
    issuer: Annotated[str, typer.Option(help="USCC of the issuing authority; needed when there are several.")] = "",
    skip_wrong: Annotated[bool, typer.Option("--skip-wrong", help="Issue the right rows alone.")] = False,
    progress: Annotated[bool, typer.Option("--progress", help="Show a progress bar.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check every row of a file, then issue them. A row is issued once, however often the file is given."""
    data = file.read_bytes()
    next(read_rows(data)[1])  # what is no list of orders is said before anything is opened

    async def work(house: House) -> list[dict[str, Any]]:
        requester = Requester(OPERATOR, await authority(house, issuer))
        order = FileOrder(type_code, data, starts_itself=True, skips_wrong=skip_wrong)
        batch = await house.licence_vault.batches.create(order, requester)
        with Progress(disable=not progress, transient=True, console=Console(stderr=True)) as bar:
            await _finish(house, batch, requester, bar)
        return await _results(house, batch.id, requester)

    results = in_house(work)
    if as_json:
        print_json(results)
    else:
        for result in results:
            out.print(f"row {result['row']}: {result.get('identifier') or 'refused: ' + result['error']}")
    if any("error" in result for result in results):
        raise SystemExit(1)


async def _finish(house: House, batch: Batch, requester: Requester, bar: Progress) -> None:
    """Work beside the service until the batch is over; rows that another worker holds are waited for."""
    vault = house.licence_vault
    tasks = {state: bar.add_task(state.value, total=batch.total) for state in (BatchState.CHECKING, BatchState.ISSUING)}
    while not batch.finished:
        if not await vault.batch_runner.step(batch.id):
            await asyncio.sleep(WAIT_SECONDS)
        batch = await vault.batches.load(batch.id, requester.issuer.uscc)
        bar.update(tasks[BatchState.CHECKING], completed=batch.total - batch.count(RowState.NEW))
        bar.update(tasks[BatchState.ISSUING], completed=batch.count(RowState.ISSUED, RowState.FAILED))


async def _results(house: House, batch_id: str, requester: Requester) -> list[dict[str, Any]]:
    batches, lookup = house.licence_vault.batches, house.licence_vault.lookup
    batch = await batches.load(batch_id, requester.issuer.uscc)
    if batch.state is BatchState.HALTED:
        raise Conflict(batch.reason)
    results: list[dict[str, Any]] = []
    async for number, licence_id in batches.issued_rows(batch_id, requester.issuer.uscc):
        licence = await lookup.find_by_id(licence_id)
        assert licence is not None, "licences are never deleted"
        results.append({"row": number, "id": licence.id, "identifier": licence.identifier})
    async for wrong in batches.wrong_rows(batch_id, requester.issuer.uscc):
        told = [f"{each.column or 'row'}: {gettext(each.message, **each.params)}" for each in wrong.errors]
        results.append({"row": wrong.number, "error": "; ".join(told)})
    return sorted(results, key=lambda each: int(each["row"]))


@app.command("show")
def show_licence(licence_id: LicenceId, as_json: AsJson = False) -> None:
    """How a licence stands; without personal data."""

    async def work(house: House) -> dict[str, object]:
        licence = await _load(house, licence_id)
        return {
            "id": licence.id,
            "identifier": licence.identifier,
            "type": licence.type_name,
            "version": licence.version,
            "status": licence.status.value,
            "cause": licence.status_cause,
            "issuer": licence.issuer_name,
            "issued_at": licence.issued_at.isoformat(),
            "valid_to": licence.valid_to,
            "ofd_digest": licence.ofd_digest,
            "pdf_digest": licence.pdf_digest,
        }

    told = in_house(work)
    if as_json:
        print_json(told)
    else:
        for key, value in told.items():
            out.print(f"{key}: {value if value not in (None, '') else '—'}")


@app.command()
def revoke(licence_id: LicenceId, cause: Annotated[str, typer.Option(help="Why; verifiers see it.")]) -> None:
    """End a licence for good; the next verification says so."""

    async def work(house: House) -> None:
        licence = await _load(house, licence_id)
        await house.licence_vault.changes.apply("revoke", licence.id, licence.issuer_uscc, cause, OPERATOR)

    in_house(work)


@app.command()
def export(
    licence_id: LicenceId,
    format: Annotated[str, typer.Option(help="ofd, pdf, json or sd-jwt.")] = "ofd",
    output: Annotated[Path | None, typer.Option("-o", "--output")] = None,
    holder_key: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The wallet's public key (JWK), for sd-jwt.")
    ] = None,
) -> None:
    """Write a licence's sealed file, byte for byte, or another form of it, signed now."""
    key = read_holder_key(holder_key.read_bytes()) if holder_key else None
    if key is not None and format != "sd-jwt":
        raise InvalidInput("Only an SD-JWT is bound to a wallet's key.")

    async def work(house: House) -> Path:
        vault = house.licence_vault
        licence = await _load(house, licence_id)
        path = output or Path(f"{licence.identifier}.{format}")
        if format == "sd-jwt":
            data = (await vault.forms.sd_jwt(licence, key)).encode()
        elif format == "json":
            data = await vault.forms.signed_json(licence)
        else:
            data = await vault.lookup.file(licence, format)
        path.write_bytes(data)
        await house.licence_vault.lookup.note_access(licence.id, "export")
        return path

    out.print(str(in_house(work)))


async def authority(house: House, uscc: str) -> Issuer:
    """The agency meant by its USCC, or the only one there is; ends the program when that is not one."""
    agencies = [each for each in await house.idp.organisations.list() if each.kind == "agency"]
    chosen = [each for each in agencies if not uscc or each.uscc == uscc]
    if len(chosen) != 1:
        fail("name the issuing authority with --issuer USCC", 2)
    return Issuer(chosen[0].uscc, chosen[0].name)


async def _load(house: House, licence_id: str) -> Licence:
    lookup = house.licence_vault.lookup
    licence = await lookup.find_by_id(licence_id) or await lookup.find_by_identifier(licence_id)
    if licence is None:
        raise NotFound("There is no such licence.")
    return licence
