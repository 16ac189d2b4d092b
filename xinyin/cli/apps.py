"""`xinyin app`: legacy applications behind the gateway."""

from typing import Annotated

import typer

from sso_proxy.probe.service import probe as probe_url
from sso_proxy.sites.site import Site
from xinyin.cli.console import AsJson, in_house, out, print_json, show
from xinyin.house import House

app = typer.Typer(help="Applications behind the gateway.", no_args_is_help=True)
