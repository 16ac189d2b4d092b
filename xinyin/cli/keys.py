"""`xinyin keys`: private keys by name, their uses, their successors, their end."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from kernel.audit.chain import AuditEvent
from kernel.crypto.custody.counting import KeyUse, KeyUses, key_fingerprint
from kernel.errors import Conflict, NotFound
from seal.signing.service_keys import PURPOSES, service_key_name
from xinyin.cli.console import AsJson, fail, in_house, out, print_json, show
from xinyin.house import House

app = typer.Typer(help="Private keys.", no_args_is_help=True)

TOKENS = "tokens"
_ENDED = ("replaced", "revoked", "expired", "rejected")

KeyName = Annotated[str, typer.Argument(help="As `xinyin keys list` has it.")]
Sure = Annotated[bool, typer.Option("--yes", help="Yes, for good.")]


@app.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """All keys with their kind, how often this machine used them and when last; never what is in them."""

    async def work(house: House) -> list[dict[str, object]]:
        store = house.foundation.keystore
        uses = {use.key: use for use in KeyUses(house.foundation.settings.key_state).totals()}
        states = {service_key_name(key.name): key.state for key in await house.seal.signing.service_keys.keys()}
        rows = []
        for name in store.names():
            key = store.open(name)
            used = uses.get(key_fingerprint(key.public_spki))
            rows.append({"name": name, "algorithm": key.algorithm, "state": states.get(name), **_told(used)})
        return rows

    show(in_house(work), as_json)


def _told(used: KeyUse | None) -> dict[str, object]:
    last = used.last_used_at.isoformat(timespec="seconds") if used else None
    return {"uses": used.uses if used else 0, "last_used_at": last}


@app.command()
def rotate(
    name: Annotated[str, typer.Argument(help=f"{TOKENS}, {', '.join(PURPOSES)}.")] = TOKENS,
    after: Annotated[float, typer.Option(help="Hours for which the new key is published before it signs.")] = 24.0,
    as_json: AsJson = False,
) -> None:
    """Make the next key. `tokens` sign with it at once, the others once it has been published for --after hours.

    The one before stays published, so that what it signed verifies. Of tokens' keys older ones are destroyed.
    """
    if name != TOKENS and name not in PURPOSES:
        fail(f"there is nothing called {name} to rotate; there are {', '.join((TOKENS, *PURPOSES))}", 2)
    if not 0 <= after <= 24 * 365:
        fail("--after takes hours, from 0 to a year", 2)

    async def work(house: House) -> dict[str, Any]:
        if name == TOKENS:
            kid = await house.idp.keys.rotate()
            return {"name": kid, "signs_from": None}
        key = await house.seal.signing.service_keys.rotate(name, announced_for=timedelta(hours=after))
        return {"name": service_key_name(key.name), "signs_from": key.signs_from.isoformat(timespec="seconds")}

    made = in_house(work)
    if as_json:
        print_json(made)
    else:
        out.print(made["name"] if made["signs_from"] is None else f"{made['name']} signs from {made['signs_from']}")


@app.command()
def retire(name: KeyName, sure: Sure = False, as_json: AsJson = False) -> None:
    """Publish an old key of the service no longer: what it signed, such as QR codes on paper, stops verifying."""
    _require_word(sure, f"everything that {name} signed stops verifying")

    async def work(house: House) -> None:
        await house.seal.signing.service_keys.retire(name.removeprefix("service-"))

    in_house(work)
    _done({"name": name, "state": "retired"}, as_json)


@app.command()
def destroy(name: KeyName, sure: Sure = False, as_json: AsJson = False) -> None:
    """Destroy a private key that is not in use any more: a seal's that ended, or an old one of the service.

    What it signed still verifies. Its public half stays published until `xinyin keys retire`.
    """
    _require_word(sure, f"nothing will ever be signed with {name} again")

    async def work(house: House) -> None:
        store = house.foundation.keystore
        if not store.exists(name):
            raise NotFound("There is no key called {name}.", name=name)
        await _check_idle(house, name)
        fingerprint = key_fingerprint(store.open(name).public_spki)
        async with house.foundation.database.transaction() as session:
            event = AuditEvent("key.destroy", subject_ref=name, detail={"public_key": fingerprint})
            await house.foundation.audit.record(session, event)
        store.destroy(name)

    in_house(work)
    _done({"name": name, "state": "destroyed"}, as_json)


async def _check_idle(house: House, name: str) -> None:
    """Raises Conflict for a key that something still signs with."""
    if name.startswith("service-"):
        key = await house.seal.signing.service_keys.find(name.removeprefix("service-"))
        if key.state not in ("published", "retired"):
            raise Conflict("The key {name} is in use. Rotate it first.", name=name)
    elif name.startswith("seal-"):
        seal_id = name.removeprefix("seal-").rpartition("-")[0]
        seal = await house.seal.register.get(seal_id)
        if seal.state not in _ENDED:
            raise Conflict("The key {name} is in use. Revoke the seal first.", name=name)
    else:
        raise Conflict("The key {name} is in use.", name=name)


def _require_word(sure: bool, consequence: str) -> None:
    if not sure:
        fail(f"{consequence}; say --yes if that is meant", 2)


def _done(outcome: dict[str, str], as_json: bool) -> None:
    if as_json:
        print_json(outcome)
    else:
        out.print(f"{outcome['name']}: {outcome['state']}")
