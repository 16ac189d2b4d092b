"""`xinyin init | migrate | doctor | backup | restore`."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import make_url

from kernel.blobs.opening import blob_folder, open_blobs
from kernel.crypto.custody.addresses import file_folders, parse_address
from kernel.crypto.custody.opening import open_keystore
from kernel.crypto.startup.master_key import MasterKeyFile
from kernel.crypto.startup.selftest import run_self_tests
from kernel.database.engine import Database
from kernel.database.migrations import migrate as run_migrations
from kernel.errors import Conflict, Unavailable, XinyinError
from licence_vault.layout.fonts import load_fonts
from seal.timestamp.settings import BUILT_IN
from xinyin.chores import renew_trust_folder
from xinyin.cli.console import describe, in_house, out
from xinyin.cli.rekeying.work import HANGING, Rekeying
from xinyin.house import House
from xinyin.settings import Settings, load_settings
from xinyin.tables import METADATA, MIGRATIONS, load_rows

Folder = Annotated[Path, typer.Argument(file_okay=False)]


def init() -> None:
    """Make the folders, the master key, the tables, the certificate authority and the trust folder."""

    async def work(house: House) -> None:
        await renew_trust_folder(house)

    in_house(work)
    settings = load_settings()
    out.print(f"ready; the master key is {settings.master_key_file}: keep a copy of it elsewhere")


def migrate() -> None:
    """Bring the tables up to date."""

    async def work() -> None:
        load_rows()
        database = Database(load_settings().database_url)
        try:
            await run_migrations(database, MIGRATIONS, METADATA)
        finally:
            await database.dispose()

    asyncio.run(work())
    out.print("the tables are up to date")


def doctor() -> None:
    """Check the surroundings; says for each what is wrong and what to do. Exit code 3 when something is."""
    settings = load_settings()
    failed = False
    for name, check in _checks(settings):
        try:
            check()
        except XinyinError as problem:
            failed = True
            out.print(f"✗ {name}: {describe(problem)}")
        else:
            out.print(f"✓ {name}")
    if failed:
        raise SystemExit(3)


def _checks(settings: Settings) -> Iterator[tuple[str, Callable[[], object]]]:
    yield "cryptography: SM2, SM3, SM4 answer as the standards say", run_self_tests
    yield (
        "fonts of licence faces",
        lambda: load_fonts(Path(settings.font_directory) if settings.font_directory else None),
    )
    yield "database", lambda: asyncio.run(_ping(settings.database_url))
    yield "key store: it answers", lambda: _check_keys(settings)
    if settings.master_key_file.exists() and MasterKeyFile(settings.master_key_file)().earlier:
        yield "master key: nothing hangs on an earlier one", lambda: in_house(_check_moved)
    if settings.tsa_url or settings.tsa_sm3_url not in ("", BUILT_IN):
        yield "time stamps: a real one from the outside authority", lambda: in_house(_ask_for_stamps)
    if (folder := blob_folder(settings.blob_url)) is not None:
        yield "free space: at least 200 MB", lambda: _check_space(folder)
    else:
        yield "file store: the bucket answers", lambda: asyncio.run(_ask_for_blobs(settings))


async def _ask_for_blobs(settings: Settings) -> None:
    blobs = open_blobs(settings.blob_address)
    try:
        await blobs.ping()
    finally:
        await blobs.close()


async def _ask_for_stamps(house: House) -> None:
    await house.seal.timestamps.check_health()


async def _check_moved(house: House) -> None:
    if hanging := await Rekeying(house.foundation).hanging():
        raise Conflict(HANGING, count=sum(hanging.values()))


def _check_keys(settings: Settings) -> None:
    """Not where there is no master key yet: looking would make one."""
    if settings.master_key_file.exists():
        masters = MasterKeyFile(settings.master_key_file)
        open_keystore(settings.keys, masters, state=settings.key_state).names()


async def _ping(url: str) -> None:
    database = Database(url)
    try:
        await database.ping()
    finally:
        await database.dispose()


def _check_space(folder: Path) -> None:
    place = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    if shutil.disk_usage(place).free < 200 * 1024 * 1024:
        raise Unavailable("{place} is nearly full. Make room.", place=place)


def backup(directory: Folder) -> None:
    """Write the database, the files and the encrypted keys to DIR. The master key is left out: keep it elsewhere."""
    settings = load_settings()
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    if any(directory.iterdir()):
        raise Conflict("{directory} is not empty.", directory=directory)
    # The database first: a file that it names was kept before its row was.
    _dump(settings.database_url, directory)
    for name, folder in _folders(settings):
        shutil.copytree(folder, directory / name, dirs_exist_ok=True) if folder.exists() else None
    if blob_folder(settings.blob_url) is None:
        out.print("the files are in the bucket and stay there: have its versions kept, or the bucket copied")
    out.print(f"written to {directory}; keep the master key {settings.master_key_file} apart from it")


def restore(directory: Annotated[Path, typer.Argument(exists=True, file_okay=False)]) -> None:
    """Put a backup back into an empty place; refuses to overwrite anything."""
    settings = load_settings()
    for _name, folder in _folders(settings):
        if folder.exists() and any(folder.iterdir()):
            raise Conflict("{folder} is not empty. Restore into an empty place.", folder=folder)
    _load(settings.database_url, directory)
    for name, folder in _folders(settings):
        if (directory / name).exists():
            shutil.copytree(directory / name, folder, dirs_exist_ok=True)
    out.print("restored; now run `xinyin audit verify` and `xinyin log check`, and revoke again what was revoked since")


def _folders(settings: Settings) -> Iterator[tuple[str, Path]]:
    if (blobs := blob_folder(settings.blob_url)) is not None:
        yield "blobs", blobs
    for number, folder in enumerate(file_folders(parse_address(settings.keys))):
        yield f"keys-{number}" if number else "keys", folder


def _dump(url: str, directory: Path) -> None:
    parsed = make_url(url)
    if parsed.drivername.startswith("sqlite"):
        if not parsed.database or not Path(parsed.database).exists():
            raise Unavailable("There is no database yet.")
        with closing(sqlite3.connect(parsed.database)) as connection:
            connection.execute("VACUUM INTO ?", (str(directory / "database.sqlite"),))
    else:
        _postgresql("pg_dump", "-Fc", "-f", str(directory / "database.pgdump"), url=url)


def _load(url: str, directory: Path) -> None:
    parsed = make_url(url)
    if parsed.drivername.startswith("sqlite"):
        target = Path(parsed.database or "")
        if target.exists():
            raise Conflict("{target} exists. Restore into an empty place.", target=target)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(directory / "database.sqlite", target)
    else:
        _postgresql("pg_restore", "--exit-on-error", "--no-owner", str(directory / "database.pgdump"), url=url)


def _postgresql(program: str, *arguments: str, url: str) -> None:
    parsed = make_url(url).set(drivername="postgresql")
    # Everybody on the machine sees arguments; the environment is for our own eyes.
    environment = os.environ | ({"PGPASSWORD": str(parsed.password)} if parsed.password else {})
    address = parsed._replace(password=None).render_as_string(hide_password=False)
    try:
        subprocess.run(  # noqa: S603 - own program
            [program, *arguments, "-d", address], check=True, capture_output=True, env=environment
        )
    except (OSError, subprocess.CalledProcessError) as failure:
        raise Unavailable("{program} did not succeed.", program=program, reason=type(failure).__name__) from failure
