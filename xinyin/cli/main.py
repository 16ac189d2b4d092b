"""The `xinyin` program: every command in one list."""

import sys
from typing import NoReturn

import typer

from kernel.errors import XinyinError
from kernel.logs import quiet_logs
from xinyin.cli import (
    apps,
    clients,
    keys,
    licences,
    maintenance,
    proofs,
    seals,
    serving,
    users,
    verification,
)
from xinyin.cli.authority import commands as authority
from xinyin.cli.collecting import commands as collecting
from xinyin.cli.config import commands as config
from xinyin.cli.console import describe, exit_code, fail
from xinyin.cli.people import mandates, roles
from xinyin.cli.regions import commands as regions
from xinyin.cli.rekeying import commands as rekeying
from xinyin.cli.saml import commands as saml
from xinyin.cli.vault import neighbours
from xinyin.signer.command import signer

app = typer.Typer(
    name="xinyin",
    help="Xinyin 信印: identity, single sign-on and electronic-licence trust service.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.command()(serving.serve)
app.command()(serving.gateway)
app.command()(serving.demo)
app.command()(signer)
app.command()(maintenance.init)
app.command()(maintenance.migrate)
app.command()(maintenance.doctor)
app.command()(maintenance.backup)
app.command()(maintenance.restore)
app.add_typer(users.app, name="user")
app.add_typer(users.organisation_app, name="organisation")
app.add_typer(mandates.app, name="mandate")
app.add_typer(roles.unit_app, name="unit")
app.add_typer(roles.group_app, name="group")
app.add_typer(roles.role_app, name="role")
app.add_typer(config.app, name="config")
app.add_typer(clients.app, name="client")
app.add_typer(clients.cas_app, name="cas")
app.add_typer(saml.app, name="saml")
app.add_typer(apps.app, name="app")
licences.app.command()(collecting.collect)
licences.app.command()(collecting.collection)
app.add_typer(licences.app, name="licence")
app.add_typer(neighbours.app, name="vault")
app.add_typer(seals.app, name="seal")
app.add_typer(verification.ofd_app, name="ofd")
app.command()(verification.verify)
app.add_typer(proofs.log_app, name="log")
app.add_typer(authority.app, name="ca")
app.add_typer(regions.app, name="region")
keys.app.command("rotate-master")(rekeying.rotate_master)
keys.app.command("master")(rekeying.master)
keys.app.command("drop-master")(rekeying.drop_master)
app.add_typer(keys.app, name="keys")
app.add_typer(proofs.audit_app, name="audit")


def main(arguments: list[str] | None = None) -> None:
    """Run the program. Errors become one line and an exit code, never a traceback."""
    try:
        with quiet_logs():  # `serve` and its like set up logs of their own
            app(args=arguments, standalone_mode=False)
    except typer.Abort:
        fail("stopped", 2)
    except typer.TyperException as error:
        _complain(error.format_message())
    except XinyinError as error:
        fail(describe(error), exit_code(error))
    except (FileNotFoundError, PermissionError, IsADirectoryError) as error:
        fail(f"{error.strerror}: {error.filename}", 2)
    except OSError as error:
        fail(error.strerror or type(error).__name__, 3)


def _complain(message: str) -> NoReturn:
    """Wrong usage: one line, or the help as it is laid out when a command was called with nothing."""
    if message.startswith("Usage:"):
        sys.stderr.write(message + "\n")
        raise SystemExit(2)
    fail(message, 2)
