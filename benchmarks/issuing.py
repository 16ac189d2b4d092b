"""A licence issued: drawn as OFD and PDF, both sealed and checked, stored, logged, audited, durable in SQLite.

The peer does less: see `benchmarks.peer`.
"""

import asyncio

from benchmarks.measuring import Result, compare
from benchmarks.peer import NAME, Peer
from tests.houses import TestHouse, food_order


def run(world: TestHouse, loop: asyncio.AbstractEventLoop, peer: Peer) -> Result:
    """Compare issuing."""
    issuing = world.house.licence_vault.issuing
    return compare(
        "licence issued",
        lambda: loop.run_until_complete(issuing.issue(food_order(), world.requester())),
        peer.issue,
        peer_name=NAME,
        goal=40,
    )
