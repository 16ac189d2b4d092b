"""The system administrator sees how it goes with the vaults above and below."""

from idp.roles.scopes import Role
from kernel.audit.chain import Actor
from licence_vault.caller import Issuer
from licence_vault.neighbours.neighbour import NewNeighbour
from tests.admin.conftest import Console
from tests.servers import spare_port

PATH = "/console/neighbours"
OPERATOR = Actor("system", "command-line")


async def add(console: Console, side: str) -> None:
    """A neighbour at a port where nobody listens."""
    new = NewNeighbour(
        code=f"vault-{side}",
        side=side,
        authority=Issuer("11990000999999001Y", f"虚构机构{side}"),
        url=f"http://127.0.0.1:{spare_port()}",
        client_id="us",
        client_secret="s" * 40,
        their_client_id=f"them-{side}",
        exchange_key="ab" * 32,
    )
    await console.rooms.vault.neighbours.add(new, OPERATOR)


async def test_each_neighbour_with_what_went_wrong(console: Console) -> None:
    console.sit(Role.SYSTEM_ADMIN)
    assert "No neighbours" in (await console.get(PATH)).text
    await add(console, "above")
    await add(console, "below")
    await console.rooms.vault.neighbour_runner.step()
    (above, below) = await console.rooms.vault.neighbours.states()
    assert (above.failures, above.last_error, above.last_heard_at) == (1, "does not answer", None)
    assert await console.rooms.vault.pusher.push(above.neighbour) == 0
    (above, below) = await console.rooms.vault.neighbours.states()
    assert (above.failures, above.last_heard_at) == (1, None), "nobody was spoken to"
    assert below.failures == 0
    page = (await console.get(PATH)).text
    assert "It does not answer" in page
    assert "It was not heard of yet" in page
    assert "ab" * 32 not in page
    assert "s" * 40 not in page


async def test_others_do_not_see_them(console: Console) -> None:
    console.sit(Role.OFFICER)
    assert (await console.get(PATH)).status_code == 403
