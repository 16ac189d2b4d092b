"""What an operator does with other regions' trust packs. Whoever brings one cannot approve it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from idp.roles.scopes import Role
from kernel.audit.chain import Actor
from kernel.errors import Forbidden
from verify.regions.service import Region, Regions
from xinyin.cli.console import AsJson, fail, in_house, out, print_json, show
from xinyin.house import House

app = typer.Typer(help="Other regions whose licences are believed here.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="ID", help="As `xinyin region list` tells it.")]
By = Annotated[str, typer.Option("--as", help="The user name of who does this.")]


@app.command("list")
def list_regions(as_json: AsJson = False) -> None:
    """Every pack that was brought: whose, its state, the fingerprint of its key, where it came from, who decided."""

    async def work(house: House) -> list[Region]:
        return await _regions(house).listed()

    show([_row(each) for each in in_house(work)], as_json)


@app.command("import")
def bring(
    file: Annotated[Path, typer.Argument(help="The region's /api/v1/trust-pack, as a file.")],
    name: Annotated[str, typer.Option(help="What the region is called here.")],
    source: Annotated[str, typer.Option(help="Where the file came from and how its fingerprint was compared.")],
    by: By,
    as_json: AsJson = False,
) -> None:
    """Take in a trust pack. It waits for somebody else, unless it follows one that is trusted already."""
    if not file.is_file():
        fail(f"there is no file {file}", 2)

    async def work(house: House) -> Region:
        actor = await _actor(house, by)
        return await _regions(house).propose(file.read_bytes(), name=name, provenance=source, actor=actor)

    _tell(in_house(work), as_json)


@app.command()
def approve(region: Id, by: By, as_json: AsJson = False) -> None:
    """Believe it, as somebody else than who brought it."""

    async def work(house: House) -> Region:
        return await _regions(house).approve(region, await _actor(house, by))

    _tell(in_house(work), as_json)


@app.command()
def revoke(
    region: Id,
    by: By,
    reason: Annotated[str, typer.Option(help="Why, for those who ask later.")],
    as_json: AsJson = False,
) -> None:
    """Believe it no more, at once; or turn a waiting one down."""

    async def work(house: House) -> Region:
        return await _regions(house).revoke(region, reason, await _actor(house, by))

    _tell(in_house(work), as_json)


def _regions(house: House) -> Regions:
    regions = house.verify.regions
    assert regions is not None  # a whole house has them
    return regions


def _row(region: Region) -> dict[str, Any]:
    return {
        "id": region.id,
        "issuer": region.issuer,
        "name": region.name,
        "state": region.state,
        "issued": region.issued_at.isoformat(),
        "fingerprint": region.signer,
        "source": region.provenance,
        "reason": region.reason,
    }


def _tell(region: Region, as_json: bool) -> None:
    if as_json:
        print_json(_row(region))
        return
    out.print(f"{region.id} {region.state}: {region.name} {region.issuer}", markup=False)
    out.print(f"fingerprint of its key: {region.signer}", markup=False)


async def _actor(house: House, username: str) -> Actor:
    """The person, who must be a security administrator: the same as at the console."""
    person = await house.idp.persons.load_by_username(username)
    if Role.SECURITY_ADMIN not in await house.idp.roles.of(person.id):
        raise Forbidden("Only a security administrator decides about other regions.")
    return Actor("user", person.id)
