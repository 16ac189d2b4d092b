"""A licence issued: drawn as OFD and PDF, both sealed and checked, stored, logged, audited, durable in SQLite.

Alone, as a clerk's request has it done, and in steps of many, as batches do.

The peer does less: see `benchmarks.peer`.
"""

import asyncio
from collections.abc import Iterator
from itertools import count

from benchmarks.measuring import Result, compare
from benchmarks.peer import NAME, Peer
from licence_vault.batches.runner import ISSUED_TOGETHER
from licence_vault.issuing.service import KeyedOrder
from tests.houses import TestHouse, food_order


def run(world: TestHouse, loop: asyncio.AbstractEventLoop, peer: Peer) -> Iterator[Result]:
    """Compare issuing."""
    issuing, numbers = world.house.licence_vault.issuing, count()

    def together() -> None:
        orders = [KeyedOrder(f"row-{next(numbers)}", food_order()) for _ in range(ISSUED_TOGETHER)]
        loop.run_until_complete(issuing.issue_all(orders, world.requester()))

    yield compare(
        "licence issued",
        lambda: loop.run_until_complete(issuing.issue(food_order(), world.requester())),
        peer.issue,
        peer_name=NAME,
        goal=40,
    )
    yield compare("licence issued, in a batch", together, peer.issue, peer_name=NAME, goal=40, at_once=ISSUED_TOGETHER)
