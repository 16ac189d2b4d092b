"""The commands. The key file changes first, running processes see that, then everything old is moved."""

import asyncio
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from kernel.audit.chain import AuditEvent
from kernel.crypto.envelope import MasterKeys, master_key_id
from kernel.crypto.startup.master_key import (
    MasterKeyFile,
    change_master_key,
    drop_earlier_master_keys,
    stage_master_key,
)
from kernel.errors import Conflict
from xinyin.cli.console import AsJson, in_house, out, print_json
from xinyin.cli.rekeying.work import HANGING, Rekeying, progress_file
from xinyin.house import House
from xinyin.settings import load_settings

ROUNDS = 5
SETTLING_SECONDS = 2.0
HOUR = 3600

Stage = Annotated[bool, typer.Option("--stage", help="Make the next key readable, no more; then copy the file.")]
Hours = Annotated[float, typer.Option(help="Hours since the last rotation that must have gone by.", min=0)]


def rotate_master(stage: Stage = False, as_json: AsJson = False) -> None:
    """Put everything at rest under a new master key, beside the running service. Stopped, call it again: it goes on.

    The earlier key opens what is left until `xinyin keys drop-master`. Blind indexes keep their own, lasting key.
    """
    path = load_settings().master_key_file

    async def work(house: House) -> dict[str, Any]:
        rekeying = Rekeying(house.foundation)
        if stage:
            stage_master_key(path)
            await _note(house, "master_key.stage", MasterKeyFile(path)())
            return _report(path, {})
        if not await rekeying.hanging():
            change_master_key(path)
            await _note(house, "master_key.rotate", MasterKeyFile(path)())
        moved = await _move_all(rekeying, quiet=as_json)
        await _note(house, "master_key.rewrapped", MasterKeyFile(path)(), moved=sum(moved.values()))
        return _report(path, await rekeying.hanging()) | {"moved": moved}

    _tell(in_house(work), as_json)


def master(as_json: AsJson = False) -> None:
    """The master keys by their ids, and what still hangs on earlier ones."""
    path = load_settings().master_key_file

    async def work(house: House) -> dict[str, Any]:
        return _report(path, await Rekeying(house.foundation).hanging())

    _tell(in_house(work), as_json)


def drop_master(after: Hours = 24.0, as_json: AsJson = False) -> None:
    """Forget the earlier master keys, once nothing hangs on them and short-lived data under them is gone."""
    path = load_settings().master_key_file

    async def work(house: House) -> dict[str, Any]:
        rekeying = Rekeying(house.foundation)
        await _move_all(rekeying, quiet=True)
        if hanging := await rekeying.hanging():
            raise Conflict(HANGING, count=sum(hanging.values()))
        progress = progress_file(house.settings)
        if progress.exists() and time.time() - path.stat().st_mtime < after * HOUR:
            raise Conflict("The master key was changed less than {hours} hours ago. Wait.", hours=after)
        before = MasterKeyFile(path)()
        await rekeying.files.delete_left()
        await _note(house, "master_key.drop", before)
        drop_earlier_master_keys(path)
        return _report(path, {})

    _tell(in_house(work), as_json)


async def _move_all(rekeying: Rekeying, *, quiet: bool) -> dict[str, int]:
    """Until nothing is left, a few rounds: what was being written while the key changed appears a little later."""
    moved: dict[str, int] = {}
    with Progress(disable=quiet, transient=True, console=Console(stderr=True)) as bar:
        for number in range(ROUNDS):
            hanging = await rekeying.hanging()
            if number and not hanging:
                break
            tasks = {place: bar.add_task(place, total=count) for place, count in hanging.items()}
            async for place, count in rekeying.move():
                moved[place] = moved.get(place, 0) + count
                if place in tasks:
                    bar.advance(tasks[place], count)
            await asyncio.sleep(SETTLING_SECONDS)
    return {place: count for place, count in moved.items() if count}


async def _note(house: House, action: str, keys: MasterKeys, **detail: int) -> None:
    key = master_key_id(keys.current).hex()
    async with house.foundation.database.transaction() as session:
        event = AuditEvent(action, subject_ref=key, detail={"others": len(keys.others), **detail})
        await house.foundation.audit.record(session, event)


def _report(path: Path, hanging: dict[str, int]) -> dict[str, Any]:
    keys = MasterKeyFile(path)()
    return {
        "current": master_key_id(keys.current).hex(),
        "others": [master_key_id(key).hex() for key in keys.others],
        "hanging_on_others": hanging,
    }


def _tell(report: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    out.print(f"current master key: {report['current']}")
    out.print(f"other readable ones: {', '.join(report['others']) or 'none'}")
    for place, count in report.get("moved", {}).items():
        out.print(f"moved: {count} in {place}")
    for place, count in report["hanging_on_others"].items():
        out.print(f"still on another key: {count} in {place}")
    if not report["hanging_on_others"]:
        out.print("nothing hangs on another key" if report["others"] else "nothing is left to do")
