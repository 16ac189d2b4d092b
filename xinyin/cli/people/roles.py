"""`xinyin unit`, `xinyin group`, `xinyin role`: the tree, groups, and roles for a time and a place."""

from datetime import datetime
from typing import Annotated

import typer

from idp.assignments.service import Assignment, NewAssignment
from idp.units.service import NewUnit, Unit
from xinyin.cli.console import AsJson, in_house, out, show
from xinyin.house import House

unit_app = typer.Typer(help="Regions, agencies and departments.", no_args_is_help=True)
group_app = typer.Typer(help="People who get roles together.", no_args_is_help=True)
role_app = typer.Typer(help="Roles for a time and a place.", no_args_is_help=True)

PAGE = 500
UnitId = Annotated[str, typer.Argument(help="The unit's id.")]
GroupId = Annotated[str, typer.Argument(help="The group's id.")]
Username = Annotated[str, typer.Argument(help="A user name.")]


@unit_app.command("add")
def add_unit(
    name: Annotated[str, typer.Argument(help="Its name.")],
    kind: Annotated[str, typer.Option(help="region, agency or department.")],
    parent: Annotated[str, typer.Option(help="Id of the unit that it stands below.")] = "",
    uscc: Annotated[str, typer.Option(help="The agency that it stands for.")] = "",
) -> None:
    """Enter a unit."""

    async def work(house: House) -> str:
        return (await house.idp.units.create(NewUnit(name, kind, parent or None, uscc or None))).id

    out.print(in_house(work))


@unit_app.command("move")
def move_unit(unit: UnitId, parent: Annotated[str, typer.Option(help="Empty: make it a root.")] = "") -> None:
    """Move a unit with all that is below it."""

    async def work(house: House) -> None:
        await house.idp.units.move(unit, parent or None)

    in_house(work)


@unit_app.command("list")
def list_units(
    under: Annotated[str, typer.Option(help="Only at and below this unit.")] = "", as_json: AsJson = False
) -> None:
    """The tree."""

    async def work(house: House) -> list[dict[str, object]]:
        found: list[Unit] = []
        while page := await house.idp.units.list(
            under=under or None, after=found[-1].path if found else "", limit=PAGE
        ):
            found += page
        return [
            {
                "id": each.id,
                "name": each.name,
                "kind": each.kind,
                "parent": each.parent_id or "",
                "uscc": each.uscc or "",
            }
            for each in found
        ]

    show(in_house(work), as_json)


@group_app.command("add")
def add_group(
    name: Annotated[str, typer.Argument(help="Its name.")],
    unit: Annotated[str, typer.Option(help="The unit whose administrator manages it.")] = "",
) -> None:
    """Enter a group."""

    async def work(house: House) -> str:
        return await house.idp.assignments.create_group(name, unit or None)

    out.print(in_house(work))


@group_app.command("join")
def join_group(group: GroupId, username: Username) -> None:
    """Put a person into a group, with its roles."""

    async def work(house: House) -> None:
        await house.idp.assignments.add_member(group, (await house.idp.persons.load_by_username(username)).id)

    in_house(work)


@group_app.command("leave")
def leave_group(group: GroupId, username: Username) -> None:
    """Take a person out of a group; they must sign in again."""

    async def work(house: House) -> None:
        await house.idp.assignments.remove_member(group, (await house.idp.persons.load_by_username(username)).id)

    in_house(work)


@role_app.command("give")
def give_role(
    role: Annotated[str, typer.Argument(help="officer, approver, verifier, unit_admin, system_admin, …")],
    username: Annotated[str, typer.Option("--to", help="User name of the person.")] = "",
    group: Annotated[str, typer.Option(help="Id of the group, instead of a person.")] = "",
    unit: Annotated[str, typer.Option(help="Only in this unit and below.")] = "",
    since: Annotated[datetime | None, typer.Option("--from", help="From when, UTC.")] = None,
    until: Annotated[datetime | None, typer.Option(help="Until when, UTC.")] = None,
) -> None:
    """Give a role, for a time and a place."""

    async def work(house: House) -> str:
        person = await house.idp.persons.load_by_username(username) if username else None
        zone = house.foundation.clock().tzinfo
        order = NewAssignment(
            role,
            person_id=person.id if person else None,
            group_id=group or None,
            unit_id=unit or None,
            since=since.replace(tzinfo=zone) if since else None,
            until=until.replace(tzinfo=zone) if until else None,
        )
        return (await house.idp.assignments.give(order)).id

    out.print(in_house(work))


@role_app.command("end")
def end_role(assignment: Annotated[str, typer.Argument(help="The assignment's id, as `list` shows it.")]) -> None:
    """Take a role back; those who had it must sign in again."""

    async def work(house: House) -> None:
        await house.idp.assignments.end(assignment)

    in_house(work)


@role_app.command("list")
def list_roles(
    unit: Annotated[str, typer.Option(help="Only at and below this unit.")] = "",
    username: Annotated[str, typer.Option("--of", help="Only this person's, by groups too.")] = "",
    as_json: AsJson = False,
) -> None:
    """Roles for a time and a place, ended ones too."""

    async def work(house: House) -> list[dict[str, object]]:
        person = (await house.idp.persons.load_by_username(username)).id if username else ""
        found: list[Assignment] = []
        while page := await house.idp.assignments.list(
            unit_id=unit or None, person_id=person, after=found[-1].id if found else "", limit=PAGE
        ):
            found += page
        return [
            {
                "id": each.id,
                "role": each.role.value,
                "person": each.person_id or "",
                "group": each.group_id or "",
                "unit": each.unit_id or "",
                "until": each.until.isoformat() if each.until else "",
                "ended": each.ended_at.isoformat() if each.ended_at else "",
            }
            for each in found
        ]

    show(in_house(work), as_json)
