"""`xinyin seal`: the register of seals, and sealing a file."""

from pathlib import Path
from typing import Annotated, Any, cast

import typer
from rich.console import Console

from kernel.audit.chain import Actor
from seal.picture.design import SHAPES
from seal.seals.application import SealApplication
from seal.seals.outside.importing import SealImport
from seal.seals.seal import REASON_CODES, SUSPENSION_CAUSES, RevocationReason, Seal, SealSearch
from seal.seals.service import Officer
from xinyin.cli.console import AsJson, fail, in_house, out, print_json, show
from xinyin.cli.sealing.sign import sign
from xinyin.house import House

app = typer.Typer(help="Electronic seals.", no_args_is_help=True)

app.command()(sign)
err = Console(stderr=True, highlight=False, soft_wrap=True)

STATES = ("draft", "rejected", "imported", "active", "suspended", "replaced", "revoked", "expired")

SealId = Annotated[str, typer.Argument(help="The seal's id.")]
By = Annotated[str, typer.Option("--as", help="The user name of who does this; an approver is not the applicant.")]


@app.command("list")
def list_seals(
    state: Annotated[str | None, typer.Option(help=f"One of {', '.join(STATES)}.")] = None,
    text: Annotated[str, typer.Option("--find", help="Part of a name, or the beginning of a code.")] = "",
    as_json: AsJson = False,
) -> None:
    """The seals, newest first."""
    if state is not None and state not in STATES:
        fail(f"there is no state {state}; states are {', '.join(STATES)}", 2)

    async def work(house: House) -> list[dict[str, object]]:
        search = SealSearch(state=state, text=text, now=house.seal.clock())
        return [_row(each) for each in await house.seal.register.seals(search)]

    show(in_house(work), as_json)


@app.command("show")
def show_seal(seal_id: SealId, as_json: AsJson = False) -> None:
    """One seal, by id or code, with its life."""

    async def work(house: House) -> dict[str, Any]:
        seal = await house.seal.register.get(seal_id)
        events = await house.seal.register.events(seal.id)
        used = await house.seal.uses.count(seal.id)
        return seal.to_dict() | {"uses": used, "events": [event.to_dict() for event in events]}

    found = in_house(work)
    if as_json:
        print_json(found)
        return
    events = found.pop("events")
    show([{"": name, " ": value} for name, value in found.items() if value is not None], as_json=False)
    show(events, as_json=False)


@app.command("apply")
def apply_for(  # each is an option of the command
    name: Annotated[str, typer.Argument(help="The text on the seal.")],
    owner: Annotated[str, typer.Option(help="USCC of the owner.")],
    by: By,
    *,
    owner_name: Annotated[str, typer.Option(help="The owner's name, when it differs from the seal's.")] = "",
    shape: Annotated[str, typer.Option(help="round, oval, or name for a person's.")] = "round",
    purpose: Annotated[str, typer.Option(help="The special purpose, for example 财务专用章.")] = "",
    picture: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A PNG; drawn when left out.")
    ] = None,
    replaces: Annotated[str | None, typer.Option(help="The seal whose code the new one takes on.")] = None,
) -> None:
    """Apply for a seal; somebody else approves it."""
    if shape not in SHAPES:
        fail(f"there is no shape {shape}; shapes are {', '.join(SHAPES)}", 2)
    application = SealApplication(
        name=name,
        owner_uscc=owner,
        owner_name=owner_name or name,
        shape=shape,
        bottom_text=purpose,
        picture=picture.read_bytes() if picture else None,
        replaces=replaces,
    )

    async def work(house: House) -> str:
        return (await house.seal.register.apply(await _officer(house, by), application)).id

    out.print(in_house(work))


@app.command()
def approve(
    seal_id: SealId,
    by: By,
    *,
    confirm_owner: Annotated[
        bool, typer.Option("--confirm-owner", help="An imported seal is its owner's although it says otherwise.")
    ] = False,
) -> None:
    """Make the seal and put it to use."""

    async def work(house: House) -> None:
        await house.seal.register.approve(await _officer(house, by), seal_id, owner_confirmed=confirm_owner)

    in_house(work)


@app.command("import")
def import_seal(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The seal, .esl.")],
    owner: Annotated[str, typer.Option(help="USCC of the owner.")],
    owner_name: Annotated[str, typer.Option(help="The owner's name.")],
    by: By,
    *,
    signer: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="The signer's certificate.")] = None,
    key: Annotated[str | None, typer.Option(help="Where its key lies in our key store.")] = None,
) -> None:
    """Take in a seal that another system made; see XINYIN_SEAL_MAKER_TRUST."""
    wished = SealImport(
        esl=file.read_bytes(),
        owner_uscc=owner,
        owner_name=owner_name,
        signer_certificate=signer.read_bytes() if signer else None,
        key_name=key,
    )

    async def work(house: House) -> tuple[str, list[str]]:
        seal, notes = await house.seal.imports.take_in(await _officer(house, by), wished)
        return seal.id, [note.detail.format(**note.params) for note in notes]

    seal_id, notes = in_house(work)
    out.print(seal_id)
    for note in notes:
        err.print(f"note: {note}")


@app.command("status")
def show_status(seal_id: SealId, as_json: AsJson = False) -> None:
    """How a seal stands, as everybody may know it."""

    async def work(house: House) -> dict[str, Any]:
        return (await house.seal.publication.standing(seal_id)).to_standing()

    standing = in_house(work)
    if as_json:
        print_json(standing)
    else:
        show([standing], as_json=False)
    if standing["state"] != "active":
        raise SystemExit(1)


@app.command()
def reject(
    seal_id: SealId, by: By, reason: Annotated[str, typer.Option(help="Why; whoever applied reads it.")]
) -> None:
    """Turn an application down."""

    async def work(house: House) -> None:
        await house.seal.register.reject(await _officer(house, by), seal_id, reason)

    in_house(work)


@app.command()
def suspend(
    seal_id: SealId,
    by: By,
    cause: Annotated[str, typer.Option(help=f"One of {', '.join(SUSPENSION_CAUSES)}.")] = "owner-request",
) -> None:
    """Stop a seal's use for a time."""
    if cause not in SUSPENSION_CAUSES:
        fail(f"there is no cause {cause}; causes are {', '.join(SUSPENSION_CAUSES)}", 2)

    async def work(house: House) -> None:
        await house.seal.register.suspend(await _officer(house, by), seal_id, cause)

    in_house(work)


@app.command()
def resume(seal_id: SealId, by: By) -> None:
    """Put a suspended seal back to use."""

    async def work(house: House) -> None:
        await house.seal.register.resume(await _officer(house, by), seal_id)

    in_house(work)


@app.command()
def revoke(
    seal_id: SealId,
    by: By,
    reason: Annotated[str, typer.Option(help=f"One of {', '.join(REASON_CODES)}.")] = "cessation",
) -> None:
    """End a seal for good; its certificates are revoked."""
    if reason not in REASON_CODES:
        fail(f"there is no reason {reason}; reasons are {', '.join(REASON_CODES)}", 2)

    async def work(house: House) -> None:
        await house.seal.register.revoke(await _officer(house, by), seal_id, cast(RevocationReason, reason))

    in_house(work)


def _row(seal: Seal) -> dict[str, object]:
    return {"id": seal.id, "code": seal.code, "name": seal.name, "owner": seal.owner_name, "state": seal.state}


async def _officer(house: House, username: str) -> Officer:
    person = await house.idp.persons.load_by_username(username)
    memberships = await house.idp.organisations.of(person.id)
    actor = Actor("user", person.id)
    if not memberships:
        return Officer(actor)
    return Officer(actor, memberships[0].organisation.uscc, memberships[0].organisation.name)
