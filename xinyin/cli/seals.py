"""`xinyin seal`: the register of seals, and sealing a file."""

from pathlib import Path
from typing import Annotated

import typer

from kernel.audit.chain import Actor
from seal.documents.positions import StampPosition
from seal.seals.seal import Seal, SealApplication
from seal.seals.service import Officer
from seal.seals.use_policy import IntendedUse
from seal.signing.service import SealOrder
from seal.validation.service import sniff
from xinyin.cli.console import AsJson, fail, in_house, out, show
from xinyin.house import House

app = typer.Typer(help="Electronic seals.", no_args_is_help=True)

SealId = Annotated[str, typer.Argument(help="The seal's id.")]
By = Annotated[str, typer.Option("--as", help="The user name of who does this; an approver is not the applicant.")]


@app.command("list")
def list_seals(as_json: AsJson = False) -> None:
    """Every seal."""

    async def work(house: House) -> list[dict[str, object]]:
        return [_row(each) for each in await house.seal.register.seals()]

    show(in_house(work), as_json)


@app.command("apply")
def apply_for(
    name: Annotated[str, typer.Argument(help="The text on the arc.")],
    owner: Annotated[str, typer.Option(help="USCC of the owner.")],
    by: By,
    owner_name: Annotated[str, typer.Option(help="The owner's name, when it differs from the seal's.")] = "",
) -> None:
    """Apply for a seal; somebody else approves it."""

    async def work(house: House) -> str:
        officer = await _officer(house, by)
        seal = await house.seal.register.apply(officer, SealApplication(name, owner, owner_name or name))
        return seal.id

    out.print(in_house(work))


@app.command()
def approve(seal_id: SealId, by: By) -> None:
    """Make the seal and put it to use."""

    async def work(house: House) -> None:
        await house.seal.register.approve(await _officer(house, by), seal_id)

    in_house(work)


@app.command()
def suspend(seal_id: SealId, by: By) -> None:
    """Stop a seal's use for a time."""

    async def work(house: House) -> None:
        await house.seal.register.suspend(await _officer(house, by), seal_id)

    in_house(work)


@app.command()
def resume(seal_id: SealId, by: By) -> None:
    """Put a suspended seal back to use."""

    async def work(house: House) -> None:
        await house.seal.register.resume(await _officer(house, by), seal_id)

    in_house(work)


@app.command()
def revoke(seal_id: SealId, by: By) -> None:
    """End a seal for good; its certificates are revoked."""

    async def work(house: House) -> None:
        await house.seal.register.revoke(await _officer(house, by), seal_id)

    in_house(work)


@app.command()
def sign(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A PDF or OFD.")],
    seal: Annotated[str, typer.Option(help="The seal's id or 14-digit code.")],
    output: Annotated[Path, typer.Option("-o", "--output")],
    *,
    page: Annotated[int, typer.Option(help="The page, from 1.")] = 1,
    x_mm: Annotated[float, typer.Option("--x", help="Millimetres from the left.")] = 140,
    y_mm: Annotated[float, typer.Option("--y", help="Millimetres from the top.")] = 220,
    size_mm: Annotated[float, typer.Option("--size", help="Side in millimetres.")] = 42,
) -> None:
    """Seal a file; the result is checked before it is written."""
    data = file.read_bytes()
    format = sniff(data)
    if format not in ("pdf", "ofd"):
        fail(f"{file.name} is neither a PDF nor an OFD", 2)

    async def work(house: House) -> bytes:
        position = StampPosition(page, x_mm, y_mm, size_mm, size_mm)
        actor = Actor("system", "command-line")
        order = SealOrder(seal, [position], "command-line", actor, IntendedUse.by_operator(actor))
        return await house.seal.signing.seal(data, format, order)

    output.write_bytes(in_house(work))
    out.print(str(output))


def _row(seal: Seal) -> dict[str, object]:
    return {"id": seal.id, "code": seal.code, "name": seal.name, "owner": seal.owner_name, "state": seal.state}


async def _officer(house: House, username: str) -> Officer:
    person = await house.idp.persons.load_by_username(username)
    memberships = await house.idp.organisations.of(person.id)
    return Officer(Actor("user", person.id), memberships[0].organisation.uscc if memberships else None)
