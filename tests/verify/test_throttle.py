"""Guessers wait by network, also while the shared store is away."""

import pytest

from kernel.ephemeral.memory import InProcessStore
from kernel.ephemeral.redis import RedisStore
from kernel.errors import RateLimited
from tests import servers
from verify.qr.throttle import GuessThrottle


async def guesses(throttle: GuessThrottle, address: str, count: int) -> None:
    for _guess in range(count):
        await throttle.check(address)
        await throttle.note_unknown(address)


async def test_neighbours_in_one_ipv6_network_share_a_limit_and_others_do_not() -> None:
    throttle = GuessThrottle(InProcessStore(), limit=3)
    await guesses(throttle, "2001:db8:1:2::a", 3)
    with pytest.raises(RateLimited):
        await guesses(throttle, "2001:db8:1:2::b", 1)
    await guesses(throttle, "2001:db8:1:3::a", 3)
    await guesses(throttle, "203.0.113.7", 3)


async def test_an_ipv4_address_written_as_ipv6_is_the_same_one() -> None:
    throttle = GuessThrottle(InProcessStore(), limit=3)
    await guesses(throttle, "203.0.113.7", 3)
    with pytest.raises(RateLimited):
        await guesses(throttle, "::ffff:203.0.113.7", 1)


async def test_the_limit_holds_while_redis_is_away() -> None:
    store = RedisStore(f"redis://127.0.0.1:{servers.spare_port()}/0")
    throttle = GuessThrottle(store, limit=3)
    await guesses(throttle, "203.0.113.7", 3)
    with pytest.raises(RateLimited):
        await guesses(throttle, "203.0.113.7", 1)
    with pytest.raises(RateLimited):
        await throttle.check("203.0.113.7")
    await store.close()
