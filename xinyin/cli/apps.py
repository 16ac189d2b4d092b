"""`xinyin app`: legacy applications behind the gateway."""

import asyncio
from typing import Annotated

import typer

from sso_proxy.probe.probe import probe as probe_url
from sso_proxy.sites.site import Mode, Site
from xinyin.cli.console import AsJson, in_house, out, print_json, show
from xinyin.house import House

app = typer.Typer(help="Applications behind the gateway.", no_args_is_help=True)

Slug = Annotated[str, typer.Argument(help="Its host below the gateway's: small letters, digits, hyphens.")]


@app.command()
def add(
    slug: Slug,
    upstream: Annotated[str, typer.Argument(help="Where it is, for example http://10.0.0.8:8080.")],
    *,
    name: Annotated[str, typer.Option(help="The name that people see.")] = "",
    mode: Annotated[str, typer.Option(help="headers, basic or form.")] = "form",
    entry: Annotated[str, typer.Option(help="A page that asks for sign-in.")] = "/",
    login: Annotated[str | None, typer.Option(help="Where the login form is, when it redirects there.")] = None,
    logout: Annotated[str | None, typer.Option(help="Where it signs people out.")] = None,
) -> None:
    """Put an application behind the gateway."""

    async def work(house: House) -> str:
        kind: Mode = mode  # type: ignore[assignment]  # checked by the service, which names what is wrong
        site = await house.sso_proxy.sites.add(Site(slug, name or slug, upstream, kind, entry, login, logout))
        return f"{house.sso_proxy.address.origin_of(site.slug)}/"

    out.print(in_house(work))


@app.command("list")
def list_apps(as_json: AsJson = False) -> None:
    """Every application behind the gateway."""

    async def work(house: House) -> list[dict[str, object]]:
        address = house.sso_proxy.address
        return [
            {"slug": site.slug, "name": site.name, "url": f"{address.origin_of(site.slug)}/", "mode": site.mode}
            for site in await house.sso_proxy.sites.list()
        ]

    show(in_house(work), as_json)


@app.command()
def remove(slug: Slug) -> None:
    """Take an application away from the gateway."""

    async def work(house: House) -> None:
        await house.sso_proxy.sites.remove(slug)

    in_house(work)


@app.command()
def probe(url: Annotated[str, typer.Argument(metavar="URL")], as_json: AsJson = False) -> None:
    """Look for the login form of an application and propose how to add it. Changes nothing."""
    proposal = asyncio.run(probe_url(url))
    told = {
        "mode": proposal.site.mode,
        "upstream": proposal.site.upstream_url,
        "entry": proposal.site.entry_path,
        "login": proposal.site.login_path,
        "username_field": proposal.username_field,
        "password_field": proposal.password_field,
        "fields": list(proposal.field_names),
        "remarks": list(proposal.remarks),
    }
    if as_json:
        print_json(told)
        return
    for key, value in told.items():
        out.print(f"{key}: {', '.join(value) if isinstance(value, list) else value or '—'}")
